// Checkpoints: all of visitor state in a file. README.md has the format.
#pragma once
#include "visitor/internal.h"
#include "visitor/section.h"

// What decides, beside the records, what state there is: VisitorsOptions.
typedef struct CheckpointLimits {
	uint64_t max_visitors, max_facts, retention_us, treatment_bytes; // 0: it does not say
} CheckpointLimits;

// What a checkpoint is, beside its content.
typedef struct CheckpointInfo {
	Coverage coverage;
	CheckpointLimits limits;
	uint64_t seed;
	int64_t time_us; // when it was begun
	uint64_t bytes;
} CheckpointInfo;

// Writes one into an empty file, with its last sync, while calls go on. Under `cutting`. `ret_last`: the last
// sequence of this life that may be in it. Errors: IO, NO_MEMORY.
Err checkpoint_write(Visitors *visitors, int fd, int64_t now_us, CheckpointInfo *ret, uint64_t *ret_last);
// Reads one into state that holds nothing; each shard gets its position. `name` is for messages. After an
// error the state has to be cleared. Errors: STATE_CORRUPT, IO, NO_MEMORY, LIMIT.
Err checkpoint_read(Visitors *visitors, int fd, const char *name, CheckpointInfo *ret);
// Reads its head only.
Err checkpoint_read_head(int fd, const char *name, CheckpointInfo *ret);
// The same, and the limits.
Err checkpoint_read_limits(int fd, const char *name, CheckpointInfo *ret);
