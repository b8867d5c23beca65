// Any file as reports of outcomes: refused, or read to its end row by row, each with an ID or a reason.
#include "fuzz.h"

#include "base/arena.h"
#include "rows/outcome_file.h"

#include <stdlib.h>

static RowFile file;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Arena *arena = arena_new(1 << 16, 0);
	Row row;
	bool end = false;

	if (size == 0 || !arena) {
		arena_free(arena);
		return 0;
	}
	file = (RowFile){.csv = {.file = fmemopen((void *)(uintptr_t)data, size, "r"), .delimiter = ','},
	        .fields = report_fields,
	        .field_count = REPORT_FIELDS};
	if (!file.csv.file)
		abort();
	if (row_file_begin(&file) == OK && outcome_file_check(&file) == OK)
		while (outcome_file_next(&file, arena, &row, &end) == OK && !end) {
			if (!row.values[REPORT_EVENT_ID].len ||
			        (!row.reason && !row.values[REPORT_OUTCOME].len))
				abort();
			arena_reset(arena);
		}
	fclose(file.csv.file);
	arena_free(arena);
	return 0;
}
