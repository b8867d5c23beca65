// Expiry is a lazy wheel: using a session only moves its time; the wheel looks again when the session's slot
// comes up and puts it into a later one if it was used meanwhile. A session that wants to be woken before is
// put into that slot when it is left.
#include "session/table_internal.h"

// --- the wheel ---

void wheel_put(Shard *shard, Session *session, int64_t tick)
{
	if (tick <= shard->tick)
		tick = shard->tick + 1;
	if (tick >= shard->tick + WHEEL_SLOTS)
		tick = shard->tick + WHEEL_SLOTS - 1;
	Session **slot = &shard->wheel[tick % WHEEL_SLOTS];
	session->wheel_tick = tick;
	session->wheel_next = *slot;
	session->wheel_link = slot;
	if (*slot != NULL)
		(*slot)->wheel_link = &session->wheel_next;
	*slot = session;
}

void wheel_take(Session *session)
{
	*session->wheel_link = session->wheel_next;
	if (session->wheel_next != NULL)
		session->wheel_next->wheel_link = session->wheel_link;
}

// The first tick that is not before the time.
static int64_t tick_after(int64_t time_us)
{
	return time_us / SESSION_TICK_US + 1;
}

void wheel_wake(Shard *shard, Session *session)
{
	if (tick_after(session->wake_us) >= session->wheel_tick)
		return;
	wheel_take(session);
	wheel_put(shard, session, tick_after(session->wake_us));
}

// --- the sweep ---

// What a sweep takes from a shard, chained.
typedef struct Swept {
	Session *dead;  // out of the table, by `next`
	Session *woken; // busy now, by `visit_next`
} Swept;

static int64_t next_look(const Session *session, int64_t now_tick)
{
	if (session->busy)
		return now_tick + 1;
	bool wakes = session->wake_us != 0 && session->wake_us < session->expires_us;
	return tick_after(wakes ? session->wake_us : session->expires_us);
}

static void sweep_session(SessionTable *table, Shard *shard, Session *session, int64_t now_us, Swept *swept)
{
	if (!session->busy && session->expires_us <= now_us) {
		table_unlink(table, shard, session);
		session->next = swept->dead;
		swept->dead = session;
		return;
	}
	if (!session->busy && session->wake_us != 0 && session->wake_us <= now_us) {
		session->busy = true;
		session->visit_next = swept->woken;
		swept->woken = session;
	}
	wheel_take(session);
	wheel_put(shard, session, next_look(session, now_us / SESSION_TICK_US));
}

static Swept sweep_shard(SessionTable *table, Shard *shard, int64_t now_us)
{
	int64_t now_tick = now_us / SESSION_TICK_US;
	Swept swept = {0};
	pthread_mutex_lock(&shard->lock);
	int64_t from = now_tick - WHEEL_SLOTS > shard->tick ? now_tick - WHEEL_SLOTS : shard->tick;
	if (now_tick > shard->tick)
		shard->tick = now_tick; // so that what is put back comes into later slots
	for (int64_t tick = from + 1; tick <= now_tick; tick++) {
		Session *session = shard->wheel[tick % WHEEL_SLOTS];
		while (session != NULL) {
			Session *next = session->wheel_next;
			sweep_session(table, shard, session, now_us, &swept);
			session = next;
		}
	}
	pthread_mutex_unlock(&shard->lock);
	return swept;
}

static void wake_all(SessionTable *table, Session *session, const SessionSweep *sweep)
{
	while (session != NULL) {
		Session *next = session->visit_next;
		if (sweep->woken(sweep->context, session))
			table_give_up(table, session);
		else
			session_end(table, session);
		session = next;
	}
}

size_t session_sweep(SessionTable *table, int64_t now_us, const SessionSweep *sweep)
{
	size_t count = 0;
	for (size_t i = 0; i < table->shard_count; i++) {
		Swept swept = sweep_shard(table, &table->shards[i], now_us);
		wake_all(table, swept.woken, sweep);
		for (Session *session = swept.dead; session != NULL; count++) {
			Session *next = session->next;
			sweep->expired(sweep->context, session);
			table_free_session(table, session);
			session = next;
		}
	}
	return count;
}

static int64_t next_tick(Shard *shard, int64_t last)
{
	int64_t tick = INT64_MAX;
	pthread_mutex_lock(&shard->lock);
	if (last >= shard->tick + WHEEL_SLOTS)
		last = shard->tick + WHEEL_SLOTS - 1;
	for (int64_t t = shard->tick + 1; t <= last && tick == INT64_MAX; t++)
		if (shard->wheel[t % WHEEL_SLOTS] != NULL)
			tick = t;
	pthread_mutex_unlock(&shard->lock);
	return tick;
}

int64_t session_next_look(SessionTable *table, int64_t until_us)
{
	int64_t tick = INT64_MAX;
	for (size_t i = 0; i < table->shard_count; i++) {
		int64_t next = next_tick(&table->shards[i], until_us / SESSION_TICK_US);
		tick = next < tick ? next : tick;
	}
	return tick != INT64_MAX ? tick * SESSION_TICK_US : INT64_MAX;
}
