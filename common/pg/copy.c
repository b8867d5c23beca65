// COPY … FROM STDIN BINARY: rows are gathered and sent in pieces, so that a row costs a few memcpy's and no
// system call. The columns' types must be exactly those of the values (bigint, double precision, text,
// timestamptz, bytea, jsonb).
#include "internal.h"

enum { COPY_PIECE = 64 * 1024 };

static const char copy_header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";

// Tells the server to drop what was sent, and reads its answer.
static Err abandon(Pg *pg, Err reason)
{
	ErrDetail detail = *err_detail();
	PGresult *result = NULL;
	pg->copy.active = false;
	if (PQputCopyEnd(pg->conn, "given up by the client") < 0 ||
	        flush_out(pg, deadline_in(pg->copy.timeout_ms)) != OK ||
	        collect(pg, deadline_in(pg->copy.timeout_ms), &result) != OK)
		pg->lost = true;
	PQclear(result);
	detail.id = reason;
	return err_restore(&detail);
}

static Err send_piece(Pg *pg, int64_t deadline)
{
	Buffer *out = &pg->copy.out;
	if (out->failed)
		return abandon(pg, err(ERR_NO_MEMORY, "no memory for rows to copy"));
	int sent;
	while ((sent = PQputCopyData(pg->conn, out->ptr, (int)out->len)) == 0) {
		Err failed = flush_out(pg, deadline);
		if (failed != OK)
			return pg->lost ? failed : abandon(pg, failed);
	}
	if (sent < 0)
		return lose(pg, "the connection to PostgreSQL was lost while copying");
	out->len = 0;
	Err failed = flush_out(pg, deadline);
	return failed == OK || pg->lost ? failed : abandon(pg, failed);
}

Err pg_copy_begin(Pg *pg, int timeout_ms, const char *sql, size_t columns)
{
	PGresult *result = NULL;
	if (pg->copy.active || !pg_alive(pg))
		return err(ERR_DB_UNAVAILABLE, "the connection is lost or busy with another COPY");
	pg->sqlstate[0] = 0;
	TRY(finish(pg, PQsendQuery(pg->conn, sql), deadline_in(timeout_ms), &result));
	bool ready = PQresultStatus(result) == PGRES_COPY_IN;
	PQclear(result);
	if (!ready)
		return err(ERR_INTERNAL, "not a COPY … FROM STDIN: %s", sql);
	pg->copy.active = true;
	pg->copy.columns = columns;
	pg->copy.timeout_ms = timeout_ms;
	pg->copy.out.len = 0;
	pg->copy.out.failed = false;
	buffer_add(&pg->copy.out, copy_header, sizeof(copy_header));
	return OK;
}

static Err add_value(Buffer *out, const PgParam *value)
{
	if (value->kind == PG_NULL) {
		buffer_add_i32(out, UINT32_MAX);
		return OK;
	}
	size_t start = out->len;
	buffer_add_i32(out, 0);
	TRY(param_encode(value, out));
	if (out->failed)
		return OK; // send_piece reports it
	Buffer length = {.ptr = out->ptr + start, .size = sizeof(uint32_t)};
	buffer_add_i32(&length, (uint32_t)(out->len - start - sizeof(uint32_t)));
	return OK;
}

Err pg_copy_row(Pg *pg, const PgParam *values)
{
	Buffer *out = &pg->copy.out;
	if (!pg->copy.active)
		return err(ERR_INTERNAL, "no COPY is under way");
	buffer_add_i16(out, (int)pg->copy.columns);
	for (size_t i = 0; i < pg->copy.columns; i++) {
		Err failed = add_value(out, &values[i]);
		if (failed != OK)
			return abandon(pg, failed);
	}
	return out->len >= COPY_PIECE || out->failed ? send_piece(pg, deadline_in(pg->copy.timeout_ms)) : OK;
}

Err pg_copy_end(Pg *pg, int timeout_ms)
{
	int64_t deadline = deadline_in(timeout_ms);
	if (!pg->copy.active)
		return err(ERR_INTERNAL, "no COPY is under way");
	buffer_add_i16(&pg->copy.out, -1);
	TRY(send_piece(pg, deadline));
	pg->copy.active = false;
	return finish(pg, PQputCopyEnd(pg->conn, NULL) > 0, deadline, NULL);
}
