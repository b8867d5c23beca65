// It is a part of this program because a plan is told to the runtime itself: who plans with one version's
// program learns what that version does.
#include "plan_main.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "command.h"
#include "plan/plan.h"
#include "wire/json.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_BLOCK = 256 << 10, QUIET_US = 2000000, SEED_BYTES = 6 };

static const char usage[] =
        "usage: parley-runtime plan --set FILE --snapshot FILE --out FILE [--version N] [--state FILE]\n"
        "                           [--profiles FILE] [--contact-event NAME] [--seed N] [--explain] "
        "[--brief]\n"
        "                           [--threads N] [--json]\n"
        "\n"
        "Tells a set of events to a snapshot without network, disk and clock, and writes what each would do. "
        "Nothing\n"
        "else is written. The same inputs give the same plan, byte for byte, on any number of threads.\n"
        "\n"
        "  --set FILE            the event set (parley events import)\n"
        "  --snapshot FILE       a snapshot's bytes\n"
        "  --out FILE            the plan; FILE.part until it is whole. Broken off, the same command takes "
        "it up\n"
        "  --version N           what answers call the snapshot (default 1)\n"
        "  --state FILE          the visitor state to begin with: a runtime server's checkpoint\n"
        "  --profiles FILE       visitors' profiles: a line each, {\"level\", \"id\", \"attributes\": {NAME: "
        "value}}\n"
        "  --contact-event NAME  count what is recommended as shown: post this event for every offer\n"
        "  --seed N              what treatment codes and ties follow from (default: the set's digest)\n"
        "  --explain             effects tell candidates by reason\n"
        "  --brief               what is recommended by rule, offer and score alone, without records and "
        "receipts: smaller\n"
        "                        and sooner made, but it cannot be executed, nor decided again to explain "
        "it\n"
        "  --threads N           default: one a processor, at most 32\n";

static atomic_bool stopped;

static void stop(int signal_number)
{
	(void)signal_number;
	atomic_store(&stopped, true);
}

typedef struct Asked {
	const char *set, *snapshot, *out, *state, *profiles, *contact_event;
	uint64_t version, seed, threads;
	bool seeded;
	bool explains, brief, json;
} Asked;

typedef struct Progress {
	int64_t start_us, told_us;
	uint64_t all;
	bool shown;
} Progress;

static void tell_progress(void *context, uint64_t events)
{
	Progress *progress = context;
	int64_t now_us = monotonic_us(), took_us = now_us - progress->start_us;
	if (took_us < QUIET_US || now_us - progress->told_us < US_PER_S || !isatty(STDERR_FILENO))
		return;
	double rate = (double)events * 1e6 / (double)took_us;
	double left_s = rate > 0 ? (double)(progress->all - events) / rate : 0;
	fprintf(stderr, "\rplanned %" PRIu64 " of %" PRIu64 " events, %.0f a second, %.0f s to go \033[K",
	        events, progress->all, rate, left_s);
	progress->told_us = now_us;
	progress->shown = true;
}

static Err print_json(const PlanFile *plan, Arena *arena)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	Str text;
	TRY(json_from_message(
	        &plan_file_end(plan)->base, JSON_SNAKE_CASE | JSON_SHORT_ENUMS | JSON_PLAIN_INTS, &json));
	json_object_del(json, "blocks");
	TRY(json_text(json, true, arena, &text));
	printf(STR_FMT "\n", STR_ARG(text));
	return OK;
}

static void print_report(const PlanFile *plan, const Asked *asked, double seconds)
{
	const PlanEnd *end = plan_file_end(plan);
	char digest[2 * PLAN_DIGEST_SIZE + 1] = "";
	uint64_t recommended = 0, problems = 0;
	if (end->digest.len == PLAN_DIGEST_SIZE)
		hex_encode(end->digest.data, PLAN_DIGEST_SIZE, digest);
	for (size_t i = 0; i < end->n_offers; i++)
		recommended += end->offers[i]->recommended;
	for (size_t i = 0; i < end->n_problems; i++)
		problems += end->problems[i]->count;
	printf("plan        %s\n", asked->out);
	printf("effects     sha256:%s\n", digest);
	printf("planned     %" PRIu64 " effects, %" PRIu64 " sessions, %" PRIu64 " events posted in %.1f s\n",
	        end->effects, end->sessions, end->posted, seconds);
	printf("questions   %" PRIu64 ", %" PRIu64 " offers recommended, %" PRIu64 " without any\n",
	        end->questions, recommended, end->unanswered);
	if (problems > 0)
		printf("problems    %" PRIu64 ", by reason:\n", problems);
	for (size_t i = 0; i < end->n_problems; i++)
		printf("            %8" PRIu64 "  %s\n", end->problems[i]->count, end->problems[i]->name);
}

static Err report(const Asked *asked, double seconds, Arena *arena)
{
	CLEANUP(plan_file_closep) PlanFile *plan = NULL;
	TRY(plan_file_open(asked->out, &plan));
	if (asked->json)
		return print_json(plan, arena);
	print_report(plan, asked, seconds);
	return OK;
}

// Plans of different events have different treatment codes, and rival plans of the same events the same
// chance.
static uint64_t seed_of(const Asked *asked, const EventSet *set)
{
	const uint8_t *digest = event_set_info(set)->digest;
	uint64_t seed = 0;
	for (size_t i = 0; i < SEED_BYTES; i++)
		seed = seed << 8 | digest[i];
	return asked->seeded ? asked->seed : seed;
}

static Err make_plan(const Asked *asked, Arena *arena)
{
	CLEANUP(event_set_closep) EventSet *set = NULL;
	CLEANUP(rehearsal_content_freep) RehearsalContent *content = NULL;
	Progress progress = {.start_us = monotonic_us()};
	PlanReport done;
	Str blob;
	TRY(event_set_open(asked->set, &set));
	TRY(file_read(asked->snapshot, SNAPSHOT_MAX, arena, &blob));
	TRY(rehearsal_content_open(blob, asked->version, &content));
	progress.all = event_set_info(set)->events;
	Err e = plan_run(&(PlanOptions){.set = set,
	                         .content = content,
	                         .state = asked->state,
	                         .profiles = asked->profiles,
	                         .contact_event = asked->contact_event,
	                         .seed = seed_of(asked, set),
	                         .explains = asked->explains,
	                         .brief = asked->brief,
	                         .threads = (unsigned)asked->threads,
	                         .path = asked->out,
	                         .stop = &stopped,
	                         .progress = tell_progress,
	                         .context = &progress},
	        arena, &done);
	if (progress.shown)
		fputs("\r\033[K", stderr);
	TRY(e);
	return report(asked, (double)(monotonic_us() - progress.start_us) / 1e6, arena);
}

static int exit_of(Err e)
{
	switch (e) {
	case OK:
		return DONE;
	case ERR_CANCELLED:
		return BROKEN_OFF;
	case ERR_NO_MEMORY:
	case ERR_IO:
	case ERR_INTERNAL:
		return FAILED;
	default:
		return REFUSED;
	}
}

static int run(const Asked *asked)
{
	const char *const files[] = {asked->set, asked->snapshot, asked->state, asked->profiles};
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	if (arena == NULL)
		return FAILED;
	for (size_t i = 0; i < ARRAY_COUNT(files); i++)
		if (files[i] != NULL && access(files[i], R_OK) != 0) {
			fprintf(stderr, "error: cannot read %s: %s\n", files[i], strerror(errno));
			return MISSING;
		}
	const struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	Err e = make_plan(asked, arena);
	if (e != OK)
		command_failed(e);
	return exit_of(e);
}

int plan_main(int argc, char **argv)
{
	static const struct option rows[] = {
	        {"set", required_argument, NULL, 's'},
	        {"snapshot", required_argument, NULL, 'b'},
	        {"out", required_argument, NULL, 'o'},
	        {"version", required_argument, NULL, 'v'},
	        {"state", required_argument, NULL, 'S'},
	        {"profiles", required_argument, NULL, 'p'},
	        {"contact-event", required_argument, NULL, 'c'},
	        {"seed", required_argument, NULL, 'r'},
	        {"explain", no_argument, NULL, 'e'},
	        {"brief", no_argument, NULL, 'B'},
	        {"threads", required_argument, NULL, 't'},
	        {"json", no_argument, NULL, 'J'},
	        {"help", no_argument, NULL, 'h'},
	        {0},
	};
	Asked asked = {.version = 1};
	for (int option; (option = getopt_long(argc, argv, "h", rows, NULL)) != -1;) {
		bool fine = option != '?';
		asked.set = option == 's' ? optarg : asked.set;
		asked.snapshot = option == 'b' ? optarg : asked.snapshot;
		asked.out = option == 'o' ? optarg : asked.out;
		asked.state = option == 'S' ? optarg : asked.state;
		asked.profiles = option == 'p' ? optarg : asked.profiles;
		asked.contact_event = option == 'c' ? optarg : asked.contact_event;
		asked.explains |= option == 'e';
		asked.brief |= option == 'B';
		asked.json |= option == 'J';
		if (option == 'v')
			fine = command_number(optarg, &asked.version);
		asked.seeded |= option == 'r';
		if (option == 'r')
			fine = command_number(optarg, &asked.seed);
		if (option == 't')
			fine = command_number(optarg, &asked.threads) && asked.threads > 0;
		if (option == 'h')
			return fputs(usage, stdout) < 0;
		if (!fine)
			return command_usage(usage);
	}
	if (optind != argc || asked.set == NULL || asked.snapshot == NULL || asked.out == NULL)
		return command_usage(usage);
	return run(&asked);
}
