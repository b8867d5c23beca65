#include "line.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "world/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BUILDER = 1, WAIT_MS = 20000 };

static int64_t line_now(void *context)
{
	return ((Line *)context)->now_us;
}

static char *path(Line *line, const char *name)
{
	return arena_printf(line->arena, "%s/%s", line->dir, name);
}

static void run(Line *line, const char *fmt, const char *argument)
{
	char command[1024], script[512];
	snprintf(script, sizeof script, "%s", fmt);
	snprintf(command, sizeof command, "cd %s && bash -euc '%s' - %s 2>/dev/null", line->dir, script,
	        argument);
	if (system(command) != 0) {
		fprintf(stderr, "failed: %s\n", command);
		exit(1);
	}
}

static void make_credentials(Line *line)
{
	run(line,
	        ". \"$1\"; authority_make .; certificate_make . . design spiffe://parley/design;"
	        " certificate_make . . node spiffe://parley/runtime/test/node",
	        PARLEY_SOURCE "/deploy-profiles/local/certificates.sh");
	test_key_write(BUILDER, line->dir, "builder");
	test_key_write(TEST_TIMESTAMP, line->dir, "timestamp");
	line->config.tls.certificate = str(path(line, "design.crt"));
	line->config.tls.key = str(path(line, "design.key"));
	line->config.tls.ca = str(path(line, "ca.crt"));
	line->config.builder_key = str(path(line, "builder.key"));
	line->config.environments = str(path(line, "environments"));
}

void line_make(Line *line)
{
	*line = (Line){.dir = "/tmp/parley-line-XXXXXX", .now_us = clock_now_us(clock_system())};
	assert_non_null(mkdtemp(line->dir));
	line->arena = arena_new(64 * 1024, 0);
	test_postgres_start(&line->postgres);
	make_credentials(line);
	int applied;
	assert_int_equal(store_migrate(line->postgres.conninfo, &applied), OK);
	assert_int_equal(pg_connect(line->postgres.conninfo, WAIT_MS, &line->owner), OK);
}

void line_remove(Line *line)
{
	pg_close(line->owner);
	test_postgres_stop(&line->postgres);
	run(line, "rm -rf \"$1\"", line->dir);
	arena_free(line->arena);
}

// --- the database ---

int64_t line_ask(Line *line, const char *sql)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	assert_int_equal(pg_query(line->owner, WAIT_MS, sql, NULL, 0, &result), OK);
	return pg_i64(result, 0, 0);
}

void line_do(Line *line, const char *sql)
{
	if (pg_script(line->owner, WAIT_MS, sql))
		fail_msg("%s: %s", sql, err_detail()->message);
}

static const struct {
	const char *kind, *channel, *name, *spec;
} bank[] = {
        {"Channel", "", "bank", "{'name': 'bank'}"},
        {"AudienceLevel", "bank", "customer",
                "{'channel': 'bank', 'name': 'customer', 'keys': [{'name': 'id', 'type': 'INT'}],"
                " 'attributes': [{'name': 'age', 'type': 'INT', 'sessionSettable': true}]}"},
        {"Zone", "bank", "home", "{'channel': 'bank', 'name': 'home'}"},
        {"InteractionPoint", "bank", "banner",
                "{'channel': 'bank', 'name': 'banner', 'zone': 'home', 'defaultContent': 'hello'}"},
        {"OfferTemplate", "", "card", "{'name': 'card'}"},
        {"Offer", "", "gold", "{'name': 'gold', 'code': 'GOLD', 'template': 'card', 'state': 'PUBLISHED'}"},
        {"TreatmentRule", "bank", "adults",
                "{'channel': 'bank', 'name': 'adults', 'offer': 'gold', 'eligibility': 'age >= 18'}"},
};

// Fills the tables anew. In the specs above ' stands for ", which PostgreSQL puts right.
static void configure(Line *line)
{
	line_do(line, "TRUNCATE resource, deployment, blob, root_envelope, request CASCADE");
	for (size_t i = 0; i < ARRAY_COUNT(bank); i++)
		line_do(line, arena_printf(line->arena,
		                      "INSERT INTO resource VALUES ('%s', '%s', '%s', 'e',"
		                      " replace($spec$%s$spec$, chr(39), chr(34))::jsonb, now(), now())",
		                      bank[i].kind, bank[i].channel, bank[i].name, bank[i].spec));
}

// --- the servers ---

static void start_node(Line *line, size_t index)
{
	Node *node = &line->nodes[index];
	snprintf(node->dir, sizeof node->dir, "%s/node%zu", line->dir, index);
	node->options = (CurrentOptions){
	        .dir = str(node->dir),
	        .trusted_root =
	                test_root_envelope(index < 2 ? "test" : "production", BUILDER, 0, line->arena),
	        .environment = index < 2 ? STR("test") : STR("production"),
	        .fleet = STR("main"),
	        .clock = {line_now, line},
	};
	node->tls = (RpcTls){path(line, "node.crt"), path(line, "node.key"), path(line, "ca.crt"), true};
	node->port = 0;
	node_start(node);
}

static void declare(Line *line, const char *name, const char *yaml)
{
	char *folder = arena_printf(line->arena, "%s/environments/%s", line->dir, name);
	assert_int_equal(dir_make(folder, 0700), OK);
	assert_int_equal(
	        file_write_durable(arena_printf(line->arena, "%s/environment.yaml", folder), str(yaml), 0600),
	        OK);
}

// Everybody is who the test says.
static Err authorize(void *context, RpcCall *call, const RpcMethod *method, const RpcPeer *peer, Arena *arena,
        void **ret_principal)
{
	Line *line = context;
	(void)call, (void)method, (void)peer;
	Principal *principal = ARENA_NEW(arena, Principal);
	*principal = (Principal){.everywhere = line->role, .user = str(line->user)};
	*ret_principal = principal;
	return OK;
}

// What every environment's profile ends with.
static const char *trust(Line *line, const char *environment, unsigned approvals)
{
	test_root_write(path(line, arena_printf(line->arena, "%s.root", environment)), environment, BUILDER,
	        approvals);
	return arena_printf(line->arena,
	        "approvals: %u\ntrusted_root: %s/%s.root\ntimestamp_key: %s/timestamp.key\n", approvals,
	        line->dir, environment, line->dir);
}

void line_open(Line *line, unsigned epoch)
{
	declare(line, "test",
	        arena_printf(line->arena,
	                "name: test\nfleet: main\nservers:\n  - {name: test-1, address: \"127.0.0.1:%d\"}\n"
	                "  - {name: test-2, address: \"127.0.0.1:%d\", tls_name: localhost}\n%s",
	                line->nodes[0].port, line->nodes[1].port, trust(line, "test", 0)));
	declare(line, "production",
	        arena_printf(line->arena,
	                "name: production\npromotes_from: test\nfleet: main\nepoch: %u\nservers:\n"
	                "  - {name: production-1, address: \"127.0.0.1:%d\"}\n%s%s",
	                epoch, line->nodes[2].port, trust(line, "production", line->approvals), line->gates));
	run(line, "rm -rf environments/staging", "");
	if (*line->staging)
		declare(line, "staging",
		        arena_printf(line->arena, "name: staging\npromotes_from: test\nfleet: main\n%s%s",
		                trust(line, "staging", 0), line->staging));
	line->services = (Services){.store = store_new(line->postgres.conninfo, 8),
	        .clock = {line_now, line},
	        .config = &line->config};
	assert_int_equal(environments_load(line->config.environments, line->arena, &line->environments), OK);
	assert_int_equal(rollouts_new(&line->services, &line->environments, &line->rollouts), OK);
	assert_int_equal(
	        release_new(&line->services, &line->environments, line->rollouts, &line->release), OK);
	int port = 0;
	const RpcListener listener = {.address = "127.0.0.1:0", .ret_port = &port};
	const RpcServerOptions options = {
	        .listeners = &listener, .listener_count = 1, .authorize = authorize, .context = line};
	assert_int_equal(rpc_server_new(&options, &line->server), OK);
	assert_int_equal(release_register(line->release, line->server), OK);
	assert_int_equal(rpc_server_start(line->server), OK);
	const RpcClientOptions client = {.target = arena_printf(line->arena, "127.0.0.1:%d", port)};
	assert_int_equal(rpc_client_new(&client, &line->client), OK);
}

void line_close(Line *line)
{
	rpc_client_free(line->client);
	rpc_server_free(line->server);
	release_free(line->release);
	rollouts_free(line->rollouts);
	store_free(line->services.store);
}

void line_reset(Line *line)
{
	line->role = CALLER_ADMINISTRATOR;
	line->user = "dora";
	line->approvals = 0;
	line->gates = line->staging = "";
	configure(line);
	for (size_t i = 0; i < NODES; i++)
		start_node(line, i);
	line_open(line, 1);
}

void line_end(Line *line)
{
	line_close(line);
	for (size_t i = 0; i < NODES; i++) {
		node_stop(&line->nodes[i]);
		run(line, "rm -rf \"$1\"", line->nodes[i].dir);
	}
}

// The service of the method is found by its name.
Err line_call(Line *line, const char *method, const ProtobufCMessage *request, ProtobufCMessage **ret)
{
	static const ProtobufCServiceDescriptor *const services[] = {
	        &parley__design__v1__deployment_service__descriptor,
	        &parley__design__v1__evidence_service__descriptor,
	        &parley__design__v1__root_service__descriptor,
	};
	size_t i = 0;
	while (!protobuf_c_service_descriptor_get_method_by_name(services[i], method))
		i++;
	return rpc_call(line->client, services[i], method, request, WAIT_MS, line->arena, ret);
}

Err line_approve(Line *line, const char *user, uint8_t number, const char *environment, uint64_t version,
        Parley__Design__V1__Deployment **ret)
{
	Parley__Design__V1__GetDeploymentRequest get = PARLEY__DESIGN__V1__GET_DEPLOYMENT_REQUEST__INIT;
	Parley__Design__V1__ApproveRequest request = PARLEY__DESIGN__V1__APPROVE_REQUEST__INIT;
	ProtobufCMessage *found = NULL, *response = NULL;
	get.channel = request.channel = arena_cstr(line->arena, STR("bank"));
	get.environment = request.environment = arena_cstr(line->arena, str(environment));
	get.version = request.version = version;
	Err e = line_call(line, "GetDeployment", &get.base, &found);
	if (e)
		return e;
	const Parley__Design__V1__Deployment *waiting = (const void *)found;
	Str payload = str_n((const char *)waiting->manifest.data, waiting->manifest.len);
	Parley__Snapshot__V1__Signature *signature =
	        test_sign(number, STR(SNAPSHOT_PAYLOAD_TYPE), payload, line->arena);
	request.keyid = signature->keyid;
	request.signature = signature->sig;
	const char *before = line->user;
	line->user = user;
	e = line_call(line, "Approve", &request.base, &response);
	line->user = before;
	if (!e && ret)
		*ret = (void *)response;
	return e;
}

Err line_deploy(Line *line, const char *environment, Parley__Design__V1__DeployResponse **ret)
{
	Parley__Design__V1__DeployRequest request = PARLEY__DESIGN__V1__DEPLOY_REQUEST__INIT;
	ProtobufCMessage *response = NULL;
	request.channel = arena_cstr(line->arena, STR("bank"));
	request.environment = arena_cstr(line->arena, str(environment));
	request.comment = arena_cstr(line->arena, STR("because"));
	Err e = line_call(line, "Deploy", &request.base, &response);
	if (!e && ret)
		*ret = (void *)response;
	return e;
}
