// Where a page of the history ends: the key of its last row, which all tables of the history share, as a page
// token that holds for one query only.
#pragma once
#include "base/arena.h"
#include "base/error.h"

typedef struct HistoryKey {
	int64_t time_us, incarnation, sequence, position;
	Str runtime_id;
} HistoryKey;

// *ret stays as it is if there is no token. Errors: PAGE_TOKEN_INVALID, NO_MEMORY.
Err history_key_read(const char *token, Str query, Arena *arena, HistoryKey *ret);
// Error: NO_MEMORY.
Err history_key_token(const HistoryKey *key, Str query, Arena *arena, char **ret);
