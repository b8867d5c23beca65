// Any file as CSV: refused, or read to records that, written and read again, are the same.
#include "fuzz.h"

#include "csv.h"

#include <stdlib.h>
#include <unistd.h>

static Csv first, second;

// One record of `csv`, written to a file of its own and rewound.
static FILE *rewrite(const Csv *csv)
{
	FILE *file = tmpfile();

	if (!file)
		abort();
	for (size_t i = 0; i < csv->count; i++) {
		if (i)
			fputc(csv->delimiter, file);
		csv_write_field(file, csv->delimiter, csv->fields[i].text);
	}
	fputc('\n', file);
	rewind(file);
	return file;
}

static void compare(const Csv *csv)
{
	bool end;

	if (csv->count == 1 && csv->fields[0].text.len == 0)
		return; // a quoted nothing is written as nothing: a blank line
	second = (Csv){.file = rewrite(csv), .delimiter = csv->delimiter, .next_line = 1};
	if (csv_next(&second, &end) != OK || end || second.count != csv->count)
		abort();
	for (size_t i = 0; i < csv->count; i++)
		if (!str_eq(csv->fields[i].text, second.fields[i].text))
			abort();
	fclose(second.file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool end = false;

	if (size == 0)
		return 0;
	first = (Csv){.file = fmemopen((void *)(uintptr_t)data, size, "r"),
	        .delimiter = data[0] & 1 ? ';' : ',',
	        .next_line = 1};
	if (!first.file)
		abort();
	while (csv_next(&first, &end) == OK && !end)
		compare(&first);
	fclose(first.file);
	return 0;
}
