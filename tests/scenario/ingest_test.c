// What a runtime server ships becomes history: every table, every refusal, exactly once.
#include "ingest_effects.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "history/turn.h"
#include "journal/record.h"

#include <stdio.h>

#define SHIP(world, first, frames, ret)                                                                      \
	world_ship_frames((world), WORLD_RUNTIME, WORLD_ENVIRONMENT, (first), (frames), (ret))

// Frames from the n-th on.
static Str without(Str frames, size_t skip)
{
	JournalRecord record;
	while (skip-- > 0)
		assert_int_equal(journal_record_parse(&frames, &record), OK);
	return frames;
}

static Str only(Str frames, size_t count)
{
	return str_n(frames.ptr, frames.len - without(frames, count).len);
}

static void a_journal_becomes_history(void **state)
{
	World *world = *state;
	for (uint64_t visitor = 0; visitor < 300; visitor++)
		world_visit(world, visitor);
	world_ship_start(world);
	world_wait_shipped(world);
	world_check_visits(world, 300);
	assert_int_equal(
	        world_count(world,
	                "SELECT count(*) FROM recommendation r JOIN contact_history c USING (audience_id, "
	                "treatment_code, offer_code) WHERE r.rank = 1 AND r.time = c.time - interval '1 us'"),
	        300);
	assert_int_equal(
	        world_count(world,
	                "SELECT count(*) FROM session_history WHERE what = 'start' AND profile = 'loaded' "
	                "AND segments = ARRAY['Loyal', 'Young, or \"so\"']"),
	        300);
	assert_int_equal(
	        world_count(world,
	                "SELECT count(*) FROM contact_history WHERE time >= '2026-06-01 12:00+00' AND "
	                "snapshot_version = 7 AND length(snapshot_digest) = 32 AND zone = 'top'"),
	        300);
	assert_int_equal(
	        world_count(world,
	                "SELECT count(*) FROM recommendation r JOIN contact_history c USING (audience_id, "
	                "treatment_code, campaign, cell) WHERE campaign = 'spring' AND cell = 'c1' AND "
	                "origin = "
	                "'RULE'"),
	        300);
	// The journal knows that it may forget.
	assert_int_equal(journal_shipped_sequence(world->journal, journal_incarnation(world->journal)),
	        300 * VISIT_RECORDS);
}

static void the_same_batch_again_changes_nothing(void **state)
{
	World *world = *state;
	uint64_t committed = 0;
	world_visit(world, 1);
	world_visit(world, 2);
	journal_wait(world->journal, 2 * VISIT_RECORDS - 1, 5000);
	Str frames = world_frames(world);
	assert_int_equal(SHIP(world, 1, only(frames, VISIT_RECORDS), &committed), OK);
	assert_int_equal(committed, VISIT_RECORDS);
	world_check_visits(world, 1);
	assert_int_equal(SHIP(world, 1, only(frames, VISIT_RECORDS), &committed), OK);
	assert_int_equal(committed, VISIT_RECORDS);
	world_check_visits(world, 1);
	assert_int_equal(SHIP(world, 1, frames, &committed), OK); // known ones first, then new ones
	assert_int_equal(committed, 2 * VISIT_RECORDS);
	world_check_visits(world, 2);
}

static void a_gap_is_refused(void **state)
{
	World *world = *state;
	uint64_t committed = 0;
	world_visit(world, 1);
	journal_wait(world->journal, VISIT_RECORDS - 1, 5000);
	Str frames = world_frames(world);
	assert_int_equal(SHIP(world, 2, without(frames, 1), &committed), ERR_SEQUENCE_GAP);
	assert_non_null(strstr(err_detail()->message, "but 1 is next"));
	assert_int_equal(SHIP(world, 1, without(frames, 1), &committed), ERR_REQUEST_MALFORMED);
	assert_int_equal(world_count(world, "SELECT count(*) FROM session_history"), 0);
	assert_int_equal(world_count(world, "SELECT count(*) FROM ship_cursor WHERE sequence > 0"), 0);
}

// Sent ahead of the one before it, which a thread may get to later.
static void a_batch_waits_for_the_one_before(void **state)
{
	(void)state;
	const BatchSource r1 = {.environment = STR("test"), .runtime_id = STR("r1"), .incarnation = 1},
	                  r2 = {.environment = STR("test"), .runtime_id = STR("r2"), .incarnation = 1};
	Turn before, batch, others;
	turn_begin(&others, &r2, 1);
	turn_begin(&batch, &r1, 100);
	turn_wait(&batch, 60000); // for nobody
	assert_false(turn_wait_for_another(&batch, 0));
	turn_begin(&before, &r1, 1);
	int64_t begun = monotonic_us();
	turn_wait(&batch, 20);
	assert_true(monotonic_us() - begun >= 20 * US_PER_MS);
	turn_end(&others);
	assert_false(turn_wait_for_another(&batch, 0));
	turn_end(&before);
	turn_wait(&batch, 60000);
	assert_true(turn_wait_for_another(&batch, 60000));
	turn_end(&batch);
}

static void only_ones_own_journal_is_taken(void **state)
{
	World *world = *state;
	uint64_t committed = 0;
	world_visit(world, 1);
	journal_wait(world->journal, VISIT_RECORDS - 1, 5000);
	Str frames = world_frames(world);
	assert_int_equal(world_ship_frames(world, "r2", WORLD_ENVIRONMENT, 1, frames, &committed),
	        ERR_PERMISSION_DENIED);
	assert_int_equal(world_ship_frames(world, WORLD_RUNTIME, "production", 1, frames, &committed),
	        ERR_PERMISSION_DENIED);
	char *bytes = arena_cstr(world->arena, frames);
	bytes[frames.len / 2] ^= 1;
	assert_int_equal(SHIP(world, 1, str_n(bytes, frames.len), &committed), ERR_JOURNAL_CORRUPT);
	uint8_t foreign[256];
	const JournalRecord record = {
	        .runtime_id = STR("r2"), .incarnation = journal_incarnation(world->journal), .sequence = 1};
	record_encode(&record, foreign);
	assert_int_equal(
	        SHIP(world, 1, str_n((char *)foreign, RECORD_HEADER + 2), &committed), ERR_REQUEST_MALFORMED);
	assert_int_equal(SHIP(world, 1, STR(""), &committed), ERR_FIELD_INVALID);
	world_check_visits(world, 0);
}

// A touchpoint sends an event again, and it lands on another server or in another life: counted once.
static void an_event_id_counts_once(void **state)
{
	World *world = *state;
	TestEntry made;
	world_event(world, &made, 1, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_CONTACT);
	world_append(world, STR("once"), &made.entry, true);
	world_append(world, STR("once"), &made.entry, true); // in one batch
	world_append(world, STR("other"), &made.entry, true);
	world_ship_start(world);
	world_wait_shipped(world);
	assert_int_equal(world_count(world, "SELECT count(*) FROM contact_history"), 2);
	world_ship_stop(world);
	world_journal_restart(world);
	world_append(world, STR("once"), &made.entry, true);
	world_append(world, STR("third"), &made.entry, true);
	world_ship_start(world);
	world_wait_shipped(world);
	assert_int_equal(world_count(world, "SELECT count(*) FROM contact_history"), 3);
	assert_int_equal(world_count(world, "SELECT count(*) FROM event_dedupe"), 3);
}

// What an event's action does is told with its cause, and whose treatment it was if that was another's.
static void an_event_tells_its_cause_and_whose_treatment_it_was(void **state)
{
	World *world = *state;
	TestEntry made;
	for (int meaning = PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_UNSPECIFIED;
	        meaning <= PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_REJECT; meaning++) {
		char id[8] = {'e', (char)('0' + meaning), 0};
		world_event(world, &made, 1, (Parley__Journal__V1__EventMeaning)meaning);
		made.event.cause_event_id = (char *)"cause";
		made.event.treatment_audience_level = (char *)"Household";
		made.event.treatment_audience_id = (char *)"h-9";
		world_append(world, str(id), &made.entry, true);
	}
	world_ship_start(world);
	world_wait_shipped(world);
	assert_int_equal(
	        world_count(world,
	                "SELECT count(*) FROM (SELECT cause_event_id, treatment_audience_level, "
	                "treatment_audience_id FROM contact_history UNION ALL SELECT cause_event_id, "
	                "treatment_audience_level, treatment_audience_id FROM response_history UNION ALL "
	                "SELECT cause_event_id, treatment_audience_level, treatment_audience_id FROM "
	                "event_history) AS h WHERE cause_event_id = 'cause' AND treatment_audience_level = "
	                "'Household' AND treatment_audience_id = 'h-9'"),
	        4);
}

static void an_event_counts_once_for_each_meaning(void **state)
{
	World *world = *state;
	TestEntry made;
	world_event(world, &made, 1, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_CONTACT);
	made.meanings[1] = PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_REJECT;
	made.meanings[2] = PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_CONTACT;
	made.meanings[3] = (Parley__Journal__V1__EventMeaning)99; // of a newer runtime server
	made.event.n_meanings = 4;
	world_append(world, STR("both"), &made.entry, true);
	world_ship_start(world);
	world_wait_shipped(world);
	assert_int_equal(world_count(world, "SELECT count(*) FROM contact_history"), 1);
	assert_int_equal(
	        world_count(world, "SELECT count(*) FROM response_history WHERE response = 'reject'"), 1);
	assert_int_equal(world_count(world, "SELECT count(*) FROM event_history"), 0);
}

static void what_cannot_be_history_is_kept_and_holds_up_nothing(void **state)
{
	World *world = *state;
	TestEntry made;
	static char long_id[1026]; // one byte more than runtime servers let an ID have
	memset(long_id, 'x', sizeof long_id - 1);
	world_append_bytes(world, STR("e-1"), STR("\xff\xff not protobuf"), true);
	world_append_bytes(world, STR("e-2"), STR(""), true);
	world_event(world, &made, 1, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_CONTACT);
	world_append(world, STR("\xff\xfe"), &made.entry, true);
	made.context.time_us = INT64_MAX;
	world_append(world, STR("e-3"), &made.entry, true);
	world_event(world, &made, 1, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_CONTACT);
	made.context.audience_id = long_id;
	world_append(world, STR("e-4"), &made.entry, true);
	world_event(world, &made, 1, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_CONTACT);
	made.entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT__NOT_SET;
	world_append(world, STR("e-5"), &made.entry, true);
	world_event(world, &made, 1, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_CONTACT);
	world_append(world, STR("good"), &made.entry, true);
	world_ship_start(world);
	world_wait_shipped(world);
	assert_int_equal(
	        world_count(world, "SELECT count(*) FROM ingest_reject WHERE length(record) > 32"), 6);
	assert_int_equal(
	        world_count(world, "SELECT count(DISTINCT reason) FROM ingest_reject WHERE reason <> ''"), 6);
	assert_int_equal(
	        world_count(world, "SELECT count(*) FROM contact_history WHERE event_id = 'good'"), 1);
	assert_int_equal(world_count(world, "SELECT count(*) FROM contact_history"), 1);
}

// As long as a runtime server takes it: what it acknowledged about such a visitor must become history.
static void the_longest_audience_id_is_history(void **state)
{
	World *world = *state;
	TestEntry made;
	static char longest[1025];
	memset(longest, 'x', sizeof longest - 1);
	world_event(world, &made, 1, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_CONTACT);
	made.context.audience_id = longest;
	world_append(world, STR("longest"), &made.entry, true);
	world_ship_start(world);
	world_wait_shipped(world);
	assert_int_equal(world_count(world, "SELECT count(*) FROM ingest_reject"), 0);
	assert_int_equal(
	        world_count(world, "SELECT count(*) FROM contact_history WHERE length(audience_id) = 1024"),
	        1);
}

// What arrives late of somebody who was erased since is passed by, and holds up nothing; a later visit
// counts.
static void who_was_erased_does_not_come_back(void **state)
{
	World *world = *state;
	TestEntry made;
	world_sql(world, "INSERT INTO erasure (environment, audience_level, audience_id, digest, reason, "
	                 "requested_by, requested) VALUES ('test', 'Customer', 'c-9', visitor_digest('test', "
	                 "'Customer', 'c-9'), 'asked', 'root', now() - interval '1 hour')");
	for (int i = 0; i < 4; i++) {
		char id[8] = {'e', (char)('0' + i), 0};
		world_event(world, &made, 1, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_CONTACT);
		made.context.audience_level = (char *)"Customer";
		made.context.audience_id = (char *)(i == 3 ? "c-8" : "c-9");
		if (i == 1) { // somebody else's session, his treatment
			made.context.audience_id = (char *)"c-7";
			made.event.treatment_audience_level = (char *)"Customer";
			made.event.treatment_audience_id = (char *)"c-9";
		}
		made.context.time_us = clock_now_us(clock_system()) - (i == 2 ? 0 : INT64_C(7200) * 1000000);
		world_append(world, str(id), &made.entry, true);
	}
	const int64_t now_us = clock_now_us(clock_system()), hours_us = INT64_C(7200) * US_PER_S;
	bring(world, "~1", "c-9", now_us - hours_us, 0);
	bring(world, "~2", "c-9", now_us, US_PER_S);
	bring(world, "~3", "c-9", now_us, hours_us); // it was under way when he was erased
	world_ship_start(world);
	world_wait_shipped(world);
	assert_int_equal(world_count(world, "SELECT count(*) FROM contact_history"), 2);
	assert_int_equal(
	        world_count(world, "SELECT count(*) FROM contact_history WHERE event_id IN ('e2', 'e3')"), 2);
	assert_int_equal(world_count(world, "SELECT count(*) FROM event_dedupe"), 2);
	assert_int_equal(world_count(world, "SELECT count(*) FROM effect_history WHERE event_id = '~2'"), 1);
	assert_int_equal(world_count(world, "SELECT count(*) FROM effect_history"), 1);
	assert_int_equal(world_count(world, "SELECT max(sequence) FROM ship_cursor"), 7);
	world_sql(world, "DELETE FROM erasure");
}

static void lost_records_are_told_and_passed_over(void **state)
{
	World *world = *state;
	uint8_t loss[RECORD_LOSS_MAX];
	uint64_t committed = 0;
	const JournalRecord record = {.runtime_id = STR(WORLD_RUNTIME),
	        .incarnation = journal_incarnation(world->journal),
	        .sequence = 1,
	        .lost_until = 41};
	size_t len = record_encode_loss(&record, loss);
	assert_int_equal(SHIP(world, 1, str_n((char *)loss, len), &committed), OK);
	assert_int_equal(committed, 41);
	assert_int_equal(SHIP(world, 1, str_n((char *)loss, len), &committed), OK);
	assert_int_equal(
	        world_count(world,
	                "SELECT count(*) FROM ingest_reject WHERE first_sequence = 1 AND last_sequence = 41"),
	        1);
}

// Clocks are set wrong by hours and by years; a month without a partition gets one.
static void any_month_is_taken(void **state)
{
	World *world = *state;
	static const int64_t hour = 3600 * US_PER_S, year = 365 * 24 * hour;
	const int64_t shifts[] = {0, hour, -hour, year, -year, 26 * year, -26 * year};
	for (size_t i = 0; i < ARRAY_COUNT(shifts); i++) {
		TestEntry made;
		char id[16];
		snprintf(id, sizeof id, "e-%zu", i);
		world_event(world, &made, i, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_ACCEPT);
		made.context.time_us += shifts[i];
		world_append(world, str(id), &made.entry, true);
	}
	world_ship_start(world);
	world_wait_shipped(world);
	assert_int_equal(world_count(world, "SELECT count(*) FROM response_history"), ARRAY_COUNT(shifts));
	assert_int_equal(world_count(world, "SELECT count(*) FROM response_history_2027_06"), 1);
	assert_int_equal(world_count(world, "SELECT count(DISTINCT tableoid) FROM response_history"), 5);
}

static void every_table_and_column_of_the_history_is_explained(void **state)
{
	World *world = *state;
	assert_int_equal(
	        world_count(world, "SELECT count(*) FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = "
	                           "c.oid AND a.attnum "
	                           "> 0 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', "
	                           "'p') AND (obj_description(c.oid) IS "
	                           "NULL OR col_description(c.oid, a.attnum) IS NULL) AND c.relname ~ "
	                           "'history|recommendation|ship|dedupe|reject'"),
	        0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, world_story_begin, world_story_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(a_journal_becomes_history),
	        STORY(the_same_batch_again_changes_nothing),
	        STORY(a_gap_is_refused),
	        STORY(a_batch_waits_for_the_one_before),
	        STORY(only_ones_own_journal_is_taken),
	        STORY(an_event_id_counts_once),
	        STORY(an_event_counts_once_for_each_meaning),
	        STORY(an_event_tells_its_cause_and_whose_treatment_it_was),
	        STORY(what_cannot_be_history_is_kept_and_holds_up_nothing),
	        STORY(the_longest_audience_id_is_history),
	        STORY(who_was_erased_does_not_come_back),
	        STORY(what_else_changed_visitors_stands_apart),
	        STORY(lost_records_are_told_and_passed_over),
	        STORY(any_month_is_taken),
	        STORY(every_table_and_column_of_the_history_is_explained),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
