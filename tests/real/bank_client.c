// The load client of tests/real/bank: opens a session for every customer from several threads and writes down
// all that was acknowledged. The last line on standard output is the summary.
#include "bank_visit.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum { THREADS_MAX = 256, CONNECTIONS = 4, ARENA_BLOCK = 64 * 1024, ACCEPTS_FILE_MAX = 16 << 20 };

typedef struct Options {
	RpcClientOptions client;
	RpcTls tls;
	const char *channel, *accepts, *out;
	long customers;
	int threads, patience_ms;
} Options;

// What all threads share.
typedef struct Run {
	const Options *options;
	RpcClient *clients[CONNECTIONS];
	VisitCounters counters;
	bool *accepts; // by customer
	atomic_long next;
	atomic_bool failed;
} Run;

typedef struct Worker {
	Run *run;
	pthread_t thread;
	int number;
	ErrDetail failure;
} Worker;

static FILE *open_log(const Worker *w, const char *what)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s.%d.csv", w->run->options->out, what, w->number);
	return fopen(path, "we");
}

static Err work(Worker *w, VisitLog *log, Arena *arena)
{
	Run *run = w->run;
	VisitWorld world = {run->clients[w->number % CONNECTIONS], run->options->channel,
	        run->options->patience_ms, &run->counters};

	if (!arena || !log->sessions || !log->offers || !log->events)
		return err_errno(ERR_IO, "cannot write to %s", run->options->out);
	while (!atomic_load(&run->failed)) {
		long customer = atomic_fetch_add(&run->next, 1);

		if (customer > run->options->customers)
			return OK;
		arena_reset(arena);
		TRY(visit(&world, log, customer, run->accepts[customer], arena));
	}
	return OK;
}

static int close_log(FILE *file)
{
	return file ? fclose(file) : 0;
}

static void *worker(void *context)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	Worker *w = context;
	VisitLog log = {open_log(w, "sessions"), open_log(w, "offers"), open_log(w, "events")};
	Err e = work(w, &log, arena);

	if (close_log(log.sessions) | close_log(log.offers) | close_log(log.events))
		e = err_errno(ERR_IO, "cannot write to %s", w->run->options->out);
	if (e != OK) {
		w->failure = *err_detail();
		atomic_store(&w->run->failed, true);
	}
	return NULL;
}

// Customer numbers, one a line.
static Err read_accepts(const Options *options, Arena *arena, bool **ret)
{
	Str text;

	*ret = ARENA_ARRAY(arena, bool, (size_t)options->customers + 1);
	if (!*ret)
		return err(ERR_NO_MEMORY, "no memory for %ld customers", options->customers);
	TRY(file_read(options->accepts, ACCEPTS_FILE_MAX, arena, &text));
	for (char *at = (char *)text.ptr; *at;) {
		long customer = strtol(at, &at, 10);

		if (customer >= 1 && customer <= options->customers)
			(*ret)[customer] = true;
		at += *at != 0;
	}
	return OK;
}

static Err run_all(Run *run)
{
	int threads = run->options->threads;
	Worker workers[THREADS_MAX];
	Err e = OK;

	memset(workers, 0, sizeof(workers));
	for (int i = 0; i < threads; i++) {
		workers[i].run = run;
		workers[i].number = i;
		if (pthread_create(&workers[i].thread, NULL, worker, &workers[i]) != 0)
			abort(); // a test on a machine without room for its threads
	}
	for (int i = 0; i < threads; i++) {
		(void)pthread_join(workers[i].thread, NULL);
		if (workers[i].failure.id != OK && e == OK)
			e = err_restore(&workers[i].failure);
	}
	return e;
}

static Err connect_all(Run *run)
{
	for (size_t i = 0; i < CONNECTIONS; i++)
		TRY(rpc_client_new(&run->options->client, &run->clients[i]));
	return OK;
}

static void summarise(const VisitCounters *counters, int64_t us)
{
	double seconds = (double)us / (double)US_PER_S;
	unsigned long sessions = atomic_load(&counters->sessions), calls = atomic_load(&counters->calls);

	printf("%lu sessions and %lu calls in %.1f s: %.0f sessions/s, %.0f calls/s", sessions, calls,
	        seconds, (double)sessions / seconds, (double)calls / seconds);
	printf(" (%lu calls repeated, %lu sessions opened anew)\n", atomic_load(&counters->retries),
	        atomic_load(&counters->reopened));
}

static Err load(const Options *options)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	Run run = {.options = options, .next = 1};
	int64_t start_us;
	Err e;

	if (!arena)
		return err(ERR_NO_MEMORY, "no memory");
	TRY(read_accepts(options, arena, &run.accepts));
	e = connect_all(&run);
	start_us = monotonic_us();
	if (e == OK)
		e = run_all(&run);
	summarise(&run.counters, monotonic_us() - start_us);
	for (size_t i = 0; i < CONNECTIONS; i++)
		rpc_client_free(run.clients[i]);
	return e;
}

static int usage(void)
{
	(void)fprintf(stderr, "usage: bank_client --target HOST:PORT --ca FILE --certificate FILE --key FILE "
	                      "--channel NAME\n"
	                      "                   --customers N --accepts FILE --out FOLDER [--threads N] "
	                      "[--patience SECONDS]\n");
	return 2;
}

static bool read_options(int argc, char **argv, Options *o)
{
	static const struct option table[] = {{"target", 1, NULL, 't'}, {"ca", 1, NULL, 'a'},
	        {"certificate", 1, NULL, 'c'}, {"key", 1, NULL, 'k'}, {"channel", 1, NULL, 'n'},
	        {"customers", 1, NULL, 'N'}, {"accepts", 1, NULL, 'y'}, {"out", 1, NULL, 'o'},
	        {"threads", 1, NULL, 'j'}, {"patience", 1, NULL, 'p'}, {0}};
	int option;

	*o = (Options){.threads = 32};
	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		const char **texts[128] = {['t'] = &o->client.target,
		        ['a'] = &o->tls.ca_file,
		        ['c'] = &o->tls.certificate_file,
		        ['k'] = &o->tls.key_file,
		        ['n'] = &o->channel,
		        ['y'] = &o->accepts,
		        ['o'] = &o->out};

		if (option == 'N')
			o->customers = strtol(optarg, NULL, 10);
		else if (option == 'j')
			o->threads = (int)strtol(optarg, NULL, 10);
		else if (option == 'p')
			o->patience_ms = (int)strtol(optarg, NULL, 10) * 1000;
		else if (option > 0 && option < 128 && texts[option])
			*texts[option] = optarg;
		else
			return false;
	}
	o->client.tls = &o->tls;
	o->client.tls_name = "localhost";
	return o->client.target && o->tls.ca_file && o->tls.certificate_file && o->tls.key_file &&
	       o->channel && o->accepts && o->out && o->customers > 0 && o->threads > 0 &&
	       o->threads <= THREADS_MAX;
}

int main(int argc, char **argv)
{
	Options options;
	Err e;

	if (!read_options(argc, argv, &options))
		return usage();
	(void)signal(SIGPIPE, SIG_IGN);
	rpc_init();
	e = load(&options);
	if (e != OK)
		(void)fprintf(
		        stderr, "bank_client: %s: %s\n", err_reason(err_detail()->id), err_detail()->message);
	rpc_shutdown();
	return e == OK ? 0 : 1;
}
