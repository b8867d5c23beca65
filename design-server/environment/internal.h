// What the files of this room share.
#pragma once
#include "base/cleanup.h"
#include "environment/environment.h"

// --- fields.c ---
extern const ConfigField environment_fields[];

// --- check.c ---
// What the table of keys cannot say: that names fit together. Errors: CONFIG_INVALID, NO_MEMORY.
Err environment_check_file(Environment *environment, const char *path, const char *folder, Arena *arena);
// Likewise, of all files together.
Err environments_check_line(const Environments *environments);

// --- words.c ---
enum { WORD_MAX = 32 };
// In the largest unit that leaves no rest, as configuration files have it.
void duration_text(int64_t us, char text[WORD_MAX]);
const char *rollout_text(const Environment *environment, Arena *arena);
