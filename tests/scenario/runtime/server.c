#include "server.h"

#include <stdio.h>
#include <stdlib.h>

Server server;

static int64_t steady_now(void *context)
{
	return atomic_load((_Atomic(int64_t) *)context);
}

// The system's, until the test has set it on.
static int64_t wall_now(void *context)
{
	return clock_now_us(clock_system()) + atomic_load((_Atomic(int64_t) *)context);
}

static void open_journal(const JournalIo *io)
{
	JournalOptions options = {
	        .dir = server.journal_dir,
	        .runtime_id = STR(TEST_RUNTIME_ID),
	        .segment_bytes = 128 * 1024,
	        .quota_bytes = 256 * 1024,
	        .retain = true,
	        .io = io,
	};
	assert_int_equal(journal_open(&options, &server.journal), OK);
}

static void open_parts(const JournalIo *io, size_t max_sessions)
{
	open_journal(io);
	VisitorsOptions visitors = {.dir = server.visitors_dir, .journal = server.journal, .hash_seed = 7};
	assert_int_equal(visitors_open(&visitors, &server.visitors), OK);
	assert_int_equal(profile_new(&(ProfileOptions){0}, &server.profile), OK);
	CurrentOptions current = {
	        .dir = str(server.dir),
	        .trusted_root = test_root_envelope("production", BUILDER, 0, server.arena),
	        .runtime_id = STR(TEST_RUNTIME_ID),
	        .environment = STR("production"),
	        .fleet = STR("main"),
	        .clock = clock_system(),
	        .prepare = service_prepare,
	        .release = service_release,
	        .context = server.visitors,
	};
	assert_int_equal(current_open(&current, &server.current), OK);
	ServiceOptions service = {
	        .environment = STR("production"),
	        .fleet = STR("main"),
	        .runtime_id = STR(TEST_RUNTIME_ID),
	        .current = server.current,
	        .journal = server.journal,
	        .visitors = server.visitors,
	        .profile = server.profile,
	        .wall = {wall_now, &server.ahead_us},
	        .steady = {steady_now, &server.steady_us},
	        .max_sessions = max_sessions,
	};
	assert_int_equal(service_new(&service, &server.service), OK);
}

void server_start(const JournalIo *io, size_t max_sessions)
{
	server = (Server){.dir = "/tmp/parley-service-XXXXXX", .steady_us = 1000 * US_PER_S};
	server.arena = arena_new(16 * 1024, 0);
	assert_non_null(mkdtemp(server.dir));
	snprintf(server.journal_dir, sizeof server.journal_dir, "%s/journal", server.dir);
	snprintf(server.visitors_dir, sizeof server.visitors_dir, "%s/visitors", server.dir);
	open_parts(io, max_sessions);
	RpcListener listener = {.address = "127.0.0.1:0", .ret_port = &server.port};
	RpcServerOptions options = {.listeners = &listener, .listener_count = 1};
	assert_int_equal(rpc_server_new(&options, &server.rpc), OK);
	assert_int_equal(service_register(server.service, server.rpc), OK);
	assert_int_equal(rpc_server_start(server.rpc), OK);
	server.client = client_new(server.port, NULL, NULL);
	server.manifest = must_deploy(&server.client, world_finish(world_bank(server.client.arena)), 1, NULL);
}

static void stop_server(void)
{
	if (server.rpc == NULL)
		return;
	rpc_server_stop(server.rpc);
	profile_free(server.profile);
	rpc_server_free(server.rpc);
	service_free(server.service);
	current_close(server.current);
	visitors_close(server.visitors);
	journal_close(server.journal);
	server.rpc = NULL;
}

int server_tear_down(void **state)
{
	char command[128];
	(void)state;
	stop_server();
	client_free(&server.client);
	arena_free(server.arena);
	snprintf(command, sizeof command, "rm -rf %s", server.dir);
	return system(command);
}

size_t server_entries(Entry ***ret)
{
	stop_server();
	return read_entries(server.journal_dir, server.client.arena, ret);
}

size_t count_entries(Entry **entries, size_t count, Parley__Journal__V1__Entry__WhatCase what)
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++)
		found += entries[i]->what_case == what;
	return found;
}

void server_pass_seconds(int seconds)
{
	for (int i = 0; i < seconds; i++) {
		atomic_fetch_add(&server.steady_us, US_PER_S);
		atomic_fetch_add(&server.ahead_us, US_PER_S);
		service_sweep(server.service);
	}
}

void server_skip_seconds(int seconds)
{
	atomic_fetch_add(&server.steady_us, seconds * US_PER_S);
	atomic_fetch_add(&server.ahead_us, seconds * US_PER_S);
}

void assert_refused(Err e, Refusal expected)
{
	if (e != expected.e || strcmp(err_detail()->field, expected.field) != 0)
		fprintf(stderr, "got %s at '%s': %s\n", e != OK ? err_reason(e) : "OK", err_detail()->field,
		        e != OK ? err_detail()->message : "");
	assert_int_equal(e, expected.e);
	assert_string_equal(err_detail()->field, expected.field);
}
