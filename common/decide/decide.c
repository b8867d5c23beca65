// A call: every point is decided before any is explained, and explaining, which looks at more, has work of
// its own, so that it cannot use up what an answer needs. README.md tells the order of work.
#include "decide/call.h"

void decide_defaults(const Plan *plan, int level, ExprValue *values)
{
	const PlanLevel *plan_level = &plan->level[level];
	if (plan_level->attribute_count)
		memcpy(values, plan_level->defaults, plan_level->attribute_count * sizeof *values);
}

// Members one by one: the spot comes zeroed, and clearing a call as a whole takes longer than setting it.
static Err open_spot(Call *call, const DecidePoint *wanted, Spot *ret)
{
	const Plan *plan = call->plan;
	uint32_t zone = plan->snapshot->points[wanted->point]->zone;
	const Candidates *candidates = plan_candidates(plan, zone, call->visitor->level);
	size_t most = candidates->live + call->overrides.count + call->facts.event_count;
	size_t max = wanted->max < most ? wanted->max : most;
	ret->wanted = wanted;
	ret->number = (size_t)(wanted - call->request->points);
	ret->zone = plan->snapshot->zones[zone];
	ret->candidates = candidates;
	ret->admitted = plan->zone_offers[zone];
	ret->inclusion.verdict = VERDICT_TRUE;
	ret->filtered = memo_of(plan->snapshot->n_offers, sizeof(Outcome), call->arena);
	ret->selection.best = ARENA_ARRAY(call->arena, Ranked, max);
	ret->selection.max = max;
	ret->selection.deduplication = ret->zone->deduplication;
	if (!ret->selection.best)
		return err(ERR_NO_MEMORY, "no memory for %zu candidates", max);
	if (candidates->inclusion && !evaluate_true(&call->evaluation, candidates->inclusion - 1))
		ret->inclusion = evaluate_condition(&call->evaluation, candidates->inclusion - 1);
	ret->open = !ret->admitted && ret->inclusion.verdict == VERDICT_TRUE && !wanted->filter_count &&
	            !call->blacklist.count && !facts_can_strike(call);
	return OK;
}

static Err decide_point(Call *call, const DecidePoint *wanted, Spot *spot, PointDecision *ret)
{
	ret->point = wanted->point;
	if (wanted->max > DECIDE_OFFERS_MAX)
		return err(ERR_LIMIT, "%u offers asked for, at most %d are allowed", wanted->max,
		        DECIDE_OFFERS_MAX);
	if (wanted->filter_count > DECIDE_CONDITIONS_MAX)
		return err(ERR_LIMIT, "%zu conditions in a filter, at most %d are allowed",
		        wanted->filter_count, DECIDE_CONDITIONS_MAX);
	if (wanted->point < 0)
		return OK;
	TRY(open_spot(call, wanted, spot));
	call_choose(call, spot);
	return call_treat(call, spot, ret);
}

static Err open_call(
        const Plan *plan, const Visitor *visitor, const DecideRequest *request, Arena *arena, Call *ret)
{
	ret->plan = plan;
	ret->visitor = visitor;
	ret->request = request;
	ret->overrides = plan_overrides(plan, visitor->level, visitor->audience_id);
	ret->blacklist = plan_blacklist(plan, visitor->level, visitor->audience_id);
	ret->shares = memo_of(plan->treatment_count, sizeof(Outcome), arena);
	ret->shown = (Tally){.arena = arena};
	ret->facts = (Facts){.tally = {.arena = arena}};
	ret->arena = arena;
	treatment_codes_begin(request->seed, &ret->codes);
	ret->treatments = 0;
	TRY(evaluation_init(
	        plan, visitor->level, visitor->values, request->as_of_us, arena, &ret->evaluation));
	return facts_init(ret);
}

Err decide(
        const Plan *plan, const Visitor *visitor, const DecideRequest *request, Arena *arena, Decision *ret)
{
	if (request->count > DECIDE_POINTS_MAX)
		return err(ERR_LIMIT, "%zu points asked for, at most %d are allowed", request->count,
		        DECIDE_POINTS_MAX);
	PointDecision *points = ARENA_ARRAY(arena, PointDecision, request->count);
	Spot *spots = ARENA_ARRAY(arena, Spot, request->count);
	if (!points || !spots)
		return err(ERR_NO_MEMORY, "no memory for %zu points", request->count);
	__attribute__((uninitialized)) Call call; // open_call sets all of it
	TRY(open_call(plan, visitor, request, arena, &call));
	for (size_t i = 0; i < request->count; i++)
		TRY(decide_point(&call, &request->points[i], &spots[i], &points[i]));
	call.evaluation.fuel = DECIDE_CALL_FUEL;
	for (size_t i = 0; request->explain && i < request->count; i++) {
		if (request->points[i].point >= 0)
			TRY(call_explain(&call, &spots[i], &points[i]));
	}
	*ret = (Decision){points, request->count};
	return OK;
}
