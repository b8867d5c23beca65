// Regular expressions in RE2's syntax and with its meaning for a search: a Thompson automaton whose states
// are all followed at once, so that the work is at most the length of the text times that of the pattern. An
// automaton is a run of bytes from the start, because a program carries those of its constant patterns. Not
// there: \p{…}, \C, \Q…\E and back references; (?i) knows ASCII letters.
#pragma once
#include "expr/callee.h"

// Limits of one pattern.
enum { REGEX_PATTERN_MAX = 2048, REGEX_STATES_MAX = 4096, REGEX_REPEAT_MAX = 1000, REGEX_DEPTH_MAX = 64 };

// The pattern's automaton, in the arena; nothing and in `why` what is wrong ("has no closing ')'").
Str expr_regex_compile(Str pattern, Arena *arena, const char **why);
// Whether bytes from outside are an automaton that can be searched with. Takes one pass over them.
bool expr_regex_is_sound(Str automaton);
// How many states a sound automaton has.
size_t expr_regex_size(Str automaton);
// Whether any part of the text matches: a bool, or an error if fuel or memory run out. Automata of up to 64
// states need no memory.
ExprValue expr_regex_search(Evaluation *evaluation, Str automaton, Str text);
