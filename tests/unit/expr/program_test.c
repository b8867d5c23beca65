// Programs as bytes: what the verifier refuses, what the evaluator may use, what people get to read.
#include "expr_test.h"

#include "expr/program.h"
#include "expr/regex_automaton.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static const char *const sources[] = {
        "age >= 18 && age < 65 || vip",
        "name in ['Ana', 'Bob', 'Eve'] ? balance * 2.0 : order.total",
        "[age, 1, 2][0] + size(name + 'x') - int(since)",
        "since < timestamp('2026-01-31T08:00:00Z') && wait > duration('1m') && !has(gone)",
        "age in [1, 2, 3] || type(age) == int || b'\\xff' == b''",
        "{'a': 1, name: age}.transformMap(k, v, v > 1, tags.exists_one(t, t == k)) == {'b': true}",
        "cel.bind(x, tags.map(t, t != '', [t, t]), x.all(i, v, v.filter(u, u > '').size() == i))",
        "has({'a': 1}.a) && has(dyn({'b': {2: age}}).b) || dyn(tags).exists(k, k in {name: 1})",
        "{'a': 1, 'Ana': 2, 'b': 3}[name] + {7: age, 8: 1}[7] > {true: 1, false: -1}[vip]",
        "age in [1, 'x', 2.5, 42u] || name + '!' in ['Ana', b'Ana', true] || name in {'a': 1, 'b': 2}",
        "name.matches('\\\\bA[^a-m\\\\d]+|(?i)x{2,}$') && !name.matches('^$')",
        "since.getHours('Etc/GMT+3') > 2 || name.matches('^A(n|b)+a$') || '%s'.format([tags]) == ''",
};

typedef struct Fixture {
	Arena *arena;
	uint8_t bytes[4096];
	size_t len;
} Fixture;

static Fixture compiled(const char *source)
{
	Fixture f = {.arena = arena_new(4096, 0)};
	ExprProgram program;

	assert_int_equal(expr_compile(&test_schema, str(source), EXPR_DYN, f.arena, &program), OK);
	assert_true(program.len <= sizeof(f.bytes));
	memcpy(f.bytes, program.bytes, program.len);
	f.len = program.len;
	return f;
}

static Err verified(const Fixture *f)
{
	ExprProgram program;

	return expr_verify(&test_schema, f->bytes, f->len, &program);
}

// Verifies, and if that succeeds evaluates: under the sanitizers this is the proof that verifying is enough.
static void survive(const uint8_t *bytes, size_t len)
{
	uint8_t *exact = malloc(len);
	Arena *arena = arena_new(4096, 1 << 20);
	ExprScratch scratch = {arena, 10000};
	ExprProgram program;

	memcpy(exact, bytes, len);
	if (expr_verify(&test_schema, exact, len, &program) == OK) {
		ExprValue value = expr_eval(&program, test_visitor, TEST_NOW_US, &scratch);

		assert_true(value.kind <= EXPR_TYPE);
		(void)expr_value_format(value, arena);
		(void)expr_disassemble(&program, &test_schema, arena);
	}
	arena_free(arena);
	free(exact);
}

static void every_flipped_bit_is_survived(void **state)
{
	(void)state;
	for (size_t s = 0; s < ARRAY_COUNT(sources); s++) {
		Fixture f = compiled(sources[s]);

		for (size_t bit = 0; bit < f.len * 8; bit++) {
			f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			survive(f.bytes, f.len);
			f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		arena_free(f.arena);
	}
}

static void every_length_but_its_own_is_refused(void **state)
{
	(void)state;
	for (size_t s = 0; s < ARRAY_COUNT(sources); s++) {
		Fixture f = compiled(sources[s]);
		ExprProgram program;

		for (size_t len = 0; len < sizeof(ProgramHeader) + 8; len++)
			assert_int_equal(
			        expr_verify(&test_schema, f.bytes, len, &program), ERR_EXPR_PROGRAM_INVALID);
		for (size_t len = 1; len < f.len; len++)
			survive(f.bytes, len);
		arena_free(f.arena);
	}
}

static void random_changes_are_survived(void **state)
{
	unsigned seed = (unsigned)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int round = 0; round < 20000; round++) {
		Fixture f = compiled(sources[(size_t)rand() % ARRAY_COUNT(sources)]);

		for (int change = rand() % 8; change >= 0; change--)
			f.bytes[(size_t)rand() % f.len] = (uint8_t)rand();
		survive(f.bytes, f.len);
		arena_free(f.arena);
	}
}

// A program whose code is exactly these words, over no constants.
static Fixture handmade(const uint32_t *words, size_t count)
{
	Fixture f = {.len = sizeof(ProgramHeader) + count * sizeof(*words)};
	ProgramHeader header = {.magic = PROGRAM_MAGIC, .kind = EXPR_DYN, .instructions = (uint32_t)count};
	ProgramView view;

	memcpy(f.bytes, &header, sizeof(header));
	memcpy(f.bytes + sizeof(header), words, count * sizeof(*words));
	view = program_view(f.bytes, f.len);
	header.binding = expr_program_binding(&view, &test_schema);
	memcpy(f.bytes, &header, sizeof(header));
	return f;
}

static void refused(const uint32_t *words, size_t count, const char *why)
{
	Fixture f = handmade(words, count);

	assert_int_equal(verified(&f), ERR_EXPR_PROGRAM_INVALID);
	if (!strstr(err_detail()->message, why))
		fail_msg("'%s' does not say '%s'", err_detail()->message, why);
}

#define REFUSED(why, ...)                                                                                    \
	refused((const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), \
	        why)
#define I(opcode, operand) INSTRUCTION(OP_##opcode, operand)

static void unsound_code_is_refused(void **state)
{
	(void)state;
	REFUSED("instruction 0 breaks the stack", I(RETURN, 0));
	REFUSED("instruction 1 breaks the stack", I(SLOT, 0), I(ADD, 0), I(RETURN, 0));
	REFUSED("instruction 2 breaks the stack", I(SLOT, 0), I(SLOT, 0), I(RETURN, 0));
	REFUSED("does not end with return", I(SLOT, 0));
	REFUSED("does not end with return", I(SLOT, 0), I(NOT, 0));
	REFUSED("instruction 0 is damaged", I(JUMP, 0), I(RETURN, 0));
	REFUSED("instruction 1 is damaged", I(SLOT, 0), I(JUMP, 1), I(RETURN, 0));
	REFUSED("instruction 1 is damaged", I(SLOT, 0), I(IF_TRUE, 3), I(RETURN, 0));
	REFUSED("instruction 2 is not reached", I(SLOT, 0), I(JUMP, 3), I(NOT, 0), I(RETURN, 0));
	REFUSED("instruction 3 is not reached", I(SLOT, 0), I(POP_IF_FALSE, 3), I(SLOT, 0), I(RETURN, 0));
	REFUSED("instruction 0 is damaged", I(CONST, 0), I(RETURN, 0));
	REFUSED("instruction 0 is damaged", I(LIST_NEW, 100), I(RETURN, 0));
	REFUSED("instruction 0 is damaged", I(CALL, 999), I(RETURN, 0));
	REFUSED("instruction 1 is damaged", I(SLOT, 0), I(NOT, 1), I(RETURN, 0));
}

// What goes through, the cursor and what is collected: three values under each loop.
#define LOOP_HEAD I(SLOT, 5), I(ITERATE, 0), I(LIST_FOR, 0)

static void unsound_loops_are_refused(void **state)
{
	(void)state;
	REFUSED("instruction 1 is damaged", I(SLOT, 0), I(LOOP, 1), I(RETURN, 0));
	REFUSED("instruction 3 breaks a loop", LOOP_HEAD, I(LOOP, 0), I(KEEP, 2), I(RETURN, 0));
	// Not back to the innermost loop, and not out to behind the way back.
	REFUSED("instruction 4 breaks a loop", LOOP_HEAD, I(NEXT, 5), I(LOOP, 2), I(KEEP, 2), I(RETURN, 0));
	REFUSED("instruction 5 breaks a loop", LOOP_HEAD, I(NEXT, 7), I(IF_TRUE, 6), I(LOOP, 3), I(KEEP, 2),
	        I(RETURN, 0), I(RETURN, 0));
	// Each round leaves a value behind.
	REFUSED("instruction 5 breaks a loop", LOOP_HEAD, I(NEXT, 6), I(SLOT, 0), I(LOOP, 3), I(KEEP, 2),
	        I(RETURN, 0));
	REFUSED("does not end with return", LOOP_HEAD, I(NEXT, 4), I(KEEP, 2), I(RETURN, 0));
	// Places that are not on the stack.
	REFUSED("instruction 1 breaks the stack", I(SLOT, 0), I(WHOLE, 2), I(KEEP, 1), I(RETURN, 0));
	REFUSED("instruction 1 is damaged", I(SLOT, 0), I(ITEM, 1), I(KEEP, 1), I(RETURN, 0));
	REFUSED("instruction 1 breaks the stack", I(SLOT, 0), I(KEEP, 1), I(RETURN, 0));
	REFUSED("instruction 0 is damaged", I(FAIL, EXPR_ERR_ATTRIBUTE_MISSING), I(RETURN, 0));
	REFUSED("instruction 0 is damaged", I(FAIL, EXPR_ERR_MEMORY + 1), I(RETURN, 0));
}

static void loops_nest_to_a_limit(void **state)
{
	uint32_t words[4 * (EXPR_DEPTH_MAX + 1) + 4] = {LOOP_HEAD};
	size_t count = 3;

	(void)state;
	for (uint32_t i = 0; i < EXPR_DEPTH_MAX + 1; i++)
		words[count++] = I(NEXT, 3 + 2 * (EXPR_DEPTH_MAX + 1) - i);
	for (uint32_t i = 0; i < EXPR_DEPTH_MAX + 1; i++)
		words[count++] = I(LOOP, 3 + EXPR_DEPTH_MAX - i);
	words[count++] = I(KEEP, 2);
	words[count++] = I(RETURN, 0);
	refused(words, count, "instruction 67 breaks a loop");
}

// A list that is to contain itself, built of two copies of what it is built with: the copy is refused.
static void what_is_being_built_is_not_copied(void **state)
{
	static const uint32_t words[] = {
	        I(LIST_NEW, 2), I(WHOLE, 1), I(LIST_ADD, 0), I(LIST_END, 0), I(RETURN, 0)};
	Fixture f = handmade(words, ARRAY_COUNT(words));
	Arena *arena = arena_new(4096, 0);
	ExprScratch scratch = {arena, 100};
	ExprProgram program;

	(void)state;
	assert_int_equal(expr_verify(&test_schema, f.bytes, f.len, &program), OK);
	assert_int_equal(expr_eval(&program, test_visitor, 0, &scratch).error, EXPR_ERR_NO_OVERLOAD);
	arena_free(arena);
}

// [[[…]]], a round a level: deeper than anything that compares or prints it will follow.
static void endless_nesting_is_survived(void **state)
{
	static const uint32_t words[] = {I(SLOT, 5), I(ITERATE, 0), I(SLOT, 0), I(NEXT, 10), I(LIST_NEW, 1),
	        I(WHOLE, 3), I(LIST_ADD, 0), I(LIST_END, 0), I(KEEP, 1), I(LOOP, 3), I(KEEP, 2), I(WHOLE, 1),
	        I(EQ, 0), I(RETURN, 0)};
	ExprValue many[1000] = {{0}}, values[16];
	Fixture f = handmade(words, ARRAY_COUNT(words));
	Arena *arena = arena_new(4096, 0);
	ExprScratch scratch = {arena, 1000000};
	ExprProgram program;

	(void)state;
	memcpy(values, test_visitor, 11 * sizeof(*values));
	for (size_t i = 0; i < ARRAY_COUNT(many); i++)
		many[i] = expr_int(1);
	values[5] = expr_list(many, ARRAY_COUNT(many));
	assert_int_equal(expr_verify(&test_schema, f.bytes, f.len, &program), OK);
	assert_int_equal(expr_eval(&program, values, 0, &scratch).error, EXPR_ERR_FUEL);
	arena_free(arena);
}

// What earlier versions compiled means the same.
static void the_versions_before_are_understood(void **state)
{
	Fixture f = compiled("age >= 18");

	(void)state;
	for (uint8_t version = '1'; version <= '3'; version++) {
		f.bytes[3] = version;
		assert_int_equal(verified(&f), OK);
	}
	f.bytes[3] = '4';
	assert_int_equal(verified(&f), ERR_EXPR_PROGRAM_INVALID);
	arena_free(f.arena);
}

// A program of one instruction and `return` over these constants and data.
static Err verified_over(
        uint32_t word, const ExprValue *constants, size_t count, const void *data, size_t len)
{
	const uint32_t words[] = {I(SLOT, 0), word, I(RETURN, 0)};
	ProgramHeader header = {.magic = PROGRAM_MAGIC,
	        .kind = EXPR_DYN,
	        .constants = (uint16_t)count,
	        .instructions = ARRAY_COUNT(words)};
	Fixture f = {.len = sizeof(header)};
	ProgramView view;

	memcpy(f.bytes + f.len, constants, count * sizeof(*constants));
	f.len += count * sizeof(*constants);
	memcpy(f.bytes + f.len, words, sizeof(words));
	f.len += sizeof(words);
	if (len)
		memcpy(f.bytes + f.len, data, len);
	f.len += len;
	memcpy(f.bytes, &header, sizeof(header));
	view = program_view(f.bytes, f.len);
	header.binding = expr_program_binding(&view, &test_schema);
	memcpy(f.bytes, &header, sizeof(header));
	return verified(&f);
}

static Err verified_map(ExprValue map, ExprValue a, ExprValue b, ExprValue c, ExprValue d)
{
	const ExprValue constants[] = {a, b, c, d, map};

	return verified_over(I(LOOK_UP, 4), constants, ARRAY_COUNT(constants), NULL, 0);
}

static void unsound_maps_are_refused(void **state)
{
	const ExprValue one = expr_int(1), two = expr_int(2), map = {.kind = EXPR_MAP, .len = 2};
	const ExprValue beyond = {.kind = EXPR_MAP, .len = 2, .u = 2}, huge = {.kind = EXPR_MAP, .len = -1u},
	                far = {.kind = EXPR_MAP, .u = UINT64_C(1) << 32}, list = {.kind = EXPR_LIST};

	(void)state;
	assert_int_equal(verified_map(map, one, two, two, one), OK);
	assert_int_equal(verified_map(map, two, one, two, one), ERR_EXPR_PROGRAM_INVALID);
	assert_int_equal(verified_map(map, one, one, two, one), ERR_EXPR_PROGRAM_INVALID);
	assert_int_equal(verified_map(map, one, expr_uint(2), two, one), ERR_EXPR_PROGRAM_INVALID);
	assert_int_equal(verified_map(map, one, two, map, one), ERR_EXPR_PROGRAM_INVALID);
	assert_int_equal(verified_map(map, one, two, one, list), ERR_EXPR_PROGRAM_INVALID);
	assert_int_equal(verified_map(beyond, one, two, two, one), ERR_EXPR_PROGRAM_INVALID);
	assert_int_equal(verified_map(huge, one, two, two, one), ERR_EXPR_PROGRAM_INVALID);
	assert_int_equal(verified_map(far, one, two, two, one), ERR_EXPR_PROGRAM_INVALID);
	assert_int_equal(verified_map(list, one, two, two, one), ERR_EXPR_PROGRAM_INVALID);
	assert_int_equal(verified_map(one, one, two, two, one), ERR_EXPR_PROGRAM_INVALID);
}

// Or the work of looking at a program would grow with the square of its size.
static void constants_share_nothing(void **state)
{
	const ExprValue text = {.kind = EXPR_STRING, .len = 3};
	const ExprValue set = {.kind = EXPR_LIST, .len = 2, .u = 0}, one = expr_int(1), two = expr_int(2);
	const ExprValue texts[] = {text, text}, sets[] = {one, two, set, set, set};

	(void)state;
	assert_int_equal(verified_over(I(NOT, 0), texts, 1, "abc", 3), OK);
	assert_int_equal(verified_over(I(NOT, 0), texts, 2, "abc", 3), ERR_EXPR_PROGRAM_INVALID);
	assert_int_equal(verified_over(I(IN_SET, 2), sets, 3, NULL, 0), OK);
	assert_int_equal(verified_over(I(IN_SET, 2), sets, 5, NULL, 0), ERR_EXPR_PROGRAM_INVALID);
}

// One class of two ranges, a state of it, a split back, the match.
typedef struct SmallAutomaton {
	AutomatonHead head;
	RegexRange entries[3];
	AutomatonState states[3];
} SmallAutomaton;

static Err verified_pattern(SmallAutomaton automaton, size_t len)
{
	const ExprValue pattern = {.kind = CONSTANT_PATTERN, .len = (uint32_t)len};

	return verified_over(I(MATCH, 0), &pattern, 1, &automaton, sizeof(automaton));
}

#define PATTERN_REFUSED(change)                                                                              \
	do {                                                                                                 \
		SmallAutomaton a = good;                                                                     \
		a.change;                                                                                    \
		assert_int_equal(verified_pattern(a, sizeof(a)), ERR_EXPR_PROGRAM_INVALID);                  \
	} while (0)

static void unsound_patterns_are_refused(void **state)
{
	static const SmallAutomaton good = {{3, 3}, {{2, 0}, {'0', '9'}, {'a', 'z'}},
	        {{.kind = STATE_CLASS}, {.kind = STATE_SPLIT, .next = 0, .other = 2}, {.kind = STATE_MATCH}}};
	const ExprValue bytes = {.kind = EXPR_BYTES, .len = sizeof(good)};

	(void)state;
	assert_int_equal(verified_pattern(good, sizeof(good)), OK);
	for (size_t len = 0; len < sizeof(good); len++)
		assert_int_equal(verified_pattern(good, len), ERR_EXPR_PROGRAM_INVALID);
	PATTERN_REFUSED(head.entries = 4);
	PATTERN_REFUSED(head.entries = UINT32_MAX);
	PATTERN_REFUSED(head.states = 0);
	PATTERN_REFUSED(head.states = UINT32_MAX);
	PATTERN_REFUSED(entries[0].low = 3);
	PATTERN_REFUSED(entries[0].low = UINT32_MAX);
	PATTERN_REFUSED(entries[0].high = 1);
	PATTERN_REFUSED(entries[1].low = ':');
	PATTERN_REFUSED(entries[1].high = 'a');
	PATTERN_REFUSED(entries[2].high = 0x110000);
	PATTERN_REFUSED(states[0].other = 1); // not where a class begins
	PATTERN_REFUSED(states[0].other = 3);
	PATTERN_REFUSED(states[0].next = 1);
	PATTERN_REFUSED(states[0].kind = STATE_JUMP + 1);
	PATTERN_REFUSED(states[1].next = 3);
	PATTERN_REFUSED(states[1].other = 3);
	PATTERN_REFUSED(states[2].kind = STATE_CLASS); // nothing is behind it
	PATTERN_REFUSED(states[2].kind = STATE_ASSERT);
	PATTERN_REFUSED(states[2].assert = 1);
	// What has the bytes of a pattern is none for that, and a pattern is no value.
	assert_int_equal(
	        verified_over(I(MATCH, 0), &bytes, 1, &good, sizeof(good)), ERR_EXPR_PROGRAM_INVALID);
	assert_int_equal(
	        verified_over(I(SLOT_EQ, 0), &(ExprValue){.kind = CONSTANT_PATTERN, .len = sizeof(good)}, 1,
	                &good, sizeof(good)),
	        ERR_EXPR_PROGRAM_INVALID);
	assert_non_null(strstr(err_detail()->message, "instruction 1 is damaged"));
}

static void unknown_opcodes_are_refused(void **state)
{
	Fixture f = compiled("vip");

	(void)state;
	for (int opcode = OP_COUNT; opcode < 256; opcode++) {
		f.bytes[sizeof(ProgramHeader)] = (uint8_t)opcode;
		assert_int_equal(verified(&f), ERR_EXPR_PROGRAM_INVALID);
	}
	arena_free(f.arena);
}

static void slots_beyond_the_schema_are_refused(void **state)
{
	const ExprSchema small = {test_schema.attributes, 1};
	Fixture f = compiled("vip");
	ExprProgram program;

	(void)state;
	assert_int_equal(expr_verify(&small, f.bytes, f.len, &program), ERR_EXPR_PROGRAM_INVALID);
	arena_free(f.arena);
}

static void another_schema_is_noticed(void **state)
{
	const ExprAttribute other[] = {{STR("age"), {EXPR_DOUBLE, 0}}};
	const ExprSchema schema = {other, 1};
	Fixture f = compiled("age > 1");
	ExprProgram program;

	(void)state;
	assert_int_equal(expr_verify(&schema, f.bytes, f.len, &program), ERR_EXPR_PROGRAM_INVALID);
	assert_non_null(strstr(err_detail()->message, "compiled against other attributes"));
	arena_free(f.arena);
}

static void deep_stacks_are_refused(void **state)
{
	uint32_t words[2 * PROGRAM_STACK_MAX + 4];
	size_t count = 0;

	(void)state;
	for (int i = 0; i < PROGRAM_STACK_MAX + 1; i++)
		words[count++] = I(SLOT, 0);
	for (int i = 0; i < PROGRAM_STACK_MAX; i++)
		words[count++] = I(ADD, 0);
	words[count++] = I(RETURN, 0);
	refused(words, count, "instruction 256 breaks the stack");
}

// Misuse that is no danger to memory ends in an error value.
static void misused_lists_end_in_errors(void **state)
{
	static const uint32_t programs[][5] = {
	        {I(LIST_NEW, 0), I(SLOT, 0), I(LIST_ADD, 0), I(RETURN, 0), I(RETURN, 0)},
	        {I(LIST_NEW, 0), I(LIST_END, 0), I(SLOT, 0), I(LIST_ADD, 0), I(RETURN, 0)},
	        {I(SLOT, 5), I(SLOT, 0), I(LIST_ADD, 0), I(RETURN, 0), I(RETURN, 0)},
	        {I(LIST_NEW, 1), I(LIST_NEW, 1), I(LIST_ADD, 0), I(RETURN, 0), I(RETURN, 0)},
	        {I(LIST_NEW, 1), I(RETURN, 0), I(RETURN, 0), I(RETURN, 0), I(RETURN, 0)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(programs); i++) {
		size_t count = 1;
		Arena *arena = arena_new(4096, 0);
		ExprScratch scratch = {arena, 100};
		ExprProgram program;
		Fixture f;

		while (INSTRUCTION_OPCODE(programs[i][count - 1]) != OP_RETURN)
			count++;
		f = handmade(programs[i], count);
		assert_int_equal(expr_verify(&test_schema, f.bytes, f.len, &program), OK);
		assert_int_equal(expr_eval(&program, test_visitor, 0, &scratch).kind, EXPR_ERROR);
		arena_free(arena);
	}
}

static ExprValue evaluated_with(const char *source, size_t memory, uint64_t *fuel)
{
	Arena *arena = arena_new(4096, 0), *small = arena_new(memory, memory);
	ExprScratch scratch = {small, *fuel};
	ExprProgram program;
	ExprValue value;

	assert_int_equal(expr_compile(&test_schema, str(source), EXPR_DYN, arena, &program), OK);
	value = expr_eval(&program, test_visitor, 0, &scratch);
	*fuel = scratch.fuel;
	arena_free(small);
	arena_free(arena);
	return value;
}

static void work_and_memory_are_bounded(void **state)
{
	uint64_t fuel = 3;

	(void)state;
	assert_int_equal(evaluated_with("age + 1 > 2 || true", 64, &fuel).error, EXPR_ERR_FUEL);
	assert_int_equal(fuel, 0);
	fuel = 1000;
	assert_int_equal(evaluated_with("age + 1 > 2", 64, &fuel).kind, EXPR_BOOL);
	assert_int_equal(fuel, 994);
	fuel = 1000;
	assert_int_equal(
	        evaluated_with("size([1, 2, 3, 4, 5, 6, 7, 8, 9, age])", 64, &fuel).error, EXPR_ERR_MEMORY);
	fuel = 1000;
	assert_int_equal(
	        evaluated_with("(name + 'This is a text that does not fit.').size() > 0", 16, &fuel).error,
	        EXPR_ERR_MEMORY);
}

static void same_source_same_bytes(void **state)
{
	(void)state;
	for (size_t s = 0; s < ARRAY_COUNT(sources); s++) {
		Fixture a = compiled(sources[s]), b = compiled(sources[s]);

		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.bytes, b.bytes, a.len);
		arena_free(a.arena);
		arena_free(b.arena);
	}
}

static void who_reads_the_clock_is_known(void **state)
{
	static const char *const timed[] = {"now() > since", "tags.all(t, t == '' || now() > since)",
	        "[now()]", "true || int(now()) == age"};
	ExprProgram program;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(timed); i++) {
		Fixture f = compiled(timed[i]);
		assert_int_equal(expr_verify(&test_schema, f.bytes, f.len, &program), OK);
		assert_true(expr_reads_clock(&program));
		arena_free(f.arena);
	}
	for (size_t i = 0; i < ARRAY_COUNT(sources); i++) {
		Fixture f = compiled(sources[i]);
		assert_int_equal(expr_verify(&test_schema, f.bytes, f.len, &program), OK);
		assert_false(expr_reads_clock(&program));
		arena_free(f.arena);
	}
}

static void programs_can_be_read(void **state)
{
	Fixture f = compiled("age >= 18 && name in ['a', 'b'] ? name.size() : -1");
	ExprProgram program;
	Str text;

	(void)state;
	assert_int_equal(expr_verify(&test_schema, f.bytes, f.len, &program), OK);
	text = expr_disassemble(&program, &test_schema, f.arena);
	assert_string_equal(arena_cstr(f.arena, text), "0000 slot_ge age, 18\n"
	                                               "0001 if_false -> 0004\n"
	                                               "0002 slot_in name, {2 constants}\n"
	                                               "0003 and\n"
	                                               "0004 unless_bool -> 0010\n"
	                                               "0005 pop_if_false -> 0009\n"
	                                               "0006 slot name\n"
	                                               "0007 call size\n"
	                                               "0008 jump -> 0010\n"
	                                               "0009 const -1\n"
	                                               "0010 return\n");
	arena_free(f.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_flipped_bit_is_survived),
	        cmocka_unit_test(every_length_but_its_own_is_refused),
	        cmocka_unit_test(random_changes_are_survived),
	        cmocka_unit_test(unsound_code_is_refused),
	        cmocka_unit_test(unsound_loops_are_refused),
	        cmocka_unit_test(loops_nest_to_a_limit),
	        cmocka_unit_test(what_is_being_built_is_not_copied),
	        cmocka_unit_test(endless_nesting_is_survived),
	        cmocka_unit_test(the_versions_before_are_understood),
	        cmocka_unit_test(unsound_maps_are_refused),
	        cmocka_unit_test(unsound_patterns_are_refused),
	        cmocka_unit_test(constants_share_nothing),
	        cmocka_unit_test(unknown_opcodes_are_refused),
	        cmocka_unit_test(slots_beyond_the_schema_are_refused),
	        cmocka_unit_test(another_schema_is_noticed),
	        cmocka_unit_test(deep_stacks_are_refused),
	        cmocka_unit_test(misused_lists_end_in_errors),
	        cmocka_unit_test(work_and_memory_are_bounded),
	        cmocka_unit_test(same_source_same_bytes),
	        cmocka_unit_test(who_reads_the_clock_is_known),
	        cmocka_unit_test(programs_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
