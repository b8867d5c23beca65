#include "service/visitor.h"

Err visit_new(Turn *turn, const AudienceId *audience, NamedValue **parameters, size_t count, Visit **ret)
{
	const Plan *plan = turn->session->plan;
	Visit *visit = ARENA_NEW(turn->arena, Visit);
	if (visit == NULL)
		return err(ERR_NO_MEMORY, "no memory for the call; try again later");
	visit->turn = turn;
	TRY(check_audience(plan, audience, turn->arena, &visit->audience));
	TRY(check_parameters(
	        plan, visit->audience.level, parameters, count, turn->arena, &visit->parameters));
	*ret = visit;
	return OK;
}

static void take_profile(const ProfileRequest *profile, size_t count, ExprValue *values, uint8_t *origins)
{
	if (profile->outcome != PROFILE_LOADED)
		return;
	for (size_t i = 0; i < count; i++)
		if ((profile->given[i / 64] >> (i % 64) & 1) != 0) {
			values[i] = profile->values[i];
			origins[i] = FROM_PROFILE;
		}
}

static void take_parameters(const Parameters *parameters, ExprValue *values, uint8_t *origins)
{
	for (size_t i = 0; i < parameters->count; i++) {
		values[parameters->items[i].slot] = parameters->items[i].value;
		origins[parameters->items[i].slot] = FROM_SESSION;
	}
}

// Defaults, then what the profile says, then what the session said before, then what the call says.
static Err take_values(Visit *visit)
{
	Turn *turn = visit->turn;
	Session *session = turn->session;
	int level = visit->audience.level;
	size_t count = plan_snapshot(session->plan)->audience_levels[level]->n_attributes;
	ExprValue *values = ARENA_ARRAY(turn->arena, ExprValue, count + 1);
	uint8_t *origins = ARENA_ARRAY(turn->arena, uint8_t, count + 1);
	if (values == NULL || origins == NULL)
		return err(ERR_NO_MEMORY, "no memory for the visitor's attributes; try again later");
	decide_defaults(session->plan, level, values);
	take_profile(&visit->profile, count, values, origins);
	if (session->values != NULL &&
	        session_carry(session, session->plan, level, FROM_SESSION, values, origins))
		advise(&turn->advisories, ADVISORY_ATTRIBUTE_DROPPED, STR(""));
	take_parameters(&visit->parameters, values, origins);
	return session_set_visitor(session, level, visit->audience.id, values, origins, count);
}

static void advise_profile(Turn *turn, const ProfileRequest *profile)
{
	if (profile->outcome == PROFILE_UNAVAILABLE)
		advise(&turn->advisories, ADVISORY_PROFILE_UNAVAILABLE, STR(""));
	if (profile->outcome == PROFILE_NOT_FOUND)
		advise(&turn->advisories, ADVISORY_PROFILE_NOT_FOUND, STR(""));
	if (profile->outcome == PROFILE_AMBIGUOUS)
		advise(&turn->advisories, ADVISORY_PROFILE_AMBIGUOUS, STR(""));
	if (profile->refused.len > 0)
		advise(&turn->advisories, ADVISORY_PROFILE_VALUE_REFUSED, profile->refused);
}

static Err settle(Visit *visit, Outcome *outcome)
{
	Turn *turn = visit->turn;
	TRY(take_values(visit));
	session_segment(turn->session, turn->now_us, turn->arena);
	advise_profile(turn, &visit->profile);
	return visit->settled(visit, outcome);
}

static void profile_loaded(ProfileRequest *profile)
{
	Visit *visit = profile->context;
	Outcome outcome = {0};
	Err result = settle(visit, &outcome);
	turn_resume(visit->turn, result, &outcome);
}

Err visit_begin(Visit *visit, Outcome *outcome)
{
	Turn *turn = visit->turn;
	const Session *session = turn->session;
	const Prepared *prepared = deployed_prepared(session->pin);
	if (session->started) {
		visit->former_level = session->level;
		visit->former_id = arena_cstr(turn->arena, session->audience_id);
		if (visit->former_id == NULL)
			return err(ERR_NO_MEMORY, "no memory for the call; try again later");
	}
	visit->profile = (ProfileRequest){
	        .query = prepared->queries[visit->audience.level],
	        .keys = visit->audience.keys,
	        .arena = turn->arena,
	        .done = profile_loaded,
	        .context = visit,
	};
	if (visit->profile.query == NULL)
		return settle(visit, outcome);
	outcome->end = TURN_SUSPENDED;
	profile_load(turn->service->options.profile, &visit->profile);
	return OK;
}
