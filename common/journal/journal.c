// Opening, closing and appending. An append costs a lock, two copies and a CRC; everything that can wait is
// in commit.c.
#include "journal/internal.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

enum {
	DEFAULT_SEGMENT = 64 << 20,
	DEFAULT_BATCH = 256,
	DEFAULT_WINDOW_US = 1000,
	DEFAULT_CALM_US = 10 * 1000,
	SEGMENT_LEAST = 64 << 10, // holds every record
	SEGMENT_MOST = 1 << 30,   // recovery reads one into memory
	REFUSE_PERCENT = 70,
	RETRY_QUOTA_MS = 1000,
	RETRY_BUSY_MS = 10,
	// The committer should have taken the batch long ago. On a busy machine it may have had no processor
	// for some ten milliseconds, and who appends without a pause would fill the rest before it gets one.
	LAGS_BYTES = BATCH_BYTES / 2,
};
static const int64_t DEFAULT_QUOTA = INT64_C(4) << 30;

static void journal_freep(Journal **journal)
{
	Journal *j = *journal;
	if (j == NULL)
		return;
	for (size_t i = 0; i < ARRAY_COUNT(j->batches); i++) {
		free(j->batches[i].bytes);
		free(j->batches[i].waiters);
	}
	segment_list_clear(&j->segments);
	free(j->marks.items);
	if (j->live_fd >= 0)
		close(j->live_fd);
	if (j->lock_fd >= 0)
		close(j->lock_fd);
	if (j->folder.fd >= 0)
		close(j->folder.fd);
	pthread_cond_destroy(&j->work);
	pthread_cond_destroy(&j->moved);
	pthread_mutex_destroy(&j->lock);
	pthread_mutex_destroy(&j->folder_lock);
	pthread_mutex_destroy(&j->reading);
	free(j);
}

// Appends hold the lock for a copy and a CRC, less than going to sleep and waking up costs.
static void mutex_init_spinning(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attr;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP);
	pthread_mutex_init(mutex, &attr);
	pthread_mutexattr_destroy(&attr);
}

static void cond_init_monotonic(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

static void fill_options(Journal *j, const JournalOptions *options)
{
	j->options = *options;
	JournalOptions *o = &j->options;
	o->segment_bytes = o->segment_bytes ? o->segment_bytes : DEFAULT_SEGMENT;
	o->quota_bytes = o->quota_bytes ? o->quota_bytes : DEFAULT_QUOTA;
	o->window_us = o->window_us ? o->window_us : DEFAULT_WINDOW_US;
	o->calm_us = o->calm_us ? o->calm_us : DEFAULT_CALM_US;
	o->batch_records = o->batch_records ? o->batch_records : DEFAULT_BATCH;
	o->io = o->io ? o->io : journal_io_system();
	memcpy(j->runtime_id, options->runtime_id.ptr, options->runtime_id.len);
	o->runtime_id = str(j->runtime_id);
	j->folder.io = o->io;
	snprintf(j->folder.path, sizeof j->folder.path, "%s", o->dir);
	o->dir = j->folder.path;
}

static Err check_options(const JournalOptions *options)
{
	if (options->runtime_id.len == 0 || options->runtime_id.len > JOURNAL_RUNTIME_ID_MAX)
		return err(ERR_CONFIG_INVALID, "a journal needs a runtime ID of 1 to %d bytes",
		        JOURNAL_RUNTIME_ID_MAX);
	int64_t segment = options->segment_bytes ? options->segment_bytes : DEFAULT_SEGMENT;
	if (segment < SEGMENT_LEAST || segment > SEGMENT_MOST)
		return err(ERR_CONFIG_INVALID, "a journal segment must have %d to %d bytes", SEGMENT_LEAST,
		        SEGMENT_MOST);
	// Else the segment being written, which shipping cannot delete, could alone keep the journal full for
	// ever.
	if (options->quota_bytes != 0 && options->quota_bytes < 2 * segment)
		return err(ERR_CONFIG_INVALID,
		        "the journal's quota must be at least two segments: %lld bytes",
		        (long long)(2 * segment));
	return OK;
}

Err journal_alloc(const JournalOptions *options, Journal **ret)
{
	Journal *j = calloc(1, sizeof *j);
	if (j == NULL)
		return err(ERR_NO_MEMORY, "no memory for a journal");
	j->lock_fd = j->folder.fd = j->live_fd = -1;
	mutex_init_spinning(&j->lock);
	pthread_mutex_init(&j->folder_lock, NULL);
	pthread_mutex_init(&j->reading, NULL);
	cond_init_monotonic(&j->work);
	cond_init_monotonic(&j->moved);
	j->filling = &j->batches[0];
	j->next_sequence = 1;
	fill_options(j, options);
	*ret = j;
	return OK;
}

// Every page is touched now: otherwise the process would grow by them when the disk stalls for the first
// time, perhaps after days, and whoever appends then would pay for the faults.
static Err make_room(Journal *j)
{
	for (size_t i = 0; i < ARRAY_COUNT(j->batches); i++) {
		Batch *batch = &j->batches[i];
		batch->bytes = malloc(BATCH_BYTES);
		batch->waiters = malloc(BATCH_WAITERS * sizeof *batch->waiters);
		if (batch->bytes == NULL || batch->waiters == NULL)
			return err(ERR_NO_MEMORY, "no memory for the journal's batches");
		memset(batch->bytes, 0, BATCH_BYTES);
		memset(batch->waiters, 0, BATCH_WAITERS * sizeof *batch->waiters);
	}
	return OK;
}

static Err lock_folder(Journal *j)
{
	TRY(dir_make(j->options.dir, 0700));
	j->folder.fd = open(j->options.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->folder.fd < 0)
		return err_errno(ERR_IO, "cannot open the journal %s", j->options.dir);
	j->lock_fd = openat(j->folder.fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->lock_fd < 0)
		return err_errno(ERR_IO, "cannot make the lock of the journal %s", j->options.dir);
	if (flock(j->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return OK;
	if (errno != EWOULDBLOCK)
		return err_errno(ERR_IO, "cannot lock the journal %s", j->options.dir);
	return err(ERR_JOURNAL_LOCKED,
	        "another process has the journal %s open: stop that one, or give this one a folder of its "
	        "own",
	        j->options.dir);
}

// Seconds above, randomness below: README.md, "Incarnations".
static Err name_incarnation(Journal *j)
{
	Clock clock = j->options.clock ? *j->options.clock : clock_system();
	int64_t now = clock_now_us(clock) / US_PER_S;
	uint64_t seconds = now > 0 ? (uint64_t)now : 1, newest = j->options.after;
	if (j->segments.count > 0 && j->segments.items[j->segments.count - 1].incarnation > newest)
		newest = j->segments.items[j->segments.count - 1].incarnation;
	if (newest > 0 && seconds <= newest >> 31)
		seconds = (newest >> 31) + 1;
	uint64_t random = 0;
	if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
		return err_errno(ERR_IO, "no random number for the journal's incarnation");
	j->incarnation = (seconds << 31 | (random & 0x7fffffff)) & INT64_MAX;
	return OK;
}

static Err start_committer(Journal *j)
{
	int failed = pthread_create(&j->committer, NULL, committer_main, j);
	if (failed != 0) {
		errno = failed;
		return err_errno(ERR_IO, "cannot start the journal's committer");
	}
	j->committing = true;
	return OK;
}

Err journal_open(const JournalOptions *options, Journal **ret)
{
	TRY(check_options(options));
	CLEANUP(journal_freep) Journal *j = NULL;
	TRY(journal_alloc(options, &j));
	TRY(make_room(j));
	TRY(lock_folder(j));
	TRY(recovery_run(&j->folder, j->options.runtime_id, &j->segments, &j->found));
	TRY(marks_load(j));
	TRY(name_incarnation(j));
	int64_t used = 0;
	for (size_t i = 0; i < j->segments.count; i++)
		used += j->segments.items[i].bytes;
	atomic_store(&j->used, used);
	TRY(start_committer(j));
	*ret = STEAL(j);
	return OK;
}

void journal_close(Journal *journal)
{
	if (journal == NULL)
		return;
	pthread_mutex_lock(&journal->lock);
	journal->closing = true;
	pthread_cond_broadcast(&journal->work);
	pthread_cond_broadcast(&journal->moved);
	pthread_mutex_unlock(&journal->lock);
	if (journal->committing)
		pthread_join(journal->committer, NULL);
	(void)marks_close(journal); // a hint; it may be lost
	journal_freep(&journal);
}

// For records that must last.
static int64_t durable_limit(const Journal *j)
{
	return j->options.quota_bytes / 100 * REFUSE_PERCENT;
}

bool journal_is_crowded(const Journal *journal)
{
	return atomic_load_explicit(&journal->used, memory_order_relaxed) > durable_limit(journal);
}

// Under the lock.
static Err may_append(const Journal *j, size_t size, bool durable)
{
	if (j->poisoned)
		return err_restore(&j->why);
	if (j->closing)
		return err(ERR_SHUTTING_DOWN, "the journal is closing");
	if (j->disk_full)
		return err_retry(ERR_JOURNAL_FULL, RETRY_QUOTA_MS,
		        "the disk of the journal %s is full: make room on it", j->options.dir);
	int64_t limit = durable ? durable_limit(j) : j->options.quota_bytes;
	if (atomic_load_explicit(&j->used, memory_order_relaxed) + (int64_t)size > limit)
		return err_retry(ERR_JOURNAL_FULL, RETRY_QUOTA_MS,
		        "the journal %s has reached %lld bytes of its quota of %lld: see that the design "
		        "server can be "
		        "reached and takes its records",
		        j->options.dir, (long long)limit, (long long)j->options.quota_bytes);
	if (j->filling->len + size > BATCH_BYTES || (durable && j->filling->waiter_count == BATCH_WAITERS))
		return err_retry(ERR_JOURNAL_FULL, RETRY_BUSY_MS,
		        "the disk of the journal %s is too slow for the calls", j->options.dir);
	return OK;
}

// The committer hears of the first waiter, and when there are enough of them.
static void add_waiter(Journal *j, Batch *batch, Waiter waiter)
{
	batch->waiters[batch->waiter_count++] = waiter;
	if (batch->waiter_count == 1)
		batch->waited_us = monotonic_us();
	if (batch->waiter_count == 1 || batch->waiter_count == j->options.batch_records)
		pthread_cond_signal(&j->work);
}

// Under the lock.
static void put(Journal *j, JournalRecord *record, size_t size, Waiter waiter)
{
	Batch *batch = j->filling;
	record->sequence = j->next_sequence++;
	record_encode(record, batch->bytes + batch->len);
	batch->len += size;
	batch->last = record->sequence;
	if (waiter.done != NULL)
		add_waiter(j, batch, waiter);
	atomic_fetch_add_explicit(&j->used, (int64_t)size, memory_order_relaxed);
	j->appended += (int64_t)size;
	if (batch->records++ == 0) {
		batch->begun_us = monotonic_us();
		pthread_cond_signal(&j->work);
	} else if (batch->len >= CALM_BYTES && batch->len - size < CALM_BYTES) {
		pthread_cond_signal(&j->work);
	}
}

Err journal_append(Journal *journal, Str event_id, Str payload, JournalDone done, void *context)
{
	if (event_id.len > JOURNAL_EVENT_ID_MAX || payload.len > JOURNAL_PAYLOAD_MAX)
		return err(ERR_LIMIT,
		        "a journal record takes an event ID of %d and a payload of %d bytes at most",
		        JOURNAL_EVENT_ID_MAX, JOURNAL_PAYLOAD_MAX);
	JournalRecord record = {
	        .runtime_id = journal->options.runtime_id,
	        .incarnation = journal->incarnation,
	        .event_id = event_id,
	        .payload = payload,
	};
	if (journal->take != NULL)
		return journal_hand(journal, &record, done, context);
	size_t size = record_size(record.runtime_id, event_id, payload);
	pthread_mutex_lock(&journal->lock);
	Err e = may_append(journal, size, done != NULL);
	if (e == OK)
		put(journal, &record, size, (Waiter){done, context});
	bool lags = journal->filling->len > LAGS_BYTES;
	pthread_mutex_unlock(&journal->lock);
	if (lags)
		sched_yield();
	return e;
}

void journal_status(Journal *journal, JournalStatus *ret)
{
	*ret = journal->found;
	ret->used_bytes = atomic_load(&journal->used);
	ret->quota_bytes = journal->options.quota_bytes;
	ret->syncs = atomic_load(&journal->syncs);
	ret->sync_us = atomic_load(&journal->sync_us);
	pthread_mutex_lock(&journal->lock);
	ret->disk_full = journal->disk_full;
	ret->poisoned = journal->poisoned;
	ret->appended_bytes = journal->appended;
	pthread_mutex_unlock(&journal->lock);
}

uint64_t journal_incarnation(const Journal *journal)
{
	return journal->incarnation;
}

uint64_t journal_durable(const Journal *journal)
{
	return atomic_load(&journal->durable);
}

uint64_t journal_appended(Journal *journal)
{
	pthread_mutex_lock(&journal->lock);
	uint64_t last = journal->next_sequence - 1;
	pthread_mutex_unlock(&journal->lock);
	return last;
}
