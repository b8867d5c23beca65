// What is wrong with a row is the row's affair and told with it; only CSV whose quotes do not close ends the
// reading, because nobody knows where the next row would begin.
#include "outcome_file.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "wire/json.h"

#include <sodium.h>

const char *const report_fields[REPORT_FIELDS] = {
        [REPORT_EVENT_ID] = "event_id",
        [REPORT_TREATMENT] = "treatment_code",
        [REPORT_OFFER] = "offer_code",
        [REPORT_CUSTOM] = "custom_code",
        [REPORT_CHANNEL] = "channel",
        [REPORT_LEVEL] = "audience_level",
        [REPORT_AUDIENCE] = "audience_id",
        [REPORT_OUTCOME] = "outcome",
        [REPORT_TIME] = "time",
};

static const char *title_of(const OutcomeFile *file, size_t field)
{
	return file->titles[field] ? file->titles[field] : report_fields[field];
}

static Err columns_find(OutcomeFile *file)
{
	for (size_t i = 0; i < file->csv.count; i++) {
		Str title = file->csv.fields[i].text;

		if (i == 0 && str_starts(title, STR("\xef\xbb\xbf"))) // a byte order mark
			title = str_n(title.ptr + 3, title.len - 3);
		for (size_t f = 0; f < REPORT_FIELDS; f++)
			if (str_eq(title, str(title_of(file, f))))
				file->columns[f] = i + 1;
	}
	for (size_t f = 0; f < REPORT_FIELDS; f++)
		if (!file->columns[f] && (file->titles[f] || f == REPORT_OUTCOME || f == REPORT_TIME))
			return err(ERR_FIELD_MISSING,
			        "the file has no column \"%s\"; --mapping %s=TITLE says which one it is",
			        title_of(file, f), report_fields[f]);
	if (!file->columns[REPORT_TREATMENT] && !file->columns[REPORT_OFFER] && !file->columns[REPORT_CUSTOM])
		return err(ERR_FIELD_MISSING,
		        "the file has no column treatment_code, offer_code or custom_code; --mapping "
		        "treatment_code=TITLE says which one it is");
	return OK;
}

Err outcome_file_begin(OutcomeFile *file)
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
static Err line_read(OutcomeFile *file, size_t *ret_len, bool *ret_end)
{
	int byte;

	*ret_len = 0;
	file->csv.line++;
	while ((byte = getc(file->csv.file)) != EOF && byte != '\n') {
		if (*ret_len < REPORT_LINE_MAX)
			file->line[*ret_len] = (char)byte;
		++*ret_len;
	}
	*ret_end = byte == EOF && *ret_len == 0;
	return byte == EOF && ferror(file->csv.file) ? err_errno(ERR_IO, "line %zu", file->csv.line) : OK;
}

static Err json_row(OutcomeFile *file, size_t len, Arena *arena, OutcomeRow *row)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	Err e = json_parse(str_n(file->line, len), REPORT_LINE_MAX, &json);

	if (e == ERR_NO_MEMORY)
		return e;
	if (e != OK || !json_is_object(json)) {
		row->reason = "the line is not a JSON object";
		return OK;
	}
	for (size_t f = 0; f < REPORT_FIELDS; f++) {
		const json_t *value = json_object_get(json, title_of(file, f));

		if (json_is_integer(value))
			row->values[f] =
			        str(arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value)));
		else if (json_is_string(value))
			row->values[f] =
			        arena_str(arena, str_n(json_string_value(value), json_string_length(value)));
		else if (value && !json_is_null(value))
			row->reason =
			        arena_printf(arena, "%s is neither a text nor an integer", title_of(file, f));
	}
	return OK;
}

static Err json_next(OutcomeFile *file, Arena *arena, OutcomeRow *row, bool *ret_end)
{
	size_t len;

	do
		TRY(line_read(file, &len, ret_end));
	while (!*ret_end && (len == 0 || (len == 1 && file->line[0] == '\r')));
	row->line = file->csv.line;
	if (*ret_end)
		return OK;
	if (len <= REPORT_LINE_MAX)
		return json_row(file, len, arena, row);
	row->reason = "the line is longer than 64 KiB";
	return OK;
}

// --- rows ---

static Err csv_row(OutcomeFile *file, OutcomeRow *row, bool *ret_end)
{
	Csv *csv = &file->csv;

	TRY(csv_next(csv, ret_end));
	row->line = csv->line;
	for (size_t f = 0; f < REPORT_FIELDS && !*ret_end; f++)
		if (file->columns[f] && file->columns[f] <= csv->count)
			row->values[f] = csv->fields[file->columns[f] - 1].text;
	return OK;
}

static Err id_make(OutcomeRow *row, Arena *arena)
{
	char *id = arena_alloc(arena, REPORT_ID_SIZE);
	uint8_t hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;

	if (!id)
		return err(ERR_NO_MEMORY, "no memory for a row");
	crypto_hash_sha256_init(&state);
	for (size_t f = 0; f < REPORT_FIELDS; f++) {
		uint64_t len = row->values[f].len;

		crypto_hash_sha256_update(&state, (const uint8_t *)&len, sizeof len);
		crypto_hash_sha256_update(&state, (const uint8_t *)row->values[f].ptr, len);
	}
	crypto_hash_sha256_final(&state, hash);
	memcpy(id, "import:", 8);
	hex_encode(hash, 16, id + 7);
	row->values[REPORT_EVENT_ID] = str(id);
	return OK;
}

static void row_check(OutcomeRow *row)
{
	int64_t us;

	for (size_t f = 0; f < REPORT_FIELDS; f++)
		if (!str_is_utf8(row->values[f]) ||
		        (row->values[f].len && memchr(row->values[f].ptr, 0, row->values[f].len)))
			row->reason = "it is not UTF-8 text";
	if (!row->reason && !row->values[REPORT_OUTCOME].len)
		row->reason = "outcome is missing";
	if (!row->reason && !time_parse(row->values[REPORT_TIME], &us))
		row->reason = "time is not a time such as 2026-01-31T08:00:00Z";
}

Err outcome_file_next(OutcomeFile *file, Arena *arena, OutcomeRow *ret, bool *ret_end)
{
	*ret = (OutcomeRow){0};
	TRY(file->json ? json_next(file, arena, ret, ret_end) : csv_row(file, ret, ret_end));
	if (*ret_end)
		return OK;
	row_check(ret);
	return ret->values[REPORT_EVENT_ID].len ? OK : id_make(ret, arena);
}
