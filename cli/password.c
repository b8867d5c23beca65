// The terminal's echo is restored on every way out; a signal in between restores it too, because signals wait
// meanwhile.
#include "password.h"

#include "base/file.h"

#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_MAX = 1024 };

static Err first_line(Cli *cli, FILE *from, const char **ret)
{
	char line[PASSWORD_MAX + 2] = "";
	size_t len = fgets(line, sizeof line, from) ? strcspn(line, "\r\n") : 0;

	if (len == 0 || len > PASSWORD_MAX)
		return err(ERR_FIELD_INVALID, "there is no password, or it is longer than %d bytes",
		        PASSWORD_MAX);
	line[len] = '\0';
	*ret = arena_cstr(cli->arena, str(line));
	explicit_bzero(line, sizeof line);
	return OK;
}

static Err from_file(Cli *cli, const char *path, const char **ret)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	Err e;

	if (!file) {
		cli->usage = true;
		return err_errno(ERR_IO, "cannot read the password from %s", path);
	}
	e = first_line(cli, file, ret);
	if (file != stdin)
		fclose(file);
	return e;
}

static Err ask(Cli *cli, FILE *terminal, const char *prompt, const char **ret)
{
	struct termios before, silent;
	sigset_t all, mask;
	Err e;

	if (tcgetattr(fileno(terminal), &before) != 0)
		return err_errno(ERR_IO, "cannot ask for the password");
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &mask);
	fputs(prompt, terminal);
	fflush(terminal);
	tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
	e = first_line(cli, terminal, ret);
	tcsetattr(fileno(terminal), TCSAFLUSH, &before);
	fputs("\n", terminal);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return e;
}

Err password_read(Cli *cli, const char *prompt, bool twice, const char **ret)
{
	const char *path = cli_option(cli, OPT_PASSWORD_FILE), *again;
	FILE *terminal;
	Err e;

	if (path)
		return from_file(cli, path, ret);
	terminal = fopen("/dev/tty", "r+e");
	if (!terminal)
		return cli_usage(cli, "there is no terminal to ask for the password: give --password-file "
		                      "FILE, or - for standard input");
	e = ask(cli, terminal, prompt, ret);
	if (e == OK && twice) {
		e = ask(cli, terminal, "Again: ", &again);
		if (e == OK && strcmp(*ret, again) != 0)
			e = err(ERR_FIELD_INVALID, "the two passwords differ; nothing was changed");
	}
	fclose(terminal);
	return e;
}
