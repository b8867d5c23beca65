#include "release/evidence.h"

#include "base/clock.h"
#include "connect.h"
#include "output.h"
#include "release/deployment.h"

#include "parley/design/v1/deployment.pb-c.h"

enum { REPORT_BYTES_MAX = 32 * 1024 };

// The time makes it a report of its own: the very same one is taken but once.
Err evidence_hand_in(Cli *cli, const char *kind, const char *digest, bool passed, json_t *report)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	char now[TIME_TEXT_SIZE];
	const char *environment;
	Str text;

	time_format(clock_now_us(clock_system()), now);
	json_object_set_new(report, "time", json_string(now));
	TRY(cli_need(cli, OPT_ENV, &environment));
	TRY(json_text(report, false, cli->arena, &text));
	if (text.len > REPORT_BYTES_MAX)
		return err(ERR_EVIDENCE_INVALID, "the report has %zu bytes, at most %d are taken: try fewer",
		        text.len, REPORT_BYTES_MAX);
	TRY(cli_call(cli, SERVER_DESIGN, &parley__design__v1__evidence_service__descriptor, "AddEvidence",
	        json_pack("{s:s, s:s, s:s, s:s, s:b, s:s}", "channel", cli->line.arguments[0], "environment",
	                environment, "digest", digest, "kind", kind, "passed", passed, "report",
	                arena_cstr(cli->arena, text)),
	        &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	printf("evidence %lld: %s of snapshot %.12s in %s, handed in\n", (long long)json_count(answer, "id"),
	        kind, digest, environment);
	return OK;
}
