// The journal. journal_commit: durable records a second, fed by threads that never wait, against one thread
// that only copies, checksums, writes and syncs as many records at a time as the journal put into a commit.
// recovery: seconds that opening takes a GiB of journal, against reading the same files once with their CRC.
#include "bench.h"

#include "journal/crc32c.h"
#include "journal/journal.h"
#include "journal/journal_io.h"

#include "base/clock.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	THREADS = 2,
	EACH = 300000, // records of a thread
	EACH_QUICK = 60000,
	PAYLOAD = 260,
	RECORD = 309,
	BATCH_MAX = 4096,
	READ_BYTES = 1 << 20,
};

static char folder[64];
static uint8_t payload[PAYLOAD];
static _Atomic long acknowledged, commits;
static long batch = 1; // records that the journal put into a commit, of late

static long each(void)
{
	return bench_quick() ? EACH_QUICK : EACH;
}

static void count(void *context, Err result)
{
	(void)context;
	if (result == OK)
		atomic_fetch_add_explicit(&acknowledged, 1, memory_order_relaxed);
}

static int count_sync(void *context, int fd)
{
	atomic_fetch_add(&commits, 1);
	return journal_io_system()->fdatasync(context, fd);
}

static void *append_all(void *journal)
{
	for (long i = 0; i < each(); i++)
		while (journal_append(journal, STR("event-12345678"), str_n((char *)payload, PAYLOAD), count,
		               NULL) != OK)
			usleep(50); // the disk is behind
	return NULL;
}

// Opens a journal in the folder and writes all records; microseconds from the first to the last that is
// durable.
static int64_t write_all(void)
{
	JournalIo io = *journal_io_system();
	io.fdatasync = count_sync;
	const JournalOptions options = {.dir = folder, .runtime_id = STR("runtime-1"), .io = &io};
	Journal *journal = NULL;
	pthread_t threads[THREADS];
	bench_must(journal_open(&options, &journal));
	atomic_store(&acknowledged, 0);
	atomic_store(&commits, 0);
	int64_t begun = monotonic_us();
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, append_all, journal);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	while (atomic_load(&acknowledged) < THREADS * each()) // callbacks run after the last is durable
		journal_wait(journal, journal_durable(journal), 1);
	int64_t us = monotonic_us() - begun;
	journal_close(journal);
	return us;
}

static double commit_journal(void *context)
{
	(void)context;
	bench_folder_make(folder);
	int64_t us = write_all();
	bench_folder_remove(folder);
	long syncs = atomic_load(&commits);
	batch = THREADS * each() / (syncs > 0 ? syncs : 1);
	batch = batch < 1 ? 1 : batch > BATCH_MAX ? BATCH_MAX : batch;
	return (double)(THREADS * each()) / (double)us * 1e6;
}

static void write_batch(int fd, int64_t offset)
{
	static uint8_t space[BATCH_MAX * RECORD];
	for (long i = 0; i < batch; i++) {
		memcpy(space + i * RECORD, payload, PAYLOAD);
		uint32_t crc = crc32c(0, space + i * RECORD + 8, RECORD - 8);
		memcpy(space + i * RECORD + 4, &crc, sizeof crc);
	}
	if (pwrite(fd, space, (size_t)batch * RECORD, offset) != batch * RECORD || fdatasync(fd) != 0)
		bench_die("write");
}

static double commit_floor(void *context)
{
	char path[96];
	(void)context;
	bench_folder_make(folder);
	snprintf(path, sizeof path, "%s/floor", folder);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int64_t begun = monotonic_us(), offset = 0;
	for (long done = 0; done < THREADS * each(); done += batch) {
		if (offset % (64 << 20) + batch * RECORD >= 64 << 20 || offset == 0)
			if (fallocate(fd, 0, offset, 64 << 20) != 0)
				bench_die("fallocate");
		write_batch(fd, offset);
		offset += batch * RECORD;
	}
	int64_t us = monotonic_us() - begun;
	close(fd);
	bench_folder_remove(folder);
	return (double)(THREADS * each()) / (double)us * 1e6;
}

// --- recovery ---

static double gibibytes(void)
{
	return (double)(THREADS * each()) * RECORD / (double)(1 << 30);
}

static double recover(void *context)
{
	const JournalOptions options = {.dir = folder, .runtime_id = STR("runtime-1")};
	Journal *journal = NULL;
	(void)context;
	int64_t begun = monotonic_us();
	bench_must(journal_open(&options, &journal));
	int64_t us = monotonic_us() - begun;
	JournalStatus status;
	journal_status(journal, &status);
	journal_close(journal);
	if (status.lost_sequences > 0 || status.used_bytes < (int64_t)(THREADS * each()) * PAYLOAD)
		bench_die("recovery finds less than was written");
	return (double)us / 1e6 / gibibytes();
}

static uint32_t read_file(int folder_fd, const char *name)
{
	static uint8_t space[READ_BYTES];
	uint32_t crc = 0;
	ssize_t len;
	int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC);
	while ((len = read(fd, space, sizeof space)) > 0)
		crc = crc32c(crc, space, (size_t)len);
	if (len < 0)
		bench_die(name);
	close(fd);
	return crc;
}

static double read_once(void *context)
{
	static volatile uint32_t sum; // so that nothing is left out
	(void)context;
	int64_t begun = monotonic_us();
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (strstr(entry->d_name, ".segment") != NULL)
			sum = read_file(dirfd(dir), entry->d_name);
	int64_t us = monotonic_us() - begun;
	closedir(dir);
	(void)sum;
	return (double)us / 1e6 / gibibytes();
}

int main(int argc, char **argv)
{
	bench_begin(argc, argv);
	if (bench_wants("journal_commit")) {
		commit_journal(NULL); // tells how many records a commit takes
		bench_run(&(BenchRow){.name = "journal_commit",
		        .unit = "records/s",
		        .ours = commit_journal,
		        .floor = commit_floor});
		bench_note("  %ld records a commit", batch);
	}
	if (bench_wants("recovery")) {
		bench_folder_make(folder);
		write_all();
		bench_run(&(BenchRow){
		        .name = "recovery", .unit = "s/GiB", .ours = recover, .floor = read_once});
		bench_folder_remove(folder);
	}
	return 0;
}
