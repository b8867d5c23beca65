// Expectations from their tree: whether what a scenario expects can be true at all is told before it runs.
#include "scenario/expect.h"

#include "base/nearest.h"
#include "decide/decide.h"

enum { EXPECTATIONS_MAX = 200 };

// --- shapes ---

// A reason that does not exist would never come.
static Err check_reason(const ScenarioReader *reader, const YamlNode *node)
{
	Nearest near = nearest_to(node->text);

	for (Reason reason = 0; reason < REASON_COUNT; reason++) {
		if (str_eq(node->text, str(reason_name(reason))))
			return OK;
		nearest_try(&near, str(reason_name(reason)));
	}
	if (str_eq(node->text, STR("NO_CANDIDATE")))
		return OK;
	return scenario_refuse(reader, node, ERR_FIELD_INVALID,
	        "there is no reason '" STR_FMT "'" NEAREST_FMT, STR_ARG(node->text), NEAREST_ARG(near));
}

static Err read_map(
        const ScenarioReader *reader, const ExpectKind *kind, const YamlNode *node, const json_t **ret)
{
	if (node->kind != YAML_MAPPING)
		return scenario_refuse(reader, node, ERR_FIELD_INVALID, "%s is a mapping", kind->name);
	for (const YamlNode *item = node->items; item; item = item->next) {
		double number;

		if (kind->shape != SHAPE_MAP && item->kind != YAML_SCALAR)
			return scenario_refuse(reader, item, ERR_FIELD_INVALID, "one value is meant here");
		if (kind->shape == SHAPE_MAP_NUMBER && !str_to_f64(item->text, &number))
			return scenario_refuse(reader, item, ERR_FIELD_INVALID, "a number is meant here");
		if (strcmp(kind->name, "reasons") == 0)
			TRY(check_reason(reader, item));
	}
	return scenario_json(reader, node, ret);
}

static Err read_state(const ScenarioReader *reader, const YamlNode *node, const json_t **ret)
{
	static const char *const members[] = {"offer", "kind", "count", "until", "score", "time", NULL};

	if (node->kind != YAML_SEQUENCE)
		return scenario_refuse(reader, node, ERR_FIELD_INVALID,
		        "state is a list, such as [{offer: GOLD, kind: accept}], or [] for nothing");
	for (const YamlNode *item = node->items; item; item = item->next)
		TRY(scenario_members(reader, item, members));
	return scenario_json(reader, node, ret);
}

static Err read_scalar(
        const ScenarioReader *reader, const ExpectKind *kind, const YamlNode *node, const json_t **ret)
{
	json_t *text;
	int64_t number;

	if (node->kind != YAML_SCALAR)
		return scenario_refuse(reader, node, ERR_FIELD_INVALID, "%s is one value", kind->name);
	if (kind->shape == SHAPE_COUNT && (!str_to_i64(node->text, &number) || number < 0))
		return scenario_refuse(
		        reader, node, ERR_FIELD_INVALID, "%s is a whole number from 0 on", kind->name);
	if (kind->shape == SHAPE_TRUE && !str_eq(node->text, STR("true")))
		return scenario_refuse(
		        reader, node, ERR_FIELD_INVALID, "%s: true, or leave it out", kind->name);
	if (kind->shape != SHAPE_TEXT)
		return scenario_json(reader, node, ret);
	text = json_stringn(node->text.len ? node->text.ptr : "", node->text.len);
	*ret = text;
	return json_array_append_new(reader->set->keep, text) == 0 ? OK : err(ERR_NO_MEMORY, "no memory");
}

static Err read_value(
        const ScenarioReader *reader, const ExpectKind *kind, const YamlNode *node, const json_t **ret)
{
	switch (kind->shape) {
	case SHAPE_TEXTS:
		return scenario_texts(reader, node, ret);
	case SHAPE_MAP:
	case SHAPE_MAP_TEXT:
	case SHAPE_MAP_NUMBER:
		return read_map(reader, kind, node, ret);
	case SHAPE_LIST:
		return read_state(reader, node, ret);
	default:
		return read_scalar(reader, kind, node, ret);
	}
}

// --- reading ---

static const ExpectKind *kind_of(Str name, Nearest *near)
{
	for (size_t i = 0; i < expect_kind_count; i++) {
		nearest_try(near, str(expect_kinds[i].name));
		if (str_eq(str(expect_kinds[i].name), name))
			return &expect_kinds[i];
	}
	nearest_try(near, STR("points"));
	return NULL;
}

static Err read_members(
        const ScenarioReader *reader, const YamlNode *node, const char *point, Expectations *ret);

static Err read_points(const ScenarioReader *reader, const YamlNode *node, Expectations *ret)
{
	if (node->kind != YAML_MAPPING)
		return scenario_refuse(reader, node, ERR_FIELD_INVALID,
		        "points is a mapping: an interaction point, then what is expected there");
	for (const YamlNode *item = node->items; item; item = item->next)
		TRY(read_members(reader, item, arena_cstr(reader->cli->arena, item->key), ret));
	return OK;
}

static Err read_members(
        const ScenarioReader *reader, const YamlNode *node, const char *point, Expectations *ret)
{
	if (node->kind != YAML_MAPPING || !node->count)
		return scenario_refuse(reader, node, ERR_FIELD_INVALID,
		        "what is expected is a mapping, such as {offers: [GOLD]} or {reasons: {GOLD: "
		        "NOT_ELIGIBLE}}");
	for (const YamlNode *item = node->items; item; item = item->next) {
		Nearest near = nearest_to(item->key);
		const ExpectKind *kind = kind_of(item->key, &near);

		if (!point && str_eq(item->key, STR("points"))) {
			TRY(read_points(reader, item, ret));
			continue;
		}
		if (!kind || (point && kind->look != LOOK_OFFERS))
			return err(ERR_FIELD_UNKNOWN,
			        "%s:%d:%d: '" STR_FMT "' cannot be expected here" NEAREST_FMT, reader->file,
			        item->key_line, item->key_column, STR_ARG(item->key), NEAREST_ARG(near));
		if (ret->count == EXPECTATIONS_MAX)
			return scenario_refuse(reader, item, ERR_LIMIT,
			        "at most %d things are expected at once", EXPECTATIONS_MAX);
		Expectation *made = &ret->items[ret->count];
		*made = (Expectation){.kind = kind, .point = point, .line = item->key_line};
		TRY(read_value(reader, kind, item, &made->value));
		ret->count++;
	}
	return OK;
}

Err scenario_expects(const ScenarioReader *reader, const YamlNode *node, Expectations *ret)
{
	size_t most = node->weight < EXPECTATIONS_MAX ? node->weight : EXPECTATIONS_MAX;

	ret->items = ARENA_ARRAY(reader->cli->arena, Expectation, most + 1);
	return read_members(reader, node, NULL, ret);
}

unsigned expectations_look(const Expectations *expects)
{
	unsigned look = 0;

	for (size_t i = 0; i < expects->count; i++)
		look |= expects->items[i].kind->look;
	return look;
}
