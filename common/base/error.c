// The table and the thread's last failure.
#include "base/error.h"

#include <errno.h>
#include <stdio.h>

static const struct {
	const char *reason;
	int status;
	const char *text;
} table[ERR_COUNT] = {
        [OK] = {"OK", 0, "no error"},
#define ERROR_ROW(id, status, text) [ERR_##id] = {#id, status, text},
#include "base/error_table.h"
#undef ERROR_ROW
};

static _Thread_local ErrDetail last;

const char *err_reason(Err id)
{
	return table[id].reason;
}

int err_status(Err id)
{
	return table[id].status;
}

const char *err_text(Err id)
{
	return table[id].text;
}

Err err_by_reason(Str reason)
{
	for (int id = OK + 1; id < ERR_COUNT; id++)
		if (str_eq(reason, str(table[id].reason)))
			return (Err)id;
	return OK;
}

// Cuts at the buffer's end but never inside a UTF-8 sequence: messages travel in protobuf strings.
static void trim_partial_utf8(char *text)
{
	size_t len = strlen(text);

	for (size_t cut = 0; cut < 4 && cut <= len; cut++)
		if (str_is_utf8(str_n(text, len - cut))) {
			text[len - cut] = 0;
			return;
		}
}

__attribute__((format(printf, 4, 0))) static Err set(
        Err id, const char *field, int retry_after_ms, const char *fmt, va_list args)
{
	ErrDetail detail = {.id = id, .retry_after_ms = retry_after_ms};

	// Into a fresh detail: the arguments may point into the last one.
	vsnprintf(detail.message, sizeof(detail.message), fmt, args);
	snprintf(detail.field, sizeof(detail.field), "%s", field);
	trim_partial_utf8(detail.message);
	trim_partial_utf8(detail.field);
	last = detail;
	return id;
}

Err err(Err id, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set(id, "", 0, fmt, args);
	va_end(args);
	return id;
}

Err err_at(Err id, const char *field, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set(id, field, 0, fmt, args);
	va_end(args);
	return id;
}

Err err_retry(Err id, int retry_after_ms, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set(id, "", retry_after_ms, fmt, args);
	va_end(args);
	return id;
}

Err err_context(Err id, const char *fmt, ...)
{
	char context[512], old[sizeof(last.message)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(context, sizeof(context), fmt, args);
	va_end(args);
	snprintf(old, sizeof(old), "%s", last.id == id ? last.message : err_text(id));
	if (last.id != id)
		last = (ErrDetail){.id = id};
	// gcc warns that this may be cut; being cut is what the bound is for.
	if (snprintf(last.message, sizeof(last.message), "%s: %.*s", context,
	            (int)(sizeof(last.message) - strlen(context) - 3), old) < 0)
		last.message[0] = 0;
	trim_partial_utf8(last.message);
	return id;
}

Err err_errno(Err id, const char *fmt, ...)
{
	int number = errno;
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return err(id, "%s: %s", text, strerrordesc_np(number) ? strerrordesc_np(number) : "unknown error");
}

const ErrDetail *err_detail(void)
{
	return &last;
}

Err err_restore(const ErrDetail *detail)
{
	last = *detail;
	return last.id;
}
