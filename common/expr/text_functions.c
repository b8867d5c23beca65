// String functions. Sizes count code points; everything else works on bytes, which UTF-8 allows.
#include "expr/function.h"
#include "expr/regex.h"
#include "expr/utf8.h"

ExprValue expr_text_size(Evaluation *evaluation, const ExprValue *args)
{
	if (args[0].kind == EXPR_LIST || args[0].kind == EXPR_BYTES || args[0].kind == EXPR_MAP)
		return expr_int(args[0].len);
	if (args[0].kind != EXPR_STRING)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	if (!expr_burn(evaluation, args[0].len))
		return expr_error(EXPR_ERR_FUEL);
	return expr_int((int64_t)expr_utf8_count(expr_value_str(args[0])));
}

static bool both_strings(const ExprValue *args)
{
	return args[0].kind == EXPR_STRING && args[1].kind == EXPR_STRING;
}

// memmem is linear (two-way), so that the cost is that of the text.
ExprValue expr_text_contains(Evaluation *evaluation, const ExprValue *args)
{
	if (!both_strings(args))
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	if (!expr_burn(evaluation, (size_t)args[0].len + args[1].len))
		return expr_error(EXPR_ERR_FUEL);
	if (args[1].len == 0)
		return expr_bool(true);
	return expr_bool(args[0].len && memmem(args[0].s, args[0].len, args[1].s, args[1].len) != NULL);
}

ExprValue expr_text_starts_with(Evaluation *evaluation, const ExprValue *args)
{
	if (!both_strings(args))
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	if (!expr_burn(evaluation, args[1].len))
		return expr_error(EXPR_ERR_FUEL);
	return expr_bool(str_starts(expr_value_str(args[0]), expr_value_str(args[1])));
}

ExprValue expr_text_ends_with(Evaluation *evaluation, const ExprValue *args)
{
	if (!both_strings(args))
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	if (!expr_burn(evaluation, args[1].len))
		return expr_error(EXPR_ERR_FUEL);
	return expr_bool(str_ends(expr_value_str(args[0]), expr_value_str(args[1])));
}

// A copy in which ASCII letters from `first` on (26 of them) change case.
static ExprValue change_case(Evaluation *evaluation, ExprValue text, char first)
{
	char *copy;

	if (text.kind != EXPR_STRING)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	if (text.len == 0)
		return text;
	if (!expr_burn(evaluation, text.len))
		return expr_error(EXPR_ERR_FUEL);
	copy = arena_alloc(evaluation->arena, text.len);
	if (!copy)
		return expr_error(EXPR_ERR_MEMORY);
	for (uint32_t i = 0; i < text.len; i++) {
		bool letter = text.s[i] >= first && text.s[i] < first + 26;

		copy[i] = letter ? (char)(text.s[i] ^ 0x20) : text.s[i];
	}
	return expr_string(str_n(copy, text.len));
}

ExprValue expr_text_lower_ascii(Evaluation *evaluation, const ExprValue *args)
{
	return change_case(evaluation, args[0], 'A');
}

ExprValue expr_text_upper_ascii(Evaluation *evaluation, const ExprValue *args)
{
	return change_case(evaluation, args[0], 'a');
}

// The length of the white space character (Unicode's White_Space) that the text begins with, or 0.
static size_t space_at(Str text)
{
	static const char *const spaces[] = {"\t", "\n", "\v", "\f", "\r", " ", "\xc2\x85", "\xc2\xa0",
	        "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007",
	        "\u2008", "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};

	for (size_t i = 0; i < ARRAY_COUNT(spaces); i++)
		if (str_starts(text, str(spaces[i])))
			return strlen(spaces[i]);
	return 0;
}

ExprValue expr_text_trim(Evaluation *evaluation, const ExprValue *args)
{
	Str text = expr_value_str(args[0]);
	size_t space;

	if (args[0].kind != EXPR_STRING)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	if (!expr_burn(evaluation, text.len))
		return expr_error(EXPR_ERR_FUEL);
	while ((space = space_at(text)) > 0)
		text = str_n(text.ptr + space, text.len - space);
	while (text.len > 0) {
		size_t start = text.len - 1;

		while (start > 0 && (text.ptr[start] & 0xc0) == 0x80)
			start--;
		if (space_at(str_n(text.ptr + start, text.len - start)) != text.len - start)
			break;
		text.len = start;
	}
	return expr_string(text);
}

// A pattern that shows only when it runs: compiled each time; what that takes of the arena is paid for in
// fuel.
ExprValue expr_text_matches(Evaluation *evaluation, const ExprValue *args)
{
	const char *why;
	Str automaton;

	if (!both_strings(args))
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	if (!expr_burn(evaluation, 128 * (size_t)args[1].len))
		return expr_error(EXPR_ERR_FUEL);
	automaton = expr_regex_compile(expr_value_str(args[1]), evaluation->arena, &why);
	if (!automaton.ptr)
		return expr_error(EXPR_ERR_INVALID_ARGUMENT);
	return expr_regex_search(evaluation, automaton, expr_value_str(args[0]));
}
