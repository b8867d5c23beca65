#include "fixture.h"

#include "admin/kind.h"
#include "base/clock.h"

#include "parley/design/v1/audit.pb-c.h"
#include "parley/design/v1/auth.pb-c.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { WAIT_MS = 20000, REQUEST_MAX = 65536 };

TestPostgres postgres;
Services services;
int grpc_port, http_port;
int64_t now_us;
bool http_is_ready = true;
static Admin *admin;
static RpcServer *server;
static HttpServer *http;
static HttpRoute routes[3];
static char tokens[WHO_COUNT][64];

static int64_t test_clock(void *context)
{
	(void)context;
	return __atomic_load_n(&now_us, __ATOMIC_RELAXED);
}

static const char *what_is_missing(void *context)
{
	(void)context;
	return http_is_ready ? NULL : "the database\n";
}

static HttpReadiness readiness = {.missing = what_is_missing};

static const char *const names[WHO_COUNT] = {[VIEWER] = "vera",
        [DESIGNER] = "dora",
        [OTHER_DESIGNER] = "otto",
        [QA] = "quin",
        [APPROVER] = "anna",
        [ADMINISTRATOR] = "root"};
static const char *const roles[WHO_COUNT] = {[VIEWER] = "viewer",
        [DESIGNER] = "designer",
        [OTHER_DESIGNER] = "designer",
        [QA] = "qa",
        [APPROVER] = "approver",
        [ADMINISTRATOR] = "administrator"};

const char *token_of(Who who)
{
	return who == ANONYMOUS ? NULL : tokens[who];
}

static void log_in_all(void)
{
	for (Who who = VIEWER; who < WHO_COUNT; who++) {
		if (admin_set_user(&services, str(names[who]), str(roles[who]), STR(PASSWORD)) != OK)
			fail_msg("user: %s", err_detail()->message);
		json_t *answer = ask(ANONYMOUS, "AuthService/Login",
		        "{'user': '%s', 'password': '" PASSWORD "', 'lifetimeS': 7776000}", names[who]);
		if (!answer)
			fail_msg("login: %s", err_detail()->message);
		snprintf(tokens[who], sizeof(tokens[who]), "%s", text_at(answer, "token"));
		json_decref(answer);
	}
}

static Err start_servers(void)
{
	const RpcListener listener = {.address = "127.0.0.1:0", .ret_port = &grpc_port};
	const RpcServerOptions options = {.listeners = &listener,
	        .listener_count = 1,
	        .authorize = admin_authorize,
	        .examine = admin_examine,
	        .context = admin};
	TRY(rpc_server_new(&options, &server));
	TRY(admin_register(admin, server));
	TRY(rpc_server_start(server));
	routes[0] = (HttpRoute){.method = "GET", .path = "/livez", .handle = http_alive};
	routes[1] =
	        (HttpRoute){.method = "GET", .path = "/readyz", .handle = http_ready, .context = &readiness};
	routes[2] = connect_http_route(server);
	const HttpOptions http_options = {.listen = STR("127.0.0.1:0"),
	        .threads = 2,
	        .routes = routes,
	        .route_count = ARRAY_COUNT(routes),
	        .ret_port = &http_port};
	return http_start(&http_options, &http);
}

int fixture_start(void **state)
{
	int applied;
	(void)state;
	test_postgres_start(&postgres);
	rpc_init();
	now_us = clock_now_us(clock_system());
	services.clock = (Clock){.now_us = test_clock};
	services.store = store_new(postgres.conninfo, 8);
	admin = admin_new(&services);
	if (store_migrate(postgres.conninfo, &applied) != OK || start_servers() != OK) {
		print_error("%s\n", err_detail()->message);
		return -1;
	}
	log_in_all();
	return 0;
}

int fixture_stop(void **state)
{
	(void)state;
	http_stop(http);
	rpc_server_free(server);
	admin_free(admin);
	store_free(services.store);
	rpc_shutdown();
	test_postgres_stop(&postgres);
	return 0;
}

static Pg *connect_owner(void)
{
	Pg *pg = NULL;
	if (pg_connect(postgres.conninfo, WAIT_MS, &pg) != OK)
		fail_msg("%s", err_detail()->message);
	return pg;
}

int fixture_clear(void **state)
{
	(void)state;
	CLEANUP(pg_closep) Pg *pg = connect_owner();
	return pg_script(pg, WAIT_MS, "TRUNCATE resource, resource_reference, resource_unique, request") == OK
	               ? 0
	               : -1;
}

int64_t sql_i64(const char *sql)
{
	CLEANUP(pg_closep) Pg *pg = connect_owner();
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	if (pg_query(pg, WAIT_MS, sql, NULL, 0, &result) != OK)
		fail_msg("%s: %s", sql, err_detail()->message);
	return pg_i64(result, 0, 0);
}

void sql_script(const char *sql)
{
	CLEANUP(pg_closep) Pg *pg = connect_owner();
	if (pg_script(pg, WAIT_MS, sql) != OK)
		fail_msg("%s: %s", sql, err_detail()->message);
}

// --- calling ---

static const ProtobufCServiceDescriptor *find_service(Str name)
{
	const ProtobufCServiceDescriptor *others[] = {&parley__design__v1__auth_service__descriptor,
	        &parley__design__v1__user_service__descriptor,
	        &parley__design__v1__audit_service__descriptor};
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (str_eq(name, str(kinds[i].service->short_name)))
			return kinds[i].service;
	for (size_t i = 0; i < ARRAY_COUNT(others); i++)
		if (str_eq(name, str(others[i]->short_name)))
			return others[i];
	fail_msg("no service " STR_FMT, STR_ARG(name));
	return NULL;
}

static Err call(RpcClient *client, const char *path, const char *request, Arena *arena, json_t **ret)
{
	const char *slash = strchr(path, '/');
	const ProtobufCServiceDescriptor *service = find_service(str_n(path, (size_t)(slash - path)));
	const ProtobufCMethodDescriptor *method =
	        protobuf_c_service_descriptor_get_method_by_name(service, slash + 1);
	CLEANUP(json_decrefp_) json_t *json = NULL;
	ProtobufCMessage *message, *response;
	assert_non_null(method);
	TRY(json_parse(str(request), REQUEST_MAX, &json));
	TRY(json_to_message(json, method->input, arena, &message));
	TRY(rpc_call(client, service, method->name, message, WAIT_MS, arena, &response));
	return json_from_message(response, JSON_PROTO, ret);
}

Err ask_as(const char *token, const char *method, const char *request, json_t **ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(16384, 0);
	CLEANUP(rpc_client_freep) RpcClient *client = NULL;
	char target[32];
	snprintf(target, sizeof(target), "127.0.0.1:%d", grpc_port);
	*ret = NULL;
	TRY(rpc_client_new(&(RpcClientOptions){.target = target, .token = token}, &client));
	return call(client, method, request, arena, ret);
}

// Formats, and makes single quotes double.
__attribute__((format(printf, 1, 0))) static char *request_text(const char *request, va_list args)
{
	char *text = NULL;
	if (vasprintf(&text, request, args) < 0)
		fail_msg("no memory");
	for (char *quote = text; (quote = strchr(quote, '\''));)
		*quote = '"';
	return text;
}

json_t *ask(Who who, const char *method, const char *request, ...)
{
	json_t *answer = NULL;
	va_list args;
	va_start(args, request);
	char *text = request_text(request, args);
	va_end(args);
	Err failed = ask_as(token_of(who), method, text, &answer);
	free(text);
	return failed == OK ? answer : NULL;
}

void must(Who who, const char *method, const char *request, ...)
{
	json_t *answer = NULL;
	va_list args;
	va_start(args, request);
	char *text = request_text(request, args);
	va_end(args);
	Err failed = ask_as(token_of(who), method, text, &answer);
	if (failed != OK)
		print_error("%s %s: %s: %s\n", method, text, err_reason(failed), err_detail()->message);
	free(text);
	json_decref(answer);
	assert_int_equal(failed, OK);
}

void must_fail(Err expected, const char *field, const char *about, Who who, const char *method,
        const char *request, ...)
{
	json_t *answer = NULL;
	va_list args;
	va_start(args, request);
	char *text = request_text(request, args);
	va_end(args);
	Err failed = ask_as(token_of(who), method, text, &answer);
	json_decref(answer);
	const ErrDetail *detail = err_detail();
	bool right = failed == expected && strstr(detail->message, about) &&
	             (!field || strcmp(field, detail->field) == 0);
	if (!right)
		print_error("%s %s\n  gave %s at \"%s\": %s\n", method, text, err_reason(failed),
		        failed == OK ? "" : detail->field, failed == OK ? "" : detail->message);
	free(text);
	assert_true(right);
}

// --- resources ---

// "{'KEY': {'channel': 'bank', 'name': NAME, FIELDS}}"
static const char *document(const Kind *kind, const char *name, const char *fields, char text[REQUEST_MAX])
{
	char key[64];
	size_t len = 0;
	for (const char *at = kind->field; *at; at++)
		key[len++] = (char)(*at == '_' ? toupper((unsigned char)*++at) : *at);
	key[len] = '\0';
	int used = snprintf(text, REQUEST_MAX, "{'%s': {%s'name': '%s'%s%s}}", key,
	        kind_has_channel(kind) ? "'channel': 'bank', " : "", name, *fields ? ", " : "", fields);
	assert_true(used < REQUEST_MAX);
	return text;
}

static void put(const char *verb, const char *kind_name, const char *name, const char *fields)
{
	static char text[REQUEST_MAX];
	char method[96];
	snprintf(method, sizeof(method), "%sService/%s%s", kind_name, verb, kind_name);
	must(DESIGNER, method, "%s", document(kind_by_name(str(kind_name)), name, fields, text));
}

void make(const char *kind, const char *name, const char *fields)
{
	put("Create", kind, name, fields);
}

void change(const char *kind, const char *name, const char *fields)
{
	put("Update", kind, name, fields);
}

void must_refuse(const char *kind_name, const Refusal *rows, size_t count)
{
	static char text[REQUEST_MAX];
	const Kind *kind = kind_by_name(str(kind_name));
	int64_t before = sql_i64("SELECT count(*) FROM resource");
	for (size_t i = 0; i < count; i++) {
		char method[96], field[160];
		snprintf(method, sizeof(method), "%sService/Create%s", kind_name, kind_name);
		snprintf(field, sizeof(field), "%s.%s", kind->field, rows[i].field);
		must_fail(rows[i].expected, field, rows[i].about, DESIGNER, method, "%s",
		        document(kind, "x", rows[i].fields, text));
	}
	assert_int_equal(sql_i64("SELECT count(*) FROM resource"), before);
}

// --- reading answers ---

static const json_t *at(const json_t *json, const char *path)
{
	char step[64];
	while (json && *path) {
		size_t len = strcspn(path, ".");
		snprintf(step, sizeof(step), "%.*s", (int)len, path);
		json = json_is_array(json) ? json_array_get(json, strtoul(step, NULL, 10))
		                           : json_object_get(json, step);
		path += len + (path[len] == '.');
	}
	return json;
}

const char *text_at(const json_t *json, const char *path)
{
	const char *text = json_string_value(at(json, path));
	return text ? text : "";
}

size_t count_at(const json_t *json, const char *path)
{
	return json_array_size(at(json, path));
}

void make_bank(void)
{
	must(DESIGNER, "ChannelService/CreateChannel", "{'channel': {'name': 'bank'}}");
	must(DESIGNER, "AudienceLevelService/CreateAudienceLevel",
	        "{'audienceLevel': {'channel': 'bank', 'name': 'customer', 'keys': [{'name': 'customer_id', "
	        "'type': 'INT'}],"
	        " 'attributes': [{'name': 'age', 'type': 'INT'}, {'name': 'job', 'type': 'STRING', "
	        "'default': 'unknown'}]}}");
	must(DESIGNER, "ZoneService/CreateZone", "{'zone': {'channel': 'bank', 'name': 'home'}}");
	must(DESIGNER, "InteractionPointService/CreateInteractionPoint",
	        "{'interactionPoint': {'channel': 'bank', 'name': 'banner', 'zone': 'home', "
	        "'defaultContent': 'hello'}}");
	must(DESIGNER, "EventService/CreateEvent",
	        "{'event': {'channel': 'bank', 'name': 'shown', 'actions': ['LOG_CONTACT']}}");
	must(DESIGNER, "SegmentService/CreateSegment",
	        "{'segment': {'channel': 'bank', 'name': 'adults', 'audienceLevel': 'customer', "
	        "'expression': 'age >= 18'}}");
	must(DESIGNER, "OfferTemplateService/CreateOfferTemplate",
	        "{'offerTemplate': {'name': 'card', 'attributes': [{'name': 'rate', 'type': 'DOUBLE'},"
	        " {'name': 'title', 'type': 'STRING', 'default': 'A card'}]}}");
	must(DESIGNER, "OfferService/CreateOffer",
	        "{'offer': {'name': 'gold', 'code': 'GOLD-1', 'template': 'card', 'state': 'PUBLISHED',"
	        " 'attributes': [{'name': 'rate', 'value': 2}], 'destination': 'https://example.com/gold'}}");
	must(DESIGNER, "TreatmentRuleService/CreateTreatmentRule",
	        "{'treatmentRule': {'channel': 'bank', 'name': 'gold-for-adults', 'segment': 'adults', "
	        "'zone': 'home',"
	        " 'offer': 'gold', 'score': 70, 'eligibility': 'age < 99'}}");
}

void make_whole_bank(void)
{
	make_bank();
	must(DESIGNER, "AudienceListService/CreateAudienceList",
	        "{'audienceList': {'channel': 'bank', 'name': 'vips', 'audienceLevel': 'customer', 'ids': "
	        "['7', "
	        "'42']}}");
	must(DESIGNER, "SegmentationFlowService/CreateSegmentationFlow",
	        "{'segmentationFlow': {'channel': 'bank', 'name': 'sorting', 'audienceLevel': 'customer',"
	        " 'steps': [{'name': 'grown-up', 'kind': 'SEGMENT', 'segment': 'adults'}]}}");
	must(DESIGNER, "OfferListService/CreateOfferList",
	        "{'offerList': {'name': 'cards', 'offers': ['gold']}}");
	make("OutcomeType", "visited", "");
	must(DESIGNER, "CampaignService/CreateCampaign",
	        "{'campaign': {'name': 'spring', 'code': 'SPRING', 'cells': [{'code': 'main'}]}}");
	must(DESIGNER, "GlobalOfferService/CreateGlobalOffer",
	        "{'globalOffer': {'channel': 'bank', 'name': 'for-all', 'offerList': 'cards', 'campaign': "
	        "'spring', 'cell': 'main'}}");
	must(DESIGNER, "ScoreOverrideService/CreateScoreOverride",
	        "{'scoreOverride': {'channel': 'bank', 'name': 'likes', 'audienceLevel': 'customer',"
	        " 'entries': [{'audienceId': '7', 'offer': 'gold', 'score': 90}]}}");
	must(DESIGNER, "BlacklistService/CreateBlacklist",
	        "{'blacklist': {'channel': 'bank', 'name': 'dislikes', 'audienceLevel': 'customer',"
	        " 'entries': [{'audienceId': '42', 'offerList': 'cards'}]}}");
	must(DESIGNER, "SuppressionRuleService/CreateSuppressionRule",
	        "{'suppressionRule': {'channel': 'bank', 'name': 'enough', 'offers': ['gold'], 'trigger': "
	        "'PRESENTATIONS',"
	        " 'times': 3, 'scope': 'DAYS', 'days': 30}}");
	must(DESIGNER, "ConstraintService/CreateConstraint",
	        "{'constraint': {'channel': 'bank', 'name': 'stock', 'offerLists': ['cards'], 'scope': "
	        "'OVERALL', 'limit': 1000}}");
}
