// Threads for methods that may wait. The queue is bounded: what does not fit is refused at once, because a
// caller that is told to come back later is better off than one that waits for its deadline.
#include "rpc/internal.h"

#include <stdlib.h>

struct Workers {
	pthread_mutex_t lock;
	pthread_cond_t work;
	RpcCall *first, **last;
	size_t queued, queue_max;
	bool refuse, ending;
	size_t count;
	pthread_t threads[];
};

static RpcCall *next_call(Workers *workers, bool *ret_refuse)
{
	RpcCall *call;

	pthread_mutex_lock(&workers->lock);
	while (!workers->first && !workers->ending)
		pthread_cond_wait(&workers->work, &workers->lock);
	call = workers->first;
	if (call) {
		workers->first = call->next;
		if (!workers->first)
			workers->last = &workers->first;
		workers->queued--;
	}
	*ret_refuse = workers->refuse;
	pthread_mutex_unlock(&workers->lock);
	return call;
}

static void *work(void *argument)
{
	Workers *workers = argument;
	RpcCall *call;
	bool refuse;

	while ((call = next_call(workers, &refuse))) {
		if (refuse)
			rpc_fail(call, err(ERR_SHUTTING_DOWN,
			                       "the server is shutting down: try another one, or later"));
		else
			call_run(call);
	}
	return NULL;
}

Err workers_new(size_t count, size_t queue_max, Workers **ret)
{
	Workers *workers = calloc(1, sizeof(*workers) + count * sizeof(*workers->threads));

	if (!workers)
		return err(ERR_NO_MEMORY, "no memory for %zu worker threads", count);
	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->work, NULL);
	workers->last = &workers->first;
	workers->queue_max = queue_max;
	for (; workers->count < count; workers->count++) {
		Err e = thread_start("rpc-worker", work, workers, &workers->threads[workers->count]);

		if (e != OK) {
			workers_free(workers);
			return e;
		}
	}
	*ret = workers;
	return OK;
}

bool workers_submit(Workers *workers, RpcCall *call)
{
	bool room;

	call->next = NULL;
	pthread_mutex_lock(&workers->lock);
	room = workers->queued < workers->queue_max;
	if (room) {
		*workers->last = call;
		workers->last = &call->next;
		workers->queued++;
		pthread_cond_signal(&workers->work);
	}
	pthread_mutex_unlock(&workers->lock);
	return room;
}

void workers_refuse(Workers *workers)
{
	pthread_mutex_lock(&workers->lock);
	workers->refuse = true;
	pthread_mutex_unlock(&workers->lock);
}

void workers_free(Workers *workers)
{
	if (!workers)
		return;
	pthread_mutex_lock(&workers->lock);
	workers->ending = true;
	pthread_cond_broadcast(&workers->work);
	pthread_mutex_unlock(&workers->lock);
	for (size_t i = 0; i < workers->count; i++)
		pthread_join(workers->threads[i], NULL);
	pthread_cond_destroy(&workers->work);
	pthread_mutex_destroy(&workers->lock);
	free(workers);
}
