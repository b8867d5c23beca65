// Expressions are compiled here, at every change, so that a wrong one never gets in and its author is told at
// once where it is wrong.
#include "admin/level.h"

#include "admin/literal.h"
#include "admin/message.h"
#include "base/cleanup.h"
#include "base/nearest.h"

#include "parley/design/v1/audience_level.pb-c.h"

typedef Parley__Design__V1__AudienceLevel AudienceLevel;

// A channel with one audience level need not be told which.
static Err only_level(Check *check, const char *field, const char *what, const char **ret)
{
	CLEANUP(pg_result_freep) PgResult *names = NULL;
	Str channel = message_str(check->message, "channel");
	TRY(SQL_RUN(check->pg, &names, resource_names, P_CTEXT("AudienceLevel"), P_TEXT(channel), P_I64(2)));
	if (pg_rows(names) != 1)
		return check_fail(check, ERR_FIELD_MISSING, field,
		        "the channel has %s audience level: name the one %s",
		        pg_rows(names) ? "more than one" : "no", what);
	*ret = arena_cstr(check->arena, pg_text(names, 0, 0));
	return *ret ? OK : err(ERR_NO_MEMORY, "no memory for an audience level");
}

Err level_named(Check *check, const char *field, const char *name, const char *what, const Resolved **ret)
{
	if (!*name)
		TRY(only_level(check, field, what, &name));
	*ret = check_target(check, "AudienceLevel", name);
	if (*ret)
		return OK;
	TRY(follow_one(check, field, kind_by_name(STR("AudienceLevel")),
	        message_str(check->message, "channel"), str(name)));
	*ret = check_target(check, "AudienceLevel", name);
	return OK;
}

static Err schema_of(const Resolved *resolved, Arena *arena, ExprSchema *ret)
{
	const AudienceLevel *level = (const void *)resolved->message;
	ExprAttribute *attributes = ARENA_ARRAY(arena, ExprAttribute, level->n_attributes + 1);
	if (!attributes)
		return err(ERR_NO_MEMORY, "no memory for a profile schema");
	for (size_t i = 0; i < level->n_attributes; i++)
		attributes[i] = (ExprAttribute){
		        str(level->attributes[i]->name), type_in_expressions(level->attributes[i]->type)};
	*ret = (ExprSchema){attributes, level->n_attributes};
	return OK;
}

static Err compile(const Check *check, const char *field, const Resolved *level, const char *source,
        ExprKind expected, ExprProgram *ret)
{
	ExprSchema schema;
	TRY(schema_of(level, check->arena, &schema));
	Err failed = expr_compile(&schema, str(source), expected, check->arena, ret);
	return failed == OK ? OK : check_fail(check, failed, field, "%s", err_detail()->message);
}

Err level_expression(
        const Check *check, const char *field, const Resolved *level, const char *source, ExprKind expected)
{
	ExprProgram program;
	return compile(check, field, level, source, expected, &program);
}

// The type of a level's attribute. Error: FIELD_INVALID if there is none of that name.
static Err level_attribute(const Check *check, const char *field, const Resolved *resolved, const char *name,
        Parley__Design__V1__AttributeType *ret)
{
	const AudienceLevel *level = (const void *)resolved->message;
	Nearest near = nearest_to(str(name));
	for (size_t i = 0; i < level->n_attributes; i++) {
		nearest_try(&near, str(level->attributes[i]->name));
		if (strcmp(level->attributes[i]->name, name) == 0) {
			*ret = level->attributes[i]->type;
			return OK;
		}
	}
	return check_fail(check, ERR_FIELD_INVALID, field,
	        "audience level %s has no attribute \"%s\"" NEAREST_FMT ": name one of its own", level->name,
	        name, NEAREST_ARG(near));
}

Err level_assignment(const Check *check, const char *prefix, const Resolved *level, const char *attribute,
        const char *value)
{
	const char *field = check_at(check, "%s.value", prefix);
	Parley__Design__V1__AttributeType type;
	ExprProgram program;
	if (!*attribute)
		return check_fail(check, ERR_FIELD_MISSING, check_at(check, "%s.attribute", prefix),
		        "name the attribute that is set");
	if (!*value)
		return check_fail(check, ERR_FIELD_MISSING, field,
		        "is empty: say in CEL what %s becomes, such as age + 1", attribute);
	TRY(level_attribute(check, check_at(check, "%s.attribute", prefix), level, attribute, &type));
	ExprType wanted = type_in_expressions(type);
	TRY(compile(check, field, level, value, wanted.kind, &program));
	if (wanted.kind == EXPR_LIST && program.type.element != wanted.element &&
	        program.type.element != EXPR_DYN)
		return check_fail(check, ERR_EXPR_TYPE, field,
		        "gives a list of %s, and %s is a list of texts: give texts, with string(…) if need "
		        "be",
		        expr_kind_name(program.type.element), attribute);
	return OK;
}
