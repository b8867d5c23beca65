// Too much, too late, and the end: cap, deadlines, servers that hang or are gone, draining.
#include "fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

// Threads that call one method once and count how it ended.
typedef struct Crowd {
	Fixture *fixture;
	const char *method;
	int timeout_ms;
	pthread_t threads[64];
	int size;
	atomic_int ended, answered, busy, shutting_down, timed_out, other;
} Crowd;

static void *call_once(void *argument)
{
	Crowd *crowd = argument;
	Err e = call_simply(crowd->fixture, crowd->fixture->client, crowd->method, "s", crowd->timeout_ms);

	if (e == OK)
		atomic_fetch_add(&crowd->answered, 1);
	else if (e == ERR_BUSY && err_detail()->retry_after_ms > 0)
		atomic_fetch_add(&crowd->busy, 1);
	else if (e == ERR_SHUTTING_DOWN || e == ERR_UNAVAILABLE)
		atomic_fetch_add(&crowd->shutting_down, 1);
	else if (e == ERR_TIMEOUT)
		atomic_fetch_add(&crowd->timed_out, 1);
	else
		atomic_fetch_add(&crowd->other, 1);
	pthread_mutex_lock(&crowd->fixture->lock);
	atomic_fetch_add(&crowd->ended, 1);
	pthread_cond_broadcast(&crowd->fixture->changed);
	pthread_mutex_unlock(&crowd->fixture->lock);
	return NULL;
}

static void crowd_start(Crowd *crowd, Fixture *fixture, const char *method, int size, int timeout_ms)
{
	*crowd = (Crowd){.fixture = fixture, .method = method, .size = size, .timeout_ms = timeout_ms};
	for (int i = 0; i < size; i++)
		assert_int_equal(pthread_create(&crowd->threads[i], NULL, call_once, crowd), 0);
}

static void crowd_wait(Crowd *crowd, int ended)
{
	pthread_mutex_lock(&crowd->fixture->lock);
	while (atomic_load(&crowd->ended) < ended)
		pthread_cond_wait(&crowd->fixture->changed, &crowd->fixture->lock);
	pthread_mutex_unlock(&crowd->fixture->lock);
}

static void crowd_join(Crowd *crowd)
{
	for (int i = 0; i < crowd->size; i++)
		pthread_join(crowd->threads[i], NULL);
}

static void more_than_the_cap_is_told_to_come_back(void **state)
{
	Fixture fixture;
	Crowd crowd;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){.max_in_flight = 4, .workers = 4});
	crowd_start(&crowd, &fixture, "EndSession", 12, 10000);
	crowd_wait(&crowd, 8);
	assert_int_equal(crowd.busy, 8);
	gate_open(&fixture);
	crowd_join(&crowd);
	assert_int_equal(crowd.answered, 4);
	assert_int_equal(
	        call_simply(&fixture, fixture.client, "EndSession", "s", 5000), OK); // and is let in again
	fixture_stop(&fixture);
}

static void the_workers_queue_is_bounded(void **state)
{
	Fixture fixture;
	Crowd first, rest;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){.workers = 1});
	crowd_start(&first, &fixture, "EndSession", 1, 10000);
	gate_wait(&fixture, 1);
	crowd_start(&rest, &fixture, "EndSession", 20, 10000); // 16 may wait for the worker
	crowd_wait(&rest, 4);
	assert_int_equal(rest.busy, 4);
	assert_int_equal(
	        call_simply(&fixture, fixture.client, "PostEvent", "s", 5000), OK); // others go on meanwhile
	gate_open(&fixture);
	crowd_join(&first);
	crowd_join(&rest);
	assert_int_equal(first.answered + rest.answered, 17);
	fixture_stop(&fixture);
}

static void what_is_too_late_is_not_run(void **state)
{
	Fixture fixture;
	Crowd first, late;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){.workers = 1});
	crowd_start(&first, &fixture, "EndSession", 1, 10000);
	gate_wait(&fixture, 1);
	crowd_start(&late, &fixture, "EndSession", 5, 100);
	crowd_join(&late);
	assert_int_equal(late.timed_out, 5);
	usleep(100 * 1000); // a call's time starts at the server when it arrives there
	gate_open(&fixture);
	crowd_join(&first);
	assert_int_equal(call_simply(&fixture, fixture.client, "EndSession", "s", 5000), OK);
	assert_int_equal(fixture.handled, 2);
	fixture_stop(&fixture);
}

static int bound_socket(struct sockaddr_in *ret_address)
{
	socklen_t size = sizeof(*ret_address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*ret_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(fd, (struct sockaddr *)ret_address, sizeof(*ret_address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)ret_address, &size), 0);
	return fd;
}

static void hung_and_dead_servers_are_named(void **state)
{
	struct sockaddr_in address;
	int fd = bound_socket(&address);
	Fixture fixture = {0};
	char target[64];

	(void)state;
	snprintf(target, sizeof(target), "127.0.0.1:%d", ntohs(address.sin_port));
	assert_int_equal(rpc_client_new(&(RpcClientOptions){.target = target}, &fixture.client), OK);
	assert_int_equal(call_simply(&fixture, fixture.client, "EndSession", "s", 5000), ERR_UNAVAILABLE);
	assert_non_null(strstr(err_detail()->message, target));
	rpc_client_free(fixture.client);
	assert_int_equal(listen(fd, 8), 0); // takes connections, and says nothing
	assert_int_equal(rpc_client_new(&(RpcClientOptions){.target = target}, &fixture.client), OK);
	assert_int_equal(call_simply(&fixture, fixture.client, "EndSession", "s", 300), ERR_TIMEOUT);
	assert_non_null(strstr(err_detail()->message, target));
	rpc_client_free(fixture.client);
	close(fd);
}

static void a_taken_port_is_an_error(void **state)
{
	Fixture fixture;
	RpcListener listener = {0};
	RpcServer *second;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){0});
	listener.address = fixture.target;
	assert_int_equal(
	        rpc_server_new(&(RpcServerOptions){.listeners = &listener, .listener_count = 1}, &second),
	        OK);
	assert_int_equal(rpc_server_start(second), ERR_IO);
	assert_non_null(strstr(err_detail()->message, "is taken"));
	rpc_server_free(second);
	assert_int_equal(call_simply(&fixture, fixture.client, "PostEvent", "s", 5000), OK);
	fixture_stop(&fixture);
}

static void a_server_that_comes_back_is_found_again(void **state)
{
	Fixture first, second;
	RpcListener listener = {0};

	(void)state;
	fixture_start(&first, (RpcServerOptions){0});
	assert_int_equal(call_simply(&first, first.client, "PostEvent", "s", 5000), OK);
	rpc_server_stop(first.server);
	assert_int_equal(call_simply(&first, first.client, "PostEvent", "s", 5000), ERR_UNAVAILABLE);
	listener.address = first.target; // the very same port, at once
	fixture_start(&second, (RpcServerOptions){.listeners = &listener, .listener_count = 1});
	for (int i = 0; i < 100 && second.handled == 0; i++)
		if (call_simply(&first, first.client, "PostEvent", "s", 5000) != OK)
			usleep(100 * 1000); // gRPC waits between attempts
	assert_int_equal(second.handled, 1);
	fixture_stop(&second);
	fixture_stop(&first);
}

static void *stop(void *fixture)
{
	rpc_server_stop(((Fixture *)fixture)->server);
	return NULL;
}

static void wait_for_draining(Fixture *fixture)
{
	while (call_simply(fixture, fixture->client, "PostEvent", "s", 5000) == OK)
		;
}

static void calls_in_flight_are_answered_before_the_end(void **state)
{
	Fixture fixture;
	Crowd crowd;
	pthread_t stopper;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){.workers = 2});
	crowd_start(&crowd, &fixture, "EndSession", 6, 10000); // 2 run, 4 wait for a worker
	gate_wait(&fixture, 2);
	assert_int_equal(pthread_create(&stopper, NULL, stop, &fixture), 0);
	wait_for_draining(&fixture);
	gate_open(&fixture);
	crowd_join(&crowd);
	pthread_join(stopper, NULL);
	assert_in_range(crowd.answered, 2, 6); // one that had not been taken up may have been turned away
	assert_int_equal(crowd.answered + crowd.shutting_down, 6);
	fixture_stop(&fixture);
}

static void draining_ends_in_time(void **state)
{
	Fixture fixture;
	Crowd crowd;
	pthread_t stopper;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){.workers = 1, .drain_timeout_ms = 100});
	crowd_start(&crowd, &fixture, "EndSession", 4, 10000);
	gate_wait(&fixture, 1);
	assert_int_equal(pthread_create(&stopper, NULL, stop, &fixture), 0);
	crowd_join(&crowd); // nobody opens the gate: the callers are sent away
	assert_int_equal(crowd.shutting_down, 4);
	gate_open(&fixture);
	pthread_join(stopper, NULL);
	assert_int_equal(fixture.handled, 1); // what still waited was not run
	fixture_stop(&fixture);
}

typedef struct Load {
	Fixture *fixture;
	const char *method;
	atomic_int answered;
} Load;

static void *load(void *argument)
{
	Load *of = argument;
	Err e;

	while ((e = call_simply(of->fixture, of->fixture->client, of->method, "s", 5000)) == OK)
		atomic_fetch_add(&of->answered, 1);
	assert_true(e == ERR_UNAVAILABLE || e == ERR_SHUTTING_DOWN);
	return NULL;
}

static void stopping_under_load_loses_nothing(void **state)
{
	static const char *const methods[] = {"StartSession", "PostEvent", "EndSession"};
	Fixture fixture;
	Load loads[3];
	pthread_t threads[9];
	int answered = 0;

	(void)state;
	fixture_start(&fixture, (RpcServerOptions){0});
	gate_open(&fixture);
	for (int i = 0; i < 3; i++)
		loads[i] = (Load){.fixture = &fixture, .method = methods[i]};
	for (int i = 0; i < 9; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, load, &loads[i % 3]), 0);
	for (int i = 0; i < 3; i++)
		while (atomic_load(&loads[i].answered) < 100)
			sched_yield();
	rpc_server_stop(fixture.server);
	for (int i = 0; i < 9; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 3; i++)
		answered += loads[i].answered;
	assert_int_equal(fixture.handled, answered); // whatever a handler began, its caller heard
	fixture_stop(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(more_than_the_cap_is_told_to_come_back),
	        cmocka_unit_test(the_workers_queue_is_bounded),
	        cmocka_unit_test(what_is_too_late_is_not_run),
	        cmocka_unit_test(hung_and_dead_servers_are_named),
	        cmocka_unit_test(a_taken_port_is_an_error),
	        cmocka_unit_test(a_server_that_comes_back_is_found_again),
	        cmocka_unit_test(calls_in_flight_are_answered_before_the_end),
	        cmocka_unit_test(draining_ends_in_time),
	        cmocka_unit_test(stopping_under_load_loses_nothing),
	};
	int failed;

	rpc_init();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
