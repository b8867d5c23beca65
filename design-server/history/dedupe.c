// Nearly every event is new, and COPY enters new IDs for far less than INSERT … ON CONFLICT, which looks each
// one up first. So the IDs are copied, and only a batch in which one turns out to be known goes back to the
// savepoint and asks for each.
#include "history/dedupe.h"

#include "base/cleanup.h"
#include "store/store.h"

#include <stdlib.h>

// The batch's IDs, sorted, each once, with the first record that has it.
typedef struct EventId {
	Str id;
	BatchRecord *record;
} EventId;

typedef struct EventIds {
	EventId *items;
	size_t count;
} EventIds;

static int by_id(const void *left, const void *right)
{
	const EventId *a = left, *b = right;
	int order = str_cmp(a->id, b->id);
	return order != 0 ? order : (a->record > b->record) - (a->record < b->record);
}

static bool is_event(const BatchRecord *record)
{
	return record->entry != NULL && !record->known && record->frame.event_id.len > 0 &&
	       record->entry->what_case != PARLEY__JOURNAL__V1__ENTRY__WHAT_EFFECTS_APPLIED;
}

// Sorted, because two transactions with the same IDs then wait for each other and do not deadlock.
static Err collect_ids(Batch *batch, Arena *arena, EventIds *ret)
{
	EventId *all = ARENA_ARRAY(arena, EventId, batch->count + 1);
	size_t count = 0, kept = 0;
	if (all == NULL)
		return err(ERR_NO_MEMORY, "no memory for a batch of events");
	for (size_t i = 0; i < batch->count; i++)
		if (is_event(&batch->records[i]))
			all[count++] = (EventId){batch->records[i].frame.event_id, &batch->records[i]};
	qsort(all, count, sizeof *all, by_id);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && str_eq(all[kept - 1].id, all[i].id))
			all[i].record->known = all[i].record->repeated = true;
		else
			all[kept++] = all[i];
	}
	*ret = (EventIds){all, kept};
	return OK;
}

static Err copy_ids(Pg *pg, const BatchSource *source, const EventIds *ids)
{
	TRY(pg_copy_begin(pg, STORE_TIMEOUT_MS, sql_event_dedupe_copy, 3));
	for (size_t i = 0; i < ids->count; i++)
		TRY(pg_copy_row(pg, (const PgParam[]){P_TEXT(source->environment), P_TEXT(ids->items[i].id),
		                            P_TIME(source->now_us)}));
	return pg_copy_end(pg, STORE_TIMEOUT_MS);
}

static int by_text(const void *id, const void *item)
{
	return str_cmp(*(const Str *)id, ((const EventId *)item)->id);
}

static Err add_one_by_one(Pg *pg, const BatchSource *source, const EventIds *ids, Arena *arena)
{
	CLEANUP(pg_result_freep) PgResult *added = NULL;
	Str *texts = ARENA_ARRAY(arena, Str, ids->count);
	if (texts == NULL)
		return err(ERR_NO_MEMORY, "no memory for a batch of events");
	for (size_t i = 0; i < ids->count; i++) {
		texts[i] = ids->items[i].id;
		ids->items[i].record->known = ids->items[i].record->repeated = true;
	}
	TRY(SQL_RUN(pg, &added, event_dedupe_add, P_TEXT(source->environment), P_TEXTS(texts, ids->count),
	        P_TIME(source->now_us)));
	for (size_t i = 0; i < pg_rows(added); i++) {
		Str id = pg_text(added, i, 0);
		const EventId *found = bsearch(&id, ids->items, ids->count, sizeof *ids->items, by_text);
		if (found != NULL)
			found->record->known = found->record->repeated = false;
	}
	return OK;
}

Err dedupe_events(Pg *pg, const BatchSource *source, Batch *batch, Arena *arena)
{
	static const char unique_violation[] = "23505";
	EventIds ids = {0};
	TRY(collect_ids(batch, arena, &ids));
	if (ids.count == 0)
		return OK;
	TRY(pg_script(pg, STORE_TIMEOUT_MS, "SAVEPOINT events"));
	Err e = copy_ids(pg, source, &ids);
	if (e == OK || strcmp(pg_sqlstate(pg), unique_violation) != 0)
		return e;
	TRY(pg_script(pg, STORE_TIMEOUT_MS, "ROLLBACK TO events"));
	return add_one_by_one(pg, source, &ids, arena);
}
