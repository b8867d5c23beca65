// The service's life, and what its handlers share: seeds, event keys, and which snapshot a session is on.
#include "service/internal.h"

#include "base/mix.h"
#include "service/due.h"
#include "service/inflight.h"
#include "service/recent.h"
#include "service/record.h"

#include <stdlib.h>
#include <sys/random.h>
#include <xxhash.h>

enum { SWEEP_BLOCK = 64 * 1024 };

static void unpin(void *context, Session *session)
{
	(void)context;
	current_release(session->pin);
}

// For a waiter that came too late, so that it can tell the default content.
static void *retain(void *context, void *pin)
{
	(void)context;
	return (void *)deployed_retain(pin);
}

static Err fill(Service *service)
{
	uint64_t random[3] = {0};
	bool rehearsal = service->options.seed != NULL; // then nobody ever waits for a session
	if (!rehearsal && getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return err_errno(ERR_IO, "cannot get random numbers from the kernel");
	service->life = random[0];
	service->event_seed = random[1];
	service->sessions = session_table_new(&(SessionTableOptions){
	        .max_sessions = service->options.max_sessions,
	        .hash_seed = random[2],
	        .alone = rehearsal,
	        .on_free = unpin,
	        .retain = retain,
	});
	service->events = inflight_new();
	service->responses = recent_new();
	service->sweep_arena = arena_new(SWEEP_BLOCK, 0);
	if (service->sessions == NULL || service->events == NULL || service->responses == NULL ||
	        service->sweep_arena == NULL)
		return err(ERR_NO_MEMORY, "no memory for the session table");
	return rehearsal ? OK : session_table_time(service->sessions);
}

Err service_new(const ServiceOptions *options, Service **ret)
{
	Service *service = calloc(1, sizeof *service);
	if (service == NULL)
		return err(ERR_NO_MEMORY, "no memory for the service");
	service->options = *options;
	Err e = fill(service);
	if (e != OK) {
		service_free(service);
		return e;
	}
	*ret = service;
	return OK;
}

size_t service_sessions(const Service *service)
{
	return session_count(service->sessions);
}

void service_free(Service *service)
{
	if (service == NULL)
		return;
	session_table_free(service->sessions);
	inflight_free(service->events);
	recent_free(service->responses);
	arena_free(service->sweep_arena);
	free(service);
}

int64_t service_next_sweep(const Service *service, int64_t until_us)
{
	return session_next_look(service->sessions, until_us);
}

Err service_prepare(void *visitors, const Snapshot *snapshot, Arena *arena, const void **ret)
{
	const Prepared *prepared = NULL;
	TRY(prepare(visitors, snapshot, arena, &prepared));
	*ret = prepared;
	return OK;
}

Err service_prepare_for(
        Visitors *visitors, const Snapshot *snapshot, const void *prepared, Arena *arena, const void **ret)
{
	const Prepared *made = NULL;
	TRY(prepare_for(visitors, snapshot, prepared, arena, &made));
	*ret = made;
	return OK;
}

void service_release(void *visitors, const void *prepared)
{
	(void)visitors;
	visitor_view_free(((const Prepared *)prepared)->view);
}

// What changes what serves, or whose word counts: it verifies, writes and waits for the disk.
#define DEPLOYS(method, function)                                                                            \
	{                                                                                                    \
		.name = (method), .handler = (function), .blocking = true,                                   \
		.access = ACCESS_DESIGN | ACCESS_OPERATOR                                                    \
	}

Err service_register(Service *service, RpcServer *server)
{
	static const RpcMethod interaction[] = {
	        {.name = "StartSession", .handler = handle_start_session, .access = ACCESS_TOUCHPOINT},
	        {.name = "GetOffers", .handler = handle_get_offers, .access = ACCESS_TOUCHPOINT},
	        {.name = "PostEvent", .handler = handle_post_event, .access = ACCESS_TOUCHPOINT},
	        {.name = "GetProfile", .handler = handle_get_profile, .access = ACCESS_TOUCHPOINT},
	        {.name = "SetAudience", .handler = handle_set_audience, .access = ACCESS_TOUCHPOINT},
	        {.name = "SetDebug", .handler = handle_set_debug, .access = ACCESS_TOUCHPOINT},
	        {.name = "EndSession", .handler = handle_end_session, .access = ACCESS_TOUCHPOINT},
	        {.name = "ExecuteBatch", .handler = handle_execute_batch, .access = ACCESS_TOUCHPOINT},
	        {.name = "Recommend", .handler = handle_recommend, .access = ACCESS_TOUCHPOINT},
	        {.name = "Converse",
	                .handler = handle_converse,
	                .access = ACCESS_TOUCHPOINT,
	                .streaming = &conversations},
	        {.name = "PostResponse", .handler = handle_post_response, .access = ACCESS_TOUCHPOINT},
	        {.name = "GetVersion",
	                .handler = handle_get_version,
	                .access = ACCESS_TOUCHPOINT | ACCESS_DESIGN | ACCESS_OPERATOR},
	};
	static const RpcMethod control[] = {
	        DEPLOYS("StageBlob", handle_stage_blob), DEPLOYS("Activate", handle_activate),
	        DEPLOYS("Steer", handle_steer), DEPLOYS("PutRoot", handle_put_root),
	        DEPLOYS("PutTimestamp", handle_put_timestamp), DEPLOYS("PutFloor", handle_put_floor),
	        {.name = "ApplyEffects", .handler = handle_apply_effects, .access = ACCESS_DESIGN},
	        {.name = "GetStatus",
	                .handler = handle_get_status,
	                .blocking = true, // it may have to wait for a moment of a deployment's
	                .access = ACCESS_DESIGN | ACCESS_OPERATOR},
	        {.name = "ListAuditHeads",
	                .handler = handle_list_audit_heads,
	                .blocking = true,
	                .access = ACCESS_DESIGN | ACCESS_OPERATOR | ACCESS_TOUCHPOINT},
	        DEPLOYS("Erase", handle_erase), // likewise
	};
	TRY(rpc_server_add(server, &parley__runtime__v1__interaction_service__descriptor, interaction,
	        ARRAY_COUNT(interaction), service));
	return rpc_server_add(server, &parley__runtime__v1__control_service__descriptor, control,
	        ARRAY_COUNT(control), service);
}

// --- seeds and keys ---

// Mixing is a bijection: different calls of a life have different seeds.
uint64_t service_seed(Service *service)
{
	if (service->options.seed != NULL)
		return service->options.seed(service->options.seed_context);
	return mix64(service->life + atomic_fetch_add_explicit(&service->calls, 1, memory_order_relaxed));
}

EventKey service_event_key(const Service *service, Str event_id)
{
	XXH128_hash_t hash = XXH3_128bits_withSeed(event_id.ptr, event_id.len, service->event_seed);
	return (EventKey){.high = hash.high64, .low = hash.low64};
}

// --- sessions and snapshots ---

void service_tell_pin(const Session *session)
{
	if (session->span == NULL || session->pin == NULL)
		return;
	trace_span_text(session->span, "parley.channel", deployed_channel(session->pin));
	trace_span_number(session->span, "parley.snapshot_version", (int64_t)deployed_version(session->pin));
}

// The pin becomes the session's.
static void put_under(Service *service, Session *session, const Deployed *deployed)
{
	const Deployed *old = session_pin(service->sessions, session, (void *)deployed);
	session->plan = deployed_plan(deployed);
	session->timeout_us = (int64_t)plan_snapshot(session->plan)->session_timeout_s * US_PER_S;
	current_release(old);
	service_tell_pin(session);
}

static Err not_deployed(Str channel)
{
	return err_at(ERR_CHANNEL_NOT_DEPLOYED, "channel",
	        "channel \"" STR_FMT
	        "\" is not deployed to this server; deploy it, or use one that GetVersion lists",
	        STR_ARG(channel));
}

Err service_deployed(Service *service, Str channel, const Deployed **ret)
{
	*ret = current_acquire(service->options.current, channel);
	return *ret != NULL ? OK : not_deployed(channel);
}

Err service_pin(Service *service, Session *session, Str channel, uint64_t chooser)
{
	const Deployed *deployed = current_acquire_for(service->options.current, channel, chooser);
	if (deployed == NULL)
		return not_deployed(channel);
	session->chooser = chooser;
	put_under(service, session, deployed);
	return OK;
}

// The session cannot go on: says so in the journal, and keeps the reason as this thread's last failure.
static Err give_up(Service *service, const Session *session, int64_t now_us, Arena *arena)
{
	ErrDetail why = *err_detail();
	(void)record_ended(
	        service, session, now_us, "replaced", arena); // a full journal is no reason to keep it
	return err_restore(&why);
}

static __attribute__((noinline)) Err follow(Service *service, Session *session, int64_t now_us, Arena *arena)
{
	Str channel = deployed_channel(session->pin);
	CLEANUP(current_releasep)
	const Deployed *next = current_acquire_for(service->options.current, channel, session->chooser);
	if (next == NULL)
		return not_deployed(channel);
	if (next == session->pin)
		return OK;
	Err e = session_follow(session, deployed_plan(next), now_us, arena);
	if (e == OK)
		put_under(service, session, STEAL(next));
	else if (e == ERR_SESSION_UNKNOWN)
		e = give_up(service, session, now_us, arena);
	return e;
}

Err service_follow(Service *service, Session *session, int64_t now_us, Arena *arena)
{
	if (deployed_is_current_for(session->pin, session->chooser))
		return OK;
	return follow(service, session, now_us, arena);
}

// --- the sweep ---

static void expire(void *context, Session *session)
{
	Service *service = context;
	arena_reset(service->sweep_arena);
	due_run(service, session, wall_now(service), service->sweep_arena);
	(void)record_ended(service, session, wall_now(service), "expired", service->sweep_arena);
}

static bool move_on(void *context, Session *session)
{
	Service *service = context;
	arena_reset(service->sweep_arena);
	return service_follow(service, session, wall_now(service), service->sweep_arena) !=
	       ERR_SESSION_UNKNOWN;
}

static bool wake(void *context, Session *session)
{
	Service *service = context;
	if (!move_on(service, session))
		return false;
	due_run(service, session, wall_now(service), service->sweep_arena);
	due_arrange(service, session);
	return true;
}

void service_changed(Service *service)
{
	atomic_store(&service->moved, true);
	if (service->options.on_changed != NULL)
		service->options.on_changed(service->options.context);
}

void service_sweep(Service *service)
{
	SessionSweep sweep = {.expired = expire, .woken = wake, .context = service};
	session_sweep(service->sessions, steady_now(service), &sweep);
	if (atomic_exchange(&service->moved, false))
		session_visit(service->sessions, move_on, service);
	if (current_sweep(service->options.current))
		service_changed(service);
}
