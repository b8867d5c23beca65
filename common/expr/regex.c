// Trees to automata, and the search: all states that the text so far allows are kept as a set, and each
// character takes the set to the next one. No state is in a set twice, hence the bound.
#include "expr/regex_internal.h"

#include "expr/operate.h"
#include "expr/utf8.h"

typedef enum StateKind { STATE_MATCH, STATE_CLASS, STATE_ASSERT, STATE_SPLIT, STATE_JUMP } StateKind;

typedef struct State {
	StateKind kind;
	RegexAssert assert;
	RegexClass class;
	uint32_t next, other; // of a split both; else only the first
} State;

struct Regex {
	State *states;
	uint32_t count;
};

// An automaton under construction.
typedef struct Builder {
	Regex *regex;
	bool full;
} Builder;

static uint32_t put(Builder *b, State state)
{
	Regex *regex = b->regex;

	if (regex->count == REGEX_STATES_MAX) {
		b->full = true;
		return 0;
	}
	if (state.kind != STATE_SPLIT && state.kind != STATE_JUMP)
		state.next = regex->count + 1;
	regex->states[regex->count] = state;
	return regex->count++;
}

static void build(Builder *b, const RegexNode *node);

// a|b|c: split to a, or else to where the next is tried; each ends with a jump behind the last.
static void build_alternatives(Builder *b, const RegexNode *node)
{
	uint32_t jumps = 0, split;

	for (const RegexNode *part = node->first; part; part = part->next) {
		if (!part->next) {
			build(b, part);
			break;
		}
		split = put(b, (State){.kind = STATE_SPLIT});
		b->regex->states[split].next = b->regex->count;
		build(b, part);
		jumps = put(b, (State){.kind = STATE_JUMP, .next = jumps}); // chained until the end is known
		b->regex->states[split].other = b->regex->count;
	}
	while (jumps) {
		uint32_t before = b->regex->states[jumps].next;

		b->regex->states[jumps].next = b->regex->count;
		jumps = b->full ? 0 : before;
	}
}

static void build_endless(Builder *b, const RegexNode *node)
{
	uint32_t split = put(b, (State){.kind = STATE_SPLIT});

	b->regex->states[split].next = b->regex->count;
	build(b, node->first);
	(void)put(b, (State){.kind = STATE_JUMP, .next = split});
	b->regex->states[split].other = b->regex->count;
}

static void build_repeat(Builder *b, const RegexNode *node)
{
	uint32_t split;

	for (int i = 0; i < node->least && !b->full; i++)
		build(b, node->first);
	if (node->most == REPEAT_ENDLESS)
		build_endless(b, node);
	for (int i = node->least; i < node->most && !b->full; i++) {
		split = put(b, (State){.kind = STATE_SPLIT});
		b->regex->states[split].next = b->regex->count;
		build(b, node->first);
		b->regex->states[split].other = b->regex->count;
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
		(void)put(b, (State){.kind = STATE_CLASS, .class = node->class});
		break;
	case REGEX_ASSERT:
		(void)put(b, (State){.kind = STATE_ASSERT, .assert = node->assert});
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

const Regex *expr_regex_compile(Str pattern, Arena *arena, const char **why)
{
	RegexNode *tree = expr_regex_parse(pattern, arena, why);
	Builder b = {.regex = tree ? ARENA_NEW(arena, Regex) : NULL};
	size_t count = tree ? states_of(tree) + 1 : 0;

	if (!tree)
		return NULL;
	if (count > REGEX_STATES_MAX) {
		*why = "has too many repetitions; write them with '*' or '+'";
		return NULL;
	}
	if (b.regex)
		b.regex->states = ARENA_ARRAY(arena, State, count);
	if (!b.regex || !b.regex->states) {
		*why = "needs too much memory; shorten it";
		return NULL;
	}
	build(&b, tree);
	(void)put(&b, (State){.kind = STATE_MATCH});
	return b.regex;
}

size_t expr_regex_size(const Regex *regex)
{
	return regex->count;
}

// A set of states, in which membership is told by where a state says it stands.
typedef struct StateSet {
	uint32_t *members, *places;
	uint32_t count;
} StateSet;

typedef struct Search {
	const Regex *regex;
	Str text;
	StateSet sets[2];
	uint32_t *stack;
	bool matched;
} Search;

static bool is_word(Str text, size_t at)
{
	char c = at < text.len ? text.ptr[at] : ' ';

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool holds(const Search *s, RegexAssert assert, size_t at)
{
	bool word = (at > 0 && is_word(s->text, at - 1)) != is_word(s->text, at);

	switch (assert) {
	case ASSERT_TEXT_START:
		return at == 0;
	case ASSERT_TEXT_END:
		return at == s->text.len;
	case ASSERT_LINE_START:
		return at == 0 || s->text.ptr[at - 1] == '\n';
	case ASSERT_LINE_END:
		return at == s->text.len || s->text.ptr[at] == '\n';
	case ASSERT_WORD:
		return word;
	case ASSERT_NO_WORD:
		return !word;
	}
	return false;
}

static bool insert(StateSet *set, uint32_t state)
{
	uint32_t place = set->places[state];

	if (place < set->count && set->members[place] == state)
		return false;
	set->places[state] = set->count;
	set->members[set->count++] = state;
	return true;
}

// Adds a state and all that are reached from it without a character. Each state is pushed at most twice.
static void follow(Search *s, StateSet *set, uint32_t start, size_t at)
{
	size_t depth = 0;

	s->stack[depth++] = start;
	while (depth > 0) {
		uint32_t index = s->stack[--depth];
		const State *state = &s->regex->states[index];

		if (!insert(set, index))
			continue;
		if (state->kind == STATE_MATCH)
			s->matched = true;
		if (state->kind == STATE_SPLIT)
			s->stack[depth++] = state->other;
		if (state->kind == STATE_SPLIT || state->kind == STATE_JUMP ||
		        (state->kind == STATE_ASSERT && holds(s, state->assert, at)))
			s->stack[depth++] = state->next;
	}
}

static bool class_has(RegexClass class, uint32_t code)
{
	uint32_t low = 0, high = class.count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (code < class.ranges[middle].low)
			high = middle;
		else if (code > class.ranges[middle].high)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

static void step(Search *s, const StateSet *from, StateSet *to, uint32_t code, size_t behind)
{
	to->count = 0;
	for (uint32_t i = 0; i < from->count; i++) {
		const State *state = &s->regex->states[from->members[i]];

		if (state->kind == STATE_CLASS && class_has(state->class, code))
			follow(s, to, state->next, behind);
	}
}

static bool begin(Search *s, Arena *arena)
{
	size_t count = s->regex->count;
	uint32_t *memory = ARENA_ARRAY(arena, uint32_t, 6 * count + 2);

	if (!memory)
		return false;
	for (size_t i = 0; i < 2; i++)
		s->sets[i] = (StateSet){memory + 2 * i * count, memory + (2 * i + 1) * count, 0};
	s->stack = memory + 4 * count;
	return true;
}

// Every state of a set counts as 16 bytes of text.
ExprValue expr_regex_search(Evaluation *evaluation, const Regex *regex, Str text)
{
	Search s = {.regex = regex, .text = text};
	const char *at = text.ptr, *end = text.ptr + text.len;
	size_t turn = 0;

	if (!begin(&s, evaluation->arena))
		return expr_error(EXPR_ERR_MEMORY);
	follow(&s, &s.sets[0], 0, 0);
	while (!s.matched && at < end) {
		uint32_t code = expr_utf8_next(&at, end);
		StateSet *now = &s.sets[turn], *then = &s.sets[1 - turn];

		if (!expr_burn(evaluation, 16 * (1 + (size_t)now->count)))
			return expr_error(EXPR_ERR_FUEL);
		step(&s, now, then, code, (size_t)(at - text.ptr));
		follow(&s, then, 0, (size_t)(at - text.ptr));
		turn = 1 - turn;
	}
	return value_bool(s.matched);
}
