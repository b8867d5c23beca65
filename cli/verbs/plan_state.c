// plan state: the visitor state that plans begin with, by name in the workbench: a server's checkpoint, or
// the history up to a moment, folded by parley-runtime.
#include "base/clock.h"
#include "base/file.h"
#include "events/workbench.h"
#include "history/journal_history.h"
#include "moment.h"
#include "output.h"
#include "runtime_program.h"
#include "snapshot/snapshot.h"

#include <sys/stat.h>
#include <unistd.h>

enum { STATE_MAX = 1 << 30 };

typedef struct Making {
	Cli *cli;
	const char *name, *path, *part;
	int64_t as_of_us; // 0: the checkpoint's own
	int64_t rows;     // of the history
} Making;

// --- from a server ---

static Err from_server(Making *making)
{
	Cli *cli = making->cli;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	const char *state = cli_option(cli, OPT_STATE), *file = cli_option(cli, OPT_CHECKPOINT);
	Str content;

	file = file ? file : arena_printf(cli->arena, "%s/visitors/newest", state);
	if (access(file, F_OK) != 0)
		return err(ERR_RESOURCE_NOT_FOUND,
		        "there is no checkpoint %s: a server writes one every few minutes, when it stops, "
		        "and when it "
		        "gets SIGUSR1",
		        file);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for visitor state");
	TRY(file_read(file, STATE_MAX, arena, &content));
	return file_write_durable(making->part, content, 0600);
}

// --- from the history ---

static Err fold(Making *making, const char *dir)
{
	Cli *cli = making->cli;

	TRY(journal_from_all_history(cli, dir, making->as_of_us, &making->rows));
	const char *words[] = {runtime_program(cli), "assemble", "--history", dir, "--as-of",
	        arena_printf(cli->arena, "%lld", (long long)making->as_of_us), "--out", making->part, NULL};
	TRY(runtime_run(cli, words));
	return cli->exit_code == EXIT_OK ? OK : err(ERR_IO, "the history could not be folded");
}

static Err from_history(Making *making)
{
	const char *dir;

	TRY(cli_moment(making->cli, OPT_UNTIL, clock_now_us(clock_system()), &making->as_of_us));
	TRY(history_folder_make(making->cli, &dir));
	Err e = fold(making, dir);
	ErrDetail why = *err_detail();
	history_folder_remove(dir);
	return e == OK ? OK : err_restore(&why);
}

// --- the verb ---

static Err print_made(const Making *making)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	char hex[65], time[TIME_TEXT_SIZE];
	Str content;

	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for visitor state");
	TRY(file_read(making->path, STATE_MAX, arena, &content));
	Digest digest = digest_of(content);
	digest_hex(&digest, hex);
	CLEANUP(json_decrefp_)
	json_t *made = json_pack(
	        "{s:s, s:I, s:s}", "name", making->name, "bytes", (json_int_t)content.len, "digest", hex);
	if (making->as_of_us != 0) {
		time_format(making->as_of_us, time);
		json_object_set_new(made, "as_of", json_string(time));
		json_object_set_new(made, "rows", json_integer(making->rows));
	}
	return print_one(making->cli, made);
}

Err verb_plan_state(Cli *cli)
{
	Making making = {.cli = cli, .name = cli->line.arguments[0]};
	bool history = cli_given(cli, OPT_FROM_HISTORY);

	if (history == (cli_given(cli, OPT_STATE) || cli_given(cli, OPT_CHECKPOINT)))
		return cli_usage(cli,
		        "from where? give --state STATE_DIR or --checkpoint FILE of a server, or "
		        "--from-history");
	TRY(workbench_path(cli, "states", making.name, &making.path));
	if (access(making.path, F_OK) == 0)
		return err(ERR_RESOURCE_EXISTS,
		        "there is a visitor state \"%s\": give another name, or remove %s", making.name,
		        making.path);
	making.part = arena_printf(cli->arena, "%s.part", making.path);
	TRY(history ? from_history(&making) : from_server(&making));
	if (rename(making.part, making.path) != 0)
		return err_errno(ERR_IO, "cannot write %s", making.path);
	return print_made(&making);
}
