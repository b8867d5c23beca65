// From what a request says to the canonical ID, as runtime servers write it
// (runtime-server/service/README.md).
#include "erasure/internal.h"

#include <inttypes.h>
#include <stdio.h>

typedef Parley__Design__V1__VisitorName VisitorName;

enum { ID_MAX = 1024, LEVEL_MAX = 128, KEYS_MAX = 8 }; // as history takes them

// One channel's level of that name.
typedef struct Level {
	Str *names, *types;
	size_t count;
} Level;

static const char *given(const VisitorName *name, Str key)
{
	for (size_t i = 0; i < name->n_keys; i++)
		if (str_eq(str(name->keys[i]->name), key))
			return name->keys[i]->value;
	return NULL;
}

static bool fits(const VisitorName *name, const Level *level)
{
	bool all = name->n_keys == level->count;
	for (size_t i = 0; i < level->count; i++)
		all &= given(name, level->names[i]) != NULL;
	return all;
}

static Err put_text(const char *value, bool composite, char *out, size_t *len)
{
	for (const char *at = value; *at != '\0'; at++) {
		if (*len + 2 > ID_MAX)
			return err_at(ERR_FIELD_INVALID, "visitor.keys",
			        "the visitor's ID is longer than %d bytes: nothing is kept of such visitors",
			        ID_MAX);
		if (composite && (*at == '|' || *at == '\\'))
			out[(*len)++] = '\\';
		out[(*len)++] = *at;
	}
	return OK;
}

static Err put_key(Str key, Str type, const char *value, bool composite, char *out, size_t *len)
{
	int64_t number = 0;
	char text[24];
	if (str_eq(type, STR("ATTRIBUTE_TYPE_BOOL")) && strcmp(value, "true") != 0 &&
	        strcmp(value, "false") != 0)
		return err_at(ERR_FIELD_INVALID, "visitor.keys", "key \"" STR_FMT "\" is true or false",
		        STR_ARG(key));
	if (!str_eq(type, STR("ATTRIBUTE_TYPE_INT")))
		return put_text(value, composite, out, len);
	if (!str_to_i64(str(value), &number))
		return err_at(ERR_FIELD_INVALID, "visitor.keys",
		        "key \"" STR_FMT "\" is a whole number, not \"%.64s\"", STR_ARG(key), value);
	snprintf(text, sizeof text, "%" PRId64, number);
	return put_text(text, false, out, len);
}

static Err canonical(const VisitorName *name, const Level *level, Arena *arena, Str *ret)
{
	char *out = arena_alloc(arena, ID_MAX + 2);
	size_t len = 0;
	if (!out)
		return erasure_no_memory();
	for (size_t i = 0; i < level->count; i++) {
		if (i > 0)
			TRY(put_text("|", false, out, &len));
		TRY(put_key(level->names[i], level->types[i], given(name, level->names[i]), level->count > 1,
		        out, &len));
	}
	*ret = str_n(out, len);
	return OK;
}

static Err level_read(const PgResult *rows, size_t row, Arena *arena, Level *ret)
{
	size_t types = 0;
	TRY(pg_texts(rows, row, 1, arena, &ret->names, &ret->count));
	return pg_texts(rows, row, 2, arena, &ret->types, &types);
}

static Err misfit(const VisitorName *name, const Level *level, Arena *arena)
{
	const char *all = "";
	for (size_t i = 0; i < level->count; i++)
		all = arena_printf(arena, "%s%s" STR_FMT, all, *all ? ", " : "", STR_ARG(level->names[i]));
	return err_at(ERR_FIELD_INVALID, "visitor.keys",
	        "a visitor of the audience level \"%.64s\" has the keys %s: give all of them",
	        name->audience_level, all);
}

// A level may be in several channels; the first whose keys fit tells how they are written.
static Err from_keys(Pg *pg, const VisitorName *name, Arena *arena, Str *ret)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	Level level = {0};
	if (name->n_keys > KEYS_MAX)
		return err_at(ERR_FIELD_INVALID, "visitor.keys", "a visitor has at most %d keys", KEYS_MAX);
	TRY(SQL_RUN(pg, &rows, visitor_levels, P_CTEXT(name->audience_level)));
	if (pg_rows(rows) == 0)
		return err_at(ERR_RESOURCE_NOT_FOUND, "visitor.audience_level",
		        "no channel has an audience level \"%.64s\"; of one that was deleted give the "
		        "visitor's audience_id",
		        name->audience_level);
	for (size_t i = 0; i < pg_rows(rows); i++) {
		TRY(level_read(rows, i, arena, &level));
		if (fits(name, &level))
			return canonical(name, &level, arena, ret);
	}
	return misfit(name, &level, arena);
}

static Err check(const char *environment, const VisitorName *name)
{
	if (!*environment)
		return err_at(ERR_FIELD_MISSING, "environment",
		        "name the environment: visitors are erased in one at a time");
	if (!name || !*name->audience_level || strlen(name->audience_level) > LEVEL_MAX)
		return err_at(
		        ERR_FIELD_MISSING, "visitor.audience_level", "name the visitor's audience level");
	if ((*name->audience_id != '\0') == (name->n_keys > 0))
		return err_at(ERR_FIELD_MISSING, "visitor.keys",
		        "give either the visitor's keys or the audience_id");
	if (strlen(name->audience_id) > ID_MAX)
		return err_at(ERR_FIELD_INVALID, "visitor.audience_id", "an audience ID has at most %d bytes",
		        ID_MAX);
	return OK;
}

Err visitor_identify(Pg *pg, const char *environment, const VisitorName *name, Arena *arena, Visitor *ret)
{
	CLEANUP(pg_result_freep) PgResult *digest = NULL;
	TRY(check(environment, name));
	*ret = (Visitor){.environment = str(environment),
	        .level = str(name->audience_level),
	        .id = str(name->audience_id)};
	if (name->n_keys > 0)
		TRY(from_keys(pg, name, arena, &ret->id));
	if (ret->id.len == 0)
		return err_at(ERR_FIELD_INVALID, "visitor.keys", "the visitor's ID is empty");
	TRY(SQL_RUN(
	        pg, &digest, visitor_digest, P_TEXT(ret->environment), P_TEXT(ret->level), P_TEXT(ret->id)));
	ret->digest = pg_bytes(digest, 0, 0, arena);
	return ret->digest.len == 32 ? OK : erasure_no_memory();
}
