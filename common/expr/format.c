// Values as CEL text.
#include "expr/format.h"

#include "expr/moment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// Text that grows in an arena until the arena is full; what no longer fits is cut.
typedef struct Text {
	Arena *arena;
	char *ptr;
	size_t len, room;
	bool full;
} Text;

static void put(Text *text, Str part)
{
	if (text->full || part.len == 0)
		return;
	if (part.len > text->room - text->len) {
		size_t room = (text->len + part.len) * 2 + 64;
		char *ptr = arena_alloc(text->arena, room);

		if (!ptr) {
			text->full = true;
			return;
		}
		if (text->len)
			memcpy(ptr, text->ptr, text->len);
		text->ptr = ptr;
		text->room = room;
	}
	memcpy(text->ptr + text->len, part.ptr, part.len);
	text->len += part.len;
}

size_t expr_format_double(double number, char text[FORMAT_NUMBER_SIZE])
{
	if (isnan(number))
		return (size_t)snprintf(text, FORMAT_NUMBER_SIZE, "NaN");
	if (isinf(number))
		return (size_t)snprintf(text, FORMAT_NUMBER_SIZE, number > 0 ? "Infinity" : "-Infinity");
	for (int digits = 15;; digits++) {
		int len = snprintf(text, FORMAT_NUMBER_SIZE, "%.*g", digits, number);

		if (digits == 17 || strtod(text, NULL) == number)
			return (size_t)len;
	}
}

static void put_quoted(Text *text, ExprValue value)
{
	static const char plain[] = "\a\b\f\n\r\t\v\\\"", letters[] = "abfnrtv\\\"";

	put(text, value.kind == EXPR_BYTES ? STR("b\"") : STR("\""));
	for (uint32_t i = 0; i < value.len; i++) {
		unsigned char byte = (unsigned char)value.s[i];
		const char *found = byte ? strchr(plain, byte) : NULL;
		char escape[8];

		if (found)
			(void)snprintf(escape, sizeof(escape), "\\%c", letters[found - plain]);
		else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && value.kind == EXPR_BYTES))
			(void)snprintf(escape, sizeof(escape), "\\x%02x", byte);
		else
			(void)snprintf(escape, sizeof(escape), "%c", byte);
		put(text, str(escape));
	}
	put(text, STR("\""));
}

static void put_scalar(Text *text, ExprValue value)
{
	char number[FORMAT_NUMBER_SIZE + 4] = "";

	switch (value.kind) {
	case EXPR_BOOL:
		put(text, value.b ? STR("true") : STR("false"));
		return;
	case EXPR_INT:
		(void)snprintf(number, sizeof(number), "%lld", (long long)value.i);
		break;
	case EXPR_UINT:
		(void)snprintf(number, sizeof(number), "%lluu", (unsigned long long)value.u);
		break;
	case EXPR_DOUBLE:
		expr_format_double(value.d, number);
		if (!strpbrk(number, ".eIN"))
			strcat(number, ".0");
		break;
	case EXPR_TYPE:
		put(text, str(expr_type_text(value.type)));
		return;
	case EXPR_ERROR:
		put(text, STR("error "));
		put(text, str(expr_error_name(value.error)));
		return;
	default:
		put(text, STR("null"));
		return;
	}
	put(text, str(number));
}

static void put_moment(Text *text, ExprValue value)
{
	char moment[MOMENT_TEXT_SIZE];
	size_t len = expr_moment_format(value, moment);

	put(text, value.kind == EXPR_TIMESTAMP ? STR("timestamp(\"") : STR("duration(\""));
	put(text, str_n(moment, len));
	put(text, STR("\")"));
}

static void put_value(Text *text, ExprValue value)
{
	switch (value.kind) {
	case EXPR_STRING:
	case EXPR_BYTES:
		put_quoted(text, value);
		return;
	case EXPR_TIMESTAMP:
	case EXPR_DURATION:
		put_moment(text, value);
		return;
	case EXPR_LIST:
		put(text, STR("["));
		for (uint32_t i = 0; i < value.len; i++) {
			put(text, i ? STR(", ") : STR(""));
			put_value(text, value.items[i]);
		}
		put(text, STR("]"));
		return;
	default:
		put_scalar(text, value);
		return;
	}
}

Str expr_value_format(ExprValue value, Arena *arena)
{
	Text text = {.arena = arena};

	put_value(&text, value);
	return str_n(text.ptr, text.len);
}

const char *expr_type_text(ExprKind kind)
{
	switch (kind) {
	case EXPR_NULL:
		return "null_type";
	case EXPR_TIMESTAMP:
		return "google.protobuf.Timestamp";
	case EXPR_DURATION:
		return "google.protobuf.Duration";
	default:
		return expr_kind_name(kind);
	}
}
