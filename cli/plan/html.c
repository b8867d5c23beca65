#include "plan/html.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void put_text(FILE *out, const char *text)
{
	for (; text && *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			// Control characters have no place in HTML; C1 ones are two bytes, and browsers show
			// nothing for them.
			putc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, out);
		}
	}
}

static void put_grouped(FILE *out, long long number)
{
	char digits[32];
	int len = snprintf(digits, sizeof digits, "%lld", number);

	for (int i = 0; i < len; i++) {
		putc(digits[i], out);
		if (digits[i] != '-' && i + 1 < len && (len - i - 1) % 3 == 0)
			putc(',', out);
	}
}

// One specification behind its %; returns what follows it.
static const char *put_value(FILE *out, const char *at, va_list *args)
{
	int precision = 0;

	if (strncmp(at, "lld", 3) == 0) {
		put_grouped(out, va_arg(*args, long long));
		return at + 3;
	}
	if (*at == '.') {
		char *end;

		precision = (int)strtol(at + 1, &end, 10);
		at = end;
	}
	if (*at == 's')
		put_text(out, va_arg(*args, const char *));
	else if (*at == 'd')
		fprintf(out, "%d", va_arg(*args, int));
	else if (*at == 'f')
		fprintf(out, "%.*f", precision, va_arg(*args, double));
	else
		putc('%', out);
	return at + 1;
}

void html_put(FILE *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	while (*format) {
		if (*format != '%') {
			putc(*format++, out);
			continue;
		}
		format = put_value(out, format + 1, &args);
	}
	va_end(args);
}
