#include "plan/review.h"

#include "base/clock.h"
#include "events/workbench.h"
#include "plan/open.h"
#include "release/snapshot_json.h"

#include <sys/stat.h>

enum { EXAMPLES = 10, EXAMPLES_MAX = 100000 };

// --- opening ---

static Err open_one(Cli *cli, bool decides, size_t i, PlanReview *ret)
{
	const char *name = cli->line.arguments[i];

	TRY(plan_open(cli, name, &ret->files[i]));
	ret->plans[i] = (ComparedPlan){.name = name, .file = ret->files[i]};
	const PlanEnd *end = plan_file_end(ret->files[i]);

	return decides || end->inputs->brief
	               ? plan_snapshot_open(cli, end, ret->snapshots, &ret->plans[i].snapshot)
	               : OK;
}

Err plan_review_open(Cli *cli, bool decides, PlanReview *ret)
{
	*ret = (PlanReview){.count = cli->line.count, .snapshots = arena_new(1 << 20, 0)};
	if (ret->count > PLANS_COMPARED_MAX)
		return cli_usage(cli, "at most %d plans are looked at together", PLANS_COMPARED_MAX);
	if (!ret->snapshots)
		return err(ERR_NO_MEMORY, "no memory for snapshots");
	for (size_t i = 0; i < ret->count; i++)
		TRY(open_one(cli, decides, i, ret));
	return plan_set_open(cli, plan_file_end(ret->files[0]), &ret->set, &ret->set_name);
}

void plan_review_close(PlanReview *review)
{
	for (size_t i = 0; i < review->count && i < PLANS_COMPARED_MAX; i++)
		plan_file_close(review->files[i]);
	event_set_close(review->set);
	arena_free(review->snapshots);
}

// --- what is told ---

// What each is worth, in their order.
static Err values_json(Cli *cli, const PlanReview *review, json_t **ret)
{
	PlanValue values[PLANS_COMPARED_MAX];
	double clip;

	TRY(cli_factor(cli, OPT_CLIP, &clip));
	if (review->set)
		TRY(plan_values(review->set, review->plans, review->count, clip, values));
	*ret = json_array();
	for (size_t i = 0; i < review->count; i++) {
		json_t *value = plan_value_json(
		        review->set ? &values[i] : NULL, i > 0 ? review->plans[0].name : NULL);

		json_object_set_new(value, "plan", json_string(review->plans[i].name));
		json_array_append_new(*ret, value);
	}
	return OK;
}

static Err compare(Cli *cli, const PlanReview *review, json_t **ret)
{
	int64_t examples;

	TRY(cli_number(cli, OPT_LIMIT, 0, EXAMPLES_MAX, EXAMPLES, &examples));
	return plans_compare(review->plans, review->count, (size_t)examples, cli_given(cli, OPT_QUICK), ret);
}

Err plan_review_compare(Cli *cli, const PlanReview *review, json_t **ret)
{
	json_t *values = NULL;

	TRY(compare(cli, review, ret));
	TRY(values_json(cli, review, &values));
	json_object_set_new(*ret, "values", values);
	return OK;
}

static void set_time(json_t *into, const char *name, int64_t time_us)
{
	char text[TIME_TEXT_SIZE];

	time_format(time_us, text);
	json_object_set_new(into, name, json_string(text));
}

static Err made_json(Cli *cli, const char *name, json_t *into)
{
	struct stat info;
	const char *path;

	TRY(workbench_path(cli, "plans", name, &path));
	if (stat(path, &info) == 0)
		set_time(into, "made", (int64_t)info.st_mtim.tv_sec * US_PER_S);
	return OK;
}

// What differs between the snapshots of the first plan and each other one: where a change begins.
static Err configurations_json(Cli *cli, const PlanReview *review, json_t *compared)
{
	json_t *comparisons = json_object_get(compared, "comparisons");

	for (size_t i = 1; i < review->count; i++) {
		CLEANUP(json_decrefp_) json_t *before = NULL, *after = NULL;

		if (!review->plans[0].snapshot || !review->plans[i].snapshot)
			continue;
		TRY(snapshot_json(plan_snapshot(review->plans[0].snapshot), &before));
		TRY(snapshot_json(plan_snapshot(review->plans[i].snapshot), &after));
		json_object_set_new(json_array_get(comparisons, i - 1), "configuration",
		        snapshot_json_diff(before, after, cli->arena));
	}
	return OK;
}

static Err one_json(Cli *cli, const PlanReview *review, size_t i, json_t *value, json_t **ret)
{
	*ret = plan_whole_json(cli->arena, review->plans[i].name, plan_file_end(review->files[i]));
	json_object_set(*ret, "value", value);
	if (review->set) {
		const EventSetInfo *info = event_set_info(review->set);

		json_object_set_new(*ret, "set_name", json_string(review->set_name));
		json_object_set_new(*ret, "events", json_integer((json_int_t)info->events));
		if (info->events > 0) {
			set_time(*ret, "first", info->first_us);
			set_time(*ret, "last", info->last_us);
		}
	}
	return made_json(cli, review->plans[i].name, *ret);
}

Err plan_review_one(Cli *cli, const PlanReview *review, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *values = NULL;

	TRY(values_json(cli, review, &values));
	return one_json(cli, review, 0, json_array_get(values, 0), ret);
}

Err plan_review_json(Cli *cli, const PlanReview *review, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *values = NULL;
	json_t *plans = json_array(), *compared = NULL;

	*ret = json_pack("{s:o}", "plans", plans);
	if (review->count > 1) {
		TRY(compare(cli, review, &compared));
		json_object_set_new(*ret, "compared", compared);
		TRY(configurations_json(cli, review, compared));
	}
	TRY(values_json(cli, review, &values));
	for (size_t i = 0; i < review->count; i++) {
		json_t *plan = NULL;
		Err e = one_json(cli, review, i, json_array_get(values, i), &plan);

		json_array_append_new(plans, plan);
		TRY(e);
	}
	return OK;
}
