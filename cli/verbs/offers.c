// Asking for offers, and for why; also for another world than the present one (what if).
#include "base/clock.h"
#include "connect.h"
#include "output.h"
#include "touchpoint/explain.h"
#include "touchpoint/interact.h"
#include "touchpoint/value.h"

enum { POINTS_MAX = 16 };

// --- the request ---

static Err filter(Cli *cli, json_t *list)
{
	for (const OptionValue *value = cli->line.options[OPT_FILTER]; value; value = value->next) {
		json_t *condition;
		Err e = condition_parse(str(value->text), cli->arena, &condition);

		cli->usage = e != OK;
		TRY(e);
		json_array_append_new(list, condition);
	}
	return OK;
}

static Err points(Cli *cli, json_t *request)
{
	CLEANUP(json_decrefp_) json_t *conditions = json_array();
	json_t *list = json_array();
	int64_t max;

	json_object_set_new(request, "points", list);
	TRY(cli_number(cli, OPT_MAX, 1, 100, 1, &max));
	TRY(filter(cli, conditions));
	for (size_t i = 1; i < cli->line.count && i <= POINTS_MAX; i++)
		json_array_append_new(
		        list, json_pack("{s:s, s:I, s:O}", "interaction_point", cli->line.arguments[i],
		                      "max_offers", (json_int_t)max, "filter", conditions));
	return OK;
}

static Err what_if(Cli *cli, json_t *request)
{
	CLEANUP(json_decrefp_) json_t *world = json_object();
	const char *as_of = cli_option(cli, OPT_AS_OF);
	int64_t us;

	if (as_of && !time_parse(str(as_of), &us))
		return cli_usage(cli, "--as-of '%s' is not a time such as 2026-01-31T08:00:00Z", as_of);
	if (as_of)
		json_object_set_new(world, "as_of", json_string(as_of));
	TRY(interact_values(cli, OPT_SET, "attributes", world));
	for (const OptionValue *value = cli->line.options[OPT_UNSET]; value; value = value->next)
		json_array_append_new(
		        json_object_get(world, "attributes"), json_pack("{s:s}", "name", value->text));
	if (as_of || json_array_size(json_object_get(world, "attributes")))
		json_object_set(request, "what_if", world);
	return OK;
}

static Err offers_request(Cli *cli, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *request = NULL;

	TRY(interact_request(cli, &request));
	TRY(points(cli, request));
	TRY(what_if(cli, request));
	json_object_set_new(request, "explain", json_boolean(cli_given(cli, OPT_EXPLAIN)));
	json_object_set_new(request, "deduplicate_across_points", json_boolean(cli_given(cli, OPT_ACROSS)));
	*ret = STEAL(request);
	return OK;
}

// --- the answer ---

// One row an offer, with its point; a default content is a row too.
static json_t *offer_rows(const json_t *answer)
{
	json_t *rows = json_array();
	const json_t *point, *offer;
	size_t i, j;

	json_array_foreach(json_object_get(answer, "points"), i, point)
	{
		json_t *name = json_object_get(point, "interaction_point");

		json_array_foreach(json_object_get(point, "offers"), j, offer)
		{
			json_t *row = json_pack("{s:O}", "point", name);

			json_object_update(row, (json_t *)(uintptr_t)offer);
			json_array_append_new(rows, row);
		}
		if (j == 0)
			json_array_append_new(
			        rows, json_pack("{s:O, s:s, s:O*}", "point", name, "offer_code", "(default)",
			                      "offer_name", json_object_get(point, "default_content")));
	}
	return rows;
}

static Err print_why(Cli *cli, const json_t *point)
{
	CLEANUP(json_decrefp_) json_t *rows = explain_candidates(json_object_get(point, "candidates"));

	if (!json_array_size(rows))
		return OK;
	printf("\nWhy, at %s:\n", json_string_value(json_object_get(point, "interaction_point")));
	return print_table(cli, rows,
	        "OFFER:offer ORIGIN:origin/3 BY:by/2 CELL:cell/4 SCORE:score/1 REASON:reason WHY:why");
}

static Err print_offers(Cli *cli, const json_t *answer)
{
	const json_t *points = json_object_get(answer, "points");
	CLEANUP(json_decrefp_) json_t *offers = offer_rows(answer);
	const json_t *point;
	size_t i;

	interact_notes(answer, "");
	json_array_foreach(points, i, point)
	        interact_notes(point, json_string_value(json_object_get(point, "interaction_point")));
	TRY(print_table(cli, offers,
	        "POINT:point OFFER:offer_code NAME:offer_name/2 SCORE:score/1 TREATMENT:treatment_code"));
	json_array_foreach(points, i, point) TRY(print_why(cli, point));
	return OK;
}

Err verb_offers(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	json_t *request;

	TRY(offers_request(cli, &request));
	TRY(cli_interact(cli, "GetOffers", request, &answer));
	return cli->format == FORMAT_TABLE ? print_offers(cli, answer) : print_json(cli, answer);
}
