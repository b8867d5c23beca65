// The only place that includes libpq. A connection speaks prepared statements with binary or text parameters
// built from typed values; results are read by typed getters. Every wait has a deadline: a hung server is an
// error, not a hang.
#pragma once
#include "base/arena.h"
#include "base/error.h"

typedef struct Pg Pg;
typedef struct PgResult PgResult;

// A parameter. Made with the helpers; borrowed until the call returns.
typedef struct PgParam {
	enum {
		PG_NULL,
		PG_BOOL,
		PG_I64,
		PG_F64,
		PG_TEXT,
		PG_BYTES,
		PG_TIME,
		PG_JSON,
		PG_TEXT_ARRAY,
		PG_I64_ARRAY
	} kind;
	union {
		bool b;
		int64_t i; // PG_TIME: microseconds since 1970
		double f;
		Str s;
		struct {
			const void *items; // Str or int64_t
			size_t count;
		} array;
	};
} PgParam;

#define P_NULL         ((PgParam){PG_NULL, .i = 0})
#define P_BOOL(value)  ((PgParam){PG_BOOL, .b = (value)})
#define P_I64(value)   ((PgParam){PG_I64, .i = (value)})
#define P_F64(value)   ((PgParam){PG_F64, .f = (value)})
#define P_TEXT(value)  ((PgParam){PG_TEXT, .s = (value)})
#define P_CTEXT(value) ((PgParam){PG_TEXT, .s = str(value)})
#define P_BYTES(value) ((PgParam){PG_BYTES, .s = (value)})
#define P_TIME(us)     ((PgParam){PG_TIME, .i = (us)})
#define P_JSON(value)  ((PgParam){PG_JSON, .s = (value)})
#define P_TEXTS(p, n)  ((PgParam){PG_TEXT_ARRAY, .array = {(p), (n)}})
#define P_I64S(p, n)   ((PgParam){PG_I64_ARRAY, .array = {(p), (n)}})

// Connects. Errors: DB_UNAVAILABLE, also when the deadline passes.
Err pg_connect(const char *conninfo, int timeout_ms, Pg **ret);
void pg_close(Pg *pg);
static inline void pg_closep(Pg **pg)
{
	pg_close(*pg);
}
// False once the connection is lost; then close it and connect anew.
bool pg_alive(const Pg *pg);
// Whether a transaction is open.
bool pg_in_transaction(const Pg *pg);

enum { PG_PARAMS_MAX = 64 };

// Runs one statement with $1 … parameters; it is prepared on first use under its text's hash. `ret` may be
// NULL. Texts and NULLs take the type that PostgreSQL infers from the statement; all others have the type of
// their kind (bigint, double precision, timestamptz, jsonb …). Texts with a NUL inside are refused with
// FIELD_INVALID. Errors: DB_UNAVAILABLE (connection lost: whether it took effect is not known), DB_CONFLICT
// (serialization or deadlock: try again), TIMEOUT (cancelled on the server), DB_FAILED (message has SQLSTATE;
// see pg_sqlstate).
Err pg_query(Pg *pg, int timeout_ms, const char *sql, const PgParam *params, size_t count, PgResult **ret);
#define PG_QUERY(pg, timeout_ms, ret, sql, ...)                                                              \
	pg_query((pg), (timeout_ms), (sql), (const PgParam[]){__VA_ARGS__},                                  \
	        sizeof((const PgParam[]){__VA_ARGS__}) / sizeof(PgParam), (ret))
// Runs a script of several statements without parameters (migrations, BEGIN, COMMIT).
Err pg_script(Pg *pg, int timeout_ms, const char *sql);
// The SQLSTATE of the last failed statement on this connection, "" if none.
const char *pg_sqlstate(const Pg *pg);

// COPY … FROM STDIN BINARY: begin, rows of exactly `columns` values, end. Any error ends the COPY.
Err pg_copy_begin(Pg *pg, int timeout_ms, const char *sql, size_t columns);
Err pg_copy_row(Pg *pg, const PgParam *values);
Err pg_copy_end(Pg *pg, int timeout_ms);

size_t pg_rows(const PgResult *result);
// How many rows an INSERT, UPDATE or DELETE touched.
size_t pg_affected(const PgResult *result);
size_t pg_columns(const PgResult *result);
const char *pg_column_name(const PgResult *result, size_t column);
// The column's type, as PostgreSQL's OID.
unsigned pg_column_type(const PgResult *result, size_t column);
bool pg_is_null(const PgResult *result, size_t row, size_t column);
// Typed reading; results come as text on the wire. Views are valid until pg_result_free. NULL reads as false,
// 0 or empty.
bool pg_bool(const PgResult *result, size_t row, size_t column);
int64_t pg_i64(const PgResult *result, size_t row, size_t column);
double pg_f64(const PgResult *result, size_t row, size_t column);
Str pg_text(const PgResult *result, size_t row, size_t column);
// bytea, decoded into the arena.
Str pg_bytes(const PgResult *result, size_t row, size_t column, Arena *arena);
// timestamptz in microseconds since 1970.
int64_t pg_time(const PgResult *result, size_t row, size_t column);
// A one-dimensional array of texts.
Err pg_texts(const PgResult *result, size_t row, size_t column, Arena *arena, Str **ret, size_t *ret_count);
void pg_result_free(PgResult *result);
static inline void pg_result_freep(PgResult **result)
{
	pg_result_free(*result);
}

// A bounded pool of connections that reconnects by itself.
typedef struct PgPool PgPool;
// `setup` (may be NULL) is run on every new connection, for SET and the like.
PgPool *pg_pool_new(const char *conninfo, size_t size, int connect_timeout_ms, const char *setup);
void pg_pool_free(PgPool *pool);
// Waits for a free connection. Errors: TIMEOUT, DB_UNAVAILABLE.
Err pg_pool_take(PgPool *pool, int timeout_ms, Pg **ret);
// Gives it back; a dead one, or one inside a transaction, is closed.
void pg_pool_give(PgPool *pool, Pg *pg);

typedef struct PgPoolStatus {
	size_t size, taken, idle;
	uint64_t waits;    // times that all were taken
	uint64_t timeouts; // times that none came back in time
} PgPoolStatus;
void pg_pool_status(PgPool *pool, PgPoolStatus *ret);
