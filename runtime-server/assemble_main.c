// It is a part of this program because the fold must be the very one that serves.
#include "assemble_main.h"

#include "base/cleanup.h"
#include "command.h"
#include "visitor/assemble.h"

#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] = "usage: parley-runtime assemble --history DIR --as-of MICROSECONDS --out FILE\n"
                            "\n"
                            "Folds records in the journal's form into visitor state as of a moment, and "
                            "writes it as a checkpoint. "
                            "See:\nparley plan state --help\n";

typedef struct Asked {
	const char *history, *out;
	int64_t as_of_us;
} Asked;

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static Err assemble(const Asked *asked)
{
	CLEANUP(closep) int fd = open(asked->out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
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

static int wrong_usage(void)
{
	fputs(usage, stderr);
	return USAGE;
}

static int run(const Asked *asked)
{
	Err e = assemble(asked);
	if (e == OK)
		return DONE;
	fprintf(stderr, "error: %s: %s\n", err_reason(e), err_detail()->message);
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
			return wrong_usage();
	}
	if (optind != argc || asked.history == NULL || asked.out == NULL || asked.as_of_us <= 0)
		return wrong_usage();
	return run(&asked);
}
