// plan: what a set of events would do, by name in the workbench. A plan is made by parley-runtime, because
// only that program has sessions, actions and visitor state; the snapshot's bytes are kept beside the plans
// by their digest, so that a plan can be made again.
#include "output.h"
#include "plan_compare.h"
#include "plan_inputs.h"
#include "runtime_program.h"
#include "snapshot/snapshot.h"
#include "snapshot_source.h"
#include "workbench.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <unistd.h>

enum { WORDS_MOST = 32, EXAMPLES = 10 };

// --- running ---

static Err snapshot_keep(Cli *cli, const char **ret)
{
	const char *source, *folder;
	char hex[65];
	Str blob;

	TRY(cli_need(cli, OPT_SNAPSHOT, &source));
	TRY(snapshot_source(cli, source, cli->arena, &blob));
	if (blob.len == 0)
		return err(ERR_FIELD_INVALID, "%s switches the channel off: there is nothing to plan with",
		        source);
	Digest digest = digest_of(blob);
	digest_hex(&digest, hex);
	TRY(workbench_folder(cli, &folder));
	folder = arena_printf(cli->arena, "%s/snapshots", folder);
	TRY(dir_make(folder, 0700));
	*ret = arena_printf(cli->arena, "%s/%s", folder, hex);
	return access(*ret, R_OK) == 0 ? OK : file_write_durable(*ret, blob, 0600);
}

Err verb_plan_run(Cli *cli)
{
	static const struct {
		OptionId option;
		const char *word;
	} passed[] = {{OPT_CONTACT, "--contact-event"}, {OPT_SEED, "--seed"}, {OPT_THREADS, "--threads"}};
	const char *words[WORDS_MOST], *name, *set, *snapshot = NULL, *plan, *state, *profiles;
	size_t count = 0;

	TRY(cli_need(cli, OPT_NAME, &name));
	TRY(workbench_path(cli, "sets", cli->line.arguments[0], &set));
	TRY(workbench_path(cli, "plans", name, &plan));
	if (access(set, R_OK) != 0)
		return err(ERR_RESOURCE_NOT_FOUND, "there is no event set \"%s\": parley events list",
		        cli->line.arguments[0]);
	if (access(plan, F_OK) == 0)
		return err(ERR_RESOURCE_EXISTS,
		        "there is a plan \"%s\": give another name, or parley plan remove %s", name, name);
	TRY(plan_state_path(cli, &state));
	TRY(snapshot_keep(cli, &snapshot));
	TRY(plan_profiles_path(cli, name, set, snapshot, &profiles));
	words[count++] = runtime_program(cli);
	words[count++] = "plan";
	words[count++] = "--set";
	words[count++] = set;
	words[count++] = "--snapshot";
	words[count++] = snapshot;
	words[count++] = "--out";
	words[count++] = plan;
	for (size_t i = 0; i < ARRAY_COUNT(passed); i++)
		if (cli_given(cli, passed[i].option)) {
			words[count++] = passed[i].word;
			words[count++] = cli_option(cli, passed[i].option);
		}
	if (state) {
		words[count++] = "--state";
		words[count++] = state;
	}
	if (profiles) {
		words[count++] = "--profiles";
		words[count++] = profiles;
	}
	if (cli_given(cli, OPT_EXPLAIN))
		words[count++] = "--explain";
	if (cli->format != FORMAT_TABLE)
		words[count++] = "--json";
	words[count] = NULL;
	return runtime_become(words);
}

// --- looking ---

static Err plan_open(Cli *cli, const char *name, PlanFile **ret)
{
	const char *path;

	TRY(workbench_path(cli, "plans", name, &path));
	if (access(path, F_OK) != 0)
		return err(ERR_RESOURCE_NOT_FOUND, "there is no plan \"%s\": parley plan list", name);
	return plan_file_open(path, ret);
}

static const char *hex_of(Cli *cli, ProtobufCBinaryData bytes)
{
	char *hex = arena_alloc(cli->arena, 2 * bytes.len + 1);

	if (hex)
		hex_encode(bytes.data, bytes.len, hex);
	return hex ? hex : "";
}

static json_t *plan_json(Cli *cli, const char *name, const PlanEnd *end)
{
	json_int_t recommended = 0, problems = 0;

	for (size_t i = 0; i < end->n_offers; i++)
		recommended += (json_int_t)end->offers[i]->recommended;
	for (size_t i = 0; i < end->n_problems; i++)
		problems += (json_int_t)end->problems[i]->count;
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:s}", "name", name,
	        "channel", end->inputs->channel, "events_posted", (json_int_t)end->posted, "sessions",
	        (json_int_t)end->sessions, "questions", (json_int_t)end->questions, "recommended",
	        recommended, "unanswered", (json_int_t)end->unanswered, "problems", problems, "seed",
	        (json_int_t)end->inputs->seed, "set", hex_of(cli, end->inputs->set_digest), "snapshot",
	        hex_of(cli, end->inputs->snapshot_digest), "digest", hex_of(cli, end->digest));
}

static json_t *counts_json(
        const char *dimension, Parley__Plan__V1__PlanCount *const *counts, size_t count, json_t *ret)
{
	for (size_t i = 0; i < count; i++)
		json_array_append_new(ret,
		        json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "dimension", dimension, "name",
		                counts[i]->name, "recommended", (json_int_t)counts[i]->recommended,
		                "contacts", (json_int_t)counts[i]->contacts, "accepts",
		                (json_int_t)counts[i]->accepts, "rejects", (json_int_t)counts[i]->rejects));
	return ret;
}

static json_t *totals_json(const PlanEnd *end)
{
	json_t *totals = json_array();

	counts_json("offer", end->offers, end->n_offers, totals);
	counts_json("zone", end->zones, end->n_zones, totals);
	counts_json("point", end->points, end->n_points, totals);
	counts_json("segment", end->rule_segments, end->n_rule_segments, totals);
	counts_json("campaign", end->campaigns, end->n_campaigns, totals);
	return counts_json("cell", end->cells, end->n_cells, totals);
}

static json_t *problems_json(const PlanEnd *end)
{
	json_t *problems = json_array();

	for (size_t i = 0; i < end->n_problems; i++)
		json_array_append_new(problems, json_pack("{s:s, s:I}", "reason", end->problems[i]->name,
		                                        "count", (json_int_t)end->problems[i]->count));
	return problems;
}

Err verb_plan_list(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *names = NULL, *plans = json_array();
	size_t i;
	json_t *name;

	TRY(workbench_names(cli, "plans", &names));
	json_array_foreach(names, i, name)
	{
		CLEANUP(plan_file_closep) PlanFile *plan = NULL;

		TRY(plan_open(cli, json_string_value(name), &plan));
		json_array_append_new(plans, plan_json(cli, json_string_value(name), plan_file_end(plan)));
	}
	return print_items(cli, plans,
	        "NAME:name CHANNEL:channel QUESTIONS:questions RECOMMENDED:recommended PROBLEMS:problems "
	        "SET:set "
	        "SNAPSHOT:snapshot DIGEST:digest");
}

Err verb_plan_show(Cli *cli)
{
	CLEANUP(plan_file_closep) PlanFile *plan = NULL;
	CLEANUP(json_decrefp_) json_t *shown = NULL, *totals = NULL, *problems = NULL;

	TRY(plan_open(cli, cli->line.arguments[0], &plan));
	shown = plan_json(cli, cli->line.arguments[0], plan_file_end(plan));
	totals = totals_json(plan_file_end(plan));
	problems = problems_json(plan_file_end(plan));
	if (cli->format != FORMAT_TABLE) {
		json_object_set(shown, "totals", totals);
		json_object_set(shown, "problems_by_reason", problems);
		return print_json(cli, shown);
	}
	TRY(print_one(cli, shown));
	putchar('\n');
	TRY(print_table(cli, totals,
	        "OF:dimension NAME:name RECOMMENDED:recommended CONTACTS:contacts ACCEPTS:accepts "
	        "REJECTS:rejects"));
	if (json_array_size(problems) == 0)
		return OK;
	putchar('\n');
	return print_table(cli, problems, "PROBLEM:reason COUNT:count");
}

Err verb_plan_verify(Cli *cli)
{
	CLEANUP(plan_file_closep) PlanFile *plan = NULL;

	TRY(plan_open(cli, cli->line.arguments[0], &plan));
	TRY(plan_file_verify(plan));
	CLEANUP(json_decrefp_) json_t *shown = plan_json(cli, cli->line.arguments[0], plan_file_end(plan));
	return print_one(cli, shown);
}

Err verb_plan_remove(Cli *cli)
{
	const char *path, *name = cli->line.arguments[0];

	TRY(workbench_path(cli, "plans", name, &path));
	bool part = unlink(arena_printf(cli->arena, "%s.part", path)) == 0;
	if (unlink(path) == 0 || part)
		return OK;
	return access(path, F_OK) != 0
	               ? err(ERR_RESOURCE_NOT_FOUND, "there is no plan \"%s\": parley plan list", name)
	               : err_errno(ERR_IO, "cannot remove %s", path);
}

// --- comparing ---

// {"a": {"x": 1, …}, …} as rows with the members `first` and, if it is given, `second` for the inner names.
static json_t *rows_of(const json_t *object, const char *first, const char *second)
{
	json_t *rows = json_array(), *inner, *value;
	const char *key, *name;

	json_object_foreach((json_t *)(uintptr_t)object, key, inner)
	{
		json_t *row = json_pack("{s:s}", first, key);

		json_object_foreach(inner, name, value)
		{
			if (second) {
				json_array_append_new(rows, json_pack("{s:s, s:s, s:O}", first, key, second,
				                                    name, "times", value));
				continue;
			}
			json_object_set(row, name, value);
		}
		if (second)
			json_decref(row);
		else
			json_array_append_new(rows, row);
	}
	return rows;
}

static Err part(Cli *cli, const json_t *compared, const char *what, const char *first, const char *second,
        const char *columns)
{
	CLEANUP(json_decrefp_) json_t *rows = rows_of(json_object_get(compared, what), first, second);

	if (json_array_size(rows) == 0)
		return OK;
	putchar('\n');
	return print_table(cli, rows, columns);
}

static const char *side(Cli *cli, const json_t *offer)
{
	return json_is_null(offer) ? "(nothing)"
	                           : arena_printf(cli->arena, "%s by %s, %.6g",
	                                     json_string_value(json_object_get(offer, "offer")),
	                                     json_string_value(json_object_get(offer, "rule")),
	                                     json_number_value(json_object_get(offer, "score")));
}

static Err print_examples(Cli *cli, const json_t *examples)
{
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	const json_t *example;
	size_t i;

	json_array_foreach(examples, i, example)
	{
		json_t *row = json_pack("{s:O, s:O, s:O, s:O}", "place", json_object_get(example, "place"),
		        "visitor", json_object_get(example, "visitor"), "point",
		        json_object_get(example, "point"), "why", json_object_get(example, "why"));

		json_object_set_new(
		        row, "before", json_string(side(cli, json_object_get(example, "before"))));
		json_object_set_new(row, "after", json_string(side(cli, json_object_get(example, "after"))));
		json_array_append_new(rows, row);
	}
	if (json_array_size(rows) == 0)
		return OK;
	putchar('\n');
	return print_table(
	        cli, rows, "EVENT:place VISITOR:visitor POINT:point WHY:why BEFORE:before AFTER:after");
}

static Err print_compared(Cli *cli, const json_t *compared)
{
	json_int_t questions = json_integer_value(json_object_get(compared, "questions"));
	json_int_t changed = json_integer_value(json_object_get(compared, "changed"));

	printf("%lld questions, %lld of them (%.2f %%) would be answered otherwise\n", (long long)questions,
	        (long long)changed, questions ? 100.0 * (double)changed / (double)questions : 0);
	TRY(part(cli, compared, "reasons", "why", NULL, "WHY:why TIMES:changed"));
	TRY(part(cli, compared, "zones", "zone", NULL, "ZONE:zone SAME:same CHANGED:changed"));
	TRY(part(cli, compared, "segments", "segment", NULL, "SEGMENT:segment SAME:same CHANGED:changed"));
	TRY(part(cli, compared, "matrix", "before", "after", "BEFORE:before AFTER:after TIMES:times"));
	return print_examples(cli, json_object_get(compared, "examples"));
}

Err verb_plan_compare(Cli *cli)
{
	CLEANUP(plan_file_closep) PlanFile *a = NULL, *b = NULL;
	CLEANUP(json_decrefp_) json_t *compared = NULL;
	int64_t examples;

	TRY(cli_number(cli, OPT_LIMIT, 0, 100000, EXAMPLES, &examples));
	TRY(plan_open(cli, cli->line.arguments[0], &a));
	TRY(plan_open(cli, cli->line.arguments[1], &b));
	TRY(plans_compare(a, b, (size_t)examples, &compared));
	cli->exit_code = json_integer_value(json_object_get(compared, "changed")) ? EXIT_DIFFERENT : EXIT_OK;
	return cli->format == FORMAT_TABLE ? print_compared(cli, compared) : print_json(cli, compared);
}
