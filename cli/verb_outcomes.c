// outcomes: reports of outbound systems, a few hundred a call; each counts once by its ID, so an import that
// was cut off is resumed by doing it again. Rows that cannot be taken go to a file of their own, with why.
#include "base/clock.h"
#include "kind.h"
#include "outcome_file.h"
#include "output.h"

#include "parley/design/v1/outcome.pb-c.h"

#include <unistd.h>

enum { BATCH = 500 };
#define SERVICE (&parley__design__v1__outcome_service__descriptor)
#define OUTCOME_COLUMNS                                                                                      \
	"TREATMENT:treatment_code OUTCOME:outcome SINCE:since STEPS:changes CHANNEL:channel "                \
	"VISITOR:audience_id OFFER:offer_code CAMPAIGN:campaign CELL:cell ENVIRONMENT:environment"

typedef struct Import {
	Cli *cli;
	const char *environment, *rejects_path;
	OutcomeFile *file;
	FILE *rejects;
	Arena *arena; // of a batch
	OutcomeRow rows[BATCH];
	size_t count; // in the batch
	size_t read, taken, repeated, refused;
} Import;

static void import_close(Import *import)
{
	if (import->file && import->file->csv.file)
		fclose(import->file->csv.file);
	if (import->rejects)
		fclose(import->rejects);
	arena_free(import->arena);
}

// The file is made when the first row goes there, so that a clean import leaves none. It can be mended and
// imported itself: what it has more than an import needs is passed over.
static Err reject(Import *import, const OutcomeRow *row, Str reason)
{
	import->refused++;
	if (!import->rejects) {
		import->rejects = fopen(import->rejects_path, "we");
		if (!import->rejects)
			return err_errno(ERR_IO, "cannot write the refused rows to %s", import->rejects_path);
		for (size_t f = 0; f < REPORT_FIELDS; f++)
			fprintf(import->rejects, "%s,", report_fields[f]);
		fputs("line,reason\n", import->rejects);
	}
	for (size_t f = 0; f < REPORT_FIELDS; f++) {
		csv_write_field(import->rejects, ',', row->values[f]);
		putc(',', import->rejects);
	}
	fprintf(import->rejects, "%zu,", row->line);
	csv_write_field(import->rejects, ',', reason);
	putc('\n', import->rejects);
	return OK;
}

static json_t *report_of(const OutcomeRow *row)
{
	json_t *report = json_object();

	for (size_t f = 0; f < REPORT_FIELDS; f++)
		if (row->values[f].len)
			json_object_set_new(report, report_fields[f],
			        json_stringn(row->values[f].ptr, row->values[f].len));
	return report;
}

static Err result_take(Import *import, const OutcomeRow *row, const json_t *result)
{
	const char *what = json_string_value(json_object_get(result, "result"));
	const char *reason = json_string_value(json_object_get(result, "reason"));

	if (what && strcmp(what, "REFUSED") == 0)
		return reject(import, row, str(reason ? reason : "the server refused it"));
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
	        json_pack("{s:s, s:o, s:b}", "environment", import->environment, "reports", reports,
	                "validate_only", cli_given(import->cli, OPT_DRY_RUN)),
	        &answer));
	for (size_t i = 0; i < import->count; i++)
		TRY(result_take(
		        import, &import->rows[i], json_array_get(json_object_get(answer, "results"), i)));
	import->count = 0;
	arena_reset(import->arena);
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%zu rows, %zu refused", import->read, import->refused);
	return OK;
}

static Err rows_send(Import *import)
{
	bool end = false;

	for (;;) {
		OutcomeRow *row = &import->rows[import->count];

		TRY(outcome_file_next(import->file, import->arena, row, &end));
		if (end)
			break;
		import->read++;
		if (row->reason) {
			TRY(reject(import, row, str(row->reason)));
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

static Err mapping_read(Import *import)
{
	for (const OptionValue *value = import->cli->line.options[OPT_MAPPING]; value; value = value->next) {
		const char *equals = strchr(value->text, '=');
		size_t field = 0;

		while (equals && field < REPORT_FIELDS &&
		        !str_eq(str_n(value->text, (size_t)(equals - value->text)),
		                str(report_fields[field])))
			field++;
		if (!equals || field == REPORT_FIELDS || !equals[1])
			return cli_usage(import->cli,
			        "--mapping %s must be FIELD=TITLE, such as treatment_code=MessageTag",
			        value->text);
		import->file->titles[field] = equals + 1;
	}
	return OK;
}

static Err file_open(Import *import)
{
	Cli *cli = import->cli;
	const char *path = cli->line.arguments[0], *delimiter = cli_option(cli, OPT_DELIMITER);

	if (delimiter && (strlen(delimiter) != 1 || strchr("\"\r\n", *delimiter)))
		return cli_usage(cli, "--delimiter must be one character, such as ';'");
	TRY(mapping_read(import));
	import->file->csv.delimiter = delimiter ? *delimiter : ',';
	import->file->csv.file = fopen(path, "re");
	if (!import->file->csv.file) {
		cli->usage = true;
		return err_errno(ERR_IO, "cannot read %s", path);
	}
	import->rejects_path = cli_option(cli, OPT_REJECTS);
	if (!import->rejects_path)
		import->rejects_path = arena_printf(cli->arena, "%s.rejects", path);
	return outcome_file_begin(import->file);
}

static Err import_tell(const Import *import, int64_t begun_us)
{
	bool dry = cli_given(import->cli, OPT_DRY_RUN);

	if (import->cli->format != FORMAT_TABLE) {
		CLEANUP(json_decrefp_)
		json_t *told = json_pack("{s:I, s:I, s:I, s:I}", "rows", (json_int_t)import->read, "taken",
		        (json_int_t)import->taken, "repeated", (json_int_t)import->repeated, "refused",
		        (json_int_t)import->refused);

		TRY(print_json(import->cli, told));
	} else {
		printf("%zu rows: %zu taken, %zu known already, %zu refused; %.1f s%s\n", import->read,
		        import->taken, import->repeated, import->refused,
		        (double)(monotonic_us() - begun_us) / (double)US_PER_S,
		        dry ? "; dry run, nothing was changed" : "");
	}
	if (import->refused) {
		fprintf(stderr, "the refused rows, each with its line and the reason, are in %s\n",
		        import->rejects_path);
		import->cli->exit_code = EXIT_DIFFERENT;
	}
	return OK;
}

Err verb_outcomes_import(Cli *cli)
{
	CLEANUP(import_close) Import import = {.cli = cli, .arena = arena_new(1 << 16, 0)};
	int64_t begun_us = monotonic_us();

	import.file = ARENA_NEW(cli->arena, OutcomeFile);
	if (!import.file || !import.arena)
		return err(ERR_NO_MEMORY, "no memory for an import");
	TRY(cli_need(cli, OPT_ENV, &import.environment));
	TRY(file_open(&import));
	TRY(rows_send(&import));
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
	        "TIME:time FROM:from TO:to SOURCE:source EVENT:event_id LEARNT:recorded REFUSED:refused");
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
