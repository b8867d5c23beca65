#include "rules.h"

#include "expr/expr.h"

#include <stdio.h>

enum { OFFERS_MAX = 1000, VALUES = 100, FACTORS = 8 };

static uint64_t next(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static uint32_t below(uint64_t *state, uint32_t limit)
{
	return (uint32_t)(next(state) % limit);
}

static char *text(Arena *arena, const char *value)
{
	return arena_cstr(arena, str(value));
}

// The initialiser comes last: expanded, it has commas.
#define NEW(arena, type, ...)                                                                                \
	({                                                                                                   \
		type *new_ = ARENA_NEW(arena, type);                                                         \
		*new_ = (type)__VA_ARGS__;                                                                   \
		new_;                                                                                        \
	})

// A list of one.
#define ONE(owner, list, arena, type, ...)                                                                   \
	({                                                                                                   \
		(owner)->n_##list = 1;                                                                       \
		(owner)->list = ARENA_ARRAY(arena, type *, 1);                                               \
		(owner)->list[0] = NEW(arena, type, __VA_ARGS__);                                            \
	})

const char *rules_attribute(uint32_t attribute)
{
	static const char *const names[RULES_ATTRIBUTES] = {"a00", "a01", "a02", "a03", "a04", "a05", "a06",
	        "a07", "a08", "a09", "a10", "a11", "a12", "a13", "a14", "a15", "a16", "a17", "a18", "a19"};
	return names[attribute];
}

static void add_level(Snapshot *snapshot, Arena *arena)
{
	SnapLevel *level =
	        ONE(snapshot, audience_levels, arena, SnapLevel, PARLEY__SNAPSHOT__V1__AUDIENCE_LEVEL__INIT);
	level->name = text(arena, "customer");
	SnapKey *key = ONE(level, keys, arena, SnapKey, PARLEY__SNAPSHOT__V1__AUDIENCE_KEY__INIT);
	key->name = key->column = text(arena, "customer_id");
	key->type = SNAP_TYPE(INT);
	level->n_attributes = RULES_ATTRIBUTES;
	level->attributes = ARENA_ARRAY(arena, SnapAttribute *, RULES_ATTRIBUTES);
	for (uint32_t i = 0; i < RULES_ATTRIBUTES; i++) {
		SnapAttribute *made = level->attributes[i] =
		        NEW(arena, SnapAttribute, PARLEY__SNAPSHOT__V1__ATTRIBUTE__INIT);
		made->name = text(arena, rules_attribute(i));
		made->type = SNAP_TYPE(INT);
		made->session_settable = true;
		made->default_value = NEW(arena, SnapConstant, PARLEY__SNAPSHOT__V1__CONSTANT__INIT);
		made->default_value->type = SNAP_TYPE(INT);
	}
}

static void add_places(Snapshot *snapshot, Arena *arena)
{
	SnapZone *zone = ONE(snapshot, zones, arena, SnapZone, PARLEY__SNAPSHOT__V1__ZONE__INIT);
	zone->name = text(arena, "home");
	zone->tie_break = SNAP_TIE(OFFER_CODE);
	zone->deduplication = SNAP_DEDUP(OFFER);
	SnapPoint *point =
	        ONE(snapshot, points, arena, SnapPoint, PARLEY__SNAPSHOT__V1__INTERACTION_POINT__INIT);
	point->name = text(arena, "home-banner");
	point->default_content = text(arena, "welcome");
	SnapEvent *event = ONE(snapshot, events, arena, SnapEvent, PARLEY__SNAPSHOT__V1__EVENT__INIT);
	event->name = text(arena, "shown");
	event->n_actions = 1;
	event->actions = ARENA_ARRAY(arena, SnapAction *, 1);
	event->actions[0] = NEW(arena, SnapAction, PARLEY__SNAPSHOT__V1__EVENT_ACTION__INIT);
	event->actions[0]->kind = SNAP_ACTION(LOG_CONTACT);
}

static SnapOfferAttribute *offer_attribute(Arena *arena, const char *name, const char *value)
{
	SnapOfferAttribute *made =
	        NEW(arena, SnapOfferAttribute, PARLEY__SNAPSHOT__V1__OFFER_ATTRIBUTE__INIT);
	made->name = text(arena, name);
	made->type = SNAP_TYPE(STRING);
	made->value = NEW(arena, SnapConstant, PARLEY__SNAPSHOT__V1__CONSTANT__INIT);
	made->value->type = SNAP_TYPE(STRING);
	made->value->string_value = text(arena, value);
	return made;
}

static void add_offers(Snapshot *snapshot, size_t count, Arena *arena)
{
	snapshot->n_offers = count;
	snapshot->offers = ARENA_ARRAY(arena, SnapOffer *, count);
	for (size_t i = 0; i < count; i++) {
		SnapOffer *offer = snapshot->offers[i] =
		        NEW(arena, SnapOffer, PARLEY__SNAPSHOT__V1__OFFER__INIT);
		offer->code = arena_printf(arena, "OFFER-%06zu", i);
		offer->name = arena_printf(arena, "Offer number %zu", i);
		offer->template_ = text(arena, "banner");
		offer->published = true;
		offer->n_attributes = 2;
		offer->attributes = ARENA_ARRAY(arena, SnapOfferAttribute *, 2);
		offer->attributes[0] =
		        offer_attribute(arena, "headline", "A card that gives back what you spend");
		offer->attributes[1] = offer_attribute(
		        arena, "image", arena_printf(arena, "https://img.example/%zu.webp", i));
	}
}

// --- rules ---

static void draw(PlainRule *rule, size_t index, size_t offers, uint64_t *state)
{
	for (size_t i = 0; i < RULES_PREDICATES; i++)
		rule->predicates[i] = (RulePredicate){
		        .attribute = below(state, RULES_ATTRIBUTES),
		        .below = below(state, 2) == 0,
		        .bound = 1 + below(state, VALUES - 1),
		};
	rule->scored_by = below(state, RULES_ATTRIBUTES);
	rule->score_factor = 1 + below(state, FACTORS);
	rule->offer = (uint32_t)(index % offers);
}

static SnapExpression *expression(const ExprSchema *schema, const char *source, Arena *arena)
{
	ExprProgram program;
	bench_must(expr_compile(schema, str(source), EXPR_DYN, arena, &program));
	SnapExpression *made = NEW(arena, SnapExpression, PARLEY__SNAPSHOT__V1__EXPRESSION__INIT);
	made->source = (char *)(uintptr_t)source;
	made->program =
	        (ProtobufCBinaryData){.len = program.len, .data = (uint8_t *)(uintptr_t)program.bytes};
	return made;
}

static SnapRule *write_rule(const PlainRule *rule, size_t index, const ExprSchema *schema, Arena *arena)
{
	char source[128];
	int len = 0;
	for (size_t i = 0; i < RULES_PREDICATES; i++) {
		const RulePredicate *p = &rule->predicates[i];
		len += snprintf(source + len, sizeof source - (size_t)len, "%s%s %s %lld",
		        i > 0 ? " && " : "", rules_attribute(p->attribute),
		        p->below ? "<" : ">=", (long long)p->bound);
	}
	SnapRule *made = NEW(arena, SnapRule, PARLEY__SNAPSHOT__V1__TREATMENT_RULE__INIT);
	made->name = arena_printf(arena, "rule-%06zu", index);
	made->zone = 1;
	made->offer = rule->offer;
	made->enabled = true;
	made->eligibility = expression(schema, text(arena, source), arena);
	made->score_expression = expression(schema,
	        arena_printf(
	                arena, "%s * %lld", rules_attribute(rule->scored_by), (long long)rule->score_factor),
	        arena);
	return made;
}

void rules_make(size_t count, Arena *arena, RuleSet *ret)
{
	rules_make_for(count, OFFERS_MAX, arena, ret);
}

void rules_make_for(size_t count, size_t offers_max, Arena *arena, RuleSet *ret)
{
	Snapshot *snapshot = NEW(arena, Snapshot, PARLEY__SNAPSHOT__V1__SNAPSHOT__INIT);
	size_t offers = count < offers_max ? count : offers_max;
	uint64_t state = count;
	ExprSchema schema;
	snapshot->format = SNAPSHOT_FORMAT;
	snapshot->least_engine = SNAPSHOT_ENGINE;
	snapshot->channel = text(arena, "bank");
	snapshot->session_timeout_s = 1800;
	add_level(snapshot, arena);
	add_places(snapshot, arena);
	add_offers(snapshot, offers, arena);
	bench_must(snapshot_schema(snapshot->audience_levels[RULES_LEVEL], arena, &schema));
	*ret = (RuleSet){snapshot, ARENA_ARRAY(arena, PlainRule, count), count};
	snapshot->n_rules = count;
	snapshot->rules = ARENA_ARRAY(arena, SnapRule *, count);
	for (size_t i = 0; i < count; i++) {
		draw(&ret->plain[i], i, offers, &state);
		snapshot->rules[i] = write_rule(&ret->plain[i], i, &schema, arena);
	}
}

void rules_visitor(uint64_t number, int64_t ret[RULES_ATTRIBUTES])
{
	uint64_t state = ~number;
	for (size_t i = 0; i < RULES_ATTRIBUTES; i++)
		ret[i] = below(&state, VALUES);
}
