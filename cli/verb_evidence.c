// evidence: what a channel must answer, tried on the servers of an environment and handed in for gates; and
// what was.
#include "connect.h"
#include "deployment.h"
#include "evidence.h"
#include "output.h"
#include "scenario_file.h"

#include "parley/design/v1/deployment.pb-c.h"

#define EVIDENCE (&parley__design__v1__evidence_service__descriptor)

// --- evidence list ---

Err verb_evidence_list(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;
	int64_t limit;

	TRY(cli_number(cli, OPT_LIMIT, 1, 100000, 20, &limit));
	TRY(cli_list(cli, EVIDENCE, "ListEvidence", json_pack("{s:s}", "channel", cli->line.arguments[0]),
	        "evidence", (size_t)limit, &items));
	return print_items(cli, items,
	        "ID:id KIND:kind MEASURED-IN:environment GOOD:passed SNAPSHOT:digest AUTHOR:author "
	        "TIME:create_time "
	        "REPORT:report_digest");
}

// --- evidence scenarios ---

typedef struct Trial {
	json_t *results;
	const char *digest; // of the snapshot that answered
	size_t failed;
} Trial;

static Err try_scenario(Cli *cli, const json_t *scenario, Trial *trial)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const char *name = json_word(scenario, "name"), *wrong, *digest;
	json_t *request;

	TRY(scenario_request(cli, cli->line.arguments[0], scenario, &request));
	Err e = cli_interact(cli, "Recommend", request, &answer);
	if (e)
		return err_context(e, "scenario '%s'", name);
	digest = json_word(json_object_get(answer, "snapshot"), "digest");
	if (*trial->digest && strcmp(trial->digest, digest) != 0)
		return err(ERR_EVIDENCE_INVALID,
		        "another snapshot was activated meanwhile: repeat it when the "
		        "roll-out is complete");
	trial->digest = arena_cstr(cli->arena, str(digest));
	wrong = scenario_judge(cli, scenario, answer);
	trial->failed += *wrong != '\0';
	json_array_append_new(trial->results,
	        json_pack("{s:s, s:b, s:s}", "name", name, "passed", *wrong == '\0', "why", wrong));
	if (cli->format == FORMAT_TABLE)
		printf("%s  %s%s%s\n", *wrong ? "FAILED" : "passed", name, *wrong ? ": " : "", wrong);
	return OK;
}

Err verb_evidence_scenarios(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *scenarios = NULL;
	CLEANUP(json_decrefp_) json_t *report = NULL;
	Trial trial = {.digest = ""};
	const json_t *scenario;
	size_t i;

	TRY(scenarios_read(cli, 1, &scenarios));
	report = json_pack("{s:s, s:[]}", "tool", "parley " PARLEY_VERSION, "scenarios");
	trial.results = json_object_get(report, "scenarios");
	json_array_foreach(scenarios, i, scenario) TRY(try_scenario(cli, scenario, &trial));
	if (cli->format == FORMAT_TABLE)
		printf("%zu scenarios, %zu failed\n", json_array_size(scenarios), trial.failed);
	cli->exit_code = trial.failed ? EXIT_DIFFERENT : EXIT_OK;
	return evidence_hand_in(cli, "scenarios", trial.digest, trial.failed == 0, report);
}
