// Channels from the YAML that people write, analysed without a database.
#pragma once
#include "validate/validate.h"

// A moment that the tests take for now: 2026-06-01T00:00:00Z.
#define TEST_NOW_US (INT64_C(1780272000) * US_PER_S)

typedef struct Channel {
	Resource *items;
	size_t count;
	Str name;
} Channel;

// Whatever does not read fails the test with its line. The same resource twice: the later one takes the
// earlier one's place.
Channel channel_from_yaml(Arena *arena, const char *const *texts, size_t count);
Channel channel_from_file(Arena *arena, const char *path);
Findings channel_findings(const Channel *channel, Arena *arena);
// Fails the test unless the findings are just these IDs, in this order; `ids` ends with NULL.
void findings_are(const Findings *findings, const char *const *ids);
