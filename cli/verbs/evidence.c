// evidence: what a channel must answer, tried with the very bytes that an environment runs, and handed in for
// gates; and what was.
#include "release/evidence.h"
#include "connect.h"
#include "output.h"
#include "release/deployment.h"
#include "scenario/report.h"
#include "verbs/test.h"

#include "parley/design/v1/deployment.pb-c.h"

#define EVIDENCE (&parley__design__v1__evidence_service__descriptor)

Err verb_evidence_list(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *items = NULL;
	int64_t limit;

	TRY(cli_number(cli, OPT_LIMIT, 1, 100000, 20, &limit));
	TRY(cli_list(cli, EVIDENCE, "ListEvidence", json_pack("{s:s}", "channel", cli->line.arguments[0]),
	        "evidence", (size_t)limit, &items));
	return print_items(cli, items,
	        "ID:id KIND:kind MEASURED-IN:environment GOOD:passed SNAPSHOT:digest AUTHOR:author/2 "
	        "TIME:create_time/1 "
	        "REPORT:report_digest/3");
}

static Err try_scenarios(Cli *cli, Trial *trial)
{
	CLEANUP(json_decrefp_) json_t *report = NULL;
	const char *environment;

	TRY(cli_need(cli, OPT_ENV, &environment));
	TRY(trial_run(cli, cli->line.arguments + 1, cli->line.count - 1, trial));
	if (trial->skipped == json_array_size(trial->results))
		return err(ERR_EVIDENCE_INVALID, "every scenario was skipped: leave out --live");
	report = scenarios_evidence(trial->results, trial->coverage);
	if (cli->format == FORMAT_TABLE)
		trial_tell(trial);
	cli->exit_code = trial->failed ? EXIT_DIFFERENT : EXIT_OK;
	return evidence_hand_in(cli, "scenarios", trial->digest, trial->failed == 0, report);
}

Err verb_evidence_scenarios(Cli *cli)
{
	Trial trial = {.channel = cli->line.arguments[0]};
	Err e = try_scenarios(cli, &trial);
	ErrDetail why = *err_detail();

	trial_free(&trial);
	return e ? err_restore(&why) : OK;
}
