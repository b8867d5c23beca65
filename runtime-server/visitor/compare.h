// Two checkpoints' bytes, part by part.
#pragma once
#include "visitor/checkpoint.h"
#include "visitor/replay.h"

// A checkpoint's bytes, taken apart without believing its checksums: what was changed in it is to be found,
// not refused.
typedef struct Part {
	SectionType type;
	bool sound;      // its checksum holds
	uint64_t offset; // of its payload, in the file
	Str payload;
} Part;

typedef struct Parts {
	Part *items;
	size_t count;
} Parts;

// Errors: STATE_CORRUPT (it is not made of sections), NO_MEMORY.
Err parts_read(Str file, const char *name, Arena *arena, Parts *ret);
// What the head and the limits say, and where each shard ends. Errors: STATE_CORRUPT.
Err parts_info(const Parts *parts, const char *name, CheckpointInfo *ret, Positions *ret_positions);
// Fills what the report says of differences. Error: NO_MEMORY.
Err parts_compare(const Parts *checkpoint, const Parts *folded, Arena *arena, ReplayReport *report);
