#include "service/inflight.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SHARDS = 16, BUCKETS = 256 };

typedef struct Shard {
	_Alignas(64) pthread_mutex_t lock;
	PendingEvent *buckets[BUCKETS];
} Shard;

struct InFlight {
	atomic_uint_fast64_t failures;
	Shard shards[SHARDS];
};

InFlight *inflight_new(void)
{
	InFlight *table = aligned_alloc(64, sizeof *table);
	if (table == NULL)
		return NULL;
	memset(table, 0, sizeof *table);
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&table->shards[i].lock, NULL);
	return table;
}

void inflight_free(InFlight *table)
{
	free(table);
}

static Shard *shard_of(InFlight *table, EventKey key)
{
	return &table->shards[key.high % SHARDS];
}

static PendingEvent **find(Shard *shard, EventKey key)
{
	PendingEvent **link = &shard->buckets[key.low % BUCKETS];
	while (*link != NULL && ((*link)->key.high != key.high || (*link)->key.low != key.low))
		link = &(*link)->next;
	return link;
}

bool inflight_join(InFlight *table, PendingEvent *mine, bool lead)
{
	Shard *shard = shard_of(table, mine->key);
	mine->table = table;
	pthread_mutex_lock(&shard->lock);
	PendingEvent **link = find(shard, mine->key);
	bool found = *link != NULL;
	if (found) {
		*mine->duplicate = true;
		mine->next = (*link)->duplicates;
		(*link)->duplicates = mine;
	} else if (lead) {
		mine->next = NULL;
		*link = mine;
	}
	pthread_mutex_unlock(&shard->lock);
	return found;
}

static PendingEvent *take_out(PendingEvent *event)
{
	Shard *shard = shard_of(event->table, event->key);
	pthread_mutex_lock(&shard->lock);
	*find(shard, event->key) = event->next;
	pthread_mutex_unlock(&shard->lock);
	return event->duplicates;
}

static void answer(PendingEvent *event, Err result)
{
	trace_span_end(event->wait, result);
	event->reply->send(event->reply, result, event->response);
}

static void answer_all(PendingEvent *event, Err result)
{
	while (event != NULL) {
		PendingEvent *next = event->next;
		answer(event, result);
		event = next;
	}
}

void inflight_wait_more(PendingEvent *event)
{
	atomic_fetch_add(&event->open, 1);
}

// Failures come from the journal's one thread: no two at a time.
static void keep_failure(PendingEvent *event, Err result)
{
	if (event->result == OK)
		event->failure = *err_detail();
	event->result = result;
}

void inflight_settle(PendingEvent *event, Err result)
{
	if (result != OK)
		keep_failure(event, result);
	if (atomic_fetch_sub(&event->open, 1) > 0)
		return;
	result = event->result;
	if (result != OK) {
		atomic_fetch_add(&event->table->failures, 1);
		(void)err_restore(&event->failure);
	}
	PendingEvent *duplicates = take_out(event);
	answer(event, result);
	answer_all(duplicates, result);
}

Err inflight_abandon(PendingEvent *event, Err result)
{
	answer_all(take_out(event), result);
	return result;
}

uint64_t inflight_failures(const InFlight *table)
{
	return atomic_load(&table->failures);
}
