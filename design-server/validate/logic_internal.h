// What the files that reason share.
#pragma once
#include "validate/logic.h"
#include "validate/numbering.h"

#include "expr/ast.h"

// What a literal is about: an attribute, or anything else that an expression computes.
typedef struct TermFacts {
	ExprKind kind;
	int slot;   // of an attribute; -1
	Domain all; // every value that it can have; `missing`: it may fail
	bool timely;
	const uint64_t *slots; // that it reads
} TermFacts;

struct Logic {
	Arena *arena;
	const SnapLevel *level;
	ExprSchema schema;
	const bool *settable; // by slot
	size_t slot_words;
	Domain *values; // by slot: those that a visitor can have
	Numbering term_names, sources;
	TermFacts *terms; // by number of its name
	uint32_t term_room;
	const Condition **conditions; // by number of its source
	uint32_t condition_room;
};

// A tree that is being read.
typedef struct Reading {
	Logic *logic;
	Compilation *compilation;
	Arena *work;
	uint32_t steps;
	Err failed;
} Reading;

Err logic_no_memory(void);

// --- term.c ---
// The node's number as a term; its text says what it computes, whatever it is called and wherever it stands.
uint32_t term_of(Reading *reading, const Node *node, ExprKind kind);
// How two values stand, as a term: -1, 0 or 1, NaN where there is no order.
uint32_t term_of_order(Reading *reading, const Node *a, const Node *b, bool *ret_turned);
// Whether evaluating it cannot fail.
bool node_is_total(const Reading *reading, const Node *node);
// Sets the bits of the attributes that it reads.
void node_slots(const Node *node, uint64_t *slots);
bool node_is_timely(const Node *node);
// The value of what reads no attribute, no variable and no clock; false if it does.
bool node_constant(const Reading *reading, const Node *node, ExprValue *ret);

// --- read.c ---
// When the node is true (`want`), or false.
Formula read_formula(Reading *reading, const Node *node, bool want);
