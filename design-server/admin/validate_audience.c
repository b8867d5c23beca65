// Audience levels and what is said over their profile schemas: segments and treatment rules. Expressions are
// compiled here, at every change, so that a wrong one never gets in and its author is told at once where it
// is wrong.
#include "admin/literal.h"
#include "admin/message.h"
#include "admin/validate.h"
#include "base/cleanup.h"

#include "parley/design/v1/audience_level.pb-c.h"
#include "parley/design/v1/segment.pb-c.h"
#include "parley/design/v1/treatment_rule.pb-c.h"

#include <math.h>
#include <stdio.h>

typedef Parley__Design__V1__AudienceLevel AudienceLevel;
typedef Parley__Design__V1__AudienceKey AudienceKey;
typedef Parley__Design__V1__ProfileAttribute ProfileAttribute;
typedef Parley__Design__V1__TreatmentRule TreatmentRule;

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

static Err schema_of(const Resource *resource, Arena *arena, ExprSchema *ret)
{
	const AudienceLevel *level = (const void *)resource->message;
	ExprAttribute *attributes = ARENA_ARRAY(arena, ExprAttribute, level->n_attributes + 1);
	if (!attributes)
		return err(ERR_NO_MEMORY, "no memory for a profile schema");
	for (size_t i = 0; i < level->n_attributes; i++)
		attributes[i] = (ExprAttribute){
		        str(level->attributes[i]->name), type_in_expressions(level->attributes[i]->type)};
	*ret = (ExprSchema){attributes, level->n_attributes};
	return OK;
}

static Err check_expression(
        const Check *check, const char *field, const Resource *level, const char *source, ExprKind expected)
{
	ExprSchema schema;
	ExprProgram program;
	TRY(schema_of(level, check->arena, &schema));
	Err failed = expr_compile(&schema, str(source), expected, check->arena, &program);
	return failed == OK ? OK : check_fail(check, failed, field, "%s", err_detail()->message);
}

Err validate_segment(Check *check)
{
	const Parley__Design__V1__Segment *segment = (const void *)check->message;
	if (!*segment->expression)
		return check_fail(check, ERR_FIELD_MISSING, "expression",
		        "is empty: say in CEL who belongs to the segment, such as age >= 18, or true for "
		        "everyone");
	return check_expression(
	        check, "expression", check_target(check, "audience_level"), segment->expression, EXPR_BOOL);
}

// A channel with one audience level need not be told which.
static Err find_only_level(Check *check, const TreatmentRule *rule)
{
	CLEANUP(pg_result_freep) PgResult *names = NULL;
	const Kind *kind = kind_by_name(STR("AudienceLevel"));
	TRY(SQL_RUN(
	        check->pg, &names, resource_names, P_CTEXT(kind->name), P_CTEXT(rule->channel), P_I64(2)));
	if (pg_rows(names) != 1)
		return check_fail(check, ERR_FIELD_MISSING, "audience_level",
		        "the channel has %s audience level: name the one whose visitors the rule treats, or "
		        "a segment of it",
		        pg_rows(names) ? "more than one" : "no");
	return check_follow(check, "audience_level", kind, str(rule->channel),
	        arena_str(check->arena, pg_text(names, 0, 0)));
}

static Err find_level(Check *check, const TreatmentRule *rule)
{
	const Resource *segment = check_target(check, "segment");
	const Resource *level = check_target(check, "audience_level");
	Str of_segment = segment ? message_str(segment->message, "audience_level") : (Str){0};
	if (segment && level && !str_eq(level->name, of_segment))
		return check_fail(check, ERR_FIELD_INVALID, "audience_level",
		        "segment %s sorts visitors of " STR_FMT ": name that level, or none", rule->segment,
		        STR_ARG(of_segment));
	if (level)
		return OK;
	if (segment)
		return check_follow(check, "audience_level", kind_by_name(STR("AudienceLevel")),
		        str(rule->channel), of_segment);
	return find_only_level(check, rule);
}

static Err check_score(const Check *check, const TreatmentRule *rule, const Resource *level)
{
	switch (rule->marketer_score_case) {
	case PARLEY__DESIGN__V1__TREATMENT_RULE__MARKETER_SCORE_SCORE:
		if (!isfinite(rule->score) || rule->score < 0 || rule->score > 100)
			return check_fail(check, ERR_FIELD_INVALID, "score", "a marketer score is 0 to 100");
		return OK;
	case PARLEY__DESIGN__V1__TREATMENT_RULE__MARKETER_SCORE_SCORE_EXPRESSION:
		return check_expression(
		        check, "score_expression", level, rule->score_expression, EXPR_DOUBLE);
	default:
		return OK;
	}
}

Err validate_treatment_rule(Check *check)
{
	const TreatmentRule *rule = (const void *)check->message;
	TRY(find_level(check, rule));
	const Resource *level = check_target(check, "audience_level");
	TRY(check_score(check, rule, level));
	if (*rule->eligibility)
		TRY(check_expression(check, "eligibility", level, rule->eligibility, EXPR_BOOL));
	return check_dates(check);
}
