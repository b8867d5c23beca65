// What somebody with the whole database can do to an audit, and how each is found.
#include "audit/verify.h"
#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { COUNT = 20, CHECKED = 15 }; // entries; the newest one that a checkpoint vouches for

typedef struct Stored {
	AuditHead head;
	AuditEntry entry;
} Stored;

static Arena *arena;
static Stored audit[COUNT + 1];
static size_t count;
static AuditCheckpoint checkpoints[3];
static AuditVerify verify;

// Gives the entries from `from` on the numbers and hashes of a chain that is whole.
static void chain_anew(size_t from)
{
	AuditHead head = from ? audit[from - 1].head : (AuditHead){0};
	for (size_t i = from; i < count; i++) {
		assert_int_equal(audit_chain(&head, &audit[i].entry), OK);
		audit[i].head = head;
	}
}

static int write_audit(void **state)
{
	(void)state;
	static const uint64_t signed_at[] = {5, 10, CHECKED};
	static const char *const sources[] = {"staging", "the design server", "production"};
	arena = arena_new(64 * 1024, 0);
	count = COUNT;
	for (size_t i = 0; i < count; i++)
		audit[i].entry = (AuditEntry){.time_us = (int64_t)i,
		        .actor = STR("ada"),
		        .action = STR("update"),
		        .name = str(arena_printf(arena, "offer-%zu", i + 1))};
	chain_anew(0);
	for (size_t i = 0; i < ARRAY_COUNT(signed_at); i++)
		checkpoints[i] =
		        (AuditCheckpoint){.head = audit[signed_at[i] - 1].head, .source = sources[i]};
	return 0;
}

static int forget(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void look(void)
{
	audit_verify_begin(&verify, checkpoints, ARRAY_COUNT(checkpoints), arena);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(audit_verify_entry(&verify, &audit[i].head, &audit[i].entry), OK);
	assert_int_equal(audit_verify_end(&verify), OK);
}

static void remove_at(size_t index)
{
	count--;
	memmove(&audit[index], &audit[index + 1], (count - index) * sizeof *audit);
}

static void finds(AuditFlaw flaw, uint64_t sequence, const char *text)
{
	look();
	assert_non_null(verify.first);
	char *said = audit_finding_text(verify.first, arena);
	if (verify.first->flaw != flaw || verify.first->sequence != sequence || !strstr(said, text))
		fail_msg("found %d at %llu: %s", (int)verify.first->flaw,
		        (unsigned long long)verify.first->sequence, said);
}

static void what_was_written_is_whole(void **state)
{
	(void)state;
	look();
	assert_int_equal(verify.finding_count, 0);
	assert_int_equal(verify.matched, 3);
	assert_int_equal(verify.sound, CHECKED);
	assert_int_equal(verify.head.sequence, COUNT);
}

static void an_edited_entry(void **state)
{
	(void)state;
	audit[6].entry.actor = STR("eve");
	finds(AUDIT_BROKEN, 7, "entry 7 is not what was written");
	assert_int_equal(verify.finding_count, 1);
	assert_int_equal(verify.matched, 3); // the hashes are as they were
}

static void an_edited_entry_with_its_own_hash_made_anew(void **state)
{
	(void)state;
	audit[6].entry.actor = STR("eve");
	AuditHead head = audit[5].head;
	assert_int_equal(audit_chain(&head, &audit[6].entry), OK);
	audit[6].head = head;
	finds(AUDIT_BROKEN, 8, "or the one before it was");
}

static void a_deleted_entry(void **state)
{
	(void)state;
	remove_at(6);
	finds(AUDIT_MISSING, 7, "entry 7 is missing");
}

static void the_first_entries_deleted(void **state)
{
	(void)state;
	remove_at(0);
	remove_at(0);
	finds(AUDIT_MISSING, 1, "entries 1 to 2 are missing");
}

static void a_deleted_entry_with_the_numbers_closed_up(void **state)
{
	(void)state;
	remove_at(6);
	for (size_t i = 6; i < count; i++)
		audit[i].head.sequence = i + 1;
	finds(AUDIT_BROKEN, 7, "entry 7");
}

static void two_entries_exchanged(void **state)
{
	(void)state;
	AuditEntry entry = audit[6].entry;
	audit[6].entry = audit[7].entry;
	audit[7].entry = entry;
	finds(AUDIT_BROKEN, 7, "entry 7");
}

static void two_numbers_exchanged(void **state)
{
	(void)state;
	Stored seventh = audit[6];
	audit[6] = audit[7];
	audit[7] = seventh;
	audit[6].head.sequence = 7;
	audit[7].head.sequence = 8;
	finds(AUDIT_BROKEN, 7, "entry 7");
}

static void an_entry_put_in(void **state)
{
	(void)state;
	memmove(&audit[7], &audit[6], (count - 6) * sizeof *audit);
	count++;
	audit[6].entry.name = STR("planted");
	for (size_t i = 6; i < count; i++)
		audit[i].head.sequence = i + 1;
	finds(AUDIT_BROKEN, 7, "entry 7");
}

static void a_number_twice(void **state)
{
	(void)state;
	memmove(&audit[7], &audit[6], (count - 6) * sizeof *audit);
	count++;
	finds(AUDIT_OUT_OF_ORDER, 7, "entry 7 is there twice");
}

static void the_end_cut_off(void **state)
{
	(void)state;
	count = 12;
	finds(AUDIT_MISSING, 13,
	        "the end is missing, entries 13 to 15 at least: production keeps a signed checkpoint");
}

static void all_of_it_gone(void **state)
{
	(void)state;
	count = 0;
	finds(AUDIT_MISSING, 1, "the end is missing, entries 1 to 15");
}

static void a_chain_made_anew(void **state)
{
	(void)state;
	audit[6].entry.actor = STR("eve");
	chain_anew(6);
	finds(AUDIT_REWRITTEN, 6, "the first that was changed is one of 6 to 10");
	assert_int_equal(verify.sound, 5);
}

static void a_chain_made_anew_without_an_entry(void **state)
{
	(void)state;
	remove_at(6);
	chain_anew(6);
	finds(AUDIT_REWRITTEN, 6, "the design server keeps");
}

// The window, as it is told: nobody has signed these yet.
static void what_is_newer_than_the_newest_checkpoint_can_be_made_anew(void **state)
{
	(void)state;
	audit[CHECKED].entry.actor = STR("eve");
	chain_anew(CHECKED);
	look();
	assert_int_equal(verify.finding_count, 0);
	assert_int_equal(verify.sound, CHECKED);
	count = CHECKED; // and cut off
	look();
	assert_int_equal(verify.finding_count, 0);
	assert_int_equal(verify.head.sequence - verify.sound, 0);
}

static void many_findings_are_counted_and_not_all_kept(void **state)
{
	(void)state;
	AuditEntry entry = {.actor = STR("eve")};
	audit_verify_begin(&verify, checkpoints, 0, arena);
	for (uint64_t i = 1; i <= 3 * AUDIT_FINDINGS_MAX; i++)
		assert_int_equal(audit_verify_entry(&verify, &(AuditHead){.sequence = i}, &entry), OK);
	assert_int_equal(verify.finding_count, 3 * AUDIT_FINDINGS_MAX);
	size_t kept = 0;
	for (const AuditFinding *finding = verify.first; finding; finding = finding->next)
		kept++;
	assert_int_equal(kept, AUDIT_FINDINGS_MAX);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, write_audit, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(what_was_written_is_whole),
	        STORY(an_edited_entry),
	        STORY(an_edited_entry_with_its_own_hash_made_anew),
	        STORY(a_deleted_entry),
	        STORY(the_first_entries_deleted),
	        STORY(a_deleted_entry_with_the_numbers_closed_up),
	        STORY(two_entries_exchanged),
	        STORY(two_numbers_exchanged),
	        STORY(an_entry_put_in),
	        STORY(a_number_twice),
	        STORY(the_end_cut_off),
	        STORY(all_of_it_gone),
	        STORY(a_chain_made_anew),
	        STORY(a_chain_made_anew_without_an_entry),
	        STORY(what_is_newer_than_the_newest_checkpoint_can_be_made_anew),
	        STORY(many_findings_are_counted_and_not_all_kept),
	};
	return cmocka_run_group_tests_name("audit verify", tests, NULL, NULL);
}
