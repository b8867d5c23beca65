// It is a part of this program because a rehearsal is the runtime itself: who rehearses with one version's
// program learns what that version does.
#include "rehearse_main.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "command.h"
#include "rehearsal/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_BLOCK = 256 << 10 };

static const char usage[] =
        "usage: parley-runtime rehearse --snapshot FILE [--version N] [--state FILE] [--save FILE]\n"
        "\n"
        "Runs a snapshot's blob without network, disk or clock: reads a JSON object a line and answers with "
        "one "
        "a\nline, in order. Sessions, actions, visitor state and records are the runtime's own.\n"
        "\n"
        "  {\"at\": \"2026-01-31T08:00:00Z\", \"seed\": 1, \"call\": {\"start_session\": {…}}}   a call of a "
        "touchpoint\n"
        "  {\"at\": …, \"recommend\": {…}}, {\"at\": …, \"respond\": {…}}   the same without a session\n"
        "  {\"at\": …}                              time passes\n"
        "  {\"profile\": {\"level\": \"customer\", \"id\": \"4711\", \"attributes\": {\"age\": 30}}}\n"
        "  {\"at\": …, \"given\": {\"level\": …, \"id\": …, \"offer\": \"GOLD\", \"kind\": \"accept\"}}   "
        "happened before\n"
        "  {\"at\": …, \"state\": {\"level\": …, \"id\": …}}   what is remembered of a visitor\n"
        "  {\"reset\": true}                        forgets all: another story begins\n"
        "\n"
        "An answer has \"result\", \"state\" or \"error\", and \"entries\": what the journal was told.\n"
        "\n"
        "  --snapshot FILE  a snapshot's bytes\n"
        "  --version N      what answers call it (default 1)\n"
        "  --state FILE     the visitor state to begin with: a runtime server's checkpoint\n"
        "  --save FILE      where the state of the end goes, as a checkpoint\n";

typedef struct Asked {
	const char *snapshot, *state, *save;
	uint64_t version;
} Asked;

static int exit_of(Err e)
{
	if (e == ERR_IO || e == ERR_NO_MEMORY)
		return FAILED;
	return REFUSED;
}

static int fail(Err e)
{
	command_failed(e);
	return exit_of(e);
}

static void freep(char **text)
{
	free(*text);
}

// Every answer goes out at once: who asks waits for it.
static Err answer_lines(Driver *driver)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	CLEANUP(freep) char *line = NULL;
	size_t room = 0;
	if (arena == NULL)
		return err(ERR_NO_MEMORY, "no memory for a line");
	for (ssize_t len; (len = getline(&line, &room, stdin)) > 0;) {
		Str answer;
		arena_reset(arena);
		len -= line[len - 1] == '\n';
		if (len == 0)
			continue;
		TRY(driver_line(driver, str_n(line, (size_t)len), arena, &answer));
		if (printf(STR_FMT "\n", STR_ARG(answer)) < 0 || fflush(stdout) != 0)
			return err_errno(ERR_IO, "cannot write an answer");
	}
	return ferror(stdin) ? err_errno(ERR_IO, "cannot read a line") : OK;
}

static Err save(Driver *driver, const char *path)
{
	CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return fd >= 0 ? driver_save(driver, fd) : err_errno(ERR_IO, "cannot make %s", path);
}

static Err rehearse(const Asked *asked, const RehearsalContent *content)
{
	CLEANUP(fd_closep) int state = -1;
	Driver *driver = NULL;
	if (asked->state != NULL && (state = open(asked->state, O_RDONLY | O_CLOEXEC)) < 0)
		return err_errno(ERR_IO, "cannot open %s", asked->state);
	TRY(driver_new(&(DriverOptions){.content = content, .state_fd = state, .state_name = asked->state},
	        &driver));
	Err e = answer_lines(driver);
	if (e == OK && asked->save != NULL)
		e = save(driver, asked->save);
	ErrDetail why = *err_detail();
	driver_free(driver);
	return e == OK ? OK : err_restore(&why);
}

static Err open_content(const Asked *asked, RehearsalContent **ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	Str blob;
	if (arena == NULL)
		return err(ERR_NO_MEMORY, "no memory for a snapshot");
	TRY(file_read(asked->snapshot, SNAPSHOT_MAX, arena, &blob));
	return rehearsal_content_open(blob, asked->version, ret);
}

int rehearse_main(int argc, char **argv)
{
	static const struct option rows[] = {
	        {"snapshot", required_argument, NULL, 's'},
	        {"version", required_argument, NULL, 'v'},
	        {"state", required_argument, NULL, 'S'},
	        {"save", required_argument, NULL, 'o'},
	        {"help", no_argument, NULL, 'h'},
	        {0},
	};
	Asked asked = {.version = 1};
	for (int option; (option = getopt_long(argc, argv, "h", rows, NULL)) != -1;) {
		asked.snapshot = option == 's' ? optarg : asked.snapshot;
		asked.state = option == 'S' ? optarg : asked.state;
		asked.save = option == 'o' ? optarg : asked.save;
		if (option == 'h')
			return fputs(usage, stdout) < 0;
		if (option == '?' || (option == 'v' && !command_number(optarg, &asked.version)))
			return command_usage(usage);
	}
	if (optind != argc || asked.snapshot == NULL)
		return command_usage(usage);
	CLEANUP(rehearsal_content_freep) RehearsalContent *content = NULL;
	if (access(asked.snapshot, R_OK) != 0) {
		fprintf(stderr, "error: cannot read %s: %s\n", asked.snapshot, strerror(errno));
		return MISSING;
	}
	Err e = open_content(&asked, &content);
	if (e == OK)
		e = rehearse(&asked, content);
	return e == OK ? DONE : fail(e);
}
