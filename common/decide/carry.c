// A value that is as its level has it by default stands in no receipt, so it is the other snapshot's default
// that takes its place, as it would for a visitor who comes anew.
#include "decide/carry.h"

#include "decide/receipt_form.h"

typedef struct Carry {
	const Plan *from, *to;
	const Receipt *receipt;
	Arena *arena;
	Carried *ret;
	CarryLoss *losses; // room for all that a receipt can name
} Carry;

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory to carry a decision to another snapshot");
}

const char *carry_kind_name(CarryKind kind)
{
	static const char *const names[CARRY_KINDS] = {
	        "audience level", "interaction point", "attribute", "offer", "constraint"};
	return names[kind];
}

static void lose(Carry *c, CarryKind kind, const char *name)
{
	Carried *ret = c->ret;
	for (size_t i = 0; i < ret->loss_count; i++)
		if (c->losses[i].kind == kind && c->losses[i].name == name)
			return;
	c->losses[ret->loss_count++] = (CarryLoss){kind, name};
}

// --- the visitor ---

static bool same_keys(const SnapLevel *a, const SnapLevel *b)
{
	if (a->n_keys != b->n_keys)
		return false;
	for (size_t i = 0; i < a->n_keys; i++)
		if (strcmp(a->keys[i]->name, b->keys[i]->name) != 0 || a->keys[i]->type != b->keys[i]->type)
			return false;
	return true;
}

static bool carry_level(Carry *c)
{
	const SnapLevel *had = c->from->snapshot->audience_levels[c->receipt->visitor.level];
	int level = plan_level(c->to, str(had->name));
	c->ret->possible = level >= 0 && same_keys(had, c->to->snapshot->audience_levels[level]);
	c->ret->visitor.level = level;
	c->ret->visitor.audience_id = c->receipt->visitor.audience_id;
	if (!c->ret->possible)
		lose(c, CARRY_LEVEL, had->name);
	return c->ret->possible;
}

// Of errors only "missing" is a visitor's; others are a flow's, which runs anew.
static ExprValue value_there(ExprValue value, int slot)
{
	return value.kind == EXPR_ERROR ? expr_missing((uint32_t)slot) : value;
}

static Err carry_values(Carry *c, ExprValue **ret)
{
	const Visitor *visitor = &c->ret->visitor;
	const PlanLevel *had = &c->from->level[c->receipt->visitor.level];
	const SnapLevel *from = c->from->snapshot->audience_levels[c->receipt->visitor.level];
	const SnapLevel *to = c->to->snapshot->audience_levels[visitor->level];
	ExprValue *values =
	        ARENA_ARRAY(c->arena, ExprValue, c->to->level[visitor->level].attribute_count + 1);
	if (!values)
		return no_memory();
	decide_defaults(c->to, visitor->level, values);
	for (size_t i = 0; i < had->attribute_count; i++) {
		ExprValue value = c->receipt->given[i];
		if (receipt_same_value(&value, &had->defaults[i]))
			continue;
		int slot = plan_attribute(c->to, visitor->level, str(from->attributes[i]->name));
		if (slot < 0 || to->attributes[slot]->type != from->attributes[i]->type)
			lose(c, CARRY_ATTRIBUTE, from->attributes[i]->name);
		else
			values[slot] = value_there(value, slot);
	}
	*ret = values;
	return OK;
}

// In the order in which they were, as all that reads facts asks for.
static Err carry_facts(Carry *c, const Fact *facts, size_t count, const Fact **ret, size_t *ret_count)
{
	Fact *carried = ARENA_ARRAY(c->arena, Fact, count + 1);
	if (!carried)
		return no_memory();
	*ret = carried;
	*ret_count = 0;
	for (size_t i = 0; i < count; i++) {
		const char *code = c->from->snapshot->offers[facts[i].offer]->code;
		int offer = plan_offer(c->to, str(code));
		if (offer < 0) {
			lose(c, CARRY_OFFER, code);
			continue;
		}
		carried[*ret_count] = facts[i];
		carried[(*ret_count)++].offer = (uint32_t)offer;
	}
	return OK;
}

// A snapshot's lists are sorted by name.
static const SnapConstraint *find_constraint(const Snapshot *snapshot, const char *name, size_t *ret)
{
	size_t low = 0, high = snapshot->n_constraints;
	while (low < high) {
		*ret = low + (high - low) / 2;
		int order = strcmp(snapshot->constraints[*ret]->name, name);
		if (order == 0)
			return snapshot->constraints[*ret];
		if (order < 0)
			low = *ret + 1;
		else
			high = *ret;
	}
	return NULL;
}

static Err carry_volumes(Carry *c)
{
	const Snapshot *from = c->from->snapshot, *to = c->to->snapshot;
	const uint64_t *had = c->receipt->visitor.state.volumes;
	uint64_t *volumes = ARENA_ARRAY(c->arena, uint64_t, to->n_constraints + 1);
	if (!volumes)
		return no_memory();
	c->ret->visitor.state.volumes = volumes;
	for (size_t i = 0; had != NULL && i < from->n_constraints; i++) {
		size_t at = 0;
		const SnapConstraint *was = from->constraints[i];
		if (had[i] == 0)
			continue;
		const SnapConstraint *is = find_constraint(to, was->name, &at);
		if (is && is->scope == was->scope && is->period == was->period && is->counted == was->counted)
			volumes[at] = had[i];
		else
			lose(c, CARRY_CONSTRAINT, was->name);
	}
	return OK;
}

static Err carry_segments(Carry *c, ExprValue *values)
{
	Visitor *visitor = &c->ret->visitor;
	const SegmentRequest request = {.level = visitor->level,
	        .audience_id = visitor->audience_id,
	        .as_of_us = c->receipt->request.as_of_us};
	Segmentation done = {.segments = ARENA_ARRAY(c->arena, uint64_t, plan_segment_words(c->to) + 1)};
	if (!done.segments)
		return no_memory();
	TRY(decide_segments(c->to, &request, values, c->arena, &done));
	visitor->segments = done.segments;
	visitor->values = values;
	return OK;
}

static Err carry_visitor(Carry *c)
{
	const VisitorState *had = &c->receipt->visitor.state;
	VisitorState *state = &c->ret->visitor.state;
	ExprValue *values;
	TRY(carry_values(c, &values));
	TRY(carry_facts(c, had->facts, had->fact_count, &state->facts, &state->fact_count));
	TRY(carry_facts(c, had->session_facts, had->session_fact_count, &state->session_facts,
	        &state->session_fact_count));
	TRY(carry_volumes(c));
	return carry_segments(c, values);
}

// --- the request ---

static Err carry_request(Carry *c)
{
	const DecideRequest *had = &c->receipt->request;
	DecidePoint *points = ARENA_ARRAY(c->arena, DecidePoint, had->count + 1);
	if (!points)
		return no_memory();
	for (size_t i = 0; i < had->count; i++) {
		points[i] = had->points[i];
		if (had->points[i].point < 0)
			continue;
		const char *name = c->from->snapshot->points[had->points[i].point]->name;
		points[i].point = plan_point(c->to, str(name));
		if (points[i].point < 0)
			lose(c, CARRY_POINT, name);
	}
	c->ret->request = *had;
	c->ret->request.points = points;
	return OK;
}

// How many things a receipt can name: what may be lost, were each lost once.
static size_t named(const Carry *c)
{
	const VisitorState *state = &c->receipt->visitor.state;
	return 1 + c->receipt->request.count + c->from->level[c->receipt->visitor.level].attribute_count +
	       state->fact_count + state->session_fact_count + c->from->snapshot->n_constraints;
}

Err receipt_carry(const Plan *from, const Receipt *receipt, const Plan *to, Arena *arena, Carried *ret)
{
	Carry c = {.from = from, .to = to, .receipt = receipt, .arena = arena, .ret = ret};
	*ret = (Carried){0};
	c.losses = ARENA_ARRAY(arena, CarryLoss, named(&c));
	if (!c.losses)
		return no_memory();
	ret->losses = c.losses;
	if (!carry_level(&c))
		return OK;
	TRY(carry_request(&c));
	return carry_visitor(&c);
}
