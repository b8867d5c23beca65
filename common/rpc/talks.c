// All open streams of a server: how many, and when they must end although their callers do not end them. The
// poller looks at them now and then, between events; a server without streams pays one load for that.
#include "rpc/talk.h"

#include <grpc/support/time.h>

enum {
	WINDOW = 64,
	STREAMS = 256,
	IDLE_MS = 10 * 60 * 1000,
	LOOKS = 4,           // at a stream in its idle time
	LOOK_MAX_MS = 10000, // at the longest between two looks
};

// What a row leaves open, and how often its streams must be looked at.
void talks_prepare(Method *method)
{
	RpcServer *server = method->server;
	RpcStreaming *rules = &method->streaming;

	*rules = *method->row.streaming;
	rules->window = rules->window ? rules->window : WINDOW;
	rules->streams = rules->streams ? rules->streams : STREAMS;
	rules->idle_ms = rules->idle_ms ? rules->idle_ms : IDLE_MS;
	method->row.streaming = rules;
	server->look_ms = server->look_ms ? server->look_ms : LOOK_MAX_MS;
	if (rules->idle_ms / LOOKS + 1 < server->look_ms)
		server->look_ms = rules->idle_ms / LOOKS + 1;
}

Err talks_add(Talk *talk)
{
	RpcServer *server = talk->opening.method->server;
	size_t count = atomic_load(&server->talk_count);
	Err e = OK;

	pthread_mutex_lock(&server->lock);
	if (atomic_load(&server->draining)) {
		e = err(ERR_SHUTTING_DOWN, "the server is shutting down: try another one, or later");
	} else if (count >= talk->rules->streams) {
		e = err_retry(ERR_BUSY, 1000,
		        "%zu streams are open on this server, which is its limit: close one, or try again "
		        "later",
		        count);
	} else {
		talk->next = server->talks;
		if (talk->next)
			talk->next->prev = talk;
		server->talks = talk;
		atomic_store(&server->talk_count, count + 1);
		server_lend(server);
	}
	pthread_mutex_unlock(&server->lock);
	return e;
}

void talks_remove(Talk *talk)
{
	RpcServer *server = talk->opening.method->server;

	pthread_mutex_lock(&server->lock);
	if (talk->prev)
		talk->prev->next = talk->next;
	else
		server->talks = talk->next;
	if (talk->next)
		talk->next->prev = talk->prev;
	if (atomic_fetch_sub(&server->talk_count, 1) == 1)
		pthread_cond_broadcast(&server->quiet);
	pthread_mutex_unlock(&server->lock);
}

void talks_drain(RpcServer *server)
{
	for (Talk *talk = server->talks; talk; talk = talk->next) {
		pthread_mutex_lock(&talk->lock);
		talk_end(talk,
		        err(ERR_SHUTTING_DOWN, "the server is shutting down: try another one, or later"));
		pthread_mutex_unlock(&talk->lock);
	}
}

static bool is_past(gpr_timespec since, int ms, gpr_timespec now)
{
	return gpr_time_cmp(gpr_time_add(since, gpr_time_from_millis(ms, GPR_TIMESPAN)), now) <= 0;
}

static void look_at(Talk *talk, gpr_timespec now)
{
	pthread_mutex_lock(&talk->lock);
	if (is_past(talk->opened, STREAM_AGE_MS, now))
		talk_end(
		        talk, err(ERR_UNAVAILABLE, "the stream has been open for an hour: open another one"));
	else if (talk->unanswered == 0 && is_past(talk->active, talk->rules->idle_ms, now))
		talk_end(talk, err(ERR_UNAVAILABLE, "nothing was asked for %d s: open another stream",
		                       talk->rules->idle_ms / 1000));
	pthread_mutex_unlock(&talk->lock);
}

gpr_timespec talks_look(RpcServer *server)
{
	gpr_timespec now;

	if (atomic_load_explicit(&server->talk_count, memory_order_relaxed) == 0)
		return gpr_inf_future(GPR_CLOCK_MONOTONIC);
	now = gpr_now(GPR_CLOCK_MONOTONIC);
	if (gpr_time_cmp(now, server->next_look) < 0)
		return server->next_look;
	server->next_look = gpr_time_add(now, gpr_time_from_millis(server->look_ms, GPR_TIMESPAN));
	pthread_mutex_lock(&server->lock);
	for (Talk *talk = server->talks; talk; talk = talk->next)
		look_at(talk, now);
	pthread_mutex_unlock(&server->lock);
	return server->next_look;
}
