// Between the halves of regular expressions: regex_parse.c makes a tree, regex.c an automaton, and runs it.
#pragma once
#include "expr/regex_automaton.h"

typedef enum RegexKind {
	REGEX_EMPTY,
	REGEX_CLASS,
	REGEX_ASSERT,
	REGEX_CAT,
	REGEX_ALT,
	REGEX_REPEAT
} RegexKind;

typedef struct RegexClass {
	const RegexRange *ranges; // ascending, apart
	uint32_t count;
} RegexClass;

enum { REPEAT_ENDLESS = -1 };

typedef struct RegexNode {
	RegexKind kind;
	RegexAssert assert;
	RegexClass class;
	uint32_t entry;  // the class's in the automaton
	int least, most; // of a repetition
	struct RegexNode *first, *last, *next;
} RegexNode;

// The pattern as a tree; NULL and `why` if it is none.
RegexNode *expr_regex_parse(Str pattern, Arena *arena, const char **why);
