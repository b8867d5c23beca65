#include "runtime_program.h"

#include <errno.h>
#include <libgen.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROGRAM_PATH = 4096 };

#define PROGRAM    "parley-runtime"
#define CANNOT_RUN "cannot run " PROGRAM ", which does this: install it beside parley"

const char *runtime_program(Cli *cli)
{
	char own[PROGRAM_PATH];
	ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
	if (len <= 0)
		return PROGRAM;
	own[len] = '\0';
	const char *beside = arena_printf(cli->arena, "%s/" PROGRAM, dirname(own));
	return beside != NULL && access(beside, X_OK) == 0 ? beside : PROGRAM;
}

Err runtime_become(const char **words)
{
	execvp(words[0], (char **)(uintptr_t)words);
	return err_errno(ERR_RESOURCE_NOT_FOUND, CANNOT_RUN);
}

Err runtime_run(Cli *cli, const char **words)
{
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		execvp(words[0], (char **)(uintptr_t)words);
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			child = -1;
	if (child < 0)
		return err_errno(ERR_IO, "cannot run " PROGRAM);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return err(ERR_RESOURCE_NOT_FOUND, CANNOT_RUN);
	cli->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_INTERNAL;
	return OK;
}
