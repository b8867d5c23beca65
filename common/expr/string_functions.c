// The strings extension. Positions count code points.
#include "expr/function.h"
#include "expr/text_builder.h"
#include "expr/utf8.h"

#define BEYOND SIZE_MAX

// The byte at which code point `index` begins; the text's length for the one behind the last.
static size_t byte_of(Str text, int64_t index)
{
	size_t at = 0;

	if (index < 0)
		return BEYOND;
	for (; index > 0 && at < text.len; index--) {
		const char *next = text.ptr + at;

		(void)expr_utf8_next(&next, text.ptr + text.len);
		at = (size_t)(next - text.ptr);
	}
	return index == 0 ? at : BEYOND;
}

// Whether the arguments are of these kinds: 's' string, 'i' int, 'l' list. Takes fuel for the strings.
static ExprError accept(Evaluation *evaluation, const ExprValue *args, const char *kinds)
{
	for (; *kinds; kinds++, args++) {
		ExprKind kind = *kinds == 's' ? EXPR_STRING : *kinds == 'i' ? EXPR_INT : EXPR_LIST;

		if (args->kind != kind)
			return EXPR_ERR_NO_OVERLOAD;
		if (kind == EXPR_STRING && !expr_burn(evaluation, args->len))
			return EXPR_ERR_FUEL;
	}
	return EXPR_ERR_NONE;
}

#define ACCEPT(kinds)                                                                                        \
	do {                                                                                                 \
		ExprError error_ = accept(evaluation, args, kinds);                                          \
                                                                                                             \
		if (error_ != EXPR_ERR_NONE)                                                                 \
			return expr_error(error_);                                                           \
	} while (0)

// From byte `from` up to byte `to`.
static ExprValue part(ExprValue text, size_t from, size_t to)
{
	return expr_string(str_n(text.s + from, to - from));
}

ExprValue expr_string_char_at(Evaluation *evaluation, const ExprValue *args)
{
	size_t at, next;

	ACCEPT("si");
	at = byte_of(expr_value_str(args[0]), args[1].i);
	if (at == BEYOND)
		return expr_error(EXPR_ERR_INDEX_OUT_OF_RANGE);
	next = at == args[0].len ? at : byte_of(expr_value_str(args[0]), args[1].i + 1);
	return part(args[0], at, next);
}

static const char *find(Str text, size_t from, Str wanted)
{
	if (wanted.len == 0)
		return text.ptr + from;
	return from < text.len ? memmem(text.ptr + from, text.len - from, wanted.ptr, wanted.len) : NULL;
}

static ExprValue index_of(ExprValue text, ExprValue wanted, int64_t start)
{
	size_t from = byte_of(expr_value_str(text), start);
	const char *found;

	if (from == BEYOND)
		return expr_error(EXPR_ERR_INDEX_OUT_OF_RANGE);
	found = find(expr_value_str(text), from, expr_value_str(wanted));
	if (wanted.len == 0)
		return expr_int(start);
	return expr_int(found ? (int64_t)expr_utf8_count(str_n(text.s, (size_t)(found - text.s))) : -1);
}

ExprValue expr_string_index_of(Evaluation *evaluation, const ExprValue *args)
{
	ACCEPT("ss");
	return index_of(args[0], args[1], 0);
}

ExprValue expr_string_index_of_from(Evaluation *evaluation, const ExprValue *args)
{
	ACCEPT("ssi");
	return index_of(args[0], args[1], args[2].i);
}

// From byte `from` back to the start; every place that is tried costs fuel.
static ExprValue last_index_of(Evaluation *evaluation, ExprValue text, ExprValue wanted, size_t from)
{
	if (wanted.len > text.len)
		return expr_int(-1);
	if (from > text.len - wanted.len)
		from = text.len - wanted.len;
	for (size_t i = from + 1; i-- > 0;) {
		if (!expr_burn(evaluation, 16 + wanted.len))
			return expr_error(EXPR_ERR_FUEL);
		if (wanted.len == 0 || memcmp(text.s + i, wanted.s, wanted.len) == 0)
			return expr_int((int64_t)expr_utf8_count(str_n(text.s, i)));
	}
	return expr_int(-1);
}

ExprValue expr_string_last_index_of(Evaluation *evaluation, const ExprValue *args)
{
	ACCEPT("ss");
	return last_index_of(evaluation, args[0], args[1], args[0].len);
}

ExprValue expr_string_last_index_of_from(Evaluation *evaluation, const ExprValue *args)
{
	size_t from;

	ACCEPT("ssi");
	from = byte_of(expr_value_str(args[0]), args[2].i);
	if (from == BEYOND)
		return expr_error(EXPR_ERR_INDEX_OUT_OF_RANGE);
	return last_index_of(evaluation, args[0], args[1], from);
}

ExprValue expr_string_substring_to(Evaluation *evaluation, const ExprValue *args)
{
	size_t from, to;

	ACCEPT("sii");
	from = byte_of(expr_value_str(args[0]), args[1].i);
	to = byte_of(expr_value_str(args[0]), args[2].i);
	if (from == BEYOND || to == BEYOND || from > to)
		return expr_error(EXPR_ERR_INDEX_OUT_OF_RANGE);
	return part(args[0], from, to);
}

ExprValue expr_string_substring(Evaluation *evaluation, const ExprValue *args)
{
	size_t from;

	ACCEPT("si");
	from = byte_of(expr_value_str(args[0]), args[1].i);
	return from == BEYOND ? expr_error(EXPR_ERR_INDEX_OUT_OF_RANGE) : part(args[0], from, args[0].len);
}

static ExprValue join(Evaluation *evaluation, ExprValue list, Str between)
{
	Text text = {.arena = evaluation->arena, .evaluation = evaluation};

	for (uint32_t i = 0; i < list.len; i++) {
		if (list.items[i].kind != EXPR_STRING)
			return expr_error(EXPR_ERR_NO_OVERLOAD);
		if (!expr_burn(evaluation, 16))
			return expr_error(EXPR_ERR_FUEL);
		if (i > 0)
			text_put(&text, between);
		text_put(&text, expr_value_str(list.items[i]));
	}
	return text_value(&text);
}

ExprValue expr_string_join(Evaluation *evaluation, const ExprValue *args)
{
	ACCEPT("l");
	return join(evaluation, args[0], STR(""));
}

ExprValue expr_string_join_with(Evaluation *evaluation, const ExprValue *args)
{
	ACCEPT("ls");
	return join(evaluation, args[0], expr_value_str(args[1]));
}

// The place of the next separator from byte `from`. An empty one stands before each code point but the first.
static const char *next_place(Str text, size_t from, Str wanted, bool first)
{
	const char *at = text.ptr + from;

	if (wanted.len > 0)
		return find(text, from, wanted);
	if (first)
		return at;
	if (from >= text.len)
		return NULL;
	(void)expr_utf8_next(&at, text.ptr + text.len);
	return at;
}

// At most `limit` times, below 0 every time.
static ExprValue replace(Evaluation *evaluation, const ExprValue *args, int64_t limit)
{
	Text text = {.arena = evaluation->arena, .evaluation = evaluation};
	Str source = expr_value_str(args[0]), wanted = expr_value_str(args[1]);
	size_t done = 0;
	const char *at;

	for (int64_t count = 0; limit < 0 || count < limit; count++) {
		at = next_place(source, done, wanted, count == 0);
		if (!at || text.full)
			break;
		if (!expr_burn(evaluation, 16))
			return expr_error(EXPR_ERR_FUEL);
		text_put(&text, str_n(source.ptr + done, (size_t)(at - source.ptr) - done));
		text_put(&text, expr_value_str(args[2]));
		done = (size_t)(at - source.ptr) + wanted.len;
	}
	text_put(&text, str_n(source.ptr + done, source.len - done));
	return text_value(&text);
}

ExprValue expr_string_replace(Evaluation *evaluation, const ExprValue *args)
{
	ACCEPT("sss");
	return replace(evaluation, args, -1);
}

ExprValue expr_string_replace_some(Evaluation *evaluation, const ExprValue *args)
{
	ACCEPT("sssi");
	return replace(evaluation, args, args[3].i);
}

// The parts between separators, written to `items` unless that is NULL; returns how many.
static size_t split_into(ExprValue text, Str separator, size_t most, ExprValue *items)
{
	Str source = expr_value_str(text);
	size_t count = 0, done = 0;

	while (count + 1 < most) {
		const char *at = next_place(source, done, separator, false);
		size_t end = at ? (size_t)(at - source.ptr) : 0;

		if (!at || (separator.len == 0 && end == source.len))
			break;
		if (items)
			items[count] = part(text, done, end);
		count++;
		done = end + separator.len;
	}
	if (items)
		items[count] = part(text, done, source.len);
	return count + 1;
}

static ExprValue split(Evaluation *evaluation, const ExprValue *args, int64_t limit)
{
	Str separator = expr_value_str(args[1]);
	size_t most = limit < 0 ? SIZE_MAX : (size_t)limit, count;
	ExprValue *items;

	if (most == 0 || (args[0].len == 0 && separator.len == 0))
		return expr_list(NULL, 0);
	count = split_into(args[0], separator, most, NULL);
	if (!expr_burn(evaluation, 2 * count * sizeof(ExprValue)))
		return expr_error(EXPR_ERR_FUEL);
	items = ARENA_ARRAY(evaluation->arena, ExprValue, count);
	if (!items)
		return expr_error(EXPR_ERR_MEMORY);
	(void)split_into(args[0], separator, most, items);
	return expr_list(items, count);
}

ExprValue expr_string_split(Evaluation *evaluation, const ExprValue *args)
{
	ACCEPT("ss");
	return split(evaluation, args, -1);
}

ExprValue expr_string_split_some(Evaluation *evaluation, const ExprValue *args)
{
	ACCEPT("ssi");
	return split(evaluation, args, args[2].i);
}

ExprValue expr_string_reverse(Evaluation *evaluation, const ExprValue *args)
{
	const char *at = args[0].s, *end = at + args[0].len;
	char *copy, *to;

	ACCEPT("s");
	if (args[0].len == 0)
		return args[0];
	copy = arena_alloc(evaluation->arena, args[0].len);
	if (!copy)
		return expr_error(EXPR_ERR_MEMORY);
	to = copy + args[0].len;
	while (at < end) {
		const char *start = at;

		(void)expr_utf8_next(&at, end);
		to -= at - start;
		memcpy(to, start, (size_t)(at - start));
	}
	return expr_string(str_n(copy, args[0].len));
}

ExprValue expr_string_quote(Evaluation *evaluation, const ExprValue *args)
{
	static const char plain[] = "\a\b\f\n\r\t\v\\\"", letters[] = "abfnrtv\\\"";
	Text text = {.arena = evaluation->arena, .evaluation = evaluation};
	size_t done = 0;

	ACCEPT("s");
	text_put(&text, STR("\""));
	for (size_t i = 0; i < args[0].len; i++) {
		const char *found = args[0].s[i] ? strchr(plain, args[0].s[i]) : NULL;

		if (!found)
			continue;
		text_put(&text, str_n(args[0].s + done, i - done));
		text_printf(&text, "\\%c", letters[found - plain]);
		done = i + 1;
	}
	text_put(&text, str_n(args[0].s + done, args[0].len - done));
	text_put(&text, STR("\""));
	return text_value(&text);
}
