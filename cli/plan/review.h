// Plans to be looked at: one, or several over the same events, with what they were made of.
#pragma once
#include "cli.h"
#include "plan/compare.h"
#include "plan/json.h"

typedef struct PlanReview {
	size_t count;
	PlanFile *files[PLANS_COMPARED_MAX];
	ComparedPlan plans[PLANS_COMPARED_MAX];
	EventSet *set; // NULL: it is not here any more
	const char *set_name;
	Arena *snapshots;
} PlanReview;

// Those that the command line names. `decides`: the snapshots are wanted too, as those of
// brief plans always are. Errors: those of plan_open,
// plan_set_open and plan_snapshot_open.
Err plan_review_open(Cli *cli, bool decides, PlanReview *ret);
void plan_review_close(PlanReview *review);

// What follows reads --limit, --quick and --clip; new references.

// As plans_compare, with `values`: what each plan is worth.
Err plan_review_compare(Cli *cli, const PlanReview *review, json_t **ret);
// The first plan whole: plan_whole_json with `value` and, if it is here, the event set's name and times.
Err plan_review_one(Cli *cli, const PlanReview *review, json_t **ret);
// All of it: plans and, of several, how they compare, with what differs between their snapshots
// (`configuration`, as snapshot_json_diff tells it).
Err plan_review_json(Cli *cli, const PlanReview *review, json_t **ret);
