// Between the halves of regular expressions: regex_parse.c makes a tree, regex.c an automaton, and runs it.
#pragma once
#include "expr/regex.h"

typedef enum RegexKind {
	REGEX_EMPTY,
	REGEX_CLASS,
	REGEX_ASSERT,
	REGEX_CAT,
	REGEX_ALT,
	REGEX_REPEAT
} RegexKind;

typedef enum RegexAssert {
	ASSERT_TEXT_START,
	ASSERT_TEXT_END,
	ASSERT_LINE_START,
	ASSERT_LINE_END,
	ASSERT_WORD,
	ASSERT_NO_WORD,
} RegexAssert;

typedef struct RegexRange {
	uint32_t low, high; // code points, both included
} RegexRange;

typedef struct RegexClass {
	const RegexRange *ranges; // ascending, apart
	uint32_t count;
} RegexClass;

enum { REPEAT_ENDLESS = -1 };

typedef struct RegexNode {
	RegexKind kind;
	RegexAssert assert;
	RegexClass class;
	int least, most; // of a repetition
	struct RegexNode *first, *last, *next;
} RegexNode;

// The pattern as a tree; NULL and `why` if it is none.
RegexNode *expr_regex_parse(Str pattern, Arena *arena, const char **why);
