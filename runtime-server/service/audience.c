// setAudience: the session goes on under another visitor. In the journal, and so in the history, the former
// visitor's part of the session ends and the new one's starts: each visitor's story is whole by itself.
#include "service/map.h"
#include "service/record.h"
#include "service/visitor.h"

static void record_change(const Visit *visit)
{
	const Turn *turn = visit->turn;
	Err e = record_left(turn->service, turn->session, turn->now_us, visit->former_level, visit->former_id,
	        turn->arena);
	if (e == OK)
		e = record_started(turn->service, turn->session, turn->now_us, visit->profile.outcome,
		        &visit->audience, turn->arena);
	if (e != OK)
		advise(&visit->turn->advisories, ADVISORY_HISTORY_PAUSED, STR(""));
}

static Err answer(Visit *visit, Outcome *outcome)
{
	Turn *turn = visit->turn;
	record_change(visit);
	SetAudienceResponse *out = message_new(turn->arena, MESSAGE_OF(set_audience_response));
	if (out == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	TRY(map_version(turn->session->pin, turn->arena, &out->snapshot));
	TRY(map_segments(turn->session, turn->arena, &out->segments, &out->n_segments));
	out->n_advisories = advisories_map(&turn->advisories, turn->arena, &out->advisories);
	*outcome = (Outcome){TURN_REPLY, out};
	return OK;
}

static Err set_audience(Turn *turn, Outcome *outcome)
{
	const SetAudienceRequest *in = turn->request;
	Visit *visit = NULL;
	TRY(visit_new(turn, in->audience, in->parameters, in->n_parameters, &visit));
	visit->settled = answer;
	return visit_begin(visit, outcome);
}

const Command set_audience_command = {.step = set_audience};

void handle_set_audience(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const SetAudienceRequest *in = (const SetAudienceRequest *)request;
	turn_take(service, call, in, in->session_id, in->sequence, &set_audience_command);
}
