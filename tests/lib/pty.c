// parley-pty: somebody at a terminal, for tests of prompts. It runs a command on a pseudo-terminal of its
// own, waits for what it is told to, types the answers, and hands on all that the terminal showed.
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SHOWN_MAX = 1 << 20, EXIT_USAGE = 2, EXIT_LATE = 124, EXIT_UNASKED = 125, EXIT_NO_COMMAND = 127 };

static const char usage[] = "usage: parley-pty SECONDS [TEXT ANSWER]… -- COMMAND…\n"
                            "\n"
                            "Runs COMMAND on a terminal; when it shows TEXT, types ANSWER and Enter, one "
                            "pair after the other. What the\n"
                            "terminal showed goes to standard output. Exits as COMMAND does; with 124 if it "
                            "takes longer than SECONDS, with\n"
                            "125 if it ends before it showed a TEXT.\n";

typedef struct Terminal {
	int fd;
	char *shown; // all of it
	size_t len;
	size_t read; // where the next TEXT is looked for
} Terminal;

static long now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Some more of it; false at its end, or when the time is up (`*ret_late`).
static bool look(Terminal *terminal, long until_ms, bool *ret_late)
{
	struct pollfd ready = {.fd = terminal->fd, .events = POLLIN};
	long left = until_ms - now_ms();
	int n = left > 0 ? poll(&ready, 1, (int)left) : 0;
	*ret_late = n == 0;
	if (n <= 0)
		return n < 0 && errno == EINTR;
	if (terminal->len == SHOWN_MAX)
		return false;
	ssize_t got = read(terminal->fd, terminal->shown + terminal->len, SHOWN_MAX - terminal->len);
	if (got <= 0)
		return false; // EIO: the last one who had it is gone
	(void)!write(STDOUT_FILENO, terminal->shown + terminal->len, (size_t)got);
	terminal->len += (size_t)got;
	return true;
}

static bool shows(Terminal *terminal, const char *text)
{
	size_t len = strlen(text);
	char *at = memmem(terminal->shown + terminal->read, terminal->len - terminal->read, text, len);
	if (at)
		terminal->read = (size_t)(at - terminal->shown) + len;
	return at != NULL;
}

static void type(const Terminal *terminal, const char *answer)
{
	(void)!write(terminal->fd, answer, strlen(answer));
	(void)!write(terminal->fd, "\n", 1);
}

// What the conversation comes to, 0 if all was asked for.
static int converse(Terminal *terminal, char **pairs, char **end, long until_ms)
{
	bool late = false;
	for (; pairs < end; pairs += 2) {
		while (!shows(terminal, pairs[0])) {
			if (look(terminal, until_ms, &late))
				continue;
			fprintf(stderr, "\nparley-pty: %s, and it has not shown: %s\n",
			        late ? "the time is up" : "it has ended", pairs[0]);
			return late ? EXIT_LATE : EXIT_UNASKED;
		}
		type(terminal, pairs[1]);
	}
	while (look(terminal, until_ms, &late))
		;
	return late ? EXIT_LATE : 0;
}

int main(int argc, char **argv)
{
	int split = 2;
	while (split < argc && strcmp(argv[split], "--") != 0)
		split++;
	if (split + 1 >= argc || split % 2 != 0) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	const struct winsize size = {.ws_row = 50, .ws_col = 200};
	Terminal terminal = {.shown = malloc(SHOWN_MAX)};
	pid_t child = terminal.shown ? forkpty(&terminal.fd, NULL, NULL, &size) : -1;
	if (child < 0) {
		perror("parley-pty");
		return EXIT_USAGE;
	}
	if (child == 0) {
		execvp(argv[split + 1], argv + split + 1);
		perror(argv[split + 1]);
		_exit(EXIT_NO_COMMAND);
	}
	int status = 0, said = converse(&terminal, argv + 2, argv + split, now_ms() + 1000 * atol(argv[1]));
	close(terminal.fd); // hangs up on who is still there
	waitpid(child, &status, 0);
	free(terminal.shown);
	if (said)
		return said;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
