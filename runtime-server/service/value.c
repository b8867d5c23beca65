#include "service/value.h"

static bool set_bool(const ExprValue *in, Arena *arena, Value *out)
{
	(void)arena;
	out->bool_value = in->b;
	return true;
}

static bool set_int(const ExprValue *in, Arena *arena, Value *out)
{
	(void)arena;
	out->int_value = in->i;
	return true;
}

static bool set_double(const ExprValue *in, Arena *arena, Value *out)
{
	(void)arena;
	out->double_value = in->d;
	return true;
}

static bool set_string(const ExprValue *in, Arena *arena, Value *out)
{
	out->string_value = arena_cstr(arena, str_n(in->s, in->len));
	return out->string_value != NULL;
}

static bool set_timestamp(const ExprValue *in, Arena *arena, Value *out)
{
	Google__Protobuf__Timestamp *time = message_new(arena, &google__protobuf__timestamp__descriptor);
	if (time == NULL)
		return false;
	time->seconds = in->seconds;
	time->nanos = in->nanos;
	out->timestamp_value = time;
	return true;
}

static bool set_strings(const ExprValue *in, Arena *arena, Value *out)
{
	StringList *list = message_new(arena, MESSAGE_OF(string_list));
	if (list == NULL)
		return false;
	out->strings_value = list;
	list->values = ARENA_ARRAY(arena, char *, (size_t)in->len + 1);
	if (list->values == NULL)
		return false;
	for (; list->n_values < in->len; list->n_values++) {
		const ExprValue *item = &in->items[list->n_values];
		list->values[list->n_values] = arena_cstr(arena, str_n(item->s, item->len));
		if (list->values[list->n_values] == NULL)
			return false;
	}
	return true;
}

// The kinds that an attribute can have; the rest is never stored in a session.
#define K(name) PARLEY__RUNTIME__V1__VALUE__KIND_##name
static const struct {
	Parley__Runtime__V1__Value__KindCase kind;
	bool (*set)(const ExprValue *in, Arena *arena, Value *out);
} kinds[] = {
        [EXPR_BOOL] = {K(BOOL_VALUE), set_bool},
        [EXPR_INT] = {K(INT_VALUE), set_int},
        [EXPR_DOUBLE] = {K(DOUBLE_VALUE), set_double},
        [EXPR_STRING] = {K(STRING_VALUE), set_string},
        [EXPR_TIMESTAMP] = {K(TIMESTAMP_VALUE), set_timestamp},
        [EXPR_LIST] = {K(STRINGS_VALUE), set_strings},
};
#undef K

Err value_map(const ExprValue *value, Arena *arena, Value **ret)
{
	*ret = NULL;
	if ((size_t)value->kind >= ARRAY_COUNT(kinds) || kinds[value->kind].set == NULL)
		return OK;
	*ret = message_new(arena, MESSAGE_OF(value));
	if (*ret == NULL || !kinds[value->kind].set(value, arena, *ret))
		return err(ERR_NO_MEMORY, "the values are too large for a call's memory");
	(*ret)->kind_case = kinds[value->kind].kind;
	return OK;
}
