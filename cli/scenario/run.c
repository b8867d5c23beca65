// A scenario played to a rehearsal: a runtime server whose clock, seeds and visitors are the scenario's. Each
// begins with nothing, so that their order does not matter.
#include "release/deployment.h"
#include "scenario/coverage.h"
#include "scenario/expect.h"
#include "scenario/play.h"
#include "scenario/rehearser.h"

#include "base/clock.h"

#include <stdlib.h>

enum { PLAY_ARENA = 64 * 1024 };

// --- sessions ---

// Whether it opens is heard with the next answer.
static Err start_session(Play *play)
{
	json_t *request, *parameters;

	snprintf(play->session, sizeof play->session, "s%u", ++play->sessions);
	TRY(play_values(play, play->who.given->set, &parameters));
	request = json_pack("{s:s, s:O, s:o}", "channel", play->stage->snapshot->channel, "audience",
	        play->who.audience, "parameters", parameters);
	play->open = true;
	return play_tell(play, play_call_line(play, "start_session", request));
}

static Err need_session(Play *play)
{
	return play->open ? OK : start_session(play);
}

// --- steps ---

static Err do_nothing(Play *play)
{
	(void)play;
	return OK;
}

static void remember_treatments(Play *play)
{
	const json_t *point, *offer;
	size_t i, k;

	json_array_foreach(play->points, i, point) json_array_foreach(
	        json_object_get(point, "offers"), k, offer) json_object_set(play->treatments,
	        json_word(offer, "offer_code"), json_object_get(offer, "treatment_code"));
}

static Err do_offers(Play *play)
{
	const json_t *result = NULL;

	TRY(need_session(play));
	TRY(play_call(play, "get_offers",
	        json_pack("{s:O, s:b, s:b}", "points", play->step->points, "explain", 1,
	                "deduplicate_across_points", play->step->across),
	        &result));
	play->points = json_object_get(result, "points");
	coverage_points(play->stage->coverage, play->points);
	remember_treatments(play);
	return OK;
}

// The code of the offer's treatment; empty, and refused, if the visitor never got one.
static const char *treatment_of(Play *play, const char *offer)
{
	const char *code = offer ? json_word(play->treatments, offer) : "";

	if (offer && !*code) {
		play->refused = "NOT_OFFERED";
		play->refusal = arena_printf(play->arena, "%s was not offered before this step", offer);
	}
	return code;
}

static Err do_event(Play *play)
{
	const ScenarioStep *step = play->step;
	const char *treatment = treatment_of(play, step->offer);
	const json_t *result;
	json_t *parameters;

	if (*play->refused)
		return OK;
	TRY(need_session(play));
	TRY(play_values(play, step->set, &parameters));
	return play_call(play, "post_event",
	        json_pack("{s:s, s:s, s:s, s:o}", "event_id",
	                arena_printf(play->arena, "e%u", ++play->events), "event", step->word,
	                "treatment_code", treatment, "parameters", parameters),
	        &result);
}

static Err do_respond(Play *play)
{
	const char *treatment = treatment_of(play, play->step->offer);
	const json_t *answer;

	if (*play->refused)
		return OK;
	return play_ask(play,
	        json_pack("{s:{s:s, s:s, s:s, s:s}}", "respond", "event_id",
	                arena_printf(play->arena, "e%u", ++play->events), "channel",
	                play->stage->snapshot->channel, "treatment_code", treatment, "response",
	                play->step->word),
	        &answer);
}

static Err do_wait(Play *play)
{
	const json_t *answer;

	return play_ask(play, json_object(), &answer);
}

static Err do_sign_in(Play *play)
{
	json_t *parameters;
	const json_t *result = NULL;

	TRY(need_session(play));
	TRY(play_visitor(play, &play->step->who));
	if (*play->refused)
		return OK;
	TRY(play_give_profile(play));
	TRY(play_values(play, play->who.given->set, &parameters));
	TRY(play_call(play, "set_audience",
	        json_pack("{s:O, s:o}", "audience", play->who.audience, "parameters", parameters), &result));
	coverage_segments(play->stage->coverage, json_object_get(result, "segments"));
	return OK;
}

static Err do_end(Play *play)
{
	const json_t *result;

	TRY(play_call(play, "end_session", json_object(), &result));
	play->open = false;
	return OK;
}

static Err (*const does[])(Play *play) = {
        [DOES_LOOK] = do_nothing,
        [DOES_OFFERS] = do_offers,
        [DOES_EVENT] = do_event,
        [DOES_RESPOND] = do_respond,
        [DOES_WAIT] = do_wait,
        [DOES_SIGN_IN] = do_sign_in,
        [DOES_START] = start_session,
        [DOES_END] = do_end,
};

// --- looking ---

static Err look_at_visitor(Play *play, Seen *seen)
{
	const json_t *result = NULL, *attribute;
	json_t *values = json_object();
	size_t i;

	json_array_append_new(play->keep, values);
	TRY(need_session(play));
	TRY(play_call(play, "get_profile", json_object(), &result));
	seen->segments = json_object_get(result, "segments");
	seen->attributes = values;
	coverage_segments(play->stage->coverage, seen->segments);
	json_array_foreach(json_object_get(result, "attributes"), i, attribute)
	        json_object_set(values, json_word(attribute, "name"),
	                (json_t *)(uintptr_t)expect_bare(json_object_get(attribute, "value")));
	return OK;
}

static Err look_at_state(Play *play, Seen *seen)
{
	const json_t *answer;

	TRY(play_ask(play, json_pack("{s:{s:s, s:s}}", "state", "level", play->who.level, "id", play->who.id),
	        &answer));
	seen->state = json_object_get(answer, "state");
	return OK;
}

// What is expected of a step decides what is looked at. A refusal that nobody expects ends the scenario.
static Err judge(Play *play)
{
	const Expectations *expects = &play->step->expects;
	unsigned look = expectations_look(expects);
	const json_t *nothing;

	if (look & LOOK_REFUSAL) // also of what was only told
		TRY(play_ask(play, json_object(), &nothing));
	Seen seen = {.points = play->points, .refused = play->refused};
	if (*play->refused && !(look & LOOK_REFUSAL))
		return play_refused(play, play->step->line);
	play->refused = "";
	if (look & LOOK_VISITOR)
		TRY(look_at_visitor(play, &seen));
	if (look & LOOK_STATE && !*play->refused)
		TRY(look_at_state(play, &seen));
	if (*play->refused)
		return play_refused(play, play->step->line);
	expectations_judge(expects, &seen, play->arena, play->failures);
	return OK;
}

// --- before it begins ---

static int64_t happened(const Play *play, const ScenarioPast *past)
{
	return past->at_us ? past->at_us : play->now_us - past->ago_us;
}

static Err give_one(Play *play, const ScenarioPast *past)
{
	int64_t now_us = play->now_us;

	play->now_us = happened(play, past);
	for (int64_t i = 0; i < past->times; i++) {
		json_t *given = json_pack("{s:s, s:s, s:s, s:s, s:f}", "level", play->who.level, "id",
		        play->who.id, "offer", past->offer, "kind", past->kind, "score", past->score);

		if (past->until)
			json_object_set_new(given, "until", json_string(past->until));
		TRY(play_tell(play, json_pack("{s:o}", "given", given)));
	}
	play->now_us = now_us;
	return OK;
}

// The oldest first, whatever order they were written in: moments do not go back.
static Err give_past(Play *play)
{
	const Scenario *scenario = play->scenario;
	bool *given = ARENA_ARRAY(play->arena, bool, scenario->past_count + 1);

	for (size_t n = 0; n < scenario->past_count; n++) {
		size_t oldest = SIZE_MAX;

		for (size_t i = 0; i < scenario->past_count; i++)
			if (!given[i] &&
			        (oldest == SIZE_MAX || happened(play, &scenario->past[i]) <
			                                       happened(play, &scenario->past[oldest])))
				oldest = i;
		given[oldest] = true;
		TRY(give_one(play, &scenario->past[oldest]));
	}
	return OK;
}

static Err begin(Play *play)
{
	play_listen(play);
	TRY(rehearser_tell(play->stage->rehearser, json_pack("{s:b}", "reset", 1)));
	TRY(play_visitor(play, &play->scenario->who));
	if (*play->refused)
		return play_refused(play, play->scenario->line);
	TRY(play_give_profile(play));
	return give_past(play);
}

// What was told last is heard, too: the play is over.
static Err end(Play *play)
{
	const json_t *answer;
	const char *before = play->refused;

	TRY(play_ask(play, json_object(), &answer));
	if (!*before && *play->refused && !play->over)
		return play_refused(play, play->scenario->line);
	return OK;
}

static void pass_time(Play *play)
{
	const ScenarioStep *step = play->step;

	play->now_us += step->after_us;
	if (step->at_us)
		play->now_us = step->at_us;
}

static Err play_rehearsed(Play *play)
{
	TRY(begin(play));
	for (size_t i = 0; i < play->scenario->step_count && !play->over; i++) {
		play->step = &play->scenario->steps[i];
		play->refused = "";
		pass_time(play);
		TRY(does[play->step->does](play));
		TRY(judge(play));
	}
	return end(play);
}

// --- all of it ---

static json_t *result_json(const Play *play)
{
	const Scenario *scenario = play->scenario;
	bool failed = json_array_size(play->failures) > 0;
	json_t *json = json_pack("{s:s, s:s, s:s, s:i, s:s}", "name", scenario->name, "family",
	        scenario->family, "file", scenario->file, "line", scenario->line, "result",
	        play->skipped ? "skipped"
	        : failed      ? "failed"
	                      : "passed");

	if (play->skipped)
		json_object_set_new(json, "why", json_string(play->skipped));
	else if (failed)
		json_object_set(json, "failures", play->failures);
	return json;
}

Err scenario_run(const ScenarioStage *stage, const Scenario *scenario, json_t **ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(PLAY_ARENA, 0);
	CLEANUP(json_decrefp_) json_t *keep = json_array();
	CLEANUP(json_decrefp_) json_t *failures = json_array();
	CLEANUP(json_decrefp_) json_t *treatments = json_object();
	Play play = {.stage = stage,
	        .scenario = scenario,
	        .arena = arena,
	        .keep = keep,
	        .failures = failures,
	        .treatments = treatments,
	        .now_us = scenario->at_us ? scenario->at_us : stage->now_us,
	        .refused = ""};

	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for a scenario");
	TRY(stage->rehearser ? play_rehearsed(&play) : play_live(&play));
	*ret = result_json(&play);
	return OK;
}
