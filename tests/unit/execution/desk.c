#include "desk.h"

#include "base/file.h"
#include "world/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BUILDER = 1, WAIT_MS = 20000 };

static const int64_t NOW_US = INT64_C(1780315200) * US_PER_S; // 2026-06-01, 12:00

static int64_t desk_now(void *context)
{
	(void)context;
	return desk.now_us;
}

static const char *path(const char *name)
{
	return arena_printf(desk.arena, "%s/%s", desk.dir, name);
}

static void declare(void)
{
	const char *folder = path("environments/production");
	test_key_write(TEST_TIMESTAMP, desk.dir, "timestamp");
	test_root_write(path("production.root"), "production", BUILDER, 2);
	assert_int_equal(dir_make(folder, 0700), OK);
	const char *yaml = arena_printf(desk.arena,
	        "name: production\nfleet: main\napprovals: 2\ntrusted_root: %s\ntimestamp_key: %s\n"
	        "servers:\n  - {name: production-1, address: \"127.0.0.1:1\"}\n",
	        path("production.root"), path("timestamp.key"));
	assert_int_equal(
	        file_write_durable(arena_printf(desk.arena, "%s/environment.yaml", folder), str(yaml), 0600),
	        OK);
	assert_int_equal(environments_load(str(path("environments")), desk.arena, &desk.environments), OK);
}

// Everybody is who the test says; who may call what is tested in tests/access.
static Err authorize(void *context, RpcCall *call, const RpcMethod *method, const RpcPeer *peer, Arena *arena,
        void **ret_principal)
{
	(void)context, (void)call, (void)method, (void)peer;
	Principal *principal = ARENA_NEW(arena, Principal);
	*principal = (Principal){.everywhere = CALLER_ADMINISTRATOR, .user = str(desk.user)};
	*ret_principal = principal;
	return OK;
}

static void serve(void)
{
	int port = 0;
	const RpcListener listener = {.address = "127.0.0.1:0", .ret_port = &port};
	const RpcServerOptions options = {
	        .listeners = &listener,
	        .listener_count = 1,
	        .authorize = authorize,
	};
	desk.names[0] = STR("production");
	desk.executions = (Executions){.services = &desk.services,
	        .environments = &desk.environments,
	        .names = desk.names,
	        .lock = PTHREAD_MUTEX_INITIALIZER,
	        .changed = PTHREAD_COND_INITIALIZER};
	assert_int_equal(rpc_server_new(&options, &desk.server), OK);
	assert_int_equal(executions_register(&desk.executions, desk.server), OK);
	assert_int_equal(rpc_server_start(desk.server), OK);
	const RpcClientOptions client = {.target = arena_printf(desk.arena, "127.0.0.1:%d", port)};
	assert_int_equal(rpc_client_new(&client, &desk.client), OK);
}

void desk_make(void)
{
	int applied;
	desk = (Desk){.dir = "/tmp/parley-desk-XXXXXX", .now_us = NOW_US};
	assert_non_null(mkdtemp(desk.dir));
	desk.arena = arena_new(64 * 1024, 0);
	test_postgres_start(&desk.postgres);
	assert_int_equal(store_migrate(desk.postgres.conninfo, &applied), OK);
	assert_int_equal(pg_connect(desk.postgres.conninfo, WAIT_MS, &desk.owner), OK);
	rpc_init();
	desk.services = (Services){.store = store_new(desk.postgres.conninfo, 4),
	        .ingest = store_new_as(desk.postgres.conninfo, STORE_ROLE_INGEST, 4),
	        .clock = {.now_us = desk_now}};
	declare();
	serve();
}

void desk_remove(void)
{
	rpc_client_free(desk.client);
	rpc_server_free(desk.server);
	store_free(desk.services.ingest);
	store_free(desk.services.store);
	rpc_shutdown();
	pg_close(desk.owner);
	test_postgres_stop(&desk.postgres);
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", desk.dir);
	assert_int_equal(system(command), 0);
	arena_free(desk.arena);
}

void desk_reset(void)
{
	desk.now_us = NOW_US;
	desk.user = "dora";
	desk_do("TRUNCATE plan, deployment, blob, event_dedupe, visitor_effect, visitor_effect_place, "
	        "recommendation, "
	        "contact_history, response_history, event_history, session_history, effect_history, "
	        "ship_cursor, "
	        "erasure CASCADE");
	desk_deploy(3, SNAPSHOT, true);
}

// --- the database ---

int64_t desk_ask(const char *sql)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	if (pg_query(desk.owner, WAIT_MS, sql, NULL, 0, &result) != OK)
		fail_msg("%s: %s", sql, err_detail()->message);
	return pg_i64(result, 0, 0);
}

void desk_do(const char *sql)
{
	if (pg_script(desk.owner, WAIT_MS, sql) != OK)
		fail_msg("%s: %s", sql, err_detail()->message);
}

void desk_deploy(int version, uint8_t snapshot, bool complete)
{
	desk_do(arena_printf(desk.arena,
	        "INSERT INTO blob (digest, content, created) VALUES (decode(repeat('%02x', 32), "
	        "'hex'), '', now())"
	        " ON CONFLICT DO NOTHING;"
	        "INSERT INTO deployment (environment, channel, epoch, version, fleet, blob, length, "
	        "manifest, envelope,"
	        " author, comment, promoted_from, request_id, created, expires, state, released, "
	        "completed)"
	        " VALUES ('production', 'bank', 1, %d, 'main', decode(repeat('%02x', 32), 'hex'), 0, "
	        "sha256('%d'), '',"
	        " 'dora', '', '', '', now(), now(), %d, now(), %s)",
	        snapshot, version, snapshot, version, complete ? 3 : 1, complete ? "now()" : "NULL"));
}

// --- what the thread would do ---

void desk_work(void)
{
	Pieces pieces = {0};
	for (bool any = true; any;) {
		assert_int_equal(check_one(&desk.executions, &any), OK);
		if (!any)
			assert_int_equal(apply_one(&desk.executions, &pieces, &any), OK);
		if (!any)
			assert_int_equal(finish_one(&desk.executions, &any), OK);
	}
	pieces_clear(&pieces);
}

void desk_prepare(const Sample *sample)
{
	assert_int_equal(desk_submit("dora", sample, NULL), OK);
	assert_int_equal(desk_approve("anna", TEST_ANNA, sample, NULL), OK);
	assert_int_equal(desk_approve("ben", TEST_BEN, sample, NULL), OK);
}

void desk_carry_out(const Sample *sample)
{
	desk_prepare(sample);
	assert_int_equal(desk_execute(sample, NULL), OK);
	desk_work();
	SubmittedPlan *plan = desk_get(sample);
	if (plan->state != PLAN_STATE(EXECUTED))
		fail_msg("the plan is %s: %s", plan_state_name(plan->state), plan->reason);
}
