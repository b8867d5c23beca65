// The load client: visits from several threads over several connections, until SIGTERM; each visit that has
// begun is then brought to its end. The last line on standard output is the summary. See visit.h.
#include "visit.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

enum {
	ARENA_BLOCK = 64 * 1024,
	CONNECTIONS = 4,
	THREADS_MAX = 64,
	DEFAULT_THREADS = 8,
	DEFAULT_PATIENCE_S = 90
};

typedef struct Load {
	RpcClientOptions client;
	RpcTls tls;
	VisitWorld world;
	VisitTotals totals;
	const char *out;
	uint64_t seed;
	int threads;
	bool fill;
	RpcClient *clients[CONNECTIONS];
	atomic_bool stop;
} Load;

typedef struct Worker {
	pthread_t thread;
	Load *load;
	int number;
	Err result;
	ErrDetail why;
} Worker;

static Err visits(Worker *worker, const VisitWorld *world, Ledger *ledger, Arena *arena)
{
	Load *load = worker->load;
	Chance chance = chance_new(load->seed, (uint64_t)worker->number);

	for (long number = 0; !atomic_load(&load->stop); number++) {
		arena_reset(arena);
		TRY(visit(world, ledger, &chance, worker->number, number, arena));
	}
	return OK;
}

// When all others have ended: once this event is in the history, nothing else is under way.
static Err mark(Load *load)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	VisitWorld world = load->world;
	Ledger ledger;
	Err e;

	if (!arena)
		return err(ERR_NO_MEMORY, "no memory");
	world.client = load->clients[0];
	TRY(ledger_open(load->out, load->threads, &ledger));
	e = visit_mark(&world, &ledger, load->threads, arena);
	ledger_close(&ledger);
	return e;
}

static Err work(Worker *worker)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	Load *load = worker->load;
	VisitWorld world = load->world;
	Ledger ledger;
	Err e;

	if (!arena)
		return err(ERR_NO_MEMORY, "no memory");
	world.client = load->clients[worker->number % CONNECTIONS];
	if (load->fill)
		return visit_fill(&world, worker->number, &load->stop, arena);
	TRY(ledger_open(load->out, worker->number, &ledger));
	e = visits(worker, &world, &ledger, arena);
	ledger_close(&ledger);
	return e;
}

static void *worker_main(void *context)
{
	Worker *worker = context;

	worker->result = work(worker);
	if (worker->result != OK) {
		worker->why = *err_detail();
		(void)kill(getpid(), SIGTERM); // one that cannot go on ends the run
	}
	return NULL;
}

static void summarise(Load *load)
{
	VisitTotals *t = &load->totals;

	printf("visits %lu acked %lu duplicates %lu repeats %lu reopened %lu abandoned %lu full %lu "
	       "no_pushback %lu crowded %lu paused %lu\n",
	        atomic_load(&t->visits), atomic_load(&t->acked), atomic_load(&t->duplicates),
	        atomic_load(&t->repeats), atomic_load(&t->reopened), atomic_load(&t->abandoned),
	        atomic_load(&t->full), atomic_load(&t->no_pushback), atomic_load(&t->crowded),
	        atomic_load(&t->paused));
}

static Err join(Load *load, Worker *workers)
{
	Err e = OK;

	for (int i = 0; i < load->threads; i++) {
		(void)pthread_join(workers[i].thread, NULL);
		if (workers[i].result != OK && e == OK)
			e = err_restore(&workers[i].why);
	}
	return e;
}

// A filling client ends by itself.
static Err run(Load *load, const sigset_t *signals)
{
	Worker workers[THREADS_MAX] = {0};
	int number;
	Err e;

	for (int i = 0; i < CONNECTIONS; i++)
		TRY(rpc_client_new(&load->client, &load->clients[i]));
	for (int i = 0; i < load->threads; i++) {
		workers[i] = (Worker){.load = load, .number = i};
		if (pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) != 0)
			abort(); // a test on a machine without room for its threads
	}
	if (!load->fill)
		(void)sigwait(signals, &number);
	atomic_store(&load->stop, !load->fill);
	e = join(load, workers);
	if (e == OK && !load->fill)
		e = mark(load);
	for (int i = 0; i < CONNECTIONS; i++)
		rpc_client_free(load->clients[i]);
	return e;
}

static bool read_options(int argc, char **argv, Load *load)
{
	static const struct option table[] = {{"target", 1, NULL, 't'}, {"ca", 1, NULL, 'a'},
	        {"certificate", 1, NULL, 'c'}, {"key", 1, NULL, 'k'}, {"channel", 1, NULL, 'n'},
	        {"out", 1, NULL, 'o'}, {"name", 1, NULL, 'N'}, {"seed", 1, NULL, 's'},
	        {"threads", 1, NULL, 'j'}, {"patience", 1, NULL, 'p'}, {"fill", 0, NULL, 'f'}, {0}};
	const char **texts[128] = {['t'] = &load->client.target,
	        ['a'] = &load->tls.ca_file,
	        ['c'] = &load->tls.certificate_file,
	        ['k'] = &load->tls.key_file,
	        ['n'] = &load->world.channel,
	        ['o'] = &load->out,
	        ['N'] = &load->world.name};
	long patience_s = DEFAULT_PATIENCE_S;

	load->threads = DEFAULT_THREADS;
	for (int option; (option = getopt_long(argc, argv, "", table, NULL)) != -1;) {
		if (option == 's')
			load->seed = strtoull(optarg, NULL, 10);
		else if (option == 'j')
			load->threads = (int)strtol(optarg, NULL, 10);
		else if (option == 'p')
			patience_s = strtol(optarg, NULL, 10);
		else if (option == 'f')
			load->fill = true;
		else if (option > 0 && option < 128 && texts[option])
			*texts[option] = optarg;
		else
			return false;
	}
	load->world.patience_us = patience_s * US_PER_S;
	return load->client.target && load->tls.ca_file && load->tls.certificate_file && load->tls.key_file &&
	       load->world.channel && load->world.name && load->out && load->threads > 0 &&
	       load->threads <= THREADS_MAX;
}

int main(int argc, char **argv)
{
	Load load = {0};
	sigset_t signals;
	Err e;

	if (!read_options(argc, argv, &load)) {
		(void)fprintf(stderr, "usage: fault_load --target HOST:PORT --ca FILE --certificate FILE "
		                      "--key FILE --channel NAME\n"
		                      "       --out FOLDER --name NAME [--seed N] [--threads N] [--patience "
		                      "SECONDS] [--fill]\n");
		return 2;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); // however the run ends
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	load.client.tls = &load.tls;
	load.client.tls_name = "localhost";
	load.world.totals = &load.totals;
	rpc_init();
	e = run(&load, &signals);
	summarise(&load);
	if (e != OK)
		(void)fprintf(
		        stderr, "fault_load: %s: %s\n", err_reason(err_detail()->id), err_detail()->message);
	rpc_shutdown();
	return e == OK ? 0 : 1;
}
