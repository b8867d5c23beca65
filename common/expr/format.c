// Values as CEL text.
#include "expr/format.h"

#include "expr/moment.h"
#include "expr/text_builder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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

	text_put(text, value.kind == EXPR_BYTES ? STR("b\"") : STR("\""));
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
		text_put(text, str(escape));
	}
	text_put(text, STR("\""));
}

static void put_scalar(Text *text, ExprValue value)
{
	char number[FORMAT_NUMBER_SIZE + 4] = "";

	switch (value.kind) {
	case EXPR_BOOL:
		text_put(text, value.b ? STR("true") : STR("false"));
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
		text_put(text, str(expr_type_text(value.type)));
		return;
	case EXPR_ERROR:
		text_put(text, STR("error "));
		text_put(text, str(expr_error_name(value.error)));
		return;
	default:
		text_put(text, STR("null"));
		return;
	}
	text_put(text, str(number));
}

static void put_moment(Text *text, ExprValue value)
{
	char moment[MOMENT_TEXT_SIZE];
	size_t len = expr_moment_format(value, moment);

	text_put(text, value.kind == EXPR_TIMESTAMP ? STR("timestamp(\"") : STR("duration(\""));
	text_put(text, str_n(moment, len));
	text_put(text, STR("\")"));
}

static void put_value(Text *text, ExprValue value, int depth);

static void put_items(Text *text, ExprValue value, int depth)
{
	bool map = value.kind == EXPR_MAP;
	size_t count = map ? 2 * (size_t)value.len : value.len;

	text_put(text, map ? STR("{") : STR("["));
	for (size_t i = 0; i < count && !text->full; i++) {
		text_put(text, i == 0 ? STR("") : map && i % 2 ? STR(": ") : STR(", "));
		put_value(text, value.items[i], depth + 1);
	}
	text_put(text, map ? STR("}") : STR("]"));
}

// What is nested deeper than any expression makes it is left out.
static void put_value(Text *text, ExprValue value, int depth)
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
	case EXPR_MAP:
		if (depth < EXPR_NESTING_MAX)
			put_items(text, value, depth);
		else
			text_put(text, STR("..."));
		return;
	default:
		put_scalar(text, value);
		return;
	}
}

Str expr_value_format(ExprValue value, Arena *arena)
{
	Text text = {.arena = arena};

	put_value(&text, value, 0);
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
