// The places of a world: audience levels, zones, points, offers. Everything is small, so that things meet.
#include "oracle.h"

#include "snapshot/snapshot.h"

char *make_name(World *world, const char *kind, size_t number)
{
	return arena_printf(world->arena, "%s%03zu", kind, number); // in the order of numbers
}

SnapConstant *make_constant(World *world, ExprValue value)
{
	SnapConstant *constant = ARENA_NEW(world->arena, SnapConstant);
	*constant = (SnapConstant)PARLEY__SNAPSHOT__V1__CONSTANT__INIT;
	switch (value.kind) {
	case EXPR_BOOL:
		constant->type = SNAP_TYPE(BOOL);
		constant->bool_value = value.b;
		break;
	case EXPR_INT:
		constant->type = SNAP_TYPE(INT);
		constant->int_value = value.i;
		break;
	case EXPR_DOUBLE:
		constant->type = SNAP_TYPE(DOUBLE);
		constant->double_value = value.d;
		break;
	case EXPR_STRING:
		constant->type = SNAP_TYPE(STRING);
		constant->string_value = arena_cstr(world->arena, str_n(value.s, value.len));
		break;
	case EXPR_TIMESTAMP:
		constant->type = SNAP_TYPE(TIMESTAMP);
		constant->int_value = value.seconds * SECOND_US + value.nanos / 1000;
		break;
	default:
		constant->type = SNAP_TYPE(STRING_LIST);
		constant->n_string_values = value.len;
		constant->string_values = ARENA_ARRAY(world->arena, char *, value.len);
		for (uint32_t i = 0; i < value.len; i++)
			constant->string_values[i] =
			        arena_cstr(world->arena, str_n(value.items[i].s, value.items[i].len));
	}
	return constant;
}

SnapExpression *make_formula(Chance *chance, World *world, uint32_t level, ExprKind kind)
{
	AstWorld ast = {world->snapshot->audience_levels[level], world->anchor_us, world->arena};
	Formula *formula = ARENA_NEW(world->arena, Formula);
	formula->base = (SnapExpression)PARLEY__SNAPSHOT__V1__EXPRESSION__INIT;
	formula->expected = kind;
	if (world->last[level][kind] && chance_once_in(chance, 5)) {
		formula->root = world->last[level][kind];
		return &formula->base;
	}
	ExprKind made = kind == EXPR_DOUBLE && chance_once_in(chance, 3) ? EXPR_INT : kind;
	bool dyn = chance_once_in(chance, 40);
	if (dyn)
		made = (ExprKind[]){EXPR_BOOL, EXPR_INT, EXPR_DOUBLE, EXPR_STRING}[chance_below(chance, 4)];
	bool common = chance_once_in(chance, 3);
	if (common && made == EXPR_BOOL)
		formula->root = ast_random_predicates(chance, &ast);
	else if (common && (made == EXPR_INT || made == EXPR_DOUBLE))
		formula->root = ast_random_score(chance, &ast, made);
	else
		formula->root = ast_random(chance, &ast, made, 1 + (int)chance_below(chance, 3));
	if (dyn) {
		Node *wrapped = formula->root;
		formula->root = ARENA_NEW(world->arena, Node);
		*formula->root = (Node){.kind = NODE_DYN, .type = made, .child = {wrapped}, .count = 1};
	}
	world->last[level][kind] = formula->root;
	return &formula->base;
}

// The favourite attribute times a number, if there is one.
SnapExpression *make_score_formula(Chance *chance, World *world, uint32_t level)
{
	if (level || world->favourite < 0 || chance_once_in(chance, 4))
		return make_formula(chance, world, level, EXPR_DOUBLE);
	AstWorld ast = {world->snapshot->audience_levels[level], world->anchor_us, world->arena};
	Formula *formula = ARENA_NEW(world->arena, Formula);
	formula->base = (SnapExpression)PARLEY__SNAPSHOT__V1__EXPRESSION__INIT;
	formula->expected = EXPR_DOUBLE;
	formula->root = ast_random_multiple(chance, &ast, (uint32_t)world->favourite);
	return &formula->base;
}

// --- moments ---

static int64_t make_moment(Chance *chance, const World *world)
{
	static const int64_t spans[] = {0, 0, 1, 1, -1, DAY_US, -DAY_US};
	return world->anchor_us + CHANCE_OF(chance, spans);
}

void make_dates(Chance *chance, const World *world, int64_t *effective_us, int64_t *expires_us)
{
	if (world->plain && chance_below(chance, 8))
		return;
	*effective_us = chance_once_in(chance, 4) ? make_moment(chance, world) : 0;
	if (*effective_us > world->anchor_us && chance_below(chance, 3))
		*effective_us = world->anchor_us;
	if (chance_below(chance, 5))
		return;
	*expires_us = make_moment(chance, world);
	if (*expires_us < world->anchor_us && chance_below(chance, 3))
		*expires_us = world->anchor_us + 1;
	if (*effective_us && *expires_us <= *effective_us)
		*expires_us = *effective_us + 1;
}

// --- audience levels ---

static const struct {
	const char *name;
	Parley__Snapshot__V1__ValueType type;
} attributes[] = {
        {"age", SNAP_TYPE(INT)},
        {"income", SNAP_TYPE(DOUBLE)},
        {"tier", SNAP_TYPE(STRING)},
        {"member", SNAP_TYPE(BOOL)},
        {"joined", SNAP_TYPE(TIMESTAMP)},
        {"tags", SNAP_TYPE(STRING_LIST)},
        {"visits", SNAP_TYPE(INT)},
        {"churn", SNAP_TYPE(DOUBLE)},
};

static void make_attributes(Chance *chance, World *world, SnapLevel *level)
{
	AstWorld ast = {level, world->anchor_us, world->arena};
	MAKE_LIST(world, level->attributes, SnapAttribute, PARLEY__SNAPSHOT__V1__ATTRIBUTE__INIT,
	        ARRAY_COUNT(attributes));
	for (size_t i = 0; i < ARRAY_COUNT(attributes); i++) {
		if (chance_once_in(chance, 10))
			continue;
		SnapAttribute *attribute = level->attributes[level->n_attributes++];
		attribute->name = arena_cstr(world->arena, str(attributes[i].name));
		attribute->type = attributes[i].type;
		if (chance_once_in(chance, 2))
			attribute->default_value = make_constant(
			        world, ast_random_value(chance, &ast, ast_kind(attribute->type)));
	}
}

// Canonical audience IDs in the order of bytes, of one key and of two.
char *make_audience_id(World *world, uint32_t level, uint32_t number)
{
	static const char *const single[IDS] = {"1", "10", "2", "20", "3"};
	static const char *const composite[IDS] = {"10|a", "1|a", "1|b", "2|a", "2|b"};
	char *id = arena_cstr(world->arena, str((level ? composite : single)[number]));
	return level && number + 1 == IDS ? arena_printf(world->arena, "%s%0255d", id, 1)
	                                  : id; // as long as may be
}

static void make_levels(Chance *chance, World *world)
{
	static const char *const names[] = {"customer", "visitor"}, *const keys[] = {"number", "device"};
	Snapshot *snapshot = world->snapshot;
	snapshot->n_audience_levels = MAKE_LIST(world, snapshot->audience_levels, SnapLevel,
	        PARLEY__SNAPSHOT__V1__AUDIENCE_LEVEL__INIT, 1 + chance_once_in(chance, 2));
	for (size_t i = 0; i < snapshot->n_audience_levels; i++) {
		SnapLevel *level = snapshot->audience_levels[i];
		level->name = arena_cstr(world->arena, str(names[i]));
		level->n_keys = MAKE_LIST(
		        world, level->keys, SnapKey, PARLEY__SNAPSHOT__V1__AUDIENCE_KEY__INIT, i + 1);
		for (size_t k = 0; k < level->n_keys; k++) {
			level->keys[k]->name = arena_cstr(world->arena, str(keys[k]));
			level->keys[k]->type = k ? SNAP_TYPE(STRING) : SNAP_TYPE(INT);
		}
		make_attributes(chance, world, level);
	}
}

// --- zones ---

static SnapCondition *make_condition(Chance *chance, World *world)
{
	static const ExprKind kinds[] = {
	        EXPR_BOOL, EXPR_INT, EXPR_DOUBLE, EXPR_STRING, EXPR_TIMESTAMP, EXPR_LIST};
	SnapCondition *condition = ARENA_NEW(world->arena, SnapCondition);
	*condition = (SnapCondition)PARLEY__SNAPSHOT__V1__OFFER_CONDITION__INIT;
	condition->attribute = arena_cstr(world->arena, str(make_attribute_name(chance)));
	ExprKind kind = CHANCE_OF(chance, kinds);
	if (kind == EXPR_STRING && chance_once_in(chance, 3))
		condition->attribute = arena_cstr(world->arena, STR("themes")); // CONTAINS, mostly
	uint32_t comparisons = kind == EXPR_BOOL || kind == EXPR_LIST ? 2 : kind == EXPR_STRING ? 7 : 6;
	condition->comparison =
	        (Parley__Snapshot__V1__Comparison)(SNAP_COMPARE(EQUAL) + chance_below(chance, comparisons));
	condition->value = make_constant(world, make_attribute_value(chance, world, kind, world->arena));
	return condition;
}

static void make_inclusion(Chance *chance, World *world, SnapZone *zone)
{
	size_t levels = world->snapshot->n_audience_levels;
	MAKE_LIST(world, zone->inclusion, SnapLevelExpression, PARLEY__SNAPSHOT__V1__LEVEL_EXPRESSION__INIT,
	        levels);
	for (uint32_t i = 0; i < levels; i++) {
		if (chance_below(chance, 5))
			continue;
		SnapLevelExpression *of = zone->inclusion[zone->n_inclusion++];
		of->audience_level = i;
		of->expression = make_formula(chance, world, i, EXPR_BOOL);
	}
	if (chance_below(chance, 5))
		return;
	zone->n_offer_inclusion = 1 + chance_below(chance, 2);
	zone->offer_inclusion = ARENA_ARRAY(world->arena, SnapCondition *, zone->n_offer_inclusion);
	for (size_t i = 0; i < zone->n_offer_inclusion; i++)
		zone->offer_inclusion[i] = make_condition(chance, world);
}

static void make_defaults(Chance *chance, World *world, SnapZone *zone)
{
	if (chance_once_in(chance, 3))
		return;
	zone->default_offers = make_offer_set(chance, world, 3, &zone->n_default_offers);
	for (size_t i = zone->n_default_offers; i > 1; i--) { // in any order
		uint32_t other = chance_below(chance, i), swap = zone->default_offers[other];
		zone->default_offers[other] = zone->default_offers[i - 1];
		zone->default_offers[i - 1] = swap;
	}
}

static void make_zones(Chance *chance, World *world)
{
	Snapshot *snapshot = world->snapshot;
	snapshot->n_zones = MAKE_LIST(world, snapshot->zones, SnapZone, PARLEY__SNAPSHOT__V1__ZONE__INIT,
	        1 + chance_below(chance, 3));
	for (size_t i = 0; i < snapshot->n_zones; i++) {
		SnapZone *zone = snapshot->zones[i];
		zone->name = make_name(world, "z", i);
		zone->tie_break =
		        (Parley__Snapshot__V1__TieBreak)(SNAP_TIE(SEEDED_RANDOM) + chance_below(chance, 3));
		zone->deduplication =
		        (Parley__Snapshot__V1__Deduplication)(SNAP_DEDUP(OFFER) + chance_below(chance, 3));
		if (!world->plain)
			make_inclusion(chance, world, zone);
		make_defaults(chance, world, zone);
	}
	snapshot->n_points = MAKE_LIST(world, snapshot->points, SnapPoint,
	        PARLEY__SNAPSHOT__V1__INTERACTION_POINT__INIT, 1 + chance_below(chance, 4));
	for (size_t i = 0; i < snapshot->n_points; i++) {
		snapshot->points[i]->name = make_name(world, "p", i);
		snapshot->points[i]->zone = chance_below(chance, snapshot->n_zones);
		snapshot->points[i]->default_content = arena_cstr(world->arena, STR("welcome"));
	}
}

// --- the whole ---

// Moments at which calendars turn, in UTC, and one like any other.
static const int64_t anchors_s[] = {
        INT64_C(1785148200),   // 2026-07-27T10:30:00Z, a Monday
        INT64_C(1785110400),   // 2026-07-27T00:00:00Z
        INT64_C(1772323200),   // 2026-03-01T00:00:00Z
        INT64_C(1709164800),   // 2024-02-29T00:00:00Z
        INT64_C(1709251200),   // 2024-03-01T00:00:00Z
        INT64_C(1767225600),   // 2026-01-01T00:00:00Z
        INT64_C(4107542400),   // 2100-03-01T00:00:00Z, not after a leap day
        INT64_C(951782400),    // 2000-02-29T00:00:00Z
        INT64_C(-100000000),   // 1966-10-31T14:13:20Z
        INT64_C(253402127999), // 9999-12-29T23:59:59Z
        INT64_C(-62135337600), // 0001-01-04T00:00:00Z
        INT64_C(253402127999), // the ends of the calendar twice: they are rarely left
        INT64_C(-62135337600),
};

// Most worlds have a little of everything; some are large, some are plain, some have much of one kind.
static void make_style(Chance *chance, World *world)
{
	static const uint32_t scored[] = {4, 4, 4, 0, 1};
	world->scale = chance_once_in(chance, 80) ? 64 : chance_once_in(chance, 40) ? 8 : 1;
	world->plain = chance_once_in(chance, world->scale > 1 ? 2 : 8);
	world->scored = CHANCE_OF(chance, scored);
	world->favourite = -1;
}

static void make_favourite(Chance *chance, World *world)
{
	const SnapLevel *level = world->snapshot->audience_levels[0];
	if (chance_below(chance, world->scale > 1 ? 2 : 6))
		return;
	for (uint32_t i = 0; i < level->n_attributes; i++) {
		ExprKind kind = ast_kind(level->attributes[i]->type);
		if ((kind == EXPR_INT || kind == EXPR_DOUBLE) &&
		        (world->favourite < 0 || chance_once_in(chance, 3)))
			world->favourite = (int)i;
	}
}

World *world_make(Chance *chance, Arena *arena)
{
	World *world = ARENA_NEW(arena, World);
	world->arena = arena;
	world->anchor_us = CHANCE_OF(chance, anchors_s) * SECOND_US;
	if (chance_once_in(chance, 3) && world->anchor_us < INT64_C(200000000000) * SECOND_US) {
		world->anchor_us += (int64_t)chance_below(chance, 40) * DAY_US;
		world->anchor_us += chance_below(chance, 2000000000);
	}
	make_style(chance, world);
	world->snapshot = ARENA_NEW(arena, Snapshot);
	*world->snapshot = (Snapshot)PARLEY__SNAPSHOT__V1__SNAPSHOT__INIT;
	world->snapshot->format = SNAPSHOT_FORMAT;
	world->snapshot->least_engine = SNAPSHOT_ENGINE;
	world->snapshot->channel = arena_cstr(arena, STR("oracle"));
	world->snapshot->session_timeout_s = 1800;
	make_levels(chance, world);
	make_favourite(chance, world);
	make_offers(chance, world);
	make_zones(chance, world);
	make_segments(chance, world);
	make_flows(chance, world);
	make_campaigns(chance, world);
	make_rules(chance, world);
	make_visitor_lists(chance, world);
	make_limits(chance, world);
	return world;
}
