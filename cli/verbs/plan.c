// plan: what a set of events would do, by name in the workbench. A plan is made by parley-runtime, because
// only that program has sessions, actions and visitor state; the snapshot's bytes are kept beside the plans
// by their digest, so that a plan can be made again.
#include "events/workbench.h"
#include "output.h"
#include "plan/inputs.h"
#include "plan/json.h"
#include "plan/open.h"
#include "release/snapshot_source.h"
#include "runtime_program.h"
#include "snapshot/snapshot.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <unistd.h>

enum { WORDS_MOST = 32 };

// --- running ---

static Err snapshot_keep(Cli *cli, const char **ret)
{
	const char *source, *folder;
	char hex[65];
	Str blob;

	TRY(cli_need(cli, OPT_SNAPSHOT, &source));
	TRY(snapshot_source(cli, source, cli->arena, &blob));
	if (blob.len == 0)
		return err(ERR_FIELD_INVALID, "%s switches the channel off: there is nothing to plan with",
		        source);
	Digest digest = digest_of(blob);
	digest_hex(&digest, hex);
	TRY(workbench_folder(cli, &folder));
	folder = arena_printf(cli->arena, "%s/snapshots", folder);
	TRY(dir_make(folder, 0700));
	*ret = arena_printf(cli->arena, "%s/%s", folder, hex);
	return access(*ret, R_OK) == 0 ? OK : file_write_durable(*ret, blob, 0600);
}

Err verb_plan_run(Cli *cli)
{
	static const struct {
		OptionId option;
		const char *word;
	} passed[] = {{OPT_CONTACT, "--contact-event"}, {OPT_SEED, "--seed"}, {OPT_THREADS, "--threads"}};
	const char *words[WORDS_MOST], *name, *set, *snapshot = NULL, *plan, *state, *profiles;
	size_t count = 0;

	TRY(cli_need(cli, OPT_NAME, &name));
	TRY(workbench_path(cli, "sets", cli->line.arguments[0], &set));
	TRY(workbench_path(cli, "plans", name, &plan));
	if (access(set, R_OK) != 0)
		return err(ERR_RESOURCE_NOT_FOUND, "there is no event set \"%s\": parley events list",
		        cli->line.arguments[0]);
	if (access(plan, F_OK) == 0)
		return err(ERR_RESOURCE_EXISTS,
		        "there is a plan \"%s\": give another name, or parley plan remove %s", name, name);
	TRY(plan_state_path(cli, &state));
	TRY(snapshot_keep(cli, &snapshot));
	TRY(plan_profiles_path(cli, name, set, snapshot, &profiles));
	words[count++] = runtime_program(cli);
	words[count++] = "plan";
	words[count++] = "--set";
	words[count++] = set;
	words[count++] = "--snapshot";
	words[count++] = snapshot;
	words[count++] = "--out";
	words[count++] = plan;
	for (size_t i = 0; i < ARRAY_COUNT(passed); i++)
		if (cli_given(cli, passed[i].option)) {
			words[count++] = passed[i].word;
			words[count++] = cli_option(cli, passed[i].option);
		}
	if (state) {
		words[count++] = "--state";
		words[count++] = state;
	}
	if (profiles) {
		words[count++] = "--profiles";
		words[count++] = profiles;
	}
	if (cli_given(cli, OPT_EXPLAIN))
		words[count++] = "--explain";
	if (cli_given(cli, OPT_BRIEF))
		words[count++] = "--brief";
	if (cli->format != FORMAT_TABLE)
		words[count++] = "--json";
	words[count] = NULL;
	return runtime_become(words);
}

// --- looking ---

static json_t *plan_row(Cli *cli, const char *name, const PlanEnd *end)
{
	json_t *row = plan_json(cli->arena, name, end);
	const char *path;

	if (workbench_path(cli, "plans", name, &path) == OK)
		(void)workbench_size(path, row);
	return row;
}

Err verb_plan_list(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *names = NULL, *plans = json_array();
	size_t i;
	json_t *name;

	TRY(workbench_names(cli, "plans", &names));
	json_array_foreach(names, i, name)
	{
		CLEANUP(plan_file_closep) PlanFile *plan = NULL;

		TRY(plan_open(cli, json_string_value(name), &plan));
		json_array_append_new(plans, plan_row(cli, json_string_value(name), plan_file_end(plan)));
	}
	TRY(workbench_tell_parts(cli, "plans", ".part", "parley plan remove"));
	return print_items(cli, plans,
	        "NAME:name CHANNEL:channel/1 QUESTIONS:questions/2 RECOMMENDED:recommended/3 "
	        "PROBLEMS:problems/4 "
	        "BYTES:bytes/7 SET:set/6 SNAPSHOT:snapshot/5 DIGEST:digest/8");
}

Err verb_plan_verify(Cli *cli)
{
	CLEANUP(plan_file_closep) PlanFile *plan = NULL;

	TRY(plan_open(cli, cli->line.arguments[0], &plan));
	TRY(plan_verify(plan));
	CLEANUP(json_decrefp_)
	json_t *shown = plan_row(cli, cli->line.arguments[0], plan_file_end(plan));
	return print_one(cli, shown);
}

Err verb_plan_remove(Cli *cli)
{
	const char *path, *name = cli->line.arguments[0];

	TRY(workbench_path(cli, "plans", name, &path));
	bool part = workbench_remove_part(cli, path, ".part");
	if (unlink(path) == 0 || part)
		return OK;
	return access(path, F_OK) != 0
	               ? err(ERR_RESOURCE_NOT_FOUND, "there is no plan \"%s\": parley plan list", name)
	               : err_errno(ERR_IO, "cannot remove %s", path);
}
