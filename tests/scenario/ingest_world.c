#include "ingest_world.h"

#include "base/cleanup.h"
#include "wire/wire.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const int64_t NOON = INT64_C(1780315200) * US_PER_S; // 2026-06-01, 12:00

static World the_world;

// The identity is all that these services look at; what else a design server checks is tested with it.
static Err authorize(void *context, RpcCall *call, const RpcMethod *method, const RpcPeer *peer, Arena *arena,
        void **ret_principal)
{
	(void)context;
	(void)call;
	(void)method;
	if (!str_eq(peer->identity, STR("spiffe://parley/runtime/" WORLD_ENVIRONMENT "/" WORLD_RUNTIME)))
		return err(ERR_UNAUTHENTICATED, "show a runtime server's certificate");
	Principal *who = ARENA_NEW(arena, Principal);
	*who = (Principal){.environment = STR(WORLD_ENVIRONMENT), .runtime_id = STR(WORLD_RUNTIME)};
	*ret_principal = who;
	return OK;
}

static RpcTls tls_of(const World *world)
{
	return (RpcTls){
	        .certificate_file = world->certificates.server[0],
	        .key_file = world->certificates.server[1],
	        .ca_file = world->certificates.ca,
	        .require_client_certificate = true,
	};
}

void world_design_start(World *world)
{
	const RpcTls tls = tls_of(world);
	char address[32];
	snprintf(address, sizeof address, "127.0.0.1:%d", world->port); // the same one again after a restart
	const RpcListener listeners[] = {{.address = address, .tls = &tls, .ret_port = &world->port}};
	const RpcServerOptions options = {
	        .listeners = listeners,
	        .listener_count = 1,
	        .authorize = authorize,
	        .max_message = HISTORY_SHIP_REQUEST_MAX,
	        .drain_timeout_ms = 3000,
	};
	assert_int_equal(rpc_server_new(&options, &world->server), OK);
	assert_int_equal(history_register(&world->services, world->server), OK);
	if (rpc_server_start(world->server) != OK)
		fail_msg("%s", err_detail()->message);
}

void world_design_stop(World *world)
{
	rpc_server_stop(world->server);
	rpc_server_free(world->server);
	world->server = NULL;
}

void world_sql_connect(World *world)
{
	pg_close(world->sql);
	world->sql = NULL;
	if (pg_connect(world->postgres.conninfo, 10000, &world->sql) != OK)
		fail_msg("%s", err_detail()->message);
}

static RpcClientOptions client_options(const World *world, const RpcTls *tls, char target[32])
{
	snprintf(target, 32, "127.0.0.1:%d", world->port);
	return (RpcClientOptions){.target = target, .tls = tls, .tls_name = "localhost"};
}

int world_begin(void **state)
{
	World *world = &the_world;
	*state = world;
	test_postgres_start(&world->postgres);
	certificates_make(&world->certificates);
	rpc_init();
	int applied = 0;
	if (store_migrate(world->postgres.conninfo, &applied) != OK)
		fail_msg("%s", err_detail()->message);
	world->services = (Services){.store = store_new(world->postgres.conninfo, 4),
	        .clock = clock_system(),
	        .ingest = store_new_as(world->postgres.conninfo, STORE_ROLE_INGEST, 4),
	        .reports = store_new(world->postgres.conninfo, 2),
	        .report_timeout_ms = 20000};
	world_sql_connect(world);
	world_design_start(world);
	const RpcTls tls = tls_of(world);
	char target[32];
	const RpcClientOptions options = client_options(world, &tls, target);
	assert_int_equal(rpc_client_new(&options, &world->client), OK);
	return 0;
}

int world_end(void **state)
{
	World *world = *state;
	rpc_client_free(world->client);
	world_design_stop(world);
	store_free(world->services.reports);
	store_free(world->services.ingest);
	store_free(world->services.store);
	pg_close(world->sql);
	rpc_shutdown();
	test_postgres_stop(&world->postgres);
	certificates_remove(&world->certificates);
	return 0;
}

static void open_journal(World *world)
{
	const JournalOptions options = {
	        .dir = world->journal_dir,
	        .runtime_id = STR(WORLD_RUNTIME),
	        .segment_bytes = world->segment_bytes ? world->segment_bytes : 256 << 10,
	        .quota_bytes = 256 << 20,
	};
	if (journal_open(&options, &world->journal) != OK)
		fail_msg("%s", err_detail()->message);
}

int world_story_begin(void **state)
{
	World *world = *state;
	world->arena = arena_new(1 << 20, 0);
	world->acknowledged = 0;
	world_sql(world, "TRUNCATE recommendation, contact_history, response_history, event_history, "
	                 "session_history, cell_history, effect_history, "
	                 "event_dedupe, ship_cursor, ingest_reject");
	strcpy(world->journal_dir, "/tmp/ingest-XXXXXX");
	assert_non_null(mkdtemp(world->journal_dir));
	open_journal(world);
	return 0;
}

int world_story_end(void **state)
{
	World *world = *state;
	world_ship_stop(world);
	journal_close(world->journal);
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", world->journal_dir);
	assert_int_equal(system(command), 0);
	arena_free(world->arena);
	return 0;
}

void world_journal_restart(World *world)
{
	journal_close(world->journal);
	open_journal(world);
}

void world_ship_start(World *world)
{
	const RpcTls tls = tls_of(world);
	char target[32];
	const RpcClientOptions design = client_options(world, &tls, target);
	if (world->ship_port != 0)
		snprintf(target, sizeof target, "127.0.0.1:%d", world->ship_port);
	const ShipOptions options = {
	        .journal = world->journal,
	        .design = &design,
	        .runtime_id = WORLD_RUNTIME,
	        .environment = WORLD_ENVIRONMENT,
	        .batch_bytes = world->batch_bytes ? world->batch_bytes : 128 << 10,
	        .call_timeout_ms = 1500,
	        .retry_least_ms = 10,
	        .retry_most_ms = 200,
	};
	if (ship_start(&options, &world->ship) != OK)
		fail_msg("%s", err_detail()->message);
}

void world_ship_stop(World *world)
{
	ship_stop(world->ship);
	world->ship = NULL;
}

void world_wait_shipped(World *world)
{
	int64_t end = monotonic_us() + 30 * US_PER_S;
	for (;;) {
		ShipStatus status;
		ship_status(world->ship, &status);
		if (status.incarnation == journal_incarnation(world->journal) && status.behind == 0 &&
		        status.shipping)
			return;
		if (monotonic_us() > end)
			fail_msg("not shipped: %s", status.last_error.message);
		usleep(5000);
	}
}

int64_t world_count(World *world, const char *sql)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	if (pg_query(world->sql, 10000, sql, NULL, 0, &result) != OK)
		fail_msg("%s: %s", sql, err_detail()->message);
	return pg_rows(result) > 0 ? pg_i64(result, 0, 0) : -1;
}

void world_sql(World *world, const char *sql)
{
	if (pg_script(world->sql, 10000, sql) != OK)
		fail_msg("%s: %s", sql, err_detail()->message);
}

// --- entries ---

typedef struct Waiting {
	_Atomic int done;
	Err result;
} Waiting;

static void arrived(void *context, Err result)
{
	Waiting *waiting = context;
	waiting->result = result;
	atomic_store(&waiting->done, 1);
}

void world_append_bytes(World *world, Str event_id, Str payload, bool wait)
{
	Waiting waiting = {0};
	assert_int_equal(
	        journal_append(world->journal, event_id, payload, wait ? arrived : NULL, &waiting), OK);
	while (wait && !atomic_load(&waiting.done))
		usleep(50);
	assert_int_equal(waiting.result, OK);
	world->acknowledged += wait;
}

void world_append(World *world, Str event_id, const Parley__Journal__V1__Entry *entry, bool wait)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	Str payload = {0};
	assert_int_equal(wire_pack(&entry->base, arena, &payload), OK);
	world_append_bytes(world, event_id, payload, wait);
}

static void fill_context(TestEntry *to, uint64_t visitor)
{
	static uint8_t digest[32] = {1, 2, 3};
	snprintf(to->session, sizeof to->session, "session-%llu", (unsigned long long)visitor);
	snprintf(to->audience, sizeof to->audience, "customer-%llu", (unsigned long long)visitor);
	parley__journal__v1__context__init(&to->context);
	to->context.channel = (char *)"retail";
	to->context.session_id = to->session;
	to->context.audience_level = (char *)"Customer";
	to->context.audience_id = to->audience;
	to->context.snapshot_version = 7;
	to->context.snapshot_digest = (ProtobufCBinaryData){sizeof digest, digest};
	to->context.time_us = NOON + (int64_t)visitor * 1000000;
	parley__journal__v1__entry__init(&to->entry);
	to->entry.context = &to->context;
}

void world_event(World *world, TestEntry *ret, uint64_t visitor, Parley__Journal__V1__EventMeaning meaning)
{
	(void)world;
	fill_context(ret, visitor);
	parley__journal__v1__event_posted__init(&ret->event);
	ret->meanings[0] = meaning;
	ret->event.meanings = ret->meanings;
	ret->event.n_meanings = 1;
	ret->event.event = (char *)"Click";
	ret->event.category = (char *)"Web";
	ret->event.treatment_code = (char *)"T-1";
	ret->event.offer_code = (char *)"GOLD";
	ret->event.treatment_rule = (char *)"gold-for-all";
	ret->event.segment = (char *)"Loyal";
	ret->event.interaction_point = (char *)"home";
	ret->event.zone = (char *)"top";
	ret->event.campaign = (char *)"spring";
	ret->event.cell = (char *)"c1";
	ret->entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED;
	ret->entry.event_posted = &ret->event;
}

static void append_event(World *world, uint64_t visitor, Parley__Journal__V1__EventMeaning meaning, bool wait)
{
	TestEntry made;
	char id[32];
	snprintf(id, sizeof id, "event-%llu", (unsigned long long)world->next_event++);
	world_event(world, &made, visitor, meaning);
	made.context.time_us += (int64_t)meaning;
	world_append(world, str(id), &made.entry, wait);
}

static void append_session(World *world, uint64_t visitor, bool start)
{
	TestEntry made;
	char *segments[] = {(char *)"Loyal", (char *)"Young, or \"so\""};
	Parley__Journal__V1__SessionStarted started = PARLEY__JOURNAL__V1__SESSION_STARTED__INIT;
	Parley__Journal__V1__SessionEnded ended = PARLEY__JOURNAL__V1__SESSION_ENDED__INIT;
	fill_context(&made, visitor);
	started.segments = segments;
	started.n_segments = ARRAY_COUNT(segments);
	started.profile = (char *)"loaded";
	ended.cause = (char *)"ended";
	if (start) {
		made.entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_SESSION_STARTED;
		made.entry.session_started = &started;
	} else {
		made.entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_SESSION_ENDED;
		made.entry.session_ended = &ended;
		made.context.time_us += 10;
	}
	world_append(world, STR(""), &made.entry, false);
}

static void append_recommendation(World *world, uint64_t visitor)
{
	TestEntry made;
	Parley__Journal__V1__Recommendation recommendation = PARLEY__JOURNAL__V1__RECOMMENDATION__INIT;
	Parley__Journal__V1__RecommendedOffer offers[2] = {
	        PARLEY__JOURNAL__V1__RECOMMENDED_OFFER__INIT, PARLEY__JOURNAL__V1__RECOMMENDED_OFFER__INIT};
	Parley__Journal__V1__RecommendedOffer *list[2] = {&offers[0], &offers[1]};
	fill_context(&made, visitor);
	for (uint32_t i = 0; i < 2; i++) {
		offers[i].treatment_code = (char *)(i == 0 ? "T-1" : "T-2");
		offers[i].offer_code = (char *)(i == 0 ? "GOLD" : "SILVER");
		offers[i].treatment_rule = (char *)"gold-for-all";
		offers[i].campaign = (char *)(i == 0 ? "spring" : "");
		offers[i].cell = (char *)(i == 0 ? "c1" : "");
		offers[i].origin = (char *)(i == 0 ? "RULE" : "GLOBAL");
		offers[i].score = 1.5 - i;
		offers[i].rank = i + 1;
	}
	recommendation.interaction_point = (char *)"home";
	recommendation.zone = (char *)"top";
	recommendation.offers = list;
	recommendation.n_offers = 2;
	recommendation.seed = UINT64_MAX - visitor;
	made.entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_RECOMMENDATION;
	made.entry.recommendation = &recommendation;
	uint8_t receipt[] = {1, 2, 3, (uint8_t)visitor}; // nobody here reads it
	made.entry.receipt = (ProtobufCBinaryData){sizeof receipt, receipt};
	world_append(world, STR(""), &made.entry, false);
}

static void visit(World *world, uint64_t visitor, bool wait)
{
	append_session(world, visitor, true);
	append_recommendation(world, visitor);
	append_event(world, visitor, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_CONTACT, wait);
	append_event(world, visitor, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_ACCEPT, wait);
	append_event(world, visitor, PARLEY__JOURNAL__V1__EVENT_MEANING__EVENT_MEANING_UNSPECIFIED, wait);
	append_session(world, visitor, false);
}

void world_visit(World *world, uint64_t visitor)
{
	visit(world, visitor, true);
}

void world_visit_unwaited(World *world, uint64_t visitor)
{
	visit(world, visitor, false);
}

void world_check_visits(World *world, int64_t visits)
{
	assert_int_equal(
	        world_count(world, "SELECT count(*) FROM session_history WHERE what = 'start'"), visits);
	assert_int_equal(world_count(world, "SELECT count(*) FROM recommendation"), 2 * visits);
	assert_int_equal(world_count(world, "SELECT count(*) FROM contact_history"), visits);
	assert_int_equal(
	        world_count(world, "SELECT count(*) FROM response_history WHERE response = 'accept'"),
	        visits);
	assert_int_equal(world_count(world, "SELECT count(*) FROM event_history"), visits);
	assert_int_equal(
	        world_count(world, "SELECT count(DISTINCT audience_id) FROM contact_history"), visits);
	assert_int_equal(world_count(world, "SELECT count(*) FROM ingest_reject"), 0);
}

// --- shipping by hand ---

Str world_frames(World *world)
{
	Str frames = {0};
	uint64_t count = 0;
	uint64_t incarnation = journal_incarnation(world->journal);
	assert_int_equal(
	        journal_read(world->journal, incarnation, 1, 1 << 20, world->arena, &frames, &count), OK);
	return frames;
}

Err world_ship_frames(World *world, const char *runtime, const char *environment, uint64_t first, Str frames,
        uint64_t *ret_committed)
{
	Parley__Design__V1__ShipRecordsRequest request = PARLEY__DESIGN__V1__SHIP_RECORDS_REQUEST__INIT;
	request.runtime_id = (char *)(uintptr_t)runtime;
	request.environment = (char *)(uintptr_t)environment;
	request.incarnation = journal_incarnation(world->journal);
	request.first_sequence = first;
	request.records.data = (uint8_t *)(uintptr_t)frames.ptr;
	request.records.len = frames.len;
	ProtobufCMessage *response = NULL;
	TRY(rpc_call(world->client, &parley__design__v1__ingest_service__descriptor, "ShipRecords",
	        &request.base, 10000, world->arena, &response));
	*ret_committed = ((Parley__Design__V1__ShipRecordsResponse *)response)->committed_sequence;
	return OK;
}
