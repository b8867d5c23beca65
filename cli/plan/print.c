#include "plan/print.h"

#include "chart.h"
#include "output.h"
#include "told.h"

enum { INTERVAL_WIDTH = 31, MOVES_SHOWN = 3 };

static Err print_list(Cli *cli, const json_t *rows, const char *columns)
{
	if (json_array_size(rows) == 0)
		return OK;
	putchar('\n');
	return print_table(cli, rows, columns);
}

// --- one plan ---

static json_t *flat(const json_t *plan)
{
	json_t *copy = json_object(), *value;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)plan, key,
	        value) if (!json_is_array(value) && !json_is_object(value) &&
	                   !(json_is_string(value) && json_string_length(value) == 0))
	        json_object_set(copy, key, value);
	return copy;
}

Err plan_print_one(Cli *cli, const json_t *plan)
{
	CLEANUP(json_decrefp_) json_t *shown = flat(plan);

	TRY(print_one(cli, shown));
	printf("\nhash of all effects, as an approval signs it: %s\n", told_text(plan, "digest"));
	TRY(print_list(cli, json_object_get(plan, "totals"),
	        "OF:dimension NAME:name RECOMMENDED:recommended CONTACTS:contacts ACCEPTS:accepts "
	        "REJECTS:rejects"));
	TRY(print_list(cli, json_object_get(plan, "segments_entered"), "ENTERED:segment TIMES:count"));
	TRY(print_list(cli, json_object_get(plan, "candidates_by_reason"), "CANDIDATES:reason COUNT:count"));
	return print_list(cli, json_object_get(plan, "problems_by_reason"), "PROBLEM:reason COUNT:count");
}

// --- two plans ---

// "ESTATE-TALK to SAVINGS 4, …": a part's first moves.
static const char *moves_text(Cli *cli, const json_t *moves)
{
	const char *text = "";
	const json_t *row;
	size_t i;

	json_array_foreach(moves, i, row)
	{
		if (i == MOVES_SHOWN)
			return arena_printf(cli->arena, "%s, …", text);
		text = arena_printf(cli->arena, "%s%s%s to %s %lld", text, i ? ", " : "",
		        told_text(row, "before"), told_text(row, "after"),
		        (long long)told_count(row, "times"));
	}
	return text;
}

static Err print_parts(Cli *cli, const json_t *parts, const char *columns)
{
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	const char *name;
	json_t *part;

	json_object_foreach((json_t *)(uintptr_t)parts, name, part) json_array_append_new(
	        rows, json_pack("{s:s, s:O, s:O, s:s}", "name", name, "same", json_object_get(part, "same"),
	                      "changed", json_object_get(part, "changed"), "moves",
	                      moves_text(cli, json_object_get(part, "moves"))));
	return print_list(cli, rows, columns);
}

static const char *side(Cli *cli, const json_t *offer)
{
	return json_is_null(offer) ? "(nothing)"
	                           : arena_printf(cli->arena, "%s by %s, %.6g", told_text(offer, "offer"),
	                                     told_text(offer, "rule"), told_number(offer, "score"));
}

static Err print_examples(Cli *cli, const json_t *comparison)
{
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	const json_t *example;
	size_t i;

	json_array_foreach(json_object_get(comparison, "examples"), i, example)
	{
		json_t *row = json_copy((json_t *)(uintptr_t)example);

		json_object_set_new(
		        row, "before", json_string(side(cli, json_object_get(example, "before"))));
		json_object_set_new(row, "after", json_string(side(cli, json_object_get(example, "after"))));
		json_array_append_new(rows, row);
	}
	TRY(print_list(cli, rows,
	        "PLACE:place/3 VISITOR:visitor/2 POINT:point/1 BEFORE:before AFTER:after WHY:text"));
	if (json_array_size(rows) > 0)
		printf("\nparley plan show %s --place N tells all of one event.\n",
		        told_text(comparison, "after"));
	return OK;
}

static Err print_comparison(Cli *cli, const json_t *comparison)
{
	json_int_t questions = told_count(comparison, "questions"),
	           changed = told_count(comparison, "changed"),
	           guessed = changed - told_count(comparison, "explained"),
	           only = told_count(comparison, "only_before") + told_count(comparison, "only_after");

	printf("%s instead of %s: %lld questions, %lld of them (%.2f %%) would be answered otherwise\n",
	        told_text(comparison, "after"), told_text(comparison, "before"), (long long)questions,
	        (long long)changed, questions ? 100.0 * (double)changed / (double)questions : 0);
	if (only > 0)
		printf("%lld more are asked by one of the plans only\n", (long long)only);
	TRY(print_list(cli, json_object_get(comparison, "configuration"),
	        "OF:list/2 NAME:name CHANGE:change FIELD:field/1 BEFORE:before AFTER:after"));
	TRY(print_list(cli, json_object_get(comparison, "causes"), "WHY:why WHAT:what TIMES:changed"));
	if (guessed > 0)
		printf("\nof %lld the reason is told from the records alone\n", (long long)guessed);
	TRY(print_parts(cli, json_object_get(comparison, "zones"),
	        "ZONE:name SAME:same CHANGED:changed MOVES:moves"));
	TRY(print_parts(cli, json_object_get(comparison, "segments"),
	        "SEGMENT:name SAME:same CHANGED:changed MOVES:moves"));
	TRY(print_list(cli, json_object_get(comparison, "moves"), "BEFORE:before AFTER:after TIMES:times"));
	return print_examples(cli, comparison);
}

// --- several plans ---

// How much each pair differs: said only if there are more than two.
static void print_differing(const json_t *compared)
{
	const json_t *names = json_object_get(compared, "plans"), *row;
	size_t i, j;
	const json_t *times;

	puts("questions that two plans answer otherwise:");
	json_array_foreach(json_object_get(compared, "differing"), i, row)
	{
		printf("  %-24s", json_string_value(json_array_get(names, i)));
		json_array_foreach(row, j, times) printf(" %10lld", (long long)json_integer_value(times));
		putchar('\n');
	}
}

Err plan_print_compared(Cli *cli, const json_t *compared)
{
	const json_t *comparison;
	size_t i;

	if (json_array_size(json_object_get(compared, "plans")) > 2)
		print_differing(compared);
	json_array_foreach(json_object_get(compared, "comparisons"), i, comparison)
	{
		if (i > 0 || json_array_size(json_object_get(compared, "plans")) > 2)
			putchar('\n');
		TRY(print_comparison(cli, comparison));
	}
	return OK;
}

// --- what they are worth ---

static const char *number_text(Cli *cli, double value)
{
	return isfinite(value) ? arena_printf(cli->arena, "%.6g", value) : "-";
}

// The widest of all intervals, so that all are drawn on one scale.
static void scale(const json_t *values, double *ret_least, double *ret_most)
{
	const json_t *value, *estimate;
	size_t i, j;

	*ret_least = *ret_most = 0;
	json_array_foreach(values, i, value)
	        json_array_foreach(json_object_get(value, "estimates"), j, estimate)
	{
		*ret_least = fmin(*ret_least, told_number(estimate, "low"));
		*ret_most = fmax(*ret_most, told_number(estimate, "high"));
	}
}

static const char *name_of(Cli *cli, const json_t *value, const json_t *estimate)
{
	const char *name = told_text(estimate, "estimate");

	return strcmp(name, "over") == 0 ? arena_printf(cli->arena, "over %s", told_text(value, "first"))
	                                 : name;
}

static json_t *estimate_row(Cli *cli, const json_t *value, const json_t *estimate, double least, double most)
{
	const double parts[] = {
	        told_number(estimate, "low"), told_number(estimate, "value"), told_number(estimate, "high")};
	bool whole = isfinite(parts[0]) && isfinite(parts[1]) && isfinite(parts[2]);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "plan", told_text(value, "plan"), "estimate",
	        name_of(cli, value, estimate), "value", number_text(cli, parts[1]), "low",
	        number_text(cli, parts[0]), "high", number_text(cli, parts[2]), "chart",
	        whole ? chart_interval(chart_style(), parts, least, most, INTERVAL_WIDTH, cli->arena) : "");
}

static void print_verdict(const json_t *value)
{
	json_int_t unknown = told_count(value, "without_propensity"),
	           unasked = told_count(value, "not_asked");
	bool told = json_array_size(json_object_get(value, "estimates")) > 0;

	if (told)
		printf("%s: %lld rows of %lld visitors; %lld match, worth %.0f", told_text(value, "plan"),
		        (long long)told_count(value, "rows"), (long long)told_count(value, "units"),
		        (long long)told_count(value, "matched"), told_number(value, "effective_rows"));
	else
		printf("%s: no expected value: %s", told_text(value, "plan"), told_text(value, "why"));
	if (told && unknown > 0)
		printf("; %lld more have no propensity", (long long)unknown);
	if (told && unasked > 0)
		printf("; of %lld the plan asks nothing at their point", (long long)unasked);
	putchar('\n');
	if (told)
		printf("  support: %s%s%s\n", told_text(value, "support"),
		        *told_text(value, "why") ? ": " : "", told_text(value, "why"));
}

Err plan_print_values(Cli *cli, const json_t *values)
{
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	const json_t *value, *estimate;
	double least, most;
	size_t i, j;

	scale(values, &least, &most);
	json_array_foreach(values, i, value) json_array_foreach(json_object_get(value, "estimates"), j,
	        estimate) json_array_append_new(rows, estimate_row(cli, value, estimate, least, most));
	TRY(print_list(cli, rows, "PLAN:plan ESTIMATE:estimate VALUE:value LOW:low HIGH:high 95%:chart"));
	putchar('\n');
	json_array_foreach(values, i, value) print_verdict(value);
	return OK;
}
