// Sets of characters while a pattern is read.
#pragma once
#include "expr/regex_internal.h"

typedef struct ClassBuilder {
	RegexRange *ranges;
	uint32_t count, room;
	Arena *arena;
	bool full; // memory ran out
} ClassBuilder;

void class_add(ClassBuilder *c, uint32_t low, uint32_t high);
// The members of \d, \w, \s (or, for the capital letter, all others). False if it is none of them.
bool class_add_perl(ClassBuilder *c, char letter);
// The members of "alpha", "digit", … False if there is no such class.
bool class_add_posix(ClassBuilder *c, Str name, bool negated);
// Adds the other case of each ASCII letter.
void class_fold(ClassBuilder *c);
// Sorted, apart, and negated if asked for.
RegexClass class_end(ClassBuilder *c, bool negated);
