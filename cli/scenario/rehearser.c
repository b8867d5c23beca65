// The snapshot goes to the program as a file in memory, so that what is rehearsed is what was read, and
// nothing has to be cleaned up.
#include "scenario/rehearser.h"

#include "runtime_program.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

// What is told and not yet answered is kept well below what a pipe holds, so that neither side ever waits for
// the other to read.
enum { TOLD_MOST = 16, TOLD_BYTES_MOST = 16 * 1024 };

struct Rehearser {
	FILE *to, *from;
	size_t told, told_bytes;
	RehearserHeard *heard;
	void *context;
	pid_t child;
	char *line;
	size_t room;
};

static Err put_all(int fd, Str bytes)
{
	while (bytes.len) {
		ssize_t put = write(fd, bytes.ptr, bytes.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return err_errno(ERR_IO, "cannot keep the snapshot in memory");
		bytes = str_n(bytes.ptr + put, bytes.len - (size_t)put);
	}
	return OK;
}

static void close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

// Only what it needs stays open in it: the pipes' other ends would keep it alive.
static void become(const char *program, int snapshot, const int *to, const int *from)
{
	char path[32];
	const char *words[] = {program, "rehearse", "--snapshot", path, NULL};

	snprintf(path, sizeof path, "/dev/fd/%d", snapshot);
	if (dup2(to[0], STDIN_FILENO) >= 0 && dup2(from[1], STDOUT_FILENO) >= 0) {
		int fds[] = {to[0], to[1], from[0], from[1]};

		for (size_t i = 0; i < ARRAY_COUNT(fds); i++)
			if (fds[i] > STDERR_FILENO)
				close(fds[i]);
		execvp(words[0], (char **)(uintptr_t)words);
	}
	fprintf(stderr, "cannot run %s: %s\n", program, strerror(errno));
	_exit(127);
}

static Err start(const char *program, int snapshot, Rehearser *rehearser)
{
	int fds[4] = {-1, -1, -1, -1};

	if (pipe(fds) != 0 || pipe(fds + 2) != 0) {
		close_all(fds, ARRAY_COUNT(fds));
		return err_errno(ERR_IO, "cannot make a pipe");
	}
	fflush(stdout);
	rehearser->child = fork();
	if (rehearser->child == 0)
		become(program, snapshot, fds, fds + 2);
	close(fds[0]);
	close(fds[3]);
	rehearser->to = fdopen(fds[1], "w");
	rehearser->from = fdopen(fds[2], "r");
	return rehearser->child > 0 && rehearser->to && rehearser->from
	               ? OK
	               : err_errno(ERR_IO, "cannot run %s", program);
}

Err rehearser_start(Cli *cli, Str blob, Rehearser **ret)
{
	CLEANUP(rehearser_endp) Rehearser *rehearser = calloc(1, sizeof *rehearser);
	int snapshot = memfd_create("snapshot", 0);

	if (!rehearser || snapshot < 0) {
		close_all(&snapshot, 1);
		return err_errno(ERR_IO, "cannot keep the snapshot in memory");
	}
	signal(SIGPIPE, SIG_IGN); // a program that ends is an error to be told
	Err e = put_all(snapshot, blob);
	if (!e)
		e = start(runtime_program(cli), snapshot, rehearser);
	close(snapshot);
	TRY(e);
	*ret = STEAL(rehearser);
	return OK;
}

static Err ended(const Rehearser *rehearser)
{
	int status = 0;
	pid_t gone = waitpid(rehearser->child, &status, WNOHANG);

	if (gone == rehearser->child && WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return err(ERR_RESOURCE_NOT_FOUND, "parley-runtime is needed: install it beside parley");
	return err(ERR_IO, "parley-runtime rehearse ended before its time; it says why above");
}

void rehearser_listen(Rehearser *rehearser, RehearserHeard *heard, void *context)
{
	rehearser->heard = heard;
	rehearser->context = context;
}

static Err put_line(Rehearser *rehearser, json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT);
	int failed = !text || fputs(text, rehearser->to) == EOF || fputc('\n', rehearser->to) == EOF;

	rehearser->told_bytes += text ? strlen(text) : 0;
	free(text);
	json_decref(line);
	return failed ? ended(rehearser) : OK;
}

static Err get_line(Rehearser *rehearser, json_t **ret)
{
	ssize_t len = getline(&rehearser->line, &rehearser->room, rehearser->from);

	return len > 0 ? json_parse(str_n(rehearser->line, (size_t)len), (size_t)len, ret) : ended(rehearser);
}

static Err hear_told(Rehearser *rehearser)
{
	if (fflush(rehearser->to) != 0)
		return ended(rehearser);
	for (; rehearser->told > 0; rehearser->told--) {
		CLEANUP(json_decrefp_) json_t *answer = NULL;

		TRY(get_line(rehearser, &answer));
		if (rehearser->heard)
			rehearser->heard(rehearser->context, answer);
	}
	rehearser->told_bytes = 0;
	return OK;
}

Err rehearser_tell(Rehearser *rehearser, json_t *line)
{
	TRY(put_line(rehearser, line));
	rehearser->told++;
	return rehearser->told >= TOLD_MOST || rehearser->told_bytes >= TOLD_BYTES_MOST ? hear_told(rehearser)
	                                                                                : OK;
}

Err rehearser_ask(Rehearser *rehearser, json_t *line, json_t **ret)
{
	TRY(put_line(rehearser, line));
	TRY(hear_told(rehearser));
	return get_line(rehearser, ret);
}

void rehearser_end(Rehearser *rehearser)
{
	if (!rehearser)
		return;
	if (rehearser->to)
		fclose(rehearser->to);
	if (rehearser->from)
		fclose(rehearser->from);
	while (rehearser->child > 0 && waitpid(rehearser->child, NULL, 0) < 0 && errno == EINTR)
		;
	free(rehearser->line);
	free(rehearser);
}
