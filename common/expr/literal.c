// Literals: numbers in every notation of CEL, and texts with their escapes. Escapes never make a text longer,
// so that one allocation of the literal's length does.
#include "expr/lexer.h"
#include "expr/operate.h"

#include <math.h>
#include <stdlib.h>

Node *expr_literal(Compilation *c, Token token, ExprValue value)
{
	Node *node = expr_node(c, NODE_LITERAL, token.at);

	node->value = value;
	return node;
}

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool magnitude(Str text, uint64_t *ret)
{
	if (text.len < 2 || (text.ptr[1] | 0x20) != 'x')
		return str_to_u64(text, ret);
	*ret = 0;
	for (size_t i = 2; i < text.len; i++) {
		if (*ret >> 60)
			return false;
		*ret = *ret << 4 | (uint64_t)hex_digit(text.ptr[i]);
	}
	return true;
}

Node *expr_literal_int(Compilation *c, Token token)
{
	const uint64_t least = (uint64_t)INT64_MAX + 1;
	uint64_t number = 0;
	bool fits = magnitude(token.text, &number) && number <= least;
	Node *node =
	        expr_literal(c, token, expr_int(number == least ? INT64_MIN : (int64_t)(fits ? number : 0)));

	node->only_negative = number == least;
	if (!fits)
		(void)expr_fail(c, ERR_EXPR_SYNTAX, token.at,
		        "the number does not fit into an int; write %.*su for uint, %.*s.0 for double",
		        STR_ARG(token.text), STR_ARG(token.text));
	return node;
}

Node *expr_literal_uint(Compilation *c, Token token)
{
	uint64_t number = 0;

	if (!magnitude(str_n(token.text.ptr, token.text.len - 1), &number))
		(void)expr_fail(
		        c, ERR_EXPR_SYNTAX, token.at, "the number does not fit into a uint; use a double");
	return expr_literal(c, token, (ExprValue){.kind = EXPR_UINT, .u = number});
}

// The lexer has seen to the form. What is too small becomes 0, as IEEE says; what is too large is a mistake.
Node *expr_literal_double(Compilation *c, Token token)
{
	char *text = arena_cstr(c->arena, token.text);
	double number = text ? strtod(text, NULL) : 0;

	if (isinf(number))
		(void)expr_fail(c, ERR_EXPR_SYNTAX, token.at,
		        "the number does not fit into a double; write a smaller one");
	return expr_literal(c, token, expr_double(number));
}

// A text literal being taken apart.
typedef struct Unquote {
	const char *at, *end;
	bool bytes;
	char *out;
	size_t len;
} Unquote;

static void put_utf8(Unquote *u, uint32_t code)
{
	char *out = u->out + u->len;

	if (code < 0x80) {
		out[0] = (char)code;
		u->len += 1;
	} else if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		u->len += 2;
	} else if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		u->len += 3;
	} else {
		out[0] = (char)(0xf0 | code >> 18);
		out[1] = (char)(0x80 | (code >> 12 & 0x3f));
		out[2] = (char)(0x80 | (code >> 6 & 0x3f));
		out[3] = (char)(0x80 | (code & 0x3f));
		u->len += 4;
	}
}

// `digits` digits of a base, as the code point or byte that they name.
static bool numbered(Unquote *u, size_t digits, unsigned base, bool unicode)
{
	uint32_t code = 0;

	if ((size_t)(u->end - u->at) < digits || (unicode && u->bytes))
		return false;
	for (; digits > 0; digits--) {
		int digit = hex_digit(*u->at++);

		if (digit < 0 || (unsigned)digit >= base || code > 0x1fffffff / base)
			return false;
		code = code * base + (uint32_t)digit;
	}
	if (!unicode && code > 0xff)
		return false;
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return false;
	if (u->bytes)
		u->out[u->len++] = (char)code;
	else
		put_utf8(u, code);
	return true;
}

static bool escape(Unquote *u)
{
	static const char plain[] = "abfnrtv\\?\"'`", meant[] = "\a\b\f\n\r\t\v\\?\"'`";
	char letter = *u->at++;
	const char *found = letter ? strchr(plain, letter) : NULL;

	if (found) {
		u->out[u->len++] = meant[found - plain];
		return true;
	}
	switch (letter) {
	case 'x':
	case 'X':
		return numbered(u, 2, 16, false);
	case 'u':
		return numbered(u, 4, 16, true);
	case 'U':
		return numbered(u, 8, 16, true);
	default:
		u->at--;
		return numbered(u, 3, 8, false);
	}
}

// Strips prefixes and quotes; returns whether it is raw.
static bool strip(Unquote *u, Str text)
{
	bool raw = false;
	size_t quotes;

	while (*text.ptr != '\'' && *text.ptr != '"') {
		raw |= (*text.ptr | 0x20) == 'r';
		text = str_n(text.ptr + 1, text.len - 1);
	}
	quotes = text.len >= 6 && text.ptr[1] == *text.ptr && text.ptr[2] == *text.ptr ? 3 : 1;
	u->at = text.ptr + quotes;
	u->end = text.ptr + text.len - quotes;
	return raw;
}

Node *expr_literal_text(Compilation *c, Token token, ExprKind kind)
{
	Unquote u = {.bytes = kind == EXPR_BYTES, .out = arena_alloc(c->arena, token.text.len)};
	bool raw = strip(&u, token.text);

	while (u.out && u.at < u.end) {
		const char *start = u.at;

		if (*u.at != '\\' || raw) {
			u.out[u.len++] = *u.at++;
			continue;
		}
		u.at++;
		if (escape(&u))
			continue;
		(void)expr_fail(c, ERR_EXPR_SYNTAX, token.at + (uint32_t)(start - token.text.ptr),
		        "an escape that %s does not have; for a backslash itself write '\\\\', or r'...' for "
		        "all of the text",
		        u.bytes ? "bytes" : "a string");
		break;
	}
	return expr_literal(
	        c, token, u.bytes ? expr_bytes(str_n(u.out, u.len)) : expr_string(str_n(u.out, u.len)));
}
