// Page tokens. A page is found again by its position (the last row's key), never by a row count, so that
// changes between two pages neither repeat nor skip a row. A token is opaque, and bound to the query that it
// continues: with another filter it is refused instead of giving a page of something else.
#pragma once
#include "base/arena.h"
#include "base/error.h"

enum { PAGE_SIZE_DEFAULT = 100, PAGE_SIZE_MAX = 1000 };

// Rows of a page for what the request asked. Error: FIELD_INVALID at "page_size" if it is negative.
Err page_size(int32_t asked, size_t *ret);
// `query` is whatever the query depends on besides the position, as text.
Str page_token_make(Str query, Str position, Arena *arena);
// The position; empty for an empty token. Error: PAGE_TOKEN_INVALID.
Err page_token_read(Str token, Str query, Arena *arena, Str *ret);
