// Receipts: a decision is made again from a few bytes, and bytes that were changed are found out. That it
// holds in worlds of every kind tests/oracle tries.
#include "decide/receipt.h"

#include "base/cleanup.h"
#include "base/mix.h"
#include "world/world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW_US  (INT64_C(1767225600) * 1000000)
#define HOUR_US INT64_C(3600000000)

enum { FACTS = 6, VOLUMES = 16, VOLUME_OF = 1 };

static struct {
	Arena *arena;
	const Plan *plan;
	ExprValue given[WORLD_ATTRIBUTES], values[WORLD_ATTRIBUTES];
	uint64_t *segments, volumes[VOLUMES];
	Fact facts[FACTS], session_facts[FACTS];
	OfferFilter filter;
	DecidePoint points[3];
	Receipt receipt;
} it;

static Fact fact_of(FactKind kind, uint32_t offer, int64_t ago_us)
{
	return (Fact){.offer = offer,
	        .count = 1,
	        .kind = kind,
	        .time_us = NOW_US - ago_us,
	        .until_us = kind == FACT_SUPPRESS || kind == FACT_QUALIFY ? NOW_US + HOUR_US : 0,
	        .score = kind == FACT_QUALIFY ? 61.5 : 0};
}

static void open_world(World *world)
{
	const Snapshot *snapshot = world_finish(world);
	assert_int_equal(snapshot_check(snapshot), OK);
	assert_int_equal(plan_build(snapshot, it.arena, &it.plan), OK);
}

// A customer with a bit of everything: profile, a value that a flow set, facts here and before, volumes.
static int set_up(void **state)
{
	(void)state;
	it.arena = arena_new(64 * 1024, 0);
	open_world(world_whole(it.arena));
	decide_defaults(it.plan, 0, it.given);
	it.given[WORLD_AGE] = expr_int(44);
	it.given[WORLD_TIER] = expr_string(STR("gold"));
	it.given[WORLD_JOINED] = expr_timestamp_us(NOW_US - 1000 * HOUR_US);
	memcpy(it.values, it.given, sizeof it.values);
	it.values[WORLD_CHURN] = expr_double(0.25);
	it.segments = ARENA_ARRAY(it.arena, uint64_t, plan_segment_words(it.plan) + 1);
	it.segments[0] = 5;
	it.facts[0] = fact_of(FACT_CONTACT, 1, 900 * HOUR_US);
	it.facts[0].count = 3;
	it.facts[1] = fact_of(FACT_QUALIFY, 2, 30 * HOUR_US);
	it.facts[2] = it.session_facts[0] = fact_of(FACT_CONTACT, 0, HOUR_US);
	it.facts[3] = it.session_facts[1] = fact_of(FACT_ACCEPT, 0, HOUR_US / 2);
	it.session_facts[2] = fact_of(FACT_SUPPRESS, 3, HOUR_US / 4);
	it.volumes[VOLUME_OF] = 1000;
	it.filter = (OfferFilter){STR("family"), SNAP_COMPARE(NOT_EQUAL), expr_string(STR("loan"))};
	it.points[0] = (DecidePoint){.point = 0, .max = 3};
	it.points[1] = (DecidePoint){.point = -1, .max = 1};
	it.points[2] = (DecidePoint){.point = 1, .max = 2, .filter = &it.filter, .filter_count = 1};
	it.receipt = (Receipt){
	        .visitor = {.audience_id = STR("4711"), .values = it.values, .segments = it.segments},
	        .given = it.given,
	        .request = {it.points, 3, NOW_US, UINT64_C(0x123456789abcdef0), true, false},
	};
	it.receipt.visitor.state = (VisitorState){it.facts, 4, it.session_facts, 3, it.volumes};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(it.arena);
	return 0;
}

static uint64_t digest_of_decision(const Receipt *receipt)
{
	Decision decision;
	uint64_t digest;
	assert_int_equal(decide(it.plan, &receipt->visitor, &receipt->request, it.arena, &decision), OK);
	assert_int_equal(decision_digest(&decision, it.arena, &digest), OK);
	return digest;
}

static Str written(void)
{
	Str bytes;
	it.receipt.digest = digest_of_decision(&it.receipt);
	assert_int_equal(receipt_write(it.plan, &it.receipt, it.arena, &bytes), OK);
	return bytes;
}

static void a_decision_is_made_again_from_its_receipt(void **state)
{
	(void)state;
	Str bytes = written(), again;
	Receipt read;
	assert_true(bytes.len < 200);
	assert_int_equal(receipt_read(it.plan, bytes, it.arena, &read), OK);
	assert_true(str_eq(read.visitor.audience_id, STR("4711")));
	assert_int_equal(read.request.as_of_us, NOW_US);
	assert_true(read.request.deduplicate_across);
	assert_int_equal(read.request.points[1].point, -1);
	assert_int_equal(read.given[WORLD_CHURN].kind, EXPR_ERROR);
	assert_true(read.visitor.values[WORLD_CHURN].kind == EXPR_DOUBLE);
	assert_int_equal(read.visitor.state.fact_count, 4);
	assert_int_equal(read.visitor.state.session_fact_count, 3);
	assert_int_equal(read.visitor.state.session_facts[1].kind, FACT_ACCEPT);
	assert_int_equal(read.visitor.state.volumes[VOLUME_OF], 1000);
	assert_true(digest_of_decision(&read) == it.receipt.digest);
	assert_int_equal(receipt_write(it.plan, &read, it.arena, &again), OK);
	assert_true(str_eq(bytes, again));
}

static void a_visitor_by_default_costs_nothing(void **state)
{
	(void)state;
	decide_defaults(it.plan, 0, it.given);
	it.receipt.visitor.values = it.given;
	it.receipt.visitor.state = (VisitorState){0};
	it.receipt.request.count = 1;
	it.segments[0] = 0;
	assert_true(written().len < 48);
}

// Values may be of any kind, as declared or not; a receipt has them to the bit.
static void every_kind_of_value_is_kept(void **state)
{
	(void)state;
	const ExprValue texts[] = {expr_string(STR("")), expr_string(STR("übrig"))};
	const ExprValue kinds[] = {expr_null(), expr_bool(true), expr_int(INT64_MIN), expr_uint(UINT64_MAX),
	        expr_double(-0.0), expr_string(STR("x\"y")), expr_timestamp_us(-1), expr_list(texts, 2),
	        expr_list(NULL, 0), expr_missing(WORLD_AGE),
	        {.kind = EXPR_ERROR, .error = EXPR_ERR_OVERFLOW}};
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		Receipt read;
		it.given[WORLD_AGE] = kinds[i];
		Str bytes = written(), again;
		assert_int_equal(receipt_read(it.plan, bytes, it.arena, &read), OK);
		assert_int_equal(read.given[WORLD_AGE].kind, kinds[i].kind);
		assert_string_equal(expr_value_format(read.given[WORLD_AGE], it.arena).ptr,
		        expr_value_format(kinds[i], it.arena).ptr);
		assert_int_equal(receipt_write(it.plan, &read, it.arena, &again), OK);
		assert_true(str_eq(bytes, again));
	}
}

// Whatever bit of it is another: it is refused, or another decision's receipt that can be decided.
static void a_changed_receipt_does_no_harm(void **state)
{
	(void)state;
	Str bytes = written();
	size_t refused = 0;
	for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
		char *changed = arena_cstr(it.arena, bytes);
		Receipt read;
		changed[bit / 8] = (char)(changed[bit / 8] ^ 1 << bit % 8);
		Err e = receipt_read(it.plan, str_n(changed, bytes.len), it.arena, &read);
		assert_true(e == OK || e == ERR_RECEIPT_INVALID);
		refused += e != OK;
		if (e == OK)
			digest_of_decision(&read);
	}
	assert_true(refused > bytes.len);
	for (size_t len = 0; len < bytes.len; len++) {
		Receipt read;
		const char *cut = arena_alloc(it.arena, len + 1); // so that a step beyond it is seen
		memcpy((char *)(uintptr_t)cut, bytes.ptr, len);
		assert_int_equal(
		        receipt_read(it.plan, str_n(cut, len), it.arena, &read), ERR_RECEIPT_INVALID);
	}
	Receipt read;
	char *longer = arena_printf(it.arena, "%*s", (int)bytes.len + 1, "");
	memcpy(longer, bytes.ptr, bytes.len);
	longer[bytes.len] = 0;
	assert_int_equal(
	        receipt_read(it.plan, str_n(longer, bytes.len + 1), it.arena, &read), ERR_RECEIPT_INVALID);
}

static void another_snapshot_refuses_it(void **state)
{
	(void)state;
	Str bytes = written();
	Receipt read;
	open_world(world_new(it.arena)); // without points
	assert_int_equal(receipt_read(it.plan, bytes, it.arena, &read), ERR_RECEIPT_INVALID);
}

static void one_that_would_be_too_long_says_so(void **state)
{
	(void)state;
	Fact *facts = ARENA_ARRAY(it.arena, Fact, DECIDE_FACTS_MAX);
	for (size_t i = 0; i < DECIDE_FACTS_MAX; i++)
		facts[i] = fact_of(FACT_QUALIFY, i % 4, (int64_t)(DECIDE_FACTS_MAX - i) * HOUR_US);
	it.receipt.visitor.state.facts = facts;
	it.receipt.visitor.state.fact_count = DECIDE_FACTS_MAX;
	Str bytes = written();
	Receipt read;
	assert_int_equal(bytes.len, 1);
	assert_int_equal(receipt_read(it.plan, bytes, it.arena, &read), ERR_LIMIT);
}

// A digest tells any two decisions apart, however little they differ.
static void the_digest_sees_the_last_bit(void **state)
{
	(void)state;
	Decision decision;
	uint64_t before, after;
	assert_int_equal(decide(it.plan, &it.receipt.visitor, &it.receipt.request, it.arena, &decision), OK);
	assert_true(decision.points[0].offer_count > 0);
	DecidedOffer *offer = (DecidedOffer *)(uintptr_t)&decision.points[0].offers[0];
	assert_int_equal(decision_digest(&decision, it.arena, &before), OK);
	offer->score.final = nextafter(offer->score.final, 1000);
	assert_int_equal(decision_digest(&decision, it.arena, &after), OK);
	assert_true(before != after);
}

// As README.md has it, digit by digit.
static void spell(uint64_t number, size_t digits, char *ret)
{
	for (size_t i = digits; i-- > 0; number >>= 5)
		ret[i] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number & 31];
}

static void treatment_codes_are_spelled_as_documented(void **state)
{
	(void)state;
	static const uint32_t ordinals[] = {0, 1, 31, 32, 63, 64, 1023, 1024, 63999};
	uint64_t seed = 1;
	for (unsigned i = 0; i < 10000; i++, seed = seed * UINT64_C(6364136223846793005) + i) {
		char code[TREATMENT_CODE_SIZE], expected[TREATMENT_CODE_SIZE] = {0};
		uint32_t ordinal = ordinals[i % ARRAY_COUNT(ordinals)];
		uint64_t mask = mix64(seed + UINT64_C(0x9e3779b97f4a7c15)) >> 34;
		spell(mix64(seed), 13, expected);
		spell(ordinal ^ mask, 6, expected + 13);
		decision_code(seed, ordinal, code);
		assert_string_equal(code, expected);
	}
}

static void treatment_codes_name_their_decision(void **state)
{
	(void)state;
	uint64_t seed = 1;
	for (unsigned i = 0; i < 10000; i++, seed = seed * UINT64_C(6364136223846793005) + i) {
		char id[DECISION_ID_SIZE], code[TREATMENT_CODE_SIZE];
		uint64_t read = 0, of_code = 0;
		decision_id(seed, id);
		decision_code(seed, 0, code);
		assert_memory_equal(id, code, DECISION_ID_SIZE - 1);
		assert_true(decision_id_read(str(id), &read) && read == seed);
		assert_true(decision_id_read(str(code), &of_code) && of_code == seed);
	}
	uint64_t read, low;
	assert_true(decision_id_read(STR("0O1IL56789ABC"), &read));
	assert_true(decision_id_read(STR("0011156789abc"), &low) && low == read);
	assert_false(decision_id_read(STR("G000000000000"), &read)); // beyond 64 bits
	assert_false(decision_id_read(STR("000000000000U"), &read));
	assert_false(decision_id_read(STR("00000000000"), &read));
	assert_false(decision_id_read(STR(""), &read));
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        STORY(a_decision_is_made_again_from_its_receipt),
	        STORY(a_visitor_by_default_costs_nothing),
	        STORY(every_kind_of_value_is_kept),
	        STORY(a_changed_receipt_does_no_harm),
	        STORY(another_snapshot_refuses_it),
	        STORY(one_that_would_be_too_long_says_so),
	        STORY(the_digest_sees_the_last_bit),
	        STORY(treatment_codes_are_spelled_as_documented),
	        STORY(treatment_codes_name_their_decision),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
