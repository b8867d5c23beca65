#include "trust/consent.h"

Err consent_to_sign(Cli *cli, const char *environment)
{
	char line[16] = "";

	if (cli_given(cli, OPT_YES))
		return OK;
	FILE *terminal = fopen("/dev/tty", "r+e");
	if (!terminal)
		return cli_usage(cli, "there is no terminal to ask at: look at it, then say --yes");
	fprintf(terminal, "\nSign this for %s? Type yes: ", environment);
	fflush(terminal);
	char *got = fgets(line, sizeof line, terminal);
	fclose(terminal);
	return got && strcmp(line, "yes\n") == 0 ? OK : err(ERR_CANCELLED, "nothing was signed");
}
