// Errors are values from one table (error_table.h): each row is an id, the gRPC status that it becomes, and a
// stable reason for programs. A function that can fail returns an Err; what exactly went wrong, in words and
// with the field it is about, is kept per thread until the next failure on that thread, as errno is, but
// readable. Libraries never log and never exit: they return, and the edge (an RPC handler, a main) tells.
#pragma once
#include "base/str.h"

#include <stdarg.h>
#include <stdbool.h>

typedef enum Err {
	OK = 0,
#define ERROR_ROW(id, status, text) ERR_##id,
#include "base/error_table.h"
#undef ERROR_ROW
	ERR_COUNT,
} Err;

// What is known of the last failure on this thread.
typedef struct ErrDetail {
	Err id;
	char field[192];    // path of the offending field, or empty
	char message[1024]; // what is wrong and what would be right
	int retry_after_ms; // > 0: worth trying again after this long
} ErrDetail;

// The stable reason, such as "SESSION_UNKNOWN".
const char *err_reason(Err id);
// The gRPC status code (0 to 16) that it becomes.
int err_status(Err id);
// The table's general text.
const char *err_text(Err id);
// The id with that reason, or OK if there is none.
Err err_by_reason(Str reason);

// Sets this thread's detail and returns the id, so that `return err(ERR_X, …)` is the whole idiom.
Err err(Err id, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
Err err_at(Err id, const char *field, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
Err err_retry(Err id, int retry_after_ms, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
// Puts context before the present message ("offers/gold: …") and returns the id unchanged.
Err err_context(Err id, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// Like err(), from errno: "cannot open FILE: No such file or directory".
Err err_errno(Err id, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// This thread's last failure. Valid until the next one.
const ErrDetail *err_detail(void);
// Makes a saved detail this thread's last failure again (to carry it from one thread to another).
Err err_restore(const ErrDetail *detail);

#define TRY(expression)                                                                                      \
	do {                                                                                                 \
		Err try_ = (expression);                                                                     \
		if (__builtin_expect(try_ != OK, 0))                                                         \
			return try_;                                                                         \
	} while (0)
