// Conversions between kinds: bool(), int(), uint(), double(), string(), bytes(), timestamp(), duration(),
// type(), dyn().
#include "expr/format.h"
#include "expr/function.h"
#include "expr/moment.h"
#include "expr/utf8.h"

#include <math.h>
#include <stdio.h>

ExprValue expr_to_bool(Evaluation *evaluation, const ExprValue *args)
{
	static const char *const yes[] = {"1", "t", "true", "TRUE", "True"};
	static const char *const no[] = {"0", "f", "false", "FALSE", "False"};

	(void)evaluation;
	if (args[0].kind == EXPR_BOOL)
		return args[0];
	if (args[0].kind != EXPR_STRING)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	for (size_t i = 0; i < ARRAY_COUNT(yes); i++) {
		if (str_eq(expr_value_str(args[0]), str(yes[i])))
			return expr_bool(true);
		if (str_eq(expr_value_str(args[0]), str(no[i])))
			return expr_bool(false);
	}
	return expr_error(EXPR_ERR_INVALID_ARGUMENT);
}

ExprValue expr_to_int(Evaluation *evaluation, const ExprValue *args)
{
	int64_t number;

	(void)evaluation;
	switch (args[0].kind) {
	case EXPR_INT:
		return args[0];
	case EXPR_UINT:
		return args[0].u <= INT64_MAX ? expr_int((int64_t)args[0].u) : expr_error(EXPR_ERR_RANGE);
	case EXPR_DOUBLE:
		if (!(args[0].d > -0x1p63 && args[0].d < 0x1p63))
			return expr_error(EXPR_ERR_RANGE);
		return expr_int((int64_t)args[0].d);
	case EXPR_STRING:
		if (!str_to_i64(expr_value_str(args[0]), &number))
			return expr_error(EXPR_ERR_INVALID_ARGUMENT);
		return expr_int(number);
	case EXPR_TIMESTAMP:
		return expr_int(args[0].seconds);
	default:
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	}
}

ExprValue expr_to_uint(Evaluation *evaluation, const ExprValue *args)
{
	uint64_t number;

	(void)evaluation;
	switch (args[0].kind) {
	case EXPR_UINT:
		return args[0];
	case EXPR_INT:
		return args[0].i >= 0 ? expr_uint((uint64_t)args[0].i) : expr_error(EXPR_ERR_RANGE);
	case EXPR_DOUBLE:
		if (!(args[0].d >= 0 && args[0].d < 0x1p64))
			return expr_error(EXPR_ERR_RANGE);
		return expr_uint((uint64_t)args[0].d);
	case EXPR_STRING:
		if (!str_to_u64(expr_value_str(args[0]), &number))
			return expr_error(EXPR_ERR_INVALID_ARGUMENT);
		return expr_uint(number);
	default:
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	}
}

static bool to_double(Str text, double *ret)
{
	static const struct {
		const char *text;
		double number;
	} names[] = {{"Infinity", INFINITY}, {"+Infinity", INFINITY}, {"-Infinity", -INFINITY}, {"NaN", NAN}};

	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		if (str_eq(text, str(names[i].text))) {
			*ret = names[i].number;
			return true;
		}
	return str_to_f64(text, ret);
}

ExprValue expr_to_double(Evaluation *evaluation, const ExprValue *args)
{
	double number;

	(void)evaluation;
	switch (args[0].kind) {
	case EXPR_DOUBLE:
		return args[0];
	case EXPR_INT:
		return expr_double((double)args[0].i);
	case EXPR_UINT:
		return expr_double((double)args[0].u);
	case EXPR_STRING:
		if (!to_double(expr_value_str(args[0]), &number))
			return expr_error(EXPR_ERR_INVALID_ARGUMENT);
		return expr_double(number);
	default:
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	}
}

static ExprValue made(Evaluation *evaluation, const char *text, size_t len)
{
	Str copy = arena_str(evaluation->arena, str_n(text, len));

	return copy.ptr ? expr_string(copy) : expr_error(EXPR_ERR_MEMORY);
}

ExprValue expr_to_string(Evaluation *evaluation, const ExprValue *args)
{
	char text[MOMENT_TEXT_SIZE] = "";

	switch (args[0].kind) {
	case EXPR_STRING:
		return args[0];
	case EXPR_BOOL:
		return expr_string(args[0].b ? STR("true") : STR("false"));
	case EXPR_INT:
		(void)snprintf(text, sizeof(text), "%lld", (long long)args[0].i);
		break;
	case EXPR_UINT:
		(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)args[0].u);
		break;
	case EXPR_DOUBLE:
		expr_format_double(args[0].d, text);
		break;
	case EXPR_BYTES:
		if (!expr_burn(evaluation, args[0].len))
			return expr_error(EXPR_ERR_FUEL);
		if (!expr_is_utf8(expr_value_str(args[0])))
			return expr_error(EXPR_ERR_INVALID_ARGUMENT);
		return expr_string(expr_value_str(args[0]));
	case EXPR_TIMESTAMP:
	case EXPR_DURATION:
		expr_moment_format(args[0], text);
		break;
	default:
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	}
	return made(evaluation, text, strlen(text));
}

ExprValue expr_to_bytes(Evaluation *evaluation, const ExprValue *args)
{
	(void)evaluation;
	return expr_is_text(args[0]) ? expr_bytes(expr_value_str(args[0])) : expr_error(EXPR_ERR_NO_OVERLOAD);
}

ExprValue expr_to_timestamp(Evaluation *evaluation, const ExprValue *args)
{
	(void)evaluation;
	switch (args[0].kind) {
	case EXPR_TIMESTAMP:
		return args[0];
	case EXPR_INT:
		return expr_moment(EXPR_TIMESTAMP, args[0].i, 0);
	case EXPR_STRING:
		return expr_timestamp_parse(expr_value_str(args[0]));
	default:
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	}
}

ExprValue expr_to_duration(Evaluation *evaluation, const ExprValue *args)
{
	if (args[0].kind == EXPR_DURATION)
		return args[0];
	if (args[0].kind != EXPR_STRING)
		return expr_error(EXPR_ERR_NO_OVERLOAD);
	if (!expr_burn(evaluation, args[0].len))
		return expr_error(EXPR_ERR_FUEL);
	return expr_duration_parse(expr_value_str(args[0]));
}

ExprValue expr_to_type(Evaluation *evaluation, const ExprValue *args)
{
	(void)evaluation;
	return (ExprValue){.kind = EXPR_TYPE, .type = args[0].kind};
}

ExprValue expr_to_dyn(Evaluation *evaluation, const ExprValue *args)
{
	(void)evaluation;
	return args[0];
}
