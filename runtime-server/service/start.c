// startSession: opens a session for a visitor, or goes on with the visitor's session of that ID.
#include "service/map.h"
#include "service/record.h"
#include "service/visitor.h"

static Err answer(Turn *turn, bool resumed, Outcome *outcome)
{
	StartSessionResponse *out = message_new(turn->arena, MESSAGE_OF(start_session_response));
	if (out == NULL)
		return err(ERR_NO_MEMORY, "no memory for the answer; try again later");
	TRY(map_version(turn->session->pin, turn->arena, &out->snapshot));
	TRY(map_segments(turn->session, turn->arena, &out->segments, &out->n_segments));
	out->resumed = resumed;
	out->n_advisories = advisories_map(&turn->advisories, turn->arena, &out->advisories);
	*outcome = (Outcome){TURN_REPLY, out};
	return OK;
}

static Err open_fresh(Visit *visit, Outcome *outcome)
{
	Turn *turn = visit->turn;
	if (record_started(turn->service, turn->session, turn->now_us, visit->profile.outcome,
	            &visit->audience, turn->arena) != OK)
		advise(&turn->advisories, ADVISORY_HISTORY_PAUSED, STR(""));
	turn->session->started = true;
	return answer(turn, false, outcome);
}

static Err resume(Turn *turn, const Visit *visit, const char *channel, Outcome *outcome)
{
	Session *session = turn->session;
	bool same = session->level == visit->audience.level &&
	            str_eq(session->audience_id, visit->audience.id) &&
	            strcmp(plan_snapshot(session->plan)->channel, channel) == 0;
	if (!same)
		return err_at(ERR_SESSION_CONFLICT, "session_id",
		        "session \"%s\" is open for another visitor or channel; end it first, choose "
		        "another ID, or hand it over by SetAudience",
		        session->id);
	TRY(turn_apply(turn, &visit->parameters));
	if (turn->sequence != 0)
		session->sequence = 0; // counted on from this call's
	return answer(turn, true, outcome);
}

// Puts the session under the snapshot that serves it.
static Err place(Turn *turn, const char *channel, bool *ret_fresh)
{
	Session *session = turn->session;
	*ret_fresh = session->pin == NULL;
	return *ret_fresh ? service_pin(turn->service, session, str(channel),
	                            current_chooser(session_id(session)))
	                  : turn_follow(turn);
}

static Err open_or_resume(Visit *visit, bool fresh, const char *channel, Outcome *outcome)
{
	if (!fresh)
		return resume(visit->turn, visit, channel, outcome);
	visit->settled = open_fresh;
	return visit_begin(visit, outcome);
}

static Err start_session(Turn *turn, Outcome *outcome)
{
	const StartSessionRequest *in = turn->request;
	Visit *visit = NULL;
	bool fresh = false;
	TRY(place(turn, in->channel, &fresh));
	TRY(visit_new(turn, in->audience, in->parameters, in->n_parameters, &visit));
	return open_or_resume(visit, fresh, in->channel, outcome);
}

static Err start_told(Turn *turn, Outcome *outcome)
{
	const SessionStart *in = turn->request;
	Visit *visit = NULL;
	bool fresh = false;
	TRY(place(turn, in->channel, &fresh));
	TRY(visit_told(turn, in, &visit));
	return open_or_resume(visit, fresh, in->channel, outcome);
}

static Err check(const void *request)
{
	const StartSessionRequest *in = request;
	return check_id("channel", in->channel);
}

const Command start_session_command = {.check = check, .step = start_session, .opens = true};

const Command start_told_command = {.step = start_told, .opens = true};

void handle_start_session(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const StartSessionRequest *in = (const StartSessionRequest *)request;
	turn_take(service, call, in, in->session_id, in->sequence, &start_session_command);
}
