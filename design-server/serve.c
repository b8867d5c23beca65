// The server's life: start everything, watch the database, drain on a signal. With PostgreSQL away the server
// starts and stays up, answers UNAVAILABLE and says "not ready": it is back the moment the database is.
#include "admin/admin.h"
#include "admin/connect_http.h"
#include "base/cleanup.h"
#include "design.h"
#include "environment/environment.h"
#include "erasure/erasure.h"
#include "execution/execution.h"
#include "exposition.h"
#include "history/history.h"
#include "match/match.h"
#include "outcome/outcome.h"
#include "pending/pending.h"
#include "release/release.h"
#include "retention/retention.h"
#include "rollout/rollout.h"
#include "source/source.h"
#include "trace/trace.h"
#include "validate/validate.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

enum { MAX_IN_FLIGHT = 256, WORKERS = 16, WATCH_S = 1 };

typedef struct Design {
	Services services;
	Admin *admin;
	Environments environments;
	Rollouts *rollouts;
	Erasures *erasures;
	Executions *executions;
	Release *release;
	Retention *retention;
	RpcServer *rpc;
	HttpServer *http;
	Exposition *exposition;
	HttpRoute routes[4];
	HttpReadiness readiness;
	Err database; // what the last look at it found
	bool ready;
} Design;

static void design_stop(Design *design)
{
	http_stop(design->http);
	exposition_free(design->exposition);
	rpc_server_free(design->rpc);
	retention_free(design->retention);
	release_free(design->release);
	executions_free(design->executions);
	erasures_free(design->erasures);
	matcher_free(design->services.matcher);
	rollouts_free(design->rollouts);
	admin_free(design->admin);
	store_free(design->services.reports);
	store_free(design->services.ingest);
	store_free(design->services.store);
	tracer_close(design->services.tracer);
}

static RpcTls tls_of(const DesignConfig *config, Arena *arena)
{
	return (RpcTls){.certificate_file = arena_cstr(arena, config->tls.certificate),
	        .key_file = arena_cstr(arena, config->tls.key),
	        .ca_file = arena_cstr(arena, config->tls.ca)};
}

static void collector_changed(void *context, bool taken, const ErrDetail *why)
{
	(void)context;
	if (taken)
		log_info("traces are taken again", F_BOOL("taken", true));
	else
		log_warn("traces are not taken", F_CSTR("message", why->message),
		        F_CSTR("consequence", "spans that there is no room for are dropped"));
}

static Err start_tracer(Design *design, const DesignConfig *config, Arena *arena)
{
	const RpcTls tls = tls_of(config, arena);
	if (!config->trace_endpoint.len)
		return OK;
	return tracer_open(&(TracerOptions){.endpoint = arena_cstr(arena, config->trace_endpoint),
	                           .tls = config->grpc.plaintext ? NULL : &tls,
	                           .ratio = config->trace_ratio,
	                           .wall = design->services.clock,
	                           .program = STR("parley-design"),
	                           .on_change = collector_changed},
	        &design->services.tracer);
}

static Err start_rpc(Design *design, const DesignConfig *config, Arena *arena)
{
	const RpcTls tls = tls_of(config, arena);
	int port = 0;
	const RpcListener listener = {.address = arena_cstr(arena, config->grpc.listen),
	        .tls = config->grpc.plaintext ? NULL : &tls,
	        .ret_port = &port};
	const RpcServerOptions options = {.listeners = &listener,
	        .listener_count = 1,
	        .authorize = admin_authorize,
	        .examine = admin_examine,
	        .context = design->admin,
	        .observer = tracer_observer(design->services.tracer),
	        .max_in_flight = MAX_IN_FLIGHT,
	        .workers = WORKERS,
	        .max_message = HISTORY_SHIP_REQUEST_MAX};
	TRY(rpc_server_new(&options, &design->rpc));
	TRY(admin_register(design->admin, design->rpc));
	TRY(matcher_register(design->services.matcher, design->rpc));
	TRY(history_register(&design->services, design->rpc));
	TRY(outcome_register(&design->services, design->rpc));
	TRY(release_register(design->release, design->rpc));
	TRY(pending_register(&design->services, &design->environments, arena, design->rpc));
	TRY(rollouts_register(design->rollouts, design->rpc));
	TRY(retention_register(design->retention, design->rpc));
	TRY(validate_register(&design->services, design->rpc));
	TRY(erasures_register(design->erasures, design->rpc));
	TRY(executions_register(design->executions, design->rpc));
	TRY(source_register(&design->services, &design->environments, arena, design->rpc));
	TRY(access_check(design->rpc));
	TRY(rpc_server_start(design->rpc));
	rpc_server_set_health(design->rpc, "", design->ready);
	log_info("grpc listens", F_STR("address", config->grpc.listen), F_INT("port", port));
	return OK;
}

static const char *what_is_missing(void *context)
{
	const Design *design = context;
	return __atomic_load_n(&design->ready, __ATOMIC_RELAXED) ? NULL : "the database is not usable now\n";
}

static Err start_http(Design *design, const DesignConfig *config)
{
	int port = 0;
	if (!config->http.listen.len)
		return OK;
	design->exposition = exposition_new(&(ExpositionParts){.services = &design->services,
	        .rollouts = design->rollouts,
	        .retention = design->retention,
	        .rpc = design->rpc,
	        .ready = &design->ready});
	if (!design->exposition)
		return err(ERR_NO_MEMORY, "no memory for the metrics");
	design->readiness = (HttpReadiness){.missing = what_is_missing, .context = design};
	const HttpRoute routes[] = {
	        {.method = "GET", .path = "/livez", .handle = http_alive},
	        {.method = "GET", .path = "/readyz", .handle = http_ready, .context = &design->readiness},
	        {.method = "GET",
	                .path = "/metrics",
	                .handle = exposition_tell,
	                .context = design->exposition},
	        connect_http_route(design->rpc),
	};
	static_assert(sizeof(routes) == sizeof(design->routes), "a place for each route");
	memcpy(design->routes, routes, sizeof(routes));
	const HttpOptions options = {.listen = config->http.listen,
	        .loopback_only = true,
	        .threads = (unsigned)config->http.threads,
	        .routes = design->routes,
	        .route_count = ARRAY_COUNT(design->routes),
	        .ret_port = &port};
	TRY(http_start(&options, &design->http));
	log_info("http listens", F_STR("address", config->http.listen), F_INT("port", port));
	return OK;
}

// A schema that is not this program's is an error; a database that is away is waited for. One that is merely
// busy (no connection free in time) is as ready as it was.
static Err watch_database(Design *design)
{
	Err found = store_check(design->services.store);
	if (found == OK && (found = store_check(design->services.ingest)) != OK)
		found = err_context(found, "database: ingest_conninfo must be a login that is, or may "
		                           "become, " STORE_ROLE_INGEST);
	if (found != OK && found != ERR_DB_UNAVAILABLE && found != ERR_MIGRATION_FAILED)
		return OK;
	if (found != design->database && found == OK)
		log_info("database is there", F_BOOL("ready", true));
	else if (found != design->database)
		log_failure(LOG_WARN, "database is not usable");
	design->database = found;
	__atomic_store_n(&design->ready, found == OK, __ATOMIC_RELAXED);
	return found == ERR_MIGRATION_FAILED ? found : OK;
}

static Err start(Design *design, const DesignConfig *config, Arena *arena)
{
	design->services = (Services){.clock = clock_system(), .config = config};
	const char *conninfo = arena_cstr(arena, config->database.conninfo);
	const char *ingest = config->database.ingest_conninfo.len
	                             ? arena_cstr(arena, config->database.ingest_conninfo)
	                             : conninfo;
	size_t connections = (size_t)config->database.connections;
	design->services.store = store_new(conninfo, connections);
	design->services.ingest = store_new_as(ingest, STORE_ROLE_INGEST, connections);
	design->services.reports = store_new(conninfo, (size_t)config->reports.at_once);
	design->services.report_timeout_ms = (int)config->reports.timeout_s * 1000;
	if (design->services.store && design->services.ingest && design->services.reports)
		design->admin = admin_new(&design->services);
	if (!design->admin)
		return err(ERR_NO_MEMORY, "no memory to start");
	TRY(environments_load(config->environments, arena, &design->environments));
	design->services.environments = &design->environments;
	TRY(matcher_new(&design->services, &design->environments, &design->services.matcher));
	TRY(rollouts_new(&design->services, &design->environments, &design->rollouts));
	TRY(erasures_new(&design->services, &design->environments, &design->erasures));
	TRY(executions_new(&design->services, &design->environments, &design->executions));
	TRY(release_new(&design->services, &design->environments, design->rollouts, &design->release));
	TRY(start_tracer(design, config, arena));
	TRY(watch_database(design));
	TRY(retention_new(&design->services, &design->environments, &design->retention));
	TRY(start_rpc(design, config, arena));
	return start_http(design, config);
}

// Waits for a signal, looking after the database meanwhile.
static void watch(Design *design, const sigset_t *signals)
{
	const struct timespec pause = {.tv_sec = WATCH_S};
	int caught;
	while ((caught = sigtimedwait(signals, NULL, &pause)) < 0) {
		bool was_ready = design->ready;
		(void)watch_database(design); // a changed schema makes it not ready; it is logged
		if (design->ready != was_ready)
			rpc_server_set_health(design->rpc, "", design->ready);
		if (design->exposition)
			exposition_tick(design->exposition);
	}
	log_info("draining", F_INT("signal", caught));
}

Err design_serve(const DesignConfig *config, Arena *arena)
{
	Design design = {0};
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	rpc_init();
	Err failed = start(&design, config, arena);
	if (failed == OK) {
		notify("READY=1");
		watch(&design, &signals);
		notify("STOPPING=1");
	}
	ErrDetail why = *err_detail();
	design_stop(&design);
	rpc_shutdown();
	if (failed == OK)
		log_info("stopped", F_BOOL("drained", true));
	return failed == OK ? OK : err_restore(&why);
}
