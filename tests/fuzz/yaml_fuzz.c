// Any text as YAML: refused with a message, or read to JSON that, written as YAML, reads back to the same.
#include "base/cleanup.h"
#include "fuzz.h"
#include "wire/json.h"

#include <stdlib.h>

// libfyaml itself loses memory on some broken texts; the other targets look for leaks of ours.
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static void round_trip(const json_t *json, Arena *arena)
{
	CLEANUP(json_decrefp_) json_t *back = NULL;
	Str yaml;

	if (json_to_yaml(json, arena, &yaml) != OK)
		return; // too deep, or a key too long
	if (json_from_yaml(yaml, "back", arena, &back, NULL) != OK ||
	        !json_equal(json, json_array_get(back, 0)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 14, 1 << 28);
	CLEANUP(json_decrefp_) json_t *json = NULL;
	const json_t *document;
	size_t i;

	if (size > 4096 || json_from_yaml(str_n((const char *)data, size), "fuzz", arena, &json, NULL) != OK)
		return 0;
	json_array_foreach(json, i, document) round_trip(document, arena);
	return 0;
}
