// Profiles are kept by their content, as snapshots are, so that what a plan says it was made of can be found;
// which of them belong to a plan that is not whole yet, a link by the plan's name says.
#include "plan/inputs.h"

#include "base/file.h"
#include "events/workbench.h"
#include "runtime_program.h"
#include "snapshot/snapshot.h"

#include <errno.h>
#include <unistd.h>

enum { PROFILES_MAX = 1 << 30 };

// --- state ---

Err plan_state_path(Cli *cli, const char **ret)
{
	const char *name = cli_option(cli, OPT_STATE_FILE);

	*ret = name;
	if (!name || strchr(name, '/') || access(name, F_OK) == 0)
		return OK;
	TRY(workbench_path(cli, "states", name, ret));
	return access(*ret, R_OK) == 0
	               ? OK
	               : err(ERR_RESOURCE_NOT_FOUND,
	                         "there is neither a file nor a visitor state \"%s\": parley plan "
	                         "state %s makes one",
	                         name, name);
}

// --- profiles ---

static Err gather(Cli *cli, const char *set, const char *snapshot, const char *path)
{
	const char *words[] = {runtime_program(cli), "profiles", "--set", set, "--snapshot", snapshot,
	        "--database", cli_option(cli, OPT_DATABASE), "--out", path, NULL};

	TRY(runtime_run(cli, words));
	if (cli->exit_code == EXIT_OK)
		return OK;
	unlink(path);
	return err(cli->exit_code == EXIT_UNAVAILABLE ? ERR_DB_UNAVAILABLE : ERR_IO,
	        "the visitors' profiles could not be read");
}

// The file gets its content's name, and `link` leads to it.
static Err keep(Cli *cli, const char *path, const char *link, const char **ret)
{
	const char *folder, *made = arena_printf(cli->arena, "%s.link", path);
	char hex[65];
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	Str content;

	if (!arena || !made)
		return err(ERR_NO_MEMORY, "no memory for profiles");
	TRY(file_read(path, PROFILES_MAX, arena, &content));
	Digest digest = digest_of(content);
	digest_hex(&digest, hex);
	TRY(workbench_folder(cli, &folder));
	*ret = arena_printf(cli->arena, "%s/profiles/%s", folder, hex);
	unlink(made);
	if (rename(path, *ret) != 0 || symlink(hex, made) != 0 || rename(made, link) != 0)
		return err_errno(ERR_IO, "cannot write %s", link);
	return OK;
}

Err plan_profiles_path(Cli *cli, const char *plan, const char *set, const char *snapshot, const char **ret)
{
	const char *link, *part;

	*ret = cli_option(cli, OPT_PROFILES);
	if (!cli_given(cli, OPT_DATABASE))
		return OK;
	if (*ret)
		return cli_usage(cli, "profiles come from --profiles or from --database, not from both");
	TRY(workbench_path(cli, "profiles", plan, &link));
	TRY(workbench_path(cli, "plans", plan, &part));
	part = arena_printf(cli->arena, "%s.part", part);
	if (access(part, F_OK) == 0 && access(link, R_OK) == 0) {
		fprintf(stderr, "profiles: those that were read for this plan before it was broken off\n");
		*ret = link;
		return OK;
	}
	const char *path = arena_printf(cli->arena, "%s.reading", link);
	TRY(gather(cli, set, snapshot, path));
	return keep(cli, path, link, ret);
}
