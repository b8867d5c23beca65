// What requests say of values, and what expressions make of them, as attributes may have it.
#include "base/clock.h"
#include "service/value.h"

// What fits a value type; `read` gives why it does not, or NULL.
typedef const char *(*ReadValue)(const Value *in, Arena *arena, ExprValue *ret);

static const char *read_bool(const Value *in, Arena *arena, ExprValue *ret)
{
	(void)arena;
	*ret = expr_bool(in->bool_value);
	return NULL;
}

static const char *read_int(const Value *in, Arena *arena, ExprValue *ret)
{
	(void)arena;
	*ret = expr_int(in->int_value);
	return NULL;
}

static const char *read_double(const Value *in, Arena *arena, ExprValue *ret)
{
	(void)arena;
	*ret = expr_double(in->double_value);
	return NULL;
}

static const char *read_string(const Value *in, Arena *arena, ExprValue *ret)
{
	(void)arena;
	*ret = expr_string(str(in->string_value));
	return ret->len <= TEXT_MAX ? NULL : "text of at most 4096 bytes";
}

static bool is_moment(int64_t seconds, int32_t nanos)
{
	const int64_t first = -62135596800, last = 253402300799; // years 1 to 9999
	return seconds >= first && seconds <= last && nanos >= 0 && nanos <= 999999999;
}

bool value_read_time(const Google__Protobuf__Timestamp *in, int64_t *ret_us)
{
	if (!is_moment(in->seconds, in->nanos))
		return false;
	*ret_us = in->seconds * US_PER_S + in->nanos / 1000;
	return true;
}

static const char *read_timestamp(const Value *in, Arena *arena, ExprValue *ret)
{
	(void)arena;
	int64_t us = 0;
	if (!value_read_time(in->timestamp_value, &us))
		return "a moment in the years 1 to 9999";
	*ret = expr_timestamp_us(us);
	return NULL;
}

static const char *read_strings(const Value *in, Arena *arena, ExprValue *ret)
{
	const StringList *list = in->strings_value;
	ExprValue *items = ARENA_ARRAY(arena, ExprValue, list->n_values);
	if (list->n_values > LIST_MAX || (items == NULL && list->n_values > 0))
		return "a list of at most 256 texts";
	for (size_t i = 0; i < list->n_values; i++)
		items[i] = expr_string(str(list->values[i]));
	*ret = expr_list(items, list->n_values);
	return NULL;
}

#define K(name) PARLEY__RUNTIME__V1__VALUE__KIND_##name
static const struct {
	const char *name; // NULL: no type
	Parley__Runtime__V1__Value__KindCase kind;
	ReadValue read;
	ExprKind kept;
} rows[] = {
        // By the snapshot's ValueType.
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_BOOL] = {"bool_value", K(BOOL_VALUE), read_bool,
                EXPR_BOOL},
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_INT] = {"int_value", K(INT_VALUE), read_int, EXPR_INT},
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_DOUBLE] = {"double_value", K(DOUBLE_VALUE), read_double,
                EXPR_DOUBLE},
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_STRING] = {"string_value", K(STRING_VALUE), read_string,
                EXPR_STRING},
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_TIMESTAMP] = {"timestamp_value", K(TIMESTAMP_VALUE),
                read_timestamp, EXPR_TIMESTAMP},
        [PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_STRING_LIST] = {"strings_value", K(STRINGS_VALUE),
                read_strings, EXPR_LIST},
};
#undef K

static Err read_as(const Value *in, size_t type, Err wrong, const char *path, Arena *arena, ExprValue *ret)
{
	const char *right = rows[type].read(in, arena, ret);
	if (right != NULL)
		return err_at(wrong, path, "the value is out of range; give %s", right);
	return OK;
}

bool value_take(const Value *in, ValueType type, Arena *arena, ExprValue *ret)
{
	return in->kind_case == rows[type].kind && rows[type].read(in, arena, ret) == NULL;
}

Err value_read(const Value *in, ValueType type, Err wrong, const char *path, Arena *arena, ExprValue *ret)
{
	if (in->kind_case != rows[type].kind)
		return err_at(wrong, path, "the value has the wrong type; set %s", rows[type].name);
	return read_as(in, type, wrong, path, arena, ret);
}

Err value_read_any(const Value *in, Err wrong, const char *path, Arena *arena, ExprValue *ret)
{
	for (size_t type = 0; in != NULL && type < ARRAY_COUNT(rows); type++)
		if (rows[type].name != NULL && rows[type].kind == in->kind_case)
			return read_as(in, type, wrong, path, arena, ret);
	return err_at(wrong, path, "there is no value; set one of its fields");
}

bool value_given(const Value *in)
{
	return in != NULL && in->kind_case != PARLEY__RUNTIME__V1__VALUE__KIND__NOT_SET;
}

bool value_fits(const ExprValue *value, ValueType type)
{
	if (value->kind != rows[type].kept)
		return false;
	if (value->kind == EXPR_TIMESTAMP)
		return is_moment(value->seconds, value->nanos);
	return (value->kind != EXPR_STRING || value->len <= TEXT_MAX) &&
	       (value->kind != EXPR_LIST || value->len <= LIST_MAX);
}

static const char *text_problem(const ExprValue *value)
{
	if (value->len > TEXT_MAX)
		return "the text has more than 4096 bytes";
	return memchr(value->s, '\0', value->len) != NULL ? "the text has a NUL" : NULL;
}

static const char *list_problem(const ExprValue *value)
{
	const char *problem = value->len > LIST_MAX ? "the list has more than 256 members" : NULL;
	for (uint32_t i = 0; problem == NULL && i < value->len; i++)
		problem = value->items[i].kind == EXPR_STRING ? text_problem(&value->items[i])
		                                              : "the list has a member that is no text";
	return problem;
}

const char *value_problem(const ExprValue *value, ValueType type)
{
	if (value->kind != rows[type].kept)
		return "the value has another type than the attribute";
	if (value->kind == EXPR_STRING)
		return value->len > 0 ? text_problem(value) : NULL;
	return value->kind == EXPR_LIST ? list_problem(value) : NULL;
}
