// What a condition asks, while a plan is built: terms with their predicates as they are read.
#pragma once
#include "decide/index.h"
#include "decide/index_tree.h"

enum { DRAFT_LITERALS = 12, DRAFT_TERMS = 8 };

typedef struct Draft {
	Predicate literals[DRAFT_LITERALS];
	uint32_t count;
	bool program;
} Draft;

typedef struct Drafts {
	Draft items[DRAFT_TERMS];
	uint32_t count; // 0: never true
} Drafts;

typedef struct TermReader {
	const LevelSlots *level;
	Texts *texts;
	Arena *arena;   // of the texts
	Arena *scratch; // of the drafts; forgotten after each condition
	TreeReader tree;
} TermReader;

// The predicate that a tree is, if it is one; `has` if it asks for presence.
bool literal_read(TermReader *reader, const Tree *tree, Predicate *ret, bool *has);
// The predicate that is true where that one is false.
Predicate literal_turned(TermReader *reader, const Predicate *literal, bool has);
// The tree as one predicate, true where the tree is true (or, if `wanted` is false, false). False if it is
// none.
bool terms_literal(TermReader *reader, const Tree *tree, bool wanted, Predicate *ret);
// Moves what a predicate points at to `arena`. False if memory is out.
bool literal_settle(Predicate *predicate, Arena *arena);
// Reads a verified program that gives a bool.
void terms_read(TermReader *reader, const ExprProgram *program, Drafts *ret);
