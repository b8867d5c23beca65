// Visitor state is a fold over all effects of a journal, in its order, and the history's other tables are
// made for questions: they leave repeats out, and have late responses by another clock. Rather than teach
// those tables the journal's view, what they lack stands here, as the journal had it.
#include "history/effects.h"

#include "store/store.h"
#include "wire/wire.h"

typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Journal__V1__EventPosted EventPosted;

#define WHAT(name) PARLEY__JOURNAL__V1__ENTRY__WHAT_##name

enum { COLUMNS = 12 };

bool effects_apart(const BatchRecord *record)
{
	const Entry *entry = record->entry;
	if (entry == NULL || (record->known && !record->repeated))
		return false;
	switch (entry->what_case) {
	case WHAT(EFFECTS_APPLIED):
		return entry->effects_applied->n_effects > 0;
	case WHAT(RESPONSE_POSTED):
		return entry->response_posted->n_effects > 0;
	case WHAT(EVENT_POSTED):
		return record->repeated && entry->event_posted->n_effects > 0;
	default:
		return false;
	}
}

static Err pack(const Entry *entry, Arena *arena, Str *ret)
{
	EventPosted bare = PARLEY__JOURNAL__V1__EVENT_POSTED__INIT;
	bare.effects = entry->what_case == WHAT(EFFECTS_APPLIED)   ? entry->effects_applied->effects
	               : entry->what_case == WHAT(RESPONSE_POSTED) ? entry->response_posted->effects
	                                                           : entry->event_posted->effects;
	bare.n_effects = entry->what_case == WHAT(EFFECTS_APPLIED)   ? entry->effects_applied->n_effects
	                 : entry->what_case == WHAT(RESPONSE_POSTED) ? entry->response_posted->n_effects
	                                                             : entry->event_posted->n_effects;
	return wire_pack(&bare.base, arena, ret);
}

// An event may be about another visitor's treatment: then it changed that one's state.
static const EventPosted *about_another(const Entry *entry)
{
	bool other = entry->what_case == WHAT(EVENT_POSTED) &&
	             entry->event_posted->treatment_audience_level[0] != '\0';
	return other ? entry->event_posted : NULL;
}

static Err copy_row(Pg *pg, const BatchSource *source, const BatchRecord *record, Arena *arena)
{
	const Entry *entry = record->entry;
	const Parley__Journal__V1__Context *context = entry->context;
	const EventPosted *another = about_another(entry);
	bool brought = entry->what_case == WHAT(EFFECTS_APPLIED);
	Str effects;
	TRY(pack(entry, arena, &effects));
	return pg_copy_row(
	        pg, (const PgParam[COLUMNS]){
	                    P_TIME(context->time_us),
	                    P_I64((int64_t)source->incarnation),
	                    P_I64((int64_t)record->frame.sequence),
	                    P_I64(0),
	                    P_TEXT(source->environment),
	                    P_TEXT(source->runtime_id),
	                    P_CTEXT(context->channel),
	                    P_CTEXT(another ? another->treatment_audience_level : context->audience_level),
	                    P_CTEXT(another ? another->treatment_audience_id : context->audience_id),
	                    P_TEXT(record->frame.event_id),
	                    P_CTEXT(record->repeated ? "repeated"
	                            : brought        ? "brought"
	                                             : "response"),
	                    P_BYTES(effects),
	            });
}

Err effects_write(Pg *pg, const BatchSource *source, const Batch *batch, Arena *arena)
{
	bool begun = false;
	for (size_t i = 0; i < batch->count; i++) {
		if (!effects_apart(&batch->records[i]))
			continue;
		if (!begun)
			TRY(pg_copy_begin(pg, STORE_TIMEOUT_MS, sql_effect_history_copy, COLUMNS));
		begun = true;
		TRY(copy_row(pg, source, &batch->records[i], arena));
	}
	return begun ? pg_copy_end(pg, STORE_TIMEOUT_MS) : OK;
}
