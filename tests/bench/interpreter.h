// Deciding as a plain interpreter does it: every rule in turn, predicate by predicate until one does not
// hold, with values that carry their kinds and a switch over operators. The floor of
// decide_1000_vs_interpreter; it shares nothing with the engine and must choose the same offers.
#pragma once
#include "rules.h"

typedef struct Interpreter Interpreter;

typedef struct Choice {
	uint32_t rule, offer;
	double score;
} Choice;

Interpreter *interpreter_new(const RuleSet *rules, Arena *arena);
// The best RULES_TAKEN offers, each once, best first; how many there are. Counts eligible rules into
// `*eligible`.
size_t interpreter_decide(const Interpreter *interpreter, const int64_t values[RULES_ATTRIBUTES],
        Choice ret[RULES_TAKEN], uint64_t *eligible);
