// A made world, made ready for the engine: expressions printed and compiled by the real compiler, the
// snapshot checked as a runtime server checks it, the plan built.
#include "oracle.h"

#include "snapshot/snapshot.h"

static void visit_levels(SnapLevelExpression **items, size_t count, VisitFormula visit, void *context)
{
	for (size_t i = 0; i < count; i++)
		visit(context, &items[i]->expression, items[i]->audience_level, false);
}

static void visit_rules(SnapRule **rules, size_t count, VisitFormula visit, void *context)
{
	for (size_t i = 0; i < count; i++) {
		if (rules[i]->score_expression)
			visit(context, &rules[i]->score_expression, rules[i]->audience_level, true);
		if (rules[i]->eligibility)
			visit(context, &rules[i]->eligibility, rules[i]->audience_level, true);
	}
}

static void visit_flow(SnapFlow *flow, VisitFormula visit, void *context)
{
	for (size_t i = 0; i < flow->n_steps; i++) {
		SnapStep *step = flow->steps[i];
		if (step->value)
			visit(context, &step->value, flow->audience_level, false);
		for (size_t b = 0; b < step->n_branches; b++)
			if (step->branches[b]->condition)
				visit(context, &step->branches[b]->condition, flow->audience_level, false);
	}
}

void world_formulas(World *world, VisitFormula visit, void *context)
{
	Snapshot *snapshot = world->snapshot;
	for (size_t i = 0; i < snapshot->n_zones; i++)
		visit_levels(snapshot->zones[i]->inclusion, snapshot->zones[i]->n_inclusion, visit, context);
	for (size_t i = 0; i < snapshot->n_segments; i++) {
		SnapSegment *segment = snapshot->segments[i];
		if (segment->expression)
			visit(context, &segment->expression, segment->audience_level, true);
	}
	for (size_t i = 0; i < snapshot->n_offers; i++) {
		SnapOffer *offer = snapshot->offers[i];
		for (size_t a = 0; a < offer->n_attributes; a++)
			visit_levels(offer->attributes[a]->personalised, offer->attributes[a]->n_personalised,
			        visit, context);
	}
	visit_rules(snapshot->rules, snapshot->n_rules, visit, context);
	visit_rules(snapshot->global_offers, snapshot->n_global_offers, visit, context);
	for (size_t i = 0; i < snapshot->n_flows; i++)
		visit_flow(snapshot->flows[i], visit, context);
}

typedef struct Compilation {
	World *world;
	ExprSchema schemas[2];
	Err failed;
} Compilation;

static void compile(void *context, SnapExpression **place, uint32_t level, bool optional)
{
	(void)optional;
	Compilation *compilation = context;
	Arena *arena = compilation->world->arena;
	Formula *formula = formula_of(*place);
	if (compilation->failed)
		return;
	const SnapLevel *of = compilation->world->snapshot->audience_levels[level];
	char *source = ast_print(formula->root, of, arena);
	formula->base.source = formula->shown ? ast_print(formula->shown, of, arena) : source;
	// The compiler refuses what shows its type only when it runs; a snapshot may have it all the same.
	ExprKind expected = formula->root->kind == NODE_DYN ? EXPR_DYN : formula->expected;
	ExprProgram program;
	compilation->failed =
	        expr_compile(&compilation->schemas[level], str(source), expected, arena, &program);
	if (compilation->failed) {
		err_context(compilation->failed, "'%.300s'", source);
		return;
	}
	Str bytes = arena_str(arena, str_n((const char *)program.bytes, program.len));
	formula->base.program =
	        (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)(uintptr_t)bytes.ptr};
}

Err world_finish(World *world)
{
	Compilation compilation = {.world = world};
	for (size_t i = 0; i < world->snapshot->n_audience_levels; i++)
		TRY(snapshot_schema(
		        world->snapshot->audience_levels[i], world->arena, &compilation.schemas[i]));
	world_formulas(world, compile, &compilation);
	TRY(compilation.failed);
	TRY(snapshot_check(world->snapshot));
	return plan_build(world->snapshot, world->arena, &world->plan);
}
