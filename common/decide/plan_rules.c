// One global order of rules, best first (those with a score expression by its form), and for each zone and
// level the rules that may be candidates there, in that order. A call then walks forward in memory and can
// stop early.
#include "decide/build.h"

#include <stdlib.h>

enum {
	RULES_MAX = 16 * 1024 * 1024,     // rules and global offers, offer lists spread out
	CANDIDATES_MAX = 64 * 1024 * 1024 // entries of all lists together
};

static Window window(int64_t effective_us, int64_t expires_us)
{
	return (Window){effective_us ? effective_us : INT64_MIN, expires_us ? expires_us : INT64_MAX};
}

static Window both(Window a, Window b)
{
	return (Window){a.from_us > b.from_us ? a.from_us : b.from_us,
	        a.until_us < b.until_us ? a.until_us : b.until_us};
}

PlanRule plan_bare(const Plan *plan, CandidateId id, double score)
{
	const SnapOffer *offer = plan->snapshot->offers[id.offer];
	return (PlanRule){
	        .window = window(offer->effective_us, offer->expires_us),
	        .score = score == 0 ? 0 : score, // not -0
	        .source = id.source,
	        .offer = id.offer,
	        .origin = (uint8_t)id.origin,
	        .live = offer->published,
	};
}

const SnapRule *decide_rule(const Plan *plan, CandidateId id)
{
	return id.origin == ORIGIN_RULE     ? plan->snapshot->rules[id.source]
	       : id.origin == ORIGIN_GLOBAL ? plan->snapshot->global_offers[id.source]
	                                    : NULL;
}

// --- treatments ---

// A number for each campaign without a cell and, behind it, for each with one.
static Err build_treatments(Builder *builder, uint32_t **ret_firsts)
{
	const Snapshot *snapshot = builder->snapshot;
	size_t count = 1;
	for (size_t i = 0; i < snapshot->n_campaigns; i++)
		count += 1 + snapshot->campaigns[i]->n_cells;
	const SnapCell **treatments = ARENA_ARRAY(builder->arena, const SnapCell *, count);
	uint32_t *firsts = ARENA_ARRAY(builder->scratch, uint32_t, snapshot->n_campaigns);
	if (!treatments || !firsts)
		return err(ERR_NO_MEMORY, "no memory for %zu cells", count);
	uint32_t next = 1;
	for (size_t i = 0; i < snapshot->n_campaigns; i++) {
		firsts[i] = next++;
		for (size_t j = 0; j < snapshot->campaigns[i]->n_cells; j++)
			treatments[next++] = snapshot->campaigns[i]->cells[j];
	}
	builder->plan->treatments = treatments;
	builder->plan->treatment_count = count;
	*ret_firsts = firsts;
	return OK;
}

static void add_campaign(Builder *builder, const SnapRule *rule, const uint32_t *firsts, PlanRule *ret)
{
	if (!rule->campaign)
		return;
	const SnapCampaign *campaign = builder->snapshot->campaigns[rule->campaign - 1];
	ret->treatment = firsts[rule->campaign - 1] + rule->cell;
	const SnapCell *cell = builder->plan->treatments[ret->treatment];
	ret->control = cell && cell->control_ppm > 0;
	ret->live = ret->live && campaign->active;
	ret->window = both(ret->window, window(campaign->effective_us, campaign->expires_us));
}

// --- the order ---

// What a rule says of each of its offers: all but the offer itself.
static Err plan_rule(Builder *builder, CandidateId id, const uint32_t *firsts, PlanRule *ret)
{
	const SnapRule *rule = decide_rule(builder->plan, id);
	*ret = (PlanRule){
	        .window = window(rule->effective_us, rule->expires_us),
	        .score = rule->score == 0 ? 0 : rule->score, // not -0
	        .source = id.source,
	        .segment = rule->segment,
	        .origin = (uint8_t)id.origin,
	        .live = rule->enabled,
	        .top = rule->top_priority,
	};
	add_campaign(builder, rule, firsts, ret);
	TRY(intern_optional(
	        &builder->conditions, rule->audience_level, rule->eligibility, &ret->eligibility));
	TRY(intern_optional(&builder->scorings, rule->audience_level, rule->score_expression, &ret->scoring));
	if (ret->scoring)
		ret->score = 0;
	return OK;
}

static void spread(const Snapshot *snapshot, const SnapRule *rule, const PlanRule *planned, PlanRule *ret)
{
	const SnapOfferList *list = rule->offer_list ? snapshot->offer_lists[rule->offer_list - 1] : NULL;
	const uint32_t *offers = list ? list->offers : &rule->offer;
	for (size_t i = 0; i < (list ? list->n_offers : 1); i++) {
		const SnapOffer *offer = snapshot->offers[offers[i]];
		ret[i] = *planned;
		ret[i].offer = offers[i];
		ret[i].live = planned->live && offer->published;
		ret[i].window = both(planned->window, window(offer->effective_us, offer->expires_us));
	}
}

// 0: dynamic, 1: static, 2: can never win.
static int rule_class(const PlanRule *rule)
{
	if (!rule->live)
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
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	// As zones rank that break ties by offer code.
	if (a->offer != b->offer)
		return a->offer < b->offer ? -1 : 1;
	if (a->origin != b->origin)
		return a->origin < b->origin ? -1 : 1;
	return (a->source > b->source) - (a->source < b->source);
}

static size_t offers_of(const Snapshot *snapshot, SnapRule *const *rules, size_t count)
{
	size_t total = 0;
	for (size_t i = 0; i < count; i++)
		total += rules[i]->offer_list ? snapshot->offer_lists[rules[i]->offer_list - 1]->n_offers : 1;
	return total;
}

static Err add_rules(Builder *builder, Origin origin, size_t count, const uint32_t *firsts, PlanRule **end)
{
	for (uint32_t i = 0; i < count; i++) {
		CandidateId id = {.origin = origin, .source = i};
		const SnapRule *rule = decide_rule(builder->plan, id);
		PlanRule planned;
		TRY(plan_rule(builder, id, firsts, &planned));
		spread(builder->snapshot, rule, &planned, *end);
		*end += offers_of(builder->snapshot, (SnapRule *const *)&rule, 1);
	}
	return OK;
}

static Err build_order(Builder *builder, const uint32_t *firsts)
{
	const Snapshot *snapshot = builder->snapshot;
	size_t count = offers_of(snapshot, snapshot->rules, snapshot->n_rules) +
	               offers_of(snapshot, snapshot->global_offers, snapshot->n_global_offers);
	if (count > RULES_MAX)
		return err(ERR_SNAPSHOT_INVALID,
		        "the rules have %zu offers together, at most %d are allowed: shorten offer lists",
		        count, RULES_MAX);
	PlanRule *rules = ARENA_ARRAY(builder->arena, PlanRule, count);
	if (!rules)
		return err(ERR_NO_MEMORY, "no memory for %zu rules", count);
	PlanRule *end = rules;
	TRY(add_rules(builder, ORIGIN_RULE, snapshot->n_rules, firsts, &end));
	TRY(add_rules(builder, ORIGIN_GLOBAL, snapshot->n_global_offers, firsts, &end));
	TRY(build_asked(builder));
	for (size_t i = 0; i < count; i++)
		rules[i].order = rules[i].scoring ? builder->plan->forms[rules[i].scoring - 1].order : 0;
	if (count)
		qsort(rules, count, sizeof *rules, compare_rules);
	builder->plan->rules = rules;
	builder->plan->rule_count = (uint32_t)count;
	return OK;
}

// --- the lists ---

// The lists, with nothing in them but what zones ask.
static Err build_inclusion(Builder *builder, Candidates **ret)
{
	const Snapshot *snapshot = builder->snapshot;
	size_t count = snapshot->n_zones * snapshot->n_audience_levels;
	Candidates *candidates = ARENA_ARRAY(builder->arena, Candidates, count);
	if (!candidates)
		return err(ERR_NO_MEMORY, "no memory for %zu zones", snapshot->n_zones);
	*ret = candidates;
	for (size_t zone = 0; zone < snapshot->n_zones; zone++) {
		Candidates *of_zone = &candidates[zone * snapshot->n_audience_levels];
		for (size_t i = 0; i < snapshot->zones[zone]->n_inclusion; i++) {
			const SnapLevelExpression *by = snapshot->zones[zone]->inclusion[i];
			TRY(intern_optional(&builder->conditions, by->audience_level, by->expression,
			        &of_zone[by->audience_level].inclusion));
		}
	}
	return OK;
}

// The lists that a rule belongs to: its zone's, or every zone's, of its level. Calls `visit` with each.
typedef void (*Visit)(Candidates *candidates, const PlanRule *rule, uint32_t index);

static void visit_lists(const Plan *plan, uint32_t index, Candidates *candidates, Visit visit)
{
	const Snapshot *snapshot = plan->snapshot;
	const PlanRule *planned = &plan->rules[index];
	const SnapRule *rule = decide_rule(plan, (CandidateId){planned->origin, planned->source, 0});
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

static Err build_candidates(Builder *builder, Candidates *candidates)
{
	const Snapshot *snapshot = builder->snapshot;
	size_t count = snapshot->n_zones * snapshot->n_audience_levels;
	for (uint32_t i = 0; i < builder->plan->rule_count; i++)
		visit_lists(builder->plan, i, candidates, count_rule);
	TRY(allocate_lists(candidates, count, builder->arena));
	for (uint32_t i = 0; i < builder->plan->rule_count; i++)
		visit_lists(builder->plan, i, candidates, list_rule);
	builder->plan->candidates = builder->candidates = candidates;
	return OK;
}

// A visitor's own score lifts rules out of their order; these are found by their offers.
static Err build_offer_rules(Builder *builder)
{
	Plan *plan = builder->plan;
	if (!builder->snapshot->n_score_overrides)
		return OK;
	ListsBuilder lists = {.scratch = builder->scratch};
	for (uint32_t i = 0; i < plan->rule_count; i++) {
		if (rule_class(&plan->rules[i]) == 1)
			TRY(lists_add(&lists, plan->rules[i].offer, i));
	}
	return lists_finish(&lists, builder->snapshot->n_offers, builder->arena, &plan->offer_rules);
}

Err build_rules(Builder *builder)
{
	uint32_t *firsts;
	Candidates *candidates;
	TRY(build_treatments(builder, &firsts));
	TRY(build_inclusion(builder, &candidates));
	TRY(build_order(builder, firsts));
	TRY(build_candidates(builder, candidates));
	return build_offer_rules(builder);
}
