// From suppressions and constraints, which name offers, to what a call asks: which of them concern this
// offer, in the order in which they are to strike. Offers whose constants of a related attribute are equal
// are put into one class.
#include "decide/build.h"

#include <xxhash.h>

static Err build_suppressions(Builder *builder)
{
	const Snapshot *snapshot = builder->snapshot;
	ListsBuilder lists = {.scratch = builder->scratch};
	for (int trigger = SNAP_TRIGGER(ACCEPT); trigger <= SNAP_TRIGGER(PRESENTATIONS); trigger++) {
		for (uint32_t i = 0; i < snapshot->n_suppressions; i++) {
			const SnapSuppression *rule = snapshot->suppressions[i];
			for (size_t j = 0; (int)rule->trigger == trigger && j < rule->n_offers; j++)
				TRY(lists_add(&lists, rule->offers[j], i));
		}
	}
	return lists_finish(&lists, snapshot->n_offers, builder->arena, &builder->plan->suppressions);
}

static Err build_constraints(Builder *builder)
{
	const Snapshot *snapshot = builder->snapshot;
	ListsBuilder lists = {.scratch = builder->scratch};
	for (int scope = SNAP_CONSTRAINT(SESSION); scope <= SNAP_CONSTRAINT(OVERALL); scope++) {
		for (uint32_t i = 0; i < snapshot->n_constraints; i++) {
			const SnapConstraint *constraint = snapshot->constraints[i];
			for (size_t j = 0; (int)constraint->scope == scope && j < constraint->n_offers; j++)
				TRY(lists_add(&lists, constraint->offers[j], i));
			if (constraint->scope == SNAP_CONSTRAINT(VISITOR))
				builder->plan->counts_periods = true;
		}
	}
	return lists_finish(&lists, snapshot->n_offers, builder->arena, &builder->plan->constraints);
}

// --- classes ---

typedef struct Classes {
	Str *names; // of related attributes; index + 1 is what `related` says
	uint32_t name_count;
	Probe probe; // by attribute and value
	const SnapConstant **values;
	uint32_t *attributes;
	uint32_t count; // the next class
} Classes;

static uint64_t value_hash(const SnapConstant *value, uint32_t attribute)
{
	uint64_t hash = mix64((uint64_t)value->type << 32 | attribute);
	double number = value->double_value == 0 ? 0 : value->double_value; // -0 equals 0
	switch (value->type) {
	case SNAP_TYPE(BOOL):
		return mix64(hash + (value->bool_value != 0));
	case SNAP_TYPE(INT):
	case SNAP_TYPE(TIMESTAMP):
		return mix64(hash + (uint64_t)value->int_value);
	case SNAP_TYPE(DOUBLE):
		return XXH3_64bits_withSeed(&number, sizeof number, hash);
	case SNAP_TYPE(STRING):
		return XXH3_64bits_withSeed(value->string_value, strlen(value->string_value), hash);
	default:
		break;
	}
	for (size_t i = 0; i < value->n_string_values; i++)
		hash = XXH3_64bits_withSeed(value->string_values[i], strlen(value->string_values[i]), hash);
	return hash;
}

static Err find_class(
        Classes *classes, const SnapConstant *value, uint32_t attribute, Arena *scratch, uint32_t *ret)
{
	ExprValue wanted = plan_constant(value, scratch);
	uint64_t hash = value_hash(value, attribute);
	uint32_t at = (uint32_t)hash;
	while (probe_next(&classes->probe, &at, ret)) {
		if (classes->attributes[*ret] == attribute && classes->values[*ret]->type == value->type &&
		        plan_compare(classes->values[*ret], SNAP_COMPARE(EQUAL), wanted))
			return OK;
	}
	*ret = classes->count++;
	classes->values[*ret] = value;
	classes->attributes[*ret] = attribute;
	probe_put(&classes->probe, hash, *ret);
	return OK;
}

static uint32_t find_name(const Classes *classes, const char *name)
{
	for (uint32_t i = 0; i < classes->name_count; i++) {
		if (str_eq(classes->names[i], str(name)))
			return i + 1;
	}
	return 0;
}

static Err name_attributes(Builder *builder, Classes *classes)
{
	const Snapshot *snapshot = builder->snapshot;
	uint32_t *related = ARENA_ARRAY(builder->arena, uint32_t, snapshot->n_suppressions);
	classes->names = ARENA_ARRAY(builder->scratch, Str, snapshot->n_suppressions);
	if (!related || !classes->names)
		return err(ERR_NO_MEMORY, "no memory for %zu suppressions", snapshot->n_suppressions);
	for (size_t i = 0; i < snapshot->n_suppressions; i++) {
		const char *name = snapshot->suppressions[i]->related_attribute;
		if (!*name)
			continue;
		related[i] = find_name(classes, name);
		if (!related[i]) {
			classes->names[classes->name_count++] = str(name);
			related[i] = classes->name_count;
		}
	}
	builder->plan->related = related;
	return OK;
}

static Err classify(Builder *builder, Classes *classes, ListsBuilder *lists, uint32_t offer)
{
	const SnapOffer *of = builder->snapshot->offers[offer];
	for (uint32_t name = 1; name <= classes->name_count; name++) {
		const SnapConstant *value = plan_offer_constant(of, classes->names[name - 1]);
		uint32_t class;
		if (!value)
			continue;
		TRY(find_class(classes, value, name, builder->scratch, &class));
		TRY(lists_add(lists, offer, class));
	}
	return OK;
}

static Err build_classes(Builder *builder)
{
	const Snapshot *snapshot = builder->snapshot;
	Classes classes = {.count = 1};
	TRY(name_attributes(builder, &classes));
	size_t most = 1;
	for (size_t i = 0; classes.name_count && i < snapshot->n_offers; i++)
		most += snapshot->offers[i]->n_attributes;
	classes.values = ARENA_ARRAY(builder->scratch, const SnapConstant *, most);
	classes.attributes = ARENA_ARRAY(builder->arena, uint32_t, most);
	if (!classes.values || !classes.attributes)
		return err(ERR_NO_MEMORY, "no memory for %zu attributes", most);
	TRY(probe_init(most, builder->scratch, &classes.probe));
	ListsBuilder lists = {.scratch = builder->scratch};
	for (uint32_t i = 0; classes.name_count && i < snapshot->n_offers; i++)
		TRY(classify(builder, &classes, &lists, i));
	builder->plan->class_attributes = classes.attributes;
	return lists_finish(&lists, snapshot->n_offers, builder->arena, &builder->plan->classes);
}

Err build_limits(Builder *builder)
{
	TRY(build_suppressions(builder));
	TRY(build_constraints(builder));
	return build_classes(builder);
}
