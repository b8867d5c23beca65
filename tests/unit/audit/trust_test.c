// Whose checkpoints are believed: those signed by the timestamp key of a root that is.
#include "base/cleanup.h"
#include "history/audit.h"
#include "world/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { BUILDER = 1, STRANGER = 77 };

static Arena *arena;
static AuditTrust trust;

static int begin(void **state)
{
	(void)state;
	arena = arena_new(64 * 1024, 0);
	return audit_trust_new(arena, &trust) == OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static Str timestamp(const char *environment, uint64_t version, uint8_t key)
{
	return test_timestamp_seal(test_timestamp(environment, version, TEST_NOW_US, arena), key, arena);
}

static void a_timestamp_under_a_given_root(void **state)
{
	(void)state;
	assert_int_equal(
	        audit_trust_root(&trust, test_root_envelope("production", BUILDER, 2, arena), true), OK);
	assert_int_equal(
	        audit_trust_timestamp(&trust, timestamp("production", 9, TEST_TIMESTAMP), "production"), OK);
	assert_int_equal(trust.checkpoint_count, 1);
	assert_int_equal(trust.checkpoints[0].head.sequence, 9);
	assert_int_equal(trust.checkpoints[0].head.hash[0], 0xa5);
	assert_int_equal(trust.told, 0);
	assert_int_equal(trust.refused_count, 0);
}

static void a_root_that_a_server_told_is_counted_apart(void **state)
{
	(void)state;
	Str root = test_root_envelope("production", BUILDER, 2, arena);
	assert_int_equal(audit_trust_root(&trust, root, false), OK);
	assert_int_equal(audit_trust_root(&trust, root, false), OK); // again is harmless
	assert_int_equal(
	        audit_trust_timestamp(&trust, timestamp("production", 9, TEST_TIMESTAMP), "production"), OK);
	assert_int_equal(trust.told, 1);
}

static void other_keys_and_places_are_refused(void **state)
{
	(void)state;
	assert_int_equal(
	        audit_trust_root(&trust, test_root_envelope("production", BUILDER, 2, arena), true), OK);
	const Str wrong[] = {timestamp("production", 9, STRANGER), timestamp("production", 9, BUILDER),
	        timestamp("staging", 9, TEST_TIMESTAMP), STR("no envelope"), {0}};
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
		assert_int_equal(audit_trust_timestamp(&trust, wrong[i], "somebody"), OK);
		assert_int_equal(trust.refused_count, i + 1);
		assert_non_null(strstr(trust.refused[i], "somebody: "));
	}
	assert_int_equal(trust.checkpoint_count, 0);
}

static void a_root_of_strangers_does_not_displace_the_given_one(void **state)
{
	(void)state;
	assert_int_equal(
	        audit_trust_root(&trust, test_root_envelope("production", BUILDER, 2, arena), true), OK);
	Root *other = test_root("production", BUILDER, 1, arena);
	other->version = 2;
	const uint8_t strangers[] = {STRANGER, 0};
	assert_int_not_equal(audit_trust_root(&trust, test_root_seal(other, strangers, arena), false), OK);
	assert_int_equal(trust.anchor_count, 1);
}

static void what_a_timestamp_says_is_judged_as_of_when_it_was_made(void **state)
{
	(void)state;
	assert_int_equal(
	        audit_trust_root(&trust, test_root_envelope("production", BUILDER, 2, arena), true), OK);
	Timestamp *late = test_timestamp("production", 3, TEST_NOW_US, arena);
	late->created_us += INT64_C(11) * 366 * 86400 * 1000000; // the root ended before
	late->expires_us = late->created_us + 1000000;
	assert_int_equal(
	        audit_trust_timestamp(&trust, test_timestamp_seal(late, TEST_TIMESTAMP, arena), "it"), OK);
	assert_int_equal(trust.refused_count, 1);
	assert_non_null(strstr(trust.refused[0], "expired"));
}

static void lines_of_an_export_are_read_strictly(void **state)
{
	(void)state;
	Parley__Design__V1__AuditRecord *record = NULL;
	AuditEntry entry;
	AuditHead stored;
	assert_int_equal(
	        audit_line_read(
	                STR("{\"entry\": {\"sequence\": \"3\", \"time\": \"2026-01-01T00:00:00.000001Z\","
	                    " \"actor\": \"ada\", \"hash\": "
	                    "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}}"),
	                arena, &record),
	        OK);
	assert_int_equal(audit_entry_read(record->entry, &entry, &stored), OK);
	assert_int_equal(stored.sequence, 3);
	assert_int_equal(stored.hash[31], 31);
	assert_int_equal(entry.time_us, TEST_NOW_US + 1);
	record->entry->sequence = 0;
	assert_int_equal(audit_entry_read(record->entry, &entry, &stored), ERR_FIELD_INVALID);
	record->entry->sequence = 3;
	record->entry->hash.len = 31;
	assert_int_equal(audit_entry_read(record->entry, &entry, &stored), ERR_FIELD_INVALID);
	assert_int_not_equal(audit_line_read(STR("{\"entri\": {}}"), arena, &record), OK);
	assert_int_not_equal(audit_line_read(STR("{"), arena, &record), OK);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(a_timestamp_under_a_given_root),
	        STORY(a_root_that_a_server_told_is_counted_apart),
	        STORY(other_keys_and_places_are_refused),
	        STORY(a_root_of_strangers_does_not_displace_the_given_one),
	        STORY(what_a_timestamp_says_is_judged_as_of_when_it_was_made),
	        STORY(lines_of_an_export_are_read_strictly),
	};
	return cmocka_run_group_tests_name("audit trust", tests, NULL, NULL);
}
