// What the files of this room share. A connection is used by one thread at a time; nothing here locks.
#pragma once
#include "pg/pg.h"

#include <libpq-fe.h>

// Statements that one connection keeps prepared; when full, all are dropped and the cache starts anew.
enum { STATEMENTS_MAX = 256 };

typedef struct StatementKey {
	uint64_t low, high;
} StatementKey;

// Bytes that grow; reused from call to call.
typedef struct Buffer {
	char *ptr;
	size_t len, size;
	bool failed; // memory ran out; checked once, at the end
} Buffer;

typedef struct Copy {
	bool active;
	size_t columns;
	int timeout_ms;
	Buffer out;
} Copy;

struct Pg {
	PGconn *conn;
	bool lost;
	char sqlstate[6];
	StatementKey statements[STATEMENTS_MAX]; // open addressing; {0, 0} is free
	size_t statement_count;
	Buffer params;
	Copy copy;
};

struct PgResult {
	PGresult *raw;
};

// A moment on the monotonic clock.
int64_t deadline_in(int timeout_ms);

// Sends what libpq has buffered. Errors: TIMEOUT (nothing was cancelled yet), DB_UNAVAILABLE.
Err flush_out(Pg *pg, int64_t deadline);
// Collects all results of what was sent and keeps the last one, or the first failure. Past the deadline it
// cancels on the server. The caller clears *ret.
Err collect(Pg *pg, int64_t deadline, PGresult **ret);
// Marks the connection as lost and says so.
Err lose(Pg *pg, const char *what);
// Takes a statement that libpq was given (`sent` is what its PQsend… returned) to its outcome; a failure is
// named after its SQLSTATE. `ret` may be NULL; it is set only if all is well, and the caller clears it.
Err finish(Pg *pg, int sent, int64_t deadline, PGresult **ret);

bool buffer_add(Buffer *buffer, const void *bytes, size_t len);
void buffer_add_i16(Buffer *buffer, int value);
void buffer_add_i32(Buffer *buffer, uint32_t value);
// The value in PostgreSQL's binary format, without its length. Not for PG_NULL.
Err param_encode(const PgParam *param, Buffer *out);
Oid param_type(const PgParam *param);
