// Levels, expressions and constants; and the finish, where names become indices.
#include "world/build.h"

#include <stdio.h>
#include <stdlib.h>

void world_must(Err e)
{
	if (e) {
		fprintf(stderr, "world: %s: %s\n", err_reason(e), err_detail()->message);
		exit(1);
	}
}

char *world_text(World *world, const char *text)
{
	return arena_cstr(world->arena, str(text));
}

// --- levels ---

static SnapAttribute *attribute(
        World *world, const char *name, Parley__Snapshot__V1__ValueType type, bool has_default)
{
	SnapAttribute *made = ARENA_NEW(world->arena, SnapAttribute);
	*made = (SnapAttribute)PARLEY__SNAPSHOT__V1__ATTRIBUTE__INIT;
	made->name = made->column = world_text(world, name);
	made->type = type;
	made->session_settable = true;
	if (has_default) {
		made->default_value = ARENA_NEW(world->arena, SnapConstant);
		*made->default_value = (SnapConstant)PARLEY__SNAPSHOT__V1__CONSTANT__INIT;
		made->default_value->type = type;
	}
	return made;
}

static SnapLevel *add_level(World *world, const char *name, const char *table, const char *key,
        Parley__Snapshot__V1__ValueType key_type)
{
	SnapLevel *level = WORLD_ADD_NAMED(
	        world, name, audience_levels, SnapLevel, PARLEY__SNAPSHOT__V1__AUDIENCE_LEVEL__INIT);
	level->profile_table = world_text(world, table);
	level->n_keys = 1;
	level->keys = ARENA_ARRAY(world->arena, SnapKey *, 1);
	level->keys[0] = ARENA_NEW(world->arena, SnapKey);
	*level->keys[0] = (SnapKey)PARLEY__SNAPSHOT__V1__AUDIENCE_KEY__INIT;
	level->keys[0]->name = level->keys[0]->column = world_text(world, key);
	level->keys[0]->type = key_type;
	level->n_attributes = WORLD_ATTRIBUTES;
	SnapAttribute **attributes = level->attributes =
	        ARENA_ARRAY(world->arena, SnapAttribute *, WORLD_ATTRIBUTES);
	attributes[WORLD_AGE] = attribute(world, "age", SNAP_TYPE(INT), true);
	attributes[WORLD_AGE]->default_value->int_value = 30;
	attributes[WORLD_BALANCE] = attribute(world, "balance", SNAP_TYPE(DOUBLE), true);
	attributes[WORLD_TIER] = attribute(world, "tier", SNAP_TYPE(STRING), true);
	attributes[WORLD_TIER]->default_value->string_value = world_text(world, "basic");
	attributes[WORLD_TAGS] = attribute(world, "tags", SNAP_TYPE(STRING_LIST), true);
	attributes[WORLD_JOINED] = attribute(world, "joined", SNAP_TYPE(TIMESTAMP), false);
	attributes[WORLD_CHURN] = attribute(world, "churn", SNAP_TYPE(DOUBLE), false);
	return level;
}

World *world_new(Arena *arena)
{
	World *world = ARENA_NEW(arena, World);
	world->arena = arena;
	world->references_end = &world->references;
	world->snapshot = (Snapshot)PARLEY__SNAPSHOT__V1__SNAPSHOT__INIT;
	world->snapshot.format = SNAPSHOT_FORMAT;
	world->snapshot.least_engine = SNAPSHOT_ENGINE;
	world->snapshot.channel = world_text(world, "bank");
	world->snapshot.session_timeout_s = 1800;
	SnapLevel *level = add_level(world, "customer", "customers", "customer_id", SNAP_TYPE(INT));
	world_must(snapshot_schema(level, arena, &world->schema));
	return world;
}

void world_household(World *world)
{
	add_level(world, "household", "households", "household_id", SNAP_TYPE(STRING));
}

// --- values ---

SnapExpression *world_expression(World *world, const char *source)
{
	ExprProgram program;
	world_must(expr_compile(&world->schema, str(source), EXPR_DYN, world->arena, &program));
	SnapExpression *expression = ARENA_NEW(world->arena, SnapExpression);
	*expression = (SnapExpression)PARLEY__SNAPSHOT__V1__EXPRESSION__INIT;
	expression->source = world_text(world, source);
	Str bytes = arena_str(world->arena, str_n((const char *)program.bytes, program.len));
	expression->program =
	        (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)(uintptr_t)bytes.ptr};
	return expression;
}

static SnapConstant *constant(World *world, Parley__Snapshot__V1__ValueType type)
{
	SnapConstant *made = ARENA_NEW(world->arena, SnapConstant);
	*made = (SnapConstant)PARLEY__SNAPSHOT__V1__CONSTANT__INIT;
	made->type = type;
	return made;
}

SnapConstant *world_bool(World *world, bool value)
{
	SnapConstant *made = constant(world, SNAP_TYPE(BOOL));
	made->bool_value = value;
	return made;
}

SnapConstant *world_int(World *world, int64_t value)
{
	SnapConstant *made = constant(world, SNAP_TYPE(INT));
	made->int_value = value;
	return made;
}

SnapConstant *world_double(World *world, double value)
{
	SnapConstant *made = constant(world, SNAP_TYPE(DOUBLE));
	made->double_value = value;
	return made;
}

SnapConstant *world_string(World *world, const char *value)
{
	SnapConstant *made = constant(world, SNAP_TYPE(STRING));
	made->string_value = world_text(world, value);
	return made;
}

SnapConstant *world_timestamp(World *world, int64_t us)
{
	SnapConstant *made = constant(world, SNAP_TYPE(TIMESTAMP));
	made->int_value = us;
	return made;
}

SnapConstant *world_strings(World *world, const char *values)
{
	SnapConstant *made = constant(world, SNAP_TYPE(STRING_LIST));
	made->string_values = world_words(world, values, &made->n_string_values);
	return made;
}

// --- names ---

static bool word_ends(char c)
{
	return c == ' ' || c == '\0';
}

char **world_words(World *world, const char *text, size_t *ret_count)
{
	char **words = ARENA_ARRAY(world->arena, char *, strlen(text) / 2 + 1);
	*ret_count = 0;
	for (const char *end = text; *text; text = end) {
		while (!word_ends(*end))
			end++;
		if (end > text)
			words[(*ret_count)++] = arena_cstr(world->arena, str_n(text, (size_t)(end - text)));
		end += *end == ' ';
	}
	return words;
}

void world_refer(World *world, Reference reference)
{
	if (!reference.name)
		return;
	Reference *added = *world->references_end = ARENA_NEW(world->arena, Reference);
	*added = reference;
	added->name = world_text(world, reference.name);
	world->references_end = &added->next;
}

void world_refer_offers(World *world, const char *codes, bool sorted, uint32_t **ret, size_t *ret_count)
{
	char **words = world_words(world, codes, ret_count);
	*ret = ARENA_ARRAY(world->arena, uint32_t, *ret_count);
	for (size_t i = 0; i < *ret_count; i++)
		world_refer(world, (Reference){.kind = REFERS_OFFER, .name = words[i], .where = &(*ret)[i]});
	if (!sorted)
		return;
	IndexList *list = ARENA_NEW(world->arena, IndexList);
	*list = (IndexList){world->lists, *ret, *ret_count};
	world->lists = list;
}

// --- the finish ---

// Every list below is of messages that begin with their name or code, and is found by it.
#define NAMED(type, field) _Static_assert(offsetof(type, field) == offsetof(SnapZone, name), "named alike")
NAMED(SnapLevel, name);
NAMED(SnapPoint, name);
NAMED(SnapEvent, name);
NAMED(SnapSegment, name);
NAMED(SnapOffer, code);
NAMED(SnapRule, name);
NAMED(SnapList, name);
NAMED(SnapFlow, name);
NAMED(SnapStep, name);
NAMED(SnapOfferList, name);
NAMED(SnapCampaign, code);
NAMED(SnapCell, code);
NAMED(SnapSuppression, name);
NAMED(SnapConstraint, name);

static int by_name(const void *a, const void *b)
{
	return strcmp((*(SnapZone *const *)a)->name, (*(SnapZone *const *)b)->name);
}

static uint32_t find(const char *kind, void *items, size_t count, const char *name)
{
	for (uint32_t i = 0; i < count; i++) {
		if (strcmp(((SnapZone **)items)[i]->name, name) == 0)
			return i;
	}
	world_must(err(ERR_REFERENCE_DANGLING, "no %s %s", kind, name));
	return 0;
}

static uint32_t resolve(const Snapshot *s, const Reference *reference)
{
	const char *name = reference->name;
	switch (reference->kind) {
	case REFERS_ZONE:
		return find("zone", s->zones, s->n_zones, name);
	case REFERS_SEGMENT:
		return find("segment", s->segments, s->n_segments, name);
	case REFERS_OFFER:
		return find("offer", s->offers, s->n_offers, name);
	case REFERS_EVENT:
		return find("event", s->events, s->n_events, name);
	case REFERS_AUDIENCE_LIST:
		return find("audience list", s->audience_lists, s->n_audience_lists, name);
	case REFERS_OFFER_LIST:
		return find("offer list", s->offer_lists, s->n_offer_lists, name);
	case REFERS_CAMPAIGN:
		return find("campaign", s->campaigns, s->n_campaigns, name);
	case REFERS_CELL: {
		const SnapCampaign *campaign = s->campaigns[((const SnapRule *)reference->of)->campaign - 1];
		return find("cell", campaign->cells, campaign->n_cells, name);
	}
	case REFERS_STEP: {
		const SnapFlow *flow = reference->of;
		return find("step", flow->steps, flow->n_steps, name);
	}
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return (left > right) - (left < right);
}

static int by_visitor(const void *a, const void *b)
{
	const SnapBlacklistEntry *left = *(SnapBlacklistEntry *const *)a,
	                         *right = *(SnapBlacklistEntry *const *)b;
	if (left->audience_level != right->audience_level)
		return left->audience_level < right->audience_level ? -1 : 1;
	int by_id = strcmp(left->audience_id, right->audience_id);
	return by_id ? by_id : by_number(&left->offer, &right->offer);
}
_Static_assert(offsetof(SnapOverride, audience_level) == offsetof(SnapBlacklistEntry, audience_level) &&
                       offsetof(SnapOverride, audience_id) == offsetof(SnapBlacklistEntry, audience_id) &&
                       offsetof(SnapOverride, offer) == offsetof(SnapBlacklistEntry, offer),
        "laid out alike");

Snapshot *world_finish(World *world)
{
	Snapshot *s = &world->snapshot;
#define SORT(list, compare)                                                                                  \
	if (s->n_##list)                                                                                     \
	qsort(s->list, s->n_##list, sizeof *s->list, compare)
	SORT(audience_levels, by_name);
	SORT(zones, by_name);
	SORT(points, by_name);
	SORT(events, by_name);
	SORT(segments, by_name);
	SORT(offers, by_name);
	SORT(rules, by_name);
	SORT(global_offers, by_name);
	SORT(audience_lists, by_name);
	SORT(flows, by_name);
	SORT(offer_lists, by_name);
	SORT(campaigns, by_name);
	SORT(suppressions, by_name);
	SORT(constraints, by_name);
	for (size_t i = 0; i < s->n_campaigns; i++) {
		if (s->campaigns[i]->n_cells)
			qsort(s->campaigns[i]->cells, s->campaigns[i]->n_cells, sizeof(SnapCell *), by_name);
	}
	for (const Reference *reference = world->references; reference; reference = reference->next)
		*reference->where = resolve(s, reference) + reference->base;
	for (const IndexList *list = world->lists; list; list = list->next)
		qsort(list->items, list->count, sizeof *list->items, by_number);
	SORT(score_overrides, by_visitor);
	SORT(blacklist, by_visitor);
#undef SORT
	return s;
}
