// Durable records a second: the journal as it is, fed by threads that never wait, against the floor: one
// thread that only copies, checksums, writes and syncs as many records at a time as the journal put into a
// commit. Both sides alternate; medians are printed.
#include "journal/crc32c.h"
#include "journal/journal.h"
#include "journal/journal_io.h"

#include "base/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROUNDS = 5, THREADS = 2, EACH = 300000, PAYLOAD = 260, RECORD = 309, BATCH = 4096 };

static char folder[64];
static uint8_t payload[PAYLOAD];
static _Atomic long acknowledged, commits;

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
	for (int i = 0; i < EACH; i++)
		while (journal_append(journal, STR("event-12345678"), str_n((char *)payload, PAYLOAD), count,
		               NULL) != OK)
			usleep(50); // the disk is behind
	return NULL;
}

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, err_detail()->message);
	exit(1);
}

static void remove_folder(void)
{
	char command[96];
	snprintf(command, sizeof command, "rm -rf %s", folder);
	if (system(command) != 0)
		die("rm");
}

static void make_folder(void)
{
	snprintf(folder, sizeof folder, "/var/tmp/journal-bench-XXXXXX");
	if (mkdtemp(folder) == NULL)
		die("mkdtemp");
}

static double measure_journal(void)
{
	JournalIo io = *journal_io_system();
	io.fdatasync = count_sync;
	const JournalOptions options = {.dir = folder, .runtime_id = STR("runtime-1"), .io = &io};
	Journal *journal = NULL;
	make_folder();
	if (journal_open(&options, &journal) != OK)
		die("journal_open");
	atomic_store(&acknowledged, 0);
	atomic_store(&commits, 0);
	pthread_t threads[THREADS];
	int64_t begun = monotonic_us();
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, append_all, journal);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	while (atomic_load(&acknowledged) < (long)THREADS * EACH)
		journal_wait(journal, journal_durable(journal), 1000);
	int64_t us = monotonic_us() - begun;
	journal_close(journal);
	remove_folder();
	return THREADS * (double)EACH / (double)us * 1e6;
}

static double measure_floor(long batch)
{
	static uint8_t space[BATCH * RECORD];
	char path[96];
	make_folder();
	snprintf(path, sizeof path, "%s/floor", folder);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int64_t begun = monotonic_us(), offset = 0;
	for (long done = 0; done < (long)THREADS * EACH; done += batch) {
		if (offset % (64 << 20) + batch * RECORD >= 64 << 20 || offset == 0)
			if (fallocate(fd, 0, offset, 64 << 20) != 0)
				die("fallocate");
		for (long i = 0; i < batch; i++) {
			memcpy(space + i * RECORD, payload, PAYLOAD);
			uint32_t crc = crc32c(0, space + i * RECORD + 8, RECORD - 8);
			memcpy(space + i * RECORD + 4, &crc, sizeof crc);
		}
		if (pwrite(fd, space, (size_t)batch * RECORD, offset) != batch * RECORD || fdatasync(fd) != 0)
			die("write");
		offset += batch * RECORD;
	}
	int64_t us = monotonic_us() - begun;
	close(fd);
	remove_folder();
	return THREADS * (double)EACH / (double)us * 1e6;
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof *values, by_value);
	return values[ROUNDS / 2];
}

int main(void)
{
	double ours[ROUNDS], floors[ROUNDS];
	long batch = 1;
	for (int i = 0; i < ROUNDS; i++) {
		ours[i] = measure_journal();
		batch = (long)THREADS * EACH / (atomic_load(&commits) ? atomic_load(&commits) : 1);
		batch = batch < 1 ? 1 : batch > BATCH ? BATCH : batch;
		floors[i] = measure_floor(batch);
	}
	double journal = median(ours), floor = median(floors);
	printf("{\"name\": \"journal_commit\", \"ours\": %.0f, \"floor\": %.0f, \"ratio\": %.2f, \"batch\": "
	       "%ld}\n",
	        journal, floor, journal / floor, batch);
	return 0;
}
