// Declarations and values from the command line: "name:type", and text that becomes a value of a declared
// type.
#include "expr/moment.h"
#include "expr/operate.h"

static bool scalar_type(Str text, ExprKind *ret)
{
	for (ExprKind kind = EXPR_BOOL; kind <= EXPR_DURATION; kind++)
		if (str_eq(text, str(expr_kind_name(kind)))) {
			*ret = kind;
			return true;
		}
	return false;
}

static bool type_parse(Str text, ExprType *ret)
{
	*ret = (ExprType){0};
	if (str_starts(text, STR("list(")) && str_ends(text, STR(")"))) {
		ret->kind = EXPR_LIST;
		return scalar_type(str_n(text.ptr + 5, text.len - 6), &ret->element);
	}
	return scalar_type(text, &ret->kind);
}

static bool is_letter(char letter)
{
	return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_';
}

// Identifiers joined by dots.
static bool is_name(Str text)
{
	bool start = true;

	for (size_t i = 0; i < text.len; i++) {
		char letter = text.ptr[i];

		if (letter == '.' && !start)
			start = true;
		else if (is_letter(letter) || (!start && letter >= '0' && letter <= '9'))
			start = false;
		else
			return false;
	}
	return !start;
}

Err expr_attribute_parse(Str text, Arena *arena, ExprAttribute *ret)
{
	const char *colon = text.len ? memchr(text.ptr, ':', text.len) : NULL;
	Str name = str_n(text.ptr, colon ? (size_t)(colon - text.ptr) : 0);

	if (!colon || !is_name(name))
		return err(ERR_FIELD_INVALID,
		        "'" STR_FMT "' declares no attribute; write name:type, for example age:int",
		        STR_ARG(text));
	if (!type_parse(str_n(colon + 1, text.len - name.len - 1), &ret->type))
		return err(ERR_FIELD_INVALID,
		        "'" STR_FMT "' has an unknown type; the types are bool, int, uint, double, string, "
		        "bytes, timestamp, "
		        "duration and list(T) of these",
		        STR_ARG(text));
	ret->name = arena_str(arena, name);
	return ret->name.ptr ? OK : err(ERR_NO_MEMORY, "no memory for an attribute");
}

static bool scalar_parse(ExprKind kind, Str text, Arena *arena, ExprValue *ret)
{
	*ret = (ExprValue){.kind = kind};
	switch (kind) {
	case EXPR_BOOL:
		ret->b = str_eq(text, STR("true"));
		return ret->b || str_eq(text, STR("false"));
	case EXPR_INT:
		return str_to_i64(text, &ret->i);
	case EXPR_UINT:
		return str_to_u64(text, &ret->u);
	case EXPR_DOUBLE:
		return str_to_f64(text, &ret->d);
	case EXPR_STRING:
	case EXPR_BYTES:
		text = arena_str(arena, text);
		*ret = kind == EXPR_STRING ? expr_string(text) : expr_bytes(text);
		return text.ptr && (kind == EXPR_BYTES || str_is_utf8(text));
	case EXPR_TIMESTAMP:
		*ret = expr_timestamp_parse(text);
		return ret->kind == kind;
	case EXPR_DURATION:
		*ret = expr_duration_parse(text);
		return ret->kind == kind;
	default:
		return false;
	}
}

static size_t count_items(Str text)
{
	size_t count = text.len > 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == ',';
	return count;
}

static bool list_parse(ExprKind element, Str text, Arena *arena, ExprValue *ret)
{
	size_t count = count_items(text);
	ExprValue *items = ARENA_ARRAY(arena, ExprValue, count + 1);
	bool good = items != NULL;

	for (size_t i = 0; good && i < count; i++) {
		const char *comma = text.len ? memchr(text.ptr, ',', text.len) : NULL;
		size_t len = comma ? (size_t)(comma - text.ptr) : text.len;

		good = scalar_parse(element, str_n(text.ptr, len), arena, &items[i]);
		text = comma ? str_n(comma + 1, text.len - len - 1) : (Str){0};
	}
	*ret = expr_list(items, count);
	return good;
}

Err expr_value_parse(ExprType type, Str text, Arena *arena, ExprValue *ret)
{
	bool good = type.kind == EXPR_LIST ? list_parse(type.element, text, arena, ret)
	                                   : scalar_parse(type.kind, text, arena, ret);

	if (good)
		return OK;
	return err(ERR_FIELD_INVALID, "'" STR_FMT "' is not a %s%s%s%s", STR_ARG(text),
	        expr_kind_name(type.kind), type.kind == EXPR_LIST ? " of " : "",
	        type.kind == EXPR_LIST ? expr_kind_name(type.element) : "",
	        type.kind == EXPR_TIMESTAMP  ? "; write for example 2026-01-31T08:00:00Z"
	        : type.kind == EXPR_DURATION ? "; write for example 1h30m"
	        : type.kind == EXPR_LIST     ? "; separate the items by commas"
	                                     : "");
}
