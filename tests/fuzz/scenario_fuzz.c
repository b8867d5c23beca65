// Any text as a scenario file: refused with file and line, or read to scenarios that each have a name, a
// visitor and something that can fail.
#include "fuzz.h"
#include "scenario/scenario.h"

#include <stdlib.h>

// libfyaml itself loses memory on some broken texts; the other targets look for leaks of ours.
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static void look(const Scenario *scenario)
{
	size_t expected = 0;

	for (size_t i = 0; i < scenario->step_count; i++)
		expected += scenario->steps[i].expects.count;
	if (!*scenario->name || !scenario->who.audience || !expected || scenario->line <= 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Cli cli = {.arena = arena_new(1 << 14, 0)};
	ScenarioSet set = {0};

	if (!cli.arena)
		abort();
	if (size <= 4096 && scenarios_read_text(&cli, str_n((const char *)data, size), "fuzz", &set) == OK)
		for (size_t i = 0; i < set.count; i++)
			look(&set.items[i]);
	scenarios_free(&set);
	arena_free(cli.arena);
	return 0;
}
