// The parts opened, each after those that it needs, and closed in reverse. What is found wrong at the start
// is told only once calls are taken: nobody waits for the telling.
#include "parts.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"

#include <sys/random.h>
#include <time.h>

// --- the wall's clock for decisions, one that never jumps for idle time ---

// Idle time is told in seconds: the kernel's tick is exact enough, and read for a fifth of the time.
static int64_t steady_us(void *context)
{
	struct timespec now;
	(void)context;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

// --- putting it together ---

static Err open_journal(Runtime *runtime, const char *visitors_dir)
{
	const Config *config = runtime->config;
	return journal_open(
	        &(JournalOptions){
	                .dir = config->journal.dir.ptr,
	                .runtime_id = config->runtime_id,
	                .quota_bytes = config->journal.quota,
	                .after = visitors_incarnation(visitors_dir),
	                .retain = true,
	                .on_poison = tell_journal_poisoned,
	                .context = runtime,
	        },
	        &runtime->journal);
}

static Err open_visitors(Runtime *runtime, const char *dir)
{
	const Config *config = runtime->config;
	uint64_t seed = 0;
	if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		return err_errno(ERR_IO, "cannot get random numbers from the kernel");
	return visitors_open(
	        &(VisitorsOptions){
	                .dir = dir,
	                .journal = runtime->journal,
	                .max_visitors = (size_t)config->visitors.max,
	                .max_facts = (unsigned)config->visitors.facts,
	                .retention_us = config->visitors.retention_us,
	                .treatment_bytes = (size_t)config->visitors.treatments,
	                .treatment_age_us = config->visitors.treatment_age_us,
	                .checkpoint_us = config->visitors.checkpoint_us,
	                .hash_seed = seed,
	                .on_checkpoint = tell_checkpoint,
	                .context = runtime,
	        },
	        &runtime->visitors);
}

static Err read_root(const char *path, Arena *arena, Str *ret)
{
	if (file_read(path, ENVELOPE_MAX, arena, ret) != OK)
		return err_at(ERR_CONFIG_INVALID, "trusted_root",
		        "trusted_root: %s cannot be read: get the environment's root from who signs it, or "
		        "by `parley root get`",
		        path);
	return OK;
}

static Err open_snapshots(Runtime *runtime, Arena *arena)
{
	const Config *config = runtime->config;
	CurrentOptions options = {
	        .dir = config->state_dir,
	        .environment = config->environment,
	        .fleet = config->fleet,
	        .runtime_id = config->runtime_id,
	        .clock = clock_system(),
	        .prepare = service_prepare,
	        .release = service_release,
	        .context = runtime->visitors,
	};
	TRY(read_root(config->trusted_root.ptr, arena, &options.trusted_root));
	return current_open(&options, &runtime->current);
}

static Err open_profiles(Runtime *runtime)
{
	const Config *config = runtime->config;
	return profile_new(
	        &(ProfileOptions){
	                .conninfo = config->profiles.conninfo.len > 0 ? config->profiles.conninfo.ptr : NULL,
	                .timeout_ms = (int)(config->profiles.timeout_us / US_PER_MS),
	                .connections = (size_t)config->profiles.connections,
	                .on_change = tell_profiles,
	        },
	        &runtime->profile);
}

static Err open_links(Runtime *runtime, Arena *arena)
{
	const Config *config = runtime->config;
	if (config->links.base.len == 0)
		return OK;
	char *prefix = arena_printf(arena, STR_FMT "/c/", STR_ARG(config->links.base));
	if (prefix == NULL)
		return err(ERR_NO_MEMORY, "no memory to start");
	runtime->links.prefix = str(prefix);
	runtime->links.age_us = config->links.age_us;
	return link_keys_read(config->links.key.ptr, config->environment, &runtime->links.keys);
}

static Err open_tracer(Runtime *runtime)
{
	const Config *config = runtime->config;
	if (config->trace_endpoint.len == 0)
		return OK;
	return tracer_open(
	        &(TracerOptions){
	                .endpoint = config->trace_endpoint.ptr,
	                .tls = &runtime->tls,
	                .ratio = config->trace_ratio,
	                .wall = clock_system(),
	                .program = STR("parley-runtime"),
	                .instance = config->runtime_id,
	                .environment = config->environment,
	                .on_change = tell_collector,
	        },
	        &runtime->tracer);
}

static Err open_service(Runtime *runtime)
{
	return service_new(
	        &(ServiceOptions){
	                .environment = runtime->config->environment,
	                .fleet = runtime->config->fleet,
	                .runtime_id = runtime->config->runtime_id,
	                .current = runtime->current,
	                .journal = runtime->journal,
	                .visitors = runtime->visitors,
	                .profile = runtime->profile,
	                .links = runtime->links.prefix.len > 0 ? &runtime->links : NULL,
	                .wall = clock_system(),
	                .steady = {.now_us = steady_us},
	                .max_sessions = (size_t)runtime->config->limits.sessions,
	                .on_changed = tell_snapshots,
	                .context = runtime,
	        },
	        &runtime->service);
}

static void set_credentials(Runtime *runtime)
{
	const Config *config = runtime->config;
	runtime->access = (Access){
	        .environment = config->environment,
	        .token_hashes = (const uint8_t(*)[TOKEN_HASH_SIZE])config->token_hashes,
	        .token_count = config->touchpoint_tokens.count,
	};
	runtime->tls = (RpcTls){
	        .certificate_file = config->tls.certificate.ptr,
	        .key_file = config->tls.key.ptr,
	        .ca_file = config->tls.ca.ptr,
	};
}

static Err listen_now(Runtime *runtime)
{
	const Config *config = runtime->config;
	const RpcListener listeners[] = {
	        {.address = config->listen.ptr, .tls = &runtime->tls, .ret_port = &runtime->port},
	        {.address = config->plaintext.ptr, .ret_port = &runtime->plaintext},
	};
	RpcServerOptions options = {
	        .listeners = listeners,
	        .listener_count = config->plaintext.len > 0 ? 2 : 1,
	        .authorize = access_authorize,
	        .context = &runtime->access,
	        .observer = tracer_observer(runtime->tracer),
	        .max_in_flight = (size_t)config->limits.calls,
	        .busy_poll_us = config->busy_poll_us,
	        .drain_timeout_ms = (int)(config->drain_us / US_PER_MS),
	};
	TRY(rpc_server_new(&options, &runtime->server));
	TRY(service_register(runtime->service, runtime->server));
	TRY(rpc_server_start(runtime->server));
	rpc_server_set_health(runtime->server, "", true);
	rpc_server_set_health(runtime->server, "parley.runtime.v1.ControlService", true);
	rpc_server_set_health(runtime->server, "parley.runtime.v1.InteractionService", false);
	return OK;
}

// Without a design server's address the journal is kept and not shipped.
static Err start_shipping(Runtime *runtime)
{
	const Config *config = runtime->config;
	if (config->design.address.len == 0)
		return OK;
	RpcClientOptions design = {
	        .target = config->design.address.ptr,
	        .tls = &runtime->tls,
	        .tls_name = config->design.tls_name.len > 0 ? config->design.tls_name.ptr : NULL,
	};
	return ship_start(
	        &(ShipOptions){
	                .journal = runtime->journal,
	                .design = &design,
	                .runtime_id = config->runtime_id.ptr,
	                .environment = config->environment.ptr,
	        },
	        &runtime->ship);
}

static Err open_side(Runtime *runtime)
{
	if (runtime->links.prefix.len > 0)
		TRY(clicks_new(runtime->service, runtime->tracer, &runtime->clicks));
	return side_open(
	        &(SideOptions){
	                .listen = runtime->config->http,
	                .parts =
	                        {
	                                .config = runtime->config,
	                                .current = runtime->current,
	                                .journal = runtime->journal,
	                                .visitors = runtime->visitors,
	                                .service = runtime->service,
	                                .server = runtime->server,
	                                .tracer = runtime->tracer,
	                                .ship = runtime->ship,
	                                .clicks = runtime->clicks,
	                        },
	        },
	        &runtime->side);
}

Err runtime_open(const Config *config, Arena *arena, Runtime **ret)
{
	Runtime *runtime = *ret = ARENA_NEW(arena, Runtime);
	if (runtime == NULL)
		return err(ERR_NO_MEMORY, "no memory to start");
	runtime->config = config;
	set_credentials(runtime);
	TRY(dir_make(config->state_dir.ptr, 0700));
	const char *visitors_dir = path_join(arena, config->state_dir, STR("visitors"));
	if (visitors_dir == NULL)
		return err(ERR_NO_MEMORY, "no memory to start");
	TRY(open_journal(runtime, visitors_dir));
	TRY(open_visitors(runtime, visitors_dir));
	TRY(open_snapshots(runtime, arena));
	TRY(open_profiles(runtime));
	TRY(open_links(runtime, arena));
	TRY(open_tracer(runtime));
	TRY(open_service(runtime));
	TRY(listen_now(runtime));
	tell_journal_found(runtime);
	tell_visitors_found(runtime);
	tell_snapshots_found(runtime);
	TRY(start_shipping(runtime));
	TRY(open_side(runtime));
	log_info("started", F_STR("runtime", config->runtime_id), F_STR("environment", config->environment),
	        F_INT("port", runtime->port), F_INT("plaintext_port", runtime->plaintext),
	        F_INT("http_port", side_port(runtime->side)),
	        F_UINT("incarnation", journal_incarnation(runtime->journal)));
	return OK;
}

void runtime_checkpoint(Runtime *runtime)
{
	visitors_checkpoint_soon(runtime->visitors);
}

Err runtime_broken(const Runtime *runtime)
{
	return atomic_load(&runtime->broken);
}

void runtime_close(Runtime *runtime)
{
	if (runtime == NULL)
		return;
	side_close(runtime->side);
	clicks_free(runtime->clicks);
	if (runtime->server != NULL)
		rpc_server_stop(runtime->server);
	ship_stop(runtime->ship);
	profile_free(runtime->profile);
	if (runtime->server != NULL)
		rpc_server_free(runtime->server);
	service_free(runtime->service);
	if (runtime->current != NULL)
		current_close(runtime->current);
	visitors_close(runtime->visitors);
	if (runtime->journal != NULL)
		journal_close(runtime->journal);
	tracer_close(runtime->tracer); // the journal's thread ends spans
}
