// ControlService: the design server brings blobs in pieces, activates them, and asks how this server fares.
#include "base/log.h"
#include "service/map.h"

static void fail(RpcCall *call, const char *event, Err e)
{
	log_failure(LOG_WARN, event);
	rpc_fail(call, e);
}

// --- StageBlob ---

static Err stage(Service *service, const StageBlobRequest *in, uint64_t *ret_received)
{
	Digest digest;
	if (!digest_parse(str(in->digest), &digest))
		return err_at(ERR_FIELD_INVALID, "digest",
		        "digest is 64 hex digits: the SHA-256 of the whole blob");
	if (in->data.len > CURRENT_PIECE_MAX)
		return err_at(ERR_FIELD_INVALID, "data", "a piece has at most %d bytes, this one %zu",
		        CURRENT_PIECE_MAX, in->data.len);
	return current_stage(service->options.current, &digest, in->length, in->offset,
	        str_n((const char *)in->data.data, in->data.len), ret_received);
}

void handle_stage_blob(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	StageBlobResponse out = PARLEY__RUNTIME__V1__STAGE_BLOB_RESPONSE__INIT;
	Err e = stage(service, (const StageBlobRequest *)request, &out.received);
	if (e == OK)
		rpc_reply(call, &out.base);
	else
		fail(call, "blob refused", e);
}

// --- Activate ---

static Err activate(Service *service, const ActivateRequest *in, Arena *arena, ActivateResponse *out)
{
	CLEANUP(current_releasep) const Deployed *deployed = NULL;
	bool unchanged = false;
	Str envelope = str_n((const char *)in->envelope.data, in->envelope.len);
	TRY(current_activate(service->options.current, envelope, &deployed, &unchanged));
	out->unchanged = unchanged;
	TRY(map_version(deployed, arena, &out->snapshot));
	log_info(unchanged ? "snapshot serves already" : "snapshot activated",
	        F_STR("channel", deployed_channel(deployed)), F_UINT("version", deployed_version(deployed)),
	        F_CSTR("digest", out->snapshot->digest));
	if (unchanged)
		return OK;
	atomic_store(&service->moved, true);
	if (service->options.on_activated != NULL)
		service->options.on_activated(service->options.context);
	return OK;
}

void handle_activate(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	ActivateResponse out = PARLEY__RUNTIME__V1__ACTIVATE_RESPONSE__INIT;
	Err e = activate(service, (const ActivateRequest *)request, rpc_arena(call), &out);
	if (e == OK)
		rpc_reply(call, &out.base);
	else
		fail(call, "snapshot refused", e);
}

// --- GetStatus ---

static Err map_time(int64_t us, Arena *arena, Google__Protobuf__Timestamp **ret)
{
	*ret = message_new(arena, &google__protobuf__timestamp__descriptor);
	if (*ret == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	(*ret)->seconds = us / US_PER_S;
	(*ret)->nanos = (int32_t)(us % US_PER_S) * 1000;
	return OK;
}

static Err map_channel(const CurrentStatus *status, Arena *arena, ChannelStatus *out)
{
	TRY(map_status_version(status, arena, &out->snapshot));
	if (status->serving)
		TRY(map_time(status->since_us, arena, &out->since));
	if (status->last_error[0] == '\0')
		return OK;
	out->last_error = arena_cstr(arena, str(status->last_error));
	return map_time(status->last_error_us, arena, &out->last_error_at);
}

static Err list_channels(const Service *service, Arena *arena, GetStatusResponse *out)
{
	Current *current = service->options.current;
	size_t count = current_count(current);
	CurrentStatus *status = ARENA_NEW(arena, CurrentStatus);
	if (count == 0)
		return OK;
	out->channels = message_list(arena, MESSAGE_OF(channel_status), count);
	if (out->channels == NULL || status == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	out->n_channels = count;
	for (size_t i = 0; i < count; i++) {
		current_status(current, i, status);
		TRY(map_channel(status, arena, out->channels[i]));
	}
	return OK;
}

static Err map_visitors(Visitors *visitors, Arena *arena, Parley__Runtime__V1__VisitorStatus **ret)
{
	VisitorsStatus status;
	visitors_status(visitors, &status);
	*ret = message_new(arena, MESSAGE_OF(visitor_status));
	char *error = arena_cstr(arena, str(status.checkpoint_error.message));
	if (*ret == NULL || error == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	(*ret)->visitors = status.visitors;
	(*ret)->treatments = status.treatments;
	(*ret)->bytes = status.bytes;
	(*ret)->forgotten = status.forgotten;
	(*ret)->dropped_facts = status.dropped_facts;
	(*ret)->unaccounted = status.unaccounted;
	(*ret)->checkpoint_failures = status.checkpoint_failures;
	(*ret)->checkpoint_error = error;
	return status.checkpoint_us > 0 ? map_time(status.checkpoint_us, arena, &(*ret)->checkpoint) : OK;
}

void handle_get_status(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Service *service = context;
	Journal *journal = service->options.journal;
	GetStatusResponse out = PARLEY__RUNTIME__V1__GET_STATUS_RESPONSE__INIT;
	(void)request;
	Err e = list_channels(service, rpc_arena(call), &out);
	if (e == OK)
		e = map_visitors(service->options.visitors, rpc_arena(call), &out.visitor_state);
	if (e != OK) {
		rpc_fail(call, e);
		return;
	}
	out.program_version = (char *)PARLEY_VERSION;
	out.environment = (char *)service->options.environment.ptr;
	out.runtime_id = (char *)service->options.runtime_id.ptr;
	out.incarnation = journal_incarnation(journal);
	out.sessions = session_count(service->sessions);
	out.journal_sequence = journal_durable(journal);
	out.shipped_sequence = journal_shipped_sequence(journal, out.incarnation);
	rpc_reply(call, &out.base);
}
