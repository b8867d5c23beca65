// One attribute's intervals. Every predicate's ranges begin and end somewhere; between two such places all
// keys are alike. If there are more intervals than rows may be kept, neighbours share one, which then lets
// pass whoever may pass anywhere in it, and survivors are looked at again.
#include "decide/index_tables.h"

#include <stdlib.h>

enum { DIRECT_MAX = 4096 };

static int by_key(const void *left, const void *right)
{
	const int64_t *a = left, *b = right;
	return (*a > *b) - (*a < *b);
}

static uint32_t unique(int64_t *keys, uint32_t count)
{
	uint32_t kept = 0;
	if (count)
		qsort(keys, count, sizeof *keys, by_key);
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || keys[kept - 1] != keys[i])
			keys[kept++] = keys[i];
	return kept;
}

// Where something begins, once for each distinct predicate.
static bool starts_of(const IndexBuilder *b, uint32_t attribute, int64_t **ret, uint32_t *ret_count)
{
	const Conditions *conditions = b->input->conditions;
	const Ask *asks = &b->asks[b->first_ask[attribute]];
	uint32_t count = b->first_ask[attribute + 1] - b->first_ask[attribute];
	size_t most = 0;
	for (uint32_t i = 0; i < count; i++)
		most += 2 * (size_t)asks[i].predicate->count;
	int64_t *keys = ARENA_ARRAY(b->scratch, int64_t, most);
	uint32_t found = 0;
	if (!keys || most > UINT32_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const Predicate *predicate = asks[i].predicate;
		size_t number = (size_t)(predicate - conditions->predicates);
		if (number < conditions->predicate_count && b->seen[number] == attribute + 1)
			continue;
		if (number < conditions->predicate_count)
			b->seen[number] = attribute + 1;
		for (uint32_t k = 0; k < predicate->count; k++) {
			if (predicate->ranges[k].low > INT64_MIN)
				keys[found++] = predicate->ranges[k].low;
			if (predicate->ranges[k].high < INT64_MAX)
				keys[found++] = predicate->ranges[k].high + 1;
		}
	}
	*ret_count = unique(keys, found);
	*ret = keys;
	return true;
}

// Evenly spread ones of too many.
static uint32_t thin_out(int64_t *starts, uint32_t count, uint32_t max)
{
	for (uint32_t i = 0; i < max; i++)
		starts[i] = starts[(uint64_t)i * count / max];
	return max;
}

static uint32_t cell_of(const int64_t *starts, uint32_t count, int64_t key)
{
	uint32_t low = 0, high = count;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (starts[middle] <= key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool make_direct(const IndexBuilder *b, IndexTable *table)
{
	uint32_t count = table->cells - 1;
	if (count == 0 || table->cells > UINT8_MAX)
		return true;
	uint64_t span = (uint64_t)table->starts[count - 1] - (uint64_t)table->starts[0];
	if (span >= DIRECT_MAX)
		return true;
	uint8_t *direct = arena_alloc(b->arena, span + 1);
	if (!direct)
		return false;
	for (uint64_t i = 0; i <= span; i++)
		direct[i] = (uint8_t)cell_of(table->starts, count, table->starts[0] + (int64_t)i);
	table->direct = direct;
	table->first = table->starts[0];
	table->span = span + 1;
	return true;
}

// Where the predicate's truth changes: in cell `low` it begins, behind cell `high` it ends.
typedef struct Fill {
	uint64_t *changes; // by cell, and one more
	uint64_t asking, missing;
} Fill;

static void fill_one(IndexBuilder *b, const IndexTable *table, const Ask *ask, Fill *fill)
{
	const Predicate *predicate = ask->predicate;
	uint64_t bit = UINT64_C(1) << (ask->position % 64);
	uint32_t next = 0; // the first cell that is not filled yet
	bool exact = true;
	fill->asking |= bit;
	if (predicate->missing)
		fill->missing |= bit;
	for (uint32_t k = 0; k < predicate->count; k++) {
		KeyRange range = predicate->ranges[k];
		uint32_t low = cell_of(table->starts, table->cells - 1, range.low);
		uint32_t high = cell_of(table->starts, table->cells - 1, range.high);
		exact = exact &&
		        (range.low == INT64_MIN || (low > 0 && table->starts[low - 1] == range.low)) &&
		        (range.high == INT64_MAX ||
		                (high < table->cells - 1 && table->starts[high] == range.high + 1));
		if (low < next)
			low = next;
		if (low > high)
			continue;
		fill->changes[low] ^= bit;
		fill->changes[high + 1] ^= bit;
		next = high + 1;
	}
	if (!exact)
		index_check(b, ask->position);
}

static void fill_word(const IndexTable *table, uint32_t words, uint32_t word, Fill *fill)
{
	uint64_t truth = 0;
	for (uint32_t cell = 0; cell < table->cells; cell++) {
		truth ^= fill->changes[cell];
		fill->changes[cell] = 0;
		table->rows[(size_t)cell * words + word] = truth | ~fill->asking;
	}
	fill->changes[table->cells] = 0;
	table->rows[(size_t)table->cells * words + word] = fill->missing | ~fill->asking;
	fill->asking = fill->missing = 0;
}

static bool fill_rows(IndexBuilder *b, IndexTable *table, const Ask *asks, uint32_t count)
{
	uint32_t words = b->index->words, next = 0;
	Fill fill = {.changes = ARENA_ARRAY(b->scratch, uint64_t, (size_t)table->cells + 1)};
	table->rows = ARENA_ARRAY(b->arena, uint64_t, ((size_t)table->cells + 1) * words);
	if (!fill.changes || !table->rows)
		return false;
	for (uint32_t word = 0; word < words; word++) {
		for (; next < count && asks[next].position / 64 == word; next++)
			fill_one(b, table, &asks[next], &fill);
		fill_word(table, words, word, &fill);
	}
	return true;
}

bool index_table_build(IndexBuilder *b, uint32_t attribute, uint32_t cells_max, IndexTable *ret)
{
	const Ask *asks = &b->asks[b->first_ask[attribute]];
	uint32_t count = b->first_ask[attribute + 1] - b->first_ask[attribute], start_count;
	int64_t *found;
	if (!starts_of(b, attribute, &found, &start_count))
		return false;
	*ret = (IndexTable){.slot = attribute < b->slots ? attribute : b->slots - 1, .exact = true};
	const ExprSchema *schema = b->input->conditions->levels[b->input->level].schema;
	ret->whole = ret->slot < schema->count && schema->attributes[ret->slot].type.kind == EXPR_INT;
	if (start_count > cells_max - 1) {
		start_count = thin_out(found, start_count, cells_max - 1);
		ret->exact = false;
	}
	int64_t *starts = ARENA_ARRAY(b->arena, int64_t, start_count);
	if (!starts)
		return false;
	if (start_count)
		memcpy(starts, found, start_count * sizeof *starts);
	ret->starts = starts;
	ret->cells = start_count + 1;
	return make_direct(b, ret) && fill_rows(b, ret, asks, count);
}
