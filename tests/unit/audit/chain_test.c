// The form of what is hashed: a vector that another program made, and that nothing can be moved from one
// field to the next, changed, or taken for an entry of another place.
#include "audit/chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const AuditEntry plain = {.time_us = INT64_C(1767225600000001),
        .actor = STR("ada"),
        .action = STR("create"),
        .kind = STR("Offer"),
        .channel = STR("bank"),
        .name = STR("gold"),
        .after = STR("{\"name\":\"Gärtner\"}")};

static AuditHead after(const AuditHead *before, const AuditEntry *entry)
{
	AuditHead head = *before;
	assert_int_equal(audit_chain(&head, entry), OK);
	return head;
}

// printf 'parley audit entry v1\0' … | sha256sum, put together by hand in Python.
static void the_form_is_the_documented_one(void **state)
{
	(void)state;
	char hex[2 * AUDIT_HASH_SIZE + 1];
	AuditHead first = after(&(AuditHead){0}, &plain),
	          second = after(&first, &(AuditEntry){.time_us = -1});
	assert_int_equal(first.sequence, 1);
	hex_encode(first.hash, sizeof first.hash, hex);
	assert_string_equal(hex, "23cb12a97c5aca70df82a2d936a2a9e2292db2959214b8af9b00660b6c5da742");
	assert_int_equal(second.sequence, 2);
	hex_encode(second.hash, sizeof second.hash, hex);
	assert_string_equal(hex, "d473f3cf616e3db6bae1ae8ff2839598fc092ced14895e70c9e8d93300c956ba");
}

static void every_field_counts(void **state)
{
	(void)state;
	AuditHead none = {0}, right = after(&none, &plain);
	AuditEntry others[] = {plain, plain, plain, plain, plain, plain, plain, plain};
	others[0].time_us++;
	others[1].actor = STR("adb");
	others[2].action = STR("delete");
	others[3].kind = STR("Zone");
	others[4].channel = STR("");
	others[5].name = STR("gold ");
	others[6].before = STR("{}");
	others[7].after = STR("");
	for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
		AuditHead other = after(&none, &others[i]);
		assert_memory_not_equal(other.hash, right.hash, AUDIT_HASH_SIZE);
	}
}

static void no_text_can_move_to_its_neighbour(void **state)
{
	(void)state;
	AuditHead none = {0};
	AuditEntry left = {.actor = STR("ab"), .action = STR("c")},
	           right = {.actor = STR("a"), .action = STR("bc")};
	AuditEntry before = {.before = STR("{}")}, later = {.after = STR("{}")};
	AuditHead a = after(&none, &left), b = after(&none, &right);
	assert_memory_not_equal(a.hash, b.hash, AUDIT_HASH_SIZE);
	a = after(&none, &before);
	b = after(&none, &later);
	assert_memory_not_equal(a.hash, b.hash, AUDIT_HASH_SIZE);
}

static void an_entry_fits_one_place_only(void **state)
{
	(void)state;
	AuditHead none = {0}, first = after(&none, &plain), again = after(&first, &plain);
	AuditHead elsewhere = {.sequence = 1};
	AuditHead moved = after(&elsewhere, &plain); // another number, the same hash before
	assert_memory_not_equal(first.hash, again.hash, AUDIT_HASH_SIZE);
	assert_memory_not_equal(first.hash, moved.hash, AUDIT_HASH_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_form_is_the_documented_one),
	        cmocka_unit_test(every_field_counts),
	        cmocka_unit_test(no_text_can_move_to_its_neighbour),
	        cmocka_unit_test(an_entry_fits_one_place_only),
	};
	return cmocka_run_group_tests_name("audit chain", tests, NULL, NULL);
}
