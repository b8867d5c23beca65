#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>

enum { ITEMS_MAX = 4096 };

// Names by which an item refers to others, until they are indices.
typedef struct Refers {
	const void *item;
	const char *segment, *zone, *offer;
} Refers;

struct World {
	Arena *arena;
	Snapshot snapshot;
	ExprSchema schema;
	Refers refers[2 * ITEMS_MAX];
	size_t refer_count;
};

static void must(Err e)
{
	if (e) {
		fprintf(stderr, "world: %s: %s\n", err_reason(e), err_detail()->message);
		exit(1);
	}
}

static char *text(World *world, const char *value)
{
	return arena_cstr(world->arena, str(value));
}

#define ADD(world, list, type, INIT)                                                                         \
	({                                                                                                   \
		Snapshot *snapshot_ = &(world)->snapshot;                                                    \
		if (!snapshot_->list)                                                                        \
			snapshot_->list = ARENA_ARRAY((world)->arena, type *, ITEMS_MAX);                    \
		if (snapshot_->n_##list == ITEMS_MAX)                                                        \
			must(err(ERR_LIMIT, "too many " #list));                                             \
		type *item_ = ARENA_NEW((world)->arena, type);                                               \
		*item_ = (type)INIT;                                                                         \
		snapshot_->list[snapshot_->n_##list++] = item_;                                              \
		item_;                                                                                       \
	})

static SnapAttribute *attribute(
        World *world, const char *name, Parley__Snapshot__V1__ValueType type, bool has_default)
{
	SnapAttribute *made = ARENA_NEW(world->arena, SnapAttribute);
	*made = (SnapAttribute)PARLEY__SNAPSHOT__V1__ATTRIBUTE__INIT;
	made->name = made->column = text(world, name);
	made->type = type;
	made->session_settable = true;
	if (has_default) {
		made->default_value = ARENA_NEW(world->arena, SnapConstant);
		*made->default_value = (SnapConstant)PARLEY__SNAPSHOT__V1__CONSTANT__INIT;
		made->default_value->type = type;
	}
	return made;
}

static void add_customer(World *world)
{
	SnapLevel *level = ADD(world, audience_levels, SnapLevel, PARLEY__SNAPSHOT__V1__AUDIENCE_LEVEL__INIT);
	level->name = text(world, "customer");
	level->profile_table = text(world, "customers");
	level->n_keys = 1;
	level->keys = ARENA_ARRAY(world->arena, SnapKey *, 1);
	level->keys[0] = ARENA_NEW(world->arena, SnapKey);
	*level->keys[0] = (SnapKey)PARLEY__SNAPSHOT__V1__AUDIENCE_KEY__INIT;
	level->keys[0]->name = level->keys[0]->column = text(world, "customer_id");
	level->keys[0]->type = SNAP_TYPE(INT);
	level->n_attributes = WORLD_ATTRIBUTES;
	SnapAttribute **attributes = level->attributes =
	        ARENA_ARRAY(world->arena, SnapAttribute *, WORLD_ATTRIBUTES);
	attributes[WORLD_AGE] = attribute(world, "age", SNAP_TYPE(INT), true);
	attributes[WORLD_AGE]->default_value->int_value = 30;
	attributes[WORLD_BALANCE] = attribute(world, "balance", SNAP_TYPE(DOUBLE), true);
	attributes[WORLD_TIER] = attribute(world, "tier", SNAP_TYPE(STRING), true);
	attributes[WORLD_TIER]->default_value->string_value = text(world, "basic");
	attributes[WORLD_TAGS] = attribute(world, "tags", SNAP_TYPE(STRING_LIST), true);
	attributes[WORLD_JOINED] = attribute(world, "joined", SNAP_TYPE(TIMESTAMP), false);
	attributes[WORLD_CHURN] = attribute(world, "churn", SNAP_TYPE(DOUBLE), false);
	must(snapshot_schema(level, world->arena, &world->schema));
}

World *world_new(Arena *arena)
{
	World *world = ARENA_NEW(arena, World);
	world->arena = arena;
	world->snapshot = (Snapshot)PARLEY__SNAPSHOT__V1__SNAPSHOT__INIT;
	world->snapshot.format = SNAPSHOT_FORMAT;
	world->snapshot.least_engine = SNAPSHOT_ENGINE;
	world->snapshot.channel = text(world, "bank");
	world->snapshot.session_timeout_s = 1800;
	add_customer(world);
	return world;
}

SnapZone *world_zone(World *world, const char *name)
{
	SnapZone *zone = ADD(world, zones, SnapZone, PARLEY__SNAPSHOT__V1__ZONE__INIT);
	zone->name = text(world, name);
	zone->tie_break = SNAP_TIE(OFFER_CODE);
	zone->deduplication = SNAP_DEDUP(OFFER);
	return zone;
}

SnapPoint *world_point(World *world, const char *name, const char *zone)
{
	SnapPoint *point = ADD(world, points, SnapPoint, PARLEY__SNAPSHOT__V1__INTERACTION_POINT__INIT);
	point->name = text(world, name);
	point->default_content = text(world, "welcome");
	world->refers[world->refer_count++] = (Refers){.item = point, .zone = zone};
	return point;
}

SnapEvent *world_event(World *world, const char *name, Parley__Snapshot__V1__EventActionKind action)
{
	SnapEvent *event = ADD(world, events, SnapEvent, PARLEY__SNAPSHOT__V1__EVENT__INIT);
	event->name = text(world, name);
	event->n_actions = 1;
	event->actions = ARENA_ARRAY(world->arena, SnapAction *, 1);
	event->actions[0] = ARENA_NEW(world->arena, SnapAction);
	*event->actions[0] = (SnapAction)PARLEY__SNAPSHOT__V1__EVENT_ACTION__INIT;
	event->actions[0]->kind = action;
	return event;
}

SnapExpression *world_expression(World *world, const char *source)
{
	ExprProgram program;
	must(expr_compile(&world->schema, str(source), EXPR_DYN, world->arena, &program));
	SnapExpression *expression = ARENA_NEW(world->arena, SnapExpression);
	*expression = (SnapExpression)PARLEY__SNAPSHOT__V1__EXPRESSION__INIT;
	expression->source = text(world, source);
	Str bytes = arena_str(world->arena, str_n((const char *)program.bytes, program.len));
	expression->program =
	        (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)(uintptr_t)bytes.ptr};
	return expression;
}

SnapSegment *world_segment(World *world, const char *name, const char *expression)
{
	SnapSegment *segment = ADD(world, segments, SnapSegment, PARLEY__SNAPSHOT__V1__SEGMENT__INIT);
	segment->name = text(world, name);
	segment->expression = world_expression(world, expression);
	return segment;
}

SnapOffer *world_offer(World *world, const char *code)
{
	SnapOffer *offer = ADD(world, offers, SnapOffer, PARLEY__SNAPSHOT__V1__OFFER__INIT);
	offer->code = offer->name = text(world, code);
	offer->template_ = text(world, "card");
	offer->published = true;
	offer->n_attributes = 1;
	offer->attributes = ARENA_ARRAY(world->arena, SnapOfferAttribute *, 1);
	offer->attributes[0] = ARENA_NEW(world->arena, SnapOfferAttribute);
	*offer->attributes[0] = (SnapOfferAttribute)PARLEY__SNAPSHOT__V1__OFFER_ATTRIBUTE__INIT;
	offer->attributes[0]->name = text(world, "headline");
	offer->attributes[0]->type = SNAP_TYPE(STRING);
	SnapConstant *value = offer->attributes[0]->value = ARENA_NEW(world->arena, SnapConstant);
	*value = (SnapConstant)PARLEY__SNAPSHOT__V1__CONSTANT__INIT;
	value->type = SNAP_TYPE(STRING);
	value->string_value = text(world, code);
	return offer;
}

SnapRule *world_rule(World *world, const char *name, const char *segment, const char *zone, const char *offer,
        double score)
{
	SnapRule *rule = ADD(world, rules, SnapRule, PARLEY__SNAPSHOT__V1__TREATMENT_RULE__INIT);
	rule->name = text(world, name);
	rule->score = score;
	rule->enabled = true;
	world->refers[world->refer_count++] =
	        (Refers){.item = rule, .segment = segment, .zone = zone, .offer = offer};
	return rule;
}

// --- canonical order ---

#define BY(kind, type, key)                                                                                  \
	static int by_##kind(const void *a, const void *b)                                                   \
	{                                                                                                    \
		return strcmp((*(type *const *)a)->key, (*(type *const *)b)->key);                           \
	}                                                                                                    \
	static uint32_t find_##kind(type **items, size_t count, const char *name)                            \
	{                                                                                                    \
		for (uint32_t i = 0; i < count; i++) {                                                       \
			if (strcmp(items[i]->key, name) == 0)                                                \
				return i;                                                                    \
		}                                                                                            \
		must(err(ERR_REFERENCE_DANGLING, "no " #kind " %s", name));                                  \
		return 0;                                                                                    \
	}
BY(zone, SnapZone, name)
BY(segment, SnapSegment, name)
BY(offer, SnapOffer, code)

static int by_name(const void *a, const void *b)
{
	// Points, events and rules begin alike: a message, then the name.
	return strcmp((*(SnapZone *const *)a)->name, (*(SnapZone *const *)b)->name);
}
_Static_assert(offsetof(SnapRule, name) == offsetof(SnapZone, name), "named alike");
_Static_assert(offsetof(SnapPoint, name) == offsetof(SnapZone, name), "named alike");
_Static_assert(offsetof(SnapEvent, name) == offsetof(SnapZone, name), "named alike");

static const Refers *refers_of(const World *world, const void *item)
{
	size_t i = 0;
	while (world->refers[i].item != item)
		i++;
	return &world->refers[i];
}

static void resolve(World *world)
{
	Snapshot *s = &world->snapshot;
	for (size_t i = 0; i < s->n_points; i++)
		s->points[i]->zone = find_zone(s->zones, s->n_zones, refers_of(world, s->points[i])->zone);
	for (size_t i = 0; i < s->n_rules; i++) {
		const Refers *refers = refers_of(world, s->rules[i]);
		if (refers->segment)
			s->rules[i]->segment = find_segment(s->segments, s->n_segments, refers->segment) + 1;
		if (refers->zone)
			s->rules[i]->zone = find_zone(s->zones, s->n_zones, refers->zone) + 1;
		s->rules[i]->offer = find_offer(s->offers, s->n_offers, refers->offer);
	}
}

Snapshot *world_finish(World *world)
{
	Snapshot *s = &world->snapshot;
#define SORT(list, compare)                                                                                  \
	if (s->n_##list)                                                                                     \
	qsort(s->list, s->n_##list, sizeof *s->list, compare)
	SORT(zones, by_zone);
	SORT(points, by_name);
	SORT(events, by_name);
	SORT(segments, by_segment);
	SORT(offers, by_offer);
	SORT(rules, by_name);
#undef SORT
	resolve(world);
	return s;
}

World *world_bank(Arena *arena)
{
	World *world = world_new(arena);
	world_zone(world, "home");
	world_zone(world, "service");
	world_point(world, "home-banner", "home");
	world_point(world, "home-side", "home");
	world_point(world, "call-script", "service");
	world_event(world, "shown", SNAP_ACTION(LOG_CONTACT));
	world_event(world, "accepted", SNAP_ACTION(LOG_ACCEPT));
	world_event(world, "rejected", SNAP_ACTION(LOG_REJECT));
	world_segment(world, "adults", "age >= 18");
	world_segment(world, "gold", "tier == 'gold'");
	world_segment(world, "rich", "balance >= 10000");
	world_offer(world, "CARD");
	world_offer(world, "LOAN");
	world_offer(world, "SAVINGS");
	world_offer(world, "TRAVEL");
	world_rule(world, "everyone-savings", NULL, NULL, "SAVINGS", 20);
	world_rule(world, "adults-card", "adults", "home", "CARD", 60);
	world_rule(world, "adults-loan", "adults", "home", "LOAN", 50)->eligibility =
	        world_expression(world, "balance < 5000");
	world_rule(world, "gold-travel", "gold", "home", "TRAVEL", 90);
	world_rule(world, "gold-card", "gold", "service", "CARD", 70);
	world_rule(world, "rich-travel", "rich", "service", "TRAVEL", 0)->score_expression =
	        world_expression(world, "age");
	world_rule(world, "rich-card", "rich", "home", "CARD", 80);
	return world;
}
