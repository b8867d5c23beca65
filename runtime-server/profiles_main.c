// It is a part of this program because profiles are read as a server reads them: the same statement, the same
// types, the same values refused.
#include "profiles_main.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "command.h"
#include "plan/gather.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { ARENA_BLOCK = 256 << 10, QUIET_US = 2000000 };

static const char usage[] =
        "usage: parley-runtime profiles --set FILE --snapshot FILE --database CONNINFO --out FILE\n"
        "\n"
        "Reads the profile of everybody in an event set from the profile database, as a server does, and "
        "writes "
        "a JSON\n"
        "object a line, as plan --profiles takes them. See: parley plan run --help\n";

typedef struct Asked {
	const char *set, *snapshot, *database, *out;
} Asked;

typedef struct Progress {
	int64_t start_us, told_us;
	uint64_t all;
	bool shown;
} Progress;

static void tell_progress(void *context, uint64_t events, uint64_t visitors)
{
	Progress *progress = context;
	int64_t now_us = monotonic_us();
	if (now_us - progress->start_us < QUIET_US || now_us - progress->told_us < US_PER_S ||
	        !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\rprofiles of %" PRIu64 " visitors, in %" PRIu64 " of %" PRIu64 " events \033[K",
	        visitors, events, progress->all);
	progress->told_us = now_us;
	progress->shown = true;
}

static void tell(const GatherReport *report)
{
	fprintf(stderr, "profiles of %" PRIu64 " visitors: %" PRIu64 " found, %" PRIu64 " not",
	        report->visitors, report->loaded, report->not_found);
	if (report->ambiguous > 0)
		fprintf(stderr, ", %" PRIu64 " with several rows, of which none is taken", report->ambiguous);
	if (report->refused > 0)
		fprintf(stderr, "; %" PRIu64 " have values that do not fit their attributes' types",
		        report->refused);
	if (report->nobody > 0)
		fprintf(stderr, "; %" PRIu64 " events name nobody whom the snapshot knows", report->nobody);
	fputc('\n', stderr);
}

static Err gather(const Asked *asked)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	CLEANUP(event_set_closep) EventSet *set = NULL;
	CLEANUP(rehearsal_content_freep) RehearsalContent *content = NULL;
	Progress progress = {.start_us = monotonic_us()};
	GatherReport report;
	Str blob;
	if (arena == NULL)
		return err(ERR_NO_MEMORY, "no memory for a snapshot");
	TRY(event_set_open(asked->set, &set));
	TRY(file_read(asked->snapshot, SNAPSHOT_MAX, arena, &blob));
	TRY(rehearsal_content_open(blob, 1, &content));
	progress.all = event_set_info(set)->events;
	Err e = profiles_gather(&(GatherOptions){.set = set,
	                                .content = content,
	                                .conninfo = asked->database,
	                                .path = asked->out,
	                                .progress = tell_progress,
	                                .context = &progress},
	        &report);
	if (progress.shown)
		fputs("\r\033[K", stderr);
	TRY(e);
	tell(&report);
	return OK;
}

static int run(const Asked *asked)
{
	Err e = gather(asked);
	if (e == OK)
		return DONE;
	command_failed(e);
	if (e == ERR_DB_UNAVAILABLE)
		return UNAVAILABLE;
	return e == ERR_IO || e == ERR_NO_MEMORY ? FAILED : REFUSED;
}

int profiles_main(int argc, char **argv)
{
	static const struct option rows[] = {
	        {"set", required_argument, NULL, 's'},
	        {"snapshot", required_argument, NULL, 'b'},
	        {"database", required_argument, NULL, 'd'},
	        {"out", required_argument, NULL, 'o'},
	        {"help", no_argument, NULL, 'h'},
	        {0},
	};
	Asked asked = {0};
	for (int option; (option = getopt_long(argc, argv, "h", rows, NULL)) != -1;) {
		asked.set = option == 's' ? optarg : asked.set;
		asked.snapshot = option == 'b' ? optarg : asked.snapshot;
		asked.database = option == 'd' ? optarg : asked.database;
		asked.out = option == 'o' ? optarg : asked.out;
		if (option == 'h')
			return fputs(usage, stdout) < 0;
		if (option == '?')
			break;
	}
	if (optind == argc && asked.set && asked.snapshot && asked.database && asked.out)
		return run(&asked);
	return command_usage(usage);
}
