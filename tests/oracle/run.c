// Worlds are dealt out to threads one by one. What a case is does not depend on who does it, and the digest
// is a sum, so a run of a seed is the same on any number of threads.
#include "run.h"

#include "base/cleanup.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct Run {
	const RunOptions *options;
	atomic_uint_fast64_t next_world;
	atomic_bool stop;
	pthread_mutex_t lock; // of what follows
	RunResult *result;
} Run;

// A thread's own.
typedef struct Worker {
	Run *run;
	Arena *world_arena, *visit_arena, *call_arena;
	Cover cover;
	uint64_t digest, cases;
} Worker;

// Which case a thread is at, so that a crash can be told.
static _Thread_local uint64_t at_case;
static uint64_t at_seed;

static void tell_crash(int signal_number)
{
	char text[128];
	int len = snprintf(text, sizeof text, "crashed in case %llu (seed %llu)\n",
	        (unsigned long long)at_case, (unsigned long long)at_seed);
	if (len > 0 && write(STDOUT_FILENO, text, (size_t)len) < 0)
		_exit(1);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void differ(Worker *worker, uint64_t number)
{
	RunResult *result = worker->run->result;
	atomic_store(&worker->run->stop, true);
	pthread_mutex_lock(&worker->run->lock);
	if (!result->differences || number < result->first)
		result->first = number;
	result->differences++;
	pthread_mutex_unlock(&worker->run->lock);
}

static void refuse(Worker *worker, uint64_t number, Err e)
{
	RunResult *result = worker->run->result;
	atomic_store(&worker->run->stop, true);
	pthread_mutex_lock(&worker->run->lock);
	snprintf(result->refused, sizeof result->refused, "the world of case %llu was refused: %s: %s",
	        (unsigned long long)number, err_reason(e), err_detail()->message);
	pthread_mutex_unlock(&worker->run->lock);
}

static void count(Worker *worker, uint64_t number, const Answers *engine, const char *difference)
{
	if (difference) {
		differ(worker, number);
		return;
	}
	worker->cases++;
	worker->digest += answers_digest(engine) * (2 * number + 1);
}

static void do_visit(Worker *worker, const World *world, uint64_t first, uint64_t end)
{
	arena_reset(worker->visit_arena);
	Chance chance = case_visit_chance(worker->run->options->seed, first);
	Visit *visit = visit_make(&chance, world, worker->visit_arena);
	for (uint64_t number = first; number < first + REQUESTS_IN_VISIT && number < end; number++) {
		Answers engine, reference;
		arena_reset(worker->call_arena);
		at_case = number;
		chance = case_request_chance(worker->run->options->seed, number);
		request_make(&chance, world, visit, worker->call_arena);
		answers_of_reference(world, visit, worker->call_arena, &worker->cover, &reference);
		answers_of_engine(world, visit, worker->call_arena, &engine);
		count(worker, number, &engine, answers_differ(&engine, &reference, worker->call_arena));
	}
}

static void do_world(Worker *worker, uint64_t first)
{
	const RunOptions *options = worker->run->options;
	arena_reset(worker->world_arena);
	Chance chance = case_world_chance(options->seed, first);
	World *world = world_make(&chance, worker->world_arena);
	Err e = world_finish(world);
	if (e) {
		refuse(worker, first, e);
		return;
	}
	for (uint64_t visit = 0; visit < VISITS_IN_WORLD; visit++)
		do_visit(worker, world, first + visit * REQUESTS_IN_VISIT, options->cases);
}

// With a planted bug the engine's world is another than the reference's: every case is made alone.
static void do_planted(Worker *worker, uint64_t first)
{
	const RunOptions *options = worker->run->options;
	for (uint64_t number = first; number < first + CASES_IN_WORLD && number < options->cases; number++) {
		Case c = {options->seed, number, options->plant};
		Trial trial;
		arena_reset(worker->world_arena);
		case_try(&c, NULL, worker->world_arena, &worker->cover, &trial);
		if (!trial.refused)
			count(worker, number, &trial.engine, trial.difference);
	}
}

static void *work(void *arg)
{
	Worker *worker = arg;
	Run *run = worker->run;
	while (!atomic_load(&run->stop)) {
		uint64_t first = atomic_fetch_add(&run->next_world, 1) * CASES_IN_WORLD;
		if (first >= run->options->cases)
			break;
		if (run->options->plant)
			do_planted(worker, first);
		else
			do_world(worker, first);
	}
	return NULL;
}

static bool worker_open(Worker *worker, Run *run)
{
	*worker = (Worker){
	        .run = run,
	        .world_arena = arena_new(1 << 20, 0),
	        .visit_arena = arena_new(1 << 16, 0),
	        .call_arena = arena_new(1 << 20, 0),
	};
	return worker->world_arena && worker->visit_arena && worker->call_arena;
}

static void worker_close(Worker *worker)
{
	RunResult *result = worker->run->result;
	cover_add(&result->cover, &worker->cover);
	result->digest += worker->digest;
	result->cases += worker->cases;
	arena_free(worker->world_arena);
	arena_free(worker->visit_arena);
	arena_free(worker->call_arena);
}

void run_cases(const RunOptions *options, RunResult *ret)
{
	*ret = (RunResult){0};
	at_seed = options->seed;
	if (options->tell_crashes) {
		signal(SIGSEGV, tell_crash);
		signal(SIGABRT, tell_crash);
	}
	Run run = {.options = options, .result = ret, .lock = PTHREAD_MUTEX_INITIALIZER};
	Worker *workers = calloc(options->threads, sizeof *workers);
	pthread_t *threads = calloc(options->threads, sizeof *threads);
	uint32_t started = 0;
	for (; workers && threads && started < options->threads; started++)
		if (!worker_open(&workers[started], &run) ||
		        pthread_create(&threads[started], NULL, work, &workers[started]))
			abort(); // a test program without memory or threads
	for (uint32_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	for (uint32_t i = 0; i < started; i++)
		worker_close(&workers[i]);
	free(workers);
	free(threads);
	if (options->tell_crashes) {
		signal(SIGSEGV, SIG_DFL);
		signal(SIGABRT, SIG_DFL);
	}
}
