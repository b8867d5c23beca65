// What a rehearsed scenario says to the rehearsal, and hears: a line at the scenario's moment, with the
// scenario's seed.
#include "release/deployment.h"
#include "scenario/coverage.h"
#include "scenario/play.h"
#include "scenario/rehearser.h"

#include "base/clock.h"

// What the journal was told: events, and whether the session came to its end.
static void hear(Play *play, const json_t *entries)
{
	const json_t *entry;
	size_t i;

	coverage_entries(play->stage->coverage, entries);
	json_array_foreach(entries, i, entry)
	{
		const json_t *ended = json_object_get(entry, "session_ended");
		const char *session = json_word(json_object_get(entry, "context"), "session_id");

		if (ended && strcmp(session, play->session) == 0 &&
		        strcmp(json_word(ended, "cause"), "audience") != 0)
			play->open = false;
	}
}

// The first of several is the cause.
static void refuse(Play *play, const json_t *why)
{
	if (*play->refused)
		return;
	play->refused = arena_cstr(play->arena, str(json_word(why, "reason")));
	play->refusal = arena_cstr(play->arena, str(json_word(why, "message")));
}

static void hear_answer(Play *play, const json_t *answer)
{
	const json_t *result = json_object_get(answer, "result"),
	             *failure = json_object_get(result, "failure");

	hear(play, json_object_get(answer, "entries"));
	coverage_segments(
	        play->stage->coverage, json_object_get(json_object_get(result, "start_session"), "segments"));
	if (json_object_get(answer, "error"))
		refuse(play, json_object_get(answer, "error"));
	else if (failure)
		refuse(play, failure);
}

// The answer to what was told and not asked.
static void heard(void *context, json_t *answer)
{
	hear_answer(context, answer);
}

void play_listen(Play *play)
{
	rehearser_listen(play->stage->rehearser, heard, play);
}

static json_t *at_this_moment(const Play *play, json_t *line)
{
	char at[TIME_TEXT_SIZE];

	time_format(play->now_us, at);
	json_object_set_new(line, "at", json_string(at));
	return line;
}

Err play_ask(Play *play, json_t *line, const json_t **ret)
{
	json_t *answer = NULL;

	TRY(rehearser_ask(play->stage->rehearser, at_this_moment(play, line), &answer));
	json_array_append_new(play->keep, answer);
	hear_answer(play, answer);
	*ret = answer;
	return OK;
}

Err play_tell(Play *play, json_t *line)
{
	return rehearser_tell(play->stage->rehearser, at_this_moment(play, line));
}

json_t *play_call_line(Play *play, const char *name, json_t *request)
{
	const ScenarioStep *step = play->step;
	uint64_t seed = step && step->seed ? step->seed : play->scenario->seed * 1000003 + ++play->calls;

	json_object_set_new(request, "session_id", json_string(play->session));
	return json_pack("{s:s, s:{s:o}}", "seed",
	        arena_printf(play->arena, "%llu", (unsigned long long)seed), "call", name, request);
}

Err play_call(Play *play, const char *name, json_t *request, const json_t **ret)
{
	const json_t *answer;

	TRY(play_ask(play, play_call_line(play, name, request), &answer));
	*ret = json_object_get(json_object_get(answer, "result"), name);
	return OK;
}

Err play_give_profile(Play *play)
{
	const json_t *profile = play->who.given->profile;

	if (!profile)
		return OK;
	return rehearser_tell(
	        play->stage->rehearser, json_pack("{s:{s:s, s:s, s:O}}", "profile", "level", play->who.level,
	                                        "id", play->who.id, "attributes", profile));
}
