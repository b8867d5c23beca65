// A record that is not fit for history must not hold up the journal behind it, so everything that PostgreSQL
// would refuse later (times, sizes of indexed texts, bytes that are not UTF-8) is looked for here and becomes
// a reason.
#include "history/batch.h"

#include "base/clock.h"
#include "wire/wire.h"

#include <inttypes.h>

enum {
	INDEXED_MAX = 1024, // bytes of a text that an index takes: an audience ID may be as long at a runtime
	                    // server
	MEANINGS = PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_REJECT + 1,
};
static const int64_t TIME_LEAST = INT64_C(946684800) * US_PER_S;   // 2000-01-01, as history_month_make
static const int64_t TIME_BEYOND = INT64_C(7258118400) * US_PER_S; // 2200-01-01

typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Journal__V1__EventPosted EventPosted;
typedef Parley__Journal__V1__ResponsePosted ResponsePosted;

#define WHAT(name)    PARLEY__JOURNAL__V1__ENTRY__WHAT_##name
#define CODE(name)    PARLEY__JOURNAL__V1__RESPONSE_CODE__RESPONSE_CODE_##name
#define MEANING(name) PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_##name

// --- frames ---

static Err check_place(const BatchClaim *claim, const JournalRecord *record, uint64_t expected)
{
	if (!str_eq(record->runtime_id, claim->runtime_id) || record->incarnation != claim->incarnation)
		return err_at(ERR_REQUEST_MALFORMED, "records",
		        "record %" PRIu64 " is of another runtime or incarnation than the request says",
		        record->sequence);
	if (record->sequence != expected)
		return err_at(ERR_REQUEST_MALFORMED, "records",
		        "record %" PRIu64 " is where %" PRIu64
		        " was expected: ship records one after the other, from "
		        "first_sequence on",
		        record->sequence, expected);
	return OK;
}

static Err count_frames(const BatchClaim *claim, size_t *ret)
{
	Str frames = claim->frames;
	uint64_t expected = claim->first_sequence;
	for (*ret = 0; frames.len > 0; ++*ret) {
		JournalRecord record;
		TRY(journal_record_parse(&frames, &record));
		TRY(check_place(claim, &record, expected));
		expected = (record.lost_until ? record.lost_until : record.sequence) + 1;
	}
	return OK;
}

// --- what a record means ---

static bool too_long(const char *text)
{
	return strlen(text) > INDEXED_MAX;
}

static const char *event_reason(const EventPosted *event)
{
	if (too_long(event->treatment_code) || too_long(event->treatment_audience_id))
		return "the treatment code or its visitor's ID is too long";
	return too_long(event->outcome) ? "the outcome is too long" : NULL;
}

static bool in_reach(int64_t time_us)
{
	return time_us >= TIME_LEAST && time_us < TIME_BEYOND;
}

static const char *response_reason(const ResponsePosted *posted)
{
	if (posted->code_kind < CODE(TREATMENT) || posted->code_kind > CODE(CUSTOM))
		return "it names a kind of code that this server does not know";
	if (too_long(posted->code) || too_long(posted->response))
		return "the code or the response is too long";
	if (!in_reach(posted->responded_us) || (posted->known && !in_reach(posted->recommended_us)))
		return "its times are not within the years 2000 to 2199";
	return NULL;
}

// NULL if the entry can become history.
static const char *entry_reason(const Entry *entry)
{
	const Parley__Journal__V1__Context *context = entry->context;
	if (context == NULL)
		return "it has no context";
	if (!in_reach(context->time_us))
		return "its time is not within the years 2000 to 2199";
	if (too_long(context->audience_id) || too_long(context->session_id))
		return "the audience or session ID is too long";
	switch (entry->what_case) {
	case WHAT(EVENT_POSTED):
		return event_reason(entry->event_posted);
	case WHAT(RESPONSE_POSTED):
		return response_reason(entry->response_posted);
	case WHAT(RECOMMENDATION):
	case WHAT(SESSION_STARTED):
	case WHAT(SESSION_ENDED):
	case WHAT(CELLS_CHANGED):
	case WHAT(EFFECTS_APPLIED): // no fact: the history is where it came from (effects.c)
	case WHAT(VISITOR_ERASED):  // history was told of it by who had it done
		return NULL;
	default:
		return "it says nothing that this server knows: a newer runtime server may have written it";
	}
}

static Err judge(BatchRecord *record, Arena *arena)
{
	ProtobufCMessage *message = NULL;
	if (record->frame.lost_until != 0) {
		record->reason = "the runtime server lost these records: its journal was damaged";
		return OK;
	}
	if (!str_is_utf8(record->frame.event_id)) {
		record->reason = "its event ID is not UTF-8";
		return OK;
	}
	Err e = wire_unpack(
	        &parley__journal__v1__entry__descriptor, record->frame.payload, 0, arena, &message);
	if (e == ERR_NO_MEMORY)
		return e;
	if (e != OK) {
		record->reason = arena_printf(arena, "it is not a journal entry: %s", err_detail()->message);
		return record->reason ? OK : err(ERR_NO_MEMORY, "no memory for a batch of records");
	}
	record->reason = entry_reason((Entry *)message);
	if (record->reason == NULL && ((Entry *)message)->what_case == WHAT(RESPONSE_POSTED) &&
	        record->frame.event_id.len == 0)
		record->reason = "it is a response without an ID";
	record->entry = record->reason == NULL ? (Entry *)message : NULL;
	return OK;
}

// --- facts ---

static const FactKind of_meaning[MEANINGS] = {
        [MEANING(UNSPECIFIED)] = FACT_EVENT,
        [MEANING(CONTACT)] = FACT_CONTACT,
        [MEANING(ACCEPT)] = FACT_ACCEPT,
        [MEANING(REJECT)] = FACT_REJECT,
};

// An event counts once for each thing that it means, and as a mere event if it means nothing known.
static size_t event_facts(const EventPosted *event, FactKind kinds[MEANINGS])
{
	bool seen[MEANINGS] = {0};
	size_t count = 0;
	for (size_t i = 0; i < event->n_meanings; i++) {
		int meaning = (int)event->meanings[i];
		if (meaning <= MEANING(UNSPECIFIED) || meaning >= MEANINGS || seen[meaning])
			continue;
		seen[meaning] = true;
		kinds[count++] = of_meaning[meaning];
	}
	if (count == 0)
		kinds[count++] = FACT_EVENT;
	return count;
}

// Whether the effects are those that its facts say by themselves: each with the event's own offer.
static bool effects_implied(const EventPosted *event)
{
	static const int effect_of[FACT_KIND_COUNT] = {
	        [FACT_CONTACT] = PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_CONTACT,
	        [FACT_ACCEPT] = PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_ACCEPT,
	        [FACT_REJECT] = PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_REJECT,
	};
	FactKind kinds[MEANINGS];
	size_t count = event_facts(event, kinds);
	if (kinds[0] == FACT_EVENT || event->n_effects != count)
		return kinds[0] == FACT_EVENT && event->n_effects == 0;
	for (size_t i = 0; i < count; i++) {
		const Parley__Journal__V1__Effect *effect = event->effects[i];
		if ((int)effect->kind != effect_of[kinds[i]] || effect->until_us != 0 || effect->score != 0 ||
		        strcmp(effect->offer_code, event->offer_code) != 0)
			return false;
	}
	return true;
}

static Err keep_effects(BatchRecord *record, Arena *arena)
{
	EventPosted bare = PARLEY__JOURNAL__V1__EVENT_POSTED__INIT;
	if (record->entry == NULL || record->entry->what_case != WHAT(EVENT_POSTED) ||
	        effects_implied(record->entry->event_posted))
		return OK;
	bare.effects = record->entry->event_posted->effects;
	bare.n_effects = record->entry->event_posted->n_effects;
	record->effects_told = true;
	return wire_pack(&bare.base, arena, &record->effects);
}

// The cells that an entry names: those of targets, then those of who is held out.
typedef struct CellLists {
	Parley__Journal__V1__CellMembership **target, **held_out;
	size_t target_count, held_out_count;
} CellLists;

static CellLists cells_of(const Entry *entry)
{
	if (entry->what_case == WHAT(SESSION_STARTED))
		return (CellLists){entry->session_started->target_cells,
		        entry->session_started->held_out_cells, entry->session_started->n_target_cells,
		        entry->session_started->n_held_out_cells};
	if (entry->what_case == WHAT(CELLS_CHANGED))
		return (CellLists){entry->cells_changed->target_cells, entry->cells_changed->held_out_cells,
		        entry->cells_changed->n_target_cells, entry->cells_changed->n_held_out_cells};
	return (CellLists){0};
}

static bool logs_outcome(const Entry *entry)
{
	return entry->what_case == WHAT(EVENT_POSTED) && entry->event_posted->outcome[0] != '\0';
}

// Beside its cells and its outcome.
static size_t count_own(const Entry *entry)
{
	FactKind kinds[MEANINGS];
	if (entry->what_case == WHAT(EVENT_POSTED))
		return event_facts(entry->event_posted, kinds);
	if (entry->what_case == WHAT(RECOMMENDATION) && entry->recommendation->n_offers > 0)
		return entry->recommendation->n_offers;
	return entry->what_case != WHAT(CELLS_CHANGED) && entry->what_case != WHAT(EFFECTS_APPLIED) &&
	       entry->what_case != WHAT(VISITOR_ERASED);
}

static size_t count_facts(const Entry *entry)
{
	if (entry == NULL)
		return 0;
	CellLists cells = cells_of(entry);
	return count_own(entry) + cells.target_count + cells.held_out_count + logs_outcome(entry);
}

static void add_cells(Batch *batch, const BatchRecord *record)
{
	CellLists cells = cells_of(record->entry);
	int64_t position = (int64_t)count_own(record->entry);
	for (size_t i = 0; i < cells.target_count; i++)
		batch->facts[batch->fact_count++] =
		        (Fact){record, FACT_CELL, position++, cells.target[i], false};
	for (size_t i = 0; i < cells.held_out_count; i++)
		batch->facts[batch->fact_count++] =
		        (Fact){record, FACT_CELL, position++, cells.held_out[i], true};
}

static void add_facts(Batch *batch, const BatchRecord *record)
{
	FactKind kinds[MEANINGS], kind = FACT_RECOMMENDATION;
	if (record->entry == NULL)
		return;
	size_t count = count_own(record->entry);
	bool event = record->entry->what_case == WHAT(EVENT_POSTED);
	if (event)
		event_facts(record->entry->event_posted, kinds);
	else if (record->entry->what_case == WHAT(SESSION_STARTED))
		kind = FACT_SESSION_START;
	else if (record->entry->what_case == WHAT(SESSION_ENDED))
		kind = FACT_SESSION_END;
	else if (record->entry->what_case == WHAT(RESPONSE_POSTED))
		kind = FACT_LATE;
	bool outcome = logs_outcome(record->entry);
	batch->late_count += kind == FACT_LATE || outcome;
	for (size_t i = 0; i < count; i++)
		batch->facts[batch->fact_count++] =
		        (Fact){.record = record, .kind = event ? kinds[i] : kind, .position = (int64_t)i};
	add_cells(batch, record);
	if (outcome)
		batch->facts[batch->fact_count++] = (Fact){.record = record, .kind = FACT_OUTCOME};
}

Err batch_make(BatchRecord *records, size_t count, Arena *arena, Batch *ret)
{
	size_t facts = 0;
	*ret = (Batch){.records = records, .count = count};
	for (size_t i = 0; i < count; i++) {
		TRY(judge(&records[i], arena));
		TRY(keep_effects(&records[i], arena));
		facts += count_facts(records[i].entry);
	}
	ret->facts = ARENA_ARRAY(arena, Fact, facts + 1);
	if (ret->facts == NULL)
		return err(ERR_NO_MEMORY, "no memory for a batch of records");
	for (size_t i = 0; i < count; i++)
		add_facts(ret, &records[i]);
	return OK;
}

Err batch_read(const BatchClaim *claim, Arena *arena, Batch *ret)
{
	size_t count = 0;
	TRY(count_frames(claim, &count));
	BatchRecord *records = ARENA_ARRAY(arena, BatchRecord, count + 1);
	if (records == NULL)
		return err(ERR_NO_MEMORY, "no memory for a batch of records");
	Str frames = claim->frames;
	for (size_t i = 0; i < count; i++)
		TRY(journal_record_parse(&frames, &records[i].frame));
	return batch_make(records, count, arena, ret);
}
