// getOffers: decide, remember, record, answer; or, when there is no time for that, the default content.
#include "service/offers.h"

#include "decide/receipt.h"
#include "service/cells.h"
#include "service/map.h"
#include "service/recommendation.h"
#include "service/repeat.h"
#include "service/turn.h"
#include "service/value.h"

// --- what the engine is asked ---

static Err ask_points(const Plan *plan, const OffersAsk *ask, Arena *arena, const DecidePoint **ret)
{
	*ret = ask->decided;
	if (ask->decided != NULL)
		return OK;
	DecidePoint *points = ARENA_ARRAY(arena, DecidePoint, ask->count);
	*ret = points;
	if (points == NULL && ask->count > 0)
		return err(ERR_NO_MEMORY, "no memory for the call; try again later");
	for (size_t i = 0; i < ask->count; i++) {
		const PointRequest *point = ask->points[i];
		points[i].point = plan_point(plan, str(point->interaction_point));
		points[i].max = point->max_offers > 0 ? point->max_offers : 1;
		points[i].filter_count = point->n_filter;
		if (point->n_filter > 0)
			TRY(check_filter_values(point, i, arena, &points[i].filter));
	}
	return OK;
}

// What is remembered of the visitor, in this session and before.
static Err take_state(const Session *session, int64_t as_of_us, Arena *arena, VisitorState *state)
{
	const Prepared *prepared = deployed_prepared(session->pin);
	state->session_facts = session->facts.items;
	state->session_fact_count = session->facts.count;
	TRY(visitor_volumes(prepared->view, as_of_us, arena, &state->volumes));
	return visitor_facts_at(prepared->view, session->visitor, session->level, session->audience_id,
	        as_of_us, arena, &state->facts, &state->fact_count);
}

// --- what if ---

static Err what_if_time(const WhatIf *what_if, int64_t *as_of_us)
{
	if (what_if->as_of == NULL || value_read_time(what_if->as_of, as_of_us))
		return OK;
	return err_at(ERR_FIELD_INVALID, "what_if.as_of", "give a moment in the years 1 to 9999");
}

// The visitor with other values, and the segments that follow from them.
static Err what_if_visitor(
        const Session *session, const WhatIf *what_if, int64_t as_of_us, Arena *arena, Visitor *ret)
{
	SegmentRequest request = {
	        .level = session->level, .audience_id = session->audience_id, .as_of_us = as_of_us};
	Parameters others;
	Values values;
	TRY(check_any_attributes(session->plan, session->level, what_if->attributes, what_if->n_attributes,
	        "what_if.attributes", arena, &others));
	TRY(session_values(session, arena, &values));
	for (size_t i = 0; i < others.count; i++)
		values_set(&values, others.items[i].slot, others.items[i].value, FROM_SESSION);
	TRY(values_segment(&values, session->plan, &request, arena, NULL));
	*ret = values_visitor(&values, session->level, session->audience_id);
	return OK;
}

static Err take_visitor(
        const Session *session, const WhatIf *what_if, int64_t *as_of_us, Arena *arena, Visitor *ret)
{
	*ret = session_visitor(session);
	if (what_if != NULL) {
		TRY(what_if_time(what_if, as_of_us));
		TRY(what_if_visitor(session, what_if, *as_of_us, arena, ret));
	}
	return take_state(session, *as_of_us, arena, &ret->state);
}

// --- the answer ---

static size_t offers_of(const Decision *decision)
{
	size_t count = 0;
	for (size_t i = 0; i < decision->count; i++)
		count += decision->points[i].offer_count;
	return count;
}

// From 70 % of the journal's quota on only answers are recorded still, and at 100 % not even these.
static void tell_pauses(const Service *service, Err recorded, Advisories *advisories)
{
	if (recorded != OK)
		advise(advisories, ADVISORY_HISTORY_PAUSED, STR(""));
	if (recorded == ERR_JOURNAL_FULL || journal_is_crowded(service->options.journal))
		advise(advisories, ADVISORY_EVENTS_PAUSED, STR(""));
}

static Err keep(Service *service, Session *session, const Decision *decision, Receipt *receipt, Arena *arena,
        Advisories *advisories)
{
	if (service->options.treatment == NULL)
		TRY(session_remember_decision(session, decision));
	if (!service->options.unrecorded)
		tell_pauses(service, record_decision(service, session, decision, receipt, arena), advisories);
	if (service->options.seed == NULL) // nobody asks a rehearsal for figures
		deployed_count(session->pin, FIGURE_RECOMMENDATIONS, offers_of(decision));
	if (service->options.on_decision != NULL)
		service->options.on_decision(service->options.decision_context, session, decision);
	return OK;
}

static Err decide_traced(const Session *session, const Visitor *visitor, const DecideRequest *request,
        Arena *arena, Decision *ret)
{
	TraceSpan *span = trace_span_within(session->span, "decide", arena);
	Err e = decide(session->plan, visitor, request, arena, ret);
	if (span == NULL)
		return e;
	const Snapshot *snapshot = plan_snapshot(session->plan);
	int point = request->points[0].point;
	if (point >= 0)
		trace_span_text(span, "parley.interaction_point", str(snapshot->points[point]->name));
	trace_span_number(span, "parley.points", (int64_t)request->count);
	if (e == OK)
		trace_span_number(span, "parley.offers", (int64_t)offers_of(ret));
	trace_span_end(span, e);
	return e;
}

// For the session's visitor as he is.
static Err decide_or_repeat(
        const Service *service, Session *session, const Receipt *receipt, Arena *arena, Decision *ret)
{
	if (repeat_decision(service, session, receipt, arena, ret))
		return OK;
	TRY(decide_traced(session, &receipt->visitor, &receipt->request, arena, ret));
	repeat_remember(service, session, receipt, ret);
	return OK;
}

static Err name_decision(bool kept, uint64_t seed, Arena *arena, char **ret)
{
	*ret = arena_alloc(arena, DECISION_ID_SIZE);
	if (*ret == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	if (kept)
		decision_id(seed, *ret);
	return OK;
}

static Err answer_points(const Session *session, const OffersAsk *ask, const Decision *decision,
        const Linking *linking, uint64_t seed, Arena *arena, OffersAnswer *ret)
{
	bool kept = ask->what_if == NULL;
	TRY(map_points(session, ask->points, decision, kept ? linking : NULL, arena, &ret->points));
	return name_decision(kept, seed, arena, &ret->decision_id);
}

Err offers_decide(Service *service, Session *session, const OffersAsk *ask, int64_t now_us, Arena *arena,
        Advisories *advisories, OffersAnswer *ret)
{
	const DecidePoint *points = NULL;
	Linking linking = links_begin(service, now_us);
	__attribute__((uninitialized)) Receipt receipt; // clearing it first costs as much as filling it in
	Decision decision;
	if (session->segmented && ask->what_if == NULL && cells_tell(service, session, now_us, arena) != OK)
		advise(advisories, ADVISORY_HISTORY_PAUSED, STR(""));
	TRY(ask_points(session->plan, ask, arena, &points));
	TRY(take_visitor(session, ask->what_if, &now_us, arena, &receipt.visitor));
	receipt.given = session_given(session);
	receipt.digest = 0; // record_decision's
	receipt.request = (DecideRequest){
	        .points = points,
	        .count = ask->count,
	        .as_of_us = now_us,
	        .seed = service_seed(service),
	        .deduplicate_across = ask->across,
	        .explain = ask->explain || session->debug,
	};
	if (ask->what_if != NULL)
		TRY(decide_traced(session, &receipt.visitor, &receipt.request, arena, &decision));
	else
		TRY(decide_or_repeat(service, session, &receipt, arena, &decision));
	if (ask->decided == NULL)
		TRY(answer_points(session, ask, &decision, &linking, receipt.request.seed, arena, ret));
	if (ask->what_if == NULL)
		return keep(service, session, &decision, &receipt, arena, advisories);
	advise(advisories, ADVISORY_WHAT_IF, STR(""));
	return OK;
}

static Err respond(
        Turn *turn, const Deployed *deployed, const OffersAnswer *answer, size_t count, Outcome *outcome)
{
	GetOffersResponse *out = message_new(turn->arena, MESSAGE_OF(get_offers_response));
	if (out == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	TRY(map_version(deployed, turn->arena, &out->snapshot));
	out->points = answer->points;
	out->n_points = count;
	if (answer->decision_id != NULL)
		out->decision_id = answer->decision_id;
	out->n_advisories = advisories_map(&turn->advisories, turn->arena, &out->advisories);
	*outcome = (Outcome){TURN_REPLY, out};
	return OK;
}

static Err get_offers(Turn *turn, Outcome *outcome)
{
	const GetOffersRequest *in = turn->request;
	OffersAsk ask = {
	        .points = in->points,
	        .count = in->n_points,
	        .explain = in->explain,
	        .across = in->deduplicate_across_points,
	        .what_if = in->what_if,
	};
	OffersAnswer answer = {0};
	TRY(offers_decide(
	        turn->service, turn->session, &ask, turn->now_us, turn->arena, &turn->advisories, &answer));
	return respond(turn, turn->session->pin, &answer, in->n_points, outcome);
}

static Err get_offers_told(Turn *turn, Outcome *outcome)
{
	const SessionAsk *in = turn->request;
	const OffersAsk ask = {.decided = in->points, .count = in->count, .explain = in->explain};
	OffersAnswer none;
	*outcome = (Outcome){.end = TURN_REPLY};
	return offers_decide(
	        turn->service, turn->session, &ask, turn->now_us, turn->arena, &turn->advisories, &none);
}

static Err default_content(Turn *turn, const Deployed *deployed, Outcome *outcome)
{
	const GetOffersRequest *in = turn->request;
	OffersAnswer answer = {0};
	TRY(map_default_content(
	        deployed_plan(deployed), in->points, in->n_points, turn->arena, &answer.points));
	advise(&turn->advisories, ADVISORY_DEADLINE_TOO_SHORT, STR(""));
	return respond(turn, deployed, &answer, in->n_points, outcome);
}

static Err check(const void *request)
{
	const GetOffersRequest *in = request;
	return check_points(in->points, in->n_points);
}

const Command get_offers_command = {.check = check, .step = get_offers, .late = default_content};

static Err check_told(const void *request)
{
	const SessionAsk *in = request;
	return check_decided(in->points, in->count);
}

const Command get_offers_told_command = {.check = check_told, .step = get_offers_told};

void handle_get_offers(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const GetOffersRequest *in = (const GetOffersRequest *)request;
	turn_take(service, call, in, in->session_id, in->sequence, &get_offers_command);
}
