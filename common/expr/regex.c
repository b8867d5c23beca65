// Trees to automata. The classes are laid out first, each once however often a repetition copies its state.
#include "expr/regex_internal.h"

// An automaton under construction.
typedef struct Builder {
	AutomatonState *states;
	uint32_t count;
	bool full;
} Builder;

static uint32_t put(Builder *b, AutomatonState state)
{
	if (b->count == REGEX_STATES_MAX) {
		b->full = true;
		return 0;
	}
	b->states[b->count] = state;
	return b->count++;
}

static void build(Builder *b, const RegexNode *node);

// a|b|c: split to a, or else to where the next is tried; each ends with a jump behind the last. The jumps are
// chained until the end is known.
static void build_alternatives(Builder *b, const RegexNode *node)
{
	uint32_t jumps = 0, split;

	for (const RegexNode *part = node->first; part; part = part->next) {
		if (!part->next) {
			build(b, part);
			break;
		}
		split = put(b, (AutomatonState){.kind = STATE_SPLIT});
		b->states[split].next = (uint16_t)b->count;
		build(b, part);
		jumps = put(b, (AutomatonState){.kind = STATE_JUMP, .next = (uint16_t)jumps});
		b->states[split].other = b->count;
	}
	while (jumps) {
		uint32_t before = b->states[jumps].next;

		b->states[jumps].next = (uint16_t)b->count;
		jumps = b->full ? 0 : before;
	}
}

static void build_endless(Builder *b, const RegexNode *node)
{
	uint32_t split = put(b, (AutomatonState){.kind = STATE_SPLIT});

	b->states[split].next = (uint16_t)b->count;
	build(b, node->first);
	(void)put(b, (AutomatonState){.kind = STATE_JUMP, .next = (uint16_t)split});
	b->states[split].other = b->count;
}

static void build_repeat(Builder *b, const RegexNode *node)
{
	uint32_t split;

	for (int i = 0; i < node->least && !b->full; i++)
		build(b, node->first);
	if (node->most == REPEAT_ENDLESS)
		build_endless(b, node);
	for (int i = node->least; i < node->most && !b->full; i++) {
		split = put(b, (AutomatonState){.kind = STATE_SPLIT});
		b->states[split].next = (uint16_t)b->count;
		build(b, node->first);
		b->states[split].other = b->count;
	}
}

static void build(Builder *b, const RegexNode *node)
{
	if (b->full)
		return;
	switch (node->kind) {
	case REGEX_EMPTY:
		break;
	case REGEX_CLASS:
		(void)put(b, (AutomatonState){.kind = STATE_CLASS, .other = node->entry});
		break;
	case REGEX_ASSERT:
		(void)put(b, (AutomatonState){.kind = STATE_ASSERT, .assert = (uint8_t)node->assert});
		break;
	case REGEX_CAT:
		for (const RegexNode *part = node->first; part; part = part->next)
			build(b, part);
		break;
	case REGEX_ALT:
		build_alternatives(b, node);
		break;
	case REGEX_REPEAT:
		build_repeat(b, node);
		break;
	}
}

// The states that a tree makes, without making them.
static size_t states_of(const RegexNode *node)
{
	size_t inner = 0, parts = 0;

	for (const RegexNode *part = node->first; part; part = part->next) {
		inner += states_of(part);
		parts++;
	}
	switch (node->kind) {
	case REGEX_ALT:
		inner += 2 * (parts - 1);
		break;
	case REGEX_REPEAT:
		inner = node->most == REPEAT_ENDLESS ? (size_t)(node->least + 1) * inner + 2
		                                     : (size_t)node->most * (inner + 1);
		break;
	case REGEX_CLASS:
	case REGEX_ASSERT:
		inner = 1;
		break;
	default:
		break;
	}
	return inner < REGEX_STATES_MAX ? inner : REGEX_STATES_MAX;
}

// The entries that the classes of a tree take.
static size_t entries_of(const RegexNode *node)
{
	size_t count = node->kind == REGEX_CLASS ? 1 + (size_t)node->class.count : 0;

	for (const RegexNode *part = node->first; part; part = part->next)
		count += entries_of(part);
	return count;
}

// Lays out the classes of a tree from an entry on; returns the entry behind them.
static uint32_t lay_out(RegexNode *node, RegexRange *entries, uint32_t at)
{
	if (node->kind == REGEX_CLASS) {
		node->entry = at;
		entries[at++] = (RegexRange){node->class.count, 0};
		for (uint32_t i = 0; i < node->class.count; i++)
			entries[at++] = node->class.ranges[i];
	}
	for (RegexNode *part = node->first; part; part = part->next)
		at = lay_out(part, entries, at);
	return at;
}

Str expr_regex_compile(Str pattern, Arena *arena, const char **why)
{
	RegexNode *tree = expr_regex_parse(pattern, arena, why);
	size_t states, entries;
	AutomatonHead head;
	Builder b = {0};
	char *bytes;

	if (!tree)
		return (Str){0};
	states = states_of(tree) + 1;
	entries = entries_of(tree);
	if (states > REGEX_STATES_MAX) {
		*why = "has too many repetitions; write them with '*' or '+'";
		return (Str){0};
	}
	bytes = arena_alloc(arena, sizeof(head) + entries * sizeof(RegexRange) + states * sizeof(*b.states));
	if (!bytes) {
		*why = "needs too much memory; shorten it";
		return (Str){0};
	}
	(void)lay_out(tree, (RegexRange *)(void *)(bytes + sizeof(head)), 0);
	b.states = (AutomatonState *)(void *)(bytes + sizeof(head) + entries * sizeof(RegexRange));
	build(&b, tree);
	(void)put(&b, (AutomatonState){.kind = STATE_MATCH});
	head = (AutomatonHead){(uint32_t)entries, b.count};
	memcpy(bytes, &head, sizeof(head));
	return str_n(bytes, sizeof(head) + entries * sizeof(RegexRange) + b.count * sizeof(*b.states));
}
