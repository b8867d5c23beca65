// A lane has some of the visitors, all of what they do, and a rehearsal of its own: what it does follows from
// its own events alone, and from the volumes that it is told. Events are told to the rehearsal as a
// touchpoint would tell them.
#include "plan/lane.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "plan/pack.h"
#include "wire/wire.h"

#include <fcntl.h>
#include <stdlib.h>

typedef Parley__Plan__V1__Problem Problem;
typedef Parley__Plan__V1__ReasonCount ReasonCount;

enum {
	CALL_BLOCK = 64 * 1024,
	SHOWN_MOST = 256, // of one event's answers
};
static const int64_t TREATMENT_AGE_US = TREATMENT_AGE_DAYS * 86400 * US_PER_S;

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for an event of a plan");
}

Err list_add(List *list, void *item, Arena *arena)
{
	if (item == NULL)
		return no_memory();
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 8;
		void **items = ARENA_ARRAY(arena, void *, room);
		if (items == NULL)
			return no_memory();
		if (list->count > 0)
			memcpy(items, list->items, list->count * sizeof *items);
		list->items = items;
		list->room = room;
	}
	list->items[list->count++] = item;
	return OK;
}

// --- effects, packed: the fields of plan.proto's EventEffects, in their order ---

enum { EFFECTS_PLACE = 1, EFFECTS_ENTRIES = 2 };

static Err put_place(Shelf *shelf, uint64_t place)
{
	uint8_t *at = shelf_room(shelf, PACK_NUMBER_ROOM);
	if (at == NULL)
		return ERR_NO_MEMORY;
	shelf_wrote(shelf, (size_t)(pack_number(at, EFFECTS_PLACE, place) - at));
	return OK;
}

static Err put_entry(Shelf *shelf, Str payload)
{
	uint8_t *at = shelf_room(shelf, PACK_NUMBER_ROOM + payload.len);
	if (at == NULL)
		return ERR_NO_MEMORY;
	uint8_t *behind = pack_length(at, EFFECTS_ENTRIES, payload.len);
	memcpy(behind, payload.ptr, payload.len);
	shelf_wrote(shelf, (size_t)(behind - at) + payload.len);
	return OK;
}

// What stands behind the entries.
static Err put_rest(Lane *lane)
{
	Str packed;
	if (lane->entered.count + lane->left.count + lane->problems.count + lane->reasons.count == 0)
		return OK; // as of most events
	EventEffects rest = PARLEY__PLAN__V1__EVENT_EFFECTS__INIT;
	rest.segments_entered = (char **)lane->entered.items;
	rest.n_segments_entered = lane->entered.count;
	rest.segments_left = (char **)lane->left.items;
	rest.n_segments_left = lane->left.count;
	rest.problems = (Problem **)lane->problems.items;
	rest.n_problems = lane->problems.count;
	rest.reasons = (ReasonCount **)lane->reasons.items;
	rest.n_reasons = lane->reasons.count;
	TRY(wire_pack(&rest.base, lane->arena, &packed));
	uint8_t *at = shelf_room(lane->shelf, packed.len);
	if (at == NULL)
		return ERR_NO_MEMORY;
	memcpy(at, packed.ptr, packed.len);
	shelf_wrote(lane->shelf, packed.len);
	return OK;
}

// --- what the rehearsal tells ---

static Err hear_entry(void *context, const RehearsalEntry *entry)
{
	Lane *lane = context;
	lane->entries++;
	TRY(put_entry(lane->shelf, entry->payload));
	return tally_entry(lane->tally, entry->payload, lane->arena);
}

static Err count_reasons(Lane *lane, const PointDecision *point)
{
	const Parley__Snapshot__V1__Snapshot *snapshot = rehearsal_snapshot(lane->shared->options->content);
	uint64_t counts[REASON_COUNT] = {0};
	for (size_t i = 0; i < point->candidate_count; i++)
		counts[point->candidates[i].reason]++;
	for (size_t i = 0; i < REASON_COUNT; i++) {
		ReasonCount *reason = counts[i] > 0 ? ARENA_NEW(lane->arena, ReasonCount) : NULL;
		if (counts[i] == 0)
			continue;
		if (reason == NULL)
			return no_memory();
		parley__plan__v1__reason_count__init(reason);
		reason->interaction_point = snapshot->points[point->point]->name;
		reason->reason = (char *)(uintptr_t)reason_name((Reason)i);
		reason->count = counts[i];
		TRY(list_add(&lane->reasons, reason, lane->arena));
	}
	return OK;
}

static void remember(Lane *lane, uint32_t point, const DecidedOffer *offer)
{
	bool shown = lane->shown != NULL && lane->shown_count < SHOWN_MOST;
	if (lane->remembered == NULL && !shown)
		return;
	Recommended own, *treatment = lane->remembered != NULL ? remembered_next(lane->remembered) : &own;
	treatment->visitor = lane->item->visitor;
	treatment->time_us = lane->item->time_us;
	treatment->id = offer->id;
	treatment->point = point;
	memcpy(treatment->code, offer->treatment_code, sizeof treatment->code);
	if (shown)
		lane->shown[lane->shown_count++] = *treatment;
	if (lane->remembered != NULL)
		remembered_add(lane->remembered);
}

static void hear_decision(void *context, const Session *session, const Decision *decision)
{
	Lane *lane = context;
	(void)session;
	tally_decision(lane->tally, decision);
	if (lane->shared->options->brief && answer_put(lane->shelf, decision, lane->call) != OK)
		lane->failure = ERR_NO_MEMORY;
	for (size_t p = 0; p < decision->count; p++) {
		const PointDecision *point = &decision->points[p];
		for (size_t i = 0; i < point->offer_count; i++)
			remember(lane, (uint32_t)point->point, &point->offers[i]);
		if (point->candidate_count > 0 && count_reasons(lane, point) != OK)
			lane->failure = ERR_NO_MEMORY;
	}
}

// What is quoted has been looked up before it is posted.
static bool find_treatment(void *context, Str code, TreatmentFacts *ret)
{
	const Lane *lane = context;
	const Recommended *quoted = lane->quoted;
	if (quoted == NULL || !str_eq(str(quoted->code), code) ||
	        lane->item->time_us - quoted->time_us > TREATMENT_AGE_US)
		return false;
	*ret = treatment_facts(rehearsal_plan(lane->shared->options->content), quoted->id, quoted->point);
	return true;
}

// What the event says of the visitor goes before what is known of them otherwise.
static void give_profile(void *context, ProfileRequest *request)
{
	const Lane *lane = context;
	const Told *told = lane->told;
	if (lane->shared->personas != NULL)
		personas_fill(lane->shared->personas, request);
	else
		request->outcome = request->query != NULL ? PROFILE_NOT_FOUND : PROFILE_NONE;
	if (told == NULL || told->given == NULL)
		return;
	size_t count = rehearsal_snapshot(lane->shared->options->content)
	                       ->audience_levels[request->level]
	                       ->n_attributes;
	bool known = request->outcome == PROFILE_LOADED;
	for (size_t i = 0; known && i < count; i++) {
		if ((told->given[i / 64] >> i % 64 & 1) != 0 || (request->given[i / 64] >> i % 64 & 1) == 0)
			continue;
		told->values[i] = request->values[i];
		told->given[i / 64] |= UINT64_C(1) << i % 64;
	}
	request->outcome = PROFILE_LOADED;
	request->values = told->values;
	request->given = told->given;
}

static bool takes(void *context, Str level, Str audience_id)
{
	return lane_of(who_hash(level, audience_id)) == ((const Lane *)context)->number;
}

// --- problems ---

void lane_problem_text(Lane *lane, const char *reason, const char *about)
{
	Problem *made = ARENA_NEW(lane->arena, Problem);
	if (made != NULL) {
		parley__plan__v1__problem__init(made);
		made->reason = (char *)(uintptr_t)reason;
		made->about = (char *)(uintptr_t)about;
	}
	if (list_add(&lane->problems, made, lane->arena) != OK ||
	        tally_add(lane->tally, PROBLEM_REASON, str(reason), RECOMMENDED, 1) != OK)
		lane->failure = ERR_NO_MEMORY;
}

void lane_problem(void *context, Err reason, const char *about)
{
	lane_problem_text(context, err_reason(reason), about);
}

Err lane_settle(Lane *lane, Err result, const char *about)
{
	if (result == OK)
		return OK;
	if (result == ERR_NO_MEMORY || result == ERR_IO)
		return result;
	lane_problem(lane, result, about);
	return OK;
}

// --- an event ---

static Err begin(Lane *lane, const Item *item, Shelf *shelf)
{
	bool contacts = lane->shared->options->contact_event != NULL;
	arena_reset(lane->arena);
	lane->item = item;
	lane->event = NULL;
	lane->told = NULL;
	lane->shelf = shelf;
	lane->entries = 0;
	lane->problems = lane->reasons = lane->entered = lane->left = (List){0};
	lane->failure = OK;
	lane->shown_count = 0;
	lane->shown = contacts ? ARENA_ARRAY(lane->arena, Recommended, SHOWN_MOST) : NULL;
	lane->before = ARENA_ARRAY(lane->arena, uint64_t, lane->segment_words + 1);
	if (lane->before == NULL || (contacts && lane->shown == NULL))
		return no_memory();
	shelf_begin(shelf);
	return put_place(shelf, item->place);
}

static Err read_event(Lane *lane, const Event **ret)
{
	const Item *item = lane->item;
	return event_read(
	        (char *)(uintptr_t)item->packed.ptr, item->packed.len, item->shape, lane->arena, ret);
}

static const Event *said_by_shape(const Item *item)
{
	return item->shape != NULL ? event_shape_says(item->shape) : NULL;
}

// Keys are asked for where a session begins, and nowhere else: most events need not be read for the rest.
static Err find_event(Lane *lane)
{
	lane->event = said_by_shape(lane->item);
	return lane->event != NULL ? OK : read_event(lane, &lane->event);
}

Err lane_event_with_keys(Lane *lane, const Event **ret)
{
	*ret = lane->event;
	return lane->event == said_by_shape(lane->item) ? read_event(lane, ret) : OK;
}

static Err plan_item(Lane *lane, Item *item, Shelf *shelf)
{
	TRY(begin(lane, item, shelf));
	TRY(find_event(lane));
	if (item->refused != OK)
		lane_problem(lane, item->refused, lane->event->audience_level);
	else
		TRY(lane_visit(lane));
	if (lane->failure != OK)
		return no_memory();
	TRY(put_rest(lane));
	item->effects = shelf_end(shelf);
	return OK;
}

Err lane_plan(Lane *lane, Item *const *items, size_t count, Shelf *shelf)
{
	lane_look_first(lane, items, count);
	for (size_t i = 0; i < count; i++) {
		lane_look_ahead(lane, items, count, i);
		TRY(plan_item(lane, items[i], shelf));
	}
	return OK;
}

Err lane_close(Lane *lane, int64_t until_us, uint64_t place, Shelf *shelf, Str *ret_effects)
{
	const Item nobody = {.place = place};
	TRY(begin(lane, &nobody, shelf));
	TRY(rehearsal_tick(lane->rehearsal, until_us));
	TRY(put_rest(lane));
	*ret_effects = lane->entries > 0 ? shelf_end(shelf) : STR("");
	return OK;
}

VisitorView *lane_view(Lane *lane)
{
	return rehearsal_view(lane->rehearsal);
}

const Tally *lane_tally(const Lane *lane)
{
	return lane->tally;
}

// --- life ---

// Whether an event names an offer, so that its treatment is looked for.
static bool asks_for_treatments(const EventSet *set)
{
	const EventSetInfo *info = event_set_info(set);
	return info->without_offer != info->events;
}

static Err open_lane(Lane *lane)
{
	const PlanOptions *options = lane->shared->options;
	CLEANUP(fd_closep) int state = -1;
	if (options->state != NULL && (state = open(options->state, O_RDONLY | O_CLOEXEC)) < 0)
		return err_errno(ERR_IO, "cannot open %s", options->state);
	lane->arena = arena_new(CALL_BLOCK, 0);
	lane->remembered = asks_for_treatments(options->set) ? remembered_new() : NULL;
	lane->tally = tally_new(options->content);
	if (lane->arena == NULL || lane->tally == NULL ||
	        (lane->remembered == NULL && asks_for_treatments(options->set)))
		return no_memory();
	TRY(rehearsal_new(&(RehearsalOptions){.content = options->content,
	                          .runtime_id = STR("plan"),
	                          .state_fd = state,
	                          .state_name = options->state,
	                          .max_sessions = PLAN_LANE_SESSIONS,
	                          .passing = true,
	                          .unrecorded = options->brief,
	                          .repeats = true,
	                          .profile = give_profile,
	                          .takes = takes,
	                          .decision = hear_decision,
	                          .treatment = find_treatment,
	                          .entry = hear_entry,
	                          .context = lane},
	        &lane->rehearsal));
	return visitor_volumes_split(rehearsal_view(lane->rehearsal));
}

Err lane_new(const PlanShared *shared, unsigned number, Lane **ret)
{
	Lane *lane = calloc(1, sizeof *lane);
	if (lane == NULL)
		return no_memory();
	lane->shared = shared;
	lane->number = number;
	lane->point = -1;
	lane->segment_words = plan_segment_words(rehearsal_plan(shared->options->content));
	Err e = open_lane(lane);
	if (e != OK)
		lane_free(lane);
	else
		*ret = lane;
	return e;
}

void lane_free(Lane *lane)
{
	if (lane == NULL)
		return;
	rehearsal_free(lane->rehearsal);
	tally_free(lane->tally);
	remembered_free(lane->remembered);
	arena_free(lane->arena);
	free(lane);
}
