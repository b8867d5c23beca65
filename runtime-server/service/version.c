// getVersion: what runs here.
#include "service/map.h"

static Err add(Str channel, const CurrentVersion *version, Arena *arena, GetVersionResponse *out)
{
	if (version->version == 0)
		return OK;
	return map_current_version(channel, version, arena, &out->snapshots[out->n_snapshots++]);
}

// Of every channel the stable snapshot, and the candidate if it serves anybody.
static Err list_snapshots(const Service *service, Arena *arena, GetVersionResponse *out)
{
	Current *current = service->options.current;
	size_t count = current_count(current);
	CurrentStatus *status = ARENA_NEW(arena, CurrentStatus);
	out->snapshots = ARENA_ARRAY(arena, SnapshotVersion *, 2 * count + 1);
	if (out->snapshots == NULL || status == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	for (size_t i = 0; i < count; i++) {
		current_status(current, i, status);
		TRY(add(status->channel, &status->stable, arena, out));
		if (status->permille > 0)
			TRY(add(status->channel, &status->candidate, arena, out));
	}
	return OK;
}

void handle_get_version(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Service *service = context;
	Arena *arena = rpc_arena(call);
	(void)request;
	GetVersionResponse *out = message_new(arena, MESSAGE_OF(get_version_response));
	Err e = out != NULL ? list_snapshots(service, arena, out)
	                    : err(ERR_NO_MEMORY, "no memory for the answer");
	if (e != OK) {
		rpc_fail(call, e);
		return;
	}
	out->program_version = (char *)PARLEY_VERSION;
	out->environment = (char *)service->options.environment.ptr;
	out->runtime_id = (char *)service->options.runtime_id.ptr;
	out->incarnation = journal_incarnation(service->options.journal);
	rpc_reply(call, &out->base);
}
