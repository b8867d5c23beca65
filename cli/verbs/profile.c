// profile import: a CSV file into a profile table, in one transaction; rows that cannot be read go to a file
// of their own, with the reason in an added last column, so that they can be mended and imported again.
#include "rows/profile.h"
#include "base/clock.h"
#include "resource/kind.h"
#include "resource/manifest.h"

#include <stdlib.h>
#include <unistd.h>

enum { DATABASE_TIMEOUT_MS = 600000, PROGRESS_ROWS = 10000 };

typedef struct Import {
	Cli *cli;
	Csv *csv;
	json_t *level; // the profile's names borrow from it
	Profile profile;
	Pg *pg;
	int timeout_ms;
	Arena *row_arena;
	FILE *rejects;
	const char *rejects_path;
	char *header; // of the rejects file
	size_t rows, rejected;
} Import;

static void import_close(Import *import)
{
	if (import->csv && import->csv->file)
		fclose(import->csv->file);
	if (import->rejects)
		fclose(import->rejects);
	if (import->pg)
		pg_close(import->pg);
	json_decref(import->level);
	free(import->header);
	arena_free(import->row_arena);
}

static Err level_from_file(Cli *cli, const char *path, json_t **ret)
{
	CLEANUP(manifest_free) Manifest manifest = {0};
	const char *level = cli_option(cli, OPT_LEVEL);

	TRY(manifest_read(cli, &(OptionValue){.text = path}, cli_option(cli, OPT_CHANNEL), &manifest));
	for (size_t i = 0; i < manifest.count; i++) {
		const Document *document = &manifest.documents[i];

		if (strcmp(document->kind->name, "AudienceLevel") == 0 &&
		        (!level || str_eq(document->name, str(level)))) {
			*ret = json_incref(document->fields);
			return OK;
		}
	}
	return cli_usage(
	        cli, "%s has no AudienceLevel%s%s", path, level ? " named " : "", level ? level : "");
}

static Err level_read(Cli *cli, json_t **ret)
{
	const char *schema = cli_option(cli, OPT_SCHEMA), *level, *channel;

	if (schema)
		return level_from_file(cli, schema, ret);
	TRY(cli_need(cli, OPT_LEVEL, &level));
	TRY(cli_need(cli, OPT_CHANNEL, &channel));
	return resource_get(cli, kind_find(STR("AudienceLevel")), str(channel), str(level), false, ret);
}

static Err file_open(Import *import)
{
	const char *path = import->cli->line.arguments[0],
	           *delimiter = cli_option(import->cli, OPT_DELIMITER);
	bool end;

	if (delimiter && (strlen(delimiter) != 1 || strchr("\"\r\n", *delimiter)))
		return cli_usage(import->cli, "--delimiter must be one character, such as ';'");
	import->csv->delimiter = delimiter ? *delimiter : ',';
	import->csv->file = fopen(path, "re");
	if (!import->csv->file) {
		import->cli->usage = true;
		return err_errno(ERR_IO, "cannot read %s", path);
	}
	import->rejects_path = cli_option(import->cli, OPT_REJECTS);
	if (!import->rejects_path)
		import->rejects_path = arena_printf(import->cli->arena, "%s.rejects", path);
	TRY(csv_next(import->csv, &end));
	return end ? err(ERR_FIELD_MISSING, "%s is empty; its first line must name the columns", path) : OK;
}

static void record_write(FILE *file, const Csv *csv, const char *reason)
{
	for (size_t i = 0; i < csv->count; i++) {
		csv_write_field(file, csv->delimiter, csv->fields[i].text);
		putc(csv->delimiter, file);
	}
	csv_write_field(file, csv->delimiter, str(reason));
	putc('\n', file);
}

// The file is made when the first row goes there, so that a clean import leaves none.
static Err reject(Import *import, const char *reason)
{
	import->rejected++;
	if (!import->rejects) {
		import->rejects = fopen(import->rejects_path, "we");
		if (!import->rejects)
			return err_errno(
			        ERR_IO, "cannot write the rejected rows to %s", import->rejects_path);
		fputs(import->header, import->rejects);
	}
	record_write(import->rejects, import->csv, reason);
	return OK;
}

static Err header_keep(Import *import)
{
	size_t size;
	FILE *file = open_memstream(&import->header, &size);

	if (!file)
		return err(ERR_NO_MEMORY, "no memory for the header");
	record_write(file, import->csv, "reject_reason");
	fclose(file);
	return OK;
}

static Err row_take(Import *import, PgParam *values)
{
	Err e = profile_row(&import->profile, import->csv, import->rows, import->row_arena, values);

	if (e == OK)
		return pg_copy_row(import->pg, values);
	return reject(import,
	        arena_printf(import->row_arena, "line %zu: %s", import->csv->line, err_detail()->message));
}

static Err rows_copy(Import *import)
{
	PgParam *values = ARENA_ARRAY(import->cli->arena, PgParam, import->profile.count + 1);
	bool progress = isatty(STDERR_FILENO), end;

	for (;;) {
		TRY(csv_next(import->csv, &end));
		if (end)
			break;
		import->rows++;
		arena_reset(import->row_arena);
		TRY(row_take(import, values));
		if (progress && import->rows % PROGRESS_ROWS == 0)
			fprintf(stderr, "\r%zu rows", import->rows);
	}
	if (progress && import->rows >= PROGRESS_ROWS)
		fputs("\r\033[K", stderr);
	return OK;
}

static Err table_fill(Import *import)
{
	Arena *arena = import->cli->arena;
	int timeout_ms = import->timeout_ms;

	TRY(pg_script(import->pg, timeout_ms, "BEGIN"));
	if (cli_given(import->cli, OPT_CREATE))
		TRY(pg_script(import->pg, timeout_ms, profile_sql_create(&import->profile, arena)));
	TRY(pg_script(import->pg, timeout_ms, profile_sql_stage(&import->profile, arena)));
	TRY(pg_copy_begin(import->pg, timeout_ms, profile_sql_copy(&import->profile, arena),
	        import->profile.count + 1));
	TRY(rows_copy(import));
	TRY(pg_copy_end(import->pg, timeout_ms));
	Err e = pg_script(import->pg, timeout_ms, profile_sql_move(&import->profile, arena));

	if (e != OK && strcmp(pg_sqlstate(import->pg), "42P01") == 0)
		return cli_usage(import->cli,
		        "there is no table " STR_FMT " in the database; --create makes it",
		        STR_ARG(import->profile.table));
	if (e != OK && strcmp(pg_sqlstate(import->pg), "42P10") == 0)
		return err(ERR_FIELD_INVALID,
		        "table " STR_FMT " needs a primary key over the audience level's keys",
		        STR_ARG(import->profile.table));
	TRY(e);
	return pg_script(import->pg, timeout_ms, "COMMIT");
}

static Err prepare(Import *import, const char *database)
{
	Cli *cli = import->cli;
	const char *table = cli_option(cli, OPT_TABLE), *absent;

	TRY(file_open(import));
	TRY(level_read(cli, &import->level));
	TRY(profile_match(
	        import->level, import->csv, cli_option(cli, OPT_NUMBER), cli->arena, &import->profile));
	if (table)
		import->profile.table = str(table);
	if (!import->profile.table.len)
		return cli_usage(cli, "the audience level names no profile table: give --table TABLE");
	TRY(header_keep(import));
	absent = profile_absent(&import->profile, cli->arena);
	if (*absent)
		fprintf(stderr, "note: the file has no column for: %s\n", absent);
	cli_verbose(cli, "connecting to the database");
	return pg_connect(database, cli->timeout_ms, &import->pg);
}

Err verb_profile_import(Cli *cli)
{
	CLEANUP(import_close)
	Import import = {.cli = cli, .csv = ARENA_NEW(cli->arena, Csv), .row_arena = arena_new(1 << 16, 0)};
	const char *database;
	int64_t start = monotonic_us();

	import.timeout_ms = cli_given(cli, OPT_TIMEOUT) ? cli->timeout_ms : DATABASE_TIMEOUT_MS;
	TRY(cli_need(cli, OPT_DATABASE, &database));
	TRY(prepare(&import, database));
	TRY(table_fill(&import));
	printf("imported %zu rows into " STR_FMT " in %.1f s\n", import.rows - import.rejected,
	        STR_ARG(import.profile.table), (double)(monotonic_us() - start) / 1e6);
	if (!import.rejected)
		return OK;
	fprintf(stderr, "%zu rows were rejected; see %s\n", import.rejected, import.rejects_path);
	cli->exit_code = EXIT_DIFFERENT;
	return import.rejected == import.rows
	               ? err(ERR_FIELD_INVALID, "every row was rejected; see %s", import.rejects_path)
	               : OK;
}
