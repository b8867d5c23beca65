// Visits: every session as its owner would see it, some at a time, so that calls on the others go on.
#include "session/table_internal.h"

#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>

enum { VISIT_BUCKETS = 8 }; // at once: calls on their sessions wait until all have been visited

// The IDs of sessions that somebody had, each with a NUL behind it.
typedef struct Missed {
	char *ids;
	size_t len, room;
	bool failed;
} Missed;

static void missed_free(Missed *missed)
{
	free(missed->ids);
}

static void missed_add(Missed *missed, const Session *session)
{
	size_t size = session->id_len + 1;
	if (missed->len + size > missed->room) {
		size_t room = 2 * missed->room + size + 1024;
		char *grown = realloc(missed->ids, room);
		missed->failed |= grown == NULL;
		if (grown == NULL)
			return;
		missed->ids = grown;
		missed->room = room;
	}
	memcpy(missed->ids + missed->len, session->id, session->id_len);
	missed->len += size;
	missed->ids[missed->len - 1] = '\0';
}

// Takes every session that nobody has in a run of buckets, as a chain by visit_next. `missed` (may be NULL)
// is told of the others.
static Session *take_idle(SessionTable *table, Shard *shard, size_t first_bucket, Missed *missed)
{
	Session *taken = NULL;
	pthread_mutex_lock(&shard->lock);
	for (size_t b = first_bucket; b <= table->bucket_mask && b < first_bucket + VISIT_BUCKETS; b++)
		for (Session *session = shard->buckets[b]; session != NULL; session = session->next) {
			if (!session->busy) {
				session->busy = true;
				session->visit_next = taken;
				taken = session;
			} else if (missed != NULL) {
				missed_add(missed, session);
			}
		}
	pthread_mutex_unlock(&shard->lock);
	return taken;
}

static void visit_bucket_run(SessionTable *table, Shard *shard, size_t first_bucket,
        bool (*visit)(void *context, Session *session), void *context, Missed *missed)
{
	for (Session *session = take_idle(table, shard, first_bucket, missed); session != NULL;) {
		Session *next = session->visit_next;
		if (visit(context, session))
			table_give_up(table, session);
		else
			session_end(table, session);
		session = next;
	}
}

static void visit_idle(
        SessionTable *table, bool (*visit)(void *context, Session *session), void *context, Missed *missed)
{
	for (size_t i = 0; i < table->shard_count; i++)
		for (size_t b = 0; b <= table->bucket_mask; b += VISIT_BUCKETS)
			visit_bucket_run(table, &table->shards[i], b, visit, context, missed);
}

void session_visit(SessionTable *table, bool (*visit)(void *context, Session *session), void *context)
{
	visit_idle(table, visit, context, NULL);
}

// --- those that somebody has ---

// A visitor in a session's queue, and the thread that waits for it.
typedef struct Turn {
	SessionWaiter waiter; // must be first
	SessionTable *table;
	bool (*visit)(void *context, Session *session);
	void *context;
	pthread_mutex_t lock;
	pthread_cond_t over;
	bool done;
	Err result;
} Turn;

static void take_turn(SessionWaiter *waiter, Err result, Session *session)
{
	Turn *turn = (Turn *)waiter;
	if (result == OK) {
		if (turn->visit(turn->context, session))
			table_give_up(turn->table, session);
		else
			session_end(turn->table, session);
	}
	pthread_mutex_lock(&turn->lock);
	turn->result = result;
	turn->done = true;
	pthread_cond_signal(&turn->over);
	pthread_mutex_unlock(&turn->lock);
}

static Err visit_in_turn(
        SessionTable *table, Str id, bool (*visit)(void *context, Session *session), void *context)
{
	Turn turn = {.waiter = {.run = take_turn}, .table = table, .visit = visit, .context = context};
	pthread_mutex_init(&turn.lock, NULL);
	pthread_cond_init(&turn.over, NULL);
	session_enter(table, id, &turn.waiter);
	pthread_mutex_lock(&turn.lock);
	while (!turn.done)
		pthread_cond_wait(&turn.over, &turn.lock);
	pthread_mutex_unlock(&turn.lock);
	pthread_cond_destroy(&turn.over);
	pthread_mutex_destroy(&turn.lock);
	if (turn.result == OK || turn.result == ERR_SESSION_UNKNOWN) // it has ended meanwhile
		return OK;
	return err_retry(turn.result, 100, "a session has too many calls that wait for it; try again");
}

Err session_visit_all(SessionTable *table, bool (*visit)(void *context, Session *session), void *context)
{
	CLEANUP(missed_free) Missed missed = {0};
	visit_idle(table, visit, context, &missed);
	if (missed.failed)
		return err_retry(ERR_NO_MEMORY, 100, "no memory to visit all sessions");
	for (const char *id = missed.ids; id < missed.ids + missed.len; id += strlen(id) + 1)
		TRY(visit_in_turn(table, str(id), visit, context));
	return OK;
}
