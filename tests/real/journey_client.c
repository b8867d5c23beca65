// The load client of tests/real/journey: does every errand of a schedule when its time has come, from several
// threads, and writes down what was acknowledged. A household does one errand at a time.
#include "journey_visit.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_BLOCK = 64 * 1024, SCHEDULE_MAX = 64 << 20, HOUSEHOLD_LOCKS = 512 };

typedef struct Run {
	Touchpoint touchpoint;
	const char *schedule; // a file: at_us,line,household,kind,campaign,coupon,line of its mailer; by time
	Errand *errands;
	long count;
	pthread_mutex_t households[HOUSEHOLD_LOCKS];
	atomic_long next, late_us; // late_us: the worst
	atomic_bool failed;
} Run;

static void await(Run *run, const Errand *errand)
{
	int64_t wait_us = errand->at_us - clock_now_us(clock_system());
	long late = (long)-wait_us, worst = atomic_load(&run->late_us);

	if (wait_us > 0)
		(void)usleep((useconds_t)wait_us);
	while (late > worst && !atomic_compare_exchange_weak(&run->late_us, &worst, late))
		;
}

static Err run_errands(Run *run, const ErrandWorld *world, Arena *arena)
{
	if (!arena || !world->log->offers || !world->log->events)
		return err_errno(ERR_IO, "cannot write to %s", run->touchpoint.out);
	while (!atomic_load(&run->failed)) {
		long number = atomic_fetch_add(&run->next, 1);
		if (number >= run->count)
			return OK;
		Errand *errand = &run->errands[number];
		pthread_mutex_t *household = &run->households[errand->household % HOUSEHOLD_LOCKS];
		await(run, errand);
		arena_reset(arena);
		(void)pthread_mutex_lock(household);
		Err e = errand_run(world, errand, arena);
		(void)pthread_mutex_unlock(household);
		if (e != OK)
			return e;
	}
	return OK;
}

static Err work(void *context, int number)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	Run *run = context;
	ErrandLog log = {touchpoint_log(&run->touchpoint, "offers", number),
	        touchpoint_log(&run->touchpoint, "events", number)};
	ErrandWorld world = {
	        &run->touchpoint, run->touchpoint.clients[number % TOUCHPOINT_CONNECTIONS], &log};
	Err e = run_errands(run, &world, arena);

	if (touchpoint_log_close(log.offers) | touchpoint_log_close(log.events))
		e = err_errno(ERR_IO, "cannot write to %s", run->touchpoint.out);
	if (e != OK)
		atomic_store(&run->failed, true);
	return e;
}

// The text up to the comma or the line's end, as a C string; moves behind it.
static char *field(char **at)
{
	char *text = *at;
	size_t len = strcspn(text, ",\n");

	*at = text + len + (text[len] != '\0');
	text[len] = '\0';
	return text;
}

static Errand *errand_of_line(const Run *run, long line)
{
	for (long i = 0; line && i < run->count; i++)
		if (run->errands[i].line == line)
			return &run->errands[i];
	return NULL;
}

static Err read_schedule(Run *run, Arena *arena)
{
	Str text;

	TRY(file_read(run->schedule, SCHEDULE_MAX, arena, &text));
	for (size_t i = 0; i < text.len; i++)
		run->count += text.ptr[i] == '\n';
	run->errands = ARENA_ARRAY(arena, Errand, (size_t)run->count);
	if (!run->errands)
		return err(ERR_NO_MEMORY, "no memory for %ld errands", run->count);
	char *at = (char *)text.ptr;
	for (long i = 0; i < run->count; i++) {
		Errand *errand = &run->errands[i];
		errand->at_us = strtoll(field(&at), NULL, 10);
		errand->line = strtol(field(&at), NULL, 10);
		errand->household = strtol(field(&at), NULL, 10);
		errand->redeems = strcmp(field(&at), "redeem") == 0;
		(void)snprintf(errand->campaign, sizeof(errand->campaign), "%s", field(&at));
		(void)snprintf(errand->coupon, sizeof(errand->coupon), "%s", field(&at));
		errand->mailer = errand_of_line(run, strtol(field(&at), NULL, 10));
	}
	return OK;
}

static Err load(Run *run)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);

	if (!arena)
		return err(ERR_NO_MEMORY, "no memory");
	TRY(read_schedule(run, arena));
	for (size_t i = 0; i < HOUSEHOLD_LOCKS; i++)
		(void)pthread_mutex_init(&run->households[i], NULL);
	Err e = touchpoint_connect(&run->touchpoint);
	if (e == OK)
		e = touchpoint_run(&run->touchpoint, work, run);
	printf("%ld errands in %lu calls (%lu repeated), at most %.1f s late\n", run->count,
	        atomic_load(&run->touchpoint.calls), atomic_load(&run->touchpoint.retries),
	        (double)atomic_load(&run->late_us) / (double)US_PER_S);
	touchpoint_close(&run->touchpoint);
	return e;
}

static bool read_options(int argc, char **argv, Run *run)
{
	static const struct option table[] = {TOUCHPOINT_OPTIONS, {"schedule", 1, NULL, 's'}, {0}};
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == 's')
			run->schedule = optarg;
		else if (!touchpoint_option(&run->touchpoint, option, optarg))
			return false;
	}
	return touchpoint_ready(&run->touchpoint) && run->schedule;
}

int main(int argc, char **argv)
{
	static Run run;
	Err e;

	if (!read_options(argc, argv, &run)) {
		(void)fprintf(stderr, "usage: journey_client --schedule FILE " TOUCHPOINT_USAGE "\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	rpc_init();
	e = load(&run);
	if (e != OK)
		(void)fprintf(stderr, "journey_client: %s: %s\n", err_reason(err_detail()->id),
		        err_detail()->message);
	rpc_shutdown();
	return e == OK ? 0 : 1;
}
