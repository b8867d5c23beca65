#include "eventset/internal.h"

#include "base/cleanup.h"

#include <inttypes.h>
#include <stdlib.h>

enum { PROGRESS_EVERY = 1 << 16 };

typedef struct Run {
	FILE *file;
	int64_t time_us;
	uint64_t number;
	uint32_t len;
	bool ended;
	char event[EVENT_BYTES_MAX];
} Run;

typedef struct Merge {
	Run **heap; // the earliest first
	size_t count;
} Merge;

void run_path(char *path, size_t size, const char *dir, size_t run)
{
	snprintf(path, size, "%s/run-%04zu", dir, run);
}

static Err run_next(Run *run)
{
	uint8_t head[RECORD_HEAD_SIZE];
	size_t got = fread(head, 1, sizeof head, run->file);

	run->ended = got == 0 && feof(run->file);
	if (run->ended)
		return OK;
	run->time_us = (int64_t)get_u64(head);
	run->number = get_u64(head + 8);
	run->len = get_u32(head + 16);
	if (got != sizeof head || run->len > EVENT_BYTES_MAX ||
	        fread(run->event, 1, run->len, run->file) != run->len)
		return err(ERR_STATE_CORRUPT,
		        "a run of the import is damaged: remove its folder and import again");
	return OK;
}

static bool before(const Run *a, const Run *b)
{
	return a->time_us != b->time_us ? a->time_us < b->time_us : a->number < b->number;
}

static void sift(Merge *merge, size_t at)
{
	for (size_t child; (child = 2 * at + 1) < merge->count; at = child) {
		if (child + 1 < merge->count && before(merge->heap[child + 1], merge->heap[child]))
			child++;
		if (before(merge->heap[at], merge->heap[child]))
			return;
		Run *run = merge->heap[at];
		merge->heap[at] = merge->heap[child];
		merge->heap[child] = run;
	}
}

static void run_close(Run *run)
{
	if (run != NULL && run->file != NULL)
		fclose(run->file);
	free(run);
}

static void merge_close(Merge *merge)
{
	for (size_t i = 0; i < merge->count; i++)
		run_close(merge->heap[i]);
	free(merge->heap);
}

static Err merge_open(Merge *merge, const char *dir, size_t runs)
{
	char path[4096];

	merge->heap = calloc(runs + 1, sizeof(Run *));
	if (merge->heap == NULL)
		return err(ERR_NO_MEMORY, "no memory to merge events");
	for (size_t i = 0; i < runs; i++) {
		Run *run = merge->heap[merge->count] = calloc(1, sizeof *run);
		if (run == NULL)
			return err(ERR_NO_MEMORY, "no memory to merge events");
		merge->count++;
		run_path(path, sizeof path, dir, i);
		run->file = fopen(path, "re");
		if (run->file == NULL)
			return err_errno(ERR_IO, "cannot read %s", path);
		TRY(run_next(run));
	}
	return OK;
}

// The first run goes on, or falls out.
static Err advance(Merge *merge)
{
	Run *run = merge->heap[0];

	TRY(run_next(run));
	if (run->ended) {
		merge->heap[0] = merge->heap[--merge->count];
		run_close(run);
	}
	sift(merge, 0);
	return OK;
}

Err runs_merge(const char *dir, size_t runs, BlockWriter *writer,
        void (*progress)(void *context, uint64_t events), void *context)
{
	CLEANUP(merge_close) Merge merge = {0};

	TRY(merge_open(&merge, dir, runs));
	for (size_t i = merge.count; i-- > 0;)
		sift(&merge, i);
	while (merge.count > 0 && !merge.heap[0]->ended) {
		const Run *run = merge.heap[0];
		TRY(blocks_add(writer, run->time_us, str_n(run->event, run->len)));
		if (progress != NULL && writer->info.events % PROGRESS_EVERY == 0)
			progress(context, writer->info.events);
		TRY(advance(&merge));
	}
	return OK;
}
