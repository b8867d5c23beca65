#include "rehearsal/internal.h"

#include "base/cleanup.h"
#include "service/check.h"
#include "service/service.h"

enum { ARENA_BLOCK = 256 * 1024 };

Err rehearsal_content_open(Str blob, uint64_t version, RehearsalContent **ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	RehearsalContent *content = arena != NULL ? ARENA_NEW(arena, RehearsalContent) : NULL;
	if (content == NULL)
		return err(ERR_NO_MEMORY, "no memory for a snapshot");
	content->digest = digest_of(blob);
	content->version = version;
	TRY(snapshot_parse(blob, arena, &content->snapshot));
	TRY(plan_build(content->snapshot, arena, &content->plan));
	TRY(lasting_build(content->plan, arena, &content->lasting));
	TRY(service_prepare(NULL, content->snapshot, arena, &content->prepared));
	content->arena = STEAL(arena);
	*ret = content;
	return OK;
}

void rehearsal_content_free(RehearsalContent *content)
{
	if (content != NULL)
		arena_free(content->arena);
}

const Parley__Snapshot__V1__Snapshot *rehearsal_snapshot(const RehearsalContent *content)
{
	return content->snapshot;
}

const Plan *rehearsal_plan(const RehearsalContent *content)
{
	return content->plan;
}

const Digest *rehearsal_digest(const RehearsalContent *content)
{
	return &content->digest;
}

uint64_t rehearsal_version(const RehearsalContent *content)
{
	return content->version;
}

Err rehearsal_visitor(
        const RehearsalContent *content, int level, const ExprValue *keys, Arena *arena, Str *ret)
{
	return check_audience_id(content->snapshot->audience_levels[level], keys, arena, ret);
}
