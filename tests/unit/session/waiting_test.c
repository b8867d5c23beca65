// Waiters that cannot wait for ever, and sessions that want to be woken.
#include "session/table.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SECOND = 1000000 };

typedef struct Caller {
	SessionWaiter waiter; // first
	atomic_int times;     // told
	Err result;
	Session *session;
	void *late_pin;
} Caller;

static void tell(SessionWaiter *waiter, Err result, Session *session)
{
	Caller *caller = (Caller *)waiter;
	caller->result = result;
	caller->session = session;
	caller->late_pin = waiter->late_pin;
	atomic_fetch_add(&caller->times, 1);
}

static void enter(SessionTable *table, Caller *caller, int64_t deadline_us)
{
	*caller = (Caller){.waiter = {.run = tell, .deadline_us = deadline_us}};
	session_enter(table, STR("a"), &caller->waiter);
}

static int retained;

static void *retain(void *context, void *pin)
{
	(void)context;
	retained++;
	return pin;
}

// A table with one session, which `owner` has.
static SessionTable *busy_table(Caller *owner)
{
	SessionTable *table =
	        session_table_new(&(SessionTableOptions){.max_waiters = 4, .hash_seed = 7, .retain = retain});
	assert_non_null(table);
	retained = 0;
	*owner = (Caller){.waiter.run = tell};
	session_open(table, STR("a"), 0, &owner->waiter);
	assert_int_equal(owner->result, OK);
	owner->session->timeout_us = 100 * SECOND;
	return table;
}

static void whoever_is_late_is_told_and_the_others_keep_their_places(void **state)
{
	(void)state;
	Caller owner, callers[4];
	SessionTable *table = busy_table(&owner);
	int64_t far_us = monotonic_us() + 1000 * (int64_t)SECOND;
	int snapshot = 0;
	assert_null(session_pin(table, owner.session, &snapshot));
	enter(table, &callers[0], far_us);
	enter(table, &callers[1], 0);
	enter(table, &callers[2], far_us + 10);
	enter(table, &callers[3], far_us + 20);
	assert_true(session_give_up_late(table, far_us - 1) == far_us);
	assert_true(session_give_up_late(table, far_us + 19) == far_us + 20);
	assert_int_equal(callers[0].result, ERR_TIMEOUT);
	assert_ptr_equal(callers[0].late_pin, &snapshot);
	assert_null(callers[0].session);
	assert_int_equal(callers[2].result, ERR_TIMEOUT);
	assert_int_equal(retained, 2);
	assert_int_equal(callers[1].times + callers[3].times, 0);
	enter(table, &callers[0], 0); // there is room again, behind the others
	session_leave(table, owner.session, 0);
	assert_int_equal(callers[1].times, 1);
	session_leave(table, callers[1].session, 0);
	assert_int_equal(callers[3].times, 1);
	assert_int_equal(callers[3].result, OK);
	assert_true(session_give_up_late(table, far_us + 30) == INT64_MAX);
	session_leave(table, callers[3].session, 0);
	assert_int_equal(callers[0].result, OK);
	session_leave(table, callers[0].session, 0);
	session_table_free(table);
}

static void a_deadline_that_has_passed_is_not_waited_for(void **state)
{
	(void)state;
	Caller owner, caller;
	SessionTable *table = busy_table(&owner);
	enter(table, &caller, 1);
	assert_int_equal(caller.times, 1);
	assert_int_equal(caller.result, ERR_TIMEOUT);
	assert_null(caller.late_pin); // the session has no snapshot yet
	session_leave(table, owner.session, 0);
	enter(table, &caller, 1); // a session that is free is had at once
	assert_int_equal(caller.result, OK);
	session_leave(table, caller.session, 0);
	session_table_free(table);
}

static void the_last_in_the_queue_may_be_the_one_that_goes(void **state)
{
	(void)state;
	Caller owner, patient, late, next;
	SessionTable *table = busy_table(&owner);
	int64_t far_us = monotonic_us() + 1000 * (int64_t)SECOND;
	enter(table, &patient, 0);
	enter(table, &late, far_us);
	session_give_up_late(table, far_us);
	enter(table, &next, 0);
	session_leave(table, owner.session, 0);
	session_leave(table, patient.session, 0);
	assert_int_equal(next.times, 1);
	session_end(table, next.session);
	session_table_free(table);
}

static void a_thread_sees_to_deadlines(void **state)
{
	(void)state;
	Caller owner, soon, never;
	SessionTable *table = busy_table(&owner);
	assert_int_equal(session_table_time(table), OK);
	enter(table, &never, monotonic_us() + 3600 * (int64_t)SECOND);
	enter(table, &soon, monotonic_us() + 3000);
	while (atomic_load(&soon.times) == 0)
		sched_yield();
	assert_int_equal(soon.result, ERR_TIMEOUT);
	assert_int_equal(never.times, 0);
	session_end(table, owner.session);
	assert_int_equal(never.result, ERR_SESSION_UNKNOWN);
	session_table_free(table);
}

// --- waking ---

typedef struct Woken {
	int times, ended;
	int64_t again_us;
	bool go_on;
} Woken;

static bool wake(void *context, Session *session)
{
	Woken *woken = context;
	woken->times++;
	session->wake_us = woken->again_us;
	return woken->go_on;
}

static void end(void *context, Session *session)
{
	(void)session;
	((Woken *)context)->ended++;
}

static void sweep_to(SessionTable *table, int64_t *second, int64_t to, Woken *woken)
{
	SessionSweep sweep = {.expired = end, .woken = wake, .context = woken};
	while (*second < to)
		session_sweep(table, ++*second * SECOND, &sweep);
}

static void a_session_is_handed_out_when_it_wants_to_be(void **state)
{
	(void)state;
	Caller owner;
	SessionTable *table = busy_table(&owner);
	Woken woken = {.again_us = 40 * SECOND + 1, .go_on = true};
	int64_t second = 0;
	owner.session->wake_us = 7 * SECOND + SECOND / 2;
	session_leave(table, owner.session, 0);
	sweep_to(table, &second, 7, &woken);
	assert_int_equal(woken.times, 0);
	sweep_to(table, &second, 8, &woken);
	assert_int_equal(woken.times, 1);
	sweep_to(table, &second, 40, &woken);
	assert_int_equal(woken.times, 1);
	woken.again_us = 0;
	sweep_to(table, &second, 41, &woken);
	assert_int_equal(woken.times, 2);
	sweep_to(table, &second, 99, &woken);
	assert_int_equal(woken.ended, 0); // being woken is no use, and no end
	sweep_to(table, &second, 101, &woken);
	assert_int_equal(woken.ended, 1);
	assert_int_equal(woken.times, 2);
	session_table_free(table);
}

static void a_session_that_is_woken_may_have_to_end(void **state)
{
	(void)state;
	Caller owner;
	SessionTable *table = busy_table(&owner);
	Woken woken = {.go_on = false};
	int64_t second = 0;
	owner.session->wake_us = SECOND;
	session_leave(table, owner.session, 0);
	sweep_to(table, &second, 3, &woken);
	assert_int_equal(woken.times, 1);
	assert_int_equal(woken.ended, 0);
	assert_int_equal(session_count(table), 0);
	session_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(whoever_is_late_is_told_and_the_others_keep_their_places),
	        cmocka_unit_test(a_deadline_that_has_passed_is_not_waited_for),
	        cmocka_unit_test(the_last_in_the_queue_may_be_the_one_that_goes),
	        cmocka_unit_test(a_thread_sees_to_deadlines),
	        cmocka_unit_test(a_session_is_handed_out_when_it_wants_to_be),
	        cmocka_unit_test(a_session_that_is_woken_may_have_to_end),
	};
	return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}
