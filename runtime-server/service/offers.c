// getOffers: decide, remember, record, answer.
#include "service/map.h"
#include "service/record.h"
#include "service/turn.h"

static Err ask(const Turn *turn, DecideRequest *ret)
{
	const GetOffersRequest *in = turn->request;
	DecidePoint *points = ARENA_ARRAY(turn->arena, DecidePoint, in->n_points);
	if (points == NULL)
		return err(ERR_NO_MEMORY, "no memory for the call; try again later");
	for (size_t i = 0; i < in->n_points; i++) {
		const PointRequest *point = in->points[i];
		points[i].point = plan_point(turn->session->plan, str(point->interaction_point));
		points[i].max = point->max_offers > 0 ? point->max_offers : 1;
	}
	*ret = (DecideRequest){
	        .points = points,
	        .count = in->n_points,
	        .as_of_us = turn->now_us,
	        .seed = service_seed(turn->service),
	        .explain = in->explain || turn->session->debug,
	};
	return OK;
}

static Err get_offers(Turn *turn, Outcome *outcome)
{
	Session *session = turn->session;
	Visitor visitor = session_visitor(session);
	GetOffersResponse *out = message_new(turn->arena, MESSAGE_OF(get_offers_response));
	DecideRequest request;
	Decision decision;

	if (out == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	TRY(ask(turn, &request));
	TRY(decide(session->plan, &visitor, &request, turn->arena, &decision));
	TRY(map_points(session, turn->request, &decision, turn->arena, out));
	TRY(map_version(session->pin, turn->arena, &out->snapshot));
	TRY(session_remember_decision(session, &decision));
	if (record_decision(turn->service, session, turn->now_us, &decision, request.seed, turn->arena) != OK)
		advise(&turn->advisories, ADVISORY_HISTORY_PAUSED, STR(""));
	out->n_advisories = advisories_map(&turn->advisories, turn->arena, &out->advisories);
	*outcome = (Outcome){TURN_REPLY, out};
	return OK;
}

static Err check(const void *request)
{
	const GetOffersRequest *in = request;
	return check_points(in->points, in->n_points);
}

const Command get_offers_command = {.check = check, .step = get_offers};

void handle_get_offers(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const GetOffersRequest *in = (const GetOffersRequest *)request;
	turn_take(service, call, in, in->session_id, in->sequence, &get_offers_command);
}
