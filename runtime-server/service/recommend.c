// recommend: a whole visit in one call. It runs on a session of its own that nobody else can name, from its
// start to its end: arrive, events, offers, depart, each a part of several (several.h). So every step is the
// one that calls on sessions take, and the history has the visit as it has any session.
#include "service/commands.h"
#include "service/map.h"
#include "service/record.h"
#include "service/several.h"
#include "service/visitor.h"
#include "wire/wire.h"

#include <inttypes.h>
#include <stdio.h>

enum { EVENTS_MAX = 15 };

#define POSTED PARLEY__RUNTIME__V1__BATCH_COMMAND__WHAT_POST_EVENT

// --- arriving ---

// What-if is never recorded, and neither is the visit that it is asked in.
static void note_start(Visit *visit)
{
	Turn *turn = visit->turn;
	const RecommendRequest *in = turn->request;
	if (in->what_if == NULL && record_started(turn->service, turn->session, turn->now_us,
	                                   visit->profile.outcome, &visit->audience, turn->arena) != OK)
		advise(&turn->advisories, ADVISORY_HISTORY_PAUSED, STR(""));
}

static Err arrived(Visit *visit, Outcome *outcome)
{
	Turn *turn = visit->turn;
	RecommendResponse *out = message_new(turn->arena, MESSAGE_OF(recommend_response));
	if (out == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	note_start(visit);
	turn->session->started = true;
	out->n_advisories = advisories_map(&turn->advisories, turn->arena, &out->advisories);
	*outcome = (Outcome){TURN_REPLY, out};
	return OK;
}

// There is no session to be known again by: the same visitor gets the same snapshot, in whatever order the
// keys of the ID come.
static uint64_t visitor_chooser(const AudienceId *audience)
{
	uint64_t chooser = 0;
	Str packed;
	for (size_t i = 0; audience != NULL && i < audience->n_keys; i++)
		if (wire_pack_quick(&audience->keys[i]->base, &packed))
			chooser += current_chooser(packed);
	return chooser;
}

static Err arrive(Turn *turn, Outcome *outcome)
{
	const RecommendRequest *in = turn->request;
	Visit *visit = NULL;
	TRY(service_pin(turn->service, turn->session, str(in->channel), visitor_chooser(in->audience)));
	TRY(visit_new(turn, in->audience, in->parameters, in->n_parameters, &visit));
	visit->settled = arrived;
	return visit_begin(visit, outcome);
}

// --- departing ---

static Err depart(Turn *turn, Outcome *outcome)
{
	const RecommendRequest *in = turn->request;
	RecommendResponse *out = message_new(turn->arena, MESSAGE_OF(recommend_response));
	if (out == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	TRY(map_version(turn->session->pin, turn->arena, &out->snapshot));
	TRY(map_segments(turn->session, turn->arena, &out->segments, &out->n_segments));
	if (in->what_if == NULL)
		(void)record_ended(turn->service, turn->session, turn->now_us, "ended", turn->arena);
	*outcome = (Outcome){TURN_REPLY_END, out};
	return OK;
}

static const Command arrive_command = {.step = arrive, .opens = true}, depart_command = {.step = depart};

// --- the answer ---

// The parts, in their order; `offers` is NULL if no points are asked for.
typedef struct Parts {
	const Part *arrival, *events, *offers, *departure;
} Parts;

static Parts parts_of(const Several *several)
{
	const RecommendRequest *in = several->turn->request;
	const Part *first = several->parts, *behind = first + 1 + in->n_events;
	return (Parts){.arrival = first,
	        .events = first + 1,
	        .offers = in->n_points > 0 ? behind : NULL,
	        .departure = in->n_points > 0 ? behind + 1 : behind};
}

// Without these there is no answer; an event may fail alone.
static Err must(const Part *part)
{
	return part->response != NULL ? OK : err_restore(part->failure);
}

static Err map_events(const RecommendRequest *in, const Part *events, Arena *arena, RecommendResponse *out)
{
	out->events = message_list(arena, MESSAGE_OF(batch_result), in->n_events);
	if (out->events == NULL && in->n_events > 0)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	for (; out->n_events < in->n_events; out->n_events++) {
		const Part *event = &events[out->n_events];
		TRY(result_map(POSTED, event->response, event->failure, arena, out->events[out->n_events]));
	}
	return OK;
}

static Err join_advisories(const RecommendResponse *arrival, const GetOffersResponse *offers, Arena *arena,
        RecommendResponse *out)
{
	size_t more = offers != NULL ? offers->n_advisories : 0;
	out->advisories = ARENA_ARRAY(arena, Advisory *, arrival->n_advisories + more + 1);
	if (out->advisories == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	for (size_t i = 0; i < arrival->n_advisories; i++)
		out->advisories[out->n_advisories++] = arrival->advisories[i];
	for (size_t i = 0; i < more; i++)
		out->advisories[out->n_advisories++] = offers->advisories[i];
	return OK;
}

static Err answer(const Several *several, Arena *arena, const ProtobufCMessage **ret)
{
	Parts parts = parts_of(several);
	TRY(must(parts.arrival));
	if (parts.offers != NULL)
		TRY(must(parts.offers));
	TRY(must(parts.departure));
	RecommendResponse *out = (RecommendResponse *)(uintptr_t)parts.departure->response;
	const GetOffersResponse *offers =
	        parts.offers != NULL ? (const GetOffersResponse *)parts.offers->response : NULL;
	if (offers != NULL) {
		out->points = offers->points;
		out->n_points = offers->n_points;
		out->decision_id = offers->decision_id;
	}
	TRY(map_events(several->turn->request, parts.events, arena, out));
	TRY(join_advisories((const RecommendResponse *)parts.arrival->response, offers, arena, out));
	*ret = &out->base;
	return OK;
}

// --- the visit ---

static PostEventRequest *event_request(const RecommendEvent *event, Arena *arena)
{
	PostEventRequest *request = message_new(arena, MESSAGE_OF(post_event_request));
	if (request == NULL)
		return NULL;
	request->event_id = event->event_id;
	request->event = event->event;
	request->treatment_code = event->treatment_code;
	return request;
}

static GetOffersRequest *offers_request(const RecommendRequest *in, Arena *arena)
{
	GetOffersRequest *request = message_new(arena, MESSAGE_OF(get_offers_request));
	if (request == NULL)
		return NULL;
	request->points = in->points;
	request->n_points = in->n_points;
	request->explain = in->explain;
	request->deduplicate_across_points = in->deduplicate_across_points;
	request->what_if = in->what_if;
	return request;
}

static Err fill(Several *several)
{
	const Turn *turn = several->turn;
	const RecommendRequest *in = turn->request;
	size_t next = 0;
	bool enough = true;
	several_fill(several, next++, &arrive_command, in);
	for (size_t i = 0; enough && i < in->n_events; i++) {
		const PostEventRequest *request = event_request(in->events[i], turn->arena);
		several_fill(several, next++, &post_event_command, request);
		enough = request != NULL;
	}
	if (enough && in->n_points > 0) {
		const GetOffersRequest *request = offers_request(in, turn->arena);
		several_fill(several, next++, &get_offers_command, request);
		enough = request != NULL;
	}
	several_fill(several, next, &depart_command, in);
	return enough ? OK : err(ERR_NO_MEMORY, "no memory for the call; try again later");
}

static Err recommend(Turn *turn, Outcome *outcome)
{
	const RecommendRequest *in = turn->request;
	Several *several = NULL;
	TRY(several_new(turn, 2 + in->n_events + (in->n_points > 0), &several));
	several->answer = answer;
	TRY(fill(several));
	return several_run(several, outcome);
}

// --- what it may hold ---

static Err check_event(const RecommendRequest *in, size_t i)
{
	char path[64];
	snprintf(path, sizeof path, "events[%zu].event_id", i);
	TRY(check_own_id(path, in->events[i]->event_id));
	snprintf(path, sizeof path, "events[%zu].event", i);
	return check_id(path, in->events[i]->event);
}

static Err check(const void *request)
{
	const RecommendRequest *in = request;
	TRY(check_id("channel", in->channel));
	if (in->n_events > EVENTS_MAX)
		return err_at(ERR_FIELD_INVALID, "events", "there are %zu events; at most %d are possible",
		        in->n_events, EVENTS_MAX);
	if (in->n_events > 0 && in->what_if != NULL)
		return err_at(ERR_FIELD_INVALID, "what_if",
		        "events are recorded and what-if never is; send them in different calls");
	for (size_t i = 0; i < in->n_events; i++)
		TRY(check_event(in, i));
	return in->n_points == 0 && in->n_events > 0 ? OK : check_points(in->points, in->n_points);
}

const Command recommend_command = {.check = check, .step = recommend, .opens = true, .nameless = true};

char *recommend_session(Service *service, Arena *arena)
{
	uint64_t high = service_seed(service), low = service_seed(service);
	return arena_printf(arena, "%c%016" PRIx64 "%016" PRIx64, ID_OWN, high, low);
}

void handle_recommend(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const char *id = recommend_session(service, rpc_arena(call));
	if (id == NULL)
		rpc_fail(call, err(ERR_NO_MEMORY, "no memory for the call; try again later"));
	else
		turn_take(service, call, request, id, 0, &recommend_command);
}
