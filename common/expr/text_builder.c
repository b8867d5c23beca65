// Text that grows.
#include "expr/text_builder.h"

#include <stdarg.h>
#include <stdio.h>

enum { PRINTED_MAX = 512 };

void text_put(Text *text, Str part)
{
	if (text->full || part.len == 0)
		return;
	if (text->evaluation && !expr_burn(text->evaluation, part.len)) {
		text->full = true;
		return;
	}
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

void text_printf(Text *text, const char *fmt, ...)
{
	char printed[PRINTED_MAX];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(printed, sizeof(printed), fmt, args);
	va_end(args);
	text_put(text, str_n(printed, len < PRINTED_MAX ? (size_t)len : PRINTED_MAX - 1));
}

ExprValue text_value(const Text *text)
{
	if (text->full || text->len > UINT32_MAX)
		return expr_error(EXPR_ERR_MEMORY);
	return expr_string(str_n(text->ptr, text->len));
}
