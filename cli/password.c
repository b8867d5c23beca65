// The terminal's echo is restored on every way out; a signal in between restores it too, because signals wait
// meanwhile.
#include "password.h"

#include "base/file.h"

#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_MAX = 1024 };

// What is asked for, and the option that names a file with it.
typedef struct Secret {
	OptionId file;
	const char *name;
} Secret;

static Err first_line(Cli *cli, const Secret *secret, FILE *from, const char **ret)
{
	char line[PASSWORD_MAX + 2] = "";
	size_t len = fgets(line, sizeof line, from) ? strcspn(line, "\r\n") : 0;

	if (len == 0 || len > PASSWORD_MAX)
		return err(ERR_FIELD_INVALID, "there is no %s, or it is longer than %d bytes", secret->name,
		        PASSWORD_MAX);
	line[len] = '\0';
	*ret = arena_cstr(cli->arena, str(line));
	explicit_bzero(line, sizeof line);
	return OK;
}

static Err from_file(Cli *cli, const Secret *secret, const char *path, const char **ret)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	Err e;

	if (!file) {
		cli->usage = true;
		return err_errno(ERR_IO, "cannot read the %s from %s", secret->name, path);
	}
	if (file != stdin)
		setvbuf(file, NULL, _IONBF, 0); // no copy of it stays behind
	e = first_line(cli, secret, file, ret);
	if (file != stdin)
		fclose(file);
	return e;
}

static Err ask(Cli *cli, const Secret *secret, FILE *terminal, const char *prompt, const char **ret)
{
	struct termios before, silent;
	sigset_t all, mask;
	Err e;

	if (tcgetattr(fileno(terminal), &before) != 0)
		return err_errno(ERR_IO, "cannot ask for the %s", secret->name);
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &mask);
	// Before the prompt: what is typed at once must not be shown either.
	tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
	fputs(prompt, terminal);
	fflush(terminal);
	e = first_line(cli, secret, terminal, ret);
	tcsetattr(fileno(terminal), TCSAFLUSH, &before);
	fputs("\n", terminal);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return e;
}

static Err secret_read(Cli *cli, const Secret *secret, const char *prompt, bool twice, const char **ret)
{
	const char *path = cli_option(cli, secret->file), *again;
	FILE *terminal;
	Err e;

	if (path)
		return from_file(cli, secret, path, ret);
	terminal = fopen("/dev/tty", "r+e");
	if (!terminal)
		return cli_usage(cli,
		        "there is no terminal to ask for the %s: give --%s FILE, or - for standard input",
		        secret->name, option_rows[secret->file].name);
	setvbuf(terminal, NULL, _IONBF, 0);
	e = ask(cli, secret, terminal, prompt, ret);
	if (e == OK && twice) {
		e = ask(cli, secret, terminal, "Again: ", &again);
		if (e == OK && strcmp(*ret, again) != 0)
			e = err(ERR_FIELD_INVALID, "the two %ss differ; nothing was changed", secret->name);
		if (e == OK)
			secret_forget(again);
	}
	fclose(terminal);
	return e;
}

Err password_read(Cli *cli, const char *prompt, bool twice, const char **ret)
{
	return secret_read(cli, &(Secret){OPT_PASSWORD_FILE, "password"}, prompt, twice, ret);
}

Err passphrase_read(Cli *cli, OptionId file, const char *prompt, bool twice, const char **ret)
{
	return secret_read(cli, &(Secret){file, "passphrase"}, prompt, twice, ret);
}

void secret_forget(const char *secret)
{
	explicit_bzero((char *)(uintptr_t)secret, strlen(secret));
}
