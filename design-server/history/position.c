#include "history/position.h"

#include "store/page.h"

#include <inttypes.h>
#include <stdio.h>

Err history_key_read(const char *token, Str query, Arena *arena, HistoryKey *ret)
{
	Str position = {0};
	TRY(page_token_read(str(token), query, arena, &position));
	if (position.len == 0)
		return OK;
	int used = 0;
	const char *text = arena_cstr(arena, position);
	if (text == NULL || sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %n", &ret->time_us,
	                            &ret->incarnation, &ret->sequence, &ret->position, &used) != 4)
		return err_at(
		        ERR_PAGE_TOKEN_INVALID, "page_token", "give the token of the previous page, or none");
	ret->runtime_id = str(text + used);
	return OK;
}

Err history_key_token(const HistoryKey *key, Str query, Arena *arena, char **ret)
{
	char *position = arena_printf(arena, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " " STR_FMT,
	        key->time_us, key->incarnation, key->sequence, key->position, STR_ARG(key->runtime_id));
	*ret = arena_cstr(arena, page_token_make(query, str(position), arena));
	return position != NULL && *ret != NULL ? OK : err(ERR_NO_MEMORY, "no memory for a page of history");
}
