// journal replay is done by parley-runtime: only the program that serves has the fold, and what is checked
// must be that very one. So this verb becomes it.
#include "history/journal_history.h"
#include "runtime_program.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORDS_MOST = 16 };

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

// --- from the history ---

// `place`: of the words, where the folder with the history is to stand.
static Err replay_history(Cli *cli, const char **words, size_t place)
{
	const char *dir;
	TRY(history_folder_make(cli, &dir));
	words[place] = dir;
	Err e = journal_from_history(cli, dir);
	if (e == OK)
		e = runtime_run(
		        cli, words); // in a process of its own: what was made for it is removed afterwards
	ErrDetail why = *err_detail();
	history_folder_remove(dir);
	return e == OK ? OK : err_restore(&why);
}

Err verb_journal_replay(Cli *cli)
{
	const char *state, *journal, *words[WORDS_MOST];
	size_t count = 0;
	if (!cli_given(cli, OPT_CHECK))
		return cli_usage(cli,
		        "replay compares and changes nothing, so say so: parley journal replay %s --check",
		        cli->line.arguments[0]);
	TRY(find_folders(cli, &state, &journal));
	words[count++] = runtime_program(cli);
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
	bool history = cli_given(cli, OPT_FROM_HISTORY);
	if (history) {
		words[count++] = "--history";
		words[count++] = NULL; // where it will be
	}
	size_t place = count - 1;
	words[count++] = "--";
	words[count++] = state;
	words[count] = NULL;
	if (history)
		return replay_history(cli, words, place);
	return runtime_become(words);
}
