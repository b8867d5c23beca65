// Any bytes as a report of evidence: refused, or numbers that make sense.
#include "base/cleanup.h"
#include "fuzz.h"
#include "release/behaviour.h"
#include "release/report.h"

#include <stdlib.h>

static void try_behaviour(Str text)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 0);
	BehaviourReport report;
	if (behaviour_parse(text, arena, &report))
		return;
	for (size_t i = 0; i < report.count; i++)
		if (report.counts[i].changed > report.counts[i].questions || report.counts[i].questions < 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const Str kinds[] = {{"load", 4}, {"scenarios", 9}};
	try_behaviour(str_n((const char *)data, size));
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		Report report;
		if (report_read(kinds[i], str_n((const char *)data, size), &report))
			continue;
		if (report.errors > report.calls || report.failed > report.scenarios ||
		        report.error_rate > 1 || !(report.coverage >= 0 && report.coverage <= 1))
			abort();
	}
	return 0;
}
