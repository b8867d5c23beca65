// The thread is a short loop: the oldest life with records left, its cursor, batch after batch, one sent
// ahead while the one before is being committed; and after any failure, whatever it was, a pause and all over
// again. So an unknown outcome needs no case of its own: the cursor tells it.
#include "ship/ship.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include "parley/design/v1/history.pb-c.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

typedef Parley__Design__V1__GetCursorRequest GetCursorRequest;
typedef Parley__Design__V1__GetCursorResponse GetCursorResponse;
typedef Parley__Design__V1__ShipRecordsRequest ShipRecordsRequest;
typedef Parley__Design__V1__ShipRecordsResponse ShipRecordsResponse;

enum {
	BATCH_BYTES = 4 << 20,
	BATCH_MOST = 4 << 20,
	CALL_TIMEOUT_MS = 10000,
	RETRY_LEAST_MS = 100,
	RETRY_MOST_MS = 10000,
	IDLE_WAIT_MS = 200,     // between two looks whether to stop
	SMALL_BATCH = 64 << 10, // bytes: after less than that it is worth …
	COMPANY_MS = 20,        // … waiting so long for more
	LEAST_BATCH = 32 << 10, // bytes: failures make batches no smaller
	ARENA_BLOCK = 64 << 10,
	AHEAD = 2, // calls under way: the design server reads one while it commits the other
};

struct Ship {
	ShipOptions options;
	RpcClient *client;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stop_asked;
	bool stopping;
	ShipStatus status;
	int64_t last_good_us; // monotonic
	size_t batch_bytes;   // of the next one; the thread's own
};

// --- what is told ---

static bool stopping(Ship *ship)
{
	pthread_mutex_lock(&ship->lock);
	bool stop = ship->stopping;
	pthread_mutex_unlock(&ship->lock);
	return stop;
}

static void tell_progress(Ship *ship, uint64_t incarnation, uint64_t shipped)
{
	pthread_mutex_lock(&ship->lock);
	ship->status.shipping = true;
	ship->status.incarnation = incarnation;
	ship->status.shipped = shipped;
	ship->last_good_us = monotonic_us();
	pthread_mutex_unlock(&ship->lock);
}

static void tell_failure(Ship *ship, const ErrDetail *why)
{
	pthread_mutex_lock(&ship->lock);
	ship->status.shipping = false;
	ship->status.failures++;
	ship->status.last_error = *why;
	pthread_mutex_unlock(&ship->lock);
}

void ship_status(Ship *ship, ShipStatus *ret)
{
	const Journal *journal = ship->options.journal;
	uint64_t own = journal_incarnation(journal), durable = journal_durable(journal);
	pthread_mutex_lock(&ship->lock);
	*ret = ship->status;
	ret->quiet_us = monotonic_us() - ship->last_good_us;
	pthread_mutex_unlock(&ship->lock);
	ret->older = ret->incarnation != 0 && ret->incarnation != own;
	uint64_t shipped = ret->incarnation == own ? ret->shipped : 0;
	ret->behind = durable > shipped ? durable - shipped : 0;
	ret->lag_us = journal_lag_us(journal);
}

// --- calls ---

static Err get_cursor(Ship *ship, uint64_t incarnation, Arena *arena, uint64_t *ret)
{
	GetCursorRequest request = PARLEY__DESIGN__V1__GET_CURSOR_REQUEST__INIT;
	request.runtime_id = (char *)(uintptr_t)ship->options.runtime_id;
	request.incarnation = incarnation;
	ProtobufCMessage *response = NULL;
	TRY(rpc_call(ship->client, &parley__design__v1__ingest_service__descriptor, "GetCursor",
	        &request.base, ship->options.call_timeout_ms, arena, &response));
	*ret = ((GetCursorResponse *)response)->committed_sequence;
	return OK;
}

static Err send_frames(Ship *ship, uint64_t incarnation, uint64_t first, Str frames, RpcPending **ret)
{
	ShipRecordsRequest request = PARLEY__DESIGN__V1__SHIP_RECORDS_REQUEST__INIT;
	request.runtime_id = (char *)(uintptr_t)ship->options.runtime_id;
	request.environment = (char *)(uintptr_t)ship->options.environment;
	request.incarnation = incarnation;
	request.first_sequence = first;
	request.records.data = (uint8_t *)(uintptr_t)frames.ptr;
	request.records.len = frames.len;
	return rpc_call_begin(ship->client, &parley__design__v1__ingest_service__descriptor, "ShipRecords",
	        &request.base, ship->options.call_timeout_ms, ret);
}

// --- how much at once ---

// A line that breaks within a batch would never get one through, so a failure that nothing came before halves
// them; what is committed doubles them again.
static void smaller_batches(Ship *ship)
{
	size_t half = ship->batch_bytes / 2;
	ship->batch_bytes = half >= LEAST_BATCH ? half : ship->batch_bytes;
}

static void larger_batches(Ship *ship)
{
	size_t most = ship->options.batch_bytes;
	ship->batch_bytes = ship->batch_bytes < most / 2 ? 2 * ship->batch_bytes : most;
}

// One record can be larger than a batch has become.
static Err read_batch(
        Ship *ship, uint64_t incarnation, uint64_t first, Arena *arena, Str *ret_frames, uint64_t *ret_count)
{
	for (;;) {
		Err e = journal_read(ship->options.journal, incarnation, first, ship->batch_bytes, arena,
		        ret_frames, ret_count);
		if (e != ERR_LIMIT || ship->batch_bytes == ship->options.batch_bytes)
			return e;
		larger_batches(ship);
	}
}

// --- the loop ---

// Waits; less if it is asked to stop.
static void wait_ms(Ship *ship, int64_t ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + ms % 1000 * 1000000;
	until.tv_sec += (time_t)(ms / 1000 + ns / 1000000000);
	until.tv_nsec = (long)(ns % 1000000000);
	pthread_mutex_lock(&ship->lock);
	int late = 0;
	while (late == 0 && !ship->stopping)
		late = pthread_cond_timedwait(&ship->stop_asked, &ship->lock, &until);
	pthread_mutex_unlock(&ship->lock);
}

// Of frames that the journal gave: the first and the last sequence that they speak for. A loss may begin
// before what was asked for.
static Err span(Str frames, uint64_t *ret_first, uint64_t *ret_last)
{
	JournalRecord record;
	*ret_first = 0;
	while (frames.len > 0) {
		TRY(journal_record_parse(&frames, &record));
		*ret_first = *ret_first ? *ret_first : record.sequence;
		*ret_last = record.lost_until ? record.lost_until : record.sequence;
	}
	return OK;
}

// A life being shipped.
typedef struct Voyage {
	Ship *ship;
	uint64_t incarnation;
	uint64_t cursor; // committed
	uint64_t sent;   // the last record that was sent
	RpcPending *calls[AHEAD];
	size_t call_count; // oldest first
	size_t len;        // bytes of the last batch that was read
	bool moved;
	Arena *arena;
} Voyage;

// Begins the call for what follows `sent`, if there is something. While another call is under way only a
// full batch goes, because what is read little by little is better sent together.
static Err send_next(Voyage *voyage)
{
	Ship *ship = voyage->ship;
	Str frames = {0};
	uint64_t count = 0, first = 0, last = 0;
	arena_reset(voyage->arena);
	TRY(read_batch(ship, voyage->incarnation, voyage->sent + 1, voyage->arena, &frames, &count));
	voyage->len = frames.len;
	if (count == 0 || (voyage->call_count > 0 && frames.len < ship->batch_bytes / 2))
		return OK;
	TRY(span(frames, &first, &last));
	TRY(send_frames(ship, voyage->incarnation, first, frames, &voyage->calls[voyage->call_count]));
	voyage->call_count++;
	voyage->sent = last;
	return OK;
}

// Waits for the oldest call's answer.
static Err end_oldest(Voyage *voyage)
{
	Ship *ship = voyage->ship;
	ProtobufCMessage *response = NULL;
	RpcPending *oldest = voyage->calls[0];
	memmove(voyage->calls, voyage->calls + 1, --voyage->call_count * sizeof *voyage->calls);
	TRY(rpc_call_end(oldest, voyage->arena, &response));
	uint64_t committed = ((ShipRecordsResponse *)response)->committed_sequence;
	if (committed <= voyage->cursor)
		return err(ERR_INTERNAL, "the design server took records but its cursor did not move");
	voyage->cursor = committed;
	voyage->moved = true;
	TRY(journal_shipped(ship->options.journal, voyage->incarnation, committed));
	tell_progress(ship, voyage->incarnation, committed);
	larger_batches(ship);
	return OK;
}

// Until nothing durable is left (or, in this process's life, until asked to stop).
static Err sail(Voyage *voyage)
{
	Ship *ship = voyage->ship;
	Journal *journal = ship->options.journal;
	bool own = voyage->incarnation == journal_incarnation(journal);
	while (!stopping(ship)) {
		size_t under_way;
		do {
			under_way = voyage->call_count;
			TRY(send_next(voyage));
		} while (voyage->call_count > under_way && voyage->call_count < AHEAD);
		if (voyage->call_count > 0) {
			TRY(end_oldest(voyage));
		} else if (!own) {
			return OK;
		} else {
			TRY(journal_shipped(
			        journal, voyage->incarnation, voyage->cursor)); // nothing is left now
			journal_wait(journal, voyage->cursor, IDLE_WAIT_MS);
		}
		if (voyage->call_count == 0 && voyage->len < SMALL_BATCH)
			wait_ms(ship, COMPANY_MS);
	}
	return OK;
}

// Ships one life from the design server's cursor on. No call is left under way: after a failure the others'
// outcomes are left to the cursor.
static Err ship_life(Ship *ship, uint64_t incarnation, Arena *arena, bool *ret_moved)
{
	Voyage voyage = {.ship = ship, .incarnation = incarnation, .arena = arena};
	TRY(get_cursor(ship, incarnation, arena, &voyage.cursor));
	TRY(journal_shipped(ship->options.journal, incarnation, voyage.cursor));
	tell_progress(ship, incarnation, voyage.cursor);
	voyage.sent = voyage.cursor;
	Err e = sail(&voyage);
	while (e == OK && voyage.call_count > 0)
		e = end_oldest(&voyage);
	ErrDetail why = *err_detail();
	for (size_t i = 0; i < voyage.call_count; i++) {
		ProtobufCMessage *response;
		(void)rpc_call_end(voyage.calls[i], arena, &response);
	}
	if (e != OK && !voyage.moved)
		smaller_batches(ship);
	*ret_moved = voyage.moved;
	return e == OK ? OK : err_restore(&why);
}

// Half to all of `ms`, so that many servers do not come back in step.
static void back_off(Ship *ship, int ms)
{
	uint32_t random = 0;
	(void)!getrandom(&random, sizeof random, GRND_NONBLOCK);
	wait_ms(ship, ms / 2 + (int64_t)(random % (uint32_t)(ms / 2 + 1)));
}

static int after_failure(Ship *ship, int retry_ms)
{
	ErrDetail why = *err_detail();
	tell_failure(ship, &why);
	back_off(ship, why.retry_after_ms > retry_ms ? why.retry_after_ms : retry_ms);
	return 2 * retry_ms < ship->options.retry_most_ms ? 2 * retry_ms : ship->options.retry_most_ms;
}

// What is shipped may stay here for a while, so a life that is finished is passed by; after a failure all are
// looked at again.
static void *ship_main(void *context)
{
	Ship *ship = context;
	Journal *journal = ship->options.journal;
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	int retry_ms = ship->options.retry_least_ms;
	uint64_t finished = 0;
	while (arena != NULL && !stopping(ship)) {
		uint64_t incarnation = journal_next_incarnation(journal, finished);
		if (incarnation == 0) {
			journal_wait(journal, 0, IDLE_WAIT_MS);
			continue;
		}
		bool moved = false;
		arena_reset(arena);
		Err e = ship_life(ship, incarnation, arena, &moved);
		retry_ms = e == OK || moved ? ship->options.retry_least_ms : retry_ms;
		finished = e == OK ? incarnation : 0;
		if (e != OK)
			retry_ms = after_failure(ship, retry_ms);
	}
	return NULL;
}

// --- start and stop ---

static void ship_freep(Ship **ship)
{
	if (*ship == NULL)
		return;
	rpc_client_free((*ship)->client);
	pthread_mutex_destroy(&(*ship)->lock);
	pthread_cond_destroy(&(*ship)->stop_asked);
	free(*ship);
}

static void fill_options(ShipOptions *options)
{
	options->batch_bytes = options->batch_bytes ? options->batch_bytes : BATCH_BYTES;
	options->call_timeout_ms = options->call_timeout_ms ? options->call_timeout_ms : CALL_TIMEOUT_MS;
	options->retry_least_ms = options->retry_least_ms ? options->retry_least_ms : RETRY_LEAST_MS;
	options->retry_most_ms = options->retry_most_ms ? options->retry_most_ms : RETRY_MOST_MS;
}

static Ship *ship_alloc(const ShipOptions *options)
{
	Ship *ship = calloc(1, sizeof *ship);
	if (ship == NULL)
		return NULL;
	ship->options = *options;
	fill_options(&ship->options);
	ship->batch_bytes = ship->options.batch_bytes;
	pthread_mutex_init(&ship->lock, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&ship->stop_asked, &attr);
	pthread_condattr_destroy(&attr);
	ship->last_good_us = monotonic_us();
	return ship;
}

// Signals are the main thread's affair, so the thread begins with all of them blocked.
static Err start_thread(Ship *ship)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&ship->thread, NULL, ship_main, ship);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed == 0)
		return OK;
	errno = failed;
	return err_errno(ERR_IO, "cannot start the thread that ships the journal");
}

Err ship_start(const ShipOptions *options, Ship **ret)
{
	if (options->batch_bytes > BATCH_MOST)
		return err(ERR_CONFIG_INVALID, "a shipped batch has at most %d bytes", BATCH_MOST);
	CLEANUP(ship_freep) Ship *ship = ship_alloc(options);
	if (ship == NULL)
		return err(ERR_NO_MEMORY, "no memory to ship the journal");
	TRY(rpc_client_new(options->design, &ship->client));
	TRY(start_thread(ship));
	*ret = STEAL(ship);
	return OK;
}

void ship_stop(Ship *ship)
{
	if (ship == NULL)
		return;
	pthread_mutex_lock(&ship->lock);
	ship->stopping = true;
	pthread_cond_signal(&ship->stop_asked);
	pthread_mutex_unlock(&ship->lock);
	pthread_join(ship->thread, NULL);
	ship_freep(&ship);
}
