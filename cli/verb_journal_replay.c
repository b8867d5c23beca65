// journal replay is done by parley-runtime: only the program that serves has the fold, and what is checked
// must be that very one. This verb finds it beside itself, or in the path, and becomes it.
#include "base/cleanup.h"
#include "cli.h"

#include <errno.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROGRAM_PATH = 4096, WORDS_MOST = 16 };

#define PROGRAM "parley-runtime"

static const char *find_program(Cli *cli)
{
	char own[PROGRAM_PATH];
	ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
	if (len <= 0)
		return PROGRAM;
	own[len] = '\0';
	const char *beside = arena_printf(cli->arena, "%s/" PROGRAM, dirname(own));
	return beside != NULL && access(beside, X_OK) == 0 ? beside : PROGRAM;
}

static bool is_folder(Cli *cli, const char *dir, const char *name)
{
	struct stat stat_of;
	const char *path = arena_printf(cli->arena, "%s/%s", dir, name);
	return path != NULL && stat(path, &stat_of) == 0 && S_ISDIR(stat_of.st_mode);
}

// DIR is a state_dir, or a journal whose server has its state_dir elsewhere or around it.
static Err find_folders(Cli *cli, const char **ret_state, const char **ret_journal)
{
	const char *dir = cli->line.arguments[0], *state = cli_option(cli, OPT_STATE);
	bool whole = is_folder(cli, dir, "visitors");
	*ret_journal = whole ? arena_printf(cli->arena, "%s/journal", dir) : dir;
	*ret_state = state ? state : whole ? dir : arena_printf(cli->arena, "%s/..", dir);
	if (!is_folder(cli, *ret_state, "visitors"))
		return cli_usage(cli,
		        "%s has no folder visitors, where the server's checkpoints are: give its state_dir, "
		        "or the journal's folder and --state STATE_DIR",
		        *ret_state);
	return OK;
}

Err verb_journal_replay(Cli *cli)
{
	const char *state, *journal, *words[WORDS_MOST];
	size_t count = 0;
	if (!cli_given(cli, OPT_CHECK))
		return cli_usage(cli,
		        "replay changes nothing yet but checks: parley journal replay %s --check",
		        cli->line.arguments[0]);
	TRY(find_folders(cli, &state, &journal));
	words[count++] = find_program(cli);
	words[count++] = "replay";
	words[count++] = "--journal";
	words[count++] = journal;
	if (cli_given(cli, OPT_CHECKPOINT)) {
		words[count++] = "--checkpoint";
		words[count++] = cli_option(cli, OPT_CHECKPOINT);
	}
	if (cli_given(cli, OPT_FROM_START))
		words[count++] = "--from-start";
	if (cli_given(cli, OPT_NOW))
		words[count++] = "--now";
	if (cli->format != FORMAT_TABLE)
		words[count++] = "--json";
	words[count++] = "--";
	words[count++] = state;
	words[count] = NULL;
	execvp(words[0], (char **)(uintptr_t)words);
	return err_errno(ERR_RESOURCE_NOT_FOUND,
	        "cannot run " PROGRAM ", which has the fold: install it beside parley");
}
