#include "interpreter.h"

typedef enum Kind { KIND_ERROR, KIND_BOOL, KIND_INT } Kind;
typedef enum Operator { LESS, AT_LEAST, TIMES } Operator;

typedef struct Tagged {
	Kind kind;
	union {
		bool truth;
		int64_t number;
	};
} Tagged;

typedef struct Operation {
	Operator operator;
	uint32_t attribute;
	Tagged operand;
} Operation;

typedef struct Rule {
	Operation condition[RULES_PREDICATES], score;
	uint32_t offer;
} Rule;

struct Interpreter {
	size_t count;
	Rule rules[];
};

static Operation operation(Operator operator, uint32_t attribute, int64_t number)
{
	return (Operation){operator, attribute, {.kind = KIND_INT, .number = number}};
}

Interpreter *interpreter_new(const RuleSet *rules, Arena *arena)
{
	Interpreter *made = arena_alloc(arena, sizeof *made + rules->count * sizeof *made->rules);
	made->count = rules->count;
	for (size_t i = 0; i < rules->count; i++) {
		const PlainRule *plain = &rules->plain[i];
		Rule *rule = &made->rules[i];
		for (size_t p = 0; p < RULES_PREDICATES; p++)
			rule->condition[p] = operation(plain->predicates[p].below ? LESS : AT_LEAST,
			        plain->predicates[p].attribute, plain->predicates[p].bound);
		rule->score = operation(TIMES, plain->scored_by, plain->score_factor);
		rule->offer = plain->offer;
	}
	return made;
}

static Tagged evaluate(const Operation *operation, const Tagged *values)
{
	Tagged left = values[operation->attribute], right = operation->operand;
	if (left.kind != KIND_INT || right.kind != KIND_INT)
		return (Tagged){.kind = KIND_ERROR};
	switch (operation->operator) {
	case LESS:
		return (Tagged){.kind = KIND_BOOL, .truth = left.number < right.number};
	case AT_LEAST:
		return (Tagged){.kind = KIND_BOOL, .truth = left.number >= right.number};
	case TIMES:
		return (Tagged){.kind = KIND_INT, .number = left.number * right.number};
	}
	return (Tagged){.kind = KIND_ERROR};
}

static bool holds(const Rule *rule, const Tagged *values)
{
	for (size_t p = 0; p < RULES_PREDICATES; p++) {
		Tagged outcome = evaluate(&rule->condition[p], values);
		if (outcome.kind != KIND_BOOL || !outcome.truth)
			return false;
	}
	return true;
}

// --- the best few ---

static bool before(const Choice *a, const Choice *b)
{
	if (a->score > b->score || a->score < b->score)
		return a->score > b->score;
	return a->offer != b->offer ? a->offer < b->offer : a->rule < b->rule;
}

// Puts a candidate among the best, each offer once; how many there are then.
static size_t place(Choice *best, size_t count, const Choice *candidate)
{
	size_t hole = 0;
	while (hole < count && best[hole].offer != candidate->offer)
		hole++;
	bool fresh = hole == count && count < RULES_TAKEN;
	if (hole == RULES_TAKEN)
		hole--; // the last one may have to go
	if (!fresh && !before(candidate, &best[hole]))
		return count;
	for (; hole > 0 && before(candidate, &best[hole - 1]); hole--)
		best[hole] = best[hole - 1];
	best[hole] = *candidate;
	return count + fresh;
}

size_t interpreter_decide(const Interpreter *interpreter, const int64_t values[RULES_ATTRIBUTES],
        Choice ret[RULES_TAKEN], uint64_t *eligible)
{
	Tagged tagged[RULES_ATTRIBUTES];
	size_t count = 0;
	for (size_t i = 0; i < RULES_ATTRIBUTES; i++)
		tagged[i] = (Tagged){.kind = KIND_INT, .number = values[i]};
	for (size_t i = 0; i < interpreter->count; i++) {
		const Rule *rule = &interpreter->rules[i];
		if (!holds(rule, tagged))
			continue;
		++*eligible;
		Tagged score = evaluate(&rule->score, tagged);
		if (score.kind == KIND_INT)
			count = place(ret, count, &(Choice){(uint32_t)i, rule->offer, (double)score.number});
	}
	return count;
}
