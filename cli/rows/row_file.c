// What is wrong with a row is the row's affair and told with it; only CSV whose quotes do not close ends the
// reading, because nobody knows where the next row would begin.
#include "rows/row_file.h"

#include "base/cleanup.h"

#include <unistd.h>

const char *row_file_title(const RowFile *file, size_t field)
{
	return file->titles[field] ? file->titles[field] : file->fields[field];
}

// --- the command line ---

static Err mapping_read(Cli *cli, RowFile *file)
{
	for (const OptionValue *value = cli->line.options[OPT_MAPPING]; value; value = value->next) {
		const char *equals = strchr(value->text, '=');
		size_t field = 0;

		while (equals && field < file->field_count &&
		        !str_eq(str_n(value->text, (size_t)(equals - value->text)), str(file->fields[field])))
			field++;
		if (!equals || field == file->field_count || !equals[1])
			return cli_usage(cli, "--mapping %s must be FIELD=TITLE, such as %s=MessageTag",
			        value->text, file->fields[0]);
		file->titles[field] = equals + 1;
	}
	return OK;
}

Err row_file_open(Cli *cli, const char *path, bool mapped, RowFile *file)
{
	const char *delimiter = cli_option(cli, OPT_DELIMITER);

	if (delimiter && (strlen(delimiter) != 1 || strchr("\"\r\n", *delimiter)))
		return cli_usage(cli, "--delimiter must be one character, such as ';'");
	TRY(mapped ? mapping_read(cli, file) : OK);
	file->csv.delimiter = delimiter ? *delimiter : ',';
	file->csv.file = fopen(path, "re");
	if (!file->csv.file) {
		cli->usage = true;
		return err_errno(ERR_IO, "cannot read %s", path);
	}
	Err e = row_file_begin(file);
	return e ? err_context(e, "%s", path) : OK;
}

void row_file_close(RowFile *file)
{
	if (file->csv.file)
		fclose(file->csv.file);
	file->csv.file = NULL;
}

RowPlace row_file_place(const RowFile *file)
{
	return (RowPlace){ftello(file->csv.file), file->json ? file->csv.line : file->csv.next_line};
}

Err row_file_go(RowFile *file, RowPlace place)
{
	if (fseeko(file->csv.file, place.offset, SEEK_SET) != 0)
		return err_errno(ERR_IO, "cannot go on at line %zu", place.line);
	file->csv.line = file->csv.next_line = place.line;
	return OK;
}

// --- titles ---

static Err columns_find(RowFile *file)
{
	for (size_t i = 0; i < file->csv.count; i++) {
		Str title = file->csv.fields[i].text;

		if (i == 0 && str_starts(title, STR("\xef\xbb\xbf"))) // a byte order mark
			title = str_n(title.ptr + 3, title.len - 3);
		for (size_t f = 0; f < file->field_count; f++)
			if (str_eq(title, str(row_file_title(file, f))))
				file->columns[f] = i + 1;
	}
	for (size_t f = 0; f < file->field_count; f++)
		if (file->titles[f])
			TRY(row_file_need(file, f));
	return OK;
}

Err row_file_need(const RowFile *file, size_t field)
{
	return file->json || file->columns[field]
	               ? OK
	               : err(ERR_FIELD_MISSING,
	                         "the file has no column \"%s\"; --mapping %s=TITLE says which one it is",
	                         row_file_title(file, field), file->fields[field]);
}

Err row_file_begin(RowFile *file)
{
	int first = getc(file->csv.file);
	bool end;

	ungetc(first, file->csv.file);
	file->json = first == '{';
	if (file->json)
		return OK;
	TRY(csv_next(&file->csv, &end));
	return end ? err(ERR_FIELD_MISSING, "the file is empty; its first line must name the columns")
	           : columns_find(file);
}

// --- JSON lines ---

// *ret_len is more than fits if the line is too long; all of it is read.
static Err line_read(RowFile *file, size_t *ret_len, bool *ret_end)
{
	int byte;

	*ret_len = 0;
	file->csv.line++;
	while ((byte = getc(file->csv.file)) != EOF && byte != '\n') {
		if (*ret_len < ROW_LINE_MAX)
			file->line[*ret_len] = (char)byte;
		++*ret_len;
	}
	*ret_end = byte == EOF && *ret_len == 0;
	return byte == EOF && ferror(file->csv.file) ? err_errno(ERR_IO, "line %zu", file->csv.line) : OK;
}

static void json_value(const RowFile *file, size_t field, const json_t *value, Arena *arena, Row *row)
{
	if (json_is_integer(value))
		row->values[field] =
		        str(arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value)));
	else if (json_is_real(value))
		row->values[field] = str(arena_printf(arena, "%.17g", json_real_value(value)));
	else if (json_is_boolean(value))
		row->values[field] = json_is_true(value) ? STR("true") : STR("false");
	else if (json_is_string(value))
		row->values[field] =
		        arena_str(arena, str_n(json_string_value(value), json_string_length(value)));
	else if (value && !json_is_null(value))
		row->reason =
		        arena_printf(arena, "%s is neither a text nor a number", row_file_title(file, field));
}

static Err json_row(RowFile *file, size_t len, Arena *arena, Row *row)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	Err e = json_parse(str_n(file->line, len), ROW_LINE_MAX, &json);

	if (e == ERR_NO_MEMORY)
		return e;
	if (e != OK || !json_is_object(json)) {
		row->reason = "the line is not a JSON object";
		return OK;
	}
	for (size_t f = 0; f < file->field_count; f++)
		json_value(file, f, json_object_get(json, row_file_title(file, f)), arena, row);
	return OK;
}

static Err json_next(RowFile *file, Arena *arena, Row *row, bool *ret_end)
{
	size_t len;

	do
		TRY(line_read(file, &len, ret_end));
	while (!*ret_end && (len == 0 || (len == 1 && file->line[0] == '\r')));
	row->line = file->csv.line;
	if (*ret_end)
		return OK;
	if (len <= ROW_LINE_MAX)
		return json_row(file, len, arena, row);
	row->reason = "the line is longer than 64 KiB";
	return OK;
}

// --- rows ---

static Err csv_row(RowFile *file, Row *row, bool *ret_end)
{
	Csv *csv = &file->csv;

	TRY(csv_next(csv, ret_end));
	row->line = csv->line;
	for (size_t f = 0; f < file->field_count && !*ret_end; f++)
		if (file->columns[f] && file->columns[f] <= csv->count)
			row->values[f] = csv->fields[file->columns[f] - 1].text;
	return OK;
}

Err row_file_next(RowFile *file, Arena *arena, Row *ret, bool *ret_end)
{
	*ret = (Row){0};
	TRY(file->json ? json_next(file, arena, ret, ret_end) : csv_row(file, ret, ret_end));
	for (size_t f = 0; f < file->field_count && !*ret_end; f++)
		if (!str_is_utf8(ret->values[f]) ||
		        (ret->values[f].len && memchr(ret->values[f].ptr, 0, ret->values[f].len)))
			ret->reason = "it is not UTF-8 text";
	return OK;
}

// --- rows that cannot be taken ---

Err rejects_init(Cli *cli, const char *path, const RowFile *of, Rejects *ret)
{
	const char *given = cli_option(cli, OPT_REJECTS);

	*ret = (Rejects){.path = given ? given : arena_printf(cli->arena, "%s.rejects", path), .of = of};
	return ret->path ? OK : err(ERR_NO_MEMORY, "no memory for a file's name");
}

Err rejects_add(Rejects *rejects, const Row *row, Str reason)
{
	const RowFile *of = rejects->of;

	rejects->count++;
	if (!rejects->file) {
		rejects->file = fopen(rejects->path, "we");
		if (!rejects->file)
			return err_errno(ERR_IO, "cannot write the refused rows to %s", rejects->path);
		for (size_t f = 0; f < of->field_count; f++)
			fprintf(rejects->file, "%s,", of->fields[f]);
		fputs("line,reason\n", rejects->file);
	}
	for (size_t f = 0; f < of->field_count; f++) {
		csv_write_field(rejects->file, ',', row->values[f]);
		putc(',', rejects->file);
	}
	fprintf(rejects->file, "%zu,", row->line);
	csv_write_field(rejects->file, ',', reason);
	putc('\n', rejects->file);
	return OK;
}

Err rejects_keep(Rejects *rejects, int64_t *ret_length)
{
	*ret_length = 0;
	if (!rejects->file)
		return OK;
	*ret_length = ftello(rejects->file);
	return fflush(rejects->file) == 0 && fdatasync(fileno(rejects->file)) == 0
	               ? OK
	               : err_errno(ERR_IO, "cannot write the refused rows to %s", rejects->path);
}

Err rejects_resume(Rejects *rejects, size_t count, int64_t length)
{
	if (length == 0)
		return OK;
	rejects->count = count;
	rejects->file = fopen(rejects->path, "r+e");
	return rejects->file && ftruncate(fileno(rejects->file), length) == 0 &&
	                       fseeko(rejects->file, length, SEEK_SET) == 0
	               ? OK
	               : err_errno(ERR_IO, "cannot go on writing the refused rows to %s", rejects->path);
}

void rejects_tell(Cli *cli, const Rejects *rejects)
{
	if (rejects->count == 0)
		return;
	fprintf(stderr, "the refused rows, each with its line and the reason, are in %s\n", rejects->path);
	cli->exit_code = EXIT_DIFFERENT;
}

void rejects_close(Rejects *rejects)
{
	if (rejects->file)
		fclose(rejects->file);
	rejects->file = NULL;
}
