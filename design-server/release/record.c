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

static Err column_ids(const PgResult *result, size_t row, size_t column, Arena *arena, const int64_t **ret,
        size_t *ret_count)
{
	Str *texts;
	TRY(pg_texts(result, row, column, arena, &texts, ret_count));
	int64_t *ids = ARENA_ARRAY(arena, int64_t, *ret_count);
	if (!ids)
		return release_no_memory();
	for (size_t i = 0; i < *ret_count; i++)
		if (!str_to_i64(texts[i], &ids[i]))
			return err(ERR_INTERNAL, "a stored ID is '" STR_FMT "'", STR_ARG(texts[i]));
	*ret = ids;
	return OK;
}

// The columns of deployment_listed.
enum Column {
	C_ID,
	C_ENVIRONMENT,
	C_CHANNEL,
	C_EPOCH,
	C_VERSION,
	C_FLEET,
	C_BLOB,
	C_LENGTH,
	C_MANIFEST,
	C_AUTHOR,
	C_COMMENT,
	C_PROMOTED_FROM,
	C_CREATED,
	C_EXPIRES,
	C_STATE,
	C_ROLLBACK_OF,
	C_UNDEPLOY,
	C_APPROVALS_NEEDED,
	C_CHANGES,
	C_ACKNOWLEDGED,
	C_EVIDENCE,
	C_REASON,
	C_RELEASED,
	C_ENDED
};

static Err read_row(const PgResult *result, size_t i, Arena *arena, Row *ret)
{
	Str *acknowledged;
	*ret = (Row){
	        .id = pg_i64(result, i, C_ID),
	        .environment = column_text(result, i, C_ENVIRONMENT, arena),
	        .channel = column_text(result, i, C_CHANNEL, arena),
	        .epoch = (uint64_t)pg_i64(result, i, C_EPOCH),
	        .version = (uint64_t)pg_i64(result, i, C_VERSION),
	        .fleet = column_text(result, i, C_FLEET, arena),
	        .length = (uint64_t)pg_i64(result, i, C_LENGTH),
	        .author = column_text(result, i, C_AUTHOR, arena),
	        .comment = column_text(result, i, C_COMMENT, arena),
	        .promoted_from = column_text(result, i, C_PROMOTED_FROM, arena),
	        .created_us = pg_time(result, i, C_CREATED),
	        .expires_us = pg_time(result, i, C_EXPIRES),
	        .state = (DeploymentState)pg_i64(result, i, C_STATE),
	        .rollback_of = (uint64_t)pg_i64(result, i, C_ROLLBACK_OF),
	        .undeploy = pg_bool(result, i, C_UNDEPLOY),
	        .approvals_needed = (uint32_t)pg_i64(result, i, C_APPROVALS_NEEDED),
	        .changes = column_text(result, i, C_CHANGES, arena),
	        .reason = column_text(result, i, C_REASON, arena),
	        .released_us = pg_is_null(result, i, C_RELEASED) ? 0 : pg_time(result, i, C_RELEASED),
	        .ended_us = pg_is_null(result, i, C_ENDED) ? 0 : pg_time(result, i, C_ENDED),
	};
	if (!ret->undeploy)
		TRY(column_digest(result, i, C_BLOB, arena, &ret->blob));
	TRY(pg_texts(result, i, C_ACKNOWLEDGED, arena, &acknowledged, &ret->acknowledged_count));
	ret->acknowledged = acknowledged;
	TRY(column_ids(result, i, C_EVIDENCE, arena, &ret->evidence, &ret->evidence_count));
	return column_digest(result, i, C_MANIFEST, arena, &ret->manifest);
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
