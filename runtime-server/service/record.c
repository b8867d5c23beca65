#include "service/record.h"

#include "service/map.h"

typedef Parley__Journal__V1__CellsChanged CellsChanged;
typedef Parley__Journal__V1__Context Context;
typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Journal__V1__SessionEnded SessionEnded;
typedef Parley__Journal__V1__SessionStarted SessionStarted;

#define ENTRY(name) PARLEY__JOURNAL__V1__ENTRY__WHAT_##name

static Err no_memory(void)
{
	return err_retry(ERR_NO_MEMORY, 100, "no memory for a journal record");
}

static Context context_of(const Session *session, int64_t now_us)
{
	const Deployed *deployed = session->pin;
	const Snapshot *snapshot = plan_snapshot(session->plan);
	Context context = PARLEY__JOURNAL__V1__CONTEXT__INIT;
	context.channel = snapshot->channel;
	context.session_id = (char *)session->id;
	context.audience_level = snapshot->audience_levels[session->level]->name;
	context.audience_id = (char *)session->audience_id.ptr;
	context.snapshot_version = deployed_version(deployed);
	context.snapshot_digest.data = (uint8_t *)deployed_digest(deployed)->bytes;
	context.snapshot_digest.len = sizeof deployed_digest(deployed)->bytes;
	context.time_us = now_us;
	context.trace_context.data = (uint8_t *)(uintptr_t)trace_span_ids(session->span).ptr;
	context.trace_context.len = trace_span_ids(session->span).len;
	return context;
}

static Err append(
        Service *service, const Entry *entry, Str event_id, Arena *arena, JournalDone done, void *context)
{
	return visitors_record(service->options.visitors, entry, event_id, arena, done, context);
}

// --- sessions ---

static Err list_keys(const Level *level, const Audience *audience, Arena *arena, SessionStarted *out)
{
	out->keys = message_list(arena, &parley__journal__v1__audience_key__descriptor, level->n_keys);
	if (out->keys == NULL)
		return no_memory();
	out->n_keys = level->n_keys;
	for (size_t k = 0; k < level->n_keys; k++) {
		out->keys[k]->name = level->keys[k]->name;
		out->keys[k]->value = check_key_text(&audience->keys[k], arena);
		if (out->keys[k]->value == NULL)
			return no_memory();
	}
	return OK;
}

Err record_started(Service *service, Session *session, int64_t now_us, ProfileOutcome profile,
        const Audience *audience, Arena *arena)
{
	Cells cells;
	Context context = context_of(session, now_us);
	SessionStarted started = PARLEY__JOURNAL__V1__SESSION_STARTED__INIT;
	Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	TRY(list_keys(
	        plan_snapshot(session->plan)->audience_levels[session->level], audience, arena, &started));
	TRY(map_segments(session, arena, &started.segments, &started.n_segments));
	TRY(cells_of(session, now_us, arena, &cells));
	started.profile = (char *)profile_outcome_name(profile);
	started.target_cells = cells.target;
	started.n_target_cells = cells.target_count;
	started.held_out_cells = cells.held_out;
	started.n_held_out_cells = cells.held_out_count;
	entry.context = &context;
	entry.what_case = ENTRY(SESSION_STARTED);
	entry.session_started = &started;
	TRY(append(service, &entry, STR(""), arena, NULL, NULL));
	cells_told(session, &cells);
	return OK;
}

Err record_cells(Service *service, const Session *session, int64_t now_us, const Cells *cells, Arena *arena)
{
	Context context = context_of(session, now_us);
	CellsChanged changed = PARLEY__JOURNAL__V1__CELLS_CHANGED__INIT;
	Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	changed.target_cells = cells->target;
	changed.n_target_cells = cells->target_count;
	changed.held_out_cells = cells->held_out;
	changed.n_held_out_cells = cells->held_out_count;
	entry.context = &context;
	entry.what_case = ENTRY(CELLS_CHANGED);
	entry.cells_changed = &changed;
	return append(service, &entry, STR(""), arena, NULL, NULL);
}

static Err append_ended(Service *service, Context *context, const char *cause, Arena *arena)
{
	SessionEnded ended = PARLEY__JOURNAL__V1__SESSION_ENDED__INIT;
	Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	ended.cause = (char *)cause;
	entry.context = context;
	entry.what_case = ENTRY(SESSION_ENDED);
	entry.session_ended = &ended;
	return append(service, &entry, STR(""), arena, NULL, NULL);
}

Err record_ended(Service *service, const Session *session, int64_t now_us, const char *cause, Arena *arena)
{
	Context context = context_of(session, now_us);
	return append_ended(service, &context, cause, arena);
}

Err record_left(Service *service, const Session *session, int64_t now_us, int level, const char *audience_id,
        Arena *arena)
{
	Context context = context_of(session, now_us);
	context.audience_level = plan_snapshot(session->plan)->audience_levels[level]->name;
	context.audience_id = (char *)audience_id;
	return append_ended(service, &context, "audience", arena);
}

// --- events ---

Err record_event(Service *service, const Session *session, int64_t time_us, EventPosted *event, Arena *arena,
        JournalDone done, void *context)
{
	Context shared = context_of(session, time_us);
	Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	entry.context = &shared;
	entry.what_case = ENTRY(EVENT_POSTED);
	entry.event_posted = event;
	return append(service, &entry, str(event->event_id), arena, done, context);
}
