// The session table: who gets a session when, what becomes of those who wait, and when idle sessions end.
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

// A caller that keeps what it was told.
typedef struct Caller {
	SessionWaiter waiter; // first
	int times;            // told
	Err result;
	Session *session;
	int order; // among all callers that were told
} Caller;

static int told;

static void tell(SessionWaiter *waiter, Err result, Session *session)
{
	Caller *caller = (Caller *)waiter;
	caller->times++;
	caller->result = result;
	caller->session = session;
	caller->order = ++told;
}

static Caller new_caller(void)
{
	return (Caller){.waiter.run = tell};
}

static void enter(SessionTable *table, const char *id, Caller *caller)
{
	*caller = new_caller();
	session_enter(table, str(id), &caller->waiter);
}

static void open_at(SessionTable *table, const char *id, int64_t now_us, Caller *caller)
{
	*caller = new_caller();
	session_open(table, str(id), now_us, &caller->waiter);
}

// Opens a session with a time-out of `seconds` and leaves it.
static void have(SessionTable *table, const char *id, int64_t now_us, int seconds)
{
	Caller caller;
	open_at(table, id, now_us, &caller);
	assert_int_equal(caller.result, OK);
	caller.session->timeout_us = seconds * INT64_C(1000000);
	session_leave(table, caller.session, now_us);
}

static bool is_open(SessionTable *table, const char *id, int64_t now_us)
{
	Caller caller;
	enter(table, id, &caller);
	assert_int_equal(caller.times, 1);
	if (caller.result == OK)
		session_leave(table, caller.session, now_us);
	return caller.result == OK;
}

static SessionTable *new_table(size_t sessions, unsigned waiters)
{
	SessionTable *table = session_table_new(
	        &(SessionTableOptions){.max_sessions = sessions, .max_waiters = waiters, .hash_seed = 7});
	assert_non_null(table);
	return table;
}

static void a_session_is_there_from_open_to_end(void **state)
{
	(void)state;
	SessionTable *table = new_table(0, 0);
	Caller caller;
	assert_false(is_open(table, "a", 0));
	assert_int_equal(err_detail()->id, ERR_SESSION_UNKNOWN);
	have(table, "a", 0, 60);
	assert_true(is_open(table, "a", 0));
	assert_false(is_open(table, "A", 0));
	assert_int_equal(session_count(table), 1);
	enter(table, "a", &caller);
	assert_true(str_eq(session_id(caller.session), STR("a")));
	session_end(table, caller.session);
	assert_false(is_open(table, "a", 0));
	assert_int_equal(session_count(table), 0);
	session_table_free(table);
}

static void callers_wait_their_turn_in_order(void **state)
{
	(void)state;
	SessionTable *table = new_table(0, 0);
	Caller first, second, third;
	open_at(table, "a", 0, &first);
	enter(table, "a", &second);
	enter(table, "a", &third);
	assert_int_equal(second.times + third.times, 0);
	session_leave(table, first.session, 0);
	assert_int_equal(second.times, 1);
	assert_int_equal(third.times, 0);
	session_leave(table, second.session, 0);
	assert_int_equal(third.times, 1);
	assert_true(second.order < third.order);
	session_leave(table, third.session, 0);
	session_table_free(table);
}

static void too_many_waiters_are_refused(void **state)
{
	(void)state;
	SessionTable *table = new_table(0, 2);
	Caller owner, waiting[2], refused;
	open_at(table, "a", 0, &owner);
	enter(table, "a", &waiting[0]);
	enter(table, "a", &waiting[1]);
	enter(table, "a", &refused);
	assert_int_equal(refused.times, 1);
	assert_int_equal(refused.result, ERR_BUSY);
	assert_true(err_detail()->retry_after_ms > 0);
	session_leave(table, owner.session, 0);
	session_leave(table, waiting[0].session, 0);
	session_leave(table, waiting[1].session, 0);
	assert_true(is_open(table, "a", 0));
	session_table_free(table);
}

static void the_end_of_a_session_reaches_those_who_wait(void **state)
{
	(void)state;
	SessionTable *table = new_table(0, 0);
	Caller owner, user, opener, late_user;
	open_at(table, "a", 0, &owner);
	owner.session->notes = 1;
	enter(table, "a", &user);
	open_at(table, "a", 0, &opener);
	enter(table, "a", &late_user);
	session_end(table, owner.session);
	assert_int_equal(user.result, ERR_SESSION_UNKNOWN);
	assert_int_equal(opener.result, OK);
	assert_int_equal(opener.session->notes, 0);
	assert_int_equal(late_user.times, 0); // waits for the new session
	session_leave(table, opener.session, 0);
	assert_int_equal(late_user.result, OK);
	assert_ptr_equal(late_user.session, opener.session);
	session_leave(table, late_user.session, 0);
	session_table_free(table);
}

// Leaves or ends the session as soon as it gets it.
typedef struct Chain {
	SessionWaiter waiter; // first
	SessionTable *table;
	int *running, *most, *done;
} Chain;

static void link(SessionWaiter *waiter, Err result, Session *session)
{
	Chain *chain = (Chain *)waiter;
	assert_int_equal(result, OK);
	if (++*chain->running > *chain->most)
		*chain->most = *chain->running;
	++*chain->done;
	if (*chain->done % 3 == 0)
		session_end(chain->table, session);
	else
		session_leave(chain->table, session, 0);
	--*chain->running;
}

static void a_long_queue_is_no_deep_recursion(void **state)
{
	(void)state;
	enum { LENGTH = 1000 };
	SessionTable *table = new_table(0, LENGTH);
	Chain *chain = calloc(LENGTH, sizeof *chain);
	int running = 0, most = 0, done = 0;
	Caller owner;
	open_at(table, "a", 0, &owner);
	for (int i = 0; i < LENGTH; i++) {
		chain[i] = (Chain){{.run = link}, table, &running, &most, &done};
		session_open(table, STR("a"), 0, &chain[i].waiter);
	}
	session_leave(table, owner.session, 0);
	assert_int_equal(done, LENGTH);
	assert_int_equal(most, 1);
	free(chain);
	session_table_free(table);
}

static void a_full_table_refuses_with_a_retry_time(void **state)
{
	(void)state;
	SessionTable *table = new_table(2, 0);
	Caller caller;
	have(table, "a", 0, 60);
	have(table, "b", 0, 60);
	open_at(table, "c", 0, &caller);
	assert_int_equal(caller.result, ERR_LIMIT);
	assert_true(err_detail()->retry_after_ms > 0);
	open_at(table, "a", 0, &caller); // that one is there
	session_end(table, caller.session);
	have(table, "c", 0, 60);
	session_table_free(table);
}

// --- idle sessions ---

typedef struct Ended {
	int count;
	char last[16];
} Ended;

static void note_end(void *context, Session *session)
{
	Ended *ended = context;
	ended->count++;
	memcpy(ended->last, session->id, session->id_len + 1);
}

static bool leave_it(void *context, Session *session)
{
	(void)context;
	session->wake_us = 0;
	return true;
}

static size_t sweep_at(SessionTable *table, int64_t now_us, Ended *ended)
{
	SessionSweep sweep = {.expired = note_end, .woken = leave_it, .context = ended};
	return session_sweep(table, now_us, &sweep);
}

static void idle_sessions_end_and_used_ones_live(void **state)
{
	(void)state;
	SessionTable *table = new_table(0, 0);
	Ended ended = {0};
	int64_t t0 = 1000 * INT64_C(1000000);
	have(table, "short", t0, 10);
	have(table, "used", t0, 10);
	have(table, "long", t0, 4000);
	for (int s = 1; s <= 9; s++)
		assert_int_equal(sweep_at(table, t0 + s * SECOND, &ended), 0);
	assert_true(is_open(table, "used", t0 + 9 * SECOND));
	sweep_at(table, t0 + 11 * SECOND, &ended);
	assert_int_equal(ended.count, 1);
	assert_string_equal(ended.last, "short");
	sweep_at(table, t0 + 20 * SECOND, &ended);
	assert_int_equal(ended.count, 2);
	assert_true(is_open(table, "long", t0 + 20 * SECOND));
	session_table_free(table);
}

static void time_outs_beyond_the_wheel_and_jumps_of_the_clock_are_fine(void **state)
{
	(void)state;
	SessionTable *table = new_table(0, 0);
	Ended ended = {0};
	char id[16];
	for (int s = 1; s <= 3000; s += 7) {
		snprintf(id, sizeof id, "s%d", s);
		have(table, id, 0, s);
	}
	size_t count = session_count(table);
	for (int64_t s = 1; s <= 3100; s += s < 1000 ? 1 : 300) { // second by second, then in leaps
		sweep_at(table, s * SECOND, &ended);
		assert_true((size_t)ended.count + session_count(table) == count);
	}
	assert_int_equal(session_count(table), 0);
	sweep_at(table, 0, &ended); // the clock was set back: nothing happens
	session_table_free(table);
}

static void every_session_ends_within_a_tick(void **state)
{
	(void)state;
	SessionTable *table = new_table(0, 0);
	Ended ended = {0};
	for (int timeout = 1; timeout <= 600; timeout += 13) {
		have(table, "a", 0, timeout);
		int64_t second = 0;
		while (session_count(table) > 0)
			sweep_at(table, ++second * SECOND, &ended);
		assert_in_range(second, timeout, timeout + 1);
		session_table_free(table);
		table = new_table(0, 0);
	}
	session_table_free(table);
}

static void a_session_in_use_never_ends_by_time(void **state)
{
	(void)state;
	SessionTable *table = new_table(0, 0);
	Ended ended = {0};
	Caller caller;
	open_at(table, "a", 0, &caller);
	caller.session->timeout_us = SECOND;
	for (int64_t s = 1; s < 1000; s += 50)
		assert_int_equal(sweep_at(table, s * SECOND, &ended), 0);
	session_leave(table, caller.session, 1000 * (int64_t)SECOND);
	sweep_at(table, 1002 * (int64_t)SECOND, &ended);
	assert_int_equal(ended.count, 1);
	session_table_free(table);
}

static bool keep_odd(void *context, Session *session)
{
	++*(int *)context;
	return session->id[0] % 2 == 1;
}

static void a_visit_sees_all_that_nobody_has(void **state)
{
	(void)state;
	SessionTable *table = new_table(0, 0);
	Ended ended = {0};
	Caller busy;
	int visited = 0;
	for (char id = 'a'; id <= 'z'; id++)
		have(table, (char[]){id, '\0'}, 0, 10);
	enter(table, "b", &busy);
	session_visit(table, keep_odd, &visited);
	assert_int_equal(visited, 25);
	assert_int_equal(session_count(table), 13 + 1);
	session_leave(table, busy.session, 0);
	sweep_at(table, 11 * SECOND, &ended); // a visit is no use
	assert_int_equal(session_count(table), 0);
	session_table_free(table);
}

// --- one thread alone ---

static Session *look(SessionTable *table, const char *id)
{
	return session_look(table, session_place(table, str(id)), str(id));
}

static void a_table_of_one_thread_grows(void **state)
{
	enum { SESSIONS = 5000 };
	(void)state;
	SessionTable *table = session_table_new(&(SessionTableOptions){.alone = true, .hash_seed = 7});
	Ended ended = {0};
	char id[8];
	assert_non_null(table);
	for (int i = 0; i < SESSIONS; i++) {
		snprintf(id, sizeof id, "%d", i);
		have(table, id, 0, i % 2 == 0 ? 10 : 20);
	}
	for (int i = 0; i < SESSIONS; i++) {
		snprintf(id, sizeof id, "%d", i);
		assert_true(str_eq(session_id(look(table, id)), str(id)));
	}
	assert_null(look(table, "none"));
	sweep_at(table, 12 * SECOND, &ended);
	assert_int_equal(session_count(table), SESSIONS / 2);
	assert_null(look(table, "0"));
	assert_non_null(look(table, "1"));
	session_table_free(table);
}

static void a_session_that_was_found_is_taken(void **state)
{
	(void)state;
	SessionTable *table = session_table_new(&(SessionTableOptions){.alone = true});
	Caller caller = new_caller();
	assert_non_null(table);
	have(table, "a", 0, 60);
	session_take(look(table, "a"), &caller.waiter);
	assert_int_equal(caller.times, 1);
	assert_int_equal(caller.result, OK);
	assert_true(caller.session->busy);
	session_leave(table, caller.session, 0);
	assert_true(is_open(table, "a", 0));
	session_table_free(table);
}

// --- threads ---

enum { THREADS = 4, ROUNDS = 4000, IDS = 8 };

typedef struct Hammer {
	SessionTable *table;
	atomic_long entered, refused;
} Hammer;

typedef struct Blow {
	SessionWaiter waiter; // first
	Hammer *hammer;
	unsigned kind;
} Blow;

// Touches the session without any lock: a second owner at the same time is a data race.
static void strike(SessionWaiter *waiter, Err result, Session *session)
{
	Blow *blow = (Blow *)waiter;
	Hammer *hammer = blow->hammer;
	unsigned kind = blow->kind;
	free(blow);
	if (result != OK) {
		assert_true(result == ERR_SESSION_UNKNOWN || result == ERR_TIMEOUT);
		atomic_fetch_add(&hammer->refused, 1);
		return;
	}
	session->notes++;
	session->timeout_us = kind % 5;
	session->wake_us = kind % 7 * SECOND;
	atomic_fetch_add(&hammer->entered, 1);
	if (kind % 97 == 0)
		session_end(hammer->table, session);
	else
		session_leave(hammer->table, session, 0);
}

static void *hammer_on(void *context)
{
	static atomic_uint seeds = 1;
	Hammer *hammer = context;
	unsigned seed = atomic_fetch_add(&seeds, 1) * 7919;
	for (int i = 0; i < ROUNDS; i++) {
		Blow *blow = malloc(sizeof *blow);
		static const char ids[IDS][2] = {"a", "b", "c", "d", "e", "f", "g", "h"};
		unsigned dice = (unsigned)rand_r(&seed);
		*blow = (Blow){{.run = strike}, hammer, dice};
		if (dice % 11 == 0)
			blow->waiter.deadline_us = monotonic_us() + dice % 50;
		if (dice % 3 == 0)
			session_open(hammer->table, str(ids[dice / 3 % IDS]), 0, &blow->waiter);
		else
			session_enter(hammer->table, str(ids[dice / 3 % IDS]), &blow->waiter);
	}
	return NULL;
}

// Who waits is answered by whoever leaves a session, or by the timer.
static void wait_for(const Hammer *hammer)
{
	while (atomic_load(&hammer->entered) + atomic_load(&hammer->refused) < THREADS * ROUNDS)
		sched_yield();
	assert_int_equal(hammer->entered + hammer->refused, THREADS * ROUNDS);
}

static bool touch(void *context, Session *session)
{
	(void)context;
	session->notes++;
	return true;
}

typedef struct Holder {
	SessionTable *table;
	Caller caller;
} Holder;

// The one that somebody has is given up while the visit waits for it.
static void *give_up_soon(void *context)
{
	Holder *holder = context;
	sched_yield();
	session_leave(holder->table, holder->caller.session, SECOND);
	return NULL;
}

static bool end_all(void *context, Session *session)
{
	(void)session;
	++*(int *)context;
	return false;
}

static void a_visit_of_all_waits_for_those_that_somebody_has(void **state)
{
	(void)state;
	SessionTable *table = new_table(0, 0);
	Holder holder = {.table = table};
	pthread_t thread;
	int visited = 0;
	have(table, "idle", SECOND, 10);
	open_at(table, "busy", SECOND, &holder.caller);
	pthread_create(&thread, NULL, give_up_soon, &holder);
	assert_int_equal(session_visit_all(table, end_all, &visited), OK);
	pthread_join(thread, NULL);
	assert_int_equal(visited, 2);
	assert_int_equal(session_count(table), 0);
	session_table_free(table);
}

static void threads_never_have_the_same_session(void **state)
{
	(void)state;
	Hammer hammer = {.table = new_table(0, 100000)};
	Ended ended = {0};
	SessionSweep sweep = {.expired = note_end, .woken = leave_it, .context = &ended};
	pthread_t threads[THREADS];
	assert_int_equal(session_table_time(hammer.table), OK);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, hammer_on, &hammer);
	for (int64_t s = 1; s < 200; s++) {
		session_sweep(hammer.table, s * SECOND, &sweep);
		session_visit(hammer.table, touch, NULL);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	wait_for(&hammer);
	session_table_free(hammer.table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_session_is_there_from_open_to_end),
	        cmocka_unit_test(callers_wait_their_turn_in_order),
	        cmocka_unit_test(too_many_waiters_are_refused),
	        cmocka_unit_test(the_end_of_a_session_reaches_those_who_wait),
	        cmocka_unit_test(a_long_queue_is_no_deep_recursion),
	        cmocka_unit_test(a_full_table_refuses_with_a_retry_time),
	        cmocka_unit_test(idle_sessions_end_and_used_ones_live),
	        cmocka_unit_test(time_outs_beyond_the_wheel_and_jumps_of_the_clock_are_fine),
	        cmocka_unit_test(every_session_ends_within_a_tick),
	        cmocka_unit_test(a_session_in_use_never_ends_by_time),
	        cmocka_unit_test(a_visit_sees_all_that_nobody_has),
	        cmocka_unit_test(a_table_of_one_thread_grows),
	        cmocka_unit_test(a_session_that_was_found_is_taken),
	        cmocka_unit_test(a_visit_of_all_waits_for_those_that_somebody_has),
	        cmocka_unit_test(threads_never_have_the_same_session),
	};
	return cmocka_run_group_tests_name("session table", tests, NULL, NULL);
}
