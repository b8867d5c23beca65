// Candidates with a score expression stand in the order of their forms, so that those whose sums have the
// same attributes are neighbours, and so are like factors. A run of them within one block is passed over as a
// whole if its bound is too low.
#include "base/cleanup.h"
#include "decide/score.h"

#include <math.h>

static bool alike(const ScoreForm *a, const ScoreForm *b)
{
	return a->kind == b->kind && (a->kind != SCORE_SUM || a->sum.parts == b->sum.parts) &&
	       (a->kind != SCORE_SUM || memcmp(a->sum.slots, b->sum.slots, sizeof a->sum.slots) == 0);
}

static void widen(ScoreRun *run, const ScoreSum *sum)
{
	for (int i = 0; i < SCORE_PARTS; i++) {
		if (sum->factors[i] < run->low.factors[i])
			run->low.factors[i] = sum->factors[i];
		if (sum->factors[i] > run->high.factors[i])
			run->high.factors[i] = sum->factors[i];
	}
}

// Counts the runs and, if there is room for them, writes them.
static uint32_t cut(const Index *index, uint32_t positions, const ScoreForm *const *forms, const bool *tops,
        ScoreRun *ret)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < positions; i++) {
		uint32_t item = index_item(index, i), before = i ? index_item(index, i - 1) : 0;
		const ScoreForm *form = forms[item];
		bool new = i % SIEVE_BLOCK == 0 || tops[item] != tops[before] || !alike(form, forms[before]);
		count += new;
		if (!ret)
			continue;
		ScoreRun *run = &ret[count - 1];
		if (new)
			*run = (ScoreRun){.first = i,
			        .top = tops[item],
			        .bounded = form->kind == SCORE_SUM,
			        .simple = form->kind == SCORE_SUM && form->sum.parts == 1,
			        .low = form->sum,
			        .high = form->sum};
		run->count++;
		widen(run, &form->sum);
	}
	return count;
}

// What simple runs need is kept together; their attributes are read once.
static bool simplify(const ScoreRun *runs, ScoreRuns *ret, Arena *arena)
{
	uint16_t *slots = ARENA_ARRAY(arena, uint16_t, ret->count);
	ScoreReach *reaches = ARENA_ARRAY(arena, ScoreReach, ret->count);
	if (!slots || !reaches)
		return false;
	for (uint32_t i = 0; i < ret->count; i++) {
		double least = runs[i].low.factors[0], most = runs[i].high.factors[0];
		uint16_t slot = runs[i].high.slots[0];
		uint32_t known = 0;
		reaches[i] = (ScoreReach){.size = NAN};
		if (!runs[i].simple)
			continue;
		reaches[i] = (ScoreReach){least, most, fmax(fabs(least), fabs(most)), slot};
		if (slot == runs[i].high.slots[1]) // the 1 behind the last attribute, which is always known
			continue;
		while (known < ret->slot_count && slots[known] != slot)
			known++;
		slots[known] = slot;
		ret->slot_count += known == ret->slot_count;
	}
	ret->slots = slots;
	ret->reaches = reaches;
	return true;
}

Err score_runs_build(const Index *index, uint32_t items, const ScoreForm *const *forms, const bool *tops,
        Arena *arena, ScoreRuns *ret)
{
	uint32_t positions = index_position(index, items), top = 0;
	uint32_t count = cut(index, positions, forms, tops, NULL);
	ScoreRun *runs = ARENA_ARRAY(arena, ScoreRun, count);
	double *factors = ARENA_ARRAY(arena, double, positions);
	if (!runs || !factors)
		return err(ERR_NO_MEMORY, "no memory for %u runs of scores", count);
	cut(index, positions, forms, tops, runs);
	for (uint32_t i = 0; i < positions; i++)
		factors[i] = forms[index_item(index, i)]->sum.factors[0];
	while (top < count && runs[top].top)
		top++;
	*ret = (ScoreRuns){.items = runs, .count = count, .top = top, .factors = factors};
	return simplify(runs, ret, arena) ? OK : err(ERR_NO_MEMORY, "no memory for %u runs of scores", count);
}
