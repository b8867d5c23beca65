// Two checkpoints are kept, and the journal from the older one on, so that the newer one may be damaged. One
// is written when something changed for a while, when the journal has grown by a part of its quota (segments
// wait for it), and at an orderly stop.
#include "visitor/keeper.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	LOOK_EVERY_MS = 1000,
	QUOTA_SHARE = 16, // of the journal's quota: as much new is worth a checkpoint
	DURABLE_PATIENCE_MS = 10000,
	DURABLE_STEP_MS = 50,
	RETRY_MOST_US = 60 * 1000000,
	PATH_SIZE = 600,
};

struct Keeper {
	Visitors *visitors;
	pthread_mutex_t writing; // of what follows
	int64_t begun_us;        // monotonic: of the last one, or of the start
	int64_t bytes;           // that the journal had been given then
	uint64_t sequence;
	bool changed;     // there is something that no checkpoint has
	bool newest_here; // the file is there, and covers this much:
	Coverage newest;
	pthread_t thread;
	pthread_mutex_t lock;  // of what follows
	pthread_cond_t called; // to stop, or to write one
	bool stopping, asked;
	VisitorsStatus status; // the checkpoint's part
	int64_t newest_us;     // when it was begun, by the wall's clock; 0: there is none
};

static void path_of(const Visitors *visitors, const char *name, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/%s", visitors->dir, name);
}

// --- loading ---

// -1 and OK: there is none.
static Err open_file(const char *path, int *ret)
{
	*ret = open(path, O_RDONLY | O_CLOEXEC);
	return *ret >= 0 || errno == ENOENT ? OK : err_errno(ERR_IO, "cannot open %s", path);
}

static Err load(Visitors *visitors, const char *name, CheckpointInfo *ret, bool *ret_here)
{
	char path[PATH_SIZE];
	CLEANUP(fd_closep) int fd = -1;
	path_of(visitors, name, path);
	TRY(open_file(path, &fd));
	*ret_here = fd >= 0;
	return fd >= 0 ? checkpoint_read(visitors, fd, path, ret) : OK;
}

static Err set_aside(const Visitors *visitors)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	path_of(visitors, "newest", from);
	path_of(visitors, "newest.damaged", to);
	if (rename(from, to) != 0)
		return err_errno(ERR_IO, "cannot rename %s", from);
	return dir_sync(visitors->dir);
}

Err keeper_drop_damaged(const Visitors *visitors, bool *ret_was)
{
	char path[PATH_SIZE];
	path_of(visitors, "newest.damaged", path);
	*ret_was = unlink(path) == 0;
	if (*ret_was)
		return dir_sync(visitors->dir);
	return errno == ENOENT ? OK : err_errno(ERR_IO, "cannot remove %s", path);
}

static Err give_up(const Visitors *visitors, const ErrDetail *why)
{
	return err(ERR_STATE_CORRUPT,
	        "%s, and there is no older one to fall back to: restore %s from a backup, or remove the "
	        "files in it to start with what the journal still holds (older contacts, responses and "
	        "suppressions are forgotten then, and counts begin anew)",
	        why->message, visitors->dir);
}

// Without a newest one the process died between the two renames of put_in_place, or behind set_aside.
Err keeper_load(Visitors *visitors, Found *ret)
{
	*ret = (Found){0};
	Err e = load(visitors, "newest", &ret->info, &ret->loaded);
	ret->newest = e == OK && ret->loaded;
	if (ret->newest)
		return OK;
	if (e != OK && e != ERR_STATE_CORRUPT)
		return e;
	ret->fell_back = e != OK;
	ret->damage = *err_detail();
	visitors_clear(visitors);
	e = load(visitors, "previous", &ret->info, &ret->loaded);
	if (e == ERR_STATE_CORRUPT || (e == OK && !ret->loaded && ret->fell_back))
		return give_up(visitors, e == OK ? &ret->damage : err_detail());
	if (e != OK)
		return e;
	return ret->fell_back ? set_aside(visitors) : OK;
}

uint64_t visitors_incarnation(const char *dir)
{
	static const char *const names[] = {"newest", "previous"};
	uint64_t incarnation = 0;
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		char path[PATH_SIZE];
		CheckpointInfo info;
		CLEANUP(fd_closep) int fd = -1;
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		if (open_file(path, &fd) == OK && fd >= 0 && checkpoint_read_head(fd, path, &info) == OK &&
		        info.coverage.incarnation > incarnation)
			incarnation = info.coverage.incarnation;
	}
	return incarnation;
}

// --- writing ---

// A checkpoint never knows more than the journal: else a crash could take from the history what visitors are
// still held to.
static Err wait_durable(Journal *journal, uint64_t sequence)
{
	for (int waited_ms = 0; journal_durable(journal) < sequence; waited_ms += DURABLE_STEP_MS) {
		JournalStatus status;
		journal_status(journal, &status);
		if (status.poisoned)
			return err(ERR_JOURNAL_FAILED, "no checkpoint of visitor state: the journal failed");
		if (waited_ms >= DURABLE_PATIENCE_MS)
			return err(ERR_TIMEOUT, "no checkpoint of visitor state: the journal's disk does not "
			                        "take what it would hold; see to it");
		journal_wait(journal, sequence - 1, DURABLE_STEP_MS);
	}
	return OK;
}

static Err write_file(Keeper *keeper, const char *path, CheckpointInfo *ret)
{
	Visitors *visitors = keeper->visitors;
	CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(ERR_IO, "cannot make %s", path);
	uint64_t last = 0;
	pthread_mutex_lock(&visitors->cutting);
	Err e = checkpoint_write(visitors, fd, clock_now_us(clock_system()), ret, &last);
	pthread_mutex_unlock(&visitors->cutting);
	TRY(e);
	return wait_durable(visitors->options.journal, last);
}

// At any moment of it one of the two is there, and the journal from the older one on.
static Err put_in_place(Keeper *keeper, const char *beside)
{
	char newest[PATH_SIZE], previous[PATH_SIZE];
	path_of(keeper->visitors, "newest", newest);
	path_of(keeper->visitors, "previous", previous);
	if (keeper->newest_here && rename(newest, previous) != 0)
		return err_errno(ERR_IO, "cannot rename %s", newest);
	keeper->newest_here = false;
	if (rename(beside, newest) != 0)
		return err_errno(ERR_IO, "cannot rename %s", beside);
	return dir_sync(keeper->visitors->dir);
}

static Err write_checkpoint(Keeper *keeper)
{
	Journal *journal = keeper->visitors->options.journal;
	bool had_newest = keeper->newest_here;
	Coverage former = keeper->newest;
	CheckpointInfo info;
	char beside[PATH_SIZE];
	path_of(keeper->visitors, "newest.tmp", beside);
	TRY(write_file(keeper, beside, &info));
	TRY(put_in_place(keeper, beside));
	keeper->newest = info.coverage;
	keeper->newest_here = true;
	pthread_mutex_lock(&keeper->lock);
	keeper->newest_us = info.time_us;
	keeper->status.checkpoint_bytes = info.bytes;
	pthread_mutex_unlock(&keeper->lock);
	return had_newest ? journal_covered(journal, former.incarnation, former.sequence) : OK;
}

static void tell(Keeper *keeper, Err e)
{
	const VisitorsOptions *options = &keeper->visitors->options;
	VisitorsStatus *status = &keeper->status;
	ErrDetail why = e != OK ? *err_detail() : (ErrDetail){0};
	pthread_mutex_lock(&keeper->lock);
	bool news = e != OK || status->checkpoint_failures > 0;
	status->checkpoint_failures = e != OK ? status->checkpoint_failures + 1 : 0;
	if (e != OK)
		status->checkpoint_error = why;
	pthread_mutex_unlock(&keeper->lock);
	if (news && options->on_checkpoint != NULL)
		options->on_checkpoint(options->context, e != OK ? &why : NULL);
	if (e != OK)
		err_restore(&why);
}

Err keeper_checkpoint(Keeper *keeper)
{
	LOCKED(&keeper->writing);
	JournalStatus journal;
	journal_status(keeper->visitors->options.journal, &journal);
	keeper->sequence = journal_appended(keeper->visitors->options.journal);
	keeper->bytes = journal.appended_bytes;
	keeper->begun_us = monotonic_us();
	Err e = write_checkpoint(keeper);
	keeper->changed = e != OK;
	tell(keeper, e);
	return e;
}

// --- the thread ---

static bool has_news(const Keeper *keeper)
{
	return keeper->changed || journal_appended(keeper->visitors->options.journal) != keeper->sequence;
}

static bool is_due(Keeper *keeper)
{
	LOCKED(&keeper->writing);
	const VisitorsOptions *options = &keeper->visitors->options;
	int64_t quiet_us = monotonic_us() - keeper->begun_us;
	bool failing = keeper->status.checkpoint_failures > 0; // changed under `writing` only
	JournalStatus journal;
	journal_status(options->journal, &journal);
	if (journal.poisoned || !has_news(keeper) ||
	        (failing && quiet_us < RETRY_MOST_US && quiet_us < options->checkpoint_us))
		return false;
	return quiet_us >= options->checkpoint_us || failing ||
	       journal.appended_bytes - keeper->bytes >= journal.quota_bytes / QUOTA_SHARE;
}

// True: asked to stop. `ret_asked`: to write one.
static bool wait_a_while(Keeper *keeper, bool *ret_asked)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOK_EVERY_MS / 1000;
	pthread_mutex_lock(&keeper->lock);
	int late = 0;
	while (late == 0 && !keeper->stopping && !keeper->asked)
		late = pthread_cond_timedwait(&keeper->called, &keeper->lock, &until);
	bool stop = keeper->stopping;
	*ret_asked = keeper->asked;
	keeper->asked = false;
	pthread_mutex_unlock(&keeper->lock);
	return stop;
}

static void *keeper_main(void *context)
{
	Keeper *keeper = context;
	bool asked = false;
	while (!wait_a_while(keeper, &asked))
		if (asked || is_due(keeper))
			(void)keeper_checkpoint(keeper); // the status tells
	return NULL;
}

// Signals are the main thread's affair, so the thread begins with all of them blocked.
static Err start_thread(Keeper *keeper)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&keeper->thread, NULL, keeper_main, keeper);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed == 0)
		return OK;
	errno = failed;
	return err_errno(ERR_IO, "cannot start the thread that writes checkpoints");
}

static void keeper_free(Keeper *keeper)
{
	pthread_mutex_destroy(&keeper->writing);
	pthread_mutex_destroy(&keeper->lock);
	pthread_cond_destroy(&keeper->called);
	free(keeper);
}

Err keeper_start(Visitors *visitors, const Found *found, Keeper **ret)
{
	Keeper *keeper = calloc(1, sizeof *keeper);
	if (keeper == NULL)
		return err(ERR_NO_MEMORY, "no memory to write checkpoints");
	keeper->visitors = visitors;
	keeper->begun_us = monotonic_us();
	keeper->changed = found->folded || (found->loaded && !found->newest);
	keeper->newest_here = found->newest;
	keeper->newest = found->info.coverage;
	keeper->newest_us = found->info.time_us;
	keeper->status.checkpoint_bytes = found->loaded ? found->info.bytes : 0;
	keeper->status.fell_back = found->fell_back;
	keeper->status.checkpoint_error = found->fell_back ? found->damage : (ErrDetail){0};
	pthread_mutex_init(&keeper->writing, NULL);
	pthread_mutex_init(&keeper->lock, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&keeper->called, &attr);
	pthread_condattr_destroy(&attr);
	Err e = start_thread(keeper);
	if (e == OK)
		*ret = keeper;
	else
		keeper_free(keeper);
	return e;
}

void keeper_stop(Keeper *keeper)
{
	if (keeper == NULL)
		return;
	pthread_mutex_lock(&keeper->lock);
	keeper->stopping = true;
	pthread_cond_signal(&keeper->called);
	pthread_mutex_unlock(&keeper->lock);
	pthread_join(keeper->thread, NULL);
	JournalStatus journal;
	journal_status(keeper->visitors->options.journal, &journal);
	if (has_news(keeper) && !journal.poisoned)
		(void)keeper_checkpoint(keeper); // the journal has it all
	keeper_free(keeper);
}

void keeper_ask(Keeper *keeper)
{
	pthread_mutex_lock(&keeper->lock);
	keeper->asked = true;
	pthread_cond_signal(&keeper->called);
	pthread_mutex_unlock(&keeper->lock);
}

void keeper_status(Keeper *keeper, VisitorsStatus *ret)
{
	pthread_mutex_lock(&keeper->lock);
	ret->checkpoint_us = keeper->newest_us;
	ret->checkpoint_bytes = keeper->status.checkpoint_bytes;
	ret->checkpoint_failures = keeper->status.checkpoint_failures;
	ret->fell_back = keeper->status.fell_back;
	ret->checkpoint_error = keeper->status.checkpoint_error;
	pthread_mutex_unlock(&keeper->lock);
}
