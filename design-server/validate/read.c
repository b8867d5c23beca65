// From a tree to the cases in which it is true, or false. In CEL an error is neither, and `&&` and `||` go by
// what is true or false on either side; so "true" and "false" are read down the tree as they stand, each made
// of the other's parts, and errors need no cases of their own: where an operand fails, no case holds.
#include "validate/logic_internal.h"

#include "expr/operate.h"

#include <math.h>

// What a single expression is worth. Beyond that a part of it is taken to be true and false by chance.
enum { STEPS_MAX = 10 * 1000, WORK_MAX = 4 << 20 };

static const double exact_max = 9007199254740992.0; // 2^53: up to here ints and doubles compare alike

static Formula lost(void)
{
	Formula nothing = formula_never();
	nothing.lost = true;
	return nothing;
}

static Formula all_or_nothing(Reading *reading, bool holds)
{
	return holds ? formula_always(reading->work) : formula_never();
}

// The term has a value of the domain, or of what the domain leaves.
static Formula literal(Reading *reading, uint32_t number, Domain domain, bool want)
{
	Arena *work = reading->work;
	if (reading->failed)
		return lost();
	const TermFacts *term = &reading->logic->terms[number];
	if (!want) {
		bool nan = domain.nan;
		domain = domain_except(&domain, work);
		domain.nan = !nan;
	}
	domain.missing = false;
	domain = domain_both(&domain, &term->all, work);
	if (!term->all.missing && !domain.lost && domain_within(&term->all, &domain))
		return formula_always(work);
	return formula_literal(number, &domain, work);
}

// What is not understood is a term of its own: true or false, and the same wherever it stands.
static Formula opaque(Reading *reading, const Node *node, bool want)
{
	Domain yes = domain_value(EXPR_BOOL, expr_bool(true), reading->work);
	return literal(reading, term_of(reading, node, EXPR_BOOL), yes, want);
}

// --- comparisons with a constant ---

static Callee turned(Callee callee)
{
	switch (callee) {
	case CALLEE_LT:
		return CALLEE_GT;
	case CALLEE_LE:
		return CALLEE_GE;
	case CALLEE_GT:
		return CALLEE_LT;
	case CALLEE_GE:
		return CALLEE_LE;
	default:
		return callee;
	}
}

// Makes x ⋈ value a comparison within the kind of x, for a value between two integers too. False if it cannot
// be.
static bool adapt(ExprKind kind, Callee *callee, ExprValue *value)
{
	if (value->kind == kind)
		return domain_kind(kind);
	if (kind == EXPR_DOUBLE && value->kind == EXPR_INT) {
		*value = expr_double((double)value->i);
		return true;
	}
	if (kind != EXPR_INT || value->kind != EXPR_DOUBLE || !(fabs(value->d) < exact_max))
		return false;
	double below = floor(value->d);
	if (below < value->d || below > value->d) {
		if (*callee == CALLEE_EQ || *callee == CALLEE_NE)
			return false;
		*callee = *callee == CALLEE_LT || *callee == CALLEE_LE ? CALLEE_LE : CALLEE_GT;
	}
	*value = expr_int((int64_t)below);
	return true;
}

static Domain compared(ExprKind kind, Callee callee, ExprValue value, Arena *arena)
{
	switch (callee) {
	case CALLEE_LT:
	case CALLEE_LE:
		return domain_below(kind, value, callee == CALLEE_LT, arena);
	case CALLEE_GT:
	case CALLEE_GE:
		return domain_above(kind, value, callee == CALLEE_GT, arena);
	default:
		return domain_value(kind, value, arena);
	}
}

static Formula compare_constant(
        Reading *reading, const Node *node, const Node *operand, Callee callee, ExprValue value, bool want)
{
	ExprKind kind = operand->type->kind;
	if (value.kind == EXPR_ERROR)
		return formula_never();
	if (!adapt(kind, &callee, &value))
		return opaque(reading, node, want);
	if (callee == CALLEE_NE)
		return literal(reading, term_of(reading, operand, kind),
		        domain_value(kind, value, reading->work), !want);
	return literal(
	        reading, term_of(reading, operand, kind), compared(kind, callee, value, reading->work), want);
}

// --- comparisons of two that both depend on the visitor ---

static bool is_number(ExprKind kind)
{
	return kind == EXPR_INT || kind == EXPR_DOUBLE;
}

static bool have_order(const Node *a, const Node *b)
{
	ExprKind left = a->type->kind, right = b->type->kind;
	return domain_kind(left) && (left == right || (is_number(left) && is_number(right)));
}

static Formula compare_two(Reading *reading, const Node *node, bool want)
{
	const Node *a = node->first, *b = node->last;
	Callee callee = node->callee;
	bool swapped = false;
	if (!have_order(a, b))
		return opaque(reading, node, want);
	uint32_t term = term_of_order(reading, a, b, &swapped);
	if (swapped)
		callee = turned(callee);
	if (callee == CALLEE_NE)
		return literal(reading, term, domain_value(EXPR_INT, expr_int(0), reading->work), !want);
	return literal(reading, term, compared(EXPR_INT, callee, expr_int(0), reading->work), want);
}

static Formula comparison(Reading *reading, const Node *node, bool want)
{
	ExprValue left, right;
	bool left_known = node_constant(reading, node->first, &left);
	bool right_known = node_constant(reading, node->last, &right);
	if (left_known && right_known)
		return opaque(reading, node, want); // not reached: it is a constant itself
	if (right_known)
		return compare_constant(reading, node, node->first, node->callee, right, want);
	if (left_known)
		return compare_constant(reading, node, node->last, turned(node->callee), left, want);
	return compare_two(reading, node, want);
}

// --- in ---

// The values of a list of constants that the kind can equal. False if it is another list.
static bool list_domain(Reading *reading, const Node *list, ExprKind kind, Domain *ret)
{
	*ret = domain_none(kind);
	if (list->kind != NODE_LIST || list->count > DOMAIN_SPANS_MAX || !domain_kind(kind))
		return false;
	for (const Node *item = list->first; item; item = item->next) {
		ExprValue value;
		Callee callee = CALLEE_EQ;
		if (!node_constant(reading, item, &value) || value.kind == EXPR_ERROR)
			return false;
		bool number = is_number(kind) && (is_number(value.kind) || value.kind == EXPR_UINT);
		if (adapt(kind, &callee, &value)) {
			Domain one = domain_value(kind, value, reading->work);
			*ret = domain_either(ret, &one, reading->work);
		} else if (number) {
			return false;
		}
	}
	return true;
}

static Formula membership(Reading *reading, const Node *node, bool want)
{
	Domain values;
	ExprKind kind = node->first->type->kind;
	if (list_domain(reading, node->last, kind, &values))
		return literal(reading, term_of(reading, node->first, kind), values, want);
	bool nothing = node->last->kind == NODE_LIST && !node->last->count;
	if (nothing && (want || node_is_total(reading, node->first)))
		return all_or_nothing(reading, !want);
	return opaque(reading, node, want);
}

// --- logic ---

static Formula joined(Reading *reading, const Node *node, bool all, bool want)
{
	Formula made = all ? formula_always(reading->work) : formula_never();
	for (const Node *child = node->first; child; child = child->next) {
		Formula next = read_formula(reading, child, want);
		made = all ? formula_both(&made, &next, reading->work)
		           : formula_either(&made, &next, reading->work);
	}
	return made;
}

static Formula chosen(Reading *reading, const Node *node, bool want)
{
	Formula test = read_formula(reading, node->first, true);
	Formula not_test = read_formula(reading, node->first, false);
	Formula yes = read_formula(reading, node->first->next, want);
	Formula no = read_formula(reading, node->last, want);
	yes = formula_both(&test, &yes, reading->work);
	no = formula_both(&not_test, &no, reading->work);
	return formula_either(&yes, &no, reading->work);
}

static Formula has_value(Reading *reading, const Node *node, bool want)
{
	const Domain *values = &reading->logic->values[node->slot];
	const Node attribute = {.kind = NODE_ATTRIBUTE,
	        .slot = node->slot,
	        .type = expr_type_from(reading->logic->schema.attributes[node->slot].type, reading->work)};
	if (!values->missing)
		return all_or_nothing(reading, want);
	if (!domain_kind(values->kind))
		return opaque(reading, node, want);
	uint32_t number = term_of(reading, &attribute, values->kind);
	Domain domain = *values;
	domain.missing = false;
	if (!want)
		domain = (Domain){.kind = values->kind, .missing = true};
	return reading->failed ? lost() : formula_literal(number, &domain, reading->work);
}

static Formula call(Reading *reading, const Node *node, bool want)
{
	switch (node->callee) {
	case CALLEE_NOT:
		return read_formula(reading, node->first, !want);
	case CALLEE_EQ:
	case CALLEE_NE:
	case CALLEE_LT:
	case CALLEE_LE:
	case CALLEE_GT:
	case CALLEE_GE:
		return comparison(reading, node, want);
	case CALLEE_IN:
		return membership(reading, node, want);
	default:
		return opaque(reading, node, want);
	}
}

Formula read_formula(Reading *reading, const Node *node, bool want)
{
	ExprValue constant;
	if (reading->failed)
		return lost();
	if (++reading->steps > STEPS_MAX || arena_used(reading->work) > WORK_MAX) {
		Formula unknown = formula_always(reading->work);
		unknown.wide = true;
		return unknown;
	}
	if (node_constant(reading, node, &constant))
		return all_or_nothing(reading, constant.kind == EXPR_BOOL && constant.b == want);
	switch (node->kind) {
	case NODE_ALL:
		return joined(reading, node, want, want);
	case NODE_ANY:
		return joined(reading, node, !want, want);
	case NODE_CHOICE:
		return chosen(reading, node, want);
	case NODE_HAS:
		return has_value(reading, node, want);
	case NODE_CALL:
		return call(reading, node, want);
	default:
		return opaque(reading, node, want);
	}
}
