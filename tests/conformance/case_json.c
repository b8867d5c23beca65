// Values are compared here and not by the language's own ==, which the cases are there to test.
#include "case_json.h"

#include <stdlib.h>

static Str json_str(const json_t *json)
{
	return str_n(json_string_value(json), json_string_length(json));
}

static const struct {
	const char *text;
	ExprKind kind;
} type_names[] = {
        {"null_type", EXPR_NULL},
        {"null", EXPR_NULL},
        {"bool", EXPR_BOOL},
        {"int", EXPR_INT},
        {"int64", EXPR_INT},
        {"uint", EXPR_UINT},
        {"uint64", EXPR_UINT},
        {"double", EXPR_DOUBLE},
        {"string", EXPR_STRING},
        {"bytes", EXPR_BYTES},
        {"list", EXPR_LIST},
        {"map", EXPR_MAP},
        {"type", EXPR_TYPE},
        {"timestamp", EXPR_TIMESTAMP},
        {"duration", EXPR_DURATION},
        {"google.protobuf.Timestamp", EXPR_TIMESTAMP},
        {"google.protobuf.Duration", EXPR_DURATION},
        {"dyn", EXPR_DYN},
};

static bool kind_by_name(Str text, ExprKind *ret)
{
	for (size_t i = 0; i < ARRAY_COUNT(type_names); i++)
		if (str_eq(text, str(type_names[i].text))) {
			*ret = type_names[i].kind;
			return true;
		}
	return false;
}

// Keys of declared maps may be anything, and what is nested deeper is known when it runs.
bool case_type(Str text, ExprType *ret)
{
	const char *open = memchr(text.ptr, '(', text.len), *comma;
	Str element;

	*ret = (ExprType){.kind = EXPR_DYN};
	if (!open)
		return kind_by_name(text, &ret->kind);
	if (!str_ends(text, STR(")")) ||
	        !kind_by_name(str_n(text.ptr, (size_t)(open - text.ptr)), &ret->kind))
		return false;
	element = str_n(open + 1, (size_t)(text.ptr + text.len - open) - 2);
	comma = ret->kind == EXPR_MAP ? memchr(element.ptr, ',', element.len) : NULL;
	if (comma)
		element = str_n(comma + 2, (size_t)(element.ptr + element.len - comma) - 2);
	if (!kind_by_name(element, &ret->element))
		ret->element = EXPR_DYN;
	return true;
}

// Name by name, where names are what lies between other characters.
bool case_same_type(Str found, Str expected)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._";

	while (found.len > 0 && expected.len > 0) {
		size_t a = strspn(found.ptr, letters), b = strspn(expected.ptr, letters);
		ExprKind first, second;

		if (a == 0 || b == 0) {
			if (*found.ptr != *expected.ptr)
				return false;
			a = b = 1;
		} else if (!kind_by_name(str_n(found.ptr, a), &first) ||
		           !kind_by_name(str_n(expected.ptr, b), &second) || first != second) {
			return false;
		}
		found = str_n(found.ptr + a, found.len - a);
		expected = str_n(expected.ptr + b, expected.len - b);
	}
	return found.len == expected.len;
}

static int base64_digit(char letter)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = letter ? strchr(digits, letter) : NULL;

	return found ? (int)(found - digits) : -1;
}

static bool read_bytes(Str text, Arena *arena, ExprValue *ret)
{
	char *bytes = arena_alloc(arena, text.len + 1);
	uint32_t bits = 0;
	int held = 0;

	*ret = (ExprValue){.kind = EXPR_BYTES, .s = bytes};
	for (size_t i = 0; i < text.len && text.ptr[i] != '='; i++) {
		int digit = base64_digit(text.ptr[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		held += 6;
		if (held >= 8) {
			held -= 8;
			bytes[ret->len++] = (char)(bits >> held);
		}
	}
	return true;
}

static bool read_moment(const json_t *json, ExprValue *ret)
{
	ret->nanos = (int32_t)json_integer_value(json_object_get(json, "nanos"));
	return str_to_i64(json_str(json_object_get(json, "seconds")), &ret->seconds);
}

static bool read_list(const json_t *json, Arena *arena, ExprValue *ret)
{
	size_t count = json_array_size(json);
	ExprValue *items = ARENA_ARRAY(arena, ExprValue, count + 1);
	bool good = true;

	for (size_t i = 0; good && i < count; i++)
		good = case_value(json_array_get(json, i), arena, &items[i]);
	*ret = expr_list(items, count);
	return good;
}

static bool read_map(const json_t *json, Arena *arena, ExprValue *ret)
{
	size_t count = json_array_size(json);
	ExprValue *items = ARENA_ARRAY(arena, ExprValue, 2 * count + 1);
	bool good = true;

	for (size_t i = 0; good && i < count; i++) {
		const json_t *pair = json_array_get(json, i);

		good = case_value(json_array_get(pair, 0), arena, &items[2 * i]) &&
		       case_value(json_array_get(pair, 1), arena, &items[2 * i + 1]);
	}
	*ret = (ExprValue){.kind = EXPR_MAP, .len = (uint32_t)count, .items = items};
	return good;
}

bool case_value(const json_t *json, Arena *arena, ExprValue *ret)
{
	void *iterator = json_object_iter((json_t *)json);
	const json_t *value = iterator ? json_object_iter_value(iterator) : NULL;
	Str text = json_str(value);
	char *copy;

	if (!iterator || !kind_by_name(str(json_object_iter_key(iterator)), &ret->kind))
		return false;
	switch (ret->kind) {
	case EXPR_NULL:
		return json_is_null(value);
	case EXPR_BOOL:
		ret->b = json_is_true(value);
		return json_is_boolean(value);
	case EXPR_INT:
		return str_to_i64(text, &ret->i);
	case EXPR_UINT:
		return str_to_u64(text, &ret->u);
	case EXPR_DOUBLE:
		copy = arena_cstr(arena, text);
		ret->d = strtod(copy, &copy);
		return text.len > 0 && *copy == 0;
	case EXPR_STRING:
		*ret = expr_string(arena_str(arena, text));
		return json_is_string(value);
	case EXPR_BYTES:
		return read_bytes(text, arena, ret);
	case EXPR_LIST:
		return read_list(value, arena, ret);
	case EXPR_MAP:
		return read_map(value, arena, ret);
	case EXPR_TYPE:
		return kind_by_name(text, &ret->type);
	case EXPR_TIMESTAMP:
	case EXPR_DURATION:
		return read_moment(value, ret);
	default:
		return false;
	}
}

static bool same_maps(ExprValue a, ExprValue b)
{
	size_t found = 0;

	for (size_t i = 0; i < a.len; i++)
		for (size_t j = 0; j < b.len; j++)
			found += case_same(a.items[2 * i], b.items[2 * j]) &&
			         case_same(a.items[2 * i + 1], b.items[2 * j + 1]);
	return a.len == b.len && found == a.len;
}

static bool same_lists(ExprValue a, ExprValue b)
{
	bool same = a.len == b.len;

	for (size_t i = 0; same && i < a.len; i++)
		same = case_same(a.items[i], b.items[i]);
	return same;
}

bool case_same(ExprValue a, ExprValue b)
{
	if (a.kind != b.kind)
		return false;
	switch (a.kind) {
	case EXPR_NULL:
		return true;
	case EXPR_BOOL:
		return a.b == b.b;
	case EXPR_DOUBLE:
		return a.d == b.d || (a.d != a.d && b.d != b.d);
	case EXPR_STRING:
	case EXPR_BYTES:
		return str_eq(str_n(a.s, a.len), str_n(b.s, b.len));
	case EXPR_LIST:
		return same_lists(a, b);
	case EXPR_MAP:
		return same_maps(a, b);
	case EXPR_TYPE:
		return a.type == b.type;
	case EXPR_TIMESTAMP:
	case EXPR_DURATION:
		return a.seconds == b.seconds && a.nanos == b.nanos;
	default:
		return a.u == b.u;
	}
}
