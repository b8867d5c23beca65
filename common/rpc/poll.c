// How the poller waits. To sleep and be woken costs a call more than all that gRPC core does with it, so
// where calls follow one another closely the poller looks for the next one a while before it sleeps. It does
// so only while that pays: the waits of late must have ended within that while. A server with little to do
// sleeps at once, and one with much to do never waits. While a call is on its way elsewhere, as events are
// that wait for the disk, it sleeps too: those that it waits for need the processor.
#include "base/clock.h"
#include "rpc/internal.h"

// Waits that must have been short, more than long, for the next one to be expected short; and how many long
// ones are forgiven after that.
enum { PAYS_FROM = 4, PAYS_AT_MOST = 8 };
// Events worked off before answers are pushed out although more have come: an answer waits for some hundred
// microseconds at most.
enum { PUSH_AFTER = 16 };

static grpc_event look(grpc_completion_queue *queue)
{
	return grpc_completion_queue_next(queue, gpr_time_0(GPR_CLOCK_MONOTONIC), NULL);
}

// An answer that is complete at once rouses whoever waits at the queue, and if nobody does, the next who
// would: that look ends before it has begun, with nothing, whatever has come. Only a second one tells.
static grpc_event look_well(grpc_completion_queue *queue)
{
	grpc_event event = look(queue);

	return event.type != GRPC_QUEUE_TIMEOUT ? event : look(queue);
}

static grpc_event look_until(RpcServer *server, int64_t end_us)
{
	grpc_event event;

	do
		event = look(server->queue);
	while (event.type == GRPC_QUEUE_TIMEOUT && monotonic_us() < end_us);
	return event;
}

static grpc_event wait_for_event(RpcServer *server, Poll *poll)
{
	const int64_t busy_us = server->options.busy_poll_us;
	grpc_event event = {.type = GRPC_QUEUE_TIMEOUT};
	int64_t since;

	if (busy_us == 0)
		return grpc_completion_queue_next(server->queue, talks_look(server), NULL);
	since = monotonic_us();
	if (poll->pays >= PAYS_FROM && atomic_load_explicit(&server->in_flight, memory_order_relaxed) == 0)
		event = look_until(server, since + busy_us);
	if (event.type == GRPC_QUEUE_TIMEOUT)
		event = grpc_completion_queue_next(server->queue, talks_look(server), NULL);
	if (monotonic_us() - since > busy_us)
		poll->pays -= poll->pays > 0;
	else
		poll->pays += poll->pays < PAYS_AT_MOST;
	return event;
}

grpc_event poll_next(RpcServer *server, Poll *poll)
{
	grpc_event event = look_well(server->queue);

	if (event.type != GRPC_QUEUE_TIMEOUT && poll->unpushed++ < PUSH_AFTER)
		return event;
	poll->unpushed = 0;
	coalesce_push();
	if (event.type != GRPC_QUEUE_TIMEOUT)
		return event;
	coalesce_wait(true);
	event = wait_for_event(server, poll);
	coalesce_wait(false);
	return event;
}
