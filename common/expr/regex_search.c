// The search: all states that the text so far allows are kept as a set, and each character takes the set to
// the next one. No state is in a set twice, hence the bound. Automata come from outside too, inside of
// programs; what makes them safe to follow is looked at once, when the program is loaded.
#include "expr/operate.h"
#include "expr/regex_automaton.h"
#include "expr/utf8.h"

enum { LAST_CODE = 0x10ffff, ENTRIES_MAX = EXPR_PROGRAM_MAX / sizeof(RegexRange), WORD_BITS = 64 };

// Walks through the classes and notes where each begins: ranges ascend and lie apart.
static bool classes_are_sound(const Automaton *a, uint64_t *begins)
{
	for (uint32_t at = 0; at < a->head.entries;) {
		RegexRange class = automaton_entry(a, at), before = {0, 0};

		if (class.high != 0 || class.low >= a->head.entries - at)
			return false;
		begins[at / WORD_BITS] |= UINT64_C(1) << at % WORD_BITS;
		for (uint32_t i = 1; i <= class.low; i++) {
			RegexRange range = automaton_entry(a, at + i);

			if (range.low > range.high || range.high > LAST_CODE ||
			        (i > 1 && range.low <= before.high))
				return false;
			before = range;
		}
		at += 1 + class.low;
	}
	return true;
}

static bool state_is_sound(const Automaton *a, uint32_t index, const uint64_t *begins)
{
	AutomatonState s = automaton_state(a, index);
	uint32_t count = a->head.states;

	switch (s.kind) {
	case STATE_MATCH:
		return s.assert == 0 && s.next == 0 && s.other == 0;
	case STATE_CLASS:
		return s.assert == 0 && s.next == 0 &&
		       index + 1 < count &&s.other < a->head.entries &&begins[s.other / WORD_BITS] >>
		                       s.other % WORD_BITS &
		               1;
	case STATE_ASSERT:
		return s.assert <= ASSERT_NO_WORD &&s.next == 0 && index + 1 < count &&s.other == 0;
	case STATE_SPLIT:
		return s.assert == 0 && s.next < count &&s.other < count;
	case STATE_JUMP:
		return s.assert == 0 && s.next < count &&s.other == 0;
	default:
		return false;
	}
}

bool expr_regex_is_sound(Str automaton)
{
	uint64_t begins[ENTRIES_MAX / WORD_BITS] = {0};
	size_t parts = automaton.len / sizeof(RegexRange);
	Automaton a;

	if (parts < 2 || parts > ENTRIES_MAX || automaton.len % sizeof(RegexRange) != 0)
		return false;
	a = automaton_view(str_n(automaton.ptr, sizeof(AutomatonHead)));
	if (a.head.states == 0 || a.head.states > REGEX_STATES_MAX ||
	        a.head.entries != parts - 1 - a.head.states)
		return false;
	a = automaton_view(automaton);
	if (!classes_are_sound(&a, begins))
		return false;
	for (uint32_t i = 0; i < a.head.states; i++)
		if (!state_is_sound(&a, i, begins))
			return false;
	return true;
}

size_t expr_regex_size(Str automaton)
{
	return automaton_view(automaton).head.states;
}

typedef struct StateSet {
	uint64_t *words;
	uint32_t count; // of members
} StateSet;

// Up to WORD_BITS states need no memory beyond this.
typedef struct Search {
	Automaton automaton;
	Str text;
	StateSet sets[2];
	uint16_t *stack;
	uint32_t words; // of a set
	bool matched;
	uint64_t small_words[2];
	uint16_t small_stack[2 * WORD_BITS + 2];
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
	uint64_t bit = UINT64_C(1) << state % WORD_BITS, *word = &set->words[state / WORD_BITS];

	if (*word & bit)
		return false;
	*word |= bit;
	set->count++;
	return true;
}

// Adds a state and all that are reached from it without a character. Each state is pushed at most twice.
static void follow(Search *s, StateSet *set, uint32_t start, size_t at)
{
	size_t depth = 0;

	s->stack[depth++] = (uint16_t)start;
	while (depth > 0) {
		uint32_t index = s->stack[--depth];
		AutomatonState state = automaton_state(&s->automaton, index);

		if (!insert(set, index))
			continue;
		if (state.kind == STATE_MATCH)
			s->matched = true;
		if (state.kind == STATE_SPLIT)
			s->stack[depth++] = (uint16_t)state.other;
		if (state.kind == STATE_SPLIT || state.kind == STATE_JUMP)
			s->stack[depth++] = state.next;
		else if (state.kind == STATE_ASSERT && holds(s, (RegexAssert)state.assert, at))
			s->stack[depth++] = (uint16_t)(index + 1);
	}
}

static bool class_has(const Automaton *a, uint32_t class, uint32_t code)
{
	uint32_t low = class + 1, high = low + automaton_entry(a, class).low;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		RegexRange range = automaton_entry(a, middle);

		if (code < range.low)
			high = middle;
		else if (code > range.high)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

static void step(Search *s, const StateSet *from, StateSet *to, uint32_t code, size_t behind)
{
	memset(to->words, 0, s->words * sizeof(*to->words));
	to->count = 0;
	for (uint32_t i = 0; i < s->words; i++)
		for (uint64_t word = from->words[i]; word; word &= word - 1) {
			uint32_t index = i * WORD_BITS + (uint32_t)__builtin_ctzll(word);
			AutomatonState state = automaton_state(&s->automaton, index);

			if (state.kind == STATE_CLASS && class_has(&s->automaton, state.other, code))
				follow(s, to, index + 1, behind);
		}
}

static bool begin(Search *s, Arena *arena)
{
	size_t count = s->automaton.head.states;
	uint64_t *words = s->small_words;

	s->words = (uint32_t)((count + WORD_BITS - 1) / WORD_BITS);
	s->stack = s->small_stack;
	if (s->words > 1) {
		words = ARENA_ARRAY(arena, uint64_t, 2 * (size_t)s->words);
		s->stack = ARENA_ARRAY(arena, uint16_t, 2 * count + 2);
		if (!words || !s->stack)
			return false;
	}
	for (size_t i = 0; i < 2; i++) {
		s->sets[i] = (StateSet){words + i * s->words, 0};
		memset(s->sets[i].words, 0, s->words * sizeof(*words));
	}
	return true;
}

// Where a match can only begin at the start of the text, nothing begins later.
static bool is_anchored(const Automaton *a)
{
	AutomatonState first = automaton_state(a, 0);

	return first.kind == STATE_ASSERT && first.assert == ASSERT_TEXT_START;
}

// Every state of a set counts as 16 bytes of text, and so does every state for which memory is needed.
ExprValue expr_regex_search(Evaluation *evaluation, Str automaton, Str text)
{
	__attribute__((uninitialized)) Search s;
	const char *at = text.ptr, *end = text.ptr + text.len;
	bool anchored;
	size_t turn = 0;

	s.automaton = automaton_view(automaton);
	s.text = text;
	s.matched = false;
	anchored = is_anchored(&s.automaton);
	if (!expr_burn(evaluation, 16 * (size_t)s.automaton.head.states))
		return expr_error(EXPR_ERR_FUEL);
	if (!begin(&s, evaluation->arena))
		return expr_error(EXPR_ERR_MEMORY);
	follow(&s, &s.sets[0], 0, 0);
	while (!s.matched && at < end && s.sets[turn].count > 0) {
		uint32_t code = expr_utf8_next(&at, end);
		StateSet *now = &s.sets[turn], *then = &s.sets[1 - turn];

		if (!expr_burn(evaluation, 16 * (1 + (size_t)now->count)))
			return expr_error(EXPR_ERR_FUEL);
		step(&s, now, then, code, (size_t)(at - text.ptr));
		if (!anchored)
			follow(&s, then, 0, (size_t)(at - text.ptr));
		turn = 1 - turn;
	}
	return value_bool(s.matched);
}
