// What a session remembers of offers, and the actions that wait for their time: bounded, in order, and found
// again under another snapshot.
#include "lib/arena.h"
#include "session/session.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const Plan *plan_of(const Snapshot *snapshot)
{
	const Plan *plan = NULL;
	assert_int_equal(snapshot_check(snapshot), OK);
	assert_int_equal(plan_build(snapshot, arena, &plan), OK);
	return plan;
}

static void add(Facts *facts, uint32_t offer, FactKind kind, int64_t time_us)
{
	assert_int_equal(facts_reserve(facts, 1), OK);
	facts_add(facts,
	        &(Fact){.offer = offer, .count = 1, .kind = kind, .time_us = time_us, .until_us = INT64_MAX});
}

static uint64_t counted(const Facts *facts, uint32_t offer, FactKind kind)
{
	uint64_t count = 0;
	for (uint32_t i = 0; i < facts->count; i++)
		if (facts->items[i].offer == offer && facts->items[i].kind == kind)
			count += facts->items[i].count;
	return count;
}

static void facts_are_in_the_order_of_their_time(void **state)
{
	(void)state;
	Facts facts = {0};
	add(&facts, 1, FACT_CONTACT, 10);
	add(&facts, 2, FACT_CONTACT, 30);
	add(&facts, 3, FACT_ACCEPT, 20); // an action that was due before the last call
	add(&facts, 4, FACT_CONTACT, 30);
	const uint32_t offers[] = {1, 3, 2, 4};
	for (int i = 0; i < 4; i++)
		assert_int_equal(facts.items[i].offer, offers[i]);
	facts_free(&facts);
}

static void however_many_contacts_all_are_counted(void **state)
{
	(void)state;
	enum { CONTACTS = 50000, OFFERS = 7 };
	Facts facts = {0};
	for (int i = 0; i < CONTACTS; i++) {
		add(&facts, (uint32_t)(i % OFFERS), i % 100 == 0 ? FACT_ACCEPT : FACT_CONTACT, i);
		assert_true(facts.count <= DECIDE_FACTS_MAX);
	}
	uint64_t contacts = 0, accepts = 0;
	for (uint32_t offer = 0; offer < OFFERS; offer++) {
		contacts += counted(&facts, offer, FACT_CONTACT);
		accepts += counted(&facts, offer, FACT_ACCEPT);
	}
	assert_int_equal(accepts, CONTACTS / 100);
	assert_int_equal(contacts, CONTACTS - CONTACTS / 100);
	for (uint32_t i = 1; i < facts.count; i++)
		assert_true(facts.items[i - 1].time_us <= facts.items[i].time_us);
	facts_free(&facts);
}

static void of_suppressing_and_qualifying_the_last_stays(void **state)
{
	(void)state;
	Facts facts = {0};
	for (int i = 0; i < 3 * DECIDE_FACTS_MAX; i++)
		add(&facts, 5, i % 2 == 0 ? FACT_SUPPRESS : FACT_QUALIFY, i);
	const Fact *last = &facts.items[facts.count - 1];
	assert_int_equal(last->kind, FACT_QUALIFY);
	assert_int_equal(last->count, 1);
	assert_int_equal(last->time_us, 3 * DECIDE_FACTS_MAX - 1);
	facts_free(&facts);
}

static void without_room_the_oldest_go(void **state)
{
	(void)state;
	Facts facts = {0};
	for (uint32_t i = 0; i < DECIDE_FACTS_MAX + 10; i++)
		add(&facts, i, FACT_ACCEPT, i);
	assert_int_equal(facts.count, DECIDE_FACTS_MAX);
	assert_int_equal(facts.items[0].offer, 10);
	assert_int_equal(facts_reserve(&facts, 3 * DECIDE_FACTS_MAX), OK); // as far as the bound allows
	assert_int_equal(facts.capacity, DECIDE_FACTS_MAX);
	facts_free(&facts);
}

static void facts_follow_offers_by_their_codes(void **state)
{
	(void)state;
	Facts facts = {0};
	const Plan *from = plan_of(world_finish(world_bank(arena)));
	World *next = world_bank(arena);
	world_offer(next, "AAA");
	Snapshot *snapshot = world_finish(next);
	snapshot->offers[plan_offer(from, STR("LOAN")) + 1]->code = (char *)"LOAN2";
	const Plan *to = plan_of(snapshot);
	add(&facts, (uint32_t)plan_offer(from, STR("CARD")), FACT_CONTACT, 1);
	add(&facts, (uint32_t)plan_offer(from, STR("LOAN")), FACT_CONTACT, 2);
	add(&facts, (uint32_t)plan_offer(from, STR("TRAVEL")), FACT_REJECT, 3);
	facts_follow(&facts, from, to);
	assert_int_equal(facts.count, 2);
	assert_int_equal(facts.items[0].offer, plan_offer(to, STR("CARD")));
	assert_int_equal(facts.items[1].offer, plan_offer(to, STR("TRAVEL")));
	assert_int_equal(facts.items[1].kind, FACT_REJECT);
	facts_free(&facts);
}

// --- actions that wait ---

static void wait_for(PendingList *list, int64_t due_us, uint32_t event, const char *id)
{
	PendingAction *action =
	        pending_new(&(PendingAction){.due_us = due_us, .event = event, .id = str(id)});
	assert_non_null(action);
	pending_add(list, action);
}

static void actions_come_when_they_are_due(void **state)
{
	(void)state;
	PendingList list = {0};
	const char *expected[] = {"a", "b", "c"};
	wait_for(&list, 20, 0, "b");
	wait_for(&list, 10, 0, "a");
	wait_for(&list, 20, 0, "c");
	assert_null(pending_take(&list, 9));
	for (int i = 0; i < 3; i++) {
		PendingAction *action = pending_take(&list, 20);
		assert_true(str_eq(action->id, str(expected[i])));
		free(action);
	}
	assert_int_equal(list.count, 0);
	wait_for(&list, 5, 0, "d");
	pending_clear(&list);
	assert_null(pending_take(&list, INT64_MAX));
}

static void actions_follow_their_events_by_name(void **state)
{
	(void)state;
	PendingList list = {0};
	const Plan *from = plan_of(world_finish(world_bank(arena)));
	World *next = world_bank(arena);
	world_event(next, "aaa", SNAP_ACTION(RESEGMENT));
	Snapshot *snapshot = world_finish(next);
	snapshot->events[plan_event(from, STR("rejected")) + 1]->actions[0]->kind = SNAP_ACTION(LOG_CONTACT);
	const Plan *to = plan_of(snapshot);
	wait_for(&list, 1, (uint32_t)plan_event(from, STR("accepted")), "stays");
	wait_for(&list, 2, (uint32_t)plan_event(from, STR("rejected")), "is another kind now");
	assert_true(pending_follow(&list, from, to));
	assert_int_equal(list.count, 1);
	assert_int_equal(list.first->event, plan_event(to, STR("accepted")));
	assert_false(pending_follow(&list, to, to));
	pending_clear(&list);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(facts_are_in_the_order_of_their_time),
	        T(however_many_contacts_all_are_counted),
	        T(of_suppressing_and_qualifying_the_last_stays),
	        T(without_room_the_oldest_go),
	        T(facts_follow_offers_by_their_codes),
	        T(actions_come_when_they_are_due),
	        T(actions_follow_their_events_by_name),
	};
	return cmocka_run_group_tests_name("session facts", tests, NULL, NULL);
}
