// outcomes: reports of outbound systems, a few hundred a call; each counts once by its ID, so an import that
// was cut off is resumed by doing it again. Rows that cannot be taken go to a file of their own, with why.
#include "base/clock.h"
#include "connect.h"
#include "output.h"
#include "release/deployment.h"
#include "rows/outcome_file.h"

#include "parley/design/v1/late_response.pb-c.h"
#include "parley/design/v1/outcome.pb-c.h"

#include <time.h>
#include <unistd.h>

enum { BATCH = 500, LOOK_MS = 100, LOOKS_IN_VAIN = 50 };
#define SERVICE (&parley__design__v1__outcome_service__descriptor)
#define OUTCOME_COLUMNS                                                                                      \
	"TREATMENT:treatment_code OUTCOME:outcome SINCE:since STEPS:changes/5 CHANNEL:channel/3 "            \
	"VISITOR:audience_id/2 OFFER:offer_code/1 CAMPAIGN:campaign/4 CELL:cell/6 ENVIRONMENT:environment/7"

typedef struct Import {
	Cli *cli;
	const char *environment;
	RowFile *file;
	Rejects rejects;
	Arena *arena; // of a batch
	Row rows[BATCH];
	size_t count; // in the batch
	size_t read, taken, repeated;
	json_int_t number; // the server's, of this import; 0: nothing was taken
	json_t *standing;  // how what was taken stands; NULL: nobody asked
} Import;

static void import_close(Import *import)
{
	if (import->file)
		row_file_close(import->file);
	rejects_close(&import->rejects);
	json_decref(import->standing);
	arena_free(import->arena);
}

static json_t *report_of(const Row *row)
{
	json_t *report = json_object();

	for (size_t f = 0; f < REPORT_FIELDS; f++)
		if (row->values[f].len)
			json_object_set_new(report, report_fields[f],
			        json_stringn(row->values[f].ptr, row->values[f].len));
	return report;
}

static Err result_take(Import *import, const Row *row, const json_t *result)
{
	const char *what = json_string_value(json_object_get(result, "result"));
	const char *reason = json_string_value(json_object_get(result, "reason"));

	if (what && strcmp(what, "REFUSED") == 0)
		return rejects_add(&import->rejects, row, str(reason ? reason : "the server refused it"));
	if (what && strcmp(what, "REPEATED") == 0)
		import->repeated++;
	else
		import->taken++;
	return OK;
}

static Err batch_send(Import *import)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	json_t *reports = json_array();

	for (size_t i = 0; i < import->count; i++)
		json_array_append_new(reports, report_of(&import->rows[i]));
	TRY(cli_call(import->cli, SERVER_DESIGN, SERVICE, "ImportOutcomes",
	        json_pack("{s:s, s:o, s:b, s:I}", "environment", import->environment, "reports", reports,
	                "validate_only", cli_given(import->cli, OPT_DRY_RUN), "import_number",
	                import->number),
	        &answer));
	for (size_t i = 0; i < import->count; i++)
		TRY(result_take(
		        import, &import->rows[i], json_array_get(json_object_get(answer, "results"), i)));
	import->number = json_count(answer, "import_number");
	import->count = 0;
	arena_reset(import->arena);
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%zu rows, %zu refused", import->read, import->rejects.count);
	return OK;
}

static Err rows_send(Import *import)
{
	bool end = false;

	for (;;) {
		Row *row = &import->rows[import->count];

		TRY(outcome_file_next(import->file, import->arena, row, &end));
		if (end)
			break;
		import->read++;
		if (row->reason) {
			TRY(rejects_add(&import->rejects, row, str(row->reason)));
			continue;
		}
		for (size_t f = 0; f < REPORT_FIELDS; f++)
			row->values[f] = arena_str(import->arena, row->values[f]);
		if (++import->count == BATCH)
			TRY(batch_send(import));
	}
	TRY(import->count ? batch_send(import) : OK);
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	return OK;
}

// --- what becomes of them ---

// How many stand so; with `unlooked` only those that nobody has looked at yet.
static json_int_t count_of(const Import *import, const char *state, bool unlooked)
{
	const json_t *row;
	json_int_t count = 0;
	size_t i;

	json_array_foreach(import->standing, i, row) if (strcmp(json_word(row, "state"), state) == 0 &&
	                                                 (!unlooked || !*json_word(row, "reason"))) count +=
	        json_count(row, "count");
	return count;
}

static Err look(Import *import)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;

	TRY(cli_call(import->cli, SERVER_DESIGN, &parley__design__v1__orphan_service__descriptor,
	        "CountLateResponses",
	        json_pack("{s:s, s:I}", "environment", import->environment, "import_number", import->number),
	        &answer));
	json_decref(import->standing);
	import->standing = json_incref(json_object_get(answer, "counts"));
	return OK;
}

// They are matched while the file is still being read, so the end of it is not far behind. What has been
// looked for in vain waits for longer than anybody here.
static Err follow(Import *import)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
	json_int_t last = -1;
	unsigned vain = 0;

	if (!import->number)
		return OK;
	for (;;) {
		json_int_t left;

		TRY(look(import));
		left = count_of(import, "WAITING", true);
		vain = left == last ? vain + 1 : 0;
		if (left == 0 || vain == LOOKS_IN_VAIN)
			return OK;
		last = left;
		nanosleep(&pause, NULL);
	}
}

// "not_allowed 3, no_such_treatment 1"
static const char *reasons_of(const Import *import, const char *state)
{
	const char *text = "";
	const json_t *row;
	size_t i;

	json_array_foreach(import->standing, i, row)
	{
		const char *reason = json_word(row, "reason");

		if (strcmp(json_word(row, "state"), state) == 0)
			text = arena_printf(import->cli->arena, "%s%s%s %lld", text, *text ? ", " : "",
			        *reason ? reason : "not looked for yet", (long long)json_count(row, "count"));
	}
	return text;
}

static void tell_standing(const Import *import)
{
	json_int_t waiting = count_of(import, "WAITING", false), orphans = count_of(import, "ORPHAN", false);

	if (!import->standing)
		return;
	printf("of those taken: %lld matched, %lld waiting, %lld %s\n",
	        (long long)count_of(import, "MATCHED", false), (long long)waiting, (long long)orphans,
	        orphans == 1 ? "orphan" : "orphans");
	if (waiting)
		printf("waiting (%s): parley orphans list --env %s --kind waiting\n",
		        reasons_of(import, "WAITING"), import->environment);
	if (orphans)
		printf("orphans (%s): parley orphans list --env %s\n", reasons_of(import, "ORPHAN"),
		        import->environment);
}

static Err import_tell(Import *import, int64_t begun_us)
{
	bool dry = cli_given(import->cli, OPT_DRY_RUN);

	if (import->cli->format != FORMAT_TABLE) {
		CLEANUP(json_decrefp_)
		json_t *told = json_pack("{s:I, s:I, s:I, s:I}", "rows", (json_int_t)import->read, "taken",
		        (json_int_t)import->taken, "repeated", (json_int_t)import->repeated, "refused",
		        (json_int_t)import->rejects.count);

		if (import->standing)
			json_object_set(told, "standing", import->standing);
		TRY(print_json(import->cli, told));
	} else {
		printf("%zu rows: %zu taken, %zu known already, %zu refused; %.1f s%s\n", import->read,
		        import->taken, import->repeated, import->rejects.count,
		        (double)(monotonic_us() - begun_us) / (double)US_PER_S,
		        dry ? "; dry run, nothing was changed" : "");
		tell_standing(import);
	}
	rejects_tell(import->cli, &import->rejects);
	return OK;
}

Err verb_outcomes_import(Cli *cli)
{
	CLEANUP(import_close) Import import = {.cli = cli, .arena = arena_new(1 << 16, 0)};
	int64_t begun_us = monotonic_us();

	import.file = ARENA_NEW(cli->arena, RowFile);
	if (!import.file || !import.arena)
		return err(ERR_NO_MEMORY, "no memory for an import");
	import.file->fields = report_fields;
	import.file->field_count = REPORT_FIELDS;
	TRY(cli_need(cli, OPT_ENV, &import.environment));
	TRY(rejects_init(cli, cli->line.arguments[0], import.file, &import.rejects));
	TRY(row_file_open(cli, cli->line.arguments[0], true, import.file));
	TRY(outcome_file_check(import.file));
	TRY(rows_send(&import));
	TRY(follow(&import));
	return import_tell(&import, begun_us);
}

Err verb_outcomes_show(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	const char *environment;

	TRY(cli_need(cli, OPT_ENV, &environment));
	TRY(cli_call(cli, SERVER_DESIGN, SERVICE, "GetOutcome",
	        json_pack("{s:s, s:s}", "environment", environment, "treatment_code", cli->line.arguments[0]),
	        &answer));
	if (cli->format != FORMAT_TABLE)
		return print_json(cli, answer);
	TRY(print_one(cli, json_object_get(answer, "outcome")));
	putchar('\n');
	return print_table(cli, json_object_get(answer, "changes"),
	        "TIME:time FROM:from TO:to SOURCE:source/1 EVENT:event_id/2 LEARNT:recorded/3 "
	        "REFUSED:refused");
}

Err verb_outcomes_list(Cli *cli)
{
	static const struct {
		const char *field;
		OptionId option;
	} filters[] = {{"environment", OPT_ENV}, {"channel", OPT_CHANNEL}, {"audience_id", OPT_VISITOR},
	        {"outcome", OPT_KIND}};
	CLEANUP(json_decrefp_) json_t *items = NULL;
	int64_t limit;

	TRY(cli_number(cli, OPT_LIMIT, 1, 1000000, 20, &limit));
	json_t *request = json_object();
	for (size_t i = 0; i < ARRAY_COUNT(filters); i++)
		if (cli_option(cli, filters[i].option))
			json_object_set_new(
			        request, filters[i].field, json_string(cli_option(cli, filters[i].option)));
	TRY(cli_list(cli, SERVICE, "ListOutcomes", request, "outcomes", (size_t)limit, &items));
	return print_items(cli, items, OUTCOME_COLUMNS);
}
