#include "service/visitor.h"

static Err visit_alloc(Turn *turn, Visit **ret)
{
	Visit *visit = *ret = ARENA_NEW(turn->arena, Visit);
	if (visit == NULL)
		return err(ERR_NO_MEMORY, "no memory for the call; try again later");
	visit->turn = turn;
	return OK;
}

Err visit_told(Turn *turn, const SessionStart *start, Visit **ret)
{
	const Plan *plan = turn->session->plan;
	Visit *visit = NULL;
	TRY(visit_alloc(turn, &visit));
	TRY(check_keys(plan, start->level, start->keys, turn->arena, &visit->audience));
	TRY(check_slots(plan, start->level, &start->parameters, turn->arena));
	visit->parameters = start->parameters;
	*ret = visit;
	return OK;
}

Err visit_new(Turn *turn, const AudienceId *audience, NamedValue **parameters, size_t count, Visit **ret)
{
	const Plan *plan = turn->session->plan;
	Visit *visit = NULL;
	TRY(visit_alloc(turn, &visit));
	TRY(check_audience(plan, audience, turn->arena, &visit->audience));
	TRY(check_parameters(
	        plan, visit->audience.level, parameters, count, turn->arena, &visit->parameters));
	*ret = visit;
	return OK;
}

static void take_profile(const ProfileRequest *profile, Values *values)
{
	if (profile->outcome != PROFILE_LOADED)
		return;
	for (size_t i = 0; i < values->count; i++)
		if ((profile->given[i / 64] >> (i % 64) & 1) != 0)
			values_set(values, (int)i, profile->values[i], FROM_PROFILE);
}

static void take_parameters(const Parameters *parameters, Values *values)
{
	for (size_t i = 0; i < parameters->count; i++)
		values_set(values, parameters->items[i].slot, parameters->items[i].value, FROM_SESSION);
}

// Defaults, then what the profile says, then what the session said before, then what the call says.
static Err take_values(Visit *visit)
{
	Turn *turn = visit->turn;
	Session *session = turn->session;
	int level = visit->audience.level;
	SegmentRequest request = {
	        .level = level, .audience_id = visit->audience.id, .as_of_us = turn->now_us};
	Values values;
	TRY(values_new(session->plan, level, turn->arena, &values));
	take_profile(&visit->profile, &values);
	if (session->values != NULL && session_carry(session, session->plan, level, FROM_SESSION, &values))
		advise(&turn->advisories, ADVISORY_ATTRIBUTE_DROPPED, STR(""));
	take_parameters(&visit->parameters, &values);
	TRY(values_segment(&values, session->plan, &request, turn->arena, NULL));
	TRY(session_set_visitor(session, level, visit->audience.id, &values));
	const Prepared *prepared = deployed_prepared(session->pin);
	session->visitor = visitor_place(prepared->view, level, visit->audience.id);
	return OK;
}

// Actions that wait for their time are the former visitor's affair.
static void drop_pending(const Visit *visit)
{
	Session *session = visit->turn->session;
	if (session->level != visit->former_level || !str_eq(session->audience_id, str(visit->former_id)))
		pending_clear(&session->pending);
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
	drop_pending(visit);
	advise_profile(turn, &visit->profile);
	return visit->settled(visit, outcome);
}

static void profile_loaded(ProfileRequest *profile)
{
	Visit *visit = profile->context;
	Outcome outcome = {0};
	trace_span_text(visit->wait, "parley.profile", str(profile_outcome_name(profile->outcome)));
	trace_span_end(visit->wait, profile->outcome == PROFILE_UNAVAILABLE ? ERR_UNAVAILABLE : OK);
	visit->turn->now_us = wall_now(visit->turn->service);
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
	        .query = prepared->levels[visit->audience.level].query,
	        .level = visit->audience.level,
	        .audience_id = visit->audience.id,
	        .keys = visit->audience.keys,
	        .arena = turn->arena,
	        .until_us = turn_patience(turn),
	        .done = profile_loaded,
	        .context = visit,
	};
	if (visit->profile.query == NULL && !profile_has_source(turn->service->options.profile))
		return settle(visit, outcome);
	outcome->end = TURN_SUSPENDED;
	visit->wait = trace_span_within(session->span, "profile", turn->arena);
	profile_load(turn->service->options.profile, &visit->profile);
	return OK;
}
