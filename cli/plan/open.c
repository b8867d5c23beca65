// A plan knows digests and no names, so that it means the same wherever it lies: a set is found by looking at
// those that are here, a snapshot is kept by its digest. Neither has to be here still: who reads a plan then
// learns less, and is told so.
#include "plan/open.h"

#include "base/file.h"
#include "events/workbench.h"
#include "progress.h"
#include "snapshot/snapshot.h"

#include <unistd.h>

Err plan_open(Cli *cli, const char *name, PlanFile **ret)
{
	const char *path;

	TRY(workbench_path(cli, "plans", name, &path));
	if (access(path, F_OK) != 0)
		return err(ERR_RESOURCE_NOT_FOUND, "there is no plan \"%s\": parley plan list", name);
	return plan_file_open(path, ret);
}

Err plan_verify(const PlanFile *plan)
{
	Progress progress;

	progress_begin(
	        &progress, "effects read and held against the plan's digest", plan_file_end(plan)->effects);
	Err e = plan_file_verify(plan, progress_told, &progress);
	progress_end(&progress);
	return e;
}

// --- the set ---

static bool is_set(const EventSet *set, ProtobufCBinaryData digest)
{
	return digest.len == EVENT_DIGEST_SIZE &&
	       memcmp(event_set_info(set)->digest, digest.data, EVENT_DIGEST_SIZE) == 0;
}

Err plan_set_open(Cli *cli, const PlanEnd *end, EventSet **ret, const char **ret_name)
{
	CLEANUP(json_decrefp_) json_t *names = NULL;
	const json_t *name;
	size_t i;

	*ret = NULL;
	*ret_name = NULL;
	TRY(workbench_names(cli, "sets", &names));
	json_array_foreach(names, i, name)
	{
		CLEANUP(event_set_closep) EventSet *set = NULL;
		const char *path;

		TRY(workbench_path(cli, "sets", json_string_value(name), &path));
		// One that is damaged is another matter.
		if (event_set_open(path, &set) != OK || !is_set(set, end->inputs->set_digest))
			continue;
		*ret_name = arena_cstr(cli->arena, str(json_string_value(name)));
		*ret = STEAL(set);
		return OK;
	}
	return OK;
}

// --- the snapshot ---

Err plan_snapshot_open(Cli *cli, const PlanEnd *end, Arena *arena, const Plan **ret)
{
	ProtobufCBinaryData wanted = end->inputs->snapshot_digest;
	Parley__Snapshot__V1__Snapshot *snapshot;
	const char *path;
	char hex[65];
	Digest digest;
	Str blob;

	*ret = NULL;
	if (wanted.len != sizeof digest.bytes)
		return OK;
	hex_encode(wanted.data, wanted.len, hex);
	TRY(workbench_folder(cli, &path));
	path = arena_printf(arena, "%s/snapshots/%s", path, hex);
	if (access(path, R_OK) != 0)
		return OK;
	TRY(file_read(path, SNAPSHOT_MAX, arena, &blob));
	digest = digest_of(blob);
	if (memcmp(digest.bytes, wanted.data, sizeof digest.bytes) != 0)
		return err(ERR_SNAPSHOT_DIGEST, "%s is not what its name says: remove it", path);
	TRY(snapshot_parse(blob, arena, &snapshot));
	return plan_build(snapshot, arena, ret);
}
