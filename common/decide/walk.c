// The walk over a list of candidates. Those whose score this visitor alone decides come first: of their runs
// the one with the highest bound, and so on until no bound is high enough. Then the static rules, best first,
// until nothing that follows could be better. Of most candidates no more is touched than bits.
#include "decide/call.h"

#include <math.h>

enum {
	VIEW_BLOCKS = 4,
	BEST_RUNS =
	        16, // that are looked for before all others, so that there is something to hold against these
};

static const PlanRule *rule_at(const Call *call, const Spot *spot, uint32_t item)
{
	return &call->plan->rules[spot->candidates->rules[item]];
}

// The visitor's own scores take rules out of their order; static ones have been met already.
static bool is_lifted(const Call *call, const PlanRule *rule)
{
	return call->overrides.count && !rule->scoring && call_override(call, rule->offer);
}

// Whether no static rule from this one on can get in: they are in the order of their scores and then their
// offers.
static bool is_closed(const Call *call, const Spot *spot, const PlanRule *rule)
{
	const Selection *selection = &spot->selection;
	if (selection_beats(selection, rule->top, rule->score))
		return true;
	if (spot->zone->tie_break != SNAP_TIE(OFFER_CODE) || selection->count < selection->max)
		return false;
	Ranked rank = call_rank(call, spot, rule);
	rank.score.final = rule->score;
	return rank_compare(&rank, &selection->best[selection->count - 1]) >= 0;
}

// One by one, as lists without an index are walked. False if nothing that
// follows can get in, or the call has no work left.
static bool walk_plainly(Call *call, Spot *spot, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		const PlanRule *rule = rule_at(call, spot, i);
		if (!rule->scoring && is_closed(call, spot, rule))
			return false;
		if (!call_works(call))
			return false;
		if (!is_lifted(call, rule))
			call_consider(call, spot, rule, (Known){0});
	}
	return true;
}

// --- what an index has left ---

// The list as the visitor has it, and the blocks that were looked at last.
typedef struct View {
	Sieve sieve;
	SieveBlock blocks[VIEW_BLOCKS];
	uint32_t numbers[VIEW_BLOCKS]; // plus 1
} View;

static const SieveBlock *block_at(View *view, uint32_t number)
{
	uint32_t place = number % VIEW_BLOCKS;
	if (view->numbers[place] != number + 1) {
		view->numbers[place] = number + 1;
		sieve_block(&view->sieve, number, &view->blocks[place]);
	}
	return &view->blocks[place];
}

// Whether an earlier term of the same candidate has survived, too, where candidates have more than one.
static bool is_repeated(View *view, uint32_t position)
{
	const uint32_t *items = view->sieve.items;
	while (position > 0 && items[position - 1] == items[position]) {
		position--;
		const SieveBlock *block = block_at(view, position / SIEVE_BLOCK);
		if ((block->survivors[position / 64 % SIEVE_WORDS] >> (position % 64)) & 1)
			return true;
	}
	return false;
}

// A stretch of positions in one block.
typedef struct Stretch {
	uint32_t first, end;
	const double *factors; // by position: the score is `number` times it, the priority `top`; NULL: not
	                       // so simple
	bool top;
	double number;
	bool falls; // none ranks above those before it
} Stretch;

typedef enum Step { STEP_ON, STEP_DONE, STEP_NO_WORK } Step;

// Whether the score is known, and then too low to get in, as most are of what an index has left.
static bool is_too_low(Call *call, const Spot *spot, const PlanRule *rule, Known *known)
{
	known->score = rule->score;
	known->scored = isfinite(rule->score);
	if (!rule->scoring)
		return known->scored && is_closed(call, spot, rule);
	known->scored = score_compute(&call->plan->forms[rule->scoring - 1], &call->evaluation.traits,
	                        &known->score) == SCORE_KNOWN;
	return known->scored && !call->overrides.count &&
	       selection_beats(&spot->selection, rule->top, known->score);
}

static Step walk_position(
        Call *call, Spot *spot, View *view, const Stretch *stretch, uint32_t position, bool sure)
{
	Known known = {.sure = sure};
	Step too_low = stretch->falls ? STEP_DONE : STEP_ON;
	if (stretch->factors) {
		known.score = stretch->number * stretch->factors[position] + 0.0; // not -0
		known.scored = true;
		if (!call->overrides.count && selection_beats(&spot->selection, stretch->top, known.score))
			return too_low;
	}
	const PlanRule *rule = rule_at(call, spot, sieve_item(&view->sieve, position));
	if (!stretch->factors && is_too_low(call, spot, rule, &known))
		return too_low;
	if (view->sieve.items && is_repeated(view, position))
		return STEP_ON;
	if (!call_works(call))
		return STEP_NO_WORK;
	if (!is_lifted(call, rule))
		call_consider(call, spot, rule, known);
	return STEP_ON;
}

// Looks at what is left of a stretch. DONE: what is behind it cannot get in either.
static Step walk_stretch(Call *call, Spot *spot, View *view, const Stretch *stretch)
{
	const SieveBlock *block = block_at(view, stretch->first / SIEVE_BLOCK);
	for (uint32_t base = stretch->first / 64 * 64; base < stretch->end; base += 64) {
		uint32_t word = base / 64 % SIEVE_WORDS;
		uint64_t survivors = block->survivors[word], checks = block->checks[word];
		if (base < stretch->first)
			survivors &= UINT64_MAX << (stretch->first - base);
		if (stretch->end - base < 64)
			survivors &= (UINT64_C(1) << (stretch->end - base)) - 1;
		for (; survivors; survivors &= survivors - 1) {
			uint32_t bit = (uint32_t)__builtin_ctzll(survivors);
			Step step =
			        walk_position(call, spot, view, stretch, base + bit, !((checks >> bit) & 1));
			if (step != STEP_ON)
				return step;
		}
	}
	return STEP_ON;
}

// --- runs of dynamic scores ---

// Runs of one priority.
typedef struct RunWalk {
	const ScoreRun *runs;
	double *bounds; // -infinity: done, or nothing to offer
	uint32_t count;
} RunWalk;

static bool is_beaten(const Call *call, const Spot *spot, const RunWalk *walk, uint32_t i)
{
	double bound = walk->bounds[i];
	return !(bound > -INFINITY) ||
	       (!call->overrides.count && selection_beats(&spot->selection, walk->runs[i].top, bound));
}

// False if the call has no work left.
static bool walk_run(Call *call, Spot *spot, View *view, const RunWalk *walk, uint32_t i)
{
	const ScoreRun *run = &walk->runs[i];
	Stretch stretch = {.first = run->first, .end = run->first + run->count};
	// Where all scores are finite and small, so is the bound.
	if (run->simple && isfinite(walk->bounds[i])) {
		stretch.top = run->top;
		stretch.factors = spot->candidates->runs.factors;
		stretch.number = call->evaluation.traits.numbers[run->high.slots[0]];
		stretch.falls = stretch.number >= 0 && !call->overrides.count;
	}
	walk->bounds[i] = -INFINITY;
	return walk_stretch(call, spot, view, &stretch) != STEP_NO_WORK;
}

static inline double higher(double a, double b)
{
	return a > b ? a : b;
}

// Four maxima side by side, because one comparison after the other would wait for the one before. Bounds are
// never NaN.
static uint32_t best_run(const RunWalk *walk)
{
	const double *next = walk->bounds, *end = next + walk->count;
	double a = -INFINITY, b = a, c = a, d = a;
	for (; end - next >= 4; next += 4) {
		a = higher(a, next[0]);
		b = higher(b, next[1]);
		c = higher(c, next[2]);
		d = higher(d, next[3]);
	}
	for (; next < end; next++)
		a = higher(a, *next);
	double most = higher(higher(a, b), higher(c, d));
	for (next = walk->bounds; *next < most; next++)
		;
	return (uint32_t)(next - walk->bounds);
}

static bool walk_runs(Call *call, Spot *spot, View *view, const RunWalk *walk)
{
	for (uint32_t n = 0; n < BEST_RUNS; n++) {
		uint32_t best = best_run(walk);
		if (is_beaten(call, spot, walk, best))
			return true;
		if (!walk_run(call, spot, view, walk, best))
			return false;
	}
	for (uint32_t i = 0; i < walk->count; i++)
		if (!is_beaten(call, spot, walk, i) && !walk_run(call, spot, view, walk, i))
			return false;
	return true;
}

static bool walk_dynamic(Call *call, Spot *spot, View *view)
{
	const ScoreRuns *runs = &spot->candidates->runs;
	double *bounds = ARENA_ARRAY(call->arena, double, runs->count);
	if (!bounds)
		return walk_plainly(call, spot, 0, spot->candidates->dynamic);
	score_bounds(runs, &call->evaluation.traits, bounds);
	RunWalk before = {runs->items, bounds, runs->top};
	RunWalk others = {runs->items + runs->top, bounds + runs->top, runs->count - runs->top};
	return (!before.count || walk_runs(call, spot, view, &before)) &&
	       (!others.count || walk_runs(call, spot, view, &others));
}

// --- the list ---

static void walk_static(Call *call, Spot *spot, View *view)
{
	const Candidates *candidates = spot->candidates;
	uint32_t end = index_position(candidates->index, candidates->live);
	uint32_t position = candidates->dynamic ? index_position(candidates->index, candidates->dynamic) : 0;
	for (uint32_t next; position < end; position = next) {
		next = (position / SIEVE_BLOCK + 1) * SIEVE_BLOCK;
		next = next < end ? next : end;
		Stretch stretch = {.first = position, .end = next, .falls = true};
		if (walk_stretch(call, spot, view, &stretch) != STEP_ON)
			return;
	}
}

void call_walk(Call *call, Spot *spot)
{
	const Candidates *candidates = spot->candidates;
	__attribute__((uninitialized)) View view; // of blocks only what `numbers` tells of is read
	if (!candidates->index || sieve_begin(candidates->index, &call->evaluation.traits,
	                                  call->visitor->segments, call->arena, &view.sieve)) {
		walk_plainly(call, spot, 0, candidates->live);
		return;
	}
	memset(view.numbers, 0, sizeof view.numbers);
	if (candidates->dynamic && !walk_dynamic(call, spot, &view))
		return;
	if (candidates->dynamic < candidates->live)
		walk_static(call, spot, &view);
}
