// A snapshot as people name things: JSON in which references are names instead of indices and expressions are
// what the designer wrote.
#pragma once
#include "snapshot/snapshot.h"
#include "wire/json.h"

// A new reference. The snapshot must be well formed (snapshot_parse).
Err snapshot_json(const Parley__Snapshot__V1__Snapshot *snapshot, json_t **ret);
// How two of them differ: a new array of {list, name, change, field, before, after}, change being added,
// removed or changed; field, before and after of changed ones only. Both may be NULL: nothing.
json_t *snapshot_json_diff(const json_t *before, const json_t *after, Arena *arena);
// In words, such as "2 added, 3 changed, 1 removed".
const char *snapshot_json_summary(const json_t *rows, Arena *arena);
