// Audience levels and their profile schemas.
#include "admin/literal.h"
#include "admin/validate.h"

#include "parley/design/v1/audience_level.pb-c.h"

#include <stdio.h>

typedef Parley__Design__V1__AudienceLevel AudienceLevel;
typedef Parley__Design__V1__AudienceKey AudienceKey;
typedef Parley__Design__V1__ProfileAttribute ProfileAttribute;

enum { KEYS_MAX = 8, ATTRIBUTES_MAX = 1000, FIELD_SIZE = 64 };

// Words that CEL keeps for itself: an attribute of that name could not be written in an expression.
static const char *const reserved_words[] = {"as", "break", "const", "continue", "else", "false", "for",
        "function", "if", "import", "in", "let", "loop", "null", "package", "namespace", "return", "true",
        "var", "void", "while"};

static bool is_reserved(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(reserved_words); i++)
		if (strcmp(name, reserved_words[i]) == 0)
			return true;
	return false;
}

static const char *member(char text[FIELD_SIZE], const char *list, size_t index, const char *field)
{
	snprintf(text, FIELD_SIZE, "%s[%zu].%s", list, index, field);
	return text;
}

static Err check_column(const Check *check, const char *field, const char *column)
{
	if (!*column || is_identifier(str(column)))
		return OK;
	return check_fail(check, ERR_FIELD_INVALID, field,
	        "\"%s\" is not a column's name: a letter, then letters, digits and underscores, at most 63",
	        column);
}

static Err check_key(const Check *check, const AudienceLevel *level, size_t index)
{
	char field[FIELD_SIZE];
	const AudienceKey *key = level->keys[index];
	if (!is_identifier(str(key->name)))
		return check_fail(check, ERR_FIELD_INVALID, member(field, "keys", index, "name"),
		        "\"%s\" is not a key's name: a letter, then letters, digits and underscores, at most "
		        "63",
		        key->name);
	for (size_t i = 0; i < index; i++)
		if (strcmp(level->keys[i]->name, key->name) == 0)
			return check_fail(check, ERR_FIELD_INVALID, member(field, "keys", index, "name"),
			        "\"%s\" is there twice", key->name);
	if (key->type != PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_BOOL &&
	        key->type != PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_INT &&
	        key->type != PARLEY__DESIGN__V1__ATTRIBUTE_TYPE__ATTRIBUTE_TYPE_STRING)
		return check_fail(check, ERR_FIELD_INVALID, member(field, "keys", index, "type"),
		        "a key is BOOL, INT or STRING");
	return check_column(check, member(field, "keys", index, "column"), key->column);
}

static Err check_attribute(const Check *check, const AudienceLevel *level, size_t index)
{
	char field[FIELD_SIZE];
	const ProfileAttribute *attribute = level->attributes[index];
	member(field, "attributes", index, "name");
	if (!is_identifier(str(attribute->name)))
		return check_fail(check, ERR_FIELD_INVALID, field,
		        "\"%s\" is not an attribute's name: a letter, then letters, digits and underscores, "
		        "at most 63",
		        attribute->name);
	if (is_reserved(attribute->name))
		return check_fail(check, ERR_FIELD_INVALID, field,
		        "\"%s\" is a word of the expression language: choose another name", attribute->name);
	for (size_t i = 0; i < index; i++)
		if (strcmp(level->attributes[i]->name, attribute->name) == 0)
			return check_fail(
			        check, ERR_FIELD_INVALID, field, "\"%s\" is there twice", attribute->name);
	TRY(check_type(check, member(field, "attributes", index, "type"), attribute->type));
	if (attribute->default_)
		TRY(check_literal(check, member(field, "attributes", index, "default"), attribute->type,
		        attribute->default_));
	if (attribute->not_in_table && *attribute->column)
		return check_fail(check, ERR_FIELD_INVALID, member(field, "attributes", index, "column"),
		        "an attribute that is not_in_table has no column: leave one of the two out");
	return check_column(check, member(field, "attributes", index, "column"), attribute->column);
}

// "customers" or "crm.customers".
static bool is_table(Str name)
{
	const char *dot = name.len ? memchr(name.ptr, '.', name.len) : NULL;
	if (!dot)
		return is_identifier(name);
	size_t schema = (size_t)(dot - name.ptr);
	return is_identifier(str_n(name.ptr, schema)) && is_identifier(str_n(dot + 1, name.len - schema - 1));
}

Err validate_audience_level(Check *check)
{
	const AudienceLevel *level = (const void *)check->message;
	Str table = str(level->profile_table);
	if (level->n_keys == 0 || level->n_keys > KEYS_MAX)
		return check_fail(check, level->n_keys ? ERR_FIELD_INVALID : ERR_FIELD_MISSING, "keys",
		        "an audience level has 1 to %d keys, this one has %zu", KEYS_MAX, level->n_keys);
	if (level->n_attributes > ATTRIBUTES_MAX)
		return check_fail(check, ERR_FIELD_INVALID, "attributes",
		        "has %zu attributes; at most %d are taken", level->n_attributes, ATTRIBUTES_MAX);
	for (size_t i = 0; i < level->n_keys; i++)
		TRY(check_key(check, level, i));
	for (size_t i = 0; i < level->n_attributes; i++)
		TRY(check_attribute(check, level, i));
	if (table.len && !is_table(table))
		return check_fail(check, ERR_FIELD_INVALID, "profile_table",
		        "\"" STR_FMT "\" is not a table's name: give \"table\" or \"schema.table\"",
		        STR_ARG(table));
	return OK;
}
