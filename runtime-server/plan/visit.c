// An event as a touchpoint would tell it: the session begins, attributes are set, the event is posted, offers
// are asked for.
#include "plan/lane.h"

#include "planfile/seed.h"

#include <inttypes.h>

typedef Parley__Runtime__V1__BatchCommand BatchCommand;

enum { POINTS_AT_ONCE = 16 }; // that a call takes

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for an event of a plan");
}

// --- calls ---

// The call's seed; what is heard from now on is of the call.
static uint64_t begin_call(Lane *lane, uint64_t call)
{
	lane->call = call;
	return plan_call_seed(lane->shared->options->seed, lane->item->place, call);
}

static Err end_call(const Lane *lane, Err result)
{
	return lane->failure != OK ? lane->failure : result;
}

static void find_session(Lane *lane, Str id)
{
	lane->session = rehearsal_session(lane->rehearsal, lane->item->session, id);
}

static Err start_session(Lane *lane, Str session)
{
	const RehearsalContent *content = lane->shared->options->content;
	SessionStart start = {.session_id = session.ptr,
	        .channel = rehearsal_snapshot(content)->channel,
	        .level = lane->item->level,
	        .parameters = {lane->told->parameters, lane->told->count}};
	const Event *event;
	TRY(lane_event_with_keys(lane, &event));
	TRY(who_keys(content, start.level, event, lane->arena, &start.keys));
	uint64_t seed = begin_call(lane, PLAN_CALL_START);
	TRY(end_call(lane, rehearsal_start(lane->rehearsal, lane->session, seed, &start, lane->arena)));
	if (lane->session == NULL)
		tally_session(lane->tally);
	find_session(lane, session);
	return OK;
}

static const char *event_id(const Lane *lane)
{
	const Event *event = lane->event;
	return event->event_id[0] != '\0' ? event->event_id
	                                  : arena_printf(lane->arena, "event-%" PRIu64, lane->item->place);
}

static Err tell_posted(Lane *lane, Parley__Runtime__V1__PostEventRequest *request)
{
	BatchCommand command = PARLEY__RUNTIME__V1__BATCH_COMMAND__INIT;
	command.what_case = PARLEY__RUNTIME__V1__BATCH_COMMAND__WHAT_POST_EVENT;
	command.post_event = request;
	uint64_t seed = begin_call(lane, PLAN_CALL_POST);
	return end_call(lane, rehearsal_go_on(lane->rehearsal, lane->session, seed, &command, lane->arena));
}

static Err post_event(Lane *lane)
{
	const Event *event = lane->event;
	Parley__Runtime__V1__PostEventRequest request = PARLEY__RUNTIME__V1__POST_EVENT_REQUEST__INIT;
	const char *id = event_id(lane);
	lane->quoted = NULL;
	if (event->offer_code[0] != '\0' && lane->remembered != NULL) {
		int offer =
		        plan_offer(rehearsal_plan(lane->shared->options->content), str(event->offer_code));
		if (offer >= 0)
			TRY(remembered_find(
			        lane->remembered, lane->item->visitor, (uint32_t)offer, &lane->quoted));
	}
	if (id == NULL)
		return no_memory();
	request.event_id = (char *)(uintptr_t)id;
	request.event = event->event;
	if (lane->quoted != NULL)
		request.treatment_code = (char *)(uintptr_t)lane->quoted->code;
	Err e = tell_posted(lane, &request);
	if (e == ERR_TREATMENT_MISSING && event->offer_code[0] != '\0')
		return lane_settle(lane, ERR_TREATMENT_UNKNOWN, event->offer_code);
	return lane_settle(lane, e, event->event);
}

// By index; -1: there is none. Most questions are of the same point as the one before.
static int find_point(Lane *lane, const char *name)
{
	const RehearsalContent *content = lane->shared->options->content;
	if (lane->point < 0 || strcmp(rehearsal_snapshot(content)->points[lane->point]->name, name) != 0)
		lane->point = plan_point(rehearsal_plan(content), str(name));
	return lane->point;
}

// Points that there are not are told, and the others asked for.
static Err ask(Lane *lane, size_t first, size_t count)
{
	const Event *event = lane->event;
	__attribute__((uninitialized)) DecidePoint points[POINTS_AT_ONCE];
	SessionAsk ask = {.points = points, .explain = lane->shared->options->explains};
	for (size_t i = 0; i < count; i++) {
		const Parley__Plan__V1__Question *question = event->questions[first + i];
		const uint32_t max = question->max > 0 ? question->max : 1;
		int point = find_point(lane, question->interaction_point);
		if (point >= 0)
			points[ask.count++] = (DecidePoint){.point = point, .max = max};
		else
			lane_problem_text(lane, "POINT_UNKNOWN", question->interaction_point);
	}
	if (ask.count == 0)
		return OK;
	uint64_t seed = begin_call(lane, PLAN_CALL_ASK + first);
	Err e = end_call(lane, rehearsal_ask(lane->rehearsal, lane->session, seed, &ask, lane->arena));
	return lane_settle(lane, e, event->questions[first]->interaction_point);
}

// As if the touchpoint had shown all that was recommended.
static Err count_contacts(Lane *lane)
{
	for (size_t i = 0; i < lane->shown_count; i++) {
		Parley__Runtime__V1__PostEventRequest request = PARLEY__RUNTIME__V1__POST_EVENT_REQUEST__INIT;
		request.event_id = arena_printf(lane->arena, "shown-%" PRIu64 "-%zu", lane->item->place, i);
		request.event = (char *)(uintptr_t)lane->shared->options->contact_event;
		lane->quoted = &lane->shown[i];
		request.treatment_code = lane->shown[i].code;
		if (request.event_id == NULL)
			return no_memory();
		TRY(lane_settle(lane, tell_posted(lane, &request), request.event));
	}
	return OK;
}

static Err do_calls(Lane *lane)
{
	const Event *event = lane->event;
	if (event->event[0] != '\0')
		TRY(post_event(lane));
	for (size_t i = 0; i < event->n_questions; i += POINTS_AT_ONCE) {
		size_t left = event->n_questions - i;
		TRY(ask(lane, i, left < POINTS_AT_ONCE ? left : POINTS_AT_ONCE));
	}
	return count_contacts(lane);
}

// --- segments ---

static Err list_segments(Lane *lane, const Session *session)
{
	const Parley__Snapshot__V1__Snapshot *snapshot = rehearsal_snapshot(lane->shared->options->content);
	const uint64_t *after = session_segments(session);
	for (size_t s = 0; s < snapshot->n_segments; s++) {
		bool is = after[s / 64] >> s % 64 & 1, was = lane->before[s / 64] >> s % 64 & 1;
		char *name = snapshot->segments[s]->name;
		if (is == was)
			continue;
		TRY(list_add(is ? &lane->entered : &lane->left, name, lane->arena));
		if (is)
			TRY(tally_add(lane->tally, SEGMENT_ENTERED, str(name), RECOMMENDED, 1));
	}
	return OK;
}

static Err compare_segments(Lane *lane)
{
	const Session *session = lane->session;
	size_t bytes = lane->segment_words * sizeof *lane->before;
	if (session == NULL || bytes == 0 || memcmp(session_segments(session), lane->before, bytes) == 0)
		return OK;
	return list_segments(lane, session);
}

// --- all of it ---

static Err visit(Lane *lane, Str session)
{
	Told told = {0};
	find_session(lane, session);
	if (lane->event->n_attributes > 0)
		TRY(told_of(lane->shared->options->content, lane->item->level, lane->event, lane->arena,
		        lane_problem, lane, &told));
	lane->told = &told;
	if (lane->session != NULL && lane->segment_words > 0)
		memcpy(lane->before, session_segments(lane->session),
		        lane->segment_words * sizeof *lane->before);
	Err e = lane->session == NULL || told.count > 0 ? start_session(lane, session) : OK;
	if (e == OK)
		e = do_calls(lane);
	else
		e = lane_settle(lane, e, session.ptr);
	lane->told = NULL;
	return e;
}

Err lane_visit(Lane *lane)
{
	const Str session = lane->item->session_id; // ends in NUL, now that the event has been read
	Err e = rehearsal_tick(lane->rehearsal, lane->item->time_us);
	if (e != OK)
		return lane_settle(lane, e, session.ptr);
	TRY(visit(lane, session));
	return compare_segments(lane);
}
