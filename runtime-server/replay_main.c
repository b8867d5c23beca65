// It is a part of this program because the fold that is to be checked must be the very one that serves: the
// program that wrote a checkpoint folds it again.
#include "replay_main.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "command.h"
#include "journal/offline.h"
#include "visitor/replay.h"
#include "wire/json.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { ARENA_BLOCK = 256 << 10, QUIET_US = 2000000, MIB = 1 << 20, PATIENCE_MS = 60000 };

static const char usage[] =
        "usage: parley-runtime replay [--journal DIR] [--checkpoint FILE] [--history DIR] [--from-start] "
        "[--now]\n"
        "                             [--json] STATE_DIR\n"
        "\n"
        "Folds visitor state and every counter again from the journal and holds the result against the "
        "newest\n"
        "checkpoint, byte for byte. See: parley journal replay --help\n";

typedef struct Asked {
	const char *state_dir, *journal, *checkpoint, *history;
	bool from_start, now, json;
} Asked;

typedef struct Progress {
	int64_t start_us, told_us;
	bool shown;
} Progress;

static void tell_progress(void *context, int64_t done, int64_t all)
{
	Progress *progress = context;
	int64_t now_us = monotonic_us();
	if (now_us - progress->start_us < QUIET_US || now_us - progress->told_us < US_PER_S ||
	        !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\rfolding the journal: %" PRId64 " of %" PRId64 " MiB", done / MIB, all / MIB);
	progress->told_us = now_us;
	progress->shown = true;
}

// --- a checkpoint of this moment ---

// Whether one was put in place.
static bool has_new(int watch)
{
	_Alignas(struct inotify_event) char events[4096];
	ssize_t len = read(watch, events, sizeof events);
	for (ssize_t at = 0; at < len;) {
		const struct inotify_event *event = (const struct inotify_event *)(const void *)(events + at);
		if (event->len > 0 && strcmp(event->name, "newest") == 0)
			return true;
		at += (ssize_t)(sizeof *event + event->len);
	}
	return false;
}

static Err wait_for_checkpoint(int watch)
{
	int64_t until = monotonic_us() + PATIENCE_MS * US_PER_MS;
	for (;;) {
		struct pollfd file = {.fd = watch, .events = POLLIN};
		int64_t left_ms = (until - monotonic_us()) / US_PER_MS;
		if (left_ms <= 0)
			return err(ERR_TIMEOUT,
			        "the server wrote no checkpoint within a minute: see its log and status");
		if (poll(&file, 1, (int)left_ms) > 0 && has_new(watch))
			return OK;
	}
}

static Err ask_server(const ReplayOptions *options, Arena *arena)
{
	JournalFolder folder;
	CLEANUP(fd_closep) int watch = inotify_init1(IN_CLOEXEC);
	TRY(journal_folder_read(options->journal_dir, arena, &folder));
	if (folder.owner == 0)
		return err(ERR_UNAVAILABLE,
		        "no server that can be asked has the journal %s open: leave --now out", folder.dir);
	if (watch < 0 || inotify_add_watch(watch, options->visitors_dir, IN_MOVED_TO) < 0)
		return err_errno(ERR_IO, "cannot watch %s", options->visitors_dir);
	if (kill(folder.owner, SIGUSR1) != 0)
		return err_errno(
		        ERR_UNAVAILABLE, "cannot ask process %d for a checkpoint", (int)folder.owner);
	return wait_for_checkpoint(watch);
}

// --- telling ---

static int print_json(const ReplayReport *report, Arena *arena)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	char time[TIME_TEXT_SIZE];
	Str text;
	json_t *differences = json_array();
	for (size_t i = 0; i < report->difference_count; i++)
		json_array_append_new(differences, json_string(report->differences[i]));
	time_format(report->time_us, time);
	json = json_pack("{s:b, s:s, s:s?, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
	        "equal", report->different == 0, "checkpoint", report->checkpoint, "base", report->base,
	        "time", time, "bytes", (json_int_t)report->bytes, "incarnation",
	        (json_int_t)report->incarnation, "position", (json_int_t)report->position, "records",
	        (json_int_t)report->records, "lost", (json_int_t)report->lost, "visitors",
	        (json_int_t)report->visitors, "offers", (json_int_t)report->offers, "recommendations",
	        (json_int_t)report->treatments, "evicted", (json_int_t)report->evicted, "different",
	        (json_int_t)report->different, "differences", differences);
	if (json == NULL || json_text(json, true, arena, &text) != OK)
		return FAILED;
	printf(STR_FMT "\n", STR_ARG(text));
	return report->different == 0 ? DONE : DIFFERENT;
}

static int print_report(const ReplayReport *report)
{
	char time[TIME_TEXT_SIZE];
	time_format(report->time_us, time);
	printf("checkpoint  %s of %s, %" PRIu64 " bytes\n", report->checkpoint, time, report->bytes);
	printf("folded      %" PRIu64 " records of the %s, from %s on\n", report->records,
	        report->of_history ? "history" : "journal",
	        report->base != NULL ? report->base : "its beginning");
	printf("compared    %" PRIu64 " visitors, counts of %" PRIu64 " offers", report->visitors,
	        report->offers);
	if (report->of_history)
		puts("; recommendations are not");
	else
		printf(", %" PRIu64 " recommendations\n", report->treatments);
	if (report->lost > 0)
		printf("lost        %" PRIu64
		       " records, as the journal notes: state may differ by what was in them\n",
		        report->lost);
	if (report->evicted > 0)
		printf("            %" PRIu64
		       " old recommendations gave way while the checkpoint was written\n",
		        report->evicted);
	for (size_t i = 0; i < report->difference_count; i++)
		printf("differs     %s\n", report->differences[i]);
	if (report->different > 0 && report->base == NULL && !report->of_history)
		puts("            the fold began with nothing: a life of the server whose records were all "
		     "shipped "
		     "and deleted is missing in it");
	if (report->different > 0 && report->unshipped > 0)
		printf("            the newest %" PRIu64
		       " records are not marked as shipped: if the history lacks them, "
		       "try again later\n",
		        report->unshipped);
	if (report->different == 0)
		puts("equal, byte for byte");
	else
		printf("different in %" PRIu64 " part%s\n", report->different,
		        report->different == 1 ? "" : "s");
	return report->different == 0 ? DONE : DIFFERENT;
}

static int exit_of(Err e)
{
	if (e == ERR_RESOURCE_NOT_FOUND)
		return MISSING;
	if (e == ERR_SEQUENCE_GAP || e == ERR_JOURNAL_CORRUPT)
		return REFUSED;
	if (e == ERR_STATE_CORRUPT)
		return DIFFERENT;
	return e == ERR_UNAVAILABLE || e == ERR_TIMEOUT ? UNAVAILABLE : FAILED;
}

static int replay(const Asked *asked)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	Progress progress = {.start_us = monotonic_us()};
	ReplayReport report;
	if (arena == NULL)
		return FAILED;
	const ReplayOptions options = {
	        .visitors_dir = arena_printf(arena, "%s/visitors", asked->state_dir),
	        .journal_dir =
	                asked->journal ? asked->journal : arena_printf(arena, "%s/journal", asked->state_dir),
	        .checkpoint = asked->checkpoint,
	        .from_start = asked->from_start,
	        .history_dir = asked->history,
	        .on_progress = tell_progress,
	        .context = &progress,
	};
	Err e = asked->now ? ask_server(&options, arena) : OK;
	if (e == OK)
		e = visitors_replay(&options, arena, &report);
	if (progress.shown)
		fputs("\r\033[K", stderr);
	if (e != OK) {
		command_failed(e);
		return exit_of(e);
	}
	return asked->json ? print_json(&report, arena) : print_report(&report);
}

int replay_main(int argc, char **argv)
{
	static const struct option rows[] = {
	        {"journal", required_argument, NULL, 'j'},
	        {"checkpoint", required_argument, NULL, 'c'},
	        {"history", required_argument, NULL, 'H'},
	        {"from-start", no_argument, NULL, 's'},
	        {"now", no_argument, NULL, 'n'},
	        {"json", no_argument, NULL, 'J'},
	        {"help", no_argument, NULL, 'h'},
	        {0},
	};
	Asked asked = {0};
	for (int option; (option = getopt_long(argc, argv, "h", rows, NULL)) != -1;) {
		asked.journal = option == 'j' ? optarg : asked.journal;
		asked.checkpoint = option == 'c' ? optarg : asked.checkpoint;
		asked.history = option == 'H' ? optarg : asked.history;
		asked.from_start |= option == 's';
		asked.now |= option == 'n';
		asked.json |= option == 'J';
		if (option == 'h')
			return fputs(usage, stdout) < 0;
		if (option == '?')
			return command_usage(usage);
	}
	if (optind + 1 != argc)
		return command_usage(usage);
	asked.state_dir = argv[optind];
	return replay(&asked);
}
