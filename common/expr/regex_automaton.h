// An automaton as bytes, read in place wherever they lie: a head, the table of classes, the states. A class
// is an entry with its number of ranges, and its ranges behind it; a state of a class names that entry.
#pragma once
#include "expr/regex.h"

#include <assert.h>

typedef enum StateKind { STATE_MATCH, STATE_CLASS, STATE_ASSERT, STATE_SPLIT, STATE_JUMP } StateKind;

typedef enum RegexAssert {
	ASSERT_TEXT_START,
	ASSERT_TEXT_END,
	ASSERT_LINE_START,
	ASSERT_LINE_END,
	ASSERT_WORD,
	ASSERT_NO_WORD,
} RegexAssert;

typedef struct RegexRange {
	uint32_t low, high; // code points, both included; a class's entry: how many ranges follow, 0
} RegexRange;

typedef struct AutomatonHead {
	uint32_t entries, states; // how many
} AutomatonHead;

// What a state has no use for is 0. Classes and assertions lead to the state behind them.
typedef struct AutomatonState {
	uint8_t kind, assert;
	uint16_t next;  // of splits and jumps
	uint32_t other; // of splits; of classes the entry
} AutomatonState;
static_assert(sizeof(RegexRange) == 8 && sizeof(AutomatonHead) == 8 && sizeof(AutomatonState) == 8,
        "every part of an automaton is 8 bytes");

typedef struct Automaton {
	AutomatonHead head;
	const char *entries, *states;
} Automaton;

static inline Automaton automaton_view(Str bytes)
{
	Automaton a;

	memcpy(&a.head, bytes.ptr, sizeof(a.head));
	a.entries = bytes.ptr + sizeof(a.head);
	a.states = a.entries + a.head.entries * sizeof(RegexRange);
	return a;
}

static inline AutomatonState automaton_state(const Automaton *a, uint32_t index)
{
	AutomatonState state;

	memcpy(&state, a->states + index * sizeof(state), sizeof(state));
	return state;
}

static inline RegexRange automaton_entry(const Automaton *a, uint32_t index)
{
	RegexRange entry;

	memcpy(&entry, a->entries + index * sizeof(entry), sizeof(entry));
	return entry;
}
