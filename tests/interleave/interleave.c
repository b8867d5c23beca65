// Many sessions at once, each called by several clients at the same time; then whether every session's story
// can be explained by some serial order. README.md says what is checked.
//
//   interleave [--sessions N] [--seed N] [--rounds N]
#include "base/cleanup.h"
#include "draw.h"
#include "falsify.h"
#include "history.h"
#include "house.h"
#include "races.h"
#include "ways.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { THREADS = 8, SHOWN_FAILURES = 3, FALSIFIED = 200, ROUNDS_MAX = CALLS_MAX / CLIENTS };

typedef struct Options {
	size_t sessions, rounds;
	uint64_t seed;
} Options;

// A client whose turn it is.
typedef struct Turn {
	Story *story;
	int client;
} Turn;

typedef struct Run {
	Options options;
	House house;
	Ways *ways;
	Story *stories;
	Turn *turns;
	size_t turn_count;
	atomic_size_t next;
} Run;

static Options read_options(int argc, char **argv)
{
	Options options = {.sessions = 10000, .rounds = 6};
	if (getrandom(&options.seed, sizeof options.seed, 0) != (ssize_t)sizeof options.seed)
		abort();
	options.seed %= 1000000;
	for (int i = 1; i < argc; i += 2) {
		uint64_t value = i + 1 < argc ? strtoull(argv[i + 1], NULL, 10) : 0;
		if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
			options.seed = value;
		else if (strcmp(argv[i], "--sessions") == 0 && value > 0 && value <= 1000000)
			options.sessions = value;
		else if (strcmp(argv[i], "--rounds") == 0 && value > 0 && value <= ROUNDS_MAX)
			options.rounds = value;
		else {
			fprintf(stderr, "usage: interleave [--sessions N] [--seed N] [--rounds 1..%d]\n",
			        ROUNDS_MAX);
			exit(2);
		}
	}
	return options;
}

static void make_stories(Run *run)
{
	run->stories = calloc(run->options.sessions, sizeof *run->stories);
	if (run->stories == NULL)
		abort();
	for (size_t i = 0; i < run->options.sessions; i++) {
		Story *story = &run->stories[i];
		story->number = (unsigned)i;
		story->restarts = i % 3 == 0;
		story->arena = arena_new(4096, 0);
		snprintf(story->id, sizeof story->id, "s%zu", i);
		pthread_mutex_init(&story->lock, NULL);
		pthread_cond_init(&story->ended, NULL);
	}
}

// In every round every session's clients come one behind the other, so that different threads call at the
// same time; the sessions come in another order each time.
static void make_turns(Run *run)
{
	size_t sessions = run->options.sessions;
	uint64_t chance = run->options.seed;
	size_t *order = calloc(sessions, sizeof *order);
	run->turns = calloc(sessions * run->options.rounds * CLIENTS, sizeof *run->turns);
	if (order == NULL || run->turns == NULL)
		abort();
	for (size_t i = 0; i < sessions; i++)
		order[i] = i;
	for (size_t round = 0; round < run->options.rounds; round++)
		for (size_t i = 0; i < sessions; i++) {
			size_t other = i + draw_number(&chance, sessions - i), swapped = order[i];
			order[i] = order[other];
			order[other] = swapped;
			int first = (int)draw_number(&chance, CLIENTS);
			for (int c = 0; c < CLIENTS; c++)
				run->turns[run->turn_count++] =
				        (Turn){&run->stories[order[i]], (first + c) % CLIENTS};
		}
	free(order);
}

static void take_turn(Run *run, const Turn *turn, uint64_t chance)
{
	Story *story = turn->story;
	pthread_mutex_lock(&story->lock);
	while (story->busy[turn->client])
		pthread_cond_wait(&story->ended, &story->lock);
	story->busy[turn->client] = true;
	Call *call = draw_call(story, turn->client, &chance);
	pthread_mutex_unlock(&story->lock);
	ways_call(run->ways, call, &chance);
}

static void *work(void *context)
{
	Run *run = context;
	for (;;) {
		size_t i = atomic_fetch_add(&run->next, 1);
		if (i >= run->turn_count)
			return NULL;
		if (i == run->turn_count / 2)
			house_deploy_second(&run->house);
		take_turn(run, &run->turns[i], run->options.seed ^ (uint64_t)i << 20);
	}
}

static void wait_for_all(Run *run)
{
	for (size_t i = 0; i < run->options.sessions; i++) {
		Story *story = &run->stories[i];
		pthread_mutex_lock(&story->lock);
		for (int c = 0; c < CLIENTS; c++)
			while (story->busy[c])
				pthread_cond_wait(&story->ended, &story->lock);
		pthread_mutex_unlock(&story->lock);
	}
}

static void make_calls(Run *run)
{
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, run) != 0)
			abort();
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	wait_for_all(run);
}

// --- judging ---

static size_t count_unexplained(const Run *run)
{
	size_t unexplained = 0, calls = 0, steps = 0, refused = 0, most = 0;
	for (size_t i = 0; i < run->options.sessions; i++) {
		const Story *story = &run->stories[i];
		size_t tried = 0;
		bool explained = story_explained(story, &tried);
		most = tried > most ? tried : most;
		for (int c = 0; c < story->call_count; c++) {
			steps += (size_t)story->calls[c]->count;
			refused += story->calls[c]->steps[0].told.failure != OK;
		}
		calls += (size_t)story->call_count;
		if (!explained && unexplained++ < SHOWN_FAILURES)
			story_print(story);
	}
	printf("%zu calls of %zu steps, %zu refused; at most %zu states looked at for a story\n", calls,
	        steps, refused, most);
	return unexplained;
}

static bool would_notice(const Run *run)
{
	size_t noticed = 0, count = run->options.sessions < FALSIFIED ? run->options.sessions : FALSIFIED;
	size_t falsified = falsify_stories(run->stories, count, run->options.seed, &noticed);
	printf("%zu stories falsified, %zu noticed\n", falsified, noticed);
	return noticed == falsified;
}

static bool judge(Run *run)
{
	HistoryFaults faults;
	history_read(run->house.journal_dir, run->stories, run->options.sessions, &faults);
	size_t unexplained = count_unexplained(run), disorders = ways_disorders(run->ways);
	if (faults.events_twice + faults.codes_twice + faults.strangers + disorders > 0)
		printf("events twice in the journal: %zu, treatment codes given out twice: %zu, records of "
		       "no call: "
		       "%zu, answers out of order on a stream: %zu\n",
		        faults.events_twice, faults.codes_twice, faults.strangers, disorders);
	bool sharp = would_notice(run);
	printf("%zu sessions explained, %zu not; %s\n", run->options.sessions - unexplained, unexplained,
	        races_text());
	return sharp &&
	       unexplained + disorders + faults.events_twice + faults.codes_twice + faults.strangers == 0 &&
	       races_count() == 0;
}

static void free_stories(Run *run)
{
	for (size_t i = 0; i < run->options.sessions; i++) {
		pthread_mutex_destroy(&run->stories[i].lock);
		pthread_cond_destroy(&run->stories[i].ended);
		arena_free(run->stories[i].arena);
	}
	free(run->stories);
	free(run->turns);
}

int main(int argc, char **argv)
{
	static Run run;
	run.options = read_options(argc, argv);
	printf("%zu sessions, %d clients each, %zu rounds; seed %llu\n", run.options.sessions, CLIENTS,
	        run.options.rounds, (unsigned long long)run.options.seed);
	fflush(stdout);
	house_prepare(&run.house, (unsigned)run.options.sessions * CUSTOMERS);
	rpc_init();
	house_open(&run.house);
	run.ways = ways_new(run.house.server, run.house.port);
	make_stories(&run);
	make_turns(&run);
	make_calls(&run);
	ways_close(run.ways);
	house_close(&run.house);
	bool good = judge(&run);
	ways_free(run.ways);
	house_remove(&run.house);
	rpc_shutdown();
	free_stories(&run);
	return good ? 0 : 1;
}
