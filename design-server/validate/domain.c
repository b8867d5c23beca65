#include "validate/domain.h"

#include "expr/operate.h"

bool domain_kind(ExprKind kind)
{
	switch (kind) {
	case EXPR_BOOL:
	case EXPR_INT:
	case EXPR_DOUBLE:
	case EXPR_STRING:
	case EXPR_TIMESTAMP:
	case EXPR_DURATION:
		return true;
	default:
		return false;
	}
}

// --- ends ---

static bool is_nan(ExprValue value)
{
	return value.kind == EXPR_DOUBLE && value.d != value.d;
}

// The low end of one span beside that of another: which lets in more comes first.
static int compare_lows(const End *a, const End *b)
{
	if (a->far || b->far)
		return (int)b->far - (int)a->far;
	int order = (int)expr_compare(a->value, b->value);
	return order ? order : (int)a->open - (int)b->open;
}

static int compare_highs(const End *a, const End *b)
{
	if (a->far || b->far)
		return (int)a->far - (int)b->far;
	int order = (int)expr_compare(a->value, b->value);
	return order ? order : (int)b->open - (int)a->open;
}

// Whether nothing lies between a low and a high end.
static bool is_void(const End *low, const End *high)
{
	if (low->far && !high->far && high->open && high->value.kind == EXPR_STRING)
		return high->value.len == 0; // no text is less than the empty one
	if (low->far || high->far)
		return false;
	int order = (int)expr_compare(low->value, high->value);
	return order > 0 || (order == 0 && (low->open || high->open));
}

// Of what has neighbours the ends are made closed, so that x > 5 and x < 6 leaves no integer. False if there
// is no such value.
static bool settle_low(ExprKind kind, End *low)
{
	if (kind == EXPR_BOOL && low->far)
		*low = (End){.value = expr_bool(false)};
	if (low->far || !low->open || (kind != EXPR_INT && kind != EXPR_BOOL))
		return true;
	if (kind == EXPR_BOOL ? low->value.b : low->value.i == INT64_MAX)
		return false;
	low->value = kind == EXPR_BOOL ? expr_bool(true) : expr_int(low->value.i + 1);
	low->open = false;
	return true;
}

static bool settle_high(ExprKind kind, End *high)
{
	if (kind == EXPR_BOOL && high->far)
		*high = (End){.value = expr_bool(true)};
	if (high->far || !high->open || (kind != EXPR_INT && kind != EXPR_BOOL))
		return true;
	if (kind == EXPR_BOOL ? !high->value.b : high->value.i == INT64_MIN)
		return false;
	high->value = kind == EXPR_BOOL ? expr_bool(false) : expr_int(high->value.i - 1);
	high->open = false;
	return true;
}

// --- making ---

Domain domain_none(ExprKind kind)
{
	return (Domain){.kind = kind};
}

static Domain one_span(ExprKind kind, Span span, Arena *arena)
{
	Domain made = domain_none(kind);
	if (!settle_low(kind, &span.low) || !settle_high(kind, &span.high) || is_void(&span.low, &span.high))
		return made;
	Span *copy = ARENA_NEW(arena, Span);
	if (copy)
		*copy = span;
	made.spans = copy;
	made.count = copy != NULL;
	made.lost = !copy;
	return made;
}

Domain domain_all(ExprKind kind, Arena *arena)
{
	Domain all = one_span(kind, (Span){{.far = true}, {.far = true}}, arena);
	all.nan = kind == EXPR_DOUBLE;
	return all;
}

Domain domain_value(ExprKind kind, ExprValue value, Arena *arena)
{
	if (!is_nan(value))
		return one_span(kind, (Span){{.value = value}, {.value = value}}, arena);
	return domain_none(kind); // nothing equals NaN
}

Domain domain_below(ExprKind kind, ExprValue value, bool open, Arena *arena)
{
	if (is_nan(value))
		return domain_none(kind);
	return one_span(kind, (Span){{.far = true}, {.value = value, .open = open}}, arena);
}

Domain domain_above(ExprKind kind, ExprValue value, bool open, Arena *arena)
{
	if (is_nan(value))
		return domain_none(kind);
	return one_span(kind, (Span){{.value = value, .open = open}, {.far = true}}, arena);
}

// --- combining ---

static Span *room(Arena *arena, size_t count)
{
	return ARENA_ARRAY(arena, Span, count ? count : 1);
}

// The same place from the other side.
static End turned(const End *end)
{
	return (End){.value = end->value, .open = !end->open};
}

Domain domain_except(const Domain *domain, Arena *arena)
{
	Domain made = {.kind = domain->kind,
	        .nan = domain->kind == EXPR_DOUBLE && !domain->nan,
	        .lost = domain->lost};
	Span *spans = room(arena, (size_t)domain->count + 1);
	End low = {.far = true};
	for (uint32_t i = 0; spans && i <= domain->count; i++) {
		const Span *next = i < domain->count ? &domain->spans[i] : NULL;
		Span gap = {low, {.far = true}};
		if (next)
			gap.high = turned(&next->low);
		if (!(next && next->low.far) && settle_low(made.kind, &gap.low) &&
		        settle_high(made.kind, &gap.high) && !is_void(&gap.low, &gap.high))
			spans[made.count++] = gap;
		if (!next || next->high.far)
			break;
		low = turned(&next->high);
	}
	made.spans = spans;
	made.lost |= !spans;
	return made;
}

Domain domain_both(const Domain *a, const Domain *b, Arena *arena)
{
	Domain made = {.kind = a->kind,
	        .nan = a->nan && b->nan,
	        .missing = a->missing && b->missing,
	        .lost = a->lost || b->lost};
	Span *spans = room(arena, (size_t)a->count + b->count);
	for (uint32_t i = 0, j = 0; spans && i < a->count && j < b->count;) {
		const Span *x = &a->spans[i], *y = &b->spans[j];
		Span common = {compare_lows(&x->low, &y->low) > 0 ? x->low : y->low,
		        compare_highs(&x->high, &y->high) < 0 ? x->high : y->high};
		if (!is_void(&common.low, &common.high))
			spans[made.count++] = common;
		if (compare_highs(&x->high, &y->high) < 0)
			i++;
		else
			j++;
	}
	made.spans = spans;
	made.lost |= !spans;
	return made;
}

// Whether a span begins before another has ended, or right behind it.
static bool touches(const Span *span, const Span *next)
{
	if (span->high.far || next->low.far)
		return true;
	int order = (int)expr_compare(next->low.value, span->high.value);
	return order < 0 || (order == 0 && !(next->low.open && span->high.open));
}

Domain domain_either(const Domain *a, const Domain *b, Arena *arena)
{
	Domain made = {.kind = a->kind,
	        .nan = a->nan || b->nan,
	        .missing = a->missing || b->missing,
	        .lost = a->lost || b->lost};
	Span *spans = room(arena, (size_t)a->count + b->count);
	for (uint32_t i = 0, j = 0; spans && (i < a->count || j < b->count);) {
		bool first = j == b->count ||
		             (i < a->count && compare_lows(&a->spans[i].low, &b->spans[j].low) <= 0);
		const Span *next = first ? &a->spans[i++] : &b->spans[j++];
		Span *last = made.count ? &spans[made.count - 1] : NULL;
		if (!last || !touches(last, next))
			spans[made.count++] = *next;
		else if (compare_highs(&last->high, &next->high) < 0)
			last->high = next->high;
	}
	made.spans = spans;
	made.lost |= !spans;
	return made;
}

// --- asking ---

bool domain_empty(const Domain *domain)
{
	return !domain->count && !domain->nan && !domain->missing;
}

bool domain_within(const Domain *a, const Domain *b)
{
	if ((a->nan && !b->nan) || (a->missing && !b->missing))
		return false;
	for (uint32_t i = 0, j = 0; i < a->count; i++) {
		while (j < b->count && compare_highs(&b->spans[j].high, &a->spans[i].high) < 0)
			j++;
		if (j == b->count || compare_lows(&b->spans[j].low, &a->spans[i].low) > 0)
			return false;
	}
	return true;
}
