// Segments and the texts of lists: a visitor has few of many. Positions stand under the member that they ask
// for; a visitor's members are ORed. A member with many positions has them as bits.
#include "decide/index_tables.h"

static bool give_row(IndexBuilder *b, const SetPair *pairs, uint32_t count, const uint64_t **ret)
{
	uint64_t *row = ARENA_ARRAY(b->arena, uint64_t, b->index->words);
	if (!row)
		return false;
	for (uint32_t i = 0; i < count; i++)
		row[pairs[i].position / 64] |= UINT64_C(1) << (pairs[i].position % 64);
	*ret = row;
	return true;
}

static uint32_t run_of(const SetPair *pairs, uint32_t count)
{
	uint32_t run = 1;
	while (run < count && pairs[run].member == pairs[0].member)
		run++;
	return run;
}

// The bits of the members that are asked for, and the rank of each.
static bool make_known(IndexBuilder *b, const SetPair *pairs, uint32_t count, uint32_t words, IndexSets *ret,
        uint32_t *members)
{
	uint64_t *known = ARENA_ARRAY(b->arena, uint64_t, words);
	uint32_t *rank = ARENA_ARRAY(b->arena, uint32_t, words);
	uint32_t before = 0;
	if (!known || !rank)
		return false;
	for (uint32_t i = 0; i < count; i++)
		known[pairs[i].member / 64] |= UINT64_C(1) << (pairs[i].member % 64);
	for (uint32_t i = 0; i < words; i++) {
		rank[i] = before;
		before += (uint32_t)__builtin_popcountll(known[i]);
	}
	ret->known = known;
	ret->rank = rank;
	ret->words = words;
	*members = before;
	return true;
}

static bool make_open(IndexBuilder *b, const SetPair *pairs, uint32_t count, IndexSets *ret)
{
	uint64_t *open = ARENA_ARRAY(b->arena, uint64_t, b->index->words);
	if (!open)
		return false;
	memset(open, 0xff, b->index->words * sizeof *open);
	for (uint32_t i = 0; i < count; i++)
		open[pairs[i].position / 64] &= ~(UINT64_C(1) << (pairs[i].position % 64));
	ret->open = open;
	return true;
}

bool index_sets_build(
        IndexBuilder *b, uint32_t slot, SetPair *pairs, uint32_t count, uint32_t words, IndexSets *ret)
{
	uint32_t members;
	*ret = (IndexSets){.slot = slot};
	if (!make_open(b, pairs, count, ret) || !make_known(b, pairs, count, words, ret, &members))
		return false;
	uint32_t *offsets = ARENA_ARRAY(b->arena, uint32_t, (size_t)members + 1);
	uint32_t *positions = ARENA_ARRAY(b->arena, uint32_t, count);
	const uint64_t **rows = ARENA_ARRAY(b->arena, const uint64_t *, members);
	if (!offsets || !positions || !rows)
		return false;
	uint32_t used = 0;
	for (uint32_t i = 0, rank = 0; i < count; rank++) {
		uint32_t run = run_of(&pairs[i], count - i);
		if (run > 2 * b->index->words && !give_row(b, &pairs[i], run, &rows[rank]))
			return false;
		for (uint32_t k = 0; k < run && !rows[rank]; k++)
			positions[used++] = pairs[i + k].position;
		offsets[rank + 1] = used;
		i += run;
	}
	ret->offsets = offsets;
	ret->positions = positions;
	ret->rows = rows;
	return true;
}
