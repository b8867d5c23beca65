// The committer: one thread, the only one that writes records. It takes the filling batch, writes it, syncs
// once, publishes what is durable, and only then calls back. Whatever fails other than for want of space
// poisons the journal: README.md, "Group commit".
#include "journal/internal.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum {
	QUIET_SHARE = 8,            // of the window: nobody came for that long, so nobody is waited for
	FULL_PAUSE_US = 100 * 1000, // between two looks whether a full disk has room again
	ZEROS_AHEAD = 256 * 1024,
};

static void wait_us(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t us)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + us % US_PER_S * 1000;
	until.tv_sec += (time_t)(us / US_PER_S + ns / 1000000000);
	until.tv_nsec = (long)(ns % 1000000000);
	pthread_cond_timedwait(cond, lock, &until);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

// Under the lock: how much longer it pays to wait, if the batch stays as it is. *seen is how many waited at
// the last look.
static int64_t patience_us(const Journal *j, size_t *seen)
{
	const JournalOptions *options = &j->options;
	const Batch *batch = j->filling;
	int64_t now_us = monotonic_us();
	if (batch->waiter_count == 0)
		return batch->len < CALM_BYTES ? batch->begun_us + options->calm_us - now_us : 0;
	if (batch->waiter_count >= options->batch_records || batch->waiter_count == *seen)
		return 0;
	*seen = batch->waiter_count;
	return least(batch->waited_us + options->window_us - now_us, options->window_us / QUIET_SHARE + 1);
}

// Under the lock: until the batch is full, its window is over, or somebody waits and no newcomer who does has
// been seen for a while. Where nobody waits a long window costs nobody anything, and each sync that is not
// made is the processor's and the disk's gain.
static void wait_for_company(Journal *j)
{
	size_t seen = 0;
	while (!j->closing && j->filling->records > 0) {
		int64_t us = patience_us(j, &seen);
		if (us <= 0)
			return;
		wait_us(&j->work, &j->lock, us);
	}
}

// The next batch; the other one fills from now on. NULL: closing, and nothing is left.
static Batch *take_batch(Journal *j)
{
	pthread_mutex_lock(&j->lock);
	while (j->filling->records == 0 && !j->closing)
		pthread_cond_wait(&j->work, &j->lock);
	wait_for_company(j);
	Batch *batch = j->filling->records > 0 ? j->filling : NULL;
	if (batch != NULL)
		j->filling = batch == &j->batches[0] ? &j->batches[1] : &j->batches[0];
	pthread_mutex_unlock(&j->lock);
	return batch;
}

// Makes what was written of the live segment durable and visible to readers.
static Err sync_live(Journal *j)
{
	int64_t begun_us = monotonic_us();
	TRY(file_sync(&j->folder, j->live_fd));
	atomic_fetch_add(&j->sync_us, monotonic_us() - begun_us);
	atomic_fetch_add(&j->syncs, 1);
	pthread_mutex_lock(&j->folder_lock);
	j->segments.items[j->segments.count - 1] = j->live;
	pthread_mutex_unlock(&j->folder_lock);
	return OK;
}

static Err seal_live(Journal *j)
{
	TRY(sync_live(j));
	// Only gives back the zeros; recovery does it too.
	(void)j->folder.io->ftruncate(j->folder.io->context, j->live_fd, j->live.bytes);
	close(j->live_fd);
	j->live_fd = -1;
	return OK;
}

static Err begin_live(Journal *j, uint64_t first)
{
	Segment next = {.incarnation = j->incarnation, .first = first, .last = first - 1};
	TRY(segment_create(&j->folder, &next, j->options.segment_bytes, &j->live_fd));
	j->live = next;
	j->live_touched = 0;
	pthread_mutex_lock(&j->folder_lock);
	Err e = segment_list_add(&j->segments, &next);
	pthread_mutex_unlock(&j->folder_lock);
	return e;
}

static Err make_room(Journal *j, size_t size)
{
	bool rolling = atomic_exchange(&j->rolling, false) && j->live.bytes > 0;
	if (j->live_fd >= 0 && !rolling && j->live.bytes + (int64_t)size <= j->options.segment_bytes)
		return OK;
	if (j->live_fd >= 0)
		TRY(seal_live(j));
	return begin_live(j, j->live.last + 1);
}

// As many whole records of `rest` as the live segment has room for.
static size_t whole_records(const Journal *j, Str rest, uint64_t *ret_last)
{
	size_t fits = 0, room = (size_t)(j->options.segment_bytes - j->live.bytes), total = rest.len;
	if (total <= room) {
		*ret_last = UINT64_MAX; // the batch's last
		return total;
	}
	JournalRecord record;
	while (journal_record_parse(&rest, &record) == OK && total - rest.len <= room) {
		fits = total - rest.len;
		*ret_last = record.sequence;
	}
	return fits;
}

// Records end at `end`. Preallocated space that was never written to is more than data to the file system:
// ext4 has to commit its own journal when the first bytes in it are synced, which takes as long again. So
// where somebody waits, zeros are written some way ahead, and the syncs that follow are of data alone.
static Err write_zeros(Journal *j, int64_t end)
{
	static const uint8_t zeros[ZEROS_AHEAD];
	if (end <= j->live_touched)
		return OK;
	int64_t len = least(ZEROS_AHEAD, j->options.segment_bytes - end);
	TRY(file_write_at(&j->folder, j->live_fd, zeros, (size_t)len, end));
	j->live_touched = end + len;
	return OK;
}

// Writes from *written on and syncs. After JOURNAL_FULL it may be called again with the same `written`.
static Err write_batch(Journal *j, const Batch *batch, size_t *written)
{
	while (*written < batch->len) {
		Str rest = str_n((const char *)batch->bytes + *written, batch->len - *written), peek = rest;
		JournalRecord first;
		TRY(journal_record_parse(&peek, &first));
		TRY(make_room(j, first.frame.len));
		uint64_t last = 0;
		size_t len = whole_records(j, rest, &last);
		TRY(file_write_at(&j->folder, j->live_fd, rest.ptr, len, j->live.bytes));
		if (batch->waiter_count > 0)
			TRY(write_zeros(j, j->live.bytes + (int64_t)len));
		j->live.bytes += (int64_t)len;
		j->live.last = last == UINT64_MAX ? batch->last : last;
		*written += len;
	}
	return sync_live(j);
}

static void tell(const Batch *batch, Err result, const ErrDetail *why)
{
	for (size_t i = 0; i < batch->waiter_count; i++) {
		if (result != OK)
			err_restore(why);
		batch->waiters[i].done(batch->waiters[i].context, result);
	}
}

static void empty(Batch *batch)
{
	batch->len = batch->records = 0;
	batch->waiter_count = 0;
}

static void finish(Journal *j, Batch *batch)
{
	pthread_mutex_lock(&j->lock);
	atomic_store(&j->durable, batch->last);
	j->disk_full = false;
	pthread_cond_broadcast(&j->moved);
	pthread_mutex_unlock(&j->lock);
	tell(batch, OK, NULL);
	empty(batch);
}

static void poison(Journal *j, Batch *batch)
{
	ErrDetail cause = *err_detail();
	err(ERR_JOURNAL_FAILED,
	        "the journal cannot be written (%s): nothing is acknowledged any more and this server must "
	        "stop; see to the "
	        "disk and start it again",
	        cause.message);
	pthread_mutex_lock(&j->lock);
	j->why = *err_detail();
	j->poisoned = true;
	bool closing = j->closing; // then the owner stops anyway
	Batch *other = j->filling; // nothing is added to it any more
	pthread_cond_broadcast(&j->moved);
	pthread_mutex_unlock(&j->lock);
	tell(batch, ERR_JOURNAL_FAILED, &j->why);
	tell(other, ERR_JOURNAL_FAILED, &j->why);
	if (j->options.on_poison != NULL && !closing)
		j->options.on_poison(j->options.context, &j->why);
}

// The disk is full: whoever waits is told, the records stay, and after a pause there is another try. False:
// closing.
static bool pause_for_space(Journal *j, Batch *batch)
{
	ErrDetail why = *err_detail();
	pthread_mutex_lock(&j->lock);
	j->disk_full = true;
	Batch *other = j->filling; // nothing is added to it any more
	pthread_mutex_unlock(&j->lock);
	tell(batch, ERR_JOURNAL_FULL, &why);
	tell(other, ERR_JOURNAL_FULL, &why);
	batch->waiter_count = other->waiter_count = 0;
	pthread_mutex_lock(&j->lock);
	if (!j->closing)
		wait_us(&j->work, &j->lock, FULL_PAUSE_US);
	bool go_on = !j->closing;
	pthread_mutex_unlock(&j->lock);
	return go_on;
}

static bool commit(Journal *j, Batch *batch)
{
	size_t written = 0;
	for (;;) {
		Err e = write_batch(j, batch, &written);
		if (e == OK) {
			finish(j, batch);
			return true;
		}
		if (e != ERR_JOURNAL_FULL || !pause_for_space(j, batch)) {
			poison(j, batch);
			return false;
		}
	}
}

void *committer_main(void *journal)
{
	Journal *j = journal;
	sigset_t all;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	Batch *batch = NULL;
	while ((batch = take_batch(j)) != NULL)
		if (!commit(j, batch))
			return NULL;
	if (j->live_fd >= 0)
		(void)seal_live(j); // nobody waits for anything in it
	return NULL;
}
