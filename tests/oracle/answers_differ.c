// Comparing to the bit. The first difference is told; shrinking makes it the only one.
#include "answers.h"

typedef struct Comparison {
	Arena *arena;
	const char *found; // NULL: no difference yet
} Comparison;

__attribute__((format(printf, 3, 4))) static void same(Comparison *c, bool equal, const char *fmt, ...)
{
	if (equal || c->found)
		return;
	va_list args;
	va_start(args, fmt);
	c->found = arena_vprintf(c->arena, fmt, args);
	va_end(args);
}

static bool same_double(double a, double b)
{
	return memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b);
}

static bool same_value(ExprValue a, ExprValue b)
{
	if (a.kind != b.kind)
		return false;
	switch (a.kind) {
	case EXPR_ERROR:
		return a.error == b.error && (a.error != EXPR_ERR_ATTRIBUTE_MISSING || a.slot == b.slot);
	case EXPR_BOOL:
		return a.b == b.b;
	case EXPR_INT:
		return a.i == b.i;
	case EXPR_DOUBLE:
		return same_double(a.d, b.d);
	case EXPR_STRING:
		return str_eq(str_n(a.s, a.len), str_n(b.s, b.len));
	case EXPR_TIMESTAMP:
		return a.seconds == b.seconds && a.nanos == b.nanos;
	case EXPR_LIST:
		for (uint32_t i = 0; i < a.len && a.len == b.len; i++)
			if (!same_value(a.items[i], b.items[i]))
				return false;
		return a.len == b.len;
	default:
		return false;
	}
}

static bool same_id(CandidateId a, CandidateId b)
{
	return a.origin == b.origin && a.source == b.source && a.offer == b.offer;
}

static bool same_score(ScoreParts a, ScoreParts b)
{
	return same_double(a.marketer, b.marketer) && a.overridden == b.overridden &&
	       same_double(a.override, b.override) && same_double(a.final, b.final);
}

static void compare_traces(Comparison *c, const Segmentation *a, const Segmentation *b)
{
	same(c, a->trace_count == b->trace_count, "trace: %zu entries, %zu expected", a->trace_count,
	        b->trace_count);
	for (size_t i = 0; i < b->trace_count && !c->found; i++) {
		const SegmentTrace *x = &a->trace[i], *y = &b->trace[i];
		same(c, x->flow == y->flow && x->step == y->step, "trace[%zu]: flow or step", i);
		same(c, x->branch == y->branch, "trace[%zu]: branch", i);
		same(c, x->segment == y->segment, "trace[%zu]: segment", i);
		same(c, x->matched == y->matched, "trace[%zu]: matched", i);
		same(c, x->beaten_by == y->beaten_by, "trace[%zu]: beaten_by", i);
		same(c, str_eq(x->predicate, y->predicate), "trace[%zu]: predicate", i);
		same(c, str_eq(x->error, y->error), "trace[%zu]: error", i);
	}
}

static void compare_segments(Comparison *c, const Answers *a, const Answers *b)
{
	for (size_t i = 0; i < b->attribute_count; i++) {
		same(c, same_value(a->defaults[i], b->defaults[i]), "default of attribute %zu", i);
		same(c, same_value(a->values[i], b->values[i]), "value of attribute %zu", i);
		same(c, a->set[i] == b->set[i], "whether a flow set attribute %zu", i);
	}
	compare_traces(c, &a->segments, &b->segments);
	for (size_t i = 0; i < b->segment_words; i++) {
		same(c, a->segments.segments[i] == b->segments.segments[i], "segments");
		same(c, a->untold.segments[i] == b->untold.segments[i], "segments without explaining");
	}
	same(c, a->untold.trace_count == 0, "a trace without explaining");
}

static void compare_offers(
        Comparison *c, const char *when, size_t p, const PointDecision *a, const PointDecision *b)
{
	same(c, a->point == b->point, "point %zu%s: which", p, when);
	same(c, a->offer_count == b->offer_count, "point %zu%s: %zu offers, %zu expected", p, when,
	        a->offer_count, b->offer_count);
	for (size_t i = 0; i < b->offer_count && !c->found; i++) {
		const DecidedOffer *x = &a->offers[i], *y = &b->offers[i];
		same(c, same_id(x->id, y->id), "point %zu%s, offer %zu: which", p, when, i);
		same(c, same_score(x->score, y->score), "point %zu%s, offer %zu: score", p, when, i);
		same(c, strcmp(x->treatment_code, y->treatment_code) == 0,
		        "point %zu%s, offer %zu: treatment code", p, when, i);
		same(c, x->attribute_count == y->attribute_count, "point %zu%s, offer %zu: attributes", p,
		        when, i);
		for (size_t k = 0; k < y->attribute_count && !c->found; k++)
			same(c,
			        x->attributes[k].attribute == y->attributes[k].attribute &&
			                same_value(x->attributes[k].value, y->attributes[k].value),
			        "point %zu%s, offer %zu: attribute %zu", p, when, i, k);
	}
}

static void compare_candidates(Comparison *c, size_t p, const PointDecision *a, const PointDecision *b)
{
	same(c, a->candidate_count == b->candidate_count, "point %zu: %zu candidates, %zu expected", p,
	        a->candidate_count, b->candidate_count);
	for (size_t i = 0; i < b->candidate_count && !c->found; i++) {
		const DecidedCandidate *x = &a->candidates[i], *y = &b->candidates[i];
		same(c, same_id(x->id, y->id), "point %zu, candidate %zu: which", p, i);
		same(c, x->reason == y->reason, "point %zu, candidate %zu: %s, %s expected", p, i,
		        reason_name(x->reason), reason_name(y->reason));
		same(c, same_score(x->score, y->score), "point %zu, candidate %zu (%s): score", p, i,
		        reason_name(y->reason));
		same(c, str_eq(x->predicate, y->predicate), "point %zu, candidate %zu (%s): predicate", p, i,
		        reason_name(y->reason));
		same(c, str_eq(x->detail, y->detail), "point %zu, candidate %zu (%s): detail", p, i,
		        reason_name(y->reason));
	}
}

const char *answers_differ(const Answers *engine, const Answers *reference, Arena *arena)
{
	Comparison c = {.arena = arena};
	if (engine->failed)
		return arena_printf(arena, "the engine refused: %s: %s", err_reason(engine->failed),
		        err_detail()->message);
	compare_segments(&c, engine, reference);
	for (int i = SNAP_PERIOD(EVER); i <= SNAP_PERIOD(MONTH); i++)
		same(&c, engine->periods[i] == reference->periods[i], "start of period %d", i);
	same(&c, engine->mislaid == 0, "%zu names or rules that the plan finds elsewhere", engine->mislaid);
	same(&c, engine->share == reference->share, "share of a salt");
	same(&c, engine->told.count == reference->told.count && engine->plain.count == reference->plain.count,
	        "number of points");
	for (size_t p = 0; p < reference->told.count && !c.found; p++) {
		const PointDecision *expected = &reference->told.points[p];
		compare_candidates(&c, p, &engine->told.points[p], expected);
		compare_offers(&c, "", p, &engine->told.points[p], expected);
		compare_offers(&c, " without explaining", p, &engine->plain.points[p], expected);
		same(&c, engine->plain.points[p].candidate_count == 0,
		        "point %zu: candidates without explaining", p);
	}
	return c.found;
}
