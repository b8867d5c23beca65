#include "validate/formula.h"

Formula formula_never(void)
{
	return (Formula){.clash = CLASH_NONE};
}

static Formula formula_lost(void)
{
	return (Formula){.clash = CLASH_NONE, .lost = true};
}

static uint32_t clash_of(uint32_t a, uint32_t b)
{
	return a == CLASH_NONE || a == b ? b : b == CLASH_NONE ? a : CLASH_SEVERAL;
}

Formula formula_always(Arena *arena)
{
	Case *always = ARENA_NEW(arena, Case);
	return (Formula){.cases = always, .count = always != NULL, .clash = CLASH_NONE, .lost = !always};
}

static Formula one_case(const Literal *literals, uint32_t count, Arena *arena)
{
	Formula made = formula_always(arena);
	Case *only = (Case *)(uintptr_t)made.cases;
	if (only)
		*only = (Case){literals, count};
	return made;
}

Formula formula_literal(uint32_t term, const Domain *domain, Arena *arena)
{
	if (domain->lost)
		return formula_lost();
	if (domain_empty(domain))
		return (Formula){.clash = term};
	Literal *literal = ARENA_NEW(arena, Literal);
	Domain *copy = ARENA_NEW(arena, Domain);
	if (!literal || !copy)
		return formula_lost();
	*copy = *domain;
	*literal = (Literal){term, copy};
	return one_case(literal, 1, arena);
}

// --- two cases at once ---

typedef struct Join {
	Arena *arena;
	Literal *literals;
	uint32_t count;
	bool lost;
	bool clashes; // they cannot both be, because of `clash`
	uint32_t clash;
} Join;

static void join_same(Join *join, const Literal *x, const Literal *y)
{
	Domain *both = ARENA_NEW(join->arena, Domain);
	if (!both) {
		join->lost = true;
		return;
	}
	*both = domain_both(x->domain, y->domain, join->arena);
	join->lost |= both->lost;
	if (domain_empty(both) && !both->lost) {
		join->clashes = true;
		join->clash = x->term;
	}
	join->literals[join->count++] = (Literal){x->term, both};
}

static void join_cases(Join *join, const Case *a, const Case *b)
{
	join->literals = ARENA_ARRAY(join->arena, Literal, (size_t)a->count + b->count);
	join->lost |= !join->literals;
	for (uint32_t i = 0, j = 0; !join->lost && !join->clashes && (i < a->count || j < b->count);) {
		const Literal *x = i < a->count ? &a->literals[i] : NULL;
		const Literal *y = j < b->count ? &b->literals[j] : NULL;
		if (x && y && x->term == y->term) {
			join_same(join, x, y);
			i++;
			j++;
		} else if (!y || (x && x->term < y->term)) {
			join->literals[join->count++] = *x;
			i++;
		} else {
			join->literals[join->count++] = *y;
			j++;
		}
	}
}

// --- both ---

static Case *case_room(size_t count, Arena *arena)
{
	return ARENA_ARRAY(arena, Case, count < CASES_MAX ? count + 1 : CASES_MAX);
}

// One of the two alone: it holds wherever both do. The one that says more is kept.
static Formula widened(const Formula *a, const Formula *b)
{
	Formula kept = formula_is_always(a) ? *b : *a;
	kept.wide = true;
	return kept;
}

Formula formula_both(const Formula *a, const Formula *b, Arena *arena)
{
	Formula made = {.wide = a->wide || b->wide,
	        .lost = a->lost || b->lost,
	        .clash = clash_of(a->clash, b->clash)};
	if (formula_is_always(a) && !made.lost)
		return *b;
	if (formula_is_always(b) && !made.lost)
		return *a;
	if (a->count * b->count > JOINS_MAX)
		return widened(a, b);
	Case *cases = case_room((size_t)a->count * b->count, arena);
	made.lost |= !cases;
	for (uint32_t i = 0; !made.lost && i < a->count; i++) {
		for (uint32_t j = 0; !made.lost && j < b->count; j++) {
			Join join = {.arena = arena};
			if (made.count == CASES_MAX || a->cases[i].count + b->cases[j].count > LITERALS_MAX)
				return widened(a, b);
			join_cases(&join, &a->cases[i], &b->cases[j]);
			made.lost |= join.lost;
			if (join.clashes)
				made.clash = clash_of(made.clash, join.clash);
			else
				cases[made.count++] = (Case){join.literals, join.count};
		}
	}
	made.cases = cases;
	return made;
}

// --- either ---

// Two cases that are each about the same single term are one: a long chain of x == "a" || x == "b" stays
// short.
static bool merge(Case *into, const Case *from, Arena *arena, bool *ret_lost)
{
	if (into->count != 1 || from->count != 1 || into->literals[0].term != from->literals[0].term)
		return false;
	const Domain *a = into->literals[0].domain, *b = from->literals[0].domain;
	if (a->count + b->count > DOMAIN_SPANS_MAX)
		return false;
	Literal *literal = ARENA_NEW(arena, Literal);
	Domain *either = ARENA_NEW(arena, Domain);
	*ret_lost = !literal || !either;
	if (*ret_lost)
		return true;
	*either = domain_either(a, b, arena);
	*ret_lost = either->lost;
	*literal = (Literal){into->literals[0].term, either};
	into->literals = literal;
	return true;
}

static bool add_case(Formula *made, Case *cases, const Case *next, Arena *arena)
{
	for (uint32_t i = 0; i < made->count; i++) {
		if (merge(&cases[i], next, arena, &made->lost))
			return true;
	}
	if (made->count == CASES_MAX)
		return false;
	cases[made->count++] = *next;
	return true;
}

Formula formula_either(const Formula *a, const Formula *b, Arena *arena)
{
	Formula made = {.wide = a->wide || b->wide,
	        .lost = a->lost || b->lost,
	        .clash = clash_of(a->clash, b->clash)};
	if (formula_is_always(a))
		return *a;
	if (formula_is_always(b))
		return *b;
	Case *cases = case_room((size_t)a->count + b->count, arena);
	made.lost |= !cases;
	bool fits = true;
	for (uint32_t i = 0; fits && !made.lost && i < a->count; i++)
		fits = add_case(&made, cases, &a->cases[i], arena);
	for (uint32_t i = 0; fits && !made.lost && i < b->count; i++)
		fits = add_case(&made, cases, &b->cases[i], arena);
	made.cases = cases;
	if (fits)
		return made;
	made = formula_always(arena);
	made.wide = true;
	return made;
}

Formula formula_without(
        const Formula *formula, bool (*drop)(void *context, uint32_t term), void *context, Arena *arena)
{
	Formula made = *formula;
	Case *cases = ARENA_ARRAY(arena, Case, formula->count ? formula->count : 1);
	made.lost |= !cases;
	made.cases = cases;
	for (uint32_t i = 0; !made.lost && i < formula->count; i++) {
		const Case *from = &formula->cases[i];
		Literal *literals = ARENA_ARRAY(arena, Literal, from->count ? from->count : 1);
		uint32_t kept = 0;
		made.lost |= !literals;
		for (uint32_t j = 0; literals && j < from->count; j++) {
			if (!drop(context, from->literals[j].term))
				literals[kept++] = from->literals[j];
		}
		made.wide |= kept < from->count;
		cases[i] = (Case){literals, kept};
	}
	return made;
}

// --- copying ---

static void copy_end(End *end, Arena *arena, bool *ret_lost)
{
	if (end->far || end->value.kind != EXPR_STRING)
		return;
	Str text = arena_str(arena, str_n(end->value.s, end->value.len));
	*ret_lost |= !text.ptr;
	end->value = expr_string(text);
}

static const Domain *copy_domain(const Domain *from, Arena *arena, bool *ret_lost)
{
	Domain *made = ARENA_NEW(arena, Domain);
	Span *spans = ARENA_ARRAY(arena, Span, from->count ? from->count : 1);
	*ret_lost |= !made || !spans;
	if (*ret_lost)
		return from;
	*made = *from;
	made->spans = spans;
	for (uint32_t i = 0; i < from->count; i++) {
		spans[i] = from->spans[i];
		copy_end(&spans[i].low, arena, ret_lost);
		copy_end(&spans[i].high, arena, ret_lost);
	}
	return made;
}

Formula formula_copy(const Formula *formula, Arena *arena)
{
	Formula made = *formula;
	Case *cases = ARENA_ARRAY(arena, Case, formula->count ? formula->count : 1);
	made.lost |= !cases;
	made.cases = cases;
	for (uint32_t i = 0; !made.lost && i < formula->count; i++) {
		const Case *from = &formula->cases[i];
		Literal *literals = ARENA_ARRAY(arena, Literal, from->count ? from->count : 1);
		made.lost |= !literals;
		for (uint32_t j = 0; !made.lost && j < from->count; j++)
			literals[j] = (Literal){from->literals[j].term,
			        copy_domain(from->literals[j].domain, arena, &made.lost)};
		cases[i] = (Case){literals, from->count};
	}
	return made;
}

// --- asking ---

bool formula_is_never(const Formula *formula)
{
	return !formula->count && !formula->lost;
}

bool formula_is_always(const Formula *formula)
{
	if (formula->wide || formula->lost)
		return false;
	for (uint32_t i = 0; i < formula->count; i++) {
		if (!formula->cases[i].count)
			return true;
	}
	return false;
}

static bool case_implies(const Case *a, const Case *b)
{
	uint32_t i = 0;
	for (uint32_t j = 0; j < b->count; j++) {
		while (i < a->count && a->literals[i].term < b->literals[j].term)
			i++;
		if (i == a->count || a->literals[i].term != b->literals[j].term ||
		        !domain_within(a->literals[i].domain, b->literals[j].domain))
			return false;
	}
	return true;
}

bool formula_implies(const Formula *a, const Formula *b)
{
	if (a->lost || b->lost || b->wide)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		uint32_t j = 0;
		while (j < b->count && !case_implies(&a->cases[i], &b->cases[j]))
			j++;
		if (j == b->count)
			return false;
	}
	return true;
}
