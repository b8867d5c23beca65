// An index over a list of candidates: which attributes get a table, which members of sets get positions, and
// which positions must be looked at again because something they ask for is in neither.
#include "base/cleanup.h"
#include "decide/index_tables.h"

#include <stdlib.h>

enum {
	CELLS_MAX = 250,
	CELLS_MIN = 8,
	// An attribute that fewer positions ask about would cost every call more than looking at them does.
	POSITIONS_PER_ASK = 64,
};

static bool bounded(const IndexItem *item)
{
	return item->from_us != INT64_MIN || item->until_us != INT64_MAX;
}

// --- positions ---

static bool make_positions(IndexBuilder *b)
{
	const IndexInput *input = b->input;
	const Conditions *conditions = input->conditions;
	size_t count = 0;
	bool identity = true;
	for (uint32_t i = 0; i < input->count; i++) {
		uint32_t c = input->items[i].condition;
		uint32_t terms = c ? conditions->first_term[c] - conditions->first_term[c - 1] : 1;
		identity = identity && terms == 1;
		count += terms;
	}
	uint32_t *items = ARENA_ARRAY(identity ? b->scratch : b->arena, uint32_t, count);
	b->terms = ARENA_ARRAY(b->scratch, const Term *, count);
	if (!items || !b->terms || count > UINT32_MAX - 1)
		return false;
	uint32_t at = 0;
	for (uint32_t i = 0; i < input->count; i++) {
		uint32_t c = input->items[i].condition;
		uint32_t first = c ? conditions->first_term[c - 1] : 0;
		uint32_t end = c ? conditions->first_term[c] : 1;
		for (uint32_t term = first; term < end; term++) {
			b->terms[at] = c ? &conditions->terms[term] : NULL;
			items[at++] = i;
		}
	}
	b->index->items = identity ? NULL : items;
	b->index->positions = (uint32_t)count;
	b->index->words = ((uint32_t)(count + 63) / 64 + SIEVE_WORDS - 1) / SIEVE_WORDS * SIEVE_WORDS;
	return true;
}

// --- what positions ask of attributes ---

typedef void (*VisitAsk)(void *context, uint32_t attribute, uint32_t position, const Predicate *predicate);

static void visit_asks(const IndexBuilder *b, const Predicate *dates, VisitAsk visit, void *context)
{
	const Conditions *conditions = b->input->conditions;
	for (uint32_t i = 0; i < b->index->positions; i++) {
		const Term *term = b->terms[i];
		for (uint32_t k = 0; term && k < term->count; k++) {
			const Predicate *predicate =
			        &conditions->predicates[conditions->literals[term->first + k]];
			if (predicate->kind == PREDICATE_IN)
				visit(context, predicate->slot, i, predicate);
		}
		uint32_t item = index_item(b->index, i);
		if (bounded(&b->input->items[item]))
			visit(context, b->slots, i, &dates[item]);
	}
}

static void count_ask(void *context, uint32_t attribute, uint32_t position, const Predicate *predicate)
{
	(void)position;
	(void)predicate;
	((uint32_t *)context)[attribute + 1]++;
}

typedef struct AskList {
	Ask *asks;
	uint32_t *next; // by attribute
} AskList;

static void put_ask(void *context, uint32_t attribute, uint32_t position, const Predicate *predicate)
{
	AskList *list = context;
	list->asks[list->next[attribute]++] = (Ask){position, predicate};
}

// Dates as predicates on the as-of time; those that are never make one that is never true.
static bool make_dates(IndexBuilder *b, const Predicate **ret)
{
	uint32_t count = b->input->count;
	Predicate *dates = ARENA_ARRAY(b->scratch, Predicate, count);
	if (!dates)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const IndexItem *item = &b->input->items[i];
		dates[i].ranges = &dates[i].first;
		dates[i].first.low = item->from_us;
		dates[i].first.high = item->until_us == INT64_MAX ? INT64_MAX : item->until_us - 1;
		dates[i].count = item->until_us > item->from_us;
	}
	*ret = dates;
	return true;
}

static bool gather_asks(IndexBuilder *b)
{
	uint32_t attributes = b->slots + 1;
	uint32_t *first = ARENA_ARRAY(b->scratch, uint32_t, (size_t)attributes + 1);
	uint32_t *next = ARENA_ARRAY(b->scratch, uint32_t, attributes);
	const Predicate *dates;
	if (!first || !next || !make_dates(b, &dates))
		return false;
	visit_asks(b, dates, count_ask, first);
	for (uint32_t i = 0; i < attributes; i++) {
		first[i + 1] += first[i];
		next[i] = first[i];
	}
	Ask *asks = ARENA_ARRAY(b->scratch, Ask, first[attributes]);
	if (!asks)
		return false;
	visit_asks(b, dates, put_ask, &(AskList){asks, next});
	b->asks = asks;
	b->first_ask = first;
	return true;
}

static bool is_worth(const IndexBuilder *b, uint32_t attribute)
{
	uint32_t asks = b->first_ask[attribute + 1] - b->first_ask[attribute];
	return asks > 0 && (uint64_t)asks * POSITIONS_PER_ASK >= b->index->positions;
}

static bool make_tables(IndexBuilder *b)
{
	uint32_t attributes = b->slots + 1, worth = 0;
	for (uint32_t i = 0; i < attributes; i++)
		worth += is_worth(b, i);
	IndexTable *tables = ARENA_ARRAY(b->arena, IndexTable, worth);
	b->seen = ARENA_ARRAY(b->scratch, uint32_t, b->input->conditions->predicate_count);
	uint32_t cells_max = worth ? b->input->rows_max / worth : 0;
	cells_max = cells_max < CELLS_MIN ? CELLS_MIN : cells_max > CELLS_MAX ? CELLS_MAX : cells_max;
	if (!tables || !b->seen)
		return false;
	for (uint32_t i = 0; i < attributes; i++) {
		if (is_worth(b, i)) {
			if (!index_table_build(b, i, cells_max, &tables[b->index->table_count++]))
				return false;
			continue;
		}
		for (uint32_t k = b->first_ask[i]; k < b->first_ask[i + 1]; k++)
			index_check(b, b->asks[k].position);
	}
	b->index->tables = tables;
	return true;
}

// --- members of sets ---

static int by_member(const void *left, const void *right)
{
	const SetPair *a = left, *b = right;
	if (a->member != b->member)
		return a->member < b->member ? -1 : 1;
	return (a->position > b->position) - (a->position < b->position);
}

static bool make_sets(IndexBuilder *b, uint32_t slot, SetPair *pairs, uint32_t count, uint32_t words)
{
	if (count == 0)
		return true;
	qsort(pairs, count, sizeof *pairs, by_member);
	return index_sets_build(b, slot, pairs, count, words, &b->sets[b->index->set_count++]);
}

static bool make_segments(IndexBuilder *b, SetPair *pairs)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < b->index->positions; i++) {
		uint32_t segment = b->input->items[index_item(b->index, i)].segment;
		if (segment)
			pairs[count++] = (SetPair){segment - 1, i};
	}
	return make_sets(b, INDEX_SEGMENTS, pairs, count, (uint32_t)b->input->segment_words);
}

// The first text that a position wants a list to have; whatever else it asks of lists is looked at again.
static bool make_members(IndexBuilder *b, uint32_t slot, SetPair *pairs)
{
	const Conditions *conditions = b->input->conditions;
	uint32_t count = 0;
	for (uint32_t i = 0; i < b->index->positions; i++) {
		const Term *term = b->terms[i];
		bool found = false;
		for (uint32_t k = 0; term && k < term->count; k++) {
			const Predicate *predicate =
			        &conditions->predicates[conditions->literals[term->first + k]];
			if (predicate->kind == PREDICATE_IN || predicate->slot != slot)
				continue;
			if (predicate->kind == PREDICATE_LACKS || found) {
				index_check(b, i);
				continue;
			}
			found = true;
			pairs[count++] = (SetPair){(uint32_t)predicate->first.low, i};
		}
	}
	uint32_t owner = conditions->levels[b->input->level].base + slot;
	return make_sets(b, slot, pairs, count, (conditions->texts.counts[owner] + 63) / 64);
}

static bool make_all_sets(IndexBuilder *b)
{
	const LevelSlots *level = &b->input->conditions->levels[b->input->level];
	SetPair *pairs = ARENA_ARRAY(b->scratch, SetPair, b->index->positions);
	size_t lists = 0;
	for (size_t slot = 0; slot < level->schema->count; slot++)
		lists += level->schema->attributes[slot].type.kind == EXPR_LIST;
	b->index->sets = b->sets = ARENA_ARRAY(b->arena, IndexSets, lists + 1);
	if (!pairs || !b->sets || !make_segments(b, pairs))
		return false;
	for (uint32_t slot = 0; slot < level->schema->count; slot++)
		if (level->schema->attributes[slot].type.kind == EXPR_LIST && !make_members(b, slot, pairs))
			return false;
	return true;
}

// --- the whole ---

static bool make_bits(IndexBuilder *b)
{
	Index *index = b->index;
	uint64_t *live = ARENA_ARRAY(b->arena, uint64_t, index->words);
	b->checks = ARENA_ARRAY(b->arena, uint64_t, index->words);
	if (!live || !b->checks)
		return false;
	for (uint32_t i = 0; i < index->positions; i++) {
		live[i / 64] |= UINT64_C(1) << (i % 64);
		if (b->terms[i] && b->terms[i]->program)
			index_check(b, i);
	}
	index->live = live;
	index->checks = b->checks;
	return true;
}

static void measure(Index *index, size_t bytes)
{
	IndexSize *size = &index->size;
	*size = (IndexSize){.positions = index->positions, .tables = index->table_count, .bytes = bytes};
	for (uint32_t i = 0; i < index->table_count; i++) {
		size->rows += index->tables[i].cells + 1;
		size->buckets += !index->tables[i].exact;
	}
	for (uint32_t i = 0; i < index->words; i++)
		size->checked += (uint32_t)__builtin_popcountll(index->checks[i]);
}

Err index_build(const IndexInput *input, Arena *arena, const Index **ret)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(256 * 1024, 0);
	size_t used = arena_used(arena);
	Index *index = ARENA_NEW(arena, Index);
	IndexBuilder b = {.input = input, .arena = arena, .scratch = scratch, .index = index};
	if (!scratch || !index)
		return err(ERR_NO_MEMORY, "no memory for an index of %u candidates", input->count);
	b.slots = (uint32_t)input->conditions->levels[input->level].schema->count + 1;
	if (!make_positions(&b) || !make_bits(&b) || !gather_asks(&b) || !make_tables(&b) ||
	        !make_all_sets(&b))
		return err(ERR_NO_MEMORY, "no memory for an index of %u candidates", input->count);
	measure(index, arena_used(arena) - used);
	*ret = index;
	return OK;
}
