// Which values something may have: a union of spans in the order that expressions compare by. Everything here
// is exact but for texts and moments, of which there are taken to be others between any two: a domain may
// then seem to have a value where it has none, never the other way round.
#pragma once
#include "expr/expr.h"

enum { DOMAIN_SPANS_MAX = 1024 };

// An end of a span. `value` counts only if it is not `far`, that is, without an end there.
typedef struct End {
	ExprValue value;
	bool far;
	bool open; // the value itself is outside
} End;

typedef struct Span {
	End low, high;
} Span;

typedef struct Domain {
	ExprKind kind;     // BOOL, INT, DOUBLE, STRING, TIMESTAMP or DURATION; of texts and moments see above
	const Span *spans; // ascending, apart
	uint32_t count;
	bool nan;     // of doubles: may be NaN
	bool missing; // of attributes: may be lacking
	bool lost;    // memory ran out while it was made: it says nothing
} Domain;

// Whether values of the kind have domains.
bool domain_kind(ExprKind kind);
// Every value, NaN included, not lacking.
Domain domain_all(ExprKind kind, Arena *arena);
Domain domain_none(ExprKind kind);
// One value; NaN is fine.
Domain domain_value(ExprKind kind, ExprValue value, Arena *arena);
// What is less than the value (`open`) or equal too.
Domain domain_below(ExprKind kind, ExprValue value, bool open, Arena *arena);
Domain domain_above(ExprKind kind, ExprValue value, bool open, Arena *arena);
// All that is not in it, NaN included, not lacking.
Domain domain_except(const Domain *domain, Arena *arena);
Domain domain_both(const Domain *a, const Domain *b, Arena *arena);
Domain domain_either(const Domain *a, const Domain *b, Arena *arena);

bool domain_empty(const Domain *domain);
// Whether every value of `a` is in `b`.
bool domain_within(const Domain *a, const Domain *b);
