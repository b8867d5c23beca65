// The load client of tests/real/bank: opens a session for every customer from several threads and writes down
// all that was acknowledged. The last line on standard output is the summary.
#include "bank_visit.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"

#include <signal.h>
#include <stdlib.h>

enum { ARENA_BLOCK = 64 * 1024, ACCEPTS_FILE_MAX = 16 << 20 };

// What all threads share.
typedef struct Run {
	Touchpoint touchpoint;
	const char *accepts_file;
	long customers;
	VisitCounters counters;
	bool *accepts; // by customer
	atomic_long next;
	atomic_bool failed;
} Run;

static Err visit_all(Run *run, const VisitWorld *world, VisitLog *log, Arena *arena)
{
	if (!arena || !log->sessions || !log->offers || !log->events)
		return err_errno(ERR_IO, "cannot write to %s", run->touchpoint.out);
	while (!atomic_load(&run->failed)) {
		long customer = atomic_fetch_add(&run->next, 1);

		if (customer > run->customers)
			return OK;
		arena_reset(arena);
		TRY(visit(world, log, customer, run->accepts[customer], arena));
	}
	return OK;
}

static Err work(void *context, int number)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	Run *run = context;
	Touchpoint *touchpoint = &run->touchpoint;
	VisitWorld world = {touchpoint, touchpoint->clients[number % TOUCHPOINT_CONNECTIONS], &run->counters};
	VisitLog log = {touchpoint_log(touchpoint, "sessions", number),
	        touchpoint_log(touchpoint, "offers", number), touchpoint_log(touchpoint, "events", number)};
	Err e = visit_all(run, &world, &log, arena);

	if (touchpoint_log_close(log.sessions) | touchpoint_log_close(log.offers) |
	        touchpoint_log_close(log.events))
		e = err_errno(ERR_IO, "cannot write to %s", touchpoint->out);
	if (e != OK)
		atomic_store(&run->failed, true);
	return e;
}

// Customer numbers, one a line.
static Err read_accepts(Run *run, Arena *arena)
{
	Str text;

	run->accepts = ARENA_ARRAY(arena, bool, (size_t)run->customers + 1);
	if (!run->accepts)
		return err(ERR_NO_MEMORY, "no memory for %ld customers", run->customers);
	TRY(file_read(run->accepts_file, ACCEPTS_FILE_MAX, arena, &text));
	for (char *at = (char *)text.ptr; *at;) {
		long customer = strtol(at, &at, 10);

		if (customer >= 1 && customer <= run->customers)
			run->accepts[customer] = true;
		at += *at != 0;
	}
	return OK;
}

static void summarise(const Run *run, int64_t us)
{
	double seconds = (double)us / (double)US_PER_S;
	unsigned long sessions = atomic_load(&run->counters.sessions);
	unsigned long calls = atomic_load(&run->touchpoint.calls);

	printf("%lu sessions and %lu calls in %.1f s: %.0f sessions/s, %.0f calls/s", sessions, calls,
	        seconds, (double)sessions / seconds, (double)calls / seconds);
	printf(" (%lu calls repeated, %lu sessions opened anew)\n", atomic_load(&run->touchpoint.retries),
	        atomic_load(&run->counters.reopened));
}

static Err load(Run *run)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	int64_t start_us;
	Err e;

	if (!arena)
		return err(ERR_NO_MEMORY, "no memory");
	TRY(read_accepts(run, arena));
	e = touchpoint_connect(&run->touchpoint);
	start_us = monotonic_us();
	if (e == OK)
		e = touchpoint_run(&run->touchpoint, work, run);
	summarise(run, monotonic_us() - start_us);
	touchpoint_close(&run->touchpoint);
	return e;
}

static bool read_options(int argc, char **argv, Run *run)
{
	static const struct option table[] = {
	        TOUCHPOINT_OPTIONS, {"customers", 1, NULL, 'N'}, {"accepts", 1, NULL, 'y'}, {0}};
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == 'N')
			run->customers = strtol(optarg, NULL, 10);
		else if (option == 'y')
			run->accepts_file = optarg;
		else if (!touchpoint_option(&run->touchpoint, option, optarg))
			return false;
	}
	return touchpoint_ready(&run->touchpoint) && run->accepts_file && run->customers > 0;
}

int main(int argc, char **argv)
{
	Run run = {.next = 1};
	Err e;

	if (!read_options(argc, argv, &run)) {
		(void)fprintf(
		        stderr, "usage: bank_client --customers N --accepts FILE " TOUCHPOINT_USAGE "\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	rpc_init();
	e = load(&run);
	if (e != OK)
		(void)fprintf(
		        stderr, "bank_client: %s: %s\n", err_reason(err_detail()->id), err_detail()->message);
	rpc_shutdown();
	return e == OK ? 0 : 1;
}
