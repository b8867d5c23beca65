// An event's effects as a person reads them: what happened, then what it does, then why.
#include "output.h"
#include "plan/event.h"
#include "told.h"
#include "touchpoint/explain.h"

// --- the event ---

static const char *named_text(Cli *cli, const json_t *list, const char *title)
{
	const char *text = "";
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) text = arena_printf(cli->arena, "%s%s%s=%s", text, i ? ", " : title,
	        told_text(item, "name"), told_text(item, "value"));
	return text;
}

static const char *asked_text(Cli *cli, const json_t *questions)
{
	const char *text = "";
	const json_t *item;
	size_t i;

	json_array_foreach(questions, i, item)
	{
		json_int_t max = json_integer_value(json_object_get(item, "max"));

		text = arena_printf(cli->arena, "%s%s%s:%lld", text, i ? "," : "",
		        told_text(item, "interaction_point"), (long long)(max ? max : 1));
	}
	return text;
}

static void add_row(json_t *rows, const char *what, const char *detail)
{
	if (*detail)
		json_array_append_new(rows, json_pack("{s:s, s:s}", "what", what, "detail", detail));
}

static const char *propensity_text(Cli *cli, const json_t *propensity)
{
	return json_is_number(propensity) ? arena_printf(cli->arena, "%.6g", json_number_value(propensity))
	                                  : "not known";
}

static void add_event(Cli *cli, const json_t *event, json_t *rows)
{
	const json_t *outcome = json_object_get(event, "outcome"); // zeros are left out of it

	add_row(rows, "visitor", named_text(cli, json_object_get(event, "keys"), ""));
	add_row(rows, "session", told_text(event, "session"));
	add_row(rows, "sets", named_text(cli, json_object_get(event, "attributes"), ""));
	add_row(rows, "posts", told_text(event, "event"));
	add_row(rows, "about", told_text(event, "offer_code"));
	add_row(rows, "asks", asked_text(cli, json_object_get(event, "questions")));
	if (outcome)
		add_row(rows, "was shown",
		        arena_printf(cli->arena, "%s, reward %.6g, propensity %s",
		                told_text(outcome, "offer_code"),
		                json_number_value(json_object_get(outcome, "reward")),
		                propensity_text(cli, json_object_get(outcome, "propensity"))));
}

// --- entries ---

static const char *offers_text(Cli *cli, const json_t *recommendation)
{
	const char *text =
	        arena_printf(cli->arena, "%s in %s:", told_text(recommendation, "interaction_point"),
	                told_text(recommendation, "zone"));
	const json_t *offers = json_object_get(recommendation, "offers"), *offer;
	size_t i;

	json_array_foreach(offers, i, offer)
	{
		const char *rule = told_text(offer, "treatment_rule"), *segment = told_text(offer, "segment");

		text = arena_printf(cli->arena, "%s%s %s by %s%s%s, %.6g", text, i ? ";" : "",
		        told_text(offer, "offer_code"), *rule ? rule : told_text(offer, "origin"),
		        *segment ? " for " : "", segment, json_number_value(json_object_get(offer, "score")));
	}
	return json_array_size(offers) > 0 ? text : arena_printf(cli->arena, "%s the default content", text);
}

static const char *list_text(Cli *cli, const json_t *list, const char *field)
{
	const char *text = "";
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) text = arena_printf(cli->arena, "%s%s%s", text, i ? ", " : "",
	        json_is_string(item) ? json_string_value(item) : told_text(item, field));
	return text;
}

static const char *posted_text(Cli *cli, const json_t *posted)
{
	const char *offer = told_text(posted, "offer_code"),
	           *meanings = list_text(cli, json_object_get(posted, "meanings"), ""), *text;
	const json_t *effect;
	size_t i;

	text = arena_printf(cli->arena, "%s%s%s%s%s", told_text(posted, "event"), *offer ? " about " : "",
	        offer, *meanings ? ": " : "", meanings);
	json_array_foreach(json_object_get(posted, "effects"), i, effect) text =
	        arena_printf(cli->arena, "%s%s%s %s", text, i ? ", " : "; remembers ",
	                told_text(effect, "kind"), told_text(effect, "offer_code"));
	return text;
}

static const char *entry_text(Cli *cli, const char *kind, const json_t *entry)
{
	Str text = {0};

	if (strcmp(kind, "recommendation") == 0)
		return offers_text(cli, entry);
	if (strcmp(kind, "event_posted") == 0)
		return posted_text(cli, entry);
	if (strcmp(kind, "session_started") == 0)
		return arena_printf(cli->arena, "segments %s",
		        json_array_size(json_object_get(entry, "segments")) > 0
		                ? list_text(cli, json_object_get(entry, "segments"), "")
		                : "none");
	if (strcmp(kind, "session_ended") == 0)
		return told_text(entry, "cause");
	return json_text(entry, false, cli->arena, &text) == OK ? text.ptr : "";
}

static void add_entry(Cli *cli, const json_t *entry, json_t *rows)
{
	const char *kind;
	json_t *what;

	json_object_foreach((json_t *)(uintptr_t)entry, kind, what)
	{
		if (strcmp(kind, "context") == 0)
			continue;
		json_array_append_new(rows,
		        json_pack("{s:O?, s:O?, s:s, s:s}", "time",
		                json_object_get(json_object_get(entry, "context"), "time_us"), "visitor",
		                json_object_get(json_object_get(entry, "context"), "audience_id"), "what",
		                kind, "detail", entry_text(cli, kind, what)));
	}
}

// --- why ---

static Err print_decision(Cli *cli, const json_t *decision)
{
	CLEANUP(json_decrefp_) json_t *rows = explain_candidates(json_object_get(decision, "candidates"));

	printf("\nWhy, at %s in %s:%s\n", told_text(decision, "interaction_point"),
	        told_text(decision, "zone"),
	        json_is_true(json_object_get(decision, "explained"))
	                ? ""
	                : " cannot be told, for the snapshot or the receipt is not here (a brief plan has "
	                  "none)");
	return print_table(cli, rows,
	        "OFFER:offer ORIGIN:origin/3 BY:by/2 CELL:cell/4 SCORE:score/1 REASON:reason WHY:why");
}

// --- all of it ---

Err plan_event_print(Cli *cli, const json_t *event)
{
	CLEANUP(json_decrefp_) json_t *told = json_array();
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	const json_t *item;
	size_t i;

	printf("place %lld of the plan %s\n", (long long)json_integer_value(json_object_get(event, "place")),
	        told_text(event, "plan"));
	add_event(cli, json_object_get(event, "event"), told);
	add_row(told, "enters", list_text(cli, json_object_get(event, "segments_entered"), ""));
	add_row(told, "leaves", list_text(cli, json_object_get(event, "segments_left"), ""));
	json_array_foreach(json_object_get(event, "problems"), i, item) add_row(told, "problem",
	        arena_printf(cli->arena, "%s: %s", told_text(item, "reason"), told_text(item, "about")));
	TRY(print_table(cli, told, "THE-EVENT:what DETAIL:detail"));
	json_array_foreach(json_object_get(event, "entries"), i, item) add_entry(cli, item, rows);
	putchar('\n');
	TRY(print_table(cli, rows, "WHAT:what VISITOR:visitor DETAIL:detail"));
	json_array_foreach(json_object_get(event, "decisions"), i, item) TRY(print_decision(cli, item));
	return OK;
}
