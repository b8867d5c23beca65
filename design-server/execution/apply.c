// A batch of a plan's entries becomes history in one transaction with the plan's cursor, exactly as a batch
// of a runtime server's journal does; what it does to visitors goes into the queue by which runtime servers
// are told. Cut off anywhere, nothing of the batch happened, and the next one begins with it.
#include "execution/internal.h"

#include "base/log.h"
#include "history/dedupe.h"
#include "history/erased.h"
#include "history/write.h"

#include <stdlib.h>

typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Journal__V1__Effect Effect;
typedef Parley__Journal__V1__EventPosted EventPosted;

typedef struct Apply {
	Executions *executions;
	Pieces *pieces;
	Arena *arena;
	int64_t now_us;
	bool any;
	PlanRow row;
	Str entries[BATCH_RECORDS];
	size_t count;
} Apply;

// --- what is to be done next ---

static Err take_entries(Apply *work, const EventEffects *effects, size_t size)
{
	PlanRow *row = &work->row;
	for (; (size_t)row->entry < effects->n_entries && work->count < BATCH_RECORDS; row->entry++) {
		ProtobufCBinaryData entry = effects->entries[row->entry];
		Str copy = arena_str(work->arena, str_n((const char *)entry.data, entry.len));
		if (copy.ptr == NULL)
			return execution_no_memory();
		work->entries[work->count++] = copy;
	}
	if ((size_t)row->entry < effects->n_entries)
		return OK;
	pieces_take(work->pieces, size);
	row->position += (int64_t)size;
	row->entry = 0;
	row->done++;
	return OK;
}

static Err collect(Pg *pg, Apply *work)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(PIECE_MAX, 0);
	const EventEffects *effects = NULL;
	size_t size = 0;
	if (arena == NULL)
		return execution_no_memory();
	pieces_seek(work->pieces, work->row.id, work->row.position);
	while (work->count < BATCH_RECORDS && work->row.done < work->row.effects) {
		arena_reset(arena);
		TRY(pieces_peek(pg, work->pieces, arena, NULL, NULL, &effects, &size));
		if (effects == NULL)
			return err(ERR_STATE_CORRUPT, "effects of the plan are missing");
		TRY(take_entries(work, effects, size));
	}
	return OK;
}

// --- what it does to visitors ---

typedef struct Told {
	Str *levels, *ids, *offers, *kinds, *scores, *events;
	int64_t *until_us, *times_us;
	size_t count;
} Told;

static Err told_new(const Batch *batch, Arena *arena, Told *ret)
{
	size_t most = 1;
	for (size_t i = 0; i < batch->count; i++) {
		const Entry *entry = batch->records[i].entry;
		if (entry != NULL && entry->what_case == PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED)
			most += entry->event_posted->n_effects;
	}
	Str *texts = ARENA_ARRAY(arena, Str, 6 * most);
	int64_t *numbers = ARENA_ARRAY(arena, int64_t, 2 * most);
	if (!texts || !numbers)
		return execution_no_memory();
	*ret = (Told){.levels = texts,
	        .ids = texts + most,
	        .offers = texts + 2 * most,
	        .kinds = texts + 3 * most,
	        .scores = texts + 4 * most,
	        .events = texts + 5 * most,
	        .until_us = numbers,
	        .times_us = numbers + most};
	return OK;
}

static const char *kind_name(const Effect *effect)
{
	static const char *const names[] = {"", "contact", "accept", "reject", "suppress", "qualify"};
	size_t kind = (size_t)effect->kind;
	return kind < ARRAY_COUNT(names) ? names[kind] : "";
}

// What was over before it could be told is told to nobody.
static bool is_over(const Effect *effect, int64_t now_us)
{
	return effect->until_us != 0 && effect->until_us <= now_us;
}

static Err tell_event(const Apply *work, const Entry *entry, Told *told)
{
	const EventPosted *event = entry->event_posted;
	bool other = *event->treatment_audience_level != '\0';
	for (size_t i = 0; i < event->n_effects; i++) {
		const Effect *effect = event->effects[i];
		if (!*kind_name(effect) || is_over(effect, work->now_us))
			continue;
		size_t at = told->count++;
		char *score = arena_printf(work->arena, "%.17g", effect->score);
		if (score == NULL)
			return execution_no_memory();
		told->levels[at] =
		        str(other ? event->treatment_audience_level : entry->context->audience_level);
		told->ids[at] = str(other ? event->treatment_audience_id : entry->context->audience_id);
		told->offers[at] = str(effect->offer_code);
		told->kinds[at] = str(kind_name(effect));
		told->scores[at] = str(score);
		told->events[at] = str(event->event_id);
		told->until_us[at] = effect->until_us;
		told->times_us[at] = entry->context->time_us;
	}
	return OK;
}

// The last statement of the transaction but for the cursor: who adds effects keeps all others from it.
static Err tell_visitors(Pg *pg, Apply *work, const Batch *batch)
{
	CLEANUP(pg_result_freep) PgResult *last = NULL;
	Told told = {0};
	TRY(told_new(batch, work->arena, &told));
	for (size_t i = 0; i < batch->count; i++) {
		const BatchRecord *record = &batch->records[i];
		if (record->entry != NULL && !record->known &&
		        record->entry->what_case == PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED)
			TRY(tell_event(work, record->entry, &told));
	}
	if (told.count == 0)
		return OK;
	size_t n = told.count;
	TRY(SQL_RUN(pg, &last, plan_effects_add, P_TEXT(work->row.environment), P_TEXT(work->row.channel),
	        P_TEXTS(told.levels, n), P_TEXTS(told.ids, n), P_TEXTS(told.offers, n),
	        P_TEXTS(told.kinds, n), P_I64S(told.until_us, n), P_TEXTS(told.scores, n),
	        P_I64S(told.times_us, n), P_TEXTS(told.events, n), P_TIME(work->now_us)));
	work->row.last_effect = pg_i64(last, 0, 0);
	return OK;
}

// --- the batch ---

static Err write(Pg *pg, Apply *work)
{
	const PlanRow *row = &work->row;
	const BatchSource source = {.environment = row->environment,
	        .runtime_id = row->source,
	        .incarnation = 1,
	        .now_us = work->now_us};
	Batch batch;
	TRY(records_of(row, work->entries, work->count, row->sequence + 1, work->arena, &batch));
	TRY(batch_drop_erased(pg, &source, &batch, work->arena));
	TRY(dedupe_events(pg, &source, &batch, work->arena));
	TRY(batch_write(pg, &source, &batch, work->arena));
	return tell_visitors(pg, work, &batch);
}

static Err apply(Pg *pg, void *context)
{
	Apply *work = context;
	const Executions *executions = work->executions;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(SQL_RUN(pg, &rows, plan_take, P_TEXTS(executions->names, executions->environments->count),
	        P_BOOL(true)));
	work->any = pg_rows(rows) > 0;
	work->count = 0;
	if (!work->any)
		return OK;
	arena_reset(work->arena);
	TRY(plan_row(rows, 0, work->arena, &work->row));
	TRY(collect(pg, work));
	TRY(write(pg, work));
	const PlanRow *row = &work->row;
	return SQL_RUN(pg, NULL, plan_advance, P_I64(row->id), P_I64(row->position), P_I64(row->entry),
	        P_I64(row->done), P_I64(row->sequence + (int64_t)work->count), P_I64(row->last_effect));
}

Err apply_one(Executions *executions, Pieces *pieces, bool *ret_any)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4 * PIECE_MAX, 0);
	Apply *work = arena ? calloc(1, sizeof *work) : NULL;
	if (work == NULL)
		return execution_no_memory();
	work->executions = executions;
	work->pieces = pieces;
	work->arena = arena;
	work->now_us = clock_now_us(executions->services->clock);
	Err e = store_transact(executions->services->ingest, apply, work);
	*ret_any = work->any;
	free(work);
	if (e != OK)
		pieces_clear(pieces); // what was taken may not have been done
	return e;
}

// --- the end ---

typedef struct Finish {
	Executions *executions;
	bool any;
} Finish;

static Err finish(Pg *pg, void *context)
{
	Finish *work = context;
	const Executions *executions = work->executions;
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 0);
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	int64_t now_us = clock_now_us(executions->services->clock);
	PlanRow row;
	TRY(SQL_RUN(pg, &rows, plan_take, P_TEXTS(executions->names, executions->environments->count),
	        P_BOOL(false)));
	work->any = pg_rows(rows) > 0;
	if (!work->any)
		return OK;
	if (!arena)
		return execution_no_memory();
	TRY(plan_row(rows, 0, arena, &row));
	TRY(SQL_RUN(pg, NULL, plan_finish, P_I64(row.id), P_TIME(now_us)));
	TRY(PG_QUERY(pg, PIECES_TIMEOUT_MS, NULL, sql_plan_pieces_forget, P_I64(row.id)));
	log_info("a plan was executed", F_STR("environment", row.environment), F_STR("plan", row.source),
	        F_INT("records", row.sequence));
	return plan_audit(pg, &row, "executed", row.executed_by, (Str){0}, now_us, arena);
}

Err finish_one(Executions *executions, bool *ret_any)
{
	Finish work = {.executions = executions};
	TRY(store_transact(executions->services->store, finish, &work));
	*ret_any = work.any;
	return OK;
}
