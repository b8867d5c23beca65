// One global order of rules, best first, and for each zone and level the rules that may be candidates there,
// in that order. A call then walks forward in memory and can stop early.
#include "decide/plan.h"

#include <stdlib.h>
#include <xxhash.h>

enum { CANDIDATES_MAX = 64 * 1024 * 1024 }; // entries of all lists together

static Window window(int64_t effective_us, int64_t expires_us)
{
	return (Window){effective_us ? effective_us : INT64_MIN, expires_us ? expires_us : INT64_MAX};
}

static PlanRule plan_rule(const Snapshot *snapshot, uint32_t index, const RulePrograms *programs)
{
	const SnapRule *rule = snapshot->rules[index];
	const SnapOffer *offer = snapshot->offers[rule->offer];
	return (PlanRule){
	        .segment = rule->segment,
	        .eligibility = programs->eligibility,
	        .scoring = programs->scoring,
	        .rule = index,
	        .offer = rule->offer,
	        .published = offer->published,
	        .enabled = rule->enabled,
	        .top = rule->top_priority,
	        .score = rule->score,
	        .offer_window = window(offer->effective_us, offer->expires_us),
	        .rule_window = window(rule->effective_us, rule->expires_us),
	};
}

// 0: dynamic, 1: static, 2: can never win.
static int rule_class(const PlanRule *rule)
{
	if (!rule->published || !rule->enabled)
		return 2;
	return rule->scoring ? 0 : 1;
}

static int compare_rules(const void *left, const void *right)
{
	const PlanRule *a = left, *b = right;
	if (rule_class(a) != rule_class(b))
		return rule_class(a) - rule_class(b);
	if (a->top != b->top)
		return a->top ? -1 : 1;
	if (a->score > b->score || a->score < b->score)
		return a->score > b->score ? -1 : 1;
	return (a->rule > b->rule) - (a->rule < b->rule);
}

static Err build_order(Plan *plan, const RulePrograms *programs, Arena *arena)
{
	const Snapshot *snapshot = plan->snapshot;
	PlanRule *rules = ARENA_ARRAY(arena, PlanRule, snapshot->n_rules);
	if (!rules)
		return err(ERR_NO_MEMORY, "no memory for %zu rules", snapshot->n_rules);
	for (uint32_t i = 0; i < snapshot->n_rules; i++)
		rules[i] = plan_rule(snapshot, i, &programs[i]);
	if (snapshot->n_rules)
		qsort(rules, snapshot->n_rules, sizeof *rules, compare_rules);
	plan->rules = rules;
	return OK;
}

// The lists that a rule belongs to: its zone's, or every zone's, of its level. Calls `visit` with each.
typedef void (*Visit)(Candidates *candidates, const PlanRule *rule, uint32_t index);

static void visit_lists(const Plan *plan, uint32_t index, Candidates *candidates, Visit visit)
{
	const Snapshot *snapshot = plan->snapshot;
	const PlanRule *planned = &plan->rules[index];
	const SnapRule *rule = snapshot->rules[planned->rule];
	size_t levels = snapshot->n_audience_levels;
	size_t first = rule->zone ? rule->zone - 1 : 0, end = rule->zone ? rule->zone : snapshot->n_zones;
	for (size_t zone = first; zone < end; zone++)
		visit(&candidates[zone * levels + rule->audience_level], planned, index);
}

static void count_rule(Candidates *candidates, const PlanRule *rule, uint32_t index)
{
	(void)index;
	candidates->count++;
	candidates->dynamic += rule_class(rule) == 0;
	candidates->live += rule_class(rule) <= 1;
}

static void list_rule(Candidates *candidates, const PlanRule *rule, uint32_t index)
{
	(void)rule;
	*candidates->end++ = index;
}

static Err allocate_lists(Candidates *candidates, size_t count, Arena *arena)
{
	uint64_t total = 0;
	for (size_t i = 0; i < count; i++)
		total += candidates[i].count;
	if (total > CANDIDATES_MAX)
		return err(ERR_SNAPSHOT_INVALID,
		        "the zones have %llu candidates together, at most %d are allowed: give rules a zone",
		        (unsigned long long)total, CANDIDATES_MAX);
	uint32_t *next = ARENA_ARRAY(arena, uint32_t, total);
	if (!next)
		return err(ERR_NO_MEMORY, "no memory for %llu candidates", (unsigned long long)total);
	for (size_t i = 0; i < count; i++) {
		candidates[i].rules = candidates[i].end = next;
		next += candidates[i].count;
	}
	return OK;
}

static Err build_zones(Plan *plan, Arena *arena)
{
	const Snapshot *snapshot = plan->snapshot;
	size_t count = snapshot->n_zones * snapshot->n_audience_levels;
	Candidates *candidates = ARENA_ARRAY(arena, Candidates, count);
	if (!candidates)
		return err(ERR_NO_MEMORY, "no memory for %zu zones", snapshot->n_zones);
	for (uint32_t i = 0; i < snapshot->n_rules; i++)
		visit_lists(plan, i, candidates, count_rule);
	TRY(allocate_lists(candidates, count, arena));
	for (uint32_t i = 0; i < snapshot->n_rules; i++)
		visit_lists(plan, i, candidates, list_rule);
	plan->candidates = candidates;
	return OK;
}

// What equal scores are ordered by: known when the plan is built, but for the seed.
static Err build_ties(Plan *plan, Arena *arena)
{
	const Snapshot *snapshot = plan->snapshot;
	uint64_t *keys = ARENA_ARRAY(arena, uint64_t, snapshot->n_offers);
	uint64_t *ages = ARENA_ARRAY(arena, uint64_t, snapshot->n_offers);
	if (!keys || !ages)
		return err(ERR_NO_MEMORY, "no memory for %zu offers", snapshot->n_offers);
	for (size_t i = 0; i < snapshot->n_offers; i++) {
		const SnapOffer *offer = snapshot->offers[i];
		keys[i] = XXH3_64bits(offer->code, strlen(offer->code));
		ages[i] = (uint64_t)INT64_MAX - (uint64_t)window(offer->effective_us, 0).from_us;
	}
	plan->offer_keys = keys;
	plan->offer_ages = ages;
	return OK;
}

Err plan_rules_build(Plan *plan, const RulePrograms *programs, Arena *arena)
{
	TRY(build_order(plan, programs, arena));
	TRY(build_zones(plan, arena));
	return build_ties(plan, arena);
}
