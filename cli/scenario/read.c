// A scenario from its tree. Every mistake is told with file, line and column: these files are written by
// hand.
#include "scenario/scenario.h"

#include "base/clock.h"
#include "base/nearest.h"

#include <stdio.h>

Err scenario_refuse(const ScenarioReader *reader, const YamlNode *node, Err id, const char *fmt, ...)
{
	char text[700];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	return err(id, "%s:%d:%d: %s", reader->file, node->line, node->column, text);
}

Err scenario_members(const ScenarioReader *reader, const YamlNode *node, const char *const *allowed)
{
	if (node->kind != YAML_MAPPING)
		return scenario_refuse(reader, node, ERR_FIELD_INVALID, "it must be a mapping");
	for (const YamlNode *item = node->items; item; item = item->next) {
		Nearest near = nearest_to(item->key);
		size_t i = 0;

		while (allowed[i] && !str_eq(str(allowed[i]), item->key))
			nearest_try(&near, str(allowed[i++]));
		if (!allowed[i])
			return err(ERR_FIELD_UNKNOWN,
			        "%s:%d:%d: there is no member '" STR_FMT "' here" NEAREST_FMT, reader->file,
			        item->key_line, item->key_column, STR_ARG(item->key), NEAREST_ARG(near));
	}
	return OK;
}

Err scenario_text(const ScenarioReader *reader, const YamlNode *mapping, const char *name, const char **ret)
{
	const YamlNode *node = yaml_member(mapping, str(name));

	*ret = NULL;
	if (!node)
		return OK;
	if (node->kind != YAML_SCALAR)
		return scenario_refuse(reader, node, ERR_FIELD_INVALID, "%s is a text", name);
	*ret = arena_cstr(reader->cli->arena, node->text);
	return OK;
}

Err scenario_json(const ScenarioReader *reader, const YamlNode *node, const json_t **ret)
{
	json_t *json;

	TRY(json_from_yaml_node(node, reader->file, &json));
	*ret = json;
	return json_array_append_new(reader->set->keep, json) == 0
	               ? OK
	               : err(ERR_NO_MEMORY, "no memory for %s", reader->file);
}

Err scenario_texts(const ScenarioReader *reader, const YamlNode *node, const json_t **ret)
{
	json_t *list = json_array();

	*ret = list;
	json_array_append_new(reader->set->keep, list);
	for (const YamlNode *item = node->kind == YAML_SEQUENCE ? node->items : node; item;
	        item = node->kind == YAML_SEQUENCE ? item->next : NULL) {
		if (item->kind != YAML_SCALAR)
			return scenario_refuse(
			        reader, item, ERR_FIELD_INVALID, "a list of texts, such as [A, B]");
		json_array_append_new(
		        list, json_stringn(item->text.len ? item->text.ptr : "", item->text.len));
	}
	return OK;
}

Err scenario_time(const ScenarioReader *reader, const YamlNode *node, int64_t *ret)
{
	if (node->kind == YAML_SCALAR && time_parse(node->text, ret) && *ret > 0)
		return OK;
	return scenario_refuse(reader, node, ERR_FIELD_INVALID, "a time, such as 2026-06-01T09:00:00Z");
}

// --- a scenario ---

static Err read_seed(const ScenarioReader *reader, const YamlNode *node, uint64_t *ret)
{
	if (node->kind == YAML_SCALAR && str_to_u64(node->text, ret))
		return OK;
	return scenario_refuse(reader, node, ERR_FIELD_INVALID, "a seed is a whole number from 0 on");
}

// What happened to the persona, and then what happened in the scenario.
static Err read_past(const ScenarioReader *reader, const YamlNode *node, Scenario *ret)
{
	const YamlNode *named = yaml_member(node, STR("persona")), *own = yaml_member(node, STR("history"));

	for (const ScenarioPersona *persona = named ? reader->personas : NULL; persona;
	        persona = persona->next) {
		const YamlNode *past = yaml_member(persona->node, STR("history"));

		if (str_eq(persona->name, named->text) && past)
			TRY(scenario_past(reader, past, ret));
	}
	return own ? scenario_past(reader, own, ret) : OK;
}

// One question is a story, too.
static Err read_question(const ScenarioReader *reader, const YamlNode *node, Scenario *ret)
{
	const YamlNode *point = yaml_member(node, STR("point"));

	if (!point)
		return OK;
	ScenarioStep *step = &ret->steps[ret->step_count++];
	*step = (ScenarioStep){.does = DOES_OFFERS, .line = point->line};
	return scenario_points(reader, node, point, step);
}

static Err read_steps(const ScenarioReader *reader, const YamlNode *node, Scenario *ret)
{
	const YamlNode *when = yaml_member(node, STR("when")), *expect = yaml_member(node, STR("expect"));
	bool asked = yaml_member(node, STR("point")) != NULL, expects = expect != NULL;

	if (!when == !asked)
		return scenario_refuse(reader, node, ERR_FIELD_MISSING,
		        "say what happens: 'when:' with a list of steps, or 'point:' with what is asked for");
	if (when && (when->kind != YAML_SEQUENCE || when->count > SCENARIO_STEPS_MAX))
		return scenario_refuse(reader, when, ERR_FIELD_INVALID, "when is a list of at most %d steps",
		        SCENARIO_STEPS_MAX);
	ret->steps = ARENA_ARRAY(reader->cli->arena, ScenarioStep, (when ? when->count : 1) + 1);
	TRY(read_question(reader, node, ret));
	for (const YamlNode *item = when ? when->items : NULL; item; item = item->next) {
		TRY(scenario_step(reader, item, &ret->steps[ret->step_count]));
		expects |= ret->steps[ret->step_count++].expects.count > 0;
	}
	if (!expects)
		return scenario_refuse(reader, node, ERR_FIELD_MISSING,
		        "a scenario without 'expect:' can never fail: say what must come of it");
	if (!expect)
		return OK;
	ScenarioStep *end = &ret->steps[ret->step_count++];
	*end = (ScenarioStep){.does = DOES_LOOK, .line = expect->line};
	return scenario_expects(reader, expect, &end->expects);
}

Err scenario_read(ScenarioReader *reader, const YamlNode *node, Scenario *ret)
{
	static const char *const members[] = {"name", "persona", "audience", "profile", "set", "history",
	        "at", "seed", "when", "point", "max", "filter", "across", "expect", NULL};
	const YamlNode *at = yaml_member(node, STR("at")), *seed = yaml_member(node, STR("seed"));

	TRY(scenario_members(reader, node, members));
	TRY(scenario_visitor(reader, node, &ret->who));
	ret->at_us = reader->at_us;
	ret->seed = 1;
	if (at)
		TRY(scenario_time(reader, at, &ret->at_us));
	if (seed)
		TRY(read_seed(reader, seed, &ret->seed));
	TRY(read_past(reader, node, ret));
	return read_steps(reader, node, ret);
}
