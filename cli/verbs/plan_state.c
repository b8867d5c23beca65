// plan state: the visitor state that plans begin with, by name in the workbench: a server's checkpoint, or
// the history up to a moment, folded by parley-runtime. What is in such a file only that program can read, so
// where it came from, and of when, is noted beside it.
#include "base/clock.h"
#include "base/file.h"
#include "events/workbench.h"
#include "history/journal_history.h"
#include "moment.h"
#include "output.h"
#include "runtime_program.h"
#include "snapshot/snapshot.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATE_MAX = 1 << 30, NOTE_MAX = 16 * 1024 };

typedef struct Making {
	Cli *cli;
	const char *name, *path, *part, *note;
	const char *from;
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
	making->from = file;
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
	TRY(cli_need(making->cli, OPT_ENV, &making->from));
	making->from = arena_printf(making->cli->arena, "history of %s", making->from);
	TRY(history_folder_make(making->cli, &dir));
	Err e = fold(making, dir);
	ErrDetail why = *err_detail();
	history_folder_remove(dir);
	return e == OK ? OK : err_restore(&why);
}

// --- making one ---

// Written before the state is in place: a state without its note is one of before there were notes.
static Err note_keep(const Making *making, json_t **ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	char hex[65], time[TIME_TEXT_SIZE];
	Str content;

	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for visitor state");
	TRY(file_read(making->part, STATE_MAX, arena, &content));
	Digest digest = digest_of(content);
	digest_hex(&digest, hex);
	time_format(clock_now_us(clock_system()), time);
	CLEANUP(json_decrefp_)
	json_t *made = json_pack("{s:s, s:s, s:s, s:I, s:s}", "name", making->name, "made", time, "from",
	        making->from, "bytes", (json_int_t)content.len, "digest", hex);
	if (making->as_of_us != 0) {
		time_format(making->as_of_us, time);
		json_object_set_new(made, "as_of", json_string(time));
		json_object_set_new(made, "rows", json_integer(making->rows));
	}
	TRY(json_text(made, false, arena, &content));
	TRY(file_write_durable(making->note, content, 0600));
	*ret = STEAL(made);
	return OK;
}

static const char *note_path(Cli *cli, const char *path)
{
	return arena_printf(cli->arena, "%s.note", path);
}

static Err state_make(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *made = NULL;
	Making making = {.cli = cli, .name = cli->line.arguments[0]};
	bool history = cli_given(cli, OPT_FROM_HISTORY);

	if (history == (cli_given(cli, OPT_STATE) || cli_given(cli, OPT_CHECKPOINT)))
		return cli_usage(cli,
		        "from where? give --state STATE_DIR or --checkpoint FILE of a server, or "
		        "--from-history");
	TRY(workbench_path(cli, "states", making.name, &making.path));
	if (access(making.path, F_OK) == 0)
		return err(ERR_RESOURCE_EXISTS,
		        "there is a visitor state \"%s\": give another name, or parley plan state "
		        "remove %s",
		        making.name, making.name);
	making.part = arena_printf(cli->arena, "%s.part", making.path);
	making.note = note_path(cli, making.path);
	TRY(history ? from_history(&making) : from_server(&making));
	TRY(note_keep(&making, &made));
	if (rename(making.part, making.path) != 0)
		return err_errno(ERR_IO, "cannot write %s", making.path);
	return print_one(cli, made);
}

// --- those that are there ---

static Err state_json(Cli *cli, const char *name, json_t **ret)
{
	const char *path;
	Str note;

	TRY(workbench_path(cli, "states", name, &path));
	if (access(note_path(cli, path), F_OK) != 0) {
		*ret = json_pack("{s:s}", "name", name);
		return workbench_size(path, *ret);
	}
	TRY(file_read(note_path(cli, path), NOTE_MAX, cli->arena, &note));
	return json_parse(note, NOTE_MAX, ret);
}

static Err states_list(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *names = NULL, *states = json_array();
	const json_t *name;
	size_t i;

	TRY(workbench_names(cli, "states", &names));
	json_array_foreach(names, i, name)
	{
		json_t *state;

		TRY(state_json(cli, json_string_value(name), &state));
		json_array_append_new(states, state);
	}
	return print_items(
	        cli, states, "NAME:name AS-OF:as_of FROM:from/3 BYTES:bytes/2 MADE:made/1 DIGEST:digest/4");
}

static Err state_remove(Cli *cli)
{
	const char *path, *name = cli->line.arguments[1];

	TRY(workbench_path(cli, "states", name, &path));
	unlink(note_path(cli, path));
	bool part = unlink(arena_printf(cli->arena, "%s.part", path)) == 0;
	if (unlink(path) == 0 || (part && errno == ENOENT))
		return OK;
	return errno == ENOENT ? err(ERR_RESOURCE_NOT_FOUND,
	                                 "there is no visitor state \"%s\": parley plan state list", name)
	                       : err_errno(ERR_IO, "cannot remove %s", path);
}

// --- the verb ---

// "list" and "remove" are no names of states.
Err verb_plan_state(Cli *cli)
{
	const char *word = cli->line.arguments[0];
	bool lists = strcmp(word, "list") == 0, removes = strcmp(word, "remove") == 0;

	if (removes != (cli->line.count == 2))
		return cli_usage(
		        cli, "one name; or parley plan state list, or parley plan state remove NAME");
	if (lists)
		return states_list(cli);
	return removes ? state_remove(cli) : state_make(cli);
}
