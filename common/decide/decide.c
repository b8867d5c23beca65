// A call: for each point screen its candidates, keep the best, treat them. README.md tells the order of work.
#include "decide/call.h"

void decide_defaults(const Plan *plan, int level, ExprValue *values)
{
	const PlanLevel *plan_level = &plan->level[level];
	if (plan_level->attribute_count)
		memcpy(values, plan_level->defaults, plan_level->attribute_count * sizeof *values);
}

Err decide_segments(
        const Plan *plan, const SegmentRequest *request, ExprValue *values, Arena *arena, Segmentation *ret)
{
	const PlanLevel *plan_level = &plan->level[request->level];
	if (plan->snapshot->n_segments)
		memset(ret->segments, 0, plan_segment_words(plan) * sizeof *ret->segments);
	Evaluation evaluation;
	TRY(evaluation_init(plan, values, request->as_of_us, arena, &evaluation));
	for (size_t i = 0; i < plan_level->segment_count; i++) {
		PlanSegment segment = plan_level->segments[i];
		if (evaluate_condition(&evaluation, segment.condition) == VERDICT_TRUE)
			ret->segments[segment.segment / 64] |= UINT64_C(1) << (segment.segment % 64);
	}
	return OK;
}

static bool in_segment(const Visitor *visitor, uint32_t segment)
{
	return segment == 0 || (visitor->segments[(segment - 1) / 64] >> ((segment - 1) % 64)) & 1;
}

static bool within(Window window, int64_t us)
{
	return window.from_us <= us && us < window.until_us;
}

static uint64_t tie_of(const Call *call, uint32_t offer, Parley__Snapshot__V1__TieBreak tie_break)
{
	if (tie_break == SNAP_TIE(NEWEST_OFFER))
		return call->plan->offer_ages[offer];
	if (tie_break == SNAP_TIE(OFFER_CODE))
		return 0; // offers are sorted by code: their index decides
	return mix64(call->request->seed ^ call->plan->offer_keys[offer]);
}

static Reason screen(Call *call, const PlanRule *rule)
{
	if (!in_segment(call->visitor, rule->segment))
		return REASON_SEGMENT_NOT_MATCHED;
	if (!rule->published)
		return REASON_OFFER_NOT_PUBLISHED;
	if (!within(rule->offer_window, call->request->as_of_us))
		return REASON_OFFER_OUTSIDE_DATES;
	if (!rule->enabled)
		return REASON_RULE_DISABLED;
	if (!within(rule->rule_window, call->request->as_of_us))
		return REASON_RULE_OUTSIDE_DATES;
	if (!rule->eligibility)
		return REASON_OFFERED;
	Verdict eligible = evaluate_condition(&call->evaluation, rule->eligibility - 1);
	return eligible == VERDICT_TRUE    ? REASON_OFFERED
	       : eligible == VERDICT_FALSE ? REASON_NOT_ELIGIBLE
	                                   : REASON_ELIGIBILITY_FAILED;
}

Ranked call_rank(const Call *call, const PlanRule *rule, Parley__Snapshot__V1__TieBreak tie_break)
{
	return (Ranked){
	        .score = rule->score,
	        .tie = tie_of(call, rule->offer, tie_break),
	        .offer = rule->offer,
	        .rule = rule->rule,
	        .top = rule->top,
	};
}

Reason call_screen(Call *call, const PlanRule *rule, Ranked *rank)
{
	Reason reason = screen(call, rule);
	if (reason == REASON_OFFERED && rule->scoring &&
	        evaluate_score(&call->evaluation, rule->scoring - 1, &rank->score) != VERDICT_TRUE)
		reason = REASON_SCORE_FAILED;
	if (reason != REASON_OFFERED)
		rank->score = 0;
	return reason;
}

// The walk: dynamic scores first, then best first until nothing that follows could be better. Of a static
// rule the rank is known beforehand, so one that could not get in is not even screened.
static void choose(Call *call, const Candidates *candidates, Parley__Snapshot__V1__TieBreak tie_break,
        Selection *selection)
{
	for (uint32_t i = 0; i < candidates->live; i++) {
		const PlanRule *rule = &call->plan->rules[candidates->rules[i]];
		bool is_static = i >= candidates->dynamic;
		if (is_static && selection_beats(selection, rule->top, rule->score))
			return;
		Ranked rank = call_rank(call, rule, tie_break);
		if (is_static && !selection_admits(selection, &rank))
			continue;
		if (call_screen(call, rule, &rank) == REASON_OFFERED)
			selection_add(selection, &rank);
	}
}

static Err treat(Call *call, const Selection *selection, PointDecision *ret)
{
	DecidedOffer *offers = ARENA_ARRAY(call->arena, DecidedOffer, selection->count);
	if (!offers)
		return err(ERR_NO_MEMORY, "no memory for %zu offers", selection->count);
	for (size_t i = 0; i < selection->count; i++) {
		const Ranked *best = &selection->best[i];
		offers[i] = (DecidedOffer){
		        .id = {ORIGIN_RULE, best->rule, best->offer},
		        .score = {.marketer = best->score, .final = best->score},
		};
		treatment_code_make(call->request->seed, call->treatments++, offers[i].treatment_code);
	}
	ret->offers = offers;
	ret->offer_count = selection->count;
	return OK;
}

static Err decide_point(Call *call, const DecidePoint *wanted, PointDecision *ret)
{
	ret->point = wanted->point;
	if (wanted->max > DECIDE_OFFERS_MAX)
		return err(ERR_LIMIT, "%u offers asked for, at most %d are allowed", wanted->max,
		        DECIDE_OFFERS_MAX);
	if (wanted->point < 0)
		return OK;
	const Snapshot *snapshot = call->plan->snapshot;
	uint32_t zone = snapshot->points[wanted->point]->zone;
	const Candidates *candidates = plan_candidates(call->plan, zone, call->visitor->level);
	size_t max = wanted->max < candidates->live ? wanted->max : candidates->live;
	Selection selection = {.best = ARENA_ARRAY(call->arena, Ranked, max), .max = max};
	if (!selection.best)
		return err(ERR_NO_MEMORY, "no memory for %zu candidates", max);
	Parley__Snapshot__V1__TieBreak tie_break = snapshot->zones[zone]->tie_break;
	if (max)
		choose(call, candidates, tie_break, &selection);
	TRY(treat(call, &selection, ret));
	return call->request->explain ? call_explain(call, candidates, tie_break, wanted->max, ret) : OK;
}

Err decide(
        const Plan *plan, const Visitor *visitor, const DecideRequest *request, Arena *arena, Decision *ret)
{
	if (request->count > DECIDE_POINTS_MAX)
		return err(ERR_LIMIT, "%zu points asked for, at most %d are allowed", request->count,
		        DECIDE_POINTS_MAX);
	PointDecision *points = ARENA_ARRAY(arena, PointDecision, request->count);
	if (!points)
		return err(ERR_NO_MEMORY, "no memory for %zu points", request->count);
	Call call = {.plan = plan, .visitor = visitor, .request = request, .arena = arena};
	TRY(evaluation_init(plan, visitor->values, request->as_of_us, arena, &call.evaluation));
	for (size_t i = 0; i < request->count; i++)
		TRY(decide_point(&call, &request->points[i], &points[i]));
	*ret = (Decision){points, request->count};
	return OK;
}
