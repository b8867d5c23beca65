// Rules say the same over and over: a program that occurs a thousand times is verified, kept and run once.
#include "decide/build.h"
#include "snapshot/snapshot.h"

#include <xxhash.h>

static bool is_program(const Interner *in, uint32_t index, uint32_t level, const ProtobufCBinaryData *bytes)
{
	const ExprProgram *program = &in->programs[index];
	return in->levels[index] == level && program->len == bytes->len &&
	       memcmp(program->bytes, bytes->data, bytes->len) == 0;
}

Err intern(Interner *in, uint32_t level, const SnapExpression *expression, uint32_t *ret)
{
	const ProtobufCBinaryData *bytes = &expression->program;
	uint64_t hash = XXH3_64bits_withSeed(bytes->data, bytes->len, level);
	uint32_t at = (uint32_t)hash;
	while (probe_next(&in->probe, &at, ret)) {
		if (is_program(in, *ret, level, bytes))
			return OK;
	}
	ExprProgram *program = &in->programs[in->count];
	if (expr_verify(&in->schemas[level], bytes->data, bytes->len, program))
		return err_context(ERR_SNAPSHOT_INVALID, "'%.100s'", expression->source);
	in->levels[in->count] = level;
	*ret = in->count++;
	probe_put(&in->probe, hash, *ret);
	return OK;
}

Err intern_optional(Interner *in, uint32_t level, const SnapExpression *expression, uint32_t *ret)
{
	*ret = 0;
	if (!expression)
		return OK;
	TRY(intern(in, level, expression, ret));
	++*ret;
	return OK;
}

// --- how many there can be ---

typedef struct Counts {
	size_t conditions, scorings, values;
} Counts;

static void count_flow(const SnapFlow *flow, Counts *counts)
{
	for (size_t i = 0; i < flow->n_steps; i++) {
		counts->values += flow->steps[i]->value != NULL;
		counts->conditions += flow->steps[i]->n_branches;
	}
}

static void count_rules(SnapRule *const *rules, size_t count, Counts *counts)
{
	for (size_t i = 0; i < count; i++) {
		counts->conditions += rules[i]->eligibility != NULL;
		counts->scorings += rules[i]->score_expression != NULL;
	}
}

static Counts count_programs(const Snapshot *snapshot)
{
	Counts counts = {.conditions = snapshot->n_segments};
	for (size_t i = 0; i < snapshot->n_zones; i++)
		counts.conditions += snapshot->zones[i]->n_inclusion;
	for (size_t i = 0; i < snapshot->n_flows; i++)
		count_flow(snapshot->flows[i], &counts);
	for (size_t i = 0; i < snapshot->n_offers; i++) {
		for (size_t j = 0; j < snapshot->offers[i]->n_attributes; j++)
			counts.values += snapshot->offers[i]->attributes[j]->n_personalised;
	}
	count_rules(snapshot->rules, snapshot->n_rules, &counts);
	count_rules(snapshot->global_offers, snapshot->n_global_offers, &counts);
	return counts;
}

static Err interner_init(Interner *in, size_t max, const ExprSchema *schemas, Builder *builder)
{
	*in = (Interner){
	        .schemas = schemas,
	        .programs = ARENA_ARRAY(builder->arena, ExprProgram, max),
	        .levels = ARENA_ARRAY(builder->scratch, uint32_t, max),
	};
	if (!in->programs || !in->levels)
		return err(ERR_NO_MEMORY, "no memory for %zu programs", max);
	return probe_init(max, builder->scratch, &in->probe);
}

Err build_interners(Builder *builder)
{
	const Snapshot *snapshot = builder->snapshot;
	ExprSchema *schemas = ARENA_ARRAY(builder->arena, ExprSchema, snapshot->n_audience_levels);
	if (!schemas)
		return err(ERR_NO_MEMORY, "no memory for the schemas");
	for (size_t i = 0; i < snapshot->n_audience_levels; i++)
		TRY(snapshot_schema(snapshot->audience_levels[i], builder->arena, &schemas[i]));
	Counts counts = count_programs(snapshot);
	TRY(interner_init(&builder->conditions, counts.conditions, schemas, builder));
	TRY(interner_init(&builder->scorings, counts.scorings, schemas, builder));
	return interner_init(&builder->values, counts.values, schemas, builder);
}
