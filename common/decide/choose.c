// The walk over one point's candidates. Those whose score this visitor alone decides come first: runs of them
// with the highest bounds, until no bound is high enough. Then the static rules, best first, until nothing
// that follows could be better. Of a static rule the rank is known beforehand, so one that could not get in
// is not even screened.
#include "decide/call.h"

#include <math.h>

static uint64_t tie_of(const Call *call, uint32_t offer, Parley__Snapshot__V1__TieBreak tie_break)
{
	if (tie_break == SNAP_TIE(NEWEST_OFFER))
		return call->plan->offer_ages[offer];
	if (tie_break == SNAP_TIE(OFFER_CODE))
		return 0; // offers are sorted by code: their index decides
	return mix64(call->request->seed ^ call->plan->offer_keys[offer]);
}

Ranked call_rank(const Call *call, const Spot *spot, const PlanRule *rule)
{
	return (Ranked){
	        .tie = tie_of(call, rule->offer, spot->zone->tie_break),
	        .id = {rule->origin, rule->source, rule->offer},
	        .treatment = rule->treatment,
	        .top = rule->top,
	};
}

bool call_works(Call *call)
{
	if (!call->evaluation.fuel)
		return false;
	call->evaluation.fuel--;
	return true;
}

bool call_shown(const Call *call, const Spot *spot, const PlanRule *rule)
{
	bool by_treatment =
	        spot->zone->deduplication == SNAP_DEDUP(TREATMENT) && rule->origin != ORIGIN_DEFAULT;
	uint64_t key = duplicate_key(
	        by_treatment ? SNAP_DEDUP(TREATMENT) : SNAP_DEDUP(OFFER), rule->offer, rule->treatment);
	uint64_t first = tally_get(&call->shown, key);
	return first && first <= spot->number;
}

bool call_next_bare(const Call *call, size_t *at, PlanRule *ret)
{
	const Snapshot *snapshot = call->plan->snapshot;
	for (; *at < call->overrides.count; ++*at) {
		uint32_t index = call->overrides.first + (uint32_t)*at;
		const SnapOverride *override = snapshot->score_overrides[index];
		if (!override->adds)
			continue;
		*ret = plan_bare(call->plan, (CandidateId){ORIGIN_INDIVIDUAL, index, override->offer},
		        override->score);
		++*at;
		return true;
	}
	for (; *at - call->overrides.count < call->facts.event_count; ++*at) {
		const Fact *fact = call->facts.events[*at - call->overrides.count];
		if (fact->kind != FACT_QUALIFY || !fact_holds(call, fact))
			continue;
		*ret = plan_bare(call->plan, (CandidateId){ORIGIN_QUALIFIED, 0, fact->offer}, fact->score);
		++*at;
		return true;
	}
	return false;
}

// Whether the score is to be had without a program, and so before the screen.
static bool score_is_cheap(const Call *call, const PlanRule *rule)
{
	return !rule->scoring || call->plan->forms[rule->scoring - 1].kind != SCORE_PROGRAM;
}

static void consider(Call *call, Spot *spot, const PlanRule *rule, bool sure)
{
	Ranked rank = call_rank(call, spot, rule);
	bool cheap = score_is_cheap(call, rule);
	if (call_shown(call, spot, rule))
		return;
	if (cheap && (!call_score(call, rule, &rank.score) || !selection_admits(&spot->selection, &rank)))
		return;
	if (call_passes(call, spot, rule, sure) && (cheap || call_score(call, rule, &rank.score)))
		selection_add(&spot->selection, &rank);
}

static void consider_bare(Call *call, Spot *spot)
{
	size_t at = 0;
	PlanRule bare;
	while (call_next_bare(call, &at, &bare) && call_works(call))
		consider(call, spot, &bare, false);
}

static bool is_candidate(const Call *call, const Spot *spot, const PlanRule *planned)
{
	const SnapRule *rule =
	        decide_rule(call->plan, (CandidateId){planned->origin, planned->source, planned->offer});
	bool in_zone = !rule->zone || call->plan->snapshot->zones[rule->zone - 1] == spot->zone;
	return in_zone && rule->audience_level == (uint32_t)call->visitor->level;
}

// Static rules that the visitor's own scores lift out of their order.
static void consider_overridden(Call *call, Spot *spot)
{
	const Lists *lists = &call->plan->offer_rules;
	for (uint32_t i = 0; i < call->overrides.count; i++) {
		uint32_t offer = call->plan->snapshot->score_overrides[call->overrides.first + i]->offer;
		for (uint32_t j = lists->starts[offer]; j < lists->starts[offer + 1]; j++) {
			const PlanRule *rule = &call->plan->rules[lists->items[j]];
			if (is_candidate(call, spot, rule) && call_works(call))
				consider(call, spot, rule, false);
		}
	}
}

// --- the walk ---

enum {
	VIEW_BLOCKS = 4,
	PLAIN_MAX = 32, // of the best static rules; most calls go no further
};

static const PlanRule *rule_at(const Call *call, const Spot *spot, uint32_t item)
{
	return &call->plan->rules[spot->candidates->rules[item]];
}

// The visitor's own scores take rules out of their order; `consider_overridden` has met the static ones.
static bool is_lifted(const Call *call, const PlanRule *rule)
{
	return call->overrides.count && !rule->scoring && call_override(call, rule->offer);
}

// Most of those that an index leaves have a score that is too low, and are done with here.
static bool is_too_low(Call *call, const Spot *spot, const PlanRule *rule)
{
	double score = rule->score;
	if (rule->scoring) {
		const ScoreForm *form = &call->plan->forms[rule->scoring - 1];
		Traits *traits = &call->evaluation.traits;
		if (call->overrides.count || (!score_simple(form, traits, &score) &&
		                                     score_compute(form, traits, &score) != SCORE_KNOWN))
			return false;
	}
	return selection_beats(&spot->selection, rule->top, score);
}

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

// Whether an earlier term of the same candidate has survived, too.
static bool is_repeated(View *view, uint32_t position)
{
	uint32_t item = sieve_item(&view->sieve, position);
	while (view->sieve.items && position > 0 && view->sieve.items[position - 1] == item) {
		position--;
		const SieveBlock *block = block_at(view, position / SIEVE_BLOCK);
		if ((block->survivors[position / 64 % SIEVE_WORDS] >> (position % 64)) & 1)
			return true;
	}
	return false;
}

// What is left of a stretch of positions in one block.
typedef enum Left {
	LEFT_ANY,  // scores in any order
	LEFT_LESS, // none is above those before it
} Left;

// False if the call has no work left.
static bool walk_word(Call *call, Spot *spot, View *view, uint32_t base, uint64_t survivors, uint64_t checks,
        Left left, bool *done)
{
	for (; survivors; survivors &= survivors - 1) {
		uint32_t position = base + (uint32_t)__builtin_ctzll(survivors);
		const PlanRule *rule = rule_at(call, spot, sieve_item(&view->sieve, position));
		if (is_too_low(call, spot, rule)) {
			*done = left == LEFT_LESS;
			if (*done)
				return true;
			continue;
		}
		if (is_repeated(view, position))
			continue;
		if (!call_works(call))
			return false;
		if (!is_lifted(call, rule))
			consider(call, spot, rule, !(checks & survivors & -survivors));
	}
	return true;
}

// Looks at the survivors from one position up to another in one block; `done` if those behind them cannot get
// in.
static bool walk_block(
        Call *call, Spot *spot, View *view, uint32_t first, uint32_t end, Left left, bool *done)
{
	const SieveBlock *block = block_at(view, first / SIEVE_BLOCK);
	*done = false;
	for (uint32_t base = first / 64 * 64; base < end && !*done; base += 64) {
		uint32_t word = base / 64 % SIEVE_WORDS;
		uint64_t survivors = block->survivors[word];
		if (base < first)
			survivors &= UINT64_MAX << (first - base);
		if (end - base < 64)
			survivors &= (UINT64_C(1) << (end - base)) - 1;
		if (!walk_word(call, spot, view, base, survivors, block->checks[word], left, done))
			return false;
	}
	return true;
}

// One by one, as lists without an index are walked, and as the best static rules are.
static bool walk_plainly(Call *call, Spot *spot, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		const PlanRule *rule = rule_at(call, spot, i);
		if (!rule->scoring && selection_beats(&spot->selection, rule->top, rule->score))
			return false;
		if (!call_works(call))
			return false;
		if (!is_lifted(call, rule))
			consider(call, spot, rule, false);
	}
	return true;
}

// --- runs of dynamic scores ---

enum {
	BEST_RUNS = 16
}; // that are looked for before all others, so that there is something to hold against these

// Runs of one priority.
typedef struct RunWalk {
	const ScoreRun *runs;
	double *bounds; // -infinity: done, or nothing to offer
	uint32_t count;
} RunWalk;

// False if the call has no work left.
static bool walk_run(Call *call, Spot *spot, View *view, const RunWalk *walk, uint32_t i)
{
	const ScoreRun *run = &walk->runs[i];
	bool falls = !call->overrides.count && score_falls(run, &call->evaluation.traits), done;
	walk->bounds[i] = -INFINITY;
	return walk_block(
	        call, spot, view, run->first, run->first + run->count, falls ? LEFT_LESS : LEFT_ANY, &done);
}

static bool is_beaten(const Call *call, const Spot *spot, const RunWalk *walk, uint32_t i)
{
	return !(walk->bounds[i] > -INFINITY) ||
	       (!call->overrides.count &&
	               selection_beats(&spot->selection, walk->runs[i].top, walk->bounds[i]));
}

static uint32_t best_run(const RunWalk *walk)
{
	uint32_t best = 0;
	for (uint32_t i = 1; i < walk->count; i++)
		best = walk->bounds[i] > walk->bounds[best] ? i : best;
	return best;
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
	uint32_t top = 0;
	if (!bounds)
		return walk_plainly(call, spot, 0, spot->candidates->dynamic);
	for (uint32_t i = 0; i < runs->count; i++) {
		bounds[i] = score_bound(&runs->items[i], &call->evaluation.traits);
		top += runs->items[i].top;
	}
	RunWalk before = {runs->items, bounds, top};
	RunWalk others = {runs->items + top, bounds + top, runs->count - top};
	return (!before.count || walk_runs(call, spot, view, &before)) &&
	       (!others.count || walk_runs(call, spot, view, &others));
}

// --- static scores ---

static void walk_static(Call *call, Spot *spot, View *view, uint32_t first)
{
	const Index *index = spot->candidates->index;
	uint32_t position = index_position(index, first);
	uint32_t end = index_position(index, spot->candidates->live);
	for (bool done = false; position < end && !done;) {
		uint32_t next = (position / SIEVE_BLOCK + 1) * SIEVE_BLOCK;
		if (!walk_block(call, spot, view, position, next < end ? next : end, LEFT_LESS, &done))
			return;
		position = next;
	}
}

static void walk(Call *call, Spot *spot)
{
	const Candidates *candidates = spot->candidates;
	uint32_t first = 0; // that has not been looked at
	View *view = NULL;
	if (candidates->index && !candidates->dynamic && candidates->live > PLAIN_MAX) {
		first = PLAIN_MAX;
		if (!walk_plainly(call, spot, 0, first))
			return;
	}
	if (candidates->index)
		view = ARENA_NEW(call->arena, View);
	if (!view || sieve_begin(candidates->index, &call->evaluation.traits, call->visitor->segments,
	                     call->arena, &view->sieve)) {
		walk_plainly(call, spot, first, candidates->live);
		return;
	}
	if (!candidates->dynamic || walk_dynamic(call, spot, view))
		walk_static(call, spot, view, candidates->dynamic + first);
}

void call_choose(Call *call, Spot *spot)
{
	// What the zone does not take as a whole need not be looked at one by one.
	if (!spot->selection.max || spot->inclusion.verdict != VERDICT_TRUE)
		return;
	consider_bare(call, spot);
	if (call->overrides.count)
		consider_overridden(call, spot);
	walk(call, spot);
}
