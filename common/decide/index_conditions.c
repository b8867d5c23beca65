// Reads all conditions of a plan. Rules share predicates more than conditions: equal ones are one.
#include "base/cleanup.h"
#include "decide/index_terms.h"

#include <xxhash.h>

// Lists that grow while they are made.
#define GROW(arena, list, count, capacity)                                                                   \
	({                                                                                                   \
		bool grown_ = true;                                                                          \
		if ((count) == (capacity)) {                                                                 \
			size_t next_ = (capacity) ? 2 * (size_t)(capacity) : 256;                            \
			__typeof__(list) moved_ = arena_alloc_array((arena), sizeof *(list), next_);         \
			grown_ = moved_ != NULL;                                                             \
			if (grown_ && (count))                                                               \
				memcpy(moved_, (list), (count) * sizeof *(list));                            \
			if (grown_) {                                                                        \
				(list) = moved_;                                                             \
				(capacity) = (uint32_t)next_;                                                \
			}                                                                                    \
		}                                                                                            \
		grown_;                                                                                      \
	})

typedef struct Builder {
	Arena *arena, *scratch; // the plan's; while it is built
	TermReader reader;
	Drafts drafts;
	Predicate *predicates;
	uint32_t predicate_count, predicate_capacity;
	uint32_t *slots; // predicate + 1, by hash
	uint32_t mask;
	uint32_t *literals, literal_count, literal_capacity;
	Term *terms;
	uint32_t term_count, term_capacity;
} Builder;

// Predicates of different levels may be one: only their attribute's number matters.
static uint64_t hash_of(const Predicate *predicate)
{
	uint64_t head = (uint64_t)predicate->slot << 16 | (uint64_t)predicate->kind << 8 | predicate->missing;
	return predicate->kind == PREDICATE_IN && predicate->count > 0
	               ? XXH3_64bits_withSeed(predicate->ranges, predicate->count * sizeof(KeyRange), head)
	               : XXH3_64bits_withSeed(&predicate->first, sizeof predicate->first, head);
}

static bool same(const Predicate *a, const Predicate *b)
{
	if (a->slot != b->slot || a->kind != b->kind || a->missing != b->missing || a->count != b->count)
		return false;
	if (a->kind != PREDICATE_IN)
		return a->first.low == b->first.low;
	return a->count == 0 || memcmp(a->ranges, b->ranges, a->count * sizeof *a->ranges) == 0;
}

static bool rehash(Builder *b)
{
	uint32_t size = 512;
	while (size < 2 * b->predicate_capacity)
		size *= 2;
	b->slots = ARENA_ARRAY(b->scratch, uint32_t, size);
	if (!b->slots)
		return false;
	b->mask = size - 1;
	for (uint32_t i = 0; i < b->predicate_count; i++) {
		uint32_t at = (uint32_t)hash_of(&b->predicates[i]) & b->mask;
		while (b->slots[at])
			at = (at + 1) & b->mask;
		b->slots[at] = i + 1;
	}
	return true;
}

static bool intern(Builder *b, const Predicate *predicate, uint32_t *ret)
{
	uint32_t capacity = b->predicate_capacity;
	if (!GROW(b->scratch, b->predicates, b->predicate_count, b->predicate_capacity))
		return false;
	if (capacity != b->predicate_capacity && !rehash(b))
		return false;
	uint32_t at = (uint32_t)hash_of(predicate) & b->mask;
	for (; b->slots[at]; at = (at + 1) & b->mask) {
		*ret = b->slots[at] - 1;
		if (same(&b->predicates[*ret], predicate))
			return true;
	}
	*ret = b->predicate_count++;
	b->predicates[*ret] = *predicate;
	b->slots[at] = *ret + 1;
	return literal_settle(&b->predicates[*ret], b->arena);
}

static bool add_term(Builder *b, const Draft *draft)
{
	if (!GROW(b->scratch, b->terms, b->term_count, b->term_capacity))
		return false;
	b->terms[b->term_count++] = (Term){b->literal_count, (uint16_t)draft->count, draft->program};
	for (uint32_t i = 0; i < draft->count; i++) {
		uint32_t predicate;
		if (!intern(b, &draft->literals[i], &predicate) ||
		        !GROW(b->scratch, b->literals, b->literal_count, b->literal_capacity))
			return false;
		b->literals[b->literal_count++] = predicate;
	}
	return true;
}

static bool add_condition(Builder *b, const LevelSlots *level, const ExprProgram *program)
{
	bool added = true;
	b->reader.level = level;
	arena_reset(b->reader.scratch);
	terms_read(&b->reader, program, &b->drafts);
	for (uint32_t i = 0; i < b->drafts.count && added; i++)
		added = add_term(b, &b->drafts.items[i]);
	return added;
}

static bool build(Builder *b, const ConditionsInput *input, Conditions *ret)
{
	LevelSlots *levels = ARENA_ARRAY(b->arena, LevelSlots, input->level_count);
	uint32_t *first_term = ARENA_ARRAY(b->arena, uint32_t, (size_t)input->count + 1);
	uint32_t attributes = 0;
	if (!levels || !first_term)
		return false;
	for (size_t i = 0; i < input->level_count; i++) {
		levels[i] = (LevelSlots){attributes, &input->schemas[i]};
		attributes += (uint32_t)input->schemas[i].count;
	}
	ret->levels = levels;
	ret->texts.counts = ARENA_ARRAY(b->arena, uint32_t, attributes);
	if (!ret->texts.counts)
		return false;
	for (uint32_t i = 0; i < input->count; i++) {
		if (!add_condition(b, &levels[input->levels[i]], &input->programs[i]))
			return false;
		first_term[i + 1] = b->term_count;
		ret->program_count += b->term_count > first_term[i] && b->terms[b->term_count - 1].program;
	}
	ret->first_term = first_term;
	return true;
}

// What grew elsewhere moves to the plan at its final size.
static bool move(void **list, size_t size, size_t count, Arena *arena)
{
	void *moved = arena_alloc_array(arena, size, count);
	if (moved && count)
		memcpy(moved, *list, size * count);
	*list = moved;
	return moved != NULL;
}

Err conditions_build(const ConditionsInput *input, Arena *arena, Conditions *ret)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(256 * 1024, 0);
	CLEANUP(arena_freep) Arena *each = arena_new(64 * 1024, 0);
	Builder *b = scratch ? ARENA_NEW(scratch, Builder) : NULL;
	*ret = (Conditions){.count = input->count};
	if (!b || !each)
		return err(ERR_NO_MEMORY, "no memory for %u conditions", input->count);
	b->arena = arena;
	b->scratch = scratch;
	b->reader = (TermReader){.texts = &ret->texts, .arena = arena, .scratch = each};
	if (!build(b, input, ret) ||
	        !move((void **)&b->predicates, sizeof *b->predicates, b->predicate_count, arena) ||
	        !move((void **)&b->literals, sizeof *b->literals, b->literal_count, arena) ||
	        !move((void **)&b->terms, sizeof *b->terms, b->term_count, arena))
		return err(ERR_NO_MEMORY, "no memory for %u conditions", input->count);
	ret->predicates = b->predicates;
	ret->literals = b->literals;
	ret->terms = b->terms;
	ret->predicate_count = b->predicate_count;
	ret->literal_count = b->literal_count;
	ret->term_count = b->term_count;
	return OK;
}
