// A scenario asked of an environment's own server, as a what-if: nothing is recorded, remembered or counted
// there. What would leave a trace, or needs another past than the server's, is skipped and says so.
#include "connect.h"
#include "release/deployment.h"
#include "scenario/coverage.h"
#include "scenario/play.h"

#include "base/clock.h"
#include "snapshot/types.h"

// --- what cannot be asked ---

static const char *cannot(const Scenario *scenario)
{
	if (scenario->past_count)
		return "the visitor's history is the server's own there";
	for (size_t i = 0; i < scenario->step_count; i++) {
		const ScenarioStep *step = &scenario->steps[i];

		if (step->does != DOES_OFFERS && step->does != DOES_LOOK && step->does != DOES_WAIT)
			return "its events, responses and sessions would leave traces there";
		if (step->seed)
			return "a server has seeds of its own";
		if (expectations_look(&step->expects) & ~(unsigned)LOOK_OFFERS)
			return "a what-if tells nothing of the visitor: segments, attributes and state";
	}
	return NULL;
}

// --- the world ---

static json_t *constant_json(const SnapConstant *constant)
{
	char time[TIME_TEXT_SIZE];
	json_t *list;

	switch (constant->type) {
	case SNAP_TYPE(BOOL):
		return json_boolean(constant->bool_value);
	case SNAP_TYPE(INT):
		return json_integer(constant->int_value);
	case SNAP_TYPE(DOUBLE):
		return json_real(constant->double_value);
	case SNAP_TYPE(TIMESTAMP):
		time_format(constant->int_value, time);
		return json_string(time);
	case SNAP_TYPE(STRING_LIST):
		list = json_array();
		for (size_t i = 0; i < constant->n_string_values; i++)
			json_array_append_new(list, json_string(constant->string_values[i]));
		return list;
	default:
		return json_string(constant->string_value);
	}
}

// A visitor whose profile is told has that and nothing else: what it does not name is as the level's schema
// has it. One without a profile is whoever the environment knows by this ID.
static json_t *attributes_of(const Play *play)
{
	const ScenarioVisitor *given = play->who.given;
	const Snapshot *snapshot = play->stage->snapshot;
	json_t *all = json_object();

	for (size_t i = 0; given->profile && i < snapshot->n_audience_levels; i++) {
		const SnapLevel *level = snapshot->audience_levels[i];

		for (size_t k = 0; strcmp(level->name, play->who.level) == 0 && k < level->n_attributes; k++)
			json_object_set_new(all, level->attributes[k]->name,
			        level->attributes[k]->default_value
			                ? constant_json(level->attributes[k]->default_value)
			                : json_null());
	}
	json_object_update(all, (json_t *)(uintptr_t)given->profile);
	json_object_update(all, (json_t *)(uintptr_t)given->set);
	return all;
}

static Err world(Play *play, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *values = attributes_of(play);
	json_t *attributes;
	char time[TIME_TEXT_SIZE];

	TRY(play_values(play, values, &attributes));
	*ret = json_pack("{s:o}", "attributes", attributes);
	if (play->scenario->at_us || play->now_us != play->stage->now_us) {
		time_format(play->now_us, time);
		json_object_set_new(*ret, "as_of", json_string(time));
	}
	return OK;
}

// --- asking ---

static Err check_snapshot(const Play *play, const json_t *answer)
{
	const char *digest = json_word(json_object_get(answer, "snapshot"), "digest");

	return strcmp(digest, play->stage->digest) == 0
	               ? OK
	               : err(ERR_EVIDENCE_INVALID,
	                         "the server runs the snapshot %.12s, not %.12s: repeat it when the "
	                         "roll-out is complete",
	                         digest, play->stage->digest);
}

static Err ask(Play *play, const ScenarioStep *step, const json_t **ret)
{
	json_t *what_if, *answer = NULL;

	TRY(world(play, &what_if));
	TRY(cli_interact(play->stage->cli, "Recommend",
	        json_pack("{s:s, s:O, s:O, s:b, s:b, s:o}", "channel", play->stage->snapshot->channel,
	                "audience", play->who.audience, "points", step->points, "explain", 1,
	                "deduplicate_across_points", step->across, "what_if", what_if),
	        &answer));
	json_array_append_new(play->keep, answer);
	coverage_points(play->stage->coverage, json_object_get(answer, "points"));
	*ret = answer;
	return check_snapshot(play, answer);
}

static Err do_step(Play *play, const ScenarioStep *step, const json_t **answer)
{
	play->now_us += step->after_us;
	if (step->at_us)
		play->now_us = step->at_us;
	if (step->does == DOES_OFFERS)
		TRY(ask(play, step, answer));
	Seen seen = {.points = json_object_get(*answer, "points"), .refused = ""};
	expectations_judge(&step->expects, &seen, play->arena, play->failures);
	return OK;
}

Err play_live(Play *play)
{
	const json_t *answer = NULL;

	play->skipped = cannot(play->scenario);
	if (play->skipped)
		return OK;
	TRY(play_visitor(play, &play->scenario->who));
	if (*play->refused)
		return play_refused(play, play->scenario->line);
	for (size_t i = 0; i < play->scenario->step_count; i++) {
		Err e = do_step(play, &play->scenario->steps[i], &answer);
		if (e)
			return err_context(e, "scenario '%s'", play->scenario->name);
	}
	return OK;
}
