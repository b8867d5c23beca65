#include "release/internal.h"

static Str column_text(const PgResult *result, size_t row, size_t column, Arena *arena)
{
	return arena_str(arena, pg_text(result, row, column));
}

static Err column_digest(const PgResult *result, size_t row, size_t column, Arena *arena, Digest *ret)
{
	Str bytes = pg_bytes(result, row, column, arena);
	if (bytes.len != sizeof ret->bytes)
		return err(ERR_INTERNAL, "a stored digest has %zu bytes", bytes.len);
	memcpy(ret->bytes, bytes.ptr, sizeof ret->bytes);
	return OK;
}

static Err read_row(const PgResult *result, size_t i, Arena *arena, Row *ret)
{
	*ret = (Row){
	        .id = pg_i64(result, i, 0),
	        .environment = column_text(result, i, 1, arena),
	        .channel = column_text(result, i, 2, arena),
	        .epoch = (uint64_t)pg_i64(result, i, 3),
	        .version = (uint64_t)pg_i64(result, i, 4),
	        .fleet = column_text(result, i, 5, arena),
	        .length = (uint64_t)pg_i64(result, i, 7),
	        .author = column_text(result, i, 9, arena),
	        .comment = column_text(result, i, 10, arena),
	        .promoted_from = column_text(result, i, 11, arena),
	        .created_us = pg_time(result, i, 12),
	        .expires_us = pg_time(result, i, 13),
	        .finished = pg_bool(result, i, 14),
	        .superseded = pg_bool(result, i, 15),
	};
	TRY(column_digest(result, i, 6, arena, &ret->blob));
	return column_digest(result, i, 8, arena, &ret->manifest);
}

Err record_rows(const PgResult *result, Arena *arena, Row **ret, size_t *ret_count)
{
	*ret_count = pg_rows(result);
	*ret = ARENA_ARRAY(arena, Row, *ret_count);
	if (!*ret)
		return release_no_memory();
	for (size_t i = 0; i < *ret_count; i++)
		TRY(read_row(result, i, arena, &(*ret)[i]));
	return OK;
}

Err record_latest(Pg *pg, Str environment, Str channel, Arena *arena, Row *ret, bool *ret_found)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, deployment_latest, P_TEXT(environment), P_TEXT(channel)));
	*ret_found = pg_rows(result) == 1;
	return *ret_found ? read_row(result, 0, arena, ret) : OK;
}

static ServerRollout *read_server(const PgResult *result, size_t i, Arena *arena)
{
	ServerRollout *server = ARENA_NEW(arena, ServerRollout);
	if (!server)
		return NULL;
	*server = (ServerRollout)PARLEY__DESIGN__V1__SERVER_ROLLOUT__INIT;
	server->server = arena_cstr(arena, pg_text(result, i, 1));
	server->address = arena_cstr(arena, pg_text(result, i, 2));
	server->running_version = (uint64_t)pg_i64(result, i, 3);
	server->running_digest = arena_cstr(arena, pg_text(result, i, 4));
	server->seen_time = pg_is_null(result, i, 5) ? NULL : map_time(pg_time(result, i, 5), arena);
	server->error = arena_cstr(arena, pg_text(result, i, 6));
	return server;
}

static size_t row_of(const Row *rows, size_t count, int64_t id)
{
	size_t i = 0;
	while (i < count && rows[i].id != id)
		i++;
	return i;
}

Err record_servers(
        Pg *pg, const Row *rows, size_t count, Arena *arena, ServerRollout ***ret, size_t *ret_counts)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	int64_t *ids = ARENA_ARRAY(arena, int64_t, count);
	if (!ids)
		return release_no_memory();
	for (size_t i = 0; i < count; i++)
		ids[i] = rows[i].id;
	TRY(SQL_RUN(pg, &result, deployment_servers, P_I64S(ids, count)));
	for (size_t i = 0; i < pg_rows(result); i++) {
		size_t row = row_of(rows, count, pg_i64(result, i, 0));
		if (!ret[row])
			ret[row] = ARENA_ARRAY(arena, ServerRollout *, pg_rows(result));
		ServerRollout *server = read_server(result, i, arena);
		if (!ret[row] || !server)
			return release_no_memory();
		ret[row][ret_counts[row]++] = server;
	}
	return OK;
}
