// Nearly every batch is younger than the newest erasure, so it costs one small question. Only what is older
// is asked about, visitor by visitor.
#include "history/erased.h"

#include "erasure/erased.h"

typedef Parley__Journal__V1__Context Context;
typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Journal__V1__EventPosted EventPosted;

enum { VISITORS_MOST = 2 }; // that a record is about: the session's, and the treatment's

typedef struct Asked {
	Happened happened;
	BatchRecord **records; // of each
	bool *erased;
} Asked;

static Err asked_new(Asked *asked, size_t count, Arena *arena)
{
	asked->happened = (Happened){.levels = ARENA_ARRAY(arena, Str, count + 1),
	        .ids = ARENA_ARRAY(arena, Str, count + 1),
	        .times_us = ARENA_ARRAY(arena, int64_t, count + 1)};
	asked->records = ARENA_ARRAY(arena, BatchRecord *, count + 1);
	asked->erased = ARENA_ARRAY(arena, bool, count + 1);
	return asked->happened.levels && asked->happened.ids && asked->happened.times_us && asked->records &&
	                       asked->erased
	               ? OK
	               : err(ERR_NO_MEMORY, "no memory for a batch of records");
}

// What is brought from elsewhere may be on its way while its visitor is erased: it is as old as what it
// tells.
static int64_t happened_us(const Entry *entry)
{
	int64_t time_us = entry->context->time_us;
	if (entry->what_case != PARLEY__JOURNAL__V1__ENTRY__WHAT_EFFECTS_APPLIED)
		return time_us;
	int64_t happened_us = entry->effects_applied->happened_us;
	return happened_us > 0 && happened_us < time_us ? happened_us : time_us;
}

static void ask_about(Asked *asked, BatchRecord *record, const char *level, const char *id)
{
	Happened *happened = &asked->happened;
	if (*id == '\0')
		return;
	asked->records[happened->count] = record;
	happened->levels[happened->count] = str(level);
	happened->ids[happened->count] = str(id);
	happened->times_us[happened->count++] = happened_us(record->entry);
}

static void collect(Asked *asked, Batch *batch, int64_t until_us)
{
	for (size_t i = 0; i < batch->count; i++) {
		BatchRecord *record = &batch->records[i];
		if (record->entry == NULL || record->known || happened_us(record->entry) >= until_us)
			continue;
		const Context *context = record->entry->context;
		ask_about(asked, record, context->audience_level, context->audience_id);
		if (record->entry->what_case != PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED)
			continue;
		const EventPosted *event = record->entry->event_posted;
		ask_about(asked, record, event->treatment_audience_level, event->treatment_audience_id);
	}
}

Err batch_drop_erased(Pg *pg, const BatchSource *source, Batch *batch, Arena *arena)
{
	int64_t until_us = INT64_MIN;
	Asked asked;
	TRY(erased_until(pg, source->environment, &until_us));
	if (until_us == INT64_MIN)
		return OK;
	TRY(asked_new(&asked, VISITORS_MOST * batch->count, arena));
	collect(&asked, batch, until_us);
	TRY(erased_among(pg, source->environment, &asked.happened, asked.erased));
	for (size_t i = 0; i < asked.happened.count; i++)
		asked.records[i]->known |= asked.erased[i];
	return OK;
}
