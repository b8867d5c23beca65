// The behavioural gate: what it lets pass, what stops, and what its words say to do.
#include "base/cleanup.h"
#include "line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define GATE                                                                                                 \
	"gates:\n  - {kind: behaviour, max_changed: 10%, max_changed_zone: 20%, max_changed_segment: 30%, "  \
	"min_decisions: 100, acknowledge: true, limits: [{zone: attic, max_changed: 0%}]}\n"
#define PASSES_FEW "gates:\n  - {kind: behaviour, max_changed: 10%, min_decisions: 100, when_few: pass}\n"
#define DAY_US     (INT64_C(86400) * 1000000)

typedef Parley__Design__V1__GetPromotionResponse Promotion;
typedef Parley__Design__V1__Gate Gate;

static Line line;
static char running[65];

static int set_up(void **state)
{
	(void)state;
	line_reset(&line);
	line_do(&line, "TRUNCATE recommendation, evidence CASCADE");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	line_end(&line);
	return 0;
}

static const char *deploy(const char *environment)
{
	Parley__Design__V1__DeployResponse *response = NULL;
	Err e = line_deploy(&line, environment, &response);
	if (e)
		fail_msg("%s: %s", err_reason(e), err_detail()->message);
	return response->deployment->digest;
}

// Of the only environment that has one.
static const Gate *gate(void)
{
	Parley__Design__V1__GetPromotionRequest request = PARLEY__DESIGN__V1__GET_PROMOTION_REQUEST__INIT;
	ProtobufCMessage *answer;
	const Gate *found = NULL;
	request.channel = (char *)(uintptr_t) "bank";
	assert_int_equal(line_call(&line, "GetPromotion", &request.base, &answer), OK);
	const Promotion *promotion = (const Promotion *)answer;
	assert_int_equal(promotion->n_stages, *line.staging ? 3 : 2);
	for (size_t i = 0; i < promotion->n_stages; i++)
		if (promotion->stages[i]->n_gates == 1)
			found = promotion->stages[i]->gates[0];
	assert_non_null(found);
	return found;
}

static void gate_says(bool passed, const char *part)
{
	const Gate *is = gate();
	if (is->passed != passed || !strstr(is->reason, part))
		fail_msg("'%s' (%s) does not say '%s'", is->reason, is->passed ? "passed" : "stopped", part);
}

// Recorded decisions of production, one an hour before now.
static void record(int count)
{
	line_do(&line,
	        arena_printf(line.arena,
	                "INSERT INTO recommendation (time, incarnation, sequence, position, "
	                "snapshot_version, environment, runtime_id, channel, session_id, audience_level, "
	                "audience_id, snapshot_digest, rank, score, seed, interaction_point, zone, "
	                "treatment_code, offer_code, treatment_rule, segment, campaign, cell, origin, "
	                "receipt) "
	                "SELECT to_timestamp(%lld) - interval '1 hour', 1, n, 0, 1, 'production', 'r', "
	                "'bank', 's', 'customer', '7', '', 1, 1, n, 'banner', 'home', '', '', '', '', "
	                "'', '', '', '\\x01' "
	                "FROM generate_series(1, %d) n",
	                (long long)(line.now_us / 1000000), count));
}

typedef struct Counts {
	const char *environment; // NULL: production
	int decisions, different, questions, changed, home, home_changed, segment, segment_changed;
	const char *running;
} Counts;

static Err hand_in(const char *digest, Counts c)
{
	char since[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE];
	Parley__Design__V1__AddEvidenceRequest request = PARLEY__DESIGN__V1__ADD_EVIDENCE_REQUEST__INIT;
	ProtobufCMessage *answer;
	time_format(line.now_us - DAY_US, since);
	time_format(line.now_us, until);
	request.channel = (char *)(uintptr_t) "bank";
	request.environment = (char *)(uintptr_t)(c.environment ? c.environment : "production");
	request.digest = (char *)(uintptr_t)digest;
	request.kind = (char *)(uintptr_t) "behaviour";
	request.passed = true;
	request.report = arena_printf(line.arena,
	        "{\"running\": \"%s\", \"since\": \"%s\", \"until\": \"%s\", \"decisions\": %d, "
	        "\"different\": %d, "
	        "\"questions\": %d, \"changed_winners\": %d, \"zones\": [{\"name\": \"home\", \"questions\": "
	        "%d, "
	        "\"changed_winners\": %d}, {\"name\": \"attic\", \"questions\": %d, \"changed_winners\": "
	        "%d}], "
	        "\"segments\": [{\"name\": \"gold\", \"questions\": %d, \"changed_winners\": %d}]}",
	        c.running ? c.running : running, since, until, c.decisions, c.different, c.questions,
	        c.changed, c.home, c.home_changed, c.questions - c.home, c.changed - c.home_changed,
	        c.segment, c.segment_changed);
	return line_call(&line, "AddEvidence", &request.base, &answer);
}

static void another_rule(int age)
{
	line_do(&line, arena_printf(line.arena,
	                       "UPDATE resource SET spec = jsonb_set(spec, '{eligibility}', '\"age >= %d\"') "
	                       "WHERE kind = 'TreatmentRule'",
	                       age));
}

// Production runs one snapshot, test the next, whose digest is returned.
static const char *a_candidate(const char *gates)
{
	line.gates = gates;
	line_close(&line);
	line_open(&line, 1);
	deploy("test");
	gate_says(true, "nothing serves in production yet");
	snprintf(running, sizeof running, "%s", deploy("production"));
	gate_says(true, "runs these very bytes");
	another_rule(21);
	return deploy("test");
}

static Counts good(void)
{
	return (Counts){.decisions = 120,
	        .questions = 400,
	        .changed = 8,
	        .home = 360,
	        .home_changed = 8,
	        .segment = 50,
	        .segment_changed = 5};
}

static void few_recorded_decisions_go_as_the_profile_says(void **state)
{
	(void)state;
	a_candidate(GATE);
	record(99);
	gate_says(false, "99 recorded decisions, 100 are asked for: wait for more");
	line.gates = PASSES_FEW;
	line_close(&line);
	line_open(&line, 1);
	gate_says(true, "99 recorded decisions, 100 are asked for: too few to judge by");
	assert_int_equal(gate()->evidence, 0);
	deploy("production");
}

static void what_is_within_the_limits_passes_and_is_named_in_the_manifest(void **state)
{
	(void)state;
	const char *digest = a_candidate(GATE);
	record(200);
	gate_says(false, "were not compared with those of what production runs: parley behaviour bank --env "
	                 "production");
	assert_int_equal(line_deploy(&line, "production", NULL), ERR_GATE_FAILED);
	assert_int_equal(hand_in(digest, good()), OK);
	gate_says(true, "2 % of 400 winners changed in 120 decisions; most in zone home (2.22 %), of segment "
	                "gold (10 %)");
	deploy("production");
	assert_int_equal(line_ask(&line, "SELECT cardinality(evidence) FROM deployment WHERE environment = "
	                                 "'production' AND version = 2"),
	        1);
}

static void what_is_beyond_a_limit_stops_and_is_named(void **state)
{
	(void)state;
	const char *digest = a_candidate(GATE);
	record(200);
	Counts counts = good();
	counts.segment_changed = 8, counts.segment = 20; // too few questions to be judged by
	assert_int_equal(hand_in(digest, counts), OK);
	gate_says(true, "2 % of 400");
	counts.segment = 31, counts.decisions = 121;
	assert_int_equal(hand_in(digest, counts), OK);
	gate_says(true, "of segment gold (25.8 %)");
	counts = good();
	counts.home_changed = 7; // one of the attic's, where none may
	assert_int_equal(hand_in(digest, counts), OK);
	gate_says(false, "zone attic: 2.5 % of 40 winners changed, at most 0 % may");
	gate_says(false, "--acknowledge WINNERS_CHANGED:zone/attic");
	counts = good();
	counts.changed = counts.home_changed = 90;
	assert_int_equal(hand_in(digest, counts), OK);
	gate_says(false,
	        "zone home: 25 % of 360 winners changed, at most 20 % may; all together: 22.5 % of 400");
	assert_int_equal(line_deploy(&line, "production", NULL), ERR_GATE_FAILED);
	assert_non_null(strstr(err_detail()->message, "WINNERS_CHANGED:zone/home"));
}

static Err deploy_acknowledging(const char *first, const char *second)
{
	Parley__Design__V1__DeployRequest request = PARLEY__DESIGN__V1__DEPLOY_REQUEST__INIT;
	ProtobufCMessage *answer;
	char *names[] = {(char *)(uintptr_t)first, (char *)(uintptr_t)second};
	request.channel = (char *)(uintptr_t) "bank";
	request.environment = (char *)(uintptr_t) "production";
	request.acknowledged = names;
	request.n_acknowledged = second ? 2 : 1;
	return line_call(&line, "Deploy", &request.base, &answer);
}

static void what_is_meant_is_acknowledged_by_its_name(void **state)
{
	(void)state;
	const char *digest = a_candidate(GATE);
	record(200);
	Counts counts = good();
	counts.changed = counts.home_changed = 90;
	assert_int_equal(hand_in(digest, counts), OK);
	assert_int_equal(deploy_acknowledging("WINNERS_CHANGED:zone/home", NULL), ERR_GATE_FAILED);
	assert_non_null(strstr(err_detail()->message, "all together"));
	assert_int_equal(
	        deploy_acknowledging("WINNERS_CHANGED:zone/home", "WINNERS_CHANGED:channel/bank"), OK);
	assert_int_equal(
	        line_ask(&line, "SELECT cardinality(acknowledged) FROM deployment WHERE environment = "
	                        "'production' AND version = 2"),
	        2);
}

static void a_report_that_says_nothing_of_this_promotion_stops(void **state)
{
	(void)state;
	const char *digest = a_candidate(GATE);
	record(200);
	Counts counts = good();
	counts.running = digest;
	assert_int_equal(hand_in(digest, counts), OK);
	gate_says(false, "another snapshot than production runs now");
	counts = good();
	counts.different = 3;
	assert_int_equal(hand_in(digest, counts), OK);
	gate_says(false, "3 of the recorded decisions did not come out as they were recorded");
	counts = good();
	counts.decisions = 99;
	assert_int_equal(hand_in(digest, counts), OK);
	gate_says(false, "99 decisions were compared, at least 100 are asked for");
	counts.decisions = 100000;
	assert_int_equal(hand_in(digest, counts), OK);
	gate_says(false, "it counts 100000 decisions, but the history of its time has 200");
	counts.decisions = 130;
	assert_int_equal(hand_in(digest, counts), OK);
	gate_says(true, "2 % of 400");
	line.now_us += 31 * DAY_US;
	record(200);
	gate_says(false, "its decisions are not of the last 720 h");
}

// What production's visitors asked for is asked of a snapshot before it comes to staging.
static void decisions_are_taken_from_where_the_profile_says(void **state)
{
	(void)state;
	line.staging =
	        "gates:\n  - {kind: behaviour, from: production, max_changed: 10%, min_decisions: 100}\n";
	line_close(&line);
	line_open(&line, 1);
	deploy("test");
	gate_says(true, "nothing serves in production yet");
	snprintf(running, sizeof running, "%s", deploy("production"));
	gate_says(true, "production runs these very bytes");
	another_rule(21);
	const char *digest = deploy("test");
	record(200);
	line_do(&line, "UPDATE recommendation SET environment = 'staging' WHERE seed > 99");
	gate_says(false, "of production have 99 recorded decisions, 100 are asked for");
	line_do(&line, "UPDATE recommendation SET environment = 'production'");
	gate_says(false, "were not compared with those of what production runs: parley behaviour bank --env "
	                 "production "
	                 "--snapshot test:bank");
	Counts counts = good();
	counts.environment = "staging";
	assert_int_equal(hand_in(digest, counts), OK);
	gate_says(false, "were not compared");
	counts.environment = "production";
	assert_int_equal(hand_in(digest, counts), OK);
	gate_says(true, "2 % of 400 winners changed in 120 decisions");
	counts.changed = counts.home_changed = 90;
	assert_int_equal(hand_in(digest, counts), OK);
	gate_says(false, "all together: 22.5 % of 400 winners changed, at most 10 % may");
	assert_int_equal(line_deploy(&line, "staging", NULL), ERR_GATE_FAILED);
	line.now_us += 2 * DAY_US; // and what production runs then is what counts
	deploy("production");
	gate_says(true, "production runs these very bytes");
}

static void counts_that_do_not_add_up_are_refused(void **state)
{
	(void)state;
	const char *digest = a_candidate(GATE);
	Counts counts = good();
	counts.segment = 500;
	assert_int_equal(hand_in(digest, counts), ERR_EVIDENCE_INVALID);
	counts = good();
	counts.home = 401;
	assert_int_equal(hand_in(digest, counts), ERR_EVIDENCE_INVALID);
	counts = good();
	counts.running = "somebody";
	assert_int_equal(hand_in(digest, counts), ERR_EVIDENCE_INVALID);
}

int main(void)
{
	line_make(&line);
	line_do(&line, "CREATE TABLE recommendation_of_the_test PARTITION OF recommendation DEFAULT");
	rpc_init();
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(few_recorded_decisions_go_as_the_profile_says),
	        T(what_is_within_the_limits_passes_and_is_named_in_the_manifest),
	        T(what_is_beyond_a_limit_stops_and_is_named),
	        T(what_is_meant_is_acknowledged_by_its_name),
	        T(a_report_that_says_nothing_of_this_promotion_stops),
	        T(decisions_are_taken_from_where_the_profile_says),
	        T(counts_that_do_not_add_up_are_refused),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rpc_shutdown();
	line_remove(&line);
	return failed;
}
