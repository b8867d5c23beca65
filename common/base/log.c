// A line is built in one buffer and written with one write(2). A line that does not fit loses fields, never
// its end.
#include "base/log.h"

#include "base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, LINE_TAIL = 16 };

typedef struct Line {
	char text[LINE_MAX_BYTES];
	size_t len;
	bool full;
} Line;

static const char *program_name = "parley";
static LogLevel least_level = LOG_INFO;
static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_init(const char *program, LogLevel least)
{
	program_name = program;
	least_level = least;
}

bool log_level_parse(Str text, LogLevel *ret)
{
	for (size_t i = 0; i < ARRAY_COUNT(level_names); i++)
		if (str_eq(text, str(level_names[i]))) {
			*ret = (LogLevel)i;
			return true;
		}
	return false;
}

static void put(Line *line, const char *bytes, size_t len)
{
	if (line->full || len > sizeof(line->text) - LINE_TAIL - line->len) {
		line->full = true;
		return;
	}
	memcpy(line->text + line->len, bytes, len);
	line->len += len;
}

static void put_char(Line *line, unsigned char c)
{
	char escape[8];

	if (c == '"' || c == '\\') {
		escape[0] = '\\';
		escape[1] = (char)c;
		put(line, escape, 2);
	} else if (c < 0x20 || c == 0x7f) {
		put(line, escape, (size_t)snprintf(escape, sizeof(escape), "\\u%04x", c));
	} else {
		escape[0] = (char)c;
		put(line, escape, 1);
	}
}

static void put_string(Line *line, Str text)
{
	bool sound = str_is_utf8(text);

	put(line, "\"", 1);
	for (size_t i = 0; i < text.len && !line->full; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		put_char(line, sound || c < 0x80 ? c : '?');
	}
	put(line, "\"", 1);
}

static void put_number(Line *line, const LogField *field)
{
	char text[40];
	int len = 0;

	if (field->kind == LOG_INT)
		len = snprintf(text, sizeof(text), "%" PRId64, field->i);
	else if (field->kind == LOG_UINT)
		len = snprintf(text, sizeof(text), "%" PRIu64, field->u);
	else if (field->kind == LOG_BOOL)
		len = snprintf(text, sizeof(text), "%s", field->b ? "true" : "false");
	else if (isfinite(field->f))
		len = snprintf(text, sizeof(text), "%.17g", field->f);
	else
		len = snprintf(text, sizeof(text), "null");
	put(line, text, (size_t)len);
}

static void put_field(Line *line, const LogField *field)
{
	size_t before = line->len;

	put(line, ",", 1);
	put_string(line, str(field->key));
	put(line, ":", 1);
	if (field->kind == LOG_STR)
		put_string(line, field->s);
	else
		put_number(line, field);
	if (line->full)
		line->len = before;
}

void log_write(LogLevel level, const char *event, const LogField *fields, size_t count)
{
	Line line = {.len = 0};
	char now[TIME_TEXT_SIZE];
	ssize_t written;

	if (level < least_level)
		return;
	time_format(clock_now_us(clock_system()), now);
	line.len = (size_t)snprintf(line.text, sizeof(line.text),
	        "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"event\":", now, level_names[level],
	        program_name);
	put_string(&line, str(event));
	for (size_t i = 0; i < count && !line.full; i++)
		put_field(&line, &fields[i]);
	memcpy(line.text + line.len, line.full ? ",\"cut\":1}\n" : "}\n", line.full ? 10 : 2);
	line.len += line.full ? 10 : 2;
	written = write(STDERR_FILENO, line.text, line.len);
	(void)written; // nowhere to tell of it
}

void log_failure(LogLevel level, const char *event)
{
	ErrDetail detail = *err_detail();

	log_write(level, event,
	        (const LogField[]){F_CSTR("reason", err_reason(detail.id)), F_CSTR("field", detail.field),
	                F_CSTR("message", detail.message)},
	        3);
}
