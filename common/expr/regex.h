// Regular expressions in RE2's syntax and with its meaning for a search: a Thompson automaton whose states
// are all followed at once, so that the work is at most the length of the text times that of the pattern. Not
// there: \p{…}, \C, \Q…\E and back references; (?i) knows ASCII letters.
#pragma once
#include "expr/callee.h"

typedef struct Regex Regex;

// Limits of one pattern.
enum { REGEX_PATTERN_MAX = 2048, REGEX_STATES_MAX = 4096, REGEX_REPEAT_MAX = 1000, REGEX_DEPTH_MAX = 64 };

// The pattern's automaton, in the arena; NULL and in `why` what is wrong ("has no closing ')'").
const Regex *expr_regex_compile(Str pattern, Arena *arena, const char **why);
// How many states it has, which is what compiling it cost.
size_t expr_regex_size(const Regex *regex);
// Whether any part of the text matches: a bool, or an error if fuel or memory run out.
ExprValue expr_regex_search(Evaluation *evaluation, const Regex *regex, Str text);
