// It is a part of this program because the fold must be the very one that serves.
#include "assemble_main.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "command.h"
#include "visitor/assemble.h"

#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] = "usage: parley-runtime assemble --history DIR --as-of MICROSECONDS --out FILE\n"
                            "\n"
                            "Folds records in the journal's form into visitor state as of a moment, and "
                            "writes it as a checkpoint. "
                            "See:\nparley plan state --help\n";

typedef struct Asked {
	const char *history, *out;
	int64_t as_of_us;
} Asked;

static Err assemble(const Asked *asked)
{
	CLEANUP(fd_closep) int fd = open(asked->out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	VisitorsAssembled done;
	if (fd < 0)
		return err_errno(ERR_IO, "cannot make %s", asked->out);
	TRY(visitors_assemble(asked->history, asked->as_of_us, fd, &done));
	fprintf(stderr, "%" PRIu64 " visitors of %" PRIu64 " records", done.visitors, done.records);
	if (done.forgotten > 0)
		fprintf(stderr, "; %" PRIu64 " more had to make room, as on a server", done.forgotten);
	if (done.unread > 0)
		fprintf(stderr, "; %" PRIu64 " records could not be read", done.unread);
	fputc('\n', stderr);
	return OK;
}

static int run(const Asked *asked)
{
	Err e = assemble(asked);
	if (e == OK)
		return DONE;
	command_failed(e);
	return e == ERR_IO || e == ERR_NO_MEMORY ? FAILED : REFUSED;
}

int assemble_main(int argc, char **argv)
{
	static const struct option rows[] = {
	        {"history", required_argument, NULL, 'H'},
	        {"as-of", required_argument, NULL, 'a'},
	        {"out", required_argument, NULL, 'o'},
	        {"help", no_argument, NULL, 'h'},
	        {0},
	};
	Asked asked = {0};
	for (int option; (option = getopt_long(argc, argv, "h", rows, NULL)) != -1;) {
		asked.history = option == 'H' ? optarg : asked.history;
		asked.out = option == 'o' ? optarg : asked.out;
		if (option == 'a')
			asked.as_of_us = strtoll(optarg, NULL, 10);
		if (option == 'h')
			return fputs(usage, stdout) < 0;
		if (option == '?')
			return command_usage(usage);
	}
	if (optind != argc || asked.history == NULL || asked.out == NULL || asked.as_of_us <= 0)
		return command_usage(usage);
	return run(&asked);
}
