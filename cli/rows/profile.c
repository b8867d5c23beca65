// The table's columns follow from the audience level, so that what is imported is what a runtime server will
// look for. Rows go through a temporary table: a file may hold a key twice or one that is there already,
// which COPY alone would refuse.
#include "rows/profile.h"

#include "base/clock.h"

#include <ctype.h>

static bool bool_value(Str text, Arena *arena, PgParam *ret)
{
	static const char *const yes[] = {"true", "t", "yes", "y", "1"}, *const no[] = {"false", "f", "no",
	                                                                         "n", "0"};

	(void)arena;
	for (size_t i = 0; i < ARRAY_COUNT(yes); i++) {
		bool is_yes = text.len == strlen(yes[i]) && strncasecmp(text.ptr, yes[i], text.len) == 0;

		if (is_yes || (text.len == strlen(no[i]) && strncasecmp(text.ptr, no[i], text.len) == 0)) {
			*ret = P_BOOL(is_yes);
			return true;
		}
	}
	return false;
}

static bool int_value(Str text, Arena *arena, PgParam *ret)
{
	int64_t number;

	(void)arena;
	if (!str_to_i64(text, &number))
		return false;
	*ret = P_I64(number);
	return true;
}

static bool double_value(Str text, Arena *arena, PgParam *ret)
{
	double number;

	(void)arena;
	if (!str_to_f64(text, &number))
		return false;
	*ret = P_F64(number);
	return true;
}

static bool string_value(Str text, Arena *arena, PgParam *ret)
{
	(void)arena;
	*ret = P_TEXT(text);
	return str_is_utf8(text);
}

static bool timestamp_value(Str text, Arena *arena, PgParam *ret)
{
	const char *day = text.len == 10 ? arena_printf(arena, STR_FMT "T00:00:00Z", STR_ARG(text)) : NULL;
	int64_t us;

	if (!time_parse(day ? str(day) : text, &us))
		return false;
	*ret = P_TIME(us);
	return true;
}

static bool list_value(Str text, Arena *arena, PgParam *ret)
{
	Str *items = ARENA_ARRAY(arena, Str, text.len + 1);
	size_t count = 0;

	if (!str_is_utf8(text))
		return false;
	while (text.len) {
		const char *bar = memchr(text.ptr, '|', text.len);
		size_t len = bar ? (size_t)(bar - text.ptr) : text.len;

		items[count++] = str_n(text.ptr, len);
		text = str_n(text.ptr + len + (bar != NULL), text.len - len - (bar != NULL));
	}
	*ret = P_TEXTS(items, count);
	return true;
}

static const ProfileType types[] = {
        {"BOOL", "boolean", "true or false", bool_value},
        {"INT", "bigint", "a whole number", int_value},
        {"DOUBLE", "double precision", "a number", double_value},
        {"STRING", "text", "UTF-8 text", string_value},
        {"TIMESTAMP", "timestamptz", "a time such as 2026-01-31T08:00:00Z, or a day", timestamp_value},
        {"STRING_LIST", "text[]", "UTF-8 texts with | between them", list_value},
};

static Str text_of(const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);

	return str_n(json_string_value(value), json_string_length(value));
}

// Letter case aside, and whatever is no letter or digit an underscore.
static bool same_name(Str a, Str b)
{
	for (size_t i = 0; i < a.len && a.len == b.len; i++) {
		int x = isalnum((unsigned char)a.ptr[i]) ? tolower((unsigned char)a.ptr[i]) : '_';
		int y = isalnum((unsigned char)b.ptr[i]) ? tolower((unsigned char)b.ptr[i]) : '_';

		if (x != y)
			return false;
	}
	return a.len == b.len && a.len;
}

static bool header_find(const Csv *header, Str name, Str column, size_t *ret)
{
	for (size_t i = 0; i < header->count; i++) {
		Str title = header->fields[i].text;

		if (i == 0 &&
		        str_starts(title, STR("\xef\xbb\xbf"))) // a byte order mark, as spreadsheets write it
			title = str_n(title.ptr + 3, title.len - 3);
		if (same_name(title, name) || same_name(title, column)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static Err column_read(const json_t *json, bool key, ProfileColumn *ret)
{
	Str type = text_of(json, "type");

	*ret = (ProfileColumn){.name = text_of(json, "name"), .column = text_of(json, "column"), .key = key};
	if (!ret->column.len)
		ret->column = ret->name;
	for (size_t i = 0; i < ARRAY_COUNT(types); i++)
		if (str_eq(type, str(types[i].name)))
			ret->type = &types[i];
	if (!ret->type || !ret->name.len)
		return err(ERR_FIELD_INVALID, "the audience level's '" STR_FMT "' has no name or no type",
		        STR_ARG(ret->name));
	return OK;
}

static Err key_match(const Csv *header, const char *number, ProfileColumn *column)
{
	if (header_find(header, column->name, column->column, &column->field))
		return OK;
	if (number && str_eq(column->name, str(number))) {
		column->field = PROFILE_NUMBERED;
		return strcmp(column->type->name, "INT") == 0
		               ? OK
		               : err(ERR_FIELD_INVALID, "--number %s: the key is no INT", number);
	}
	return err(ERR_FIELD_MISSING,
	        "the file has no column for the key '" STR_FMT "'; its first line must name the columns (is "
	        "--delimiter right?), or give --number " STR_FMT " to count the rows",
	        STR_ARG(column->name), STR_ARG(column->name));
}

static bool in_file(const Csv *header, const json_t *attribute)
{
	size_t ignored;

	return header_find(header, text_of(attribute, "name"), text_of(attribute, "column"), &ignored);
}

// Adds the level's attributes that are in the table, either those that the file has or those that it has not.
static Err attributes_add(const json_t *attributes, const Csv *header, bool had, Profile *profile)
{
	const json_t *item;
	size_t i;

	json_array_foreach(attributes, i, item)
	{
		ProfileColumn *column = &profile->columns[profile->all];

		if (json_is_true(json_object_get(item, "not_in_table")) || in_file(header, item) != had)
			continue;
		TRY(column_read(item, false, column));
		header_find(header, column->name, column->column, &column->field);
		profile->all++;
	}
	return OK;
}

Err profile_match(const json_t *level, const Csv *header, const char *number, Arena *arena, Profile *ret)
{
	const json_t *keys = json_object_get(level, "keys"),
	             *attributes = json_object_get(level, "attributes"), *item;
	size_t i;

	*ret = (Profile){.table = text_of(level, "profile_table")};
	ret->columns =
	        ARENA_ARRAY(arena, ProfileColumn, json_array_size(keys) + json_array_size(attributes) + 1);
	json_array_foreach(keys, i, item)
	{
		TRY(column_read(item, true, &ret->columns[ret->all]));
		TRY(key_match(header, number, &ret->columns[ret->all++]));
	}
	TRY(attributes_add(attributes, header, true, ret));
	ret->count = ret->all;
	return attributes_add(attributes, header, false, ret);
}

const char *profile_absent(const Profile *profile, Arena *arena)
{
	const char *names = "";

	for (size_t i = profile->count; i < profile->all; i++)
		names = arena_printf(
		        arena, "%s%s" STR_FMT, names, *names ? ", " : "", STR_ARG(profile->columns[i].name));
	return names;
}

static Err value_read(const ProfileColumn *column, const CsvField *field, Arena *arena, PgParam *ret)
{
	bool empty = !field->text.len && !(field->quoted && strcmp(column->type->name, "STRING") == 0);

	*ret = P_NULL;
	if (empty && column->key)
		return err(ERR_FIELD_INVALID, STR_FMT ": a key must not be empty", STR_ARG(column->name));
	if (empty || column->type->read(field->text, arena, ret))
		return OK;
	return err(ERR_FIELD_INVALID, STR_FMT ": '%.60s' is not %s", STR_ARG(column->name),
	        str_is_utf8(field->text) ? arena_cstr(arena, field->text) : "(not UTF-8)",
	        column->type->what);
}

Err profile_row(const Profile *profile, const Csv *row, size_t row_number, Arena *arena, PgParam *ret)
{
	for (size_t i = 0; i < profile->count; i++) {
		const ProfileColumn *column = &profile->columns[i];

		if (column->field == PROFILE_NUMBERED) {
			ret[i] = P_I64((int64_t)row_number);
			continue;
		}
		if (column->field >= row->count)
			return err(ERR_FIELD_INVALID, "the row has %zu columns and not the header's",
			        row->count);
		TRY(value_read(column, &row->fields[column->field], arena, &ret[i]));
	}
	ret[profile->count] = P_I64((int64_t)row_number);
	return OK;
}

static const char *quoted(Str name, Arena *arena)
{
	char *text = arena_alloc(arena, 2 * name.len + 3), *at = text;

	*at++ = '"';
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == '"')
			*at++ = '"';
		*at++ = name.ptr[i];
	}
	*at++ = '"';
	return text;
}

// "schema.table" to "schema"."table".
static const char *table_name(const Profile *profile, Arena *arena)
{
	Str table = profile->table;
	const char *dot = memchr(table.ptr, '.', table.len);
	size_t len = dot ? (size_t)(dot - table.ptr) : 0;

	if (!dot)
		return quoted(table, arena);
	return arena_printf(arena, "%s.%s", quoted(str_n(table.ptr, len), arena),
	        quoted(str_n(dot + 1, table.len - len - 1), arena));
}

// Columns by `fmt`, which takes the quoted name and its type, with ", " between them.
typedef const char *(*ColumnText)(const char *name, const char *sql_type, Arena *arena);

static const char *columns_text(
        const Profile *profile, size_t count, bool keys_only, ColumnText text, Arena *arena)
{
	const char *all = "";

	for (size_t i = 0; i < count; i++)
		if (profile->columns[i].key || !keys_only)
			all = arena_printf(arena, "%s%s%s", all, *all ? ", " : "",
			        text(quoted(profile->columns[i].column, arena), profile->columns[i].type->sql,
			                arena));
	return all;
}

static const char *name_only(const char *name, const char *sql_type, Arena *arena)
{
	(void)sql_type;
	(void)arena;
	return name;
}

static const char *name_and_type(const char *name, const char *sql_type, Arena *arena)
{
	return arena_printf(arena, "%s %s", name, sql_type);
}

static const char *assignment(const char *name, const char *sql_type, Arena *arena)
{
	(void)sql_type;
	return arena_printf(arena, "%s = EXCLUDED.%s", name, name);
}

const char *profile_sql_create(const Profile *profile, Arena *arena)
{
	return arena_printf(arena, "CREATE TABLE IF NOT EXISTS %s (%s, PRIMARY KEY (%s))",
	        table_name(profile, arena), columns_text(profile, profile->all, false, name_and_type, arena),
	        columns_text(profile, profile->count, true, name_only, arena));
}

const char *profile_sql_stage(const Profile *profile, Arena *arena)
{
	return arena_printf(arena,
	        "CREATE TEMPORARY TABLE parley_import (%s, parley_row bigint) ON COMMIT DROP",
	        columns_text(profile, profile->count, false, name_and_type, arena));
}

const char *profile_sql_copy(const Profile *profile, Arena *arena)
{
	return arena_printf(arena, "COPY parley_import (%s, parley_row) FROM STDIN BINARY",
	        columns_text(profile, profile->count, false, name_only, arena));
}

const char *profile_sql_move(const Profile *profile, Arena *arena)
{
	const char *keys = columns_text(profile, profile->count, true, name_only, arena);
	const char *all = columns_text(profile, profile->count, false, name_only, arena);

	return arena_printf(arena,
	        "INSERT INTO %s (%s) SELECT DISTINCT ON (%s) %s FROM parley_import ORDER BY %s, parley_row "
	        "DESC "
	        "ON CONFLICT (%s) DO UPDATE SET %s",
	        table_name(profile, arena), all, keys, all, keys, keys,
	        columns_text(profile, profile->count, false, assignment, arena));
}
