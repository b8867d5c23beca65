// The C side of postgres.sh: runs it and keeps what it prints.
#include "lib/postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void run(const char *command, char *output, size_t size)
{
	char line[600];
	snprintf(line, sizeof(line), "'" POSTGRES_SH "' %s", command);
	FILE *pipe = popen(line, "r");
	if (!pipe || !fgets(output, (int)size, pipe))
		output[0] = 0;
	output[strcspn(output, "\n")] = 0;
	if (!pipe || pclose(pipe) != 0) {
		fprintf(stderr, "failed: %s\n", line);
		exit(1);
	}
}

static void run_on(const TestPostgres *postgres, const char *command)
{
	char line[400], output[16];
	snprintf(line, sizeof(line), "%s '%s'", command, postgres->dir);
	run(line, output, sizeof(output));
}

void test_postgres_start(TestPostgres *postgres)
{
	char command[64];
	snprintf(command, sizeof(command), "start --owner %d", (int)getpid());
	run(command, postgres->dir, sizeof(postgres->dir));
	snprintf(postgres->conninfo, sizeof(postgres->conninfo), "host=%s user=parley dbname=parley",
	        postgres->dir);
}

void test_postgres_stop(TestPostgres *postgres)
{
	run_on(postgres, "stop");
}

void test_postgres_halt(TestPostgres *postgres)
{
	run_on(postgres, "halt");
}

void test_postgres_resume(TestPostgres *postgres)
{
	run_on(postgres, "resume");
}
