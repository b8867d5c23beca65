// Responses without a session: each is put into a journal as a runtime server does, shipped, and matched to
// what was shown.
#include "ingest_world.h"

#include "match/match.h"
#include "wire/wire.h"

#include <stdio.h>

#define CODE(name) PARLEY__JOURNAL__V1__RESPONSE_CODE__RESPONSE_CODE_##name

static const int64_t NOON = INT64_C(1780315200) * US_PER_S; // when world_visit's visits are
static const int64_t MINUTE_US = 60 * US_PER_S, DAY_US = 86400 * US_PER_S;

static const Str environments[] = {{WORLD_ENVIRONMENT, sizeof WORLD_ENVIRONMENT - 1}};
static const int64_t window_us[] = {30 * 86400 * US_PER_S};
static const int64_t patience_us[] = {7 * 86400 * US_PER_S};
static const int64_t keep_us[] = {90 * 86400 * US_PER_S};
static const MatchRules rules = {environments, window_us, patience_us, keep_us, 1};

typedef struct Said {
	const char *id;
	Parley__Journal__V1__ResponseCode kind;
	const char *code, *visitor, *response;
	int64_t at_us;
} Said;

// `known`: the server knew the treatment, and tells its facts.
static void post(World *world, const Said *said, bool known)
{
	static uint8_t digest[32] = {4, 5, 6};
	Parley__Journal__V1__Context context = PARLEY__JOURNAL__V1__CONTEXT__INIT;
	Parley__Journal__V1__ResponsePosted posted = PARLEY__JOURNAL__V1__RESPONSE_POSTED__INIT;
	Parley__Journal__V1__Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	context.channel = (char *)"retail";
	context.audience_level = (char *)(said->visitor ? "Customer" : "");
	context.audience_id = (char *)(uintptr_t)(said->visitor ? said->visitor : "");
	context.snapshot_version = 9;
	context.snapshot_digest = (ProtobufCBinaryData){sizeof digest, digest};
	context.time_us = NOON + DAY_US;
	posted.event_id = (char *)(uintptr_t)said->id;
	posted.code_kind = said->kind;
	posted.code = (char *)(uintptr_t)said->code;
	posted.response = (char *)(uintptr_t)said->response;
	posted.responded_us = said->at_us;
	posted.known = known;
	posted.recommended_us = known ? NOON : 0;
	posted.offer_code = (char *)(known ? "BRONZE" : "");
	posted.campaign = (char *)(known ? "autumn" : "");
	entry.context = &context;
	entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_RESPONSE_POSTED;
	entry.response_posted = &posted;
	world_append(world, str(said->id), &entry, true);
}

static void respond(World *world, const Said *said)
{
	post(world, said, false);
}

static int begin(void **state)
{
	world_story_begin(state);
	World *world = *state;
	world_sql(world, "TRUNCATE late_response, source_code");
	world_visit(world, 7); // its treatments are T-1, shown and accepted, and T-2, only recommended
	world_ship_start(world);
	return 0;
}

static MatchCount match(World *world, int64_t now_us)
{
	MatchCount count;
	world_wait_shipped(world);
	if (match_batch(world->services.ingest, &rules, now_us, &count) != OK)
		fail_msg("%s", err_detail()->message);
	return count;
}

static int64_t now(void)
{
	return clock_now_us(clock_system());
}

#define COUNT(where) world_count(world, "SELECT count(*) FROM late_response WHERE " where)
#define RESPONSES(where)                                                                                     \
	world_count(world, "SELECT count(*) FROM response_history WHERE event_id LIKE 'late-%' AND " where)

static void a_treatment_is_found_by_its_code(void **state)
{
	World *world = *state;
	respond(world, &(Said){"late-1", CODE(TREATMENT), "T-1", NULL, "accept", NOON + MINUTE_US});
	respond(world, &(Said){"late-2", CODE(TREATMENT), "T-2", NULL, "reject", NOON + MINUTE_US});
	MatchCount count = match(world, now());
	assert_int_equal(count.taken, 2);
	assert_int_equal(count.matched, 2);
	assert_int_equal(RESPONSES("response = 'accept' AND treatment_code = 'T-1' AND offer_code = 'GOLD' "
	                           "AND campaign = 'spring' "
	                           "AND cell = 'c1' AND audience_id = 'customer-7' AND session_id = '' AND "
	                           "snapshot_version = 7 "
	                           "AND zone = 'top' AND runtime_id = 'r1'"),
	        1);
	assert_int_equal(
	        RESPONSES("response = 'reject' AND treatment_code = 'T-2' AND offer_code = 'SILVER'"), 1);
	assert_int_equal(match(world, now()).taken, 0);
	assert_int_equal(RESPONSES("true"), 2);
}

static void a_response_counts_once(void **state)
{
	World *world = *state;
	Said said = {"late-1", CODE(TREATMENT), "T-1", NULL, "accept", NOON + MINUTE_US};
	respond(world, &said);
	respond(world, &said);
	match(world, now());
	world_ship_stop(world);
	world_journal_restart(world); // and from another life of the server
	world_ship_start(world);
	respond(world, &said);
	char accept[32];
	snprintf(accept, sizeof accept, "event-%llu", (unsigned long long)world->next_event - 2);
	said.id = accept; // of the visit
	respond(world, &said);
	match(world, now());
	assert_int_equal(RESPONSES("true"), 1);
	assert_int_equal(COUNT("true"), 1);
}

static void an_offer_is_found_by_visitor(void **state)
{
	World *world = *state;
	world_visit(world, 100); // of the same offer by another, a minute and a half later
	respond(world, &(Said){"late-1", CODE(OFFER), "GOLD", "customer-7", "accept", NOON + 2 * MINUTE_US});
	respond(world, &(Said){"late-2", CODE(OFFER), "GOLD", "customer-7", "accept", NOON + 6 * US_PER_S});
	respond(world, &(Said){"late-3", CODE(OFFER), "IRON", "customer-7", "accept", NOON + 2 * MINUTE_US});
	match(world, now());
	assert_int_equal(RESPONSES("audience_id = 'customer-7' AND treatment_code = 'T-1'"), 1);
	assert_int_equal(COUNT("event_id = 'late-2' AND state = 'orphan' AND reason = 'before_contact'"), 1);
	assert_int_equal(COUNT("event_id = 'late-3' AND reason = 'no_such_treatment'"), 1);
}

static void the_newest_contact_before_the_response_counts(void **state)
{
	World *world = *state;
	world_visit(world, 7);
	world_wait_shipped(world);
	world_sql(world, "UPDATE contact_history SET time = time + interval '1 hour', treatment_code = "
	                 "'T-later' WHERE sequence > 6");
	world_sql(world, "UPDATE recommendation SET time = time + interval '1 hour', treatment_code = "
	                 "'T-later' WHERE sequence > 6");
	respond(world, &(Said){"late-1", CODE(OFFER), "GOLD", "customer-7", "accept", NOON + 30 * MINUTE_US});
	respond(world, &(Said){"late-2", CODE(OFFER), "GOLD", "customer-7", "reject", NOON + 90 * MINUTE_US});
	match(world, now());
	assert_int_equal(RESPONSES("response = 'accept' AND treatment_code = 'T-1'"), 1);
	assert_int_equal(RESPONSES("response = 'reject' AND treatment_code = 'T-later'"), 1);
}

static void a_time_that_does_not_fit_makes_an_orphan(void **state)
{
	World *world = *state;
	respond(world, &(Said){"late-1", CODE(TREATMENT), "T-1", NULL, "accept", NOON - 60 * MINUTE_US});
	respond(world, &(Said){"late-2", CODE(TREATMENT), "T-1", NULL, "accept", NOON + 31 * DAY_US});
	respond(world, &(Said){"late-3", CODE(TREATMENT), "T-1", NULL, "accept", NOON + 29 * DAY_US});
	MatchCount count = match(world, now());
	assert_int_equal(count.orphaned, 2);
	assert_int_equal(COUNT("event_id = 'late-1' AND state = 'orphan' AND reason = 'before_contact'"), 1);
	assert_int_equal(COUNT("event_id = 'late-2' AND state = 'orphan' AND reason = 'outside_window'"), 1);
	assert_int_equal(RESPONSES("event_id = 'late-3'"), 1);
}

// Recommended by a server whose journal has not been shipped so far.
static void what_is_not_known_yet_waits(void **state)
{
	World *world = *state;
	respond(world, &(Said){"late-1", CODE(TREATMENT), "T-9", NULL, "accept", NOON + MINUTE_US});
	assert_int_equal(match(world, now()).waiting, 1);
	assert_int_equal(COUNT("state = 'waiting' AND reason = 'no_such_treatment' AND try_at > now()"), 1);
	assert_int_equal(match(world, now()).taken, 0); // not at once again
	world_sql(world, "UPDATE contact_history SET treatment_code = 'T-9'");
	assert_int_equal(match(world, now() + 60 * MINUTE_US).matched, 1);
	assert_int_equal(RESPONSES("treatment_code = 'T-9' AND offer_code = 'GOLD'"), 1);
}

static void what_stays_unknown_becomes_an_orphan_and_is_deleted(void **state)
{
	World *world = *state;
	respond(world, &(Said){"late-1", CODE(TREATMENT), "T-9", NULL, "accept", NOON + MINUTE_US});
	respond(world, &(Said){"late-2", CODE(CUSTOM), "FLYER", NULL, "accept", NOON + MINUTE_US});
	assert_int_equal(match(world, now() + 6 * DAY_US).waiting, 2);
	assert_int_equal(match(world, now() + 8 * DAY_US).orphaned, 2);
	assert_int_equal(COUNT("state = 'orphan' AND reason = 'no_such_treatment'"), 1);
	assert_int_equal(COUNT("state = 'orphan' AND reason = 'no_such_code'"), 1);
	int64_t deleted = 0;
	assert_int_equal(match_forget(world->services.ingest, &rules, now() + 90 * DAY_US, &deleted), OK);
	assert_int_equal(deleted, 0);
	assert_int_equal(match_forget(world->services.ingest, &rules, now() + 99 * DAY_US, &deleted), OK);
	assert_int_equal(deleted, 2);
	assert_int_equal(RESPONSES("true"), 0);
}

static void a_custom_code_stands_for_an_offer(void **state)
{
	World *world = *state;
	world_sql(world, "INSERT INTO source_code (environment, channel, code, offer_code, campaign, cell, "
	                 "treatment_code, valid_until) VALUES "
	                 "('test', 'retail', 'FLYER', 'GOLD', 'print', 'p1', NULL, 'infinity'), "
	                 "('test', 'retail', 'LETTER', 'GOLD', '', '', 'T-2', 'infinity'), "
	                 "('test', 'retail', 'OLD', 'GOLD', '', '', 'T-2', '2026-01-01'), "
	                 "('test', 'retail', 'TWICE', 'GOLD', '', '', 'T-1', 'infinity'), "
	                 "('test', 'retail', 'TWICE', 'GOLD', '', '', 'T-2', 'infinity'), "
	                 "('production', 'retail', 'ELSEWHERE', 'GOLD', '', '', 'T-1', 'infinity')");
	int64_t later = NOON + MINUTE_US;
	respond(world, &(Said){"late-1", CODE(CUSTOM), "FLYER", NULL, "accept", later});
	respond(world, &(Said){"late-2", CODE(CUSTOM), "FLYER", "customer-7", "accept", later});
	respond(world, &(Said){"late-3", CODE(CUSTOM), "LETTER", NULL, "accept", later});
	respond(world, &(Said){"late-4", CODE(CUSTOM), "OLD", NULL, "accept", later});
	respond(world, &(Said){"late-5", CODE(CUSTOM), "TWICE", NULL, "accept", later});
	respond(world, &(Said){"late-6", CODE(CUSTOM), "ELSEWHERE", NULL, "accept", later});
	match(world, now());
	assert_int_equal(RESPONSES("event_id = 'late-1' AND treatment_code = '' AND offer_code = 'GOLD' AND "
	                           "campaign = 'print' "
	                           "AND cell = 'p1' AND audience_id = ''"),
	        1);
	assert_int_equal(
	        RESPONSES("event_id = 'late-2' AND treatment_code = 'T-1' AND campaign = 'spring'"), 1);
	assert_int_equal(
	        RESPONSES("event_id = 'late-3' AND treatment_code = 'T-2' AND offer_code = 'SILVER'"), 1);
	assert_int_equal(COUNT("event_id = 'late-5' AND state = 'orphan' AND reason = 'ambiguous'"), 1);
	assert_int_equal(COUNT("event_id IN ('late-4', 'late-6') AND reason = 'no_such_code'"), 2);
}

// The recommendation was lost in a crash and nothing was shown: what the server knew is in the response
// itself.
static void what_the_server_knew_is_enough(void **state)
{
	World *world = *state;
	post(world, &(Said){"late-1", CODE(TREATMENT), "T-5", "customer-5", "accept", NOON + MINUTE_US},
	        true);
	assert_int_equal(match(world, now()).matched, 1);
	assert_int_equal(RESPONSES("treatment_code = 'T-5' AND offer_code = 'BRONZE' AND campaign = 'autumn' "
	                           "AND audience_id = "
	                           "'customer-5' AND snapshot_version = 9"),
	        1);
}

static void an_unknown_type_is_an_orphan(void **state)
{
	World *world = *state;
	respond(world, &(Said){"late-1", CODE(TREATMENT), "T-1", NULL, "yawned", NOON + MINUTE_US});
	match(world, now());
	assert_int_equal(COUNT("state = 'orphan' AND reason = 'unknown_type'"), 1);
	assert_int_equal(RESPONSES("true"), 0);
}

static void an_outcome_moves_its_treatment_on(void **state)
{
	World *world = *state;
	world_sql(world, "TRUNCATE outcome, outcome_change, outcome_refusal");
	world_sql(world,
	        "UPDATE resource SET spec = spec || '{\"countsAs\": \"OUTCOME_COUNT_REJECT\"}' WHERE kind = "
	        "'OutcomeType' AND name = 'unsubscribed'");
	respond(world, &(Said){"late-1", CODE(TREATMENT), "T-1", NULL, "opened", NOON + 2 * MINUTE_US});
	respond(world, &(Said){"late-2", CODE(TREATMENT), "T-1", NULL, "sent", NOON + MINUTE_US});
	respond(world, &(Said){"late-3", CODE(TREATMENT), "T-1", NULL, "sent", NOON + 3 * MINUTE_US});
	respond(world, &(Said){"late-4", CODE(TREATMENT), "T-1", NULL, "unsubscribed", NOON + 9 * MINUTE_US});
	respond(world, &(Said){"late-5", CODE(TREATMENT), "T-1", NULL, "opened", NOON + 99 * MINUTE_US});
	respond(world, &(Said){"late-6", CODE(TREATMENT), "T-1", NULL, "bounced", NOON + 99 * MINUTE_US});
	match(world, now());
	assert_int_equal(
	        world_count(world, "SELECT count(*) FROM outcome WHERE treatment_code = 'T-1' AND outcome = "
	                           "'unsubscribed' AND changes = 3 AND offer_code = 'GOLD'"),
	        1);
	assert_int_equal(COUNT("state = 'matched' AND reason = ''"), 3);
	assert_int_equal(COUNT("state = 'matched' AND reason = 'repeated'"), 2);
	assert_int_equal(COUNT("state = 'orphan' AND reason = 'transition_refused'"), 1);
	assert_int_equal(RESPONSES("response IN ('sent', 'opened')"), 2);
	assert_int_equal(RESPONSES("response = 'reject'"), 1);
	assert_int_equal(RESPONSES("true"), 3);
}

// In a session an event logs it, maybe along with a contact or response: shipped twice it is applied once.
static void an_outcome_that_an_event_logs_goes_the_same_way(void **state)
{
	World *world = *state;
	TestEntry made;
	world_sql(world, "TRUNCATE outcome, outcome_change, outcome_refusal");
	world_event(world, &made, 7, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_ACCEPT);
	made.event.outcome = (char *)"clicked";
	for (int i = 0; i < 2; i++)
		world_append(world, STR("opening"), &made.entry, true);
	made.event.n_meanings = 0;
	made.event.treatment_code = (char *)"T-9"; // another visitor's, whose recommendation was lost
	made.event.treatment_audience_level = (char *)"Household";
	made.event.treatment_audience_id = (char *)"h-9";
	world_append(world, STR("opening-2"), &made.entry, true);
	MatchCount count = match(world, now());
	assert_int_equal(count.taken, 2);
	assert_int_equal(count.matched, 2);
	assert_int_equal(
	        world_count(world, "SELECT count(*) FROM outcome_change WHERE to_outcome = 'clicked' AND "
	                           "source = 'event' AND event_id = 'opening' AND treatment_code = 'T-1'"),
	        1);
	assert_int_equal(
	        world_count(world, "SELECT count(*) FROM outcome WHERE treatment_code = 'T-9' AND outcome = "
	                           "'clicked' AND audience_level = 'Household' AND audience_id = 'h-9'"),
	        1);
	assert_int_equal(
	        world_count(world, "SELECT count(*) FROM response_history WHERE event_id = 'opening' AND "
	                           "response = 'accept' AND sequence > 0 AND incarnation > 0"),
	        1);
	assert_int_equal(
	        world_count(world, "SELECT count(*) FROM response_history WHERE event_id LIKE 'opening%' "
	                           "AND response = 'clicked'"),
	        2);
	assert_int_equal(
	        world_count(world, "SELECT count(*) FROM event_history WHERE event_id = 'opening-2'"), 1);
	assert_int_equal(world_count(world, "SELECT count(*) FROM ingest_reject"), 0);
}

// Only what no runtime server has applied itself; and in the order in which it is committed.
static void what_servers_have_not_heard_of_is_put_aside_for_them(void **state)
{
	World *world = *state;
	world_sql(world, "TRUNCATE visitor_effect, outcome, outcome_change, outcome_refusal");
	world_sql(world,
	        "UPDATE resource SET spec = spec || '{\"countsAs\": \"OUTCOME_COUNT_CONTACT\"}' WHERE kind = "
	        "'OutcomeType' AND name = 'opened'");
	respond(world, &(Said){"late-1", CODE(TREATMENT), "T-1", NULL, "accept", NOON + MINUTE_US});
	post(world, &(Said){"late-2", CODE(TREATMENT), "T-9", "customer-9", "reject", NOON + MINUTE_US},
	        true);
	respond(world, &(Said){"late-3", CODE(TREATMENT), "T-1", NULL, "opened", NOON + MINUTE_US});
	respond(world, &(Said){"late-4", CODE(TREATMENT), "T-1", NULL, "clicked", NOON + 2 * MINUTE_US});
	respond(world, &(Said){"late-5", CODE(TREATMENT), "nonsense", NULL, "accept", NOON + MINUTE_US});
	match(world, now());
	match(world, now());
	assert_int_equal(world_count(world, "SELECT count(*) FROM visitor_effect"), 2);
	assert_int_equal(
	        world_count(world, "SELECT count(*) FROM visitor_effect WHERE event_id = 'late-1' AND kind = "
	                           "'accept' AND offer_code = 'GOLD' AND audience_id = 'customer-7' AND "
	                           "channel = 'retail' AND environment = 'test'"),
	        1);
	assert_int_equal(
	        world_count(world,
	                "SELECT count(*) FROM visitor_effect WHERE event_id = 'late-3' AND kind = 'contact'"),
	        1);
}

// Many at once, and the matcher cut off between and in the middle of batches.
static void a_matcher_that_is_cut_off_goes_on_where_it_was(void **state)
{
	World *world = *state;
	enum { MANY = 1300 };
	world_wait_shipped(world);
	world_sql(world, "INSERT INTO late_response (environment, source, event_id, channel, code_kind, "
	                 "code, response, time, received) "
	                 "SELECT 'test', 'import', 'late-' || n, 'retail', 'treatment', 'T-1', 'accept', "
	                 "'2026-06-02', now() "
	                 "FROM generate_series(1, 1300) AS n");
	assert_int_equal(match(world, now()).taken, MATCH_BATCH);
	assert_int_equal(RESPONSES("true"), MATCH_BATCH);
	// Its connections are cut while it has a batch: nothing of that one was done.
	world_sql(world,
	        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN "
	        "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$; "
	        "CREATE TRIGGER cut AFTER INSERT ON response_history EXECUTE FUNCTION cut()");
	MatchCount count;
	assert_int_equal(match_batch(world->services.ingest, &rules, now(), &count), ERR_DB_UNAVAILABLE);
	world_sql(world, "DROP TRIGGER cut ON response_history; DROP FUNCTION cut()");
	assert_int_equal(RESPONSES("true"), MATCH_BATCH);
	while (match(world, now()).taken > 0)
		continue;
	assert_int_equal(RESPONSES("true"), MANY);
	assert_int_equal(
	        world_count(world,
	                "SELECT count(DISTINCT event_id) FROM response_history WHERE event_id LIKE 'late-%'"),
	        MANY);
	assert_int_equal(COUNT("state = 'matched'"), MANY);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, world_story_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(a_treatment_is_found_by_its_code),
	        STORY(a_response_counts_once),
	        STORY(an_offer_is_found_by_visitor),
	        STORY(the_newest_contact_before_the_response_counts),
	        STORY(a_time_that_does_not_fit_makes_an_orphan),
	        STORY(what_is_not_known_yet_waits),
	        STORY(what_stays_unknown_becomes_an_orphan_and_is_deleted),
	        STORY(a_custom_code_stands_for_an_offer),
	        STORY(what_the_server_knew_is_enough),
	        STORY(an_unknown_type_is_an_orphan),
	        STORY(an_outcome_moves_its_treatment_on),
	        STORY(an_outcome_that_an_event_logs_goes_the_same_way),
	        STORY(what_servers_have_not_heard_of_is_put_aside_for_them),
	        STORY(a_matcher_that_is_cut_off_goes_on_where_it_was),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
