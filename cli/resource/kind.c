// A kind's methods follow from its name, its requests from the fields that all kinds share: nothing here
// knows a single kind.
#include "resource/kind.h"

#include "base/nearest.h"
#include "parley/design/v1/audience_level.pb-c.h"
#include "parley/design/v1/audience_list.pb-c.h"
#include "parley/design/v1/blacklist.pb-c.h"
#include "parley/design/v1/campaign.pb-c.h"
#include "parley/design/v1/channel.pb-c.h"
#include "parley/design/v1/constraint.pb-c.h"
#include "parley/design/v1/event.pb-c.h"
#include "parley/design/v1/global_offer.pb-c.h"
#include "parley/design/v1/interaction_point.pb-c.h"
#include "parley/design/v1/offer.pb-c.h"
#include "parley/design/v1/offer_list.pb-c.h"
#include "parley/design/v1/offer_template.pb-c.h"
#include "parley/design/v1/outcome_type.pb-c.h"
#include "parley/design/v1/score_override.pb-c.h"
#include "parley/design/v1/segment.pb-c.h"
#include "parley/design/v1/segmentation_flow.pb-c.h"
#include "parley/design/v1/suppression_rule.pb-c.h"
#include "parley/design/v1/treatment_rule.pb-c.h"
#include "parley/design/v1/zone.pb-c.h"

#include <ctype.h>

const Kind kind_rows[] = {
#define KIND_ROW(kind, plural, field, list_field, short_name, in_channel, columns)                           \
	{#kind, #plural, #field, #list_field, short_name, in_channel, columns,                               \
	        &parley__design__v1__##field##_service__descriptor,                                          \
	        &parley__design__v1__##field##__descriptor},
#include "resource/kind_table.h"
#undef KIND_ROW
};
const size_t kind_count = ARRAY_COUNT(kind_rows);

// "interaction-points", "InteractionPoint" and "interaction_point" are the same word, but for the plural.
static bool same_word(Str a, const char *b)
{
	size_t i = 0;

	for (;; i++, b++) {
		while (i < a.len && (a.ptr[i] == '-' || a.ptr[i] == '_'))
			i++;
		while (*b == '_')
			b++;
		if (i == a.len || !*b)
			return i == a.len && !*b;
		if (tolower((unsigned char)a.ptr[i]) != tolower((unsigned char)*b))
			return false;
	}
}

const Kind *kind_find(Str name)
{
	for (size_t i = 0; i < kind_count; i++) {
		const Kind *kind = &kind_rows[i];

		if (same_word(name, kind->field) || same_word(name, kind->list_field) ||
		        same_word(name, kind->short_name) ||
		        (str_ends(name, STR("s")) &&
		                same_word(str_n(name.ptr, name.len - 1), kind->short_name)))
			return kind;
	}
	return NULL;
}

Err kind_need(Cli *cli, const char *name, const Kind **ret)
{
	Nearest near = nearest_to(str(name));

	*ret = kind_find(str(name));
	if (*ret)
		return OK;
	for (size_t i = 0; i < kind_count; i++)
		nearest_try(&near, str(kind_rows[i].field));
	return cli_usage(cli, "'%s' is no kind of resource" NEAREST_FMT "; parley get --help lists them",
	        name, NEAREST_ARG(near));
}

char *kind_path(const Kind *kind, Str channel, Str name, Arena *arena)
{
	char *path;

	if (kind->in_channel)
		path = arena_printf(
		        arena, "%s/" STR_FMT "/" STR_FMT, kind->field, STR_ARG(channel), STR_ARG(name));
	else
		path = arena_printf(arena, "%s/" STR_FMT, kind->field, STR_ARG(name));
	for (size_t i = 0; kind->field[i]; i++)
		path[i] = path[i] == '_' ? '-' : path[i];
	return path;
}

static void set_text(json_t *json, const char *key, Str text)
{
	json_object_set_new(json, key, json_stringn(text.len ? text.ptr : "", text.len));
}

static json_t *naming(const Kind *kind, Str channel, Str name)
{
	json_t *request = json_object();

	if (kind->in_channel)
		set_text(request, "channel", channel);
	set_text(request, "name", name);
	return request;
}

static Err call(Cli *cli, const Kind *kind, const char *verb, json_t *request, json_t **ret)
{
	return cli_call(cli, SERVER_DESIGN, kind->service, arena_printf(cli->arena, "%s%s", verb, kind->name),
	        request, ret);
}

// Hands on what the answer's one field holds.
static Err unwrap(const Kind *kind, json_t *answer, json_t **ret)
{
	json_t *fields = json_object_get(answer, kind->field);

	if (!fields)
		return err(ERR_INTERNAL, "the server's answer has no %s", kind->field);
	*ret = json_incref(fields);
	return OK;
}

Err resource_get(Cli *cli, const Kind *kind, Str channel, Str name, bool missing_ok, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	Err e = call(cli, kind, "Get", naming(kind, channel, name), &answer);

	*ret = NULL;
	if (e == ERR_RESOURCE_NOT_FOUND && missing_ok)
		return OK;
	TRY(e);
	return unwrap(kind, answer, ret);
}

Err resource_list(Cli *cli, const Kind *kind, Str channel, const char *filter, json_t **ret)
{
	json_t *request = json_object();

	if (kind->in_channel)
		set_text(request, "channel", channel);
	if (filter)
		set_text(request, "filter", str(filter));
	return cli_list(cli, kind->service, arena_printf(cli->arena, "List%s", kind->plural), request,
	        kind->list_field, 0, ret);
}

Err resource_put(Cli *cli, const Kind *kind, json_t *fields, bool validate_only, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	json_t *request = json_object();

	json_object_set(request, kind->field, fields);
	json_object_set_new(request, "validate_only", json_boolean(validate_only));
	json_object_set_new(request, "allow_missing", json_true());
	TRY(call(cli, kind, "Update", request, &answer));
	return unwrap(kind, answer, ret);
}

Err resource_delete(Cli *cli, const Kind *kind, Str channel, Str name, bool validate_only, bool allow_missing)
{
	CLEANUP(json_decrefp_) json_t *answer = NULL;
	json_t *request = naming(kind, channel, name);

	json_object_set_new(request, "validate_only", json_boolean(validate_only));
	json_object_set_new(request, "allow_missing", json_boolean(allow_missing));
	return call(cli, kind, "Delete", request, &answer);
}

void resource_strip(json_t *fields)
{
	json_object_del(fields, "etag");
	json_object_del(fields, "create_time");
	json_object_del(fields, "update_time");
}
