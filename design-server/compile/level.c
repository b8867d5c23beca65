// Audience levels come first: their schemas are what every expression is checked against.
#include "compile/internal.h"

#include <stddef.h>

typedef Parley__Design__V1__AudienceLevel DesignLevel;
typedef Parley__Design__V1__ProfileAttribute DesignAttribute;
typedef Parley__Design__V1__AudienceKey DesignKey;

static const char *item_field(Compile *c, const char *list, size_t index, const char *member)
{
	return arena_printf(c->arena, "%s[%zu].%s", list, index, member);
}

// A column is named only if there is a table to have it; it is like its attribute unless said otherwise.
static char *column_of(const SnapLevel *level, char *column, char *name)
{
	return !*level->profile_table ? (char *)(uintptr_t) "" : *column ? column : name;
}

static void compile_key(Compile *c, SnapLevel *level, size_t i, const DesignKey *in)
{
	SnapKey *key = level->keys[i];
	key->name = in->name;
	key->type = value_type(in->type);
	key->column = column_of(level, in->column, in->name);
	if (key->type != SNAP_TYPE(BOOL) && key->type != SNAP_TYPE(INT) && key->type != SNAP_TYPE(STRING))
		problem(c, item_field(c, "keys", i, "type"), "the key '%s' must be BOOL, INT or STRING",
		        in->name);
	for (size_t j = 0; j < i; j++) {
		if (strcmp(level->keys[j]->name, in->name) == 0)
			problem(c, item_field(c, "keys", i, "name"),
			        "the key '%s' is there twice: rename one", in->name);
	}
}

static void compile_attribute(Compile *c, SnapLevel *level, size_t i, const DesignAttribute *in)
{
	SnapAttribute *attribute = level->attributes[i];
	attribute->name = in->name;
	attribute->type = value_type(in->type);
	attribute->session_settable = in->session_settable;
	attribute->column =
	        in->not_in_table ? (char *)(uintptr_t) "" : column_of(level, in->column, in->name);
	if (attribute->type == SNAP_TYPE(UNSPECIFIED))
		problem(c, item_field(c, "attributes", i, "type"),
		        "the attribute '%s' has no known type: give it one", in->name);
	else if (in->default_)
		attribute->default_value =
		        compile_literal(c, item_field(c, "attributes", i, "default"), in->type, in->default_);
	for (size_t j = 0; j < i; j++) {
		if (strcmp(level->attributes[j]->name, in->name) == 0)
			problem(c, item_field(c, "attributes", i, "name"),
			        "the attribute '%s' is there twice: rename one", in->name);
	}
}

static Err compile_level(Compile *c, const DesignLevel *in, SnapLevel *level)
{
	c->name = level->name = in->name;
	level->profile_table = in->profile_table;
	level->n_keys = in->n_keys;
	level->keys = NEW_ITEMS(c, SnapKey, PARLEY__SNAPSHOT__V1__AUDIENCE_KEY__INIT, in->n_keys);
	level->n_attributes = in->n_attributes;
	level->attributes =
	        NEW_ITEMS(c, SnapAttribute, PARLEY__SNAPSHOT__V1__ATTRIBUTE__INIT, in->n_attributes);
	if (!level->keys || !level->attributes)
		return compile_no_memory();
	if (!in->n_keys)
		problem(c, "keys", "it has no key: visitors need at least one");
	for (size_t i = 0; i < in->n_keys; i++)
		compile_key(c, level, i, in->keys[i]);
	for (size_t i = 0; i < in->n_attributes; i++)
		compile_attribute(c, level, i, in->attributes[i]);
	return OK;
}

static Err make_schemas(Compile *c)
{
	c->schemas = ARENA_ARRAY(c->arena, ExprSchema, c->out->n_audience_levels);
	if (!c->schemas)
		return compile_no_memory();
	for (size_t i = 0; i < c->out->n_audience_levels; i++)
		TRY(snapshot_schema(c->out->audience_levels[i], c->arena, &c->schemas[i]));
	return OK;
}

Err compile_levels(Compile *c)
{
	Snapshot *out = c->out;
	size_t count = c->in->levels.count;
	c->kind = "AudienceLevel";
	out->audience_levels = NEW_ITEMS(c, SnapLevel, PARLEY__SNAPSHOT__V1__AUDIENCE_LEVEL__INIT, count);
	if (!out->audience_levels)
		return compile_no_memory();
	for (size_t i = 0; i < count; i++)
		TRY(compile_level(c, c->in->levels.items[i], out->audience_levels[i]));
	out->n_audience_levels = count;
	TRY(index_by(c, out->audience_levels, count, offsetof(SnapLevel, name), &c->levels));
	return make_schemas(c);
}
