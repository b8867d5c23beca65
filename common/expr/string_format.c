// format(): "%s", "%d", "%f", "%e", "%b", "%o", "%x", "%X" and "%%", the middle ones with a precision.
#include "expr/format.h"
#include "expr/function.h"
#include "expr/map.h"
#include "expr/moment.h"
#include "expr/text_builder.h"

#include <math.h>
#include <stdlib.h>

enum { PRECISION_DEFAULT = 6, PRECISION_MAX = 100 };

typedef struct Clause {
	int precision; // -1: none was written
	char letter;
} Clause;

static bool put_plain(Text *text, ExprValue value, int depth);

static void put_double(Text *text, double number)
{
	char printed[FORMAT_NUMBER_SIZE];
	size_t len = expr_format_double(number, printed);

	text_put(text, str_n(printed, len));
}

static bool put_list(Text *text, ExprValue list, int depth)
{
	bool good = true;

	text_put(text, STR("["));
	for (uint32_t i = 0; good && i < list.len; i++) {
		text_put(text, i ? STR(", ") : STR(""));
		good = put_plain(text, list.items[i], depth);
	}
	text_put(text, STR("]"));
	return good;
}

// A map's pair and its key as text, by which pairs are put in order.
typedef struct Entry {
	Str key;
	ExprValue value;
} Entry;

static int by_key(const void *a, const void *b)
{
	return str_cmp(((const Entry *)a)->key, ((const Entry *)b)->key);
}

static bool put_map(Text *text, ExprValue map, int depth)
{
	Entry *entries = ARENA_ARRAY(text->arena, Entry, (size_t)map.len + 1);
	bool good = entries && expr_burn(text->evaluation, 16 * sizeof(ExprValue) * (size_t)map.len);

	for (size_t i = 0; good && i < map.len; i++) {
		Text key = {.arena = text->arena, .evaluation = text->evaluation};

		good = put_plain(&key, map.items[2 * i], depth);
		entries[i] = (Entry){str_n(key.ptr, key.len), map.items[2 * i + 1]};
	}
	if (good)
		qsort(entries, map.len, sizeof(*entries), by_key);
	text_put(text, STR("{"));
	for (uint32_t i = 0; good && i < map.len; i++) {
		text_put(text, i ? STR(", ") : STR(""));
		text_put(text, entries[i].key);
		text_put(text, STR(": "));
		good = put_plain(text, entries[i].value, depth);
	}
	text_put(text, STR("}"));
	return good;
}

// %s: any value as people write it. False if it has no such form.
static bool put_plain(Text *text, ExprValue value, int depth)
{
	char moment[MOMENT_TEXT_SIZE];

	if (text->full || depth == EXPR_NESTING_MAX || !expr_burn(text->evaluation, 16))
		return false;
	switch (value.kind) {
	case EXPR_STRING:
	case EXPR_BYTES:
		text_put(text, expr_value_str(value));
		return true;
	case EXPR_UINT:
		text_printf(text, "%llu", (unsigned long long)value.u);
		return true;
	case EXPR_DOUBLE:
		put_double(text, value.d);
		return true;
	case EXPR_TIMESTAMP:
	case EXPR_DURATION:
		text_put(text, str_n(moment, expr_moment_format(value, moment)));
		return true;
	case EXPR_LIST:
		return put_list(text, value, depth + 1);
	case EXPR_MAP:
		return put_map(text, value, depth + 1);
	default:
		text_put(text, expr_value_format(value, text->arena));
		return value.kind <= EXPR_TYPE;
	}
}

static bool put_string(Text *text, ExprValue value, Clause clause)
{
	(void)clause;
	return put_plain(text, value, 0);
}

static bool put_decimal(Text *text, ExprValue value, Clause clause)
{
	(void)clause;
	if (value.kind != EXPR_INT && value.kind != EXPR_UINT && value.kind != EXPR_DOUBLE)
		return false;
	return put_plain(text, value, 0);
}

static bool put_float(Text *text, ExprValue value, Clause clause)
{
	int precision = clause.precision < 0 ? PRECISION_DEFAULT : clause.precision;
	double number = value.kind == EXPR_INT    ? (double)value.i
	                : value.kind == EXPR_UINT ? (double)value.u
	                                          : value.d;

	if (value.kind != EXPR_INT && value.kind != EXPR_UINT && value.kind != EXPR_DOUBLE)
		return false;
	if (!isfinite(number))
		put_double(text, number);
	else if (clause.letter == 'f')
		text_printf(text, "%.*f", precision, number);
	else
		text_printf(text, "%.*e", precision, number);
	return true;
}

// A number to a base that is a power of two.
static bool put_based(Text *text, ExprValue value, unsigned bits, const char *digits)
{
	char printed[66];
	size_t at = sizeof(printed);
	bool negative = value.kind == EXPR_INT && value.i < 0;
	uint64_t number = negative ? 0 - value.u : value.u;

	if (value.kind == EXPR_BOOL && bits == 1)
		number = value.b;
	else if (value.kind != EXPR_INT && value.kind != EXPR_UINT)
		return false;
	do {
		printed[--at] = digits[number & ((1u << bits) - 1)];
		number >>= bits;
	} while (number);
	if (negative)
		printed[--at] = '-';
	text_put(text, str_n(printed + at, sizeof(printed) - at));
	return true;
}

static bool put_binary(Text *text, ExprValue value, Clause clause)
{
	(void)clause;
	return put_based(text, value, 1, "01");
}

static bool put_octal(Text *text, ExprValue value, Clause clause)
{
	(void)clause;
	return put_based(text, value, 3, "01234567");
}

static bool put_hexadecimal(Text *text, ExprValue value, Clause clause)
{
	const char *digits = clause.letter == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";

	if (!expr_is_text(value))
		return put_based(text, value, 4, digits);
	for (uint32_t i = 0; i < value.len && !text->full; i++) {
		unsigned char byte = (unsigned char)value.s[i];
		char pair[] = {digits[byte >> 4], digits[byte & 15]};

		text_put(text, str_n(pair, 2));
	}
	return expr_burn(text->evaluation, value.len);
}

static const struct {
	char letter;
	bool (*put)(Text *text, ExprValue value, Clause clause);
} clauses[] = {
        {'s', put_string},
        {'d', put_decimal},
        {'f', put_float},
        {'e', put_float},
        {'b', put_binary},
        {'o', put_octal},
        {'x', put_hexadecimal},
        {'X', put_hexadecimal},
};

// Behind '%': ".3f". False if it is no clause.
static bool read_clause(Str *format, Clause *ret)
{
	const char *at = format->ptr, *end = at + format->len;

	ret->precision = -1;
	if (at < end && *at == '.') {
		ret->precision = 0;
		for (at++; at < end && *at >= '0' && *at <= '9' && ret->precision <= PRECISION_MAX; at++)
			ret->precision = ret->precision * 10 + (*at - '0');
	}
	if (at == end || ret->precision > PRECISION_MAX)
		return false;
	ret->letter = *at++;
	*format = str_n(at, (size_t)(end - at));
	return true;
}

static bool put_clause(Text *text, ExprValue value, Clause clause)
{
	for (size_t i = 0; i < ARRAY_COUNT(clauses); i++)
		if (clauses[i].letter == clause.letter)
			return clauses[i].put(text, value, clause);
	return false;
}

// One step of the format: text up to a '%', or what that asks for. False if the values do not fit.
static bool put_next(Text *text, Str *format, ExprValue values, uint32_t *used)
{
	const char *percent = memchr(format->ptr, '%', format->len);
	size_t plain = percent ? (size_t)(percent - format->ptr) : format->len;
	Clause clause;

	text_put(text, str_n(format->ptr, plain));
	*format = str_n(format->ptr + plain, format->len - plain);
	if (format->len == 0)
		return true;
	*format = str_n(format->ptr + 1, format->len - 1);
	if (!read_clause(format, &clause))
		return false;
	if (clause.letter == '%') {
		text_put(text, STR("%"));
		return clause.precision < 0;
	}
	return *used < values.len && put_clause(text, values.items[(*used)++], clause);
}

ExprValue expr_string_format(Evaluation *evaluation, const ExprValue *args)
{
	Text text = {.arena = evaluation->arena, .evaluation = evaluation};
	Str format = expr_value_str(args[0]);
	uint32_t used = 0;

	if (args[0].kind != EXPR_STRING || args[1].kind != EXPR_LIST)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	if (!expr_burn(evaluation, args[0].len))
		return expr_error(EXPR_ERR_FUEL);
	while (format.len > 0) {
		if (!expr_burn(evaluation, 16))
			return expr_error(EXPR_ERR_FUEL);
		if (!put_next(&text, &format, args[1], &used))
			return expr_error(text.full ? EXPR_ERR_MEMORY : EXPR_ERR_INVALID_ARGUMENT);
	}
	return text_value(&text);
}
