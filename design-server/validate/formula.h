// When something is true, as cases: in each, certain terms (attributes, or whatever else an expression
// computes) have a value of a domain. Cases that cannot be are left out at once, so a formula without cases
// is a contradiction. What would take too many cases is widened, which is noted: a formula then holds in all
// cases that it should hold in, and in others.
#pragma once
#include "validate/domain.h"

enum { CASES_MAX = 64, JOINS_MAX = 1024, LITERALS_MAX = 256 };

#define CLASH_NONE    UINT32_MAX
#define CLASH_SEVERAL (UINT32_MAX - 1)

typedef struct Literal {
	uint32_t term;
	const Domain *domain;
} Literal;

typedef struct Case {
	const Literal *literals; // by term, each once; none: always
	uint32_t count;
} Case;

typedef struct Formula {
	const Case *cases;
	uint32_t count;
	bool wide;      // holds in more cases than it should
	bool lost;      // memory ran out: it says nothing
	uint32_t clash; // the term for which nothing was left in the cases that were left out
} Formula;

Formula formula_always(Arena *arena);
Formula formula_never(void);
Formula formula_literal(uint32_t term, const Domain *domain, Arena *arena);
Formula formula_both(const Formula *a, const Formula *b, Arena *arena);
Formula formula_either(const Formula *a, const Formula *b, Arena *arena);
// Without what it says about the terms that `drop` names.
Formula formula_without(
        const Formula *formula, bool (*drop)(void *context, uint32_t term), void *context, Arena *arena);
// With all that it consists of.
Formula formula_copy(const Formula *formula, Arena *arena);

bool formula_is_never(const Formula *formula);
bool formula_is_always(const Formula *formula);
// Whether b holds wherever a does.
bool formula_implies(const Formula *a, const Formula *b);
