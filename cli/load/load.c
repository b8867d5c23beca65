// Each connection is a thread with visits of its own: a stream of arrivals with random gaps, and a heap of
// those that are under way, by when their next call is due. Streams of arrivals add up to one.
#include "load/load.h"

#include "base/clock.h"
#include "connect.h"
#include "load/visit.h"
#include "rpc/rpc.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { VISITS_MAX = 1 << 20 }; // of a connection at a time

typedef struct Load {
	const LoadPlan *plan;
	int64_t begin_us, end_us; // monotonic
	_Atomic int64_t calls, errors;
	atomic_bool stop;
} Load;

typedef struct Worker {
	Load *load;
	Visiting visiting;
	size_t index;
	uint64_t dice;
	int64_t arrivals;
	Visit next; // the one that arrives next
	Visit *heap;
	size_t count, room;
	LoadResult result; // its part
	pthread_t thread;
	bool started;
} Worker;

const char *load_call_name(LoadCall call)
{
	static const char *const names[] = {
	        [LOAD_START] = "start", [LOAD_OFFERS] = "offers", [LOAD_EVENT] = "event", [LOAD_END] = "end"};

	return names[call];
}

// --- visits under way ---

static void swap(Visit *a, Visit *b)
{
	Visit kept = *a;

	*a = *b;
	*b = kept;
}

static Err heap_push(Worker *w, const Visit *visit)
{
	if (w->count == w->room) {
		size_t room = w->room ? w->room * 2 : 64;
		Visit *grown = room <= VISITS_MAX ? realloc(w->heap, room * sizeof *grown) : NULL;

		if (!grown)
			return err(ERR_NO_MEMORY,
			        "no memory for more visits at a time: fewer, or shorter pauses");
		w->heap = grown;
		w->room = room;
	}
	size_t at = w->count++;
	w->heap[at] = *visit;
	for (; at > 0 && w->heap[at].due_us < w->heap[(at - 1) / 2].due_us; at = (at - 1) / 2)
		swap(&w->heap[at], &w->heap[(at - 1) / 2]);
	return OK;
}

static Visit heap_pop(Worker *w)
{
	Visit first = w->heap[0];

	w->heap[0] = w->heap[--w->count];
	for (size_t at = 0, child; (child = 2 * at + 1) < w->count; at = child) {
		child += child + 1 < w->count && w->heap[child + 1].due_us < w->heap[child].due_us;
		if (w->heap[at].due_us <= w->heap[child].due_us)
			break;
		swap(&w->heap[at], &w->heap[child]);
	}
	return first;
}

static void arrival_draw(Worker *w, int64_t after_us)
{
	const LoadPlan *plan = w->load->plan;
	double visits_a_second = (double)plan->rate / plan->mix.calls / (double)plan->connections;
	int64_t gap_us = (int64_t)(-log(1 - load_dice(&w->dice)) / visits_a_second * 1e6);

	visit_begin(plan, (uint64_t)(load_dice(&w->dice) * 0x1p53),
	        w->arrivals++ * plan->connections + (int64_t)w->index, after_us + gap_us, &w->next);
}

// --- the work ---

static void sleep_until(int64_t us)
{
	int64_t left = us - monotonic_us();

	if (left > 0)
		nanosleep(&(struct timespec){left / US_PER_S, left % US_PER_S * 1000}, NULL);
}

static void note_error(Worker *w)
{
	w->result.errors++;
	atomic_fetch_add(&w->load->errors, 1);
	if (!w->result.error[0])
		snprintf(w->result.error, sizeof w->result.error, "%s: %.200s", err_reason(err_detail()->id),
		        err_detail()->message);
}

static void note_digest(LoadResult *result, const char *digest)
{
	if (!result->digest[0])
		snprintf(result->digest, sizeof result->digest, "%s", digest);
	else
		result->changed |= *digest && strcmp(result->digest, digest) != 0;
}

// The visit's call; a visit whose call fails is over.
static void work_one(Worker *w, Visit *visit)
{
	LoadCall call;

	arena_reset(w->visiting.arena);
	Err e = visit_call(&w->visiting, visit, &call);
	int64_t now = monotonic_us();
	timing_add(&w->result.all, now - visit->due_us);
	timing_add(&w->result.by[call], now - visit->due_us);
	w->result.calls++;
	w->result.sessions += call == LOAD_START && !e;
	atomic_fetch_add(&w->load->calls, 1);
	note_digest(&w->result, w->visiting.digest);
	if (!e && !visit_is_over(visit)) {
		visit_think(visit, now);
		e = heap_push(w, visit);
	}
	if (e)
		note_error(w);
}

static void *work(void *context)
{
	Worker *w = context;
	Load *load = w->load;

	arrival_draw(w, load->begin_us);
	while (!atomic_load(&load->stop)) {
		bool arrives = w->count == 0 || w->next.due_us <= w->heap[0].due_us;
		if ((arrives ? w->next.due_us : w->heap[0].due_us) >= load->end_us)
			break;
		Visit visit = arrives ? w->next : heap_pop(w);
		if (arrives)
			arrival_draw(w, visit.due_us);
		sleep_until(visit.due_us);
		work_one(w, &visit);
	}
	w->result.cut_off = (int64_t)w->count;
	while (w->count > 0) {
		Visit visit = heap_pop(w);
		arena_reset(w->visiting.arena);
		visit_leave(&w->visiting, &visit);
	}
	return NULL;
}

// --- all of them ---

static void add_up(LoadResult *all, const LoadResult *part)
{
	all->calls += part->calls;
	all->errors += part->errors;
	all->sessions += part->sessions;
	all->cut_off += part->cut_off;
	timing_merge(&all->all, &part->all);
	for (int i = 0; i < LOAD_CALL_KINDS; i++)
		timing_merge(&all->by[i], &part->by[i]);
	if (part->digest[0])
		note_digest(all, part->digest);
	all->changed |= part->changed;
	if (!all->error[0])
		memcpy(all->error, part->error, sizeof all->error);
}

static void show_progress(const Cli *cli, Load *load)
{
	const struct timespec second = {.tv_sec = 1};
	int64_t left;

	while (cli->format == FORMAT_TABLE && isatty(STDERR_FILENO) &&
	        (left = load->end_us - monotonic_us()) > US_PER_S) {
		nanosleep(&second, NULL);
		fprintf(stderr, "\r\033[K%lld calls, %lld failed, %lld s left", (long long)load->calls,
		        (long long)load->errors, (long long)(left / US_PER_S));
	}
}

static Err start_worker(Cli *cli, Load *load, Worker *w, size_t index)
{
	*w = (Worker){.load = load,
	        .index = index,
	        .dice = load->plan->seed + 0x100000001b3 * (index + 1),
	        .visiting = {.plan = load->plan, .arena = arena_new(64 * 1024, 0)}};
	if (!w->visiting.arena)
		return err(ERR_NO_MEMORY, "no memory for the load");
	TRY(cli_runtime_client(cli, &w->visiting.client));
	w->started = pthread_create(&w->thread, NULL, work, w) == 0;
	return w->started ? OK : err(ERR_NO_MEMORY, "cannot start a thread");
}

static void finish_worker(Worker *w, LoadResult *all)
{
	if (w->started) {
		pthread_join(w->thread, NULL);
		add_up(all, &w->result);
	}
	arena_free(w->visiting.arena);
	rpc_client_free(w->visiting.client);
	free(w->heap);
}

Err load_run(Cli *cli, const LoadPlan *plan, LoadResult *ret)
{
	size_t count = (size_t)plan->connections;
	Load load = {.plan = plan, .begin_us = monotonic_us() + 50 * US_PER_MS};
	Worker *workers = calloc(count, sizeof *workers);
	Err e = workers ? OK : err(ERR_NO_MEMORY, "no memory for the load");

	*ret = (LoadResult){0};
	load.end_us = load.begin_us + plan->seconds * US_PER_S;
	for (size_t i = 0; i < count && !e; i++)
		e = start_worker(cli, &load, &workers[i], i);
	if (e)
		atomic_store(&load.stop, true);
	else
		show_progress(cli, &load);
	for (size_t i = 0; workers && i < count; i++)
		finish_worker(&workers[i], ret);
	ret->throughput = (double)(ret->calls - ret->errors) / (double)plan->seconds;
	if (cli->format == FORMAT_TABLE && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	free(workers);
	return e;
}
