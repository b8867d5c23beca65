// What a scenario is about: its visitor, what happened before, and step by step what happens.
#include "scenario/scenario.h"

#include "base/clock.h"
#include "base/config.h"
#include "base/nearest.h"
#include "touchpoint/value.h"

enum { POINTS_MAX = 16, OFFERS_MAX = 100 };

// --- the visitor ---

static Err find_persona(const ScenarioReader *reader, const YamlNode *named, const YamlNode **ret)
{
	static const char *const members[] = {"audience", "profile", "set", "history", NULL};
	Nearest near = nearest_to(named->text);

	for (const ScenarioPersona *persona = reader->personas; persona; persona = persona->next) {
		nearest_try(&near, persona->name);
		if (named->kind != YAML_SCALAR || !str_eq(persona->name, named->text))
			continue;
		ScenarioReader there = *reader;
		there.file = persona->file;
		*ret = persona->node;
		return scenario_members(&there, persona->node, members);
	}
	return scenario_refuse(reader, named, ERR_FIELD_INVALID,
	        "there is no persona '" STR_FMT "'" NEAREST_FMT, STR_ARG(named->text), NEAREST_ARG(near));
}

// Values by attribute: the second's take the place of the first's.
static Err merge(const ScenarioReader *reader, const YamlNode *base, const YamlNode *over, const char *name,
        const json_t **ret)
{
	const YamlNode *nodes[] = {
	        base ? yaml_member(base, str(name)) : NULL, over ? yaml_member(over, str(name)) : NULL};
	json_t *merged = nodes[0] || nodes[1] ? json_object() : NULL;

	*ret = merged;
	if (merged)
		json_array_append_new(reader->set->keep, merged);
	for (size_t i = 0; i < ARRAY_COUNT(nodes); i++) {
		const json_t *values;

		if (!nodes[i])
			continue;
		if (nodes[i]->kind != YAML_MAPPING)
			return scenario_refuse(reader, nodes[i], ERR_FIELD_INVALID,
			        "%s is a mapping of attributes to values, such as {age: 30}", name);
		TRY(scenario_json(reader, nodes[i], &values));
		json_object_update(merged, (json_t *)(uintptr_t)values);
	}
	return OK;
}

Err scenario_visitor(const ScenarioReader *reader, const YamlNode *node, ScenarioVisitor *ret)
{
	const YamlNode *named = node->kind == YAML_SCALAR ? node : yaml_member(node, STR("persona")),
	               *own = node->kind == YAML_SCALAR ? NULL : node, *persona = NULL;
	json_t *audience = NULL;

	if (named)
		TRY(find_persona(reader, named, &persona));
	TRY(merge(reader, persona, own, "profile", &ret->profile));
	TRY(merge(reader, persona, own, "set", &ret->set));
	if (own)
		TRY(scenario_text(reader, own, "audience", &ret->audience));
	if (!ret->audience && persona)
		TRY(scenario_text(reader, persona, "audience", &ret->audience));
	if (!ret->audience)
		return scenario_refuse(reader, node, ERR_FIELD_MISSING,
		        "whose visit is it? give a persona, or audience: such as customer:customer_id=4711");
	Err e = audience_parse(str(ret->audience), reader->cli->arena, &audience);
	json_decref(audience);
	return e ? scenario_refuse(reader, node, ERR_FIELD_INVALID, "%s",
	                   arena_cstr(reader->cli->arena, str(err_detail()->message)))
	         : OK;
}

// --- what happened before ---

static Err read_duration(const ScenarioReader *reader, const YamlNode *node, int64_t *ret)
{
	if (node->kind == YAML_SCALAR && duration_parse(node->text, ret) && *ret > 0)
		return OK;
	return scenario_refuse(
	        reader, node, ERR_FIELD_INVALID, "a time with its unit, such as 500ms, 10s, 2m, 12h or 30d");
}

static Err read_whole(const ScenarioReader *reader, const YamlNode *node, int64_t most, int64_t *ret)
{
	if (node->kind == YAML_SCALAR && str_to_i64(node->text, ret) && *ret >= 1 && *ret <= most)
		return OK;
	return scenario_refuse(
	        reader, node, ERR_FIELD_INVALID, "a whole number from 1 to %lld", (long long)most);
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

static Err read_kind(const ScenarioReader *reader, const YamlNode *node, ScenarioPast *ret)
{
	static const char *const kinds[] = {"contact", "accept", "reject", "suppress", "qualify", NULL};

	TRY(scenario_text(reader, node, "offer", &ret->offer));
	TRY(scenario_text(reader, node, "kind", &ret->kind));
	if (!ret->offer || !ret->kind || !is_one_of(ret->kind, kinds))
		return scenario_refuse(reader, node, ERR_FIELD_INVALID,
		        "what happened before has an offer and a kind: contact, accept, reject, suppress or "
		        "qualify");
	return OK;
}

static Err read_past(const ScenarioReader *reader, const YamlNode *node, ScenarioPast *ret)
{
	static const char *const members[] = {"offer", "kind", "ago", "at", "times", "until", "score", NULL};
	const YamlNode *ago = yaml_member(node, STR("ago")), *at = yaml_member(node, STR("at")),
	               *times = yaml_member(node, STR("times")), *until = yaml_member(node, STR("until")),
	               *score = yaml_member(node, STR("score"));
	int64_t until_us;

	*ret = (ScenarioPast){.times = 1, .line = node->line};
	TRY(scenario_members(reader, node, members));
	TRY(read_kind(reader, node, ret));
	if (!ago == !at)
		return scenario_refuse(
		        reader, node, ERR_FIELD_INVALID, "say when it happened: ago: 3d, or at: with a time");
	if (ago)
		TRY(read_duration(reader, ago, &ret->ago_us));
	if (at)
		TRY(scenario_time(reader, at, &ret->at_us));
	if (times)
		TRY(read_whole(reader, times, SCENARIO_PAST_MAX, &ret->times));
	if (until)
		TRY(scenario_time(reader, until, &until_us));
	if (score && (score->kind != YAML_SCALAR || !str_to_f64(score->text, &ret->score)))
		return scenario_refuse(reader, score, ERR_FIELD_INVALID, "a score is a number");
	return scenario_text(reader, node, "until", &ret->until);
}

Err scenario_past(const ScenarioReader *reader, const YamlNode *node, Scenario *ret)
{
	if (node->kind != YAML_SEQUENCE || ret->past_count + node->count > SCENARIO_PAST_MAX)
		return scenario_refuse(reader, node, ERR_FIELD_INVALID,
		        "history is a list of at most %d things that happened before", SCENARIO_PAST_MAX);
	ScenarioPast *larger =
	        ARENA_ARRAY(reader->cli->arena, ScenarioPast, ret->past_count + node->count + 1);
	if (ret->past_count)
		memcpy(larger, ret->past, ret->past_count * sizeof *larger);
	ret->past = larger;
	for (const YamlNode *item = node->items; item; item = item->next)
		TRY(read_past(reader, item, &ret->past[ret->past_count++]));
	return OK;
}

// --- what is asked for ---

static Err read_filter(const ScenarioReader *reader, const YamlNode *node, json_t *ret)
{
	const json_t *texts, *text;
	size_t i;

	TRY(scenario_texts(reader, node, &texts));
	json_array_foreach(texts, i, text)
	{
		json_t *condition;

		if (condition_parse(str(json_string_value(text)), reader->cli->arena, &condition))
			return scenario_refuse(reader, node, ERR_FIELD_INVALID, "%s",
			        arena_cstr(reader->cli->arena, str(err_detail()->message)));
		json_array_append_new(ret, condition);
	}
	return OK;
}

static Err read_across(const ScenarioReader *reader, const YamlNode *node, bool *ret)
{
	*ret = node && str_eq(node->text, STR("true"));
	if (!node || *ret || str_eq(node->text, STR("false")))
		return OK;
	return scenario_refuse(reader, node, ERR_FIELD_INVALID, "across is true or false");
}

// {point: how many}.
static Err read_counted(
        const ScenarioReader *reader, const YamlNode *points, const json_t *filter, json_t *ret)
{
	if (!points->count || points->count > POINTS_MAX)
		return scenario_refuse(
		        reader, points, ERR_FIELD_INVALID, "1 to %d interaction points", POINTS_MAX);
	for (const YamlNode *item = points->items; item; item = item->next) {
		int64_t most;

		TRY(read_whole(reader, item, OFFERS_MAX, &most));
		json_array_append_new(ret, json_pack("{s:s, s:I, s:O}", "interaction_point",
		                                   arena_cstr(reader->cli->arena, item->key), "max_offers",
		                                   (json_int_t)most, "filter", filter));
	}
	return OK;
}

Err scenario_points(
        const ScenarioReader *reader, const YamlNode *mapping, const YamlNode *points, ScenarioStep *ret)
{
	const YamlNode *max = yaml_member(mapping, STR("max")), *filter = yaml_member(mapping, STR("filter"));
	json_t *list = json_array(), *conditions = json_array();
	const json_t *names, *name;
	int64_t most = 1;
	size_t i;

	ret->points = list;
	json_array_append_new(reader->set->keep, list);
	json_array_append_new(reader->set->keep, conditions);
	if (max)
		TRY(read_whole(reader, max, OFFERS_MAX, &most));
	if (filter)
		TRY(read_filter(reader, filter, conditions));
	TRY(read_across(reader, yaml_member(mapping, STR("across")), &ret->across));
	if (points->kind == YAML_MAPPING)
		return read_counted(reader, points, conditions, list);
	TRY(scenario_texts(reader, points, &names));
	if (!json_array_size(names) || json_array_size(names) > POINTS_MAX)
		return scenario_refuse(
		        reader, points, ERR_FIELD_INVALID, "1 to %d interaction points", POINTS_MAX);
	json_array_foreach(names, i, name)
	        json_array_append_new(list, json_pack("{s:O, s:I, s:O}", "interaction_point", name,
	                                            "max_offers", (json_int_t)most, "filter", conditions));
	return OK;
}

// --- steps ---

static Err read_offers(const ScenarioReader *reader, const YamlNode *node, ScenarioStep *ret)
{
	return scenario_points(reader, node, yaml_member(node, STR("offers")), ret);
}

static Err read_event(const ScenarioReader *reader, const YamlNode *node, ScenarioStep *ret)
{
	const YamlNode *set = yaml_member(node, STR("set"));

	TRY(scenario_text(reader, node, "event", &ret->word));
	TRY(scenario_text(reader, node, "offer", &ret->offer));
	return set ? scenario_json(reader, set, &ret->set) : OK;
}

static Err read_respond(const ScenarioReader *reader, const YamlNode *node, ScenarioStep *ret)
{
	TRY(scenario_text(reader, node, "respond", &ret->word));
	TRY(scenario_text(reader, node, "offer", &ret->offer));
	return ret->offer ? OK
	                  : scenario_refuse(reader, node, ERR_FIELD_MISSING,
	                            "respond needs an offer: the one that the visitor was shown");
}

static Err read_wait(const ScenarioReader *reader, const YamlNode *node, ScenarioStep *ret)
{
	const YamlNode *wait = yaml_member(node, STR("wait"));

	if (time_parse(wait->text, &ret->at_us))
		return OK;
	return read_duration(reader, wait, &ret->after_us);
}

static Err read_sign_in(const ScenarioReader *reader, const YamlNode *node, ScenarioStep *ret)
{
	static const char *const members[] = {"persona", "audience", "profile", "set", NULL};
	const YamlNode *who = yaml_member(node, STR("sign_in"));

	if (who->kind == YAML_MAPPING)
		TRY(scenario_members(reader, who, members));
	return scenario_visitor(reader, who, &ret->who);
}

static Err read_nothing(const ScenarioReader *reader, const YamlNode *node, ScenarioStep *ret)
{
	(void)reader;
	(void)node;
	(void)ret;
	return OK;
}

static const struct Kind {
	const char *name;
	ScenarioDoes does;
	Err (*read)(const ScenarioReader *reader, const YamlNode *node, ScenarioStep *ret);
	const char *members[10];
} kinds[] = {
        {"offers", DOES_OFFERS, read_offers,
                {"offers", "max", "filter", "across", "seed", "after", "at", "expect"}},
        {"event", DOES_EVENT, read_event, {"event", "offer", "set", "seed", "after", "at", "expect"}},
        {"respond", DOES_RESPOND, read_respond, {"respond", "offer", "after", "at", "expect"}},
        {"wait", DOES_WAIT, read_wait, {"wait", "expect"}},
        {"sign_in", DOES_SIGN_IN, read_sign_in, {"sign_in", "after", "at", "expect"}},
        {"start", DOES_START, read_nothing, {"start", "after", "at", "expect"}},
        {"end", DOES_END, read_nothing, {"end", "after", "at", "expect"}},
        {"expect", DOES_LOOK, read_nothing, {"expect"}},
};

static const struct Kind *kind_of(const YamlNode *node)
{
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
		if (yaml_member(node, str(kinds[i].name)))
			return &kinds[i];
	return NULL;
}

// Moments and seed, which many kinds have.
static Err read_common(const ScenarioReader *reader, const YamlNode *node, ScenarioStep *ret)
{
	const YamlNode *after = yaml_member(node, STR("after")), *at = yaml_member(node, STR("at")),
	               *seed = yaml_member(node, STR("seed"));

	if (after)
		TRY(read_duration(reader, after, &ret->after_us));
	if (at)
		TRY(scenario_time(reader, at, &ret->at_us));
	if (seed && (seed->kind != YAML_SCALAR || !str_to_u64(seed->text, &ret->seed)))
		return scenario_refuse(reader, seed, ERR_FIELD_INVALID, "a seed is a whole number from 0 on");
	return OK;
}

Err scenario_step(const ScenarioReader *reader, const YamlNode *node, ScenarioStep *ret)
{
	const struct Kind *kind = kind_of(node);
	const YamlNode *expect = yaml_member(node, STR("expect"));

	if (!kind)
		return scenario_refuse(reader, node, ERR_FIELD_MISSING,
		        "a step is a mapping with offers, event, respond, wait, sign_in, start, end or "
		        "expect");
	TRY(scenario_members(reader, node, kind->members));
	*ret = (ScenarioStep){.does = kind->does, .line = node->line};
	TRY(read_common(reader, node, ret));
	TRY(kind->read(reader, node, ret));
	return expect ? scenario_expects(reader, expect, &ret->expects) : OK;
}
