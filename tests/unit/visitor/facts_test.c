// The row of one visitor's facts: order, one word by event for each offer, what is over, and what gives way.
#include "support.h"

enum { ROOM = 64 };

typedef struct TestRow {
	FactSlot slots[ROOM];
	FactRow row;
} TestRow;

static void put(TestRow *test, FactKind kind, uint32_t offer, int64_t time_us, int64_t until_us)
{
	test->row.slots = test->slots;
	facts_insert(&test->row, &(Fact){.kind = kind,
	                                 .offer = offer,
	                                 .count = 1,
	                                 .time_us = time_us,
	                                 .until_us = until_us,
	                                 .score = 1.5});
	assert_true(facts_valid(&test->row, 1000));
}

static void assert_slot(
        const TestRow *test, size_t at, FactKind kind, uint32_t offer, uint32_t count, int64_t time_us)
{
	const FactSlot *slot = &test->row.slots[at];
	assert_int_equal(fact_kind(slot), kind);
	assert_int_equal(slot->offer, offer);
	assert_int_equal(fact_count(slot), count);
	assert_int_equal(slot->time_us, time_us);
}

static void facts_stand_in_the_order_of_their_times(void **state)
{
	(void)state;
	TestRow test = {0};
	put(&test, FACT_CONTACT, 1, 30, 0);
	put(&test, FACT_ACCEPT, 1, 40, 0);
	put(&test, FACT_CONTACT, 2, 20, 0); // a call that took longer to its record
	put(&test, FACT_REJECT, 3, 30, 0);  // behind the other of its time
	assert_int_equal(test.row.count, 4);
	assert_slot(&test, 0, FACT_CONTACT, 2, 1, 20);
	assert_slot(&test, 1, FACT_CONTACT, 1, 1, 30);
	assert_slot(&test, 2, FACT_REJECT, 3, 1, 30);
	assert_slot(&test, 3, FACT_ACCEPT, 1, 1, 40);
}

static void the_latest_word_by_event_holds_for_an_offer(void **state)
{
	(void)state;
	TestRow test = {0};
	put(&test, FACT_SUPPRESS, 1, 10, 100);
	put(&test, FACT_SUPPRESS, 2, 11, 100);
	put(&test, FACT_QUALIFY, 1, 20, 50);
	assert_int_equal(test.row.count, 4);
	assert_slot(&test, 0, FACT_SUPPRESS, 2, 1, 11);
	assert_slot(&test, 2, FACT_QUALIFY, 1, 1, 20);
	assert_int_equal(test.row.slots[3].until_us, 50);
	put(&test, FACT_SUPPRESS, 1, 15, 99); // told late, and meanwhile it is qualified
	assert_int_equal(test.row.count, 4);
	put(&test, FACT_SUPPRESS, 1, 20, 99); // at the same time: the later record
	assert_slot(&test, 2, FACT_SUPPRESS, 1, 1, 20);
}

static void what_is_over_goes(void **state)
{
	(void)state;
	TestRow test = {0};
	put(&test, FACT_CONTACT, 1, 10, 0);
	put(&test, FACT_ACCEPT, 1, 10, 0);
	put(&test, FACT_SUPPRESS, 2, 10, 200);
	put(&test, FACT_QUALIFY, 3, 10, FOREVER_US);
	put(&test, FACT_CONTACT, 1, 150, 0);
	facts_prune(&test.row, 110, 100); // 10 is just not older
	assert_int_equal(test.row.count, 7);
	facts_prune(&test.row, 199, 100);
	assert_int_equal(test.row.count, 6);
	assert_slot(&test, 0, FACT_ACCEPT, 1, 1, 10);
	facts_prune(&test.row, 200, 100);
	assert_int_equal(test.row.count, 4);
	assert_slot(&test, 1, FACT_QUALIFY, 3, 1, 10);
	facts_prune(&test.row, 1000, 100);
	assert_int_equal(test.row.count, 3); // responses stay, and what holds for ever
}

static void contacts_of_an_offer_are_merged_first(void **state)
{
	(void)state;
	TestRow test = {0};
	put(&test, FACT_ACCEPT, 9, 1, 0);
	for (int i = 0; i < 6; i++)
		put(&test, FACT_CONTACT, (uint32_t)(i % 3), 10 + i, 0);
	assert_int_equal(facts_bound(&test.row, 6), 0);
	assert_int_equal(test.row.count, 6);
	assert_slot(&test, 1, FACT_CONTACT, 1, 1, 11);
	assert_slot(&test, 3, FACT_CONTACT, 0, 2, 13); // at the later time
	assert_int_equal(facts_bound(&test.row, 4), 0);
	assert_slot(&test, 0, FACT_ACCEPT, 9, 1, 1);
	assert_slot(&test, 3, FACT_CONTACT, 2, 2, 15);
	assert_int_equal(facts_bound(&test.row, 3), 1); // now one is lost: the oldest contact
	assert_slot(&test, 0, FACT_ACCEPT, 9, 1, 1);
	assert_slot(&test, 1, FACT_CONTACT, 1, 2, 14);
}

static void responses_are_the_last_to_go(void **state)
{
	(void)state;
	TestRow test = {0};
	put(&test, FACT_ACCEPT, 1, 1, 0);
	put(&test, FACT_REJECT, 1, 2, 0);
	put(&test, FACT_SUPPRESS, 2, 3, FOREVER_US);
	put(&test, FACT_ACCEPT, 1, 4, 0);
	put(&test, FACT_CONTACT, 3, 5, 0);
	assert_int_equal(facts_bound(&test.row, 5), 0); // the accepts are one
	assert_slot(&test, 3, FACT_ACCEPT, 1, 2, 4);
	assert_int_equal(facts_bound(&test.row, 4), 1); // the contact
	assert_slot(&test, 3, FACT_ACCEPT, 1, 2, 4);
	assert_int_equal(facts_bound(&test.row, 3), 1); // what an event suppressed
	assert_slot(&test, 0, FACT_REJECT, 1, 1, 2);
	assert_slot(&test, 1, FACT_ACCEPT, 1, 2, 4);
	assert_int_equal(facts_bound(&test.row, 1), 1);
	assert_slot(&test, 0, FACT_ACCEPT, 1, 2, 4);
}

static void rows_from_elsewhere_are_looked_at(void **state)
{
	(void)state;
	FactSlot slots[4] = {fact_slot(FACT_CONTACT, 1, 1, 10), fact_slot(FACT_SUPPRESS, 1, 1, 20),
	        {.until_us = 30}, fact_slot(FACT_REJECT, 1, 1, 20)};
	FactRow row = {slots, 4};
	assert_true(facts_valid(&row, 2));
	assert_false(facts_valid(&row, 1));
	row.count = 2;
	assert_false(facts_valid(&row, 2)); // half a fact
	row.count = 4;
	slots[3].time_us = 19;
	assert_false(facts_valid(&row, 2));
	slots[3] = fact_slot(FACT_REJECT, 1, 0, 20);
	assert_false(facts_valid(&row, 2));
	slots[3] = fact_slot((FactKind)7, 1, 1, 20);
	assert_false(facts_valid(&row, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(facts_stand_in_the_order_of_their_times),
	        cmocka_unit_test(the_latest_word_by_event_holds_for_an_offer),
	        cmocka_unit_test(what_is_over_goes),
	        cmocka_unit_test(contacts_of_an_offer_are_merged_first),
	        cmocka_unit_test(responses_are_the_last_to_go),
	        cmocka_unit_test(rows_from_elsewhere_are_looked_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
