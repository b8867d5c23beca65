// How two values differ, field by field, as a person would tell it.
#pragma once
#include "base/arena.h"
#include "wire/json.h"

// Called once a difference; `before` or `after` is NULL if it is not there.
typedef void (*JsonDiffReport)(void *context, const char *path, const json_t *before, const json_t *after);

// Members of objects are matched by name; items of lists by what tells them apart (json_diff.c), else lists
// differ as a whole. Returns the number of differences.
size_t json_diff(
        const json_t *before, const json_t *after, Arena *arena, JsonDiffReport report, void *context);
