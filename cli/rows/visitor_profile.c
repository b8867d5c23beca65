#include "rows/visitor_profile.h"

#include "resource/kind.h"

const char *visitor_key_text(const json_t *key, Arena *arena)
{
	const json_t *value = json_object_iter_value(json_object_iter(json_object_get(key, "value")));

	if (json_is_boolean(value))
		return json_is_true(value) ? "true" : "false";
	if (json_is_integer(value))
		return arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return json_is_string(value)
	               ? arena_cstr(arena, str_n(json_string_value(value), json_string_length(value)))
	               : NULL;
}

static const char *quoted(const char *name, size_t len, Arena *arena)
{
	char *text = arena_alloc(arena, 2 * len + 3), *at = text;

	*at++ = '"';
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '"')
			*at++ = '"';
		*at++ = name[i];
	}
	*at++ = '"';
	*at = '\0';
	return text;
}

static const char *table_name(const char *table, Arena *arena)
{
	const char *dot = strchr(table, '.');

	if (!dot)
		return quoted(table, strlen(table), arena);
	return arena_printf(arena, "%s.%s", quoted(table, (size_t)(dot - table), arena),
	        quoted(dot + 1, strlen(dot + 1), arena));
}

static const json_t *key_given(const json_t *audience, const char *name)
{
	const json_t *key;
	size_t i;

	json_array_foreach(json_object_get(audience, "keys"), i, key)
	{
		const char *given = json_string_value(json_object_get(key, "name"));

		if (given && strcmp(given, name) == 0)
			return key;
	}
	return NULL;
}

// One of the level's keys: `"column" = $n`; the column's type is the parameter's.
static Err add_key(Cli *cli, const json_t *audience, const json_t *key, VisitorProfile *profile)
{
	const char *name = json_string_value(json_object_get(key, "name")),
	           *column = json_string_value(json_object_get(key, "column"));
	const json_t *given = name ? key_given(audience, name) : NULL;
	const char *text = given ? visitor_key_text(given, cli->arena) : NULL;

	if (!text)
		return cli_usage(cli, "--audience lacks the key %s", name ? name : "?");
	column = column && *column ? column : name;
	profile->keys[profile->count++] = P_CTEXT(text);
	profile->where = arena_printf(cli->arena, "%s %s %s = $%zu", profile->where,
	        profile->count == 1 ? "WHERE" : "AND", quoted(column, strlen(column), cli->arena),
	        profile->count);
	return OK;
}

static Err find_rows(Cli *cli, const json_t *audience, VisitorProfile *profile)
{
	CLEANUP(json_decrefp_) json_t *level = NULL;
	const char *channel, *table = cli_option(cli, OPT_TABLE);
	const json_t *keys, *key;
	size_t i;

	TRY(cli_need(cli, OPT_CHANNEL, &channel));
	TRY(resource_get(cli, kind_find(STR("AudienceLevel")), str(channel),
	        str(json_string_value(json_object_get(audience, "level"))), false, &level));
	table = table ? table : json_string_value(json_object_get(level, "profile_table"));
	if (!table || !*table)
		return cli_usage(cli, "the audience level names no profile table: give --table TABLE");
	keys = json_object_get(level, "keys");
	profile->keys = ARENA_ARRAY(cli->arena, PgParam, json_array_size(keys) + 1);
	profile->where = table_name(arena_cstr(cli->arena, str(table)), cli->arena);
	json_array_foreach(keys, i, key) TRY(add_key(cli, audience, key, profile));
	return OK;
}

Err visitor_profile_open(Cli *cli, const json_t *audience, VisitorProfile *ret)
{
	const char *database = cli_option(cli, OPT_DATABASE);

	*ret = (VisitorProfile){.timeout_ms = cli->timeout_ms};
	if (!database)
		return OK;
	TRY(find_rows(cli, audience, ret));
	return pg_connect(database, cli->timeout_ms, &ret->pg);
}

void visitor_profile_close(VisitorProfile *profile)
{
	if (profile->pg)
		pg_close(profile->pg);
}

Err visitor_profile_read(const VisitorProfile *profile, Arena *arena, json_t **ret)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	CLEANUP(json_decrefp_) json_t *items = json_array();

	if (profile->pg)
		TRY(pg_query(profile->pg, profile->timeout_ms,
		        arena_printf(arena, "SELECT to_jsonb(t)::text FROM (SELECT * FROM %s) AS t",
		                profile->where),
		        profile->keys, profile->count, &rows));
	for (size_t i = 0; rows && i < pg_rows(rows); i++) {
		Str text = pg_text(rows, i, 0);
		json_t *item = NULL;

		TRY(json_parse(text, text.len, &item));
		json_array_append_new(items, item);
	}
	*ret = STEAL(items);
	return OK;
}

Err visitor_profile_delete(const VisitorProfile *profile, size_t *ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	CLEANUP(pg_result_freep) PgResult *rows = NULL;

	*ret = 0;
	if (!profile->pg)
		return OK;
	TRY(pg_query(profile->pg, profile->timeout_ms, arena_printf(arena, "DELETE FROM %s", profile->where),
	        profile->keys, profile->count, &rows));
	*ret = pg_affected(rows);
	return OK;
}
