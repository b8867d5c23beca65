// Structured log: one JSON object a line on stderr, for programs and edges only (libraries never log). A line
// is written with one write(2), so that lines of several threads do not mix.
#pragma once
#include "base/error.h"

#include <stdint.h>

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } LogLevel;

// A typed field; made with the helpers below.
typedef struct LogField {
	const char *key;
	enum { LOG_STR, LOG_INT, LOG_UINT, LOG_F64, LOG_BOOL } kind;
	union {
		Str s;
		int64_t i;
		uint64_t u;
		double f;
		bool b;
	};
} LogField;

#define F_STR(key, value)  ((LogField){(key), LOG_STR, .s = (value)})
#define F_CSTR(key, value) ((LogField){(key), LOG_STR, .s = str(value)})
#define F_INT(key, value)  ((LogField){(key), LOG_INT, .i = (value)})
#define F_UINT(key, value) ((LogField){(key), LOG_UINT, .u = (value)})
#define F_F64(key, value)  ((LogField){(key), LOG_F64, .f = (value)})
#define F_BOOL(key, value) ((LogField){(key), LOG_BOOL, .b = (value)})

// Sets the program's name and the least level that is written (default: INFO). Call once, before threads.
void log_init(const char *program, LogLevel least);
// "debug", "info", "warn", "error"; false if it is none of them.
bool log_level_parse(Str text, LogLevel *ret);

// `event` is a short stable phrase ("snapshot activated"); what varies goes into fields.
#define log_debug(event, ...) log_write(LOG_DEBUG, (event), LOG_FIELDS_(__VA_ARGS__))
#define log_info(event, ...)  log_write(LOG_INFO, (event), LOG_FIELDS_(__VA_ARGS__))
#define log_warn(event, ...)  log_write(LOG_WARN, (event), LOG_FIELDS_(__VA_ARGS__))
#define log_error(event, ...) log_write(LOG_ERROR, (event), LOG_FIELDS_(__VA_ARGS__))
// As log_error, with this thread's last failure as fields "reason", "field" and "message".
void log_failure(LogLevel level, const char *event);

#define LOG_FIELDS_(...)                                                                                     \
	(const LogField[]){__VA_ARGS__}, sizeof((const LogField[]){__VA_ARGS__}) / sizeof(LogField)
void log_write(LogLevel level, const char *event, const LogField *fields, size_t count);
