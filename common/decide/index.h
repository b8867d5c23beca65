// What lets a call pass over candidates without running their programs. When a plan is built, the program of
// each condition is read as what it asks of attributes: predicates, each true for ranges of one attribute's
// values; terms, true if all of their predicates are; a condition is true if one of its terms is. Over a list
// of candidates an index keeps, for every attribute, which candidates each interval of its values leaves
// possible, as bit sets: a call looks up one set an attribute and ANDs them. What cannot be read stays a
// program. Only truth is told here: why something is not true is explain's affair, which runs the programs.
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "expr/expr.h"

// Values of an attribute become 64-bit keys, in the order of the values (texts: numbers without an order).
typedef struct KeyRange {
	int64_t low, high; // both included
} KeyRange;

typedef enum PredicateKind {
	PREDICATE_IN,   // the value's key is in one of the ranges
	PREDICATE_HAS,  // the list has the text with the number `first.low`
	PREDICATE_LACKS // it has not
} PredicateKind;

typedef struct Predicate {
	KeyRange first;         // the ranges, if there is one only
	const KeyRange *ranges; // ascending, with gaps between them
	uint32_t count;         // of ranges
	uint16_t slot;          // of the level; behind the last one: the as-of time
	uint8_t kind;           // PredicateKind
	bool missing;           // true for a visitor without the attribute
} Predicate;

// Predicates that must all be true.
typedef struct Term {
	uint32_t first; // in Conditions.literals
	uint16_t count;
	bool program; // and so must be the program
} Term;

// Texts that conditions compare with, numbered for each attribute.
typedef struct Text {
	Str text;
	uint32_t owner; // the attribute, counted through all levels
	uint32_t number;
} Text;

typedef struct Texts {
	Text *items;
	uint32_t count, capacity;
	uint32_t *slots; // index + 1; 0 is free
	uint32_t mask;
	uint32_t *counts; // by owner
} Texts;

typedef struct LevelSlots {
	uint32_t base; // the first attribute's number
	const ExprSchema *schema;
} LevelSlots;

// All distinct conditions of a plan.
typedef struct Conditions {
	const Predicate *predicates; // distinct
	const uint32_t *literals;    // indices of predicates
	const Term *terms;
	const uint32_t *first_term; // by condition, and one behind the last
	const LevelSlots *levels;
	uint32_t count, predicate_count, literal_count, term_count;
	uint32_t program_count; // conditions with a term that needs the program
	Texts texts;
} Conditions;

typedef struct ConditionsInput {
	const ExprSchema *schemas; // by level; they live as long as the plan
	size_t level_count;
	const ExprProgram *programs; // verified; a result other than bool is never true
	const uint32_t *levels;      // of the programs
	uint32_t count;
} ConditionsInput;
// Everything lives in `arena`. Error: NO_MEMORY.
Err conditions_build(const ConditionsInput *input, Arena *arena, Conditions *ret);

// --- one visitor ---

// What the conditions need to know of one visitor at one time; attributes are read when they are first asked
// for.
typedef struct Traits {
	const Conditions *conditions;
	const LevelSlots *level;
	const ExprAttribute *attributes; // of the level
	const ExprValue *values;
	Arena *arena;
	int64_t *keys;      // by slot, and the as-of time
	uint8_t *states;    // KeyState
	uint64_t **members; // by slot: which numbered texts a list has
	double *numbers;    // for scores: by slot, and 1 behind the last
	uint8_t *number_states;
} Traits;
// Error: NO_MEMORY.
Err traits_init(const Conditions *conditions, uint32_t level, const ExprValue *values, int64_t as_of_us,
        Arena *arena, Traits *ret);
// The attribute has got another value.
void traits_forget(Traits *traits, uint32_t slot);

// PROGRAM: only the program can tell.
typedef enum Answer { ANSWER_NO, ANSWER_YES, ANSWER_PROGRAM } Answer;
Answer traits_predicate(Traits *traits, const Predicate *predicate);
Answer traits_condition(Traits *traits, uint32_t condition);

// --- a list of candidates ---

typedef struct IndexItem {
	uint32_t condition;        // index + 1; 0: none
	uint32_t segment;          // index + 1; 0: everyone
	int64_t from_us, until_us; // possible at from_us <= as-of < until_us
} IndexItem;

typedef struct IndexInput {
	const Conditions *conditions;
	uint32_t level;
	const IndexItem *items;
	uint32_t count;
	size_t segment_words; // 64-bit words of a segment set
	uint32_t rows_max;    // bit sets of all attributes together, in the list's length
} IndexInput;

// A list's positions are its candidates' terms in the list's order: most candidates have one.
typedef struct Index Index;
// Error: NO_MEMORY.
Err index_build(const IndexInput *input, Arena *arena, const Index **ret);

typedef struct IndexSize {
	uint32_t positions;
	uint32_t tables, rows; // attributes with bit sets, and how many of these
	uint32_t buckets;      // attributes whose intervals share bit sets
	uint32_t checked;      // positions whose survivors are looked at again
	size_t bytes;
} IndexSize;
IndexSize index_size(const Index *index);
uint32_t index_blocks(const Index *index);
// The candidate of a position.
uint32_t index_item(const Index *index, uint32_t position);
// The first position of a candidate, or of the next that has one.
uint32_t index_position(const Index *index, uint32_t item);

// A list seen by one visitor.
enum { SIEVE_WORDS = 4, SIEVE_BLOCK = SIEVE_WORDS * 64 };
typedef struct Sieve {
	const Index *index;
	const uint32_t *items; // by position: the candidate; NULL: the same
	const uint64_t **rows;
	uint32_t row_count;
	bool odd; // an attribute has a value that only programs understand: every survivor is looked at again
} Sieve;
// Error: NO_MEMORY.
Err sieve_begin(const Index *index, Traits *traits, const uint64_t *segments, Arena *arena, Sieve *ret);

static inline uint32_t sieve_item(const Sieve *sieve, uint32_t position)
{
	return sieve->items ? sieve->items[position] : position;
}

typedef struct SieveBlock {
	uint64_t survivors[SIEVE_WORDS]; // candidates that are possible
	uint64_t checks[SIEVE_WORDS]; // those of them whose segment, dates and condition are to be looked at
} SieveBlock;
void sieve_block(const Sieve *sieve, uint32_t block, SieveBlock *ret);
