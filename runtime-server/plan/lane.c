// A lane has some of the visitors, all of what they do, and a rehearsal of its own: what it does follows from
// its own events alone, and from the volumes that it is told. Events are told to the rehearsal as a
// touchpoint would tell them.
#include "plan/internal.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "wire/wire.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef Parley__Plan__V1__Problem Problem;
typedef Parley__Plan__V1__ReasonCount ReasonCount;
typedef Parley__Runtime__V1__BatchCommand BatchCommand;

enum {
	CALL_BLOCK = 64 * 1024,
	POINTS_AT_ONCE = 16, // that a call takes
	CODES_MOST = 256,    // of one event's answers that are counted as shown
	SEEDS = 1024,        // of one event
	TREATMENT_BYTES = 2 << 20,
	SESSION_TEXT = 160,
};

#define COMMAND(what) PARLEY__RUNTIME__V1__BATCH_COMMAND__WHAT_##what

// A list that grows in the event's arena.
typedef struct List {
	void **items;
	size_t count, room;
} List;

struct Lane {
	const PlanShared *shared;
	unsigned number;
	Rehearsal *rehearsal;
	Remembered *remembered;
	Tally *tally;
	// Of the event that is being planned.
	Arena *arena;
	const Item *item;
	const Told *told;
	List entries, problems, reasons;
	char (*codes)[TREATMENT_CODE_SIZE]; // that were recommended
	size_t code_count;
	uint64_t *before; // the segments that the visitor was in
	Err failure;      // in what it is told
};

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for an event of a plan");
}

static Err list_add(List *list, void *item, Arena *arena)
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

// --- what the rehearsal tells ---

static Err hear_entry(void *context, const RehearsalEntry *entry)
{
	Lane *lane = context;
	ProtobufCBinaryData *bytes = ARENA_NEW(lane->arena, ProtobufCBinaryData);
	Str copy = arena_str(lane->arena, entry->payload);
	if (bytes == NULL || copy.ptr == NULL)
		return no_memory();
	*bytes = (ProtobufCBinaryData){copy.len, (uint8_t *)(uintptr_t)copy.ptr};
	TRY(tally_entry(lane->tally, copy, lane->arena));
	return list_add(&lane->entries, bytes, lane->arena);
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

static void hear_decision(void *context, const Session *session, const Decision *decision)
{
	Lane *lane = context;
	(void)session;
	tally_decision(lane->tally, decision);
	for (size_t p = 0; p < decision->count; p++) {
		const PointDecision *point = &decision->points[p];
		for (size_t i = 0; i < point->offer_count; i++) {
			const DecidedOffer *offer = &point->offers[i];
			remembered_put(lane->remembered, lane->item->who.hash, offer->id.offer,
			        offer->treatment_code);
			if (lane->codes != NULL && lane->code_count < CODES_MOST)
				memcpy(lane->codes[lane->code_count++], offer->treatment_code,
				        sizeof *lane->codes);
		}
		if (point->candidate_count > 0 && count_reasons(lane, point) != OK)
			lane->failure = ERR_NO_MEMORY;
	}
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

static void note_problem(Lane *lane, const char *reason, const char *about)
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

static void problem(void *context, Err reason, const char *about)
{
	note_problem(context, err_reason(reason), about);
}

// A call that was refused is a problem; what this machine lacks is an error.
static Err settle(Lane *lane, Err result, const char *about)
{
	if (result == OK)
		return OK;
	if (result == ERR_NO_MEMORY || result == ERR_IO)
		return result;
	problem(lane, result, about);
	return OK;
}

// --- calls ---

// Different for every call of a plan, and the same in every plan with that seed.
static uint64_t seed_of(const Lane *lane, uint64_t call)
{
	uint64_t x = lane->shared->options->seed + lane->item->place * SEEDS + call;
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static Err tell(Lane *lane, Parley__Runtime__V1__BatchCommand__WhatCase what, void *request, uint64_t call)
{
	BatchCommand command = PARLEY__RUNTIME__V1__BATCH_COMMAND__INIT;
	command.what_case = what;
	command.start_session = request;
	Err e = rehearsal_do(lane->rehearsal, lane->item->event->time_us, seed_of(lane, call), &command);
	return lane->failure != OK ? lane->failure : e;
}

static const char *session_of(const Lane *lane)
{
	const Item *item = lane->item;
	return item->event->session[0] != '\0'
	               ? item->event->session
	               : arena_printf(lane->arena, "visitor-%016" PRIx64, item->who.hash);
}

static Err start_session(Lane *lane, const char *session, bool open)
{
	Parley__Runtime__V1__StartSessionRequest request = PARLEY__RUNTIME__V1__START_SESSION_REQUEST__INIT;
	request.session_id = (char *)(uintptr_t)session;
	request.channel = rehearsal_snapshot(lane->shared->options->content)->channel;
	request.audience = lane->item->who.audience;
	request.parameters = lane->told->parameters;
	request.n_parameters = lane->told->count;
	Err e = tell(lane, COMMAND(START_SESSION), &request, 0);
	if (e == OK && !open)
		tally_session(lane->tally);
	return e;
}

static const char *event_id(const Lane *lane)
{
	const Event *event = lane->item->event;
	return event->event_id[0] != '\0' ? event->event_id
	                                  : arena_printf(lane->arena, "event-%" PRIu64, lane->item->place);
}

static Err post_event(Lane *lane, const char *session)
{
	const Event *event = lane->item->event;
	Parley__Runtime__V1__PostEventRequest request = PARLEY__RUNTIME__V1__POST_EVENT_REQUEST__INIT;
	const char *code = NULL, *id = event_id(lane);
	if (event->event[0] == '\0')
		return OK;
	if (event->offer_code[0] != '\0') {
		int offer =
		        plan_offer(rehearsal_plan(lane->shared->options->content), str(event->offer_code));
		code = offer >= 0 ? remembered_find(lane->remembered, lane->item->who.hash, (uint32_t)offer)
		                  : NULL;
	}
	if (id == NULL)
		return no_memory();
	request.session_id = (char *)(uintptr_t)session;
	request.event_id = (char *)(uintptr_t)id;
	request.event = event->event;
	request.treatment_code = code != NULL ? (char *)(uintptr_t)code : request.treatment_code;
	Err e = tell(lane, COMMAND(POST_EVENT), &request, 1);
	if (e == ERR_TREATMENT_MISSING && event->offer_code[0] != '\0')
		return settle(lane, ERR_TREATMENT_UNKNOWN, event->offer_code);
	return settle(lane, e, event->event);
}

// Points that there are not are told, and the others asked for.
static Err ask(Lane *lane, const char *session, size_t first, size_t count)
{
	const Event *event = lane->item->event;
	Parley__Runtime__V1__GetOffersRequest request = PARLEY__RUNTIME__V1__GET_OFFERS_REQUEST__INIT;
	Parley__Runtime__V1__PointRequest points[POINTS_AT_ONCE], *list[POINTS_AT_ONCE];
	request.session_id = (char *)(uintptr_t)session;
	request.explain = lane->shared->options->explains;
	request.points = list;
	for (size_t i = 0; i < count; i++) {
		const Parley__Plan__V1__Question *question = event->questions[first + i];
		if (plan_point(rehearsal_plan(lane->shared->options->content),
		            str(question->interaction_point)) < 0) {
			note_problem(lane, "POINT_UNKNOWN", question->interaction_point);
			continue;
		}
		parley__runtime__v1__point_request__init(&points[request.n_points]);
		points[request.n_points].interaction_point = question->interaction_point;
		points[request.n_points].max_offers = question->max > 0 ? question->max : 1;
		list[request.n_points] = &points[request.n_points];
		request.n_points++;
	}
	if (request.n_points == 0)
		return OK;
	return settle(lane, tell(lane, COMMAND(GET_OFFERS), &request, 2 + first),
	        event->questions[first]->interaction_point);
}

// As if the touchpoint had shown all that was recommended.
static Err count_contacts(Lane *lane, const char *session)
{
	for (size_t i = 0; i < lane->code_count; i++) {
		Parley__Runtime__V1__PostEventRequest request = PARLEY__RUNTIME__V1__POST_EVENT_REQUEST__INIT;
		request.session_id = (char *)(uintptr_t)session;
		request.event_id = arena_printf(lane->arena, "shown-%" PRIu64 "-%zu", lane->item->place, i);
		request.event = (char *)(uintptr_t)lane->shared->options->contact_event;
		request.treatment_code = lane->codes[i];
		if (request.event_id == NULL)
			return no_memory();
		TRY(settle(lane, tell(lane, COMMAND(POST_EVENT), &request, 1), request.event));
	}
	return OK;
}

static Err do_calls(Lane *lane, const char *session)
{
	const Event *event = lane->item->event;
	TRY(post_event(lane, session));
	for (size_t i = 0; i < event->n_questions; i += POINTS_AT_ONCE) {
		size_t left = event->n_questions - i;
		TRY(ask(lane, session, i, left < POINTS_AT_ONCE ? left : POINTS_AT_ONCE));
	}
	return count_contacts(lane, session);
}

// --- segments ---

static size_t words_of(const Lane *lane)
{
	return plan_segment_words(rehearsal_plan(lane->shared->options->content));
}

static Err list_segments(Lane *lane, const Session *session, EventEffects *effects)
{
	const Parley__Snapshot__V1__Snapshot *snapshot = rehearsal_snapshot(lane->shared->options->content);
	const uint64_t *after = session_segments(session);
	effects->segments_entered = ARENA_ARRAY(lane->arena, char *, snapshot->n_segments + 1);
	effects->segments_left = ARENA_ARRAY(lane->arena, char *, snapshot->n_segments + 1);
	if (effects->segments_entered == NULL || effects->segments_left == NULL)
		return no_memory();
	for (size_t s = 0; s < snapshot->n_segments; s++) {
		bool is = after[s / 64] >> s % 64 & 1, was = lane->before[s / 64] >> s % 64 & 1;
		char *name = snapshot->segments[s]->name;
		if (is && !was) {
			effects->segments_entered[effects->n_segments_entered++] = name;
			TRY(tally_add(lane->tally, SEGMENT_ENTERED, str(name), RECOMMENDED, 1));
		}
		if (was && !is)
			effects->segments_left[effects->n_segments_left++] = name;
	}
	return OK;
}

static Err compare_segments(Lane *lane, const char *session, EventEffects *effects)
{
	const Session *open = rehearsal_session(lane->rehearsal, str(session));
	size_t words = words_of(lane);
	if (open == NULL || words == 0 ||
	        memcmp(session_segments(open), lane->before, words * sizeof *lane->before) == 0)
		return OK;
	return list_segments(lane, open, effects);
}

// --- an event ---

static Err visit(Lane *lane, EventEffects *effects)
{
	const Item *item = lane->item;
	const char *session = session_of(lane);
	Told told;
	if (session == NULL)
		return no_memory();
	Err e = rehearsal_tick(lane->rehearsal, item->event->time_us);
	if (e != OK)
		return settle(lane, e, session);
	TRY(told_of(lane->shared->options->content, item->who.level, item->event, lane->arena, problem, lane,
	        &told));
	lane->told = &told;
	const Session *open = rehearsal_session(lane->rehearsal, str(session));
	if (open != NULL && words_of(lane) > 0)
		memcpy(lane->before, session_segments(open), words_of(lane) * sizeof *lane->before);
	e = open == NULL || told.count > 0 ? start_session(lane, session, open != NULL) : OK;
	TRY(settle(lane, e, session));
	if (e == OK)
		TRY(do_calls(lane, session));
	lane->told = NULL;
	return compare_segments(lane, session, effects);
}

static Err pack(const Lane *lane, EventEffects *effects, Arena *arena, Str *ret)
{
	effects->entries = ARENA_ARRAY(lane->arena, ProtobufCBinaryData, lane->entries.count + 1);
	if (effects->entries == NULL)
		return no_memory();
	for (size_t i = 0; i < lane->entries.count; i++)
		effects->entries[i] = *(const ProtobufCBinaryData *)lane->entries.items[i];
	effects->n_entries = lane->entries.count;
	effects->problems = (Problem **)lane->problems.items;
	effects->n_problems = lane->problems.count;
	effects->reasons = (ReasonCount **)lane->reasons.items;
	effects->n_reasons = lane->reasons.count;
	return wire_pack(&effects->base, arena, ret);
}

static Err begin(Lane *lane, const Item *item)
{
	size_t words = words_of(lane);
	bool contacts = lane->shared->options->contact_event != NULL;
	arena_reset(lane->arena);
	lane->item = item;
	lane->told = NULL;
	lane->entries = lane->problems = lane->reasons = (List){0};
	lane->failure = OK;
	lane->code_count = 0;
	lane->codes = contacts ? arena_alloc_array(lane->arena, sizeof *lane->codes, CODES_MOST) : NULL;
	lane->before = ARENA_ARRAY(lane->arena, uint64_t, words + 1);
	return lane->before != NULL && (!contacts || lane->codes != NULL) ? OK : no_memory();
}

static Err plan_item(Lane *lane, Item *item, Arena *arena)
{
	EventEffects effects = PARLEY__PLAN__V1__EVENT_EFFECTS__INIT;
	TRY(begin(lane, item));
	effects.place = item->place;
	if (item->refused != OK)
		problem(lane, item->refused, item->event->audience_level);
	else
		TRY(visit(lane, &effects));
	if (lane->failure != OK)
		return no_memory();
	return pack(lane, &effects, arena, &item->effects);
}

Err lane_plan(Lane *lane, Item *const *items, size_t count, Arena *arena)
{
	for (size_t i = 0; i < count; i++)
		TRY(plan_item(lane, items[i], arena));
	return OK;
}

Err lane_close(Lane *lane, int64_t until_us, uint64_t place, Arena *arena, Str *ret_effects)
{
	const Item nobody = {.place = place};
	EventEffects effects = PARLEY__PLAN__V1__EVENT_EFFECTS__INIT;
	TRY(begin(lane, &nobody));
	effects.place = place;
	TRY(rehearsal_tick(lane->rehearsal, until_us));
	*ret_effects = STR("");
	return lane->entries.count > 0 ? pack(lane, &effects, arena, ret_effects) : OK;
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

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static Err open_lane(Lane *lane)
{
	const PlanOptions *options = lane->shared->options;
	CLEANUP(closep) int state = -1;
	if (options->state != NULL && (state = open(options->state, O_RDONLY | O_CLOEXEC)) < 0)
		return err_errno(ERR_IO, "cannot open %s", options->state);
	lane->arena = arena_new(CALL_BLOCK, 0);
	lane->remembered = remembered_new();
	lane->tally = tally_new(options->content);
	if (lane->arena == NULL || lane->remembered == NULL || lane->tally == NULL)
		return no_memory();
	TRY(rehearsal_new(&(RehearsalOptions){.content = options->content,
	                          .runtime_id = STR("plan"),
	                          .state_fd = state,
	                          .state_name = options->state,
	                          .max_sessions = PLAN_LANE_SESSIONS,
	                          .treatment_bytes = TREATMENT_BYTES,
	                          .profile = give_profile,
	                          .takes = takes,
	                          .decision = hear_decision,
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
