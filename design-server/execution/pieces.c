#include "execution/internal.h"

enum { PIECES_AT_ONCE = 4 };

void pieces_clear(Pieces *pieces)
{
	effects_clear(&pieces->stream);
	*pieces = (Pieces){0};
}

void pieces_seek(Pieces *pieces, int64_t plan, int64_t position)
{
	if (pieces->plan == plan && pieces->position == position)
		return;
	pieces_clear(pieces);
	pieces->plan = plan;
	pieces->position = pieces->next = position;
}

static Err feed(
        Pieces *pieces, int64_t start, Str content, void (*heard)(void *context, Str bytes), void *context)
{
	int64_t before = pieces->next - start;
	if (before < 0 || (uint64_t)before > content.len)
		return err(ERR_STATE_CORRUPT,
		        "effects of the plan are missing: withdraw it and submit it again");
	content = str_n(content.ptr + before, content.len - (size_t)before);
	TRY(effects_feed(&pieces->stream, content));
	pieces->next += (int64_t)content.len;
	if (heard)
		heard(context, content);
	return OK;
}

static Err read_on(Pg *pg, Pieces *pieces, void (*heard)(void *context, Str bytes), void *context)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(PIECE_MAX, 0);
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	int64_t before = pieces->next;
	if (!arena)
		return execution_no_memory();
	TRY(SQL_RUN(pg, &rows, plan_pieces, P_I64(pieces->plan), P_I64(pieces->next), P_I64(PIECES_AT_ONCE)));
	for (size_t i = 0; i < pg_rows(rows); i++)
		TRY(feed(pieces, pg_i64(rows, i, 0), pg_bytes(rows, i, 1, arena), heard, context));
	pieces->end = pieces->next == before;
	return OK;
}

Err pieces_peek(Pg *pg, Pieces *pieces, Arena *arena, void (*heard)(void *context, Str bytes), void *context,
        const EventEffects **ret, size_t *ret_size)
{
	TRY(effects_peek(&pieces->stream, arena, ret, ret_size));
	while (*ret == NULL && !pieces->end) {
		TRY(read_on(pg, pieces, heard, context));
		TRY(effects_peek(&pieces->stream, arena, ret, ret_size));
	}
	return *ret != NULL || effects_end(&pieces->stream)
	               ? OK
	               : err(ERR_STATE_CORRUPT,
	                         "the plan's effects end in the middle: withdraw it and submit it again");
}

void pieces_take(Pieces *pieces, size_t size)
{
	effects_take(&pieces->stream, size);
	pieces->position += (int64_t)size;
}
