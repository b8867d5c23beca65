// Any bytes as a report of evidence: refused, or numbers that make sense.
#include "fuzz.h"
#include "release/report.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const Str kinds[] = {{"load", 4}, {"scenarios", 9}};
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		Report report;
		if (report_read(kinds[i], str_n((const char *)data, size), &report))
			continue;
		if (report.errors > report.calls || report.failed > report.scenarios || report.error_rate > 1)
			abort();
	}
	return 0;
}
