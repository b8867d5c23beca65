// The rule set of the rows about deciding: 20 int attributes with values 0 to 99; every rule asks of three of
// them whether they are below, or not below, a number, so that about one rule in eight is eligible; the score
// is an expression; the best three offers of one point are taken. From a fixed seed, so always the same.
#pragma once
#include "bench.h"
#include "snapshot/snapshot.h"
#include "snapshot/types.h"

enum { RULES_ATTRIBUTES = 20, RULES_PREDICATES = 3, RULES_TAKEN = 3, RULES_LEVEL = 0 };

typedef struct RulePredicate {
	uint32_t attribute;
	bool below; // else: at least
	int64_t bound;
} RulePredicate;

// A rule in the shape that anything but the engine may read.
typedef struct PlainRule {
	RulePredicate predicates[RULES_PREDICATES];
	uint32_t scored_by; // attribute
	int64_t score_factor;
	uint32_t offer; // by code
} PlainRule;

typedef struct RuleSet {
	Snapshot *snapshot; // channel bank, level customer, point home-banner, event shown
	PlainRule *plain;   // rule by rule as in the snapshot
	size_t count;
} RuleSet;

void rules_make(size_t count, Arena *arena, RuleSet *ret);
// With so many offers at most, instead of 1,000.
void rules_make_for(size_t count, size_t offers, Arena *arena, RuleSet *ret);
// The values of the n-th visitor.
void rules_visitor(uint64_t number, int64_t ret[RULES_ATTRIBUTES]);
const char *rules_attribute(uint32_t attribute);
