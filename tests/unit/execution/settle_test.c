// Submitting, approving and withdrawing: what comes in pieces is there once; who may sign, and what a
// signature is worth; what is given up leaves nothing behind.
#include "desk.h"

#include "wire/wire.h"
#include "world/seal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { A_STRANGER = 99, THE_BUILDER = 1, FEW = 3 };

static int set_up(void **state)
{
	(void)state;
	desk_reset();
	return 0;
}

static void says(const char *part)
{
	if (!strstr(err_detail()->message, part))
		fail_msg("'%s' does not say '%s'", err_detail()->message, part);
}

static Sample *visits(uint64_t seed)
{
	return desk_sample((Visits){.first = 1, .count = FEW, .seed = seed});
}

// --- submitting ---

static void check_statement(const SubmittedPlan *plan, const Sample *sample)
{
	ProtobufCMessage *message;
	assert_int_equal(wire_unpack(&parley__plan__v1__plan_statement__descriptor,
	                         str_n((const char *)plan->statement.data, plan->statement.len), 0,
	                         desk.arena, &message),
	        OK);
	const Parley__Plan__V1__PlanStatement *statement = (const void *)message;
	assert_int_equal(statement->format, 1);
	assert_string_equal(statement->environment, "production");
	assert_string_equal(statement->author, "dora");
	assert_string_equal(statement->comment, "a day once more");
	assert_int_equal(statement->effects, sample->effects);
	assert_int_equal(statement->created_us, desk.now_us);
	assert_memory_equal(statement->digest.data, sample->digest.bytes, sizeof sample->digest.bytes);
	assert_string_equal(statement->inputs->channel, "bank");
	assert_int_equal(statement->inputs->seed, sample->inputs.seed);
}

static void a_plan_comes_in_pieces_and_is_there_once(void **state)
{
	Sample *sample = visits(1);
	SubmittedPlan *plan;
	Str first = str_n(sample->bytes.ptr, 100), rest = str_n(first.ptr + 100, sample->bytes.len - 100);
	(void)state;
	assert_int_equal(desk_begin("dora", sample, &plan), OK);
	assert_int_equal(plan->state, PLAN_STATE(SUBMITTING));
	assert_int_equal(plan->received, 0);
	assert_int_equal(plan->statement.len, 0);
	assert_int_equal(desk_add("dora", sample, 0, first, false, &plan), OK);
	assert_int_equal(desk_add("dora", sample, 0, first, false, &plan), OK); // its answer was lost
	assert_int_equal(plan->received, 100);
	assert_int_equal(desk_add("dora", sample, 101, rest, true, NULL), ERR_FIELD_INVALID);
	says("100 bytes are here");
	assert_int_equal(desk_begin("ben", sample, NULL), ERR_PLAN_STATE);
	assert_int_equal(desk_add("ben", sample, 100, rest, true, NULL), ERR_PLAN_STATE);
	assert_int_equal(desk_begin("dora", sample, &plan), OK); // begun again, it goes on
	assert_int_equal(plan->received, 100);
	assert_int_equal(desk_add("dora", sample, 100, rest, true, &plan), OK);
	assert_int_equal(plan->state, PLAN_STATE(SUBMITTED));
	check_statement(plan, sample);
	assert_int_equal(desk_add("dora", sample, 100, rest, true, &plan), OK);
	assert_int_equal(desk_begin("ben", sample, &plan), OK);
	assert_true(plan->unchanged);
	assert_string_equal(plan->author, "dora");
	assert_int_equal(desk_ask("SELECT count(*) FROM plan"), 1);
	assert_int_equal(desk_ask("SELECT sum(length(content)) FROM plan_piece"), (int64_t)sample->bytes.len);
}

static void what_can_be_no_plan_is_refused(void **state)
{
	Sample *sample = visits(1), *other = visits(2);
	char *large = arena_alloc(desk.arena, PIECE_MAX + 1);
	(void)state;
	sample->effects = 0;
	assert_int_equal(desk_begin("dora", sample, NULL), ERR_FIELD_INVALID);
	sample->effects = FEW;
	sample->inputs.state_digest = sample->inputs.set_digest;
	assert_int_equal(desk_begin("dora", sample, NULL), ERR_FIELD_MISSING);
	sample->inputs.state_digest.len = 0;
	sample->inputs.snapshot_digest.len = 31;
	assert_int_equal(desk_begin("dora", sample, NULL), ERR_FIELD_MISSING);
	sample->inputs.snapshot_digest.len = 32;
	sample->inputs.brief = true;
	assert_int_equal(desk_begin("dora", sample, NULL), ERR_FIELD_INVALID);
	says("make it again whole");
	sample->inputs.brief = false;
	assert_int_equal(desk_begin("dora", sample, NULL), OK);
	assert_int_equal(desk_add("dora", sample, 0, (Str){0}, false, NULL), ERR_FIELD_MISSING);
	assert_int_equal(
	        desk_add("dora", sample, 0, str_n(large, PIECE_MAX + 1), false, NULL), ERR_FIELD_INVALID);
	assert_int_equal(desk_add("dora", other, 0, sample->bytes, true, NULL), ERR_PLAN_UNKNOWN);
	assert_int_equal(desk_execute(other, NULL), ERR_PLAN_UNKNOWN);
	assert_int_equal(desk_execute(sample, NULL), ERR_PLAN_STATE);
	assert_int_equal(desk_approve("anna", TEST_ANNA, sample, NULL), ERR_PLAN_STATE);
}

static void only_so_many_wait(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WAITING_MAX; seed++)
		assert_int_equal(desk_submit("dora", visits(seed), NULL), OK);
	assert_int_equal(desk_begin("dora", visits(WAITING_MAX + 1), NULL), ERR_LIMIT);
	says("execute or withdraw one first");
	assert_int_equal(desk_withdraw("dora", visits(5), NULL), OK);
	assert_int_equal(desk_begin("dora", visits(WAITING_MAX + 1), NULL), OK);
}

// --- approving ---

static void approvals_are_of_distinct_persons_other_than_who_submitted_it(void **state)
{
	Sample *sample = visits(1);
	SubmittedPlan *plan;
	(void)state;
	assert_int_equal(desk_submit("anna", sample, NULL), OK);
	assert_int_equal(desk_execute(sample, NULL), ERR_APPROVALS_MISSING);
	says("0 of the 2 approvals");
	assert_int_equal(desk_approve("anna", TEST_ANNA, sample, NULL), ERR_APPROVER_IS_AUTHOR);
	assert_int_equal(desk_approve("ben", TEST_BEN, sample, &plan), OK);
	assert_false(plan->unchanged);
	assert_int_equal(desk_approve("ben", TEST_BEN, sample, &plan), OK);
	assert_true(plan->unchanged);
	assert_int_equal(plan->n_approvals, 1);
	assert_int_equal(plan->approvals_needed, 2);
	assert_int_equal(desk_execute(sample, NULL), ERR_APPROVALS_MISSING);
	says("1 of the 2 approvals");
	assert_int_equal(desk_approve("ben", TEST_CARL, sample, NULL), ERR_PERMISSION_DENIED);
	says("the key is carl's");
	assert_int_equal(desk_approve("carl", TEST_CARL, sample, &plan), OK);
	assert_int_equal(plan->n_approvals, 2);
	assert_string_equal(plan->approvals[0]->approver, "ben");
	assert_string_equal(plan->approvals[1]->approver, "carl");
	assert_int_equal(desk_execute(sample, &plan), OK);
	assert_int_equal(plan->state, PLAN_STATE(CHECKING));
}

// A signature of anna's over `payload` under `type`, handed in for a plan.
static Err hand_in(const Sample *sample, uint8_t number, Str type, Str payload)
{
	Parley__Design__V1__ApprovePlanRequest request = PARLEY__DESIGN__V1__APPROVE_PLAN_REQUEST__INIT;
	Signature *signature = test_sign(number, type, payload, desk.arena);
	char environment[] = "production";
	request.environment = environment;
	request.digest = (ProtobufCBinaryData){32, (uint8_t *)(uintptr_t)sample->digest.bytes};
	request.keyid = signature->keyid;
	request.signature = signature->sig;
	return desk_call("anna", "ApprovePlan", &request.base, NULL);
}

static Str statement_of(const Sample *sample)
{
	ProtobufCBinaryData statement = desk_get(sample)->statement;
	return str_n((const char *)statement.data, statement.len);
}

static void only_a_signature_over_the_plans_statement_is_one(void **state)
{
	Sample *sample = visits(1), *other = visits(2);
	(void)state;
	assert_int_equal(desk_submit("dora", sample, NULL), OK);
	assert_int_equal(desk_submit("dora", other, NULL), OK);
	Str statement = statement_of(sample), type = STR(PLAN_PAYLOAD_TYPE);
	assert_int_equal(hand_in(sample, TEST_ANNA, type, statement_of(other)), ERR_SIGNATURE_INVALID);
	assert_int_equal(
	        hand_in(sample, TEST_ANNA, STR(SNAPSHOT_PAYLOAD_TYPE), statement), ERR_SIGNATURE_INVALID);
	assert_int_equal(
	        hand_in(sample, TEST_ANNA, type, digest_bytes(&sample->digest)), ERR_SIGNATURE_INVALID);
	assert_int_equal(hand_in(sample, A_STRANGER, type, statement), ERR_SIGNATURE_INVALID);
	assert_int_equal(hand_in(sample, THE_BUILDER, type, statement), ERR_KEY_ROLE);
	assert_int_equal(hand_in(sample, TEST_TIMESTAMP, type, statement), ERR_KEY_ROLE);
	assert_int_equal(desk_get(sample)->n_approvals, 0);
	assert_int_equal(hand_in(sample, TEST_ANNA, type, statement), OK);
	assert_int_equal(desk_get(sample)->n_approvals, 1);
}

static void what_stands_in_the_database_counts_only_if_it_was_signed(void **state)
{
	Sample *sample = visits(1), *other = visits(2);
	(void)state;
	desk_prepare(sample);
	desk_do("DELETE FROM plan_approval WHERE approver = 'ben';"
	        "INSERT INTO plan_approval SELECT plan, 'ben', keyid, signature, '', now() FROM "
	        "plan_approval");
	assert_int_equal(desk_get(sample)->n_approvals, 1);
	assert_int_equal(desk_execute(sample, NULL), ERR_APPROVALS_MISSING);
	// What was approved of one plan, put beside another.
	assert_int_equal(desk_approve("carl", TEST_CARL, sample, NULL), OK);
	assert_int_equal(desk_submit("dora", other, NULL), OK);
	desk_do("UPDATE plan SET statement = (SELECT statement FROM plan WHERE seed = 1) WHERE seed = 2;"
	        "INSERT INTO plan_approval SELECT (SELECT id FROM plan WHERE seed = 2), approver, keyid, "
	        "signature, '', now()"
	        " FROM plan_approval");
	assert_int_equal(desk_get(sample)->n_approvals, 2);
	assert_int_equal(desk_get(other)->n_approvals, 0);
	assert_int_equal(desk_execute(other, NULL), ERR_APPROVALS_MISSING);
	// Who signed it becomes its author, or another did.
	desk_do("UPDATE plan SET author = 'eve' WHERE seed = 1");
	assert_int_equal(desk_get(sample)->n_approvals, 0);
}

// --- withdrawing ---

static void what_is_withdrawn_leaves_nothing_and_may_come_again(void **state)
{
	Sample *sample = visits(1);
	SubmittedPlan *plan;
	(void)state;
	desk_prepare(sample);
	assert_int_equal(desk_withdraw("ben", sample, &plan), OK);
	assert_int_equal(plan->state, PLAN_STATE(WITHDRAWN));
	assert_string_equal(plan->reason, "too late");
	assert_int_equal(
	        desk_ask("SELECT (SELECT count(*) FROM plan_piece) + (SELECT count(*) FROM plan_approval)"),
	        0);
	assert_int_equal(desk_withdraw("ben", sample, &plan), OK);
	assert_true(plan->unchanged);
	assert_int_equal(desk_execute(sample, NULL), ERR_PLAN_STATE);
	assert_int_equal(desk_approve("anna", TEST_ANNA, sample, NULL), ERR_PLAN_STATE);
	assert_int_equal(desk_begin("carl", sample, &plan), OK);
	assert_int_equal(plan->received, 0);
	assert_string_equal(plan->author, "carl");
	assert_int_equal(desk_withdraw("dora", sample, &plan), OK); // half submitted, and by another
	desk_carry_out(sample);
	assert_int_equal(desk_withdraw("dora", sample, NULL), ERR_PLAN_STATE);
	says("it is executed");
}

static void a_plan_that_is_being_executed_is_not_withdrawn(void **state)
{
	Sample *sample = visits(1);
	bool any;
	(void)state;
	desk_prepare(sample);
	assert_int_equal(desk_execute(sample, NULL), OK);
	assert_int_equal(desk_withdraw("dora", sample, NULL), ERR_PLAN_STATE);
	says("it is checking");
	assert_int_equal(check_one(&desk.executions, &any), OK);
	assert_int_equal(desk_withdraw("dora", sample, NULL), ERR_PLAN_STATE);
	says("it is executing");
	assert_int_equal(desk_approve("carl", TEST_CARL, sample, NULL), ERR_PLAN_STATE);
}

// --- looking ---

static void plans_are_listed_from_the_newest_page_by_page(void **state)
{
	Parley__Design__V1__ListPlansRequest request = PARLEY__DESIGN__V1__LIST_PLANS_REQUEST__INIT;
	char environment[] = "production";
	uint64_t seen = 0;
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++)
		assert_int_equal(desk_submit("dora", visits(seed), NULL), OK);
	request.environment = environment;
	request.page_size = 2;
	do {
		SubmittedPlan *answer;
		assert_int_equal(desk_call("dora", "ListPlans", &request.base, &answer), OK);
		const Parley__Design__V1__ListPlansResponse *page = (const void *)answer;
		for (size_t i = 0; i < page->n_plans; i++, seen++) {
			char hex[65];
			digest_hex(&visits(5 - seen)->digest, hex);
			assert_string_equal(page->plans[i]->digest, hex);
		}
		request.page_token = page->next_page_token;
	} while (*request.page_token);
	assert_int_equal(seen, 5);
}

int settle_tests(void)
{
#define T(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
	        T(a_plan_comes_in_pieces_and_is_there_once),
	        T(what_can_be_no_plan_is_refused),
	        T(only_so_many_wait),
	        T(approvals_are_of_distinct_persons_other_than_who_submitted_it),
	        T(only_a_signature_over_the_plans_statement_is_one),
	        T(what_stands_in_the_database_counts_only_if_it_was_signed),
	        T(what_is_withdrawn_leaves_nothing_and_may_come_again),
	        T(a_plan_that_is_being_executed_is_not_withdrawn),
	        T(plans_are_listed_from_the_newest_page_by_page),
	};
	return cmocka_run_group_tests_name("plans until they are executed", tests, NULL, NULL);
}
