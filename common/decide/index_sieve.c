// A list seen by one visitor: one row an attribute, ANDed a block at a time, and only as far as somebody
// asks.
#include "decide/index_tables.h"
#include "decide/index_values.h"

// What every processor ANDs at once.
typedef uint64_t Pair __attribute__((vector_size(16), aligned(8)));
_Static_assert(SIEVE_WORDS == 4, "a block is two pairs of words");

IndexSize index_size(const Index *index)
{
	return index->size;
}

uint32_t index_blocks(const Index *index)
{
	return index->words / SIEVE_WORDS;
}

uint32_t index_item(const Index *index, uint32_t position)
{
	return index->items ? index->items[position] : position;
}

uint32_t index_position(const Index *index, uint32_t item)
{
	uint32_t low = 0, high = index->positions;
	if (!index->items)
		return item;
	if (index->positions == 0 || index->items[index->positions - 1] < item)
		return index->positions;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (index->items[middle] < item)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static inline uint32_t cell_of(const IndexTable *table, int64_t key)
{
	if (table->direct) {
		uint64_t offset = (uint64_t)key - (uint64_t)table->first;
		return offset < table->span ? table->direct[offset]
		       : key < table->first ? 0
		                            : table->cells - 1;
	}
	uint32_t count = table->cells - 1;
	const int64_t *base = table->starts; // base[0] <= key
	if (count == 0 || key < base[0])
		return 0;
	for (uint32_t left = count; left > 1;) {
		uint32_t half = left / 2;
		base = base[half] <= key ? base + half : base;
		left -= half;
	}
	return (uint32_t)(base - table->starts) + 1;
}

// NULL: the attribute's value is one that only programs understand.
static inline const uint64_t *row_of(const IndexTable *table, uint32_t words, Traits *traits)
{
	const ExprValue *value = &traits->values[table->slot];
	if (__builtin_expect(table->whole && value->kind == EXPR_INT, 1))
		return &table->rows[(size_t)cell_of(table, value->i) * words];
	KeyState state = traits_read(traits, table->slot);
	uint32_t cell = table->cells;
	if (__builtin_expect(state == KEY_ODD, 0))
		return NULL;
	if (__builtin_expect(state == KEY_READ, 1))
		cell = cell_of(table, traits->keys[table->slot]);
	return &table->rows[(size_t)cell * words];
}

static void add_member(const Index *index, const IndexSets *sets, uint32_t rank, uint64_t *row)
{
	const uint64_t *dense = sets->rows[rank];
	for (uint32_t i = 0; dense && i < index->words; i++)
		row[i] |= dense[i];
	for (uint32_t i = sets->offsets[rank]; i < sets->offsets[rank + 1]; i++)
		row[sets->positions[i] / 64] |= UINT64_C(1) << (sets->positions[i] % 64);
}

static const uint64_t *row_of_sets(
        const Index *index, const IndexSets *sets, const uint64_t *has, Arena *arena)
{
	uint64_t *row = ARENA_ARRAY(arena, uint64_t, index->words);
	if (!row)
		return NULL;
	memcpy(row, sets->open, index->words * sizeof *row);
	for (uint32_t i = 0; has && i < sets->words; i++) {
		for (uint64_t left = has[i] & sets->known[i]; left; left &= left - 1) {
			uint64_t below = (left & -left) - 1;
			add_member(index, sets,
			        sets->rank[i] + (uint32_t)__builtin_popcountll(sets->known[i] & below), row);
		}
	}
	return row;
}

static Err add_sets(
        Sieve *sieve, const IndexSets *sets, Traits *traits, const uint64_t *segments, Arena *arena)
{
	const uint64_t *has = segments;
	if (sets->slot != INDEX_SEGMENTS) {
		KeyState state = traits_read(traits, sets->slot);
		if (state == KEY_ODD) {
			sieve->odd = true;
			return OK;
		}
		has = state == KEY_READ ? traits->members[sets->slot] : NULL;
	}
	const uint64_t *row = row_of_sets(sieve->index, sets, has, arena);
	if (!row)
		return err(ERR_NO_MEMORY, "no memory for %u candidates", sieve->index->positions);
	sieve->rows[sieve->row_count++] = row;
	return OK;
}

Err sieve_begin(const Index *index, Traits *traits, const uint64_t *segments, Arena *arena, Sieve *ret)
{
	const uint64_t **rows =
	        ARENA_ARRAY(arena, const uint64_t *, index->table_count + index->set_count + 1);
	const uint64_t **next = rows;
	const IndexTable *table = index->tables, *end = table + index->table_count;
	uint32_t words = index->words;
	if (!rows)
		return err(ERR_NO_MEMORY, "no memory for %u attributes", index->table_count);
	*ret = (Sieve){.index = index, .items = index->items, .rows = rows};
	*next++ = index->live;
	for (; table < end; table++) {
		const uint64_t *row = row_of(table, words, traits);
		if (__builtin_expect(row != NULL, 1))
			*next++ = row;
		else
			ret->odd = true;
	}
	ret->row_count = (uint32_t)(next - rows);
	for (uint32_t i = 0; i < index->set_count; i++)
		TRY(add_sets(ret, &index->sets[i], traits, segments, arena));
	return OK;
}

// A block of each row, ANDed. Two sums side by side, because one AND after the other would wait for the one
// before.
static void and_pairs(const Sieve *sieve, size_t at, SieveBlock *ret)
{
	const uint64_t *const *row = sieve->rows, *const *end = row + sieve->row_count;
	const Pair *check = (const Pair *)(sieve->index->checks + at);
	Pair left = *(const Pair *)(*row + at), right = *(const Pair *)(*row + at + 2);
	for (row++; row < end; row++) {
		left &= *(const Pair *)(*row + at);
		right &= *(const Pair *)(*row + at + 2);
	}
	*(Pair *)ret->survivors = left;
	*(Pair *)(ret->survivors + 2) = right;
	*(Pair *)ret->checks = sieve->odd ? left : left & check[0];
	*(Pair *)(ret->checks + 2) = sieve->odd ? right : right & check[1];
}

#if defined(__x86_64__)
typedef uint64_t Quad __attribute__((vector_size(32), aligned(8)));

__attribute__((target("avx2"))) static void and_quads(const Sieve *sieve, size_t at, SieveBlock *ret)
{
	const uint64_t *const *row = sieve->rows, *const *end = row + sieve->row_count;
	Quad even = *(const Quad *)(*row + at), odd = even;
	for (row++; end - row >= 2; row += 2) {
		even &= *(const Quad *)(row[0] + at);
		odd &= *(const Quad *)(row[1] + at);
	}
	if (row < end)
		even &= *(const Quad *)(*row + at);
	even &= odd;
	*(Quad *)ret->survivors = even;
	*(Quad *)ret->checks = sieve->odd ? even : even & *(const Quad *)(sieve->index->checks + at);
}

static bool has_quads(void)
{
	return __builtin_cpu_supports("avx2");
}
#else
static bool has_quads(void)
{
	return false;
}
#define and_quads and_pairs
#endif

void sieve_block(const Sieve *sieve, uint32_t block, SieveBlock *ret)
{
	size_t at = (size_t)block * SIEVE_WORDS;
	if (has_quads())
		and_quads(sieve, at, ret);
	else
		and_pairs(sieve, at, ret);
}
