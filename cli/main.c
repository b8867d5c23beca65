// Reads the command line, finds the verb, runs it, and turns what came of it into an exit code: the rest is
// in the verbs' files.
#include "cli.h"
#include "connect.h"

#include <locale.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static Err format_read(Cli *cli)
{
	static const char *const names[] = {"table", "json", "yaml", "csv"};
	const char *text = cli_option(cli, OPT_OUTPUT);

	cli->format_given = text != NULL;
	cli->wide = text && strcmp(text, "wide") == 0;
	if (cli->wide)
		return OK;
	for (size_t i = 0; text && i < ARRAY_COUNT(names); i++) {
		// CSV is for rows: only verbs that give nothing else have it.
		if (strcmp(text, names[i]) == 0 &&
		        (i != FORMAT_CSV || verb_takes(cli->line.verb, OPT_NO_HEADER))) {
			cli->format = (Format)i;
			return OK;
		}
	}
	return text ? cli_usage(cli, "%s has no format '%s': -o table, wide, json%s or yaml",
	                      cli->line.verb->words, text,
	                      verb_takes(cli->line.verb, OPT_NO_HEADER) ? ", csv" : "")
	            : OK;
}

static Err run(Cli *cli, int argc, char **argv)
{
	int64_t timeout_us;
	Err e = command_line_read(argc, argv, cli->arena, &cli->line);

	cli->usage = e != OK;
	TRY(e);
	if (cli->line.options[OPT_HELP] || !cli->line.verb) {
		if (cli->line.verb)
			help_print_verb(stdout, cli->line.verb);
		else if (cli->line.group)
			help_print_group(stdout, cli->line.group);
		else
			help_print_general(stdout);
		cli->exit_code = cli->line.options[OPT_HELP] ? EXIT_OK : EXIT_USAGE;
		return OK;
	}
	TRY(format_read(cli));
	TRY(cli_duration(cli, OPT_TIMEOUT, 30 * INT64_C(1000000), &timeout_us));
	cli->timeout_ms = (int)(timeout_us / 1000);
	TRY(context_load(cli->arena, &cli->contexts));
	TRY(context_select(&cli->contexts, cli_option(cli, OPT_CONTEXT), cli->arena, &cli->context));
	return cli->line.verb->run(cli);
}

int main(int argc, char **argv)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	Cli cli = {.arena = arena};
	Err e;

	// gRPC's threads may outlive main for a moment: what OpenSSL keeps for them must not be freed at exit
	// under their feet.
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	setlocale(LC_CTYPE, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	e = run(&cli, argc, argv);
	if (e == OK && (fflush(stdout) || ferror(stdout)))
		e = err_errno(ERR_IO, "cannot write to standard output");
	if (e != OK)
		cli_print_error(&cli, e);
	cli_disconnect(&cli);
	if (e == OK)
		return cli.exit_code;
	return cli.usage ? EXIT_USAGE : exit_code_of(e);
}
