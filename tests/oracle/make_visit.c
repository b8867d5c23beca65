// A visitor, what happened to it, and what is asked for it. Times are the moments at which something turns:
// as-of itself, days before it to the microsecond, the beginnings of calendar periods, and one off each.
#include "oracle.h"
#include "reference.h"

#include <math.h>

// --- values ---

// What no literal can say: a few attributes are no numbers, or between two microseconds.
static ExprValue make_value(Chance *chance, const AstWorld *ast, ExprKind kind)
{
	static const double odd[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, -0.0};
	ExprValue value = ast_random_value(chance, ast, kind);
	if (kind == EXPR_DOUBLE && chance_once_in(chance, 25))
		value.d = CHANCE_OF(chance, odd);
	if (kind == EXPR_TIMESTAMP && chance_once_in(chance, 15))
		value.nanos++;
	return value;
}

// Below 0 what is multiplied by most falls furthest; small, and overrides have their say.
static void make_favourite_value(Chance *chance, const World *world, Visit *visit)
{
	uint32_t style = chance_below(chance, 3);
	if (world->favourite < 0 || visit->level || style == 0)
		return;
	ExprValue *value = &visit->values[world->favourite];
	int64_t number = style == 1 ? -(int64_t)chance_below(chance, 60) : chance_below(chance, 12);
	if (value->kind == EXPR_INT)
		*value = value_of_int(number);
	else if (value->kind == EXPR_DOUBLE)
		*value = value_of_double((double)number / 2);
}

static void make_values(Chance *chance, const World *world, Visit *visit, Arena *arena)
{
	const SnapLevel *level = world->snapshot->audience_levels[visit->level];
	AstWorld ast = {level, world->anchor_us, arena};
	visit->values = ARENA_ARRAY(arena, ExprValue, level->n_attributes);
	for (uint32_t i = 0; i < level->n_attributes; i++) {
		if (chance_below(chance, 5) < 3)
			visit->values[i] = make_value(chance, &ast, ast_kind(level->attributes[i]->type));
		else if (level->attributes[i]->default_value && chance_below(chance, 8))
			visit->values[i] = ref_constant(level->attributes[i]->default_value, arena);
		else
			visit->values[i] = value_missing(i);
	}
	make_favourite_value(chance, world, visit);
}

// --- facts ---

static int64_t fact_time(Chance *chance, const World *world)
{
	static const int64_t spans[] = {0, 0, 0, 1, -1, -DAY_US, -DAY_US, -2 * DAY_US, -3 * DAY_US,
	        1 - DAY_US, -20 * DAY_US, -SECOND_US};
	if (chance_below(chance, 3))
		return world->anchor_us + CHANCE_OF(chance, spans);
	int64_t start =
	        ref_period_start((Parley__Snapshot__V1__Period)(SNAP_PERIOD(HOUR) + chance_below(chance, 4)),
	                world->anchor_us);
	return start - chance_once_in(chance, 2);
}

static Fact make_fact(Chance *chance, const World *world)
{
	Fact fact = {.offer = chance_below(chance, world->snapshot->n_offers)};
	fact.count = chance_once_in(chance, 4) ? 2 + chance_below(chance, 2) : 1;
	fact.kind = (FactKind)chance_below(chance, 3);
	fact.time_us = fact_time(chance, world);
	if (chance_once_in(chance, 30))
		fact.count = UINT32_MAX;
	if (chance_below(chance, 3))
		return fact;
	static const int64_t spans[] = {0, 1, 1, 2, -1, DAY_US, DAY_US};
	fact.kind = chance_once_in(chance, 3) ? FACT_SUPPRESS : FACT_QUALIFY;
	fact.count = 1;
	fact.until_us = chance_once_in(chance, 3) ? INT64_MAX : world->anchor_us + CHANCE_OF(chance, spans);
	if (fact.kind == FACT_QUALIFY)
		fact.score = chance_below(chance, 5) * 25;
	return fact;
}

// Behind those of its time: lists are oldest first.
static void insert(Fact *facts, size_t *count, Fact fact)
{
	size_t at = (*count)++;
	for (; at > 0 && facts[at - 1].time_us > fact.time_us; at--)
		facts[at] = facts[at - 1];
	facts[at] = fact;
}

static void make_facts(Chance *chance, const World *world, Visit *visit, Arena *arena)
{
	size_t count = chance_once_in(chance, 6) ? 0 : chance_below(chance, world->scale > 1 ? 90 : 12);
	visit->facts = ARENA_ARRAY(arena, Fact, count);
	visit->session_facts = ARENA_ARRAY(arena, Fact, count);
	for (size_t i = 0; i < count; i++) {
		Fact fact = make_fact(chance, world);
		bool answer = fact.kind <= FACT_REJECT, session = chance_once_in(chance, 2);
		if (session)
			insert(visit->session_facts, &visit->session_fact_count, fact);
		if (answer || !session)
			insert(visit->facts, &visit->fact_count, fact);
	}
}

// About the limit; of constraints that the visitor's own facts are counted for it must not matter.
static void make_volumes(Chance *chance, const World *world, Visit *visit, Arena *arena)
{
	const Snapshot *snapshot = world->snapshot;
	if (chance_once_in(chance, 6))
		return;
	visit->volumes = ARENA_ARRAY(arena, uint64_t, snapshot->n_constraints);
	for (size_t i = 0; i < snapshot->n_constraints; i++) {
		uint64_t limit = snapshot->constraints[i]->limit;
		visit->volumes[i] = chance_once_in(chance, 3)
		                            ? 0
		                            : limit - 1 + chance_below(chance, limit < UINT64_MAX ? 3 : 2);
	}
}

Visit *visit_make(Chance *chance, const World *world, Arena *arena)
{
	Visit *visit = ARENA_NEW(arena, Visit);
	visit->level = chance_below(chance, 4) ? 0 : chance_below(chance, world->snapshot->n_audience_levels);
	World at = {.arena = arena};
	visit->audience_id = make_audience_id(&at, visit->level, chance_below(chance, IDS));
	make_values(chance, world, visit, arena);
	make_facts(chance, world, visit, arena);
	make_volumes(chance, world, visit, arena);
	return visit;
}

// --- the request ---

static OfferFilter make_filter(Chance *chance, const World *world, Arena *arena)
{
	static const ExprKind kinds[] = {
	        EXPR_BOOL, EXPR_INT, EXPR_DOUBLE, EXPR_STRING, EXPR_TIMESTAMP, EXPR_LIST};
	OfferFilter filter = {.attribute = str(make_attribute_name(chance))};
	filter.comparison = (Parley__Snapshot__V1__Comparison)(SNAP_COMPARE(EQUAL) + chance_below(chance, 7));
	filter.value = make_attribute_value(chance, world, CHANCE_OF(chance, kinds), arena);
	if (filter.comparison == SNAP_COMPARE(CONTAINS) && chance_once_in(chance, 2)) {
		filter.attribute = STR("themes");
		filter.value = make_attribute_value(chance, world, EXPR_STRING, arena);
	}
	if (filter.value.kind == EXPR_DOUBLE && chance_once_in(chance, 3))
		filter.value.d = CHANCE_OF(
		        chance, ((const double[]){(double)NAN, (double)INFINITY, -(double)INFINITY}));
	if (filter.value.kind == EXPR_TIMESTAMP && chance_once_in(chance, 8))
		filter.value.nanos += 1;
	return filter;
}

static DecidePoint make_point(Chance *chance, const World *world, Arena *arena)
{
	DecidePoint point = {.point = (int)chance_below(chance, world->snapshot->n_points)};
	point.max = chance_below(chance, 5);
	if (chance_once_in(chance, 12))
		point.point = -1;
	if (chance_once_in(chance, 8))
		point.max = DECIDE_OFFERS_MAX;
	if (chance_below(chance, 5) == 0) {
		point.filter_count = 1 + chance_below(chance, 3);
		OfferFilter *filter = ARENA_ARRAY(arena, OfferFilter, point.filter_count);
		for (size_t i = 0; i < point.filter_count; i++)
			filter[i] = make_filter(chance, world, arena);
		point.filter = filter;
	}
	return point;
}

void request_make(Chance *chance, const World *world, Visit *visit, Arena *arena)
{
	static const int64_t spans[] = {0, 0, 0, 0, 1, -1, DAY_US, -DAY_US};
	visit->point_count = 1 + chance_below(chance, chance_once_in(chance, 20) ? 16 : 4);
	visit->points = ARENA_ARRAY(arena, DecidePoint, visit->point_count);
	for (size_t i = 0; i < visit->point_count; i++)
		visit->points[i] = make_point(chance, world, arena);
	visit->as_of_us = world->anchor_us + CHANCE_OF(chance, spans);
	visit->seed = chance_next(chance);
	visit->across = chance_once_in(chance, 2);
}
