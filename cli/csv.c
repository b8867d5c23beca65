// Records are read byte by byte into one buffer that does not grow: a file with a quote that never closes is
// an error after 256 KiB and not a full memory.
#include "csv.h"

static Err broken(const Csv *csv, const char *what)
{
	return err(ERR_FIELD_INVALID, "line %zu: %s", csv->line, what);
}

static Err put(Csv *csv, int byte)
{
	if (csv->len == CSV_RECORD_MAX)
		return broken(csv, "the row is longer than 256 KiB; is a quote not closed?");
	csv->text[csv->len++] = (char)byte;
	return OK;
}

// Reads what is between quotes; *ret is the byte after the closing one.
static Err quoted_read(Csv *csv, int *ret)
{
	for (;;) {
		int byte = getc(csv->file);

		if (byte == EOF)
			return broken(csv, "a quote is not closed");
		csv->next_line += byte == '\n';
		if (byte == '"') {
			byte = getc(csv->file);
			if (byte != '"') {
				*ret = byte;
				return OK;
			}
		}
		TRY(put(csv, byte));
	}
}

static bool ends_field(const Csv *csv, int byte)
{
	return byte == csv->delimiter || byte == '\n' || byte == EOF;
}

static Err plain_read(Csv *csv, int *byte)
{
	for (; !ends_field(csv, *byte); *byte = getc(csv->file))
		TRY(put(csv, *byte));
	return OK;
}

// Reads a field that begins with `*byte`, and leaves in it what ended it: a delimiter, a line end or the
// file's.
static Err field_read(Csv *csv, int *byte)
{
	CsvField *field = &csv->fields[csv->count];
	size_t start = csv->len;

	if (csv->count == CSV_FIELDS_MAX)
		return broken(csv, "the row has more than 1024 columns");
	field->quoted = *byte == '"';
	if (field->quoted) {
		TRY(quoted_read(csv, byte));
		if (*byte == '\r')
			*byte = getc(csv->file);
		if (!ends_field(csv, *byte))
			return broken(
			        csv, "text behind a closing quote; a quote inside quotes is written twice");
	} else {
		TRY(plain_read(csv, byte));
		if (*byte != csv->delimiter && csv->len > start && csv->text[csv->len - 1] == '\r')
			csv->len--;
	}
	field->text = str_n(csv->text + start, csv->len - start);
	csv->count++;
	return OK;
}

Err csv_next(Csv *csv, bool *ret_end)
{
	int byte;

	*ret_end = false;
	do {
		csv->line = ++csv->next_line;
		byte = getc(csv->file);
		if (byte == '\r') {
			int after = getc(csv->file);

			if (after == '\n')
				byte = after;
			else
				ungetc(after, csv->file);
		}
	} while (byte == '\n');
	csv->count = csv->len = 0;
	if (byte == EOF) {
		*ret_end = true;
		return ferror(csv->file) ? err_errno(ERR_IO, "line %zu", csv->line) : OK;
	}
	for (;; byte = getc(csv->file)) {
		TRY(field_read(csv, &byte));
		if (byte != csv->delimiter)
			return OK;
	}
}

void csv_write_field(FILE *file, char delimiter, Str text)
{
	const char special[] = {delimiter, '"', '\r', '\n', '\0'};
	bool quotes = false;

	for (size_t i = 0; i < text.len; i++)
		quotes = quotes || strchr(special, text.ptr[i]);
	if (!quotes) {
		fwrite(text.ptr, 1, text.len, file);
		return;
	}
	putc('"', file);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			putc('"', file);
		putc(text.ptr[i], file);
	}
	putc('"', file);
}
