// The server's life: made, filled with services, started, drained, freed. One completion queue with one
// thread (the poller) moves everything; README.md says why. Stopping counts what gRPC core still holds of
// ours: when that is nothing, no call can be lost any more and what is left of connections is cut.
#include "rpc/internal.h"

#include "base/clock.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum {
	MAX_IN_FLIGHT = 1024,
	WORKERS = 8,
	QUEUED_PER_WORKER = 16,
	DRAIN_TIMEOUT_MS = 10000,
	GOODBYE_MS = 100, // for clients to close their connections themselves
};

static _Thread_local const RpcServer *polled; // by this thread

bool server_polls(const RpcServer *server)
{
	return polled == server;
}

void server_lend(RpcServer *server)
{
	atomic_fetch_add(&server->lent, 1);
}

void server_wake(RpcServer *server)
{
	pthread_mutex_lock(&server->lock);
	pthread_cond_broadcast(&server->quiet);
	pthread_mutex_unlock(&server->lock);
}

void server_return(RpcServer *server)
{
	if (atomic_fetch_sub(&server->lent, 1) == 1)
		server_wake(server);
}

void server_give_back(RpcServer *server)
{
	size_t lent = atomic_load(&server->lent);

	while (lent > 1)
		if (atomic_compare_exchange_weak(&server->lent, &lent, lent - 1))
			return;
	pthread_mutex_lock(&server->lock);
	atomic_fetch_sub(&server->lent, 1);
	pthread_cond_broadcast(&server->quiet);
	pthread_mutex_unlock(&server->lock);
}

Method *server_method(const RpcServer *server, Str path)
{
	for (Method *method = server->methods; method; method = method->next)
		if (str_eq(path, str(method->path)))
			return method;
	return NULL;
}

static void *poll_queue(void *argument)
{
	RpcServer *server = argument;
	Poll poll = {0};
	grpc_event event;

	polled = server;
	coalesce_begin();
	pthread_mutex_lock(&server->lock); // until all slots are armed
	pthread_mutex_unlock(&server->lock);
	while ((event = poll_next(server, &poll)).type != GRPC_QUEUE_SHUTDOWN) {
		Event *ours = event.tag;

		if (event.type == GRPC_QUEUE_TIMEOUT)
			continue;
		take_over(ours);
		if (event.type == GRPC_OP_COMPLETE)
			ours->done(ours, event.success != 0);
	}
	coalesce_end();
	return NULL;
}

// --- making ---

static const RpcTls *copy_tls(Arena *arena, const RpcTls *tls)
{
	RpcTls *copy = ARENA_NEW(arena, RpcTls);

	*copy = *tls;
	copy->certificate_file = tls->certificate_file ? arena_cstr(arena, str(tls->certificate_file)) : NULL;
	copy->key_file = tls->key_file ? arena_cstr(arena, str(tls->key_file)) : NULL;
	copy->ca_file = tls->ca_file ? arena_cstr(arena, str(tls->ca_file)) : NULL;
	return copy;
}

static void copy_options(RpcServer *server, const RpcServerOptions *options)
{
	RpcServerOptions *own = &server->options;
	RpcListener *listeners = ARENA_ARRAY(server->arena, RpcListener, options->listener_count);

	*own = *options;
	for (size_t i = 0; i < options->listener_count; i++) {
		listeners[i] = options->listeners[i];
		listeners[i].address = arena_cstr(server->arena, str(options->listeners[i].address));
		if (listeners[i].tls)
			listeners[i].tls = copy_tls(server->arena, listeners[i].tls);
	}
	own->listeners = listeners;
	own->max_in_flight = own->max_in_flight ? own->max_in_flight : MAX_IN_FLIGHT;
	own->workers = own->workers ? own->workers : WORKERS;
	own->drain_timeout_ms = own->drain_timeout_ms ? own->drain_timeout_ms : DRAIN_TIMEOUT_MS;
}

Err rpc_server_new(const RpcServerOptions *options, RpcServer **ret)
{
	RpcServer *server;
	Err e;

	TRY(listeners_check(options));
	server = calloc(1, sizeof(*server));
	if (!server || !(server->arena = arena_new(ARENA_BLOCK, 0))) {
		free(server);
		return err(ERR_NO_MEMORY, "no memory for a server");
	}
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->quiet, NULL);
	copy_options(server, options);
	server->ready.done = answers_send;
	e = health_new(server);
	if (e == OK)
		e = reflection_new(server);
	if (e != OK) {
		rpc_server_free(server);
		return e;
	}
	*ret = server;
	return OK;
}

static Err method_add(RpcServer *server, const ProtobufCServiceDescriptor *descriptor, const RpcMethod *row,
        void *service, bool open)
{
	const ProtobufCMethodDescriptor *found =
	        protobuf_c_service_descriptor_get_method_by_name(descriptor, row->name);
	Method *method = ARENA_NEW(server->arena, Method);

	if (!found)
		return err(ERR_INTERNAL, "service %s has no method %s", descriptor->name, row->name);
	*method = (Method){
	        .next = server->methods,
	        .server = server,
	        .row = *row,
	        .service_descriptor = descriptor,
	        .descriptor = found,
	        .service = service,
	        .open = open,
	        .path = arena_printf(server->arena, "/%s/%s", descriptor->name, row->name),
	        .figures = call_figures_new(server->arena),
	};
	if (!method->figures || !method->path)
		return err(ERR_NO_MEMORY, "no memory for a method");
	if (method->row.max_request == 0)
		method->row.max_request = DEFAULT_REQUEST;
	if (method->row.streaming)
		talks_prepare(method);
	server->methods = method;
	server->method_count++;
	return OK;
}

Err server_add(RpcServer *server, const ProtobufCServiceDescriptor *descriptor, const RpcMethod *methods,
        size_t count, void *service, bool open)
{
	if (server->queue)
		return err(
		        ERR_INTERNAL, "service %s comes too late: the server has started", descriptor->name);
	for (size_t i = 0; i < count; i++)
		TRY(method_add(server, descriptor, &methods[i], service, open));
	return health_add(server, descriptor->name);
}

Err rpc_server_add(RpcServer *server, const ProtobufCServiceDescriptor *descriptor, const RpcMethod *methods,
        size_t count, void *service)
{
	return server_add(server, descriptor, methods, count, service, false);
}

Err rpc_server_each(const RpcServer *server, Err (*each)(void *context, Str path), void *context)
{
	for (const Method *method = server->methods; method; method = method->next)
		if (!method->open)
			TRY(each(context, str(method->path)));
	return OK;
}

// --- starting ---

// After one EMFILE gRPC core never accepts a connection again, so the limit is put as high as it goes.
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

Err rpc_server_start(RpcServer *server)
{
	Err e;

	if (server->queue)
		return err(ERR_INTERNAL, "the server has been started before");
	raise_file_limit();
	server->queue = grpc_completion_queue_create_for_next(NULL);
	fronts_make(server);
	pthread_mutex_lock(&server->lock);
	e = thread_start("rpc-poller", poll_queue, server, &server->poller);
	if (e != OK) {
		pthread_mutex_unlock(&server->lock);
		fronts_destroy(server);
		grpc_completion_queue_shutdown(server->queue);
		grpc_completion_queue_destroy(server->queue);
		return e;
	}
	e = workers_new(
	        server->options.workers, server->options.workers * QUEUED_PER_WORKER, &server->workers);
	if (e == OK)
		e = fronts_start(server);
	server->serving = true;
	pthread_mutex_unlock(&server->lock);
	if (e != OK) {
		ErrDetail failure = *err_detail();

		rpc_server_stop(server);
		return err_restore(&failure);
	}
	return OK;
}

// --- stopping ---

static bool is_idle(const RpcServer *server)
{
	return atomic_load(&server->in_flight) == 0 && server->stream_count == 0 &&
	       atomic_load(&server->talk_count) == 0;
}

static bool is_quiet(const RpcServer *server)
{
	return atomic_load(&server->lent) == 0 && fronts_have_stopped(server);
}

// False if it took longer than `timeout_ms` (< 0: no limit).
static bool wait_until(RpcServer *server, bool (*reached)(const RpcServer *server), int timeout_ms)
{
	int64_t until_us = monotonic_us() + timeout_ms * US_PER_MS;
	struct timespec until = {until_us / US_PER_S, until_us % US_PER_S * 1000};
	int late = 0;

	pthread_mutex_lock(&server->lock);
	while (!reached(server) && late == 0)
		late = timeout_ms < 0 ? pthread_cond_wait(&server->quiet, &server->lock)
		                      : pthread_cond_clockwait(
		                                &server->quiet, &server->lock, CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&server->lock);
	return late == 0;
}

// Whether all calls in flight were answered.
static bool drain(RpcServer *server)
{
	bool answered;

	pthread_mutex_lock(&server->lock);
	server->serving = false;
	atomic_store(&server->draining, true);
	health_drain(server);
	talks_drain(server);
	pthread_mutex_unlock(&server->lock);
	answered = wait_until(server, is_idle, server->options.drain_timeout_ms);
	if (!answered && server->workers)
		workers_refuse(server->workers);
	return answered;
}

void rpc_server_stop(RpcServer *server)
{
	bool answered;

	if (!server->serving)
		return;
	answered = drain(server);
	atomic_store(&server->closing, true);
	fronts_shut_down(server);
	if (answered)
		wait_until(server, is_quiet, GOODBYE_MS);
	fronts_cancel(server);
	wait_until(server, is_quiet, -1);
	workers_free(server->workers);
	server->workers = NULL;
	fronts_destroy(server);
	grpc_completion_queue_shutdown(server->queue);
	pthread_join(server->poller, NULL);
	grpc_completion_queue_destroy(server->queue);
}

void rpc_server_free(RpcServer *server)
{
	if (!server)
		return;
	rpc_server_stop(server);
	for (Method *method = server->methods; method; method = method->next)
		for (size_t i = 0; i < FRONTS; i++)
			slots_free(&method->intakes[i]);
	for (size_t i = 0; i < FRONTS; i++)
		doors_free(&server->fronts[i]);
	while (server->spare_count > 0)
		arena_free(server->spare[--server->spare_count]);
	pthread_cond_destroy(&server->quiet);
	pthread_mutex_destroy(&server->lock);
	arena_free(server->arena);
	free(server);
}
