// Statements. Each is prepared once per connection under the hash of its text and parameter types, so that
// callers keep plain SQL and still pay for parsing once. When a table changed under a prepared statement, it
// is prepared anew.
#include "internal.h"

#include <stdlib.h>
#include <xxhash.h>

// One row, one SQLSTATE (or class, by its first characters) that is more than "the database refused".
static const struct {
	const char *prefix;
	Err id;
} sqlstates[] = {
        {"08", ERR_DB_UNAVAILABLE}, {"40001", ERR_DB_CONFLICT}, // serialization failure
        {"40P01", ERR_DB_CONFLICT},                             // deadlock
        {"55P03", ERR_DB_CONFLICT},                             // lock not available
        {"57014", ERR_TIMEOUT},                                 // query cancelled
        {"57P", ERR_DB_UNAVAILABLE},                            // shutting down, starting up
        {"53300", ERR_DB_UNAVAILABLE},                          // too many connections
        {"25P03", ERR_DB_UNAVAILABLE},                          // idle in transaction for too long
};

static Err error_of_state(const char *state)
{
	for (size_t i = 0; i < ARRAY_COUNT(sqlstates); i++)
		if (str_starts(str(state), str(sqlstates[i].prefix)))
			return sqlstates[i].id;
	return ERR_DB_FAILED;
}

static Err check_result(Pg *pg, const PGresult *result)
{
	switch (PQresultStatus(result)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_EMPTY_QUERY:
	case PGRES_COPY_IN:
		return OK;
	default:
		break;
	}
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	if (!state)
		return lose(pg, "the connection to PostgreSQL was lost");
	memcpy(pg->sqlstate, state, strnlen(state, sizeof(pg->sqlstate) - 1));
	Err id = error_of_state(state);
	if (id == ERR_DB_UNAVAILABLE)
		return err_retry(id, 1000, "PostgreSQL: %s (SQLSTATE %s)", text ? text : "no message", state);
	return err(id, "PostgreSQL: %s%s%s (SQLSTATE %s)", text ? text : "no message", detail ? ": " : "",
	        detail ? detail : "", state);
}

Err finish(Pg *pg, int sent, int64_t deadline, PGresult **ret)
{
	PGresult *result = NULL;
	if (!sent)
		return lose(pg, "the connection to PostgreSQL was lost");
	Err failed = flush_out(pg, deadline);
	if (failed == ERR_TIMEOUT)
		pg->lost = true; // half a statement was sent: the connection is of no more use
	if (failed == OK)
		failed = collect(pg, deadline, &result);
	if (failed == OK && !result)
		failed = lose(pg, "PostgreSQL sent no result");
	if (failed == OK || (result && PQresultStatus(result) == PGRES_FATAL_ERROR)) {
		// A backend that is shut down says why before it goes: that message is the better one.
		Err said = check_result(pg, result);
		failed = said == OK ? failed : said;
	}
	if (failed != OK || !ret)
		PQclear(result);
	else
		*ret = result;
	return failed;
}

static Err usable(const Pg *pg)
{
	if (pg->copy.active)
		return err(ERR_INTERNAL, "a COPY is under way on this connection: end it first");
	if (!pg_alive(pg))
		return err_retry(
		        ERR_DB_UNAVAILABLE, 1000, "the connection to PostgreSQL was lost: connect anew");
	return OK;
}

Err pg_script(Pg *pg, int timeout_ms, const char *sql)
{
	TRY(usable(pg));
	pg->sqlstate[0] = 0;
	return finish(pg, PQsendQuery(pg->conn, sql), deadline_in(timeout_ms), NULL);
}

static StatementKey key_of(const char *sql, const Oid *types, size_t count)
{
	XXH3_state_t *state = XXH3_createState();
	if (!state)
		return (StatementKey){0, 0};
	XXH3_128bits_reset(state);
	XXH3_128bits_update(state, sql, strlen(sql) + 1);
	XXH3_128bits_update(state, types, count * sizeof(*types));
	XXH128_hash_t hash = XXH3_128bits_digest(state);
	XXH3_freeState(state);
	return (StatementKey){hash.low64 | 1, hash.high64}; // never {0, 0}
}

// The slot that holds the key, or the free one where it belongs.
static StatementKey *slot_of(Pg *pg, StatementKey key)
{
	for (size_t i = key.high % STATEMENTS_MAX;; i = (i + 1) % STATEMENTS_MAX) {
		StatementKey *slot = &pg->statements[i];
		if ((slot->low == key.low && slot->high == key.high) || (!slot->low && !slot->high))
			return slot;
	}
}

static Err forget_statements(Pg *pg, int64_t deadline)
{
	TRY(finish(pg, PQsendQuery(pg->conn, "DEALLOCATE ALL"), deadline, NULL));
	memset(pg->statements, 0, sizeof(pg->statements));
	pg->statement_count = 0;
	return OK;
}

typedef struct Bound {
	Oid types[PG_PARAMS_MAX];
	const char *values[PG_PARAMS_MAX];
	int lengths[PG_PARAMS_MAX];
	int formats[PG_PARAMS_MAX]; // 0 text, 1 binary
	size_t count;
} Bound;

static Err bind_params(Pg *pg, const PgParam *params, size_t count, Bound *bound)
{
	size_t starts[PG_PARAMS_MAX];
	if (count > PG_PARAMS_MAX)
		return err(ERR_LIMIT, "a statement has %zu parameters; at most %d are taken", count,
		        PG_PARAMS_MAX);
	pg->params.len = 0;
	pg->params.failed = false;
	for (size_t i = 0; i < count; i++) {
		bound->types[i] = param_type(&params[i]);
		bound->formats[i] = params[i].kind != PG_TEXT;
		starts[i] = pg->params.len;
		if (params[i].kind != PG_NULL)
			TRY(param_encode(&params[i], &pg->params));
		bound->lengths[i] = (int)(pg->params.len - starts[i]);
		buffer_add(&pg->params, "", 1); // text parameters end in NUL
	}
	if (pg->params.failed || pg->params.len > INT32_MAX)
		return err(ERR_NO_MEMORY, "no memory for a statement's parameters");
	for (size_t i = 0; i < count; i++)
		bound->values[i] = params[i].kind == PG_NULL ? NULL : pg->params.ptr + starts[i];
	bound->count = count;
	return OK;
}

static Err prepare(
        Pg *pg, const char *name, const char *sql, const Bound *bound, StatementKey key, int64_t deadline)
{
	if (pg->statement_count >= STATEMENTS_MAX / 2)
		TRY(forget_statements(pg, deadline));
	TRY(finish(pg, PQsendPrepare(pg->conn, name, sql, (int)bound->count, bound->types), deadline, NULL));
	*slot_of(pg, key) = key;
	pg->statement_count++;
	return OK;
}

static Err execute(Pg *pg, int64_t deadline, const char *sql, const Bound *bound, PGresult **ret)
{
	char name[34];
	StatementKey key = key_of(sql, bound->types, bound->count);
	hex_encode((const uint8_t *)&key, sizeof(key), name);
	if (!slot_of(pg, key)->low)
		TRY(prepare(pg, name, sql, bound, key, deadline));
	int sent = PQsendQueryPrepared(
	        pg->conn, name, (int)bound->count, bound->values, bound->lengths, bound->formats, 0);
	return finish(pg, sent, deadline, ret);
}

// 0A000 "cached plan must not change result type", 26000 "no such prepared statement".
static bool statement_is_stale(const Pg *pg)
{
	return (strcmp(pg->sqlstate, "0A000") == 0 || strcmp(pg->sqlstate, "26000") == 0) &&
	       !pg_in_transaction(pg);
}

Err pg_query(Pg *pg, int timeout_ms, const char *sql, const PgParam *params, size_t count, PgResult **ret)
{
	Bound bound;
	PGresult *raw = NULL;
	int64_t deadline = deadline_in(timeout_ms);
	TRY(usable(pg));
	TRY(bind_params(pg, params, count, &bound));
	pg->sqlstate[0] = 0;
	Err failed = execute(pg, deadline, sql, &bound, &raw);
	if (failed == ERR_DB_FAILED && statement_is_stale(pg)) {
		TRY(forget_statements(pg, deadline));
		pg->sqlstate[0] = 0;
		failed = execute(pg, deadline, sql, &bound, &raw);
	}
	if (failed != OK)
		return failed;
	PgResult *result = ret ? malloc(sizeof(*result)) : NULL;
	if (!result) {
		PQclear(raw);
		return ret ? err(ERR_NO_MEMORY, "no memory for a statement's result") : OK;
	}
	result->raw = raw;
	*ret = result;
	return OK;
}
