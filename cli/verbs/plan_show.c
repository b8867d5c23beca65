// plan show, compare, report: plans looked at, one or several.
#include "output.h"
#include "plan/event.h"
#include "plan/html_report.h"
#include "plan/print.h"
#include "plan/submitted.h"

static Err show_event(Cli *cli, const PlanReview *review)
{
	CLEANUP(json_decrefp_) json_t *event = NULL;
	int64_t place;

	TRY(cli_number(cli, OPT_PLACE, 0, INT64_MAX, 0, &place));
	TRY(plan_event_json(cli, review, (uint64_t)place, &event));
	return cli->format == FORMAT_TABLE ? plan_event_print(cli, event) : print_json(cli, event);
}

// How it stands in the environment that --env names.
static Err show_submitted(Cli *cli, json_t *shown)
{
	Submitted plan;
	SubmittedPlan *now = NULL;
	Err e = submitted_find(cli, true, &plan);

	if (e == OK)
		e = submitted_get(cli, &plan, cli->arena, &now);
	submitted_close(&plan);
	TRY(e);
	if (cli->format != FORMAT_TABLE)
		return json_object_set_new(shown, "submission", submitted_json(now)) == 0
		               ? OK
		               : err(ERR_NO_MEMORY, "no memory for a plan");
	TRY(submitted_print(cli, now));
	putchar('\n');
	return OK;
}

Err verb_plan_show(Cli *cli)
{
	CLEANUP(plan_review_close) PlanReview review = {0};
	CLEANUP(json_decrefp_) json_t *plan = NULL;

	TRY(plan_review_open(cli, cli_given(cli, OPT_PLACE), &review));
	if (cli_given(cli, OPT_PLACE))
		return show_event(cli, &review);
	TRY(plan_review_one(cli, &review, &plan));
	if (cli_given(cli, OPT_ENV))
		TRY(show_submitted(cli, plan));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, plan);
	CLEANUP(json_decrefp_) json_t *values = json_pack("[O]", json_object_get(plan, "value"));
	TRY(plan_print_one(cli, plan));
	return plan_print_values(cli, values);
}

// --- compare ---

static void exit_by(Cli *cli, const json_t *compared)
{
	const json_t *comparison;
	size_t i;

	json_array_foreach(json_object_get(compared, "comparisons"), i,
	        comparison) if (json_integer_value(json_object_get(comparison, "changed")) > 0)
	        cli->exit_code = EXIT_DIFFERENT;
}

Err verb_plan_compare(Cli *cli)
{
	CLEANUP(plan_review_close) PlanReview review = {0};
	CLEANUP(json_decrefp_) json_t *compared = NULL;

	TRY(plan_review_open(cli, !cli_given(cli, OPT_QUICK), &review));
	TRY(plan_review_compare(cli, &review, &compared));
	exit_by(cli, compared);
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, compared);
	TRY(plan_print_compared(cli, compared));
	return plan_print_values(cli, json_object_get(compared, "values"));
}

// --- report ---

static Err print_report(Cli *cli, const json_t *report)
{
	CLEANUP(json_decrefp_) json_t *values = json_array();
	const json_t *compared = json_object_get(report, "compared"), *plan;
	size_t i;

	json_array_foreach(json_object_get(report, "plans"), i, plan)
	{
		if (i > 0)
			putchar('\n');
		TRY(plan_print_one(cli, plan));
		json_array_append(values, json_object_get(plan, "value"));
	}
	if (compared) {
		putchar('\n');
		TRY(plan_print_compared(cli, compared));
	}
	return plan_print_values(cli, values);
}

Err verb_plan_report(Cli *cli)
{
	CLEANUP(plan_review_close) PlanReview review = {0};
	CLEANUP(json_decrefp_) json_t *report = NULL;

	TRY(plan_review_open(cli, !cli_given(cli, OPT_QUICK), &review));
	TRY(plan_review_json(cli, &review, &report));
	if (cli_given(cli, OPT_HTML))
		return plan_html_write(report, cli_option(cli, OPT_HTML));
	return cli->format == FORMAT_TABLE ? print_report(cli, report) : print_json(cli, report);
}
