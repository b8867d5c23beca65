// A mix from the history: sessions are put together from their entries, and those that did the same in the
// same order are one kind of visit. A mix of hundreds of kinds would be a recording; the most frequent ones
// stand for all.
#include "connect.h"
#include "load/mix.h"
#include "moment.h"
#include "release/deployment.h"

#include "base/clock.h"
#include "parley/design/v1/history.pb-c.h"

#include <stdlib.h>

enum { KINDS_MAX = 50 };

typedef struct Past {
	json_t *steps; // of a session, by its ID: {"begun", "last", "did": […]}
	json_t *kinds; // by the text of their steps: {"weight", "pause_us", "steps"}
} Past;

static int64_t time_of(const json_t *entry)
{
	int64_t us = 0;

	(void)time_parse(str(json_string_value(json_object_get(entry, "time"))), &us);
	return us;
}

// One call for several points, or several offers at one, is several entries of one moment.
static void add_recommendation(json_t *session, const json_t *entry, int64_t time_us)
{
	json_t *steps = json_object_get(session, "steps"), *point;
	json_t *last = json_array_get(steps, json_array_size(steps) - 1),
	       *points = json_object_get(last, "offers");
	size_t i;

	if (!points || time_us != json_integer_value(json_object_get(session, "last"))) {
		json_array_append_new(
		        steps, json_pack("{s:[s]}", "offers", json_word(entry, "interaction_point")));
		return;
	}
	json_array_foreach(points, i, point) if (strcmp(json_string_value(point),
	                                                 json_word(entry, "interaction_point")) == 0) return;
	json_array_append_new(points, json_string(json_word(entry, "interaction_point")));
}

// An event that means several things is several entries.
static void add_event(json_t *session, const json_t *entry)
{
	const char *id = json_word(entry, "event_id");

	if (strcmp(id, json_word(session, "event_id")) == 0)
		return;
	json_object_set_new(session, "event_id", json_string(id));
	json_t *step = json_pack("{s:s}", "event", json_word(entry, "event"));

	if (!*json_word(entry, "treatment_code"))
		json_object_set_new(step, "about", json_string("nothing"));
	json_array_append_new(json_object_get(session, "steps"), step);
}

static void add_entry(Past *past, const json_t *entry)
{
	const char *id = json_word(entry, "session_id");
	json_t *session = json_object_get(past->steps, id);
	int64_t time_us = time_of(entry);
	bool recommendation = strcmp(json_word(entry, "kind"), "RECOMMENDATION") == 0;

	if (!*id || (!recommendation && *json_word(entry, "cause_event_id")))
		return;
	if (!session) {
		session = json_pack(
		        "{s:I, s:I, s:[]}", "begun", (json_int_t)time_us, "last", (json_int_t)0, "steps");
		json_object_set_new(past->steps, id, session);
	}
	if (recommendation)
		add_recommendation(session, entry, time_us);
	else
		add_event(session, entry);
	json_object_set_new(session, "last", json_integer((json_int_t)time_us));
}

static void add_session(Past *past, json_t *session)
{
	json_t *steps = json_object_get(session, "steps");
	char *text = json_dumps(steps, JSON_COMPACT);
	json_t *kind = text ? json_object_get(past->kinds, text) : NULL;
	size_t count = json_array_size(steps);
	json_int_t pause = count > 1 ? (json_integer_value(json_object_get(session, "last")) -
	                                       json_integer_value(json_object_get(session, "begun"))) /
	                                       (json_int_t)(count - 1)
	                             : 0;

	if (text && count <= MIX_STEPS_MAX) {
		if (!kind) {
			kind = json_pack("{s:i, s:i, s:O}", "weight", 0, "pause_us", 0, "steps", steps);
			json_object_set_new(past->kinds, text, kind);
		}
		json_object_set_new(kind, "weight",
		        json_integer(json_integer_value(json_object_get(kind, "weight")) + 1));
		json_object_set_new(kind, "pause_us",
		        json_integer(json_integer_value(json_object_get(kind, "pause_us")) + pause));
	}
	free(text);
}

static int by_weight(const void *a, const void *b)
{
	json_int_t x = json_integer_value(json_object_get(*(json_t *const *)a, "weight"));
	json_int_t y = json_integer_value(json_object_get(*(json_t *const *)b, "weight"));

	return x < y ? 1 : x > y ? -1 : 0;
}

static Err document_of(Cli *cli, Past *past, json_t **ret)
{
	size_t count = 0, all = json_object_size(past->kinds);
	json_t **kinds = ARENA_ARRAY(cli->arena, json_t *, all + 1), *kind, *visits = json_array();
	const char *key;

	if (!kinds)
		return err(ERR_NO_MEMORY, "no memory for a mix");
	json_object_foreach(past->kinds, key, kind) kinds[count++] = kind;
	qsort(kinds, count, sizeof *kinds, by_weight);
	for (size_t i = 0; i < count && i < KINDS_MAX; i++) {
		json_int_t weight = json_integer_value(json_object_get(kinds[i], "weight"));
		json_int_t pause_ms =
		        json_integer_value(json_object_get(kinds[i], "pause_us")) / weight / 1000;

		json_array_append_new(
		        visits, json_pack("{s:s, s:I, s:s, s:O}", "name",
		                        arena_printf(cli->arena, "visit-%zu", i + 1), "weight", weight,
		                        "think", arena_printf(cli->arena, "%lldms", (long long)pause_ms),
		                        "steps", json_object_get(kinds[i], "steps")));
	}
	*ret = json_pack("{s:o}", "visits", visits);
	return *ret ? OK : err(ERR_NO_MEMORY, "no memory for a mix");
}

static Err entries_of(Cli *cli, const char *channel, int64_t limit, json_t **ret)
{
	const char *environment;

	TRY(cli_need(cli, OPT_ENV, &environment));
	json_t *request = json_pack("{s:s, s:s, s:[s, s, s, s, s]}", "environment", environment, "channel",
	        channel, "kinds", "RECOMMENDATION", "CONTACT", "ACCEPT", "REJECT", "EVENT");
	Err e = cli_moment_field(cli, OPT_SINCE, "since", request);
	if (!e)
		e = cli_moment_field(cli, OPT_UNTIL, "until", request);
	if (e) {
		json_decref(request);
		return e;
	}
	return cli_list(cli, &parley__design__v1__history_service__descriptor, "ListHistory", request,
	        "entries", (size_t)limit, ret);
}

static void past_close(Past *past)
{
	json_decref(past->steps);
	json_decref(past->kinds);
}

Err mix_of_history(Cli *cli, const char *channel, int64_t entries, json_t **ret)
{
	CLEANUP(past_close) Past past = {json_object(), json_object()};
	CLEANUP(json_decrefp_) json_t *list = NULL;
	const char *id;
	json_t *session;

	TRY(entries_of(cli, channel, entries, &list));
	if (json_array_size(list) == 0)
		return err(ERR_FIELD_MISSING, "the history has no recommendations and events of this period");
	for (size_t i = json_array_size(list); i-- > 0;) // newest first
		add_entry(&past, json_array_get(list, i));
	json_object_foreach(past.steps, id, session) add_session(&past, session);
	return document_of(cli, &past, ret);
}
