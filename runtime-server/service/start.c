// startSession: check, enter the session ID, load the profile beside everything else, segment, answer. While
// the profile loads, the session is taken: other calls on it wait in its queue and no thread waits with them.
#include "service/map.h"
#include "service/record.h"
#include "service/turn.h"

// What a start carries across the loading of the profile.
typedef struct Start {
	Turn *turn;
	Audience audience;
	Parameters parameters;
	ProfileRequest load;
} Start;

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

// --- a fresh session ---

// Defaults, then what the profile says.
static Err take_values(Session *session, const ProfileRequest *load, Arena *arena)
{
	size_t count = plan_snapshot(session->plan)->audience_levels[session->level]->n_attributes;
	ExprValue *values = ARENA_ARRAY(arena, ExprValue, count + 1);
	if (values == NULL)
		return err(ERR_NO_MEMORY, "no memory for the visitor's attributes; try again later");
	decide_defaults(session->plan, session->level, values);
	const uint64_t *given = load->outcome == PROFILE_LOADED ? load->given : NULL;
	for (size_t i = 0; given != NULL && i < count; i++)
		if ((given[i / 64] >> (i % 64) & 1) != 0)
			values[i] = load->values[i];
	return session_set_values(session, values, given, count, plan_segment_words(session->plan));
}

static void advise_profile(Turn *turn, const ProfileRequest *load)
{
	if (load->outcome == PROFILE_UNAVAILABLE)
		advise(&turn->advisories, ADVISORY_PROFILE_UNAVAILABLE, STR(""));
	if (load->outcome == PROFILE_NOT_FOUND)
		advise(&turn->advisories, ADVISORY_PROFILE_NOT_FOUND, STR(""));
	if (load->outcome == PROFILE_AMBIGUOUS)
		advise(&turn->advisories, ADVISORY_PROFILE_AMBIGUOUS, STR(""));
	if (load->refused.len > 0)
		advise(&turn->advisories, ADVISORY_PROFILE_VALUE_REFUSED, load->refused);
}

static Err finish_fresh(Start *start, Outcome *outcome)
{
	Turn *turn = start->turn;
	Session *session = turn->session;
	TRY(take_values(session, &start->load, turn->arena));
	session_segment(session, turn->now_us, turn->arena);
	TRY(turn_apply(turn, &start->parameters));
	advise_profile(turn, &start->load);
	if (record_started(turn->service, session, turn->now_us, start->load.outcome, &start->audience,
	            turn->arena) != OK)
		advise(&turn->advisories, ADVISORY_HISTORY_PAUSED, STR(""));
	session->started = true;
	return answer(turn, false, outcome);
}

static void profile_loaded(ProfileRequest *load)
{
	Start *start = load->context;
	Outcome outcome = {0};
	Err result = finish_fresh(start, &outcome);
	turn_resume(start->turn, result, &outcome);
}

static Err start_fresh(Turn *turn, Start *start, Outcome *outcome)
{
	Session *session = turn->session;
	const Prepared *prepared = deployed_prepared(session->pin);
	session->level = start->audience.level;
	TRY(session_set_audience(session, start->audience.id));
	start->load = (ProfileRequest){
	        .query = prepared->queries[session->level],
	        .keys = start->audience.keys,
	        .arena = turn->arena,
	        .done = profile_loaded,
	        .context = start,
	};
	if (start->load.query == NULL)
		return finish_fresh(start, outcome);
	outcome->end = TURN_SUSPENDED;
	profile_load(turn->service->options.profile, &start->load);
	return OK;
}

// --- a session that is open ---

static Err resume(Turn *turn, const Start *start, Outcome *outcome)
{
	const StartSessionRequest *in = turn->request;
	const Session *session = turn->session;
	bool same = session->level == start->audience.level &&
	            str_eq(session->audience_id, start->audience.id) &&
	            strcmp(plan_snapshot(session->plan)->channel, in->channel) == 0;
	if (!same)
		return err_at(ERR_SESSION_CONFLICT, "session_id",
		        "session \"%s\" is open for another visitor or channel; end it first or choose "
		        "another ID",
		        in->session_id);
	TRY(turn_apply(turn, &start->parameters));
	return answer(turn, true, outcome);
}

// --- both ---

static Err start_session(Turn *turn, Outcome *outcome)
{
	const StartSessionRequest *in = turn->request;
	Session *session = turn->session;
	Start *start = ARENA_NEW(turn->arena, Start);
	if (start == NULL)
		return err(ERR_NO_MEMORY, "no memory for the call; try again later");
	start->turn = turn;
	bool fresh = session->pin == NULL;
	TRY(fresh ? service_pin(turn->service, session, str(in->channel)) : turn_follow(turn));
	TRY(check_audience(session->plan, in->audience, turn->arena, &start->audience));
	TRY(check_parameters(session->plan, start->audience.level, in->parameters, in->n_parameters,
	        turn->arena, &start->parameters));
	return fresh ? start_fresh(turn, start, outcome) : resume(turn, start, outcome);
}

void handle_start_session(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const StartSessionRequest *in = (const StartSessionRequest *)request;
	Err e = check_id("session_id", in->session_id);
	if (e == OK)
		e = check_id("channel", in->channel);
	if (e == OK)
		turn_open(service, call, request, in->session_id, start_session);
	else
		rpc_fail(call, e);
}
