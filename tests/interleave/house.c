#include "house.h"

#include "channel.h"
#include "client.h"
#include "pg/pg.h"
#include "story.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SWEEP_PAUSE_US = 50 * 1000 };

static void must(Err e)
{
	if (e == OK)
		return;
	fprintf(stderr, "interleave: %s: %s\n", err_reason(e), err_detail()->message);
	abort();
}

static int64_t steady_now(void *context)
{
	(void)context;
	return monotonic_us();
}

// --- profiles ---

// Only balances are known: 1,000 and the customer's number.
void house_prepare(House *house, unsigned customers)
{
	CLEANUP(pg_closep) Pg *pg = NULL;
	char sql[512];
	*house = (House){.dir = "/tmp/parley-interleave-XXXXXX"};
	if (mkdtemp(house->dir) == NULL)
		abort();
	snprintf(house->journal_dir, sizeof house->journal_dir, "%s/journal", house->dir);
	snprintf(house->visitors_dir, sizeof house->visitors_dir, "%s/visitors", house->dir);
	test_postgres_start(&house->postgres);
	must(pg_connect(house->postgres.conninfo, 20000, &pg));
	snprintf(sql, sizeof sql,
	        "create table customers(customer_id bigint primary key, age bigint, balance double "
	        "precision, "
	        "tier text, tags text[], joined timestamptz, churn double precision);"
	        "insert into customers(customer_id, balance) select i, 1000 + i from generate_series(0, %u) "
	        "i;",
	        customers);
	must(pg_script(pg, 60000, sql));
}

// --- parts ---

static void open_store(House *house)
{
	house->arena = arena_new(16 * 1024, 0);
	must(journal_open(&(JournalOptions){.dir = house->journal_dir,
	                          .runtime_id = STR(TEST_RUNTIME_ID),
	                          .quota_bytes = INT64_C(16) << 30,
	                          .retain = true},
	        &house->journal));
	must(visitors_open(&(VisitorsOptions){.dir = house->visitors_dir,
	                           .journal = house->journal,
	                           .checkpoint_us = US_PER_S,
	                           .hash_seed = 7},
	        &house->visitors));
	must(current_open(&(CurrentOptions){.dir = str(house->dir),
	                          .trusted_root = test_root_envelope("production", BUILDER, 0, house->arena),
	                          .environment = STR("production"),
	                          .fleet = STR("main"),
	                          .clock = clock_system(),
	                          .prepare = service_prepare,
	                          .release = service_release,
	                          .context = house->visitors},
	        &house->current));
}

static void open_service(House *house)
{
	must(profile_new(
	        &(ProfileOptions){
	                .conninfo = house->postgres.conninfo, .timeout_ms = 5000, .queue = 100 * 1000},
	        &house->profile));
	must(service_new(&(ServiceOptions){.environment = STR("production"),
	                         .runtime_id = STR(TEST_RUNTIME_ID),
	                         .current = house->current,
	                         .journal = house->journal,
	                         .visitors = house->visitors,
	                         .profile = house->profile,
	                         .wall = clock_system(),
	                         .steady = {.now_us = steady_now}},
	        &house->service));
}

static void *keep_house(void *context)
{
	House *house = context;
	while (!atomic_load(&house->closing)) {
		service_sweep(house->service);
		usleep(SWEEP_PAUSE_US);
	}
	return NULL;
}

static void deploy(House *house, bool second)
{
	Client client = client_new(house->port, NULL, NULL);
	Digest made = must_deploy(&client, channel_snapshot(client.arena, second), second ? 2 : 1,
	        second ? &house->first : NULL);
	if (!second)
		house->first = made;
	client_free(&client);
}

void house_open(House *house)
{
	const RpcListener listener = {.address = "127.0.0.1:0", .ret_port = &house->port};
	open_store(house);
	open_service(house);
	must(rpc_server_new(
	        &(RpcServerOptions){.listeners = &listener, .listener_count = 1, .max_in_flight = 100 * 1000},
	        &house->server));
	must(service_register(house->service, house->server));
	must(rpc_server_start(house->server));
	deploy(house, false);
	if (pthread_create(&house->keeper, NULL, keep_house, house) != 0)
		abort();
}

void house_deploy_second(House *house)
{
	deploy(house, true);
}

void house_close(House *house)
{
	atomic_store(&house->closing, true);
	pthread_join(house->keeper, NULL);
	rpc_server_stop(house->server);
	profile_free(house->profile);
	rpc_server_free(house->server);
	service_free(house->service);
	current_close(house->current);
	visitors_close(house->visitors);
	journal_close(house->journal);
}

void house_remove(House *house)
{
	char command[128];
	arena_free(house->arena);
	test_postgres_stop(&house->postgres);
	snprintf(command, sizeof command, "rm -rf %s", house->dir);
	if (system(command) != 0)
		fprintf(stderr, "interleave: cannot remove %s\n", house->dir);
}
