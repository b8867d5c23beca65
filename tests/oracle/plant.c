// Bugs to plant. An oracle proves itself by catching them: each makes the engine's side alone answer as an
// engine with that bug would, in all cases or only where the bug would show.
#include "case.h"

// --- in what the engine is asked ---

static void late(World *world, Visit *visit)
{
	(void)world;
	visit->as_of_us++;
}

static void inclusive_end(World *world, Visit *visit)
{
	(void)visit;
	for (size_t i = 0; i < world->snapshot->n_offers; i++)
		if (world->snapshot->offers[i]->expires_us)
			world->snapshot->offers[i]->expires_us++;
}

static void counts_ignored(World *world, Visit *visit)
{
	(void)world;
	for (size_t i = 0; i < visit->fact_count; i++)
		visit->facts[i].count = 1;
	for (size_t i = 0; i < visit->session_fact_count; i++)
		visit->session_facts[i].count = 1;
}

static void session_forgotten(World *world, Visit *visit)
{
	(void)world;
	visit->session_fact_count = 0;
}

static void equal_times_turned(World *world, Visit *visit)
{
	(void)world;
	for (size_t i = 1; i < visit->fact_count; i++) {
		if (visit->facts[i - 1].time_us != visit->facts[i].time_us)
			continue;
		Fact swap = visit->facts[i];
		visit->facts[i] = visit->facts[i - 1];
		visit->facts[i - 1] = swap;
	}
}

static void treatment_as_offer(World *world, Visit *visit)
{
	(void)visit;
	for (size_t i = 0; i < world->snapshot->n_zones; i++)
		if (world->snapshot->zones[i]->deduplication == SNAP_DEDUP(TREATMENT))
			world->snapshot->zones[i]->deduplication = SNAP_DEDUP(OFFER);
}

static void any_as_all(World *world, Visit *visit)
{
	(void)visit;
	for (size_t i = 0; i < world->snapshot->n_segments; i++)
		if (world->snapshot->segments[i]->list_use == SNAP_LIST_USE(ANY))
			world->snapshot->segments[i]->list_use = SNAP_LIST_USE(ALL);
}

static void groups_ignored(World *world, Visit *visit)
{
	(void)visit;
	for (size_t i = 0; i < world->snapshot->n_segments; i++) {
		world->snapshot->segments[i]->group = arena_cstr(world->arena, (Str){0});
		world->snapshot->segments[i]->rank = 0;
	}
}

static void weeks_as_days(World *world, Visit *visit)
{
	(void)visit;
	for (size_t i = 0; i < world->snapshot->n_constraints; i++)
		if (world->snapshot->constraints[i]->period == SNAP_PERIOD(WEEK))
			world->snapshot->constraints[i]->period = SNAP_PERIOD(DAY);
}

static void one_more_shown(World *world, Visit *visit)
{
	(void)visit;
	for (size_t i = 0; i < world->snapshot->n_suppressions; i++)
		if (world->snapshot->suppressions[i]->times > 1)
			world->snapshot->suppressions[i]->times--;
}

static void control_group_of_nobody(World *world, Visit *visit)
{
	(void)visit;
	for (size_t i = 0; i < world->snapshot->n_campaigns; i++)
		for (size_t c = 0; c < world->snapshot->campaigns[i]->n_cells; c++)
			if (world->snapshot->campaigns[i]->cells[c]->control_ppm > 1)
				world->snapshot->campaigns[i]->cells[c]->control_ppm--;
}

// --- in the expressions ---

// A tree of its own: some expressions share theirs.
static Node *copy_tree(const Node *node, Arena *arena)
{
	Node *copy = ARENA_NEW(arena, Node);
	*copy = *node;
	for (uint32_t i = 0; i < node->count; i++)
		copy->child[i] = copy_tree(node->child[i], arena);
	return copy;
}

static void turn_logic(Node *node)
{
	for (uint32_t i = 0; i < node->count; i++)
		turn_logic(node->child[i]);
	if (node->kind != NODE_AND && node->kind != NODE_OR)
		return;
	// An error on the left is no longer absorbed: a ? b : false, a ? true : b.
	Node *left = node->child[0], *right = node->child[1];
	Node *choice[3] = {left, right, right};
	static Node yes = {.kind = NODE_LITERAL, .type = EXPR_BOOL, .value = {.kind = EXPR_BOOL, .b = true}};
	static Node no = {.kind = NODE_LITERAL, .type = EXPR_BOOL, .value = {.kind = EXPR_BOOL, .b = false}};
	choice[node->kind == NODE_AND ? 2 : 1] = node->kind == NODE_AND ? &no : &yes;
	node->kind = NODE_CHOICE;
	node->count = 3;
	memcpy(node->child, choice, sizeof choice);
}

static void turn_formula(void *context, SnapExpression **place, uint32_t level, bool optional)
{
	(void)level;
	(void)optional;
	Formula *formula = formula_of(*place);
	formula->shown = formula->root;
	formula->root = copy_tree(formula->root, context);
	turn_logic(formula->root);
}

static void errors_not_absorbed(World *world, Visit *visit)
{
	(void)visit;
	world_formulas(world, turn_formula, world->arena);
}

// --- in the answers: what the engine says is copied, since it is not ours to change ---

static PointDecision *copy_points(Decision *decision, Arena *arena)
{
	PointDecision *points = ARENA_ARRAY(arena, PointDecision, decision->count);
	if (decision->count)
		memcpy(points, decision->points, decision->count * sizeof *points);
	decision->points = points;
	return points;
}

static DecidedOffer *copy_offers(PointDecision *point, Arena *arena)
{
	DecidedOffer *offers = ARENA_ARRAY(arena, DecidedOffer, point->offer_count);
	if (point->offer_count)
		memcpy(offers, point->offers, point->offer_count * sizeof *offers);
	point->offers = offers;
	return offers;
}

static void equal_scores_turned(Answers *answers, Arena *arena)
{
	PointDecision *points = copy_points(&answers->plain, arena);
	for (size_t p = 0; p < answers->plain.count; p++) {
		DecidedOffer *offers = copy_offers(&points[p], arena);
		for (size_t i = 1; i < points[p].offer_count; i++) {
			if (offers[i - 1].id.origin == ORIGIN_DEFAULT ||
			        offers[i].id.origin == ORIGIN_DEFAULT ||
			        offers[i - 1].score.final < offers[i].score.final ||
			        offers[i - 1].score.final > offers[i].score.final)
				continue;
			DecidedOffer swap = offers[i];
			offers[i] = offers[i - 1];
			offers[i - 1] = swap;
		}
	}
}

static void last_bit_of_override(Answers *answers, Arena *arena)
{
	PointDecision *points = copy_points(&answers->plain, arena);
	for (size_t p = 0; p < answers->plain.count; p++) {
		DecidedOffer *offers = copy_offers(&points[p], arena);
		for (size_t i = 0; i < points[p].offer_count; i++)
			if (offers[i].score.overridden)
				offers[i].score.final += offers[i].score.final * 0x1p-52;
	}
}

static void codes_start_anew(Answers *answers, Arena *arena)
{
	PointDecision *points = copy_points(&answers->told, arena);
	for (size_t p = 1; p < answers->told.count; p++)
		if (points[p].offer_count && points[0].offer_count)
			memcpy(copy_offers(&points[p], arena)[0].treatment_code,
			        points[0].offers[0].treatment_code, TREATMENT_CODE_SIZE);
}

static void related_as_presented(Answers *answers, Arena *arena)
{
	PointDecision *points = copy_points(&answers->told, arena);
	for (size_t p = 0; p < answers->told.count; p++) {
		size_t count = points[p].candidate_count;
		DecidedCandidate *candidates = ARENA_ARRAY(arena, DecidedCandidate, count);
		for (size_t i = 0; i < count; i++) {
			candidates[i] = points[p].candidates[i];
			if (candidates[i].reason == REASON_SUPPRESSED_RELATED)
				candidates[i].reason = REASON_SUPPRESSED_PRESENTED;
		}
		points[p].candidates = candidates;
	}
}

const Plant plants[] = {
        {"late", "as-of is one microsecond late", late, NULL},
        {"inclusive-end", "offers are still valid at the moment they expire", inclusive_end, NULL},
        {"counts", "facts count once, whatever their count", counts_ignored, NULL},
        {"session", "what happened in the session is forgotten", session_forgotten, NULL},
        {"fact-order", "of facts of equal times the earlier counts", equal_times_turned, NULL},
        {"treatment", "deduplication by treatment goes by offer", treatment_as_offer, NULL},
        {"list-any", "ANY is taken for ALL", any_as_all, NULL},
        {"groups", "groups are ignored", groups_ignored, NULL},
        {"weeks", "weeks are taken for days", weeks_as_days, NULL},
        {"times", "suppressions strike one presentation early", one_more_shown, NULL},
        {"control", "control groups lack their last millionth", control_group_of_nobody, NULL},
        {"absorb", "an error on the left is not absorbed", errors_not_absorbed, NULL},
        {"tie", "equal scores are in another order without explaining", NULL, equal_scores_turned},
        {"last-bit", "overridden scores have a wrong last bit", NULL, last_bit_of_override},
        {"codes", "treatment codes start anew with every point", NULL, codes_start_anew},
        {"reason", "a related suppression is told as another", NULL, related_as_presented},
};
const size_t plant_count = ARRAY_COUNT(plants);
