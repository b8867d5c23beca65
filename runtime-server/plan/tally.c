// What decisions say is counted by index, for there are many; the rest, and the sums in the end, by name.
#include "plan/internal.h"

#include "wire/wire.h"

#include <stdlib.h>
#include <xxhash.h>

typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Journal__V1__EventPosted EventPosted;
typedef Parley__Plan__V1__PlanCount PlanCount;
typedef Parley__Plan__V1__PlanTotal PlanTotal;

enum { ARENA_BLOCK = 64 * 1024, FIRST_SLOTS = 256 };

typedef struct Named {
	Dimension dimension;
	Str name;
	uint64_t hash;
	uint64_t counts[COUNTERS];
} Named;

struct Tally {
	const RehearsalContent *content;
	Arena *arena;                                           // its own
	uint64_t *offers, *points, *sources[ORIGIN_GLOBAL + 1]; // recommended, by index
	uint64_t reasons[REASON_COUNT];
	uint64_t sessions, questions, unanswered, posted;
	Named **slots; // open addressing
	size_t slot_count, count;
};

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for what a plan sums up to");
}

Tally *tally_new(const RehearsalContent *content)
{
	const Parley__Snapshot__V1__Snapshot *snapshot = rehearsal_snapshot(content);
	Arena *arena = arena_new(ARENA_BLOCK, 0);
	Tally *tally = arena != NULL ? ARENA_NEW(arena, Tally) : NULL;
	if (tally == NULL) {
		arena_free(arena);
		return NULL;
	}
	tally->arena = arena;
	tally->content = content;
	tally->offers = ARENA_ARRAY(arena, uint64_t, snapshot->n_offers + 1);
	tally->points = ARENA_ARRAY(arena, uint64_t, snapshot->n_points + 1);
	tally->sources[ORIGIN_RULE] = ARENA_ARRAY(arena, uint64_t, snapshot->n_rules + 1);
	tally->sources[ORIGIN_GLOBAL] = ARENA_ARRAY(arena, uint64_t, snapshot->n_global_offers + 1);
	tally->slot_count = FIRST_SLOTS;
	tally->slots = calloc(FIRST_SLOTS, sizeof(Named *));
	if (tally->offers == NULL || tally->points == NULL || tally->sources[ORIGIN_RULE] == NULL ||
	        tally->sources[ORIGIN_GLOBAL] == NULL || tally->slots == NULL) {
		tally_free(tally);
		return NULL;
	}
	return tally;
}

void tally_free(Tally *tally)
{
	if (tally == NULL)
		return;
	free(tally->slots);
	arena_free(tally->arena);
}

// --- by name ---

static Named **slot_of(Named **slots, size_t slot_count, const Named *wanted)
{
	size_t at = wanted->hash & (slot_count - 1);
	while (slots[at] != NULL &&
	        (slots[at]->dimension != wanted->dimension || slots[at]->hash != wanted->hash ||
	                !str_eq(slots[at]->name, wanted->name)))
		at = (at + 1) & (slot_count - 1);
	return &slots[at];
}

static Err grow(Tally *tally)
{
	size_t room = tally->slot_count * 2;
	Named **slots = calloc(room, sizeof(Named *));
	if (slots == NULL)
		return no_memory();
	for (size_t i = 0; i < tally->slot_count; i++)
		if (tally->slots[i] != NULL)
			*slot_of(slots, room, tally->slots[i]) = tally->slots[i];
	free(tally->slots);
	tally->slots = slots;
	tally->slot_count = room;
	return OK;
}

static Err find(Tally *tally, Dimension dimension, Str name, Named **ret)
{
	const Named wanted = {.dimension = dimension,
	        .name = name,
	        .hash = XXH3_64bits_withSeed(name.ptr, name.len, (uint64_t)dimension)};
	if (tally->count * 2 >= tally->slot_count)
		TRY(grow(tally));
	Named **slot = slot_of(tally->slots, tally->slot_count, &wanted);
	if (*slot == NULL) {
		Named *made = ARENA_NEW(tally->arena, Named);
		Str copy = arena_str(tally->arena, name);
		if (made == NULL || copy.ptr == NULL)
			return no_memory();
		*made = wanted;
		made->name = copy;
		*slot = made;
		tally->count++;
	}
	*ret = *slot;
	return OK;
}

Err tally_add(Tally *tally, Dimension dimension, Str name, Counter counter, uint64_t count)
{
	Named *named;
	if (name.len == 0 || count == 0)
		return OK;
	TRY(find(tally, dimension, name, &named));
	named->counts[counter] += count;
	return OK;
}

// --- what happens ---

void tally_session(Tally *tally)
{
	tally->sessions++;
}

static void count_point(Tally *tally, const PointDecision *point)
{
	tally->questions++;
	tally->unanswered += point->offer_count == 0;
	for (size_t i = 0; i < point->offer_count; i++) {
		const CandidateId *id = &point->offers[i].id;
		tally->offers[id->offer]++;
		tally->points[point->point]++;
		if ((size_t)id->origin < ARRAY_COUNT(tally->sources))
			tally->sources[id->origin][id->source]++;
	}
	for (size_t i = 0; i < point->candidate_count; i++)
		tally->reasons[point->candidates[i].reason]++;
}

void tally_decision(Tally *tally, const Decision *decision)
{
	for (size_t p = 0; p < decision->count; p++)
		if (decision->points[p].point >= 0)
			count_point(tally, &decision->points[p]);
}

static Err add_cell(Tally *tally, Str campaign, Str cell, Arena *arena, Counter counter, uint64_t count)
{
	if (cell.len == 0 || count == 0)
		return OK;
	const char *name = arena_printf(arena, STR_FMT "/" STR_FMT, STR_ARG(campaign), STR_ARG(cell));
	return name != NULL ? tally_add(tally, BY_CELL, str(name), counter, count) : no_memory();
}

static Err add_event(Tally *tally, const EventPosted *event, Counter counter, Arena *arena)
{
	TRY(tally_add(tally, BY_OFFER, str(event->offer_code), counter, 1));
	TRY(tally_add(tally, BY_ZONE, str(event->zone), counter, 1));
	TRY(tally_add(tally, BY_POINT, str(event->interaction_point), counter, 1));
	TRY(tally_add(tally, BY_RULE_SEGMENT, str(event->segment), counter, 1));
	TRY(tally_add(tally, BY_CAMPAIGN, str(event->campaign), counter, 1));
	return add_cell(tally, str(event->campaign), str(event->cell), arena, counter, 1);
}

static bool counter_of(Parley__Journal__V1__EventMeaning meaning, Counter *ret)
{
	switch (meaning) {
	case PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_CONTACT:
		*ret = CONTACTS;
		return true;
	case PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_ACCEPT:
		*ret = ACCEPTS;
		return true;
	case PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_REJECT:
		*ret = REJECTS;
		return true;
	default:
		return false;
	}
}

// Whether it is worth reading: what an entry is stands behind its context.
static bool is_event(Str payload)
{
	enum { CONTEXT = 0x0a, EVENT_POSTED = 0x2a };
	const uint8_t *at = (const uint8_t *)payload.ptr, *end = at + payload.len;
	size_t len = 0;
	unsigned shift = 0;
	if (at == end || *at++ != CONTEXT)
		return true;
	do {
		len |= (size_t)(*at & 0x7f) << shift;
		shift += 7;
	} while (at < end && *at++ >= 0x80 && shift < 32);
	return (size_t)(end - at) > len && at[len] == EVENT_POSTED;
}

Err tally_entry(Tally *tally, Str payload, Arena *arena)
{
	ProtobufCMessage *message = NULL;
	if (!is_event(payload))
		return OK;
	TRY(wire_unpack(&parley__journal__v1__entry__descriptor, payload, 0, arena, &message));
	const Entry *entry = (const Entry *)message;
	if (entry->what_case != PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED)
		return OK;
	const EventPosted *event = entry->event_posted;
	tally->posted += event->cause_event_id[0] == '\0';
	for (size_t i = 0; i < event->n_meanings; i++) {
		Counter counter;
		if (counter_of(event->meanings[i], &counter))
			TRY(add_event(tally, event, counter, arena));
	}
	return OK;
}

// --- sums ---

Err tally_merge(Tally *into, const Tally *from)
{
	const Parley__Snapshot__V1__Snapshot *snapshot = rehearsal_snapshot(into->content);
	into->sessions += from->sessions;
	into->questions += from->questions;
	into->unanswered += from->unanswered;
	into->posted += from->posted;
	for (size_t i = 0; i < snapshot->n_offers; i++)
		into->offers[i] += from->offers[i];
	for (size_t i = 0; i < snapshot->n_points; i++)
		into->points[i] += from->points[i];
	for (size_t i = 0; i < snapshot->n_rules; i++)
		into->sources[ORIGIN_RULE][i] += from->sources[ORIGIN_RULE][i];
	for (size_t i = 0; i < snapshot->n_global_offers; i++)
		into->sources[ORIGIN_GLOBAL][i] += from->sources[ORIGIN_GLOBAL][i];
	for (size_t i = 0; i < REASON_COUNT; i++)
		into->reasons[i] += from->reasons[i];
	for (size_t i = 0; i < from->slot_count; i++)
		for (size_t c = 0; from->slots[i] != NULL && c < COUNTERS; c++)
			TRY(tally_add(into, from->slots[i]->dimension, from->slots[i]->name, (Counter)c,
			        from->slots[i]->counts[c]));
	return OK;
}

static Err name_sources(Tally *tally, Parley__Snapshot__V1__TreatmentRule *const *rules, size_t count,
        const uint64_t *counts, Arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		TreatmentFacts facts = {0};
		if (counts[i] == 0)
			continue;
		rule_facts(rehearsal_snapshot(tally->content), rules[i], &facts);
		TRY(tally_add(tally, BY_RULE_SEGMENT, facts.segment, RECOMMENDED, counts[i]));
		TRY(tally_add(tally, BY_CAMPAIGN, facts.campaign, RECOMMENDED, counts[i]));
		TRY(add_cell(tally, facts.campaign, facts.cell, arena, RECOMMENDED, counts[i]));
	}
	return OK;
}

static Err name_all(Tally *tally, Arena *arena)
{
	const Parley__Snapshot__V1__Snapshot *snapshot = rehearsal_snapshot(tally->content);
	for (size_t i = 0; i < snapshot->n_offers; i++)
		TRY(tally_add(
		        tally, BY_OFFER, str(snapshot->offers[i]->code), RECOMMENDED, tally->offers[i]));
	for (size_t i = 0; i < snapshot->n_points; i++) {
		const Parley__Snapshot__V1__InteractionPoint *point = snapshot->points[i];
		TRY(tally_add(tally, BY_POINT, str(point->name), RECOMMENDED, tally->points[i]));
		TRY(tally_add(tally, BY_ZONE, str(snapshot->zones[point->zone]->name), RECOMMENDED,
		        tally->points[i]));
	}
	for (size_t i = 0; i < REASON_COUNT; i++)
		TRY(tally_add(tally, CANDIDATE_REASON, str(reason_name((Reason)i)), RECOMMENDED,
		        tally->reasons[i]));
	TRY(name_sources(tally, snapshot->rules, snapshot->n_rules, tally->sources[ORIGIN_RULE], arena));
	return name_sources(tally, snapshot->global_offers, snapshot->n_global_offers,
	        tally->sources[ORIGIN_GLOBAL], arena);
}

static int by_name(const void *left, const void *right)
{
	const Named *a = *(Named *const *)left, *b = *(Named *const *)right;
	if (a->dimension != b->dimension)
		return a->dimension < b->dimension ? -1 : 1;
	return str_cmp(a->name, b->name);
}

static Err list_counts(Named *const *named, size_t count, Arena *arena, PlanCount ***ret, size_t *ret_count)
{
	PlanCount *items = ARENA_ARRAY(arena, PlanCount, count + 1);
	*ret = ARENA_ARRAY(arena, PlanCount *, count + 1);
	if (items == NULL || *ret == NULL)
		return no_memory();
	for (size_t i = 0; i < count; i++) {
		parley__plan__v1__plan_count__init(&items[i]);
		items[i].name = arena_cstr(arena, named[i]->name);
		items[i].recommended = named[i]->counts[RECOMMENDED];
		items[i].contacts = named[i]->counts[CONTACTS];
		items[i].accepts = named[i]->counts[ACCEPTS];
		items[i].rejects = named[i]->counts[REJECTS];
		(*ret)[i] = &items[i];
		if (items[i].name == NULL)
			return no_memory();
	}
	*ret_count = count;
	return OK;
}

static Err list_totals(Named *const *named, size_t count, Arena *arena, PlanTotal ***ret, size_t *ret_count)
{
	PlanTotal *items = ARENA_ARRAY(arena, PlanTotal, count + 1);
	*ret = ARENA_ARRAY(arena, PlanTotal *, count + 1);
	if (items == NULL || *ret == NULL)
		return no_memory();
	for (size_t i = 0; i < count; i++) {
		parley__plan__v1__plan_total__init(&items[i]);
		items[i].name = arena_cstr(arena, named[i]->name);
		items[i].count = named[i]->counts[RECOMMENDED];
		(*ret)[i] = &items[i];
		if (items[i].name == NULL)
			return no_memory();
	}
	*ret_count = count;
	return OK;
}

// What of the sorted names is of a dimension.
static Named **part_of(Named **named, size_t count, Dimension dimension, size_t *ret_count)
{
	size_t first = 0, end;
	while (first < count && named[first]->dimension < dimension)
		first++;
	for (end = first; end < count && named[end]->dimension == dimension;)
		end++;
	*ret_count = end - first;
	return named + first;
}

static Err list_all(Named **named, size_t count, Arena *arena, PlanEnd *end)
{
	size_t n = 0;
#define COUNTS(dimension, field)                                                                             \
	do {                                                                                                 \
		Named **part_ = part_of(named, count, (dimension), &n);                                      \
		TRY(list_counts(part_, n, arena, &end->field, &end->n_##field));                             \
	} while (0)
#define TOTALS(dimension, field)                                                                             \
	do {                                                                                                 \
		Named **part_ = part_of(named, count, (dimension), &n);                                      \
		TRY(list_totals(part_, n, arena, &end->field, &end->n_##field));                             \
	} while (0)
	COUNTS(BY_OFFER, offers);
	COUNTS(BY_ZONE, zones);
	COUNTS(BY_POINT, points);
	COUNTS(BY_RULE_SEGMENT, rule_segments);
	COUNTS(BY_CAMPAIGN, campaigns);
	COUNTS(BY_CELL, cells);
	TOTALS(SEGMENT_ENTERED, segments_entered);
	TOTALS(PROBLEM_REASON, problems);
	TOTALS(CANDIDATE_REASON, reasons);
#undef COUNTS
#undef TOTALS
	return OK;
}

Err tally_end(Tally *tally, Arena *arena, PlanEnd *end)
{
	size_t count = 0;
	TRY(name_all(tally, arena));
	Named **named = ARENA_ARRAY(arena, Named *, tally->count + 1);
	if (named == NULL)
		return no_memory();
	for (size_t i = 0; i < tally->slot_count; i++)
		if (tally->slots[i] != NULL)
			named[count++] = tally->slots[i];
	qsort(named, count, sizeof(Named *), by_name);
	end->sessions = tally->sessions;
	end->questions = tally->questions;
	end->unanswered = tally->unanswered;
	end->posted = tally->posted;
	return list_all(named, count, arena, end);
}
