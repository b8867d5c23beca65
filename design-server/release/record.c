// Rows of the tables as structs; which row is which is said in sql/queries/deployment.sql.
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
	C_ENDED,
	C_BUILD
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
	        .build = pg_i64(result, i, C_BUILD),
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

Err record_one(const PgResult *result, Arena *arena, Row *ret, bool *ret_found)
{
	*ret_found = pg_rows(result) > 0;
	return *ret_found ? read_row(result, 0, arena, ret) : OK;
}

#define RECORD_FIND(name, query)                                                                             \
	Err name(Pg *pg, Str environment, Str channel, Arena *arena, Row *ret, bool *ret_found)              \
	{                                                                                                    \
		CLEANUP(pg_result_freep) PgResult *result = NULL;                                            \
		TRY(SQL_RUN(pg, &result, query, P_TEXT(environment), P_TEXT(channel)));                      \
		return record_one(result, arena, ret, ret_found);                                            \
	}
RECORD_FIND(record_latest, deployment_latest)
RECORD_FIND(record_in_force, deployment_in_force)
RECORD_FIND(record_waiting, deployment_waiting)

Err record_version(Pg *pg, Str environment, Str channel, uint64_t version, Arena *arena, Row *ret)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	bool found;
	TRY(SQL_RUN(pg, &result, deployment_version, P_TEXT(environment), P_TEXT(channel),
	        P_I64((int64_t)version)));
	TRY(record_one(result, arena, ret, &found));
	if (found)
		return OK;
	if (!version)
		return err(ERR_DEPLOYMENT_NOT_FOUND, STR_FMT " was never deployed to " STR_FMT,
		        STR_ARG(channel), STR_ARG(environment));
	return err(ERR_DEPLOYMENT_NOT_FOUND,
	        STR_FMT " has no version %llu in " STR_FMT ": parley rollout history lists what there is",
	        STR_ARG(channel), (unsigned long long)version, STR_ARG(environment));
}

Err record_lock(Pg *pg, Str environment, Str channel)
{
	return SQL_RUN(pg, NULL, deployment_lock, P_TEXT(environment), P_TEXT(channel));
}

Str digest_str(const Digest *digest)
{
	return str_n((const char *)digest->bytes, sizeof digest->bytes);
}

Err record_evidence(const PgResult *result, Arena *arena, EvidenceRow **ret, size_t *ret_count)
{
	*ret_count = pg_rows(result);
	*ret = ARENA_ARRAY(arena, EvidenceRow, *ret_count);
	if (!*ret)
		return release_no_memory();
	for (size_t i = 0; i < *ret_count; i++) {
		EvidenceRow *row = &(*ret)[i];
		*row = (EvidenceRow){
		        .id = pg_i64(result, i, 0),
		        .channel = column_text(result, i, 1, arena),
		        .environment = column_text(result, i, 3, arena),
		        .kind = column_text(result, i, 4, arena),
		        .passed = pg_bool(result, i, 5),
		        .report = column_text(result, i, 6, arena),
		        .author = column_text(result, i, 8, arena),
		        .created_us = pg_time(result, i, 9),
		};
		TRY(column_digest(result, i, 2, arena, &row->digest));
		TRY(column_digest(result, i, 7, arena, &row->report_digest));
	}
	return OK;
}
