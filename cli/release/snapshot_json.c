// An index says nothing to a person and moves when something is put before it; a name does neither. In the
// JSON of a message 0 is left out, so an index that is not there is the first.
#include "release/snapshot_json.h"

#include "base/cleanup.h"
#include "snapshot/types.h"

typedef struct Names {
	json_t *all; // the snapshot
} Names;

// The name of an item: offers, campaigns and cells are known by their codes.
static json_t *name_of(const json_t *item)
{
	json_t *code = json_object_get(item, "code");

	return code ? code : json_object_get(item, "name");
}

static json_t *name_at(const json_t *list, json_int_t index)
{
	return name_of(json_array_get(list, (size_t)index));
}

// Puts the name in the place of an index.
static void by_name(json_t *item, const char *field, const json_t *list)
{
	json_object_set(item, field, name_at(list, json_integer_value(json_object_get(item, field))));
}

// The same of an index plus 1, of which 0 is "none".
static void by_name_if_any(json_t *item, const char *field, const json_t *list)
{
	json_int_t index = json_integer_value(json_object_get(item, field));

	if (index > 0)
		json_object_set(item, field, name_at(list, index - 1));
}

static void all_by_name(json_t *item, const char *field, const json_t *list)
{
	json_t *indices = json_object_get(item, field), *names = json_array();
	size_t count = json_array_size(indices);

	for (size_t i = 0; i < count; i++)
		json_array_append(names, name_at(list, json_integer_value(json_array_get(indices, i))));
	if (count)
		json_object_set(item, field, names);
	json_decref(names);
}

static json_t *list_of(const Names *names, const char *name)
{
	return json_object_get(names->all, name);
}

static bool kind_is(const json_t *item, const char *kind)
{
	const char *text = json_string_value(json_object_get(item, "kind"));

	return text && strcmp(text, kind) == 0;
}

static void level_expressions(const Names *names, json_t *item, const char *field)
{
	json_t *expression;
	size_t i;

	json_array_foreach(json_object_get(item, field), i, expression)
	        by_name(expression, "audience_level", list_of(names, "audience_levels"));
}

// The slot is one of the level's that the index, already counted from 0, stands for.
static void slot_by_name(const Names *names, json_t *item, json_int_t level)
{
	by_name(item, "attribute",
	        json_object_get(
	                json_array_get(list_of(names, "audience_levels"), (size_t)level), "attributes"));
}

static void zone(const Names *names, json_t *item)
{
	level_expressions(names, item, "inclusion");
	all_by_name(item, "default_offers", list_of(names, "offers"));
}

static void point(const Names *names, json_t *item)
{
	by_name(item, "zone", list_of(names, "zones"));
}

static void event(const Names *names, json_t *item)
{
	json_t *action;
	size_t i;

	json_array_foreach(json_object_get(item, "actions"), i, action)
	{
		if (kind_is(action, "SET_ATTRIBUTE"))
			slot_by_name(names, action,
			        json_integer_value(json_object_get(action, "audience_level")) - 1);
		if (kind_is(action, "TRIGGER_EVENT"))
			by_name(action, "event", list_of(names, "events"));
		by_name_if_any(action, "audience_level", list_of(names, "audience_levels"));
		all_by_name(action, "offers", list_of(names, "offers"));
	}
}

static void segment(const Names *names, json_t *item)
{
	by_name(item, "audience_level", list_of(names, "audience_levels"));
	by_name_if_any(item, "list", list_of(names, "audience_lists"));
}

static void of_level(const Names *names, json_t *item)
{
	by_name(item, "audience_level", list_of(names, "audience_levels"));
}

static void flow(const Names *names, json_t *item)
{
	json_int_t level = json_integer_value(json_object_get(item, "audience_level"));
	json_t *steps = json_object_get(item, "steps"), *step, *branch;
	size_t i, j;

	json_array_foreach(steps, i, step)
	{
		if (kind_is(step, "SET_ATTRIBUTE"))
			slot_by_name(names, step, level);
		if (kind_is(step, "SEGMENT"))
			by_name(step, "segment", list_of(names, "segments"));
		by_name_if_any(step, "next", steps);
		json_array_foreach(json_object_get(step, "branches"), j, branch)
		        by_name_if_any(branch, "next", steps);
	}
	of_level(names, item);
}

static void offer(const Names *names, json_t *item)
{
	json_t *attribute;
	size_t i;

	json_array_foreach(json_object_get(item, "attributes"), i, attribute)
	        level_expressions(names, attribute, "personalised");
}

static void with_offers(const Names *names, json_t *item)
{
	all_by_name(item, "offers", list_of(names, "offers"));
}

static void rule(const Names *names, json_t *item)
{
	json_int_t campaign = json_integer_value(json_object_get(item, "campaign"));

	of_level(names, item);
	by_name_if_any(item, "segment", list_of(names, "segments"));
	by_name_if_any(item, "zone", list_of(names, "zones"));
	if (campaign > 0)
		by_name_if_any(item, "cell",
		        json_object_get(
		                json_array_get(list_of(names, "campaigns"), (size_t)campaign - 1), "cells"));
	by_name_if_any(item, "campaign", list_of(names, "campaigns"));
	if (json_object_get(item, "offer_list"))
		by_name_if_any(item, "offer_list", list_of(names, "offer_lists"));
	else
		by_name(item, "offer", list_of(names, "offers"));
}

// What is said of a single visitor has no name of its own.
static void of_visitor(const Names *names, json_t *item)
{
	of_level(names, item);
	by_name(item, "offer", list_of(names, "offers"));
	json_object_set_new(item, "name",
	        json_sprintf("%s/%s/%s", json_string_value(json_object_get(item, "audience_level")),
	                json_string_value(json_object_get(item, "audience_id")),
	                json_string_value(json_object_get(item, "offer"))));
}

// An expression is what was written; its program follows from that.
static json_t *plain(json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;
	void *next;

	if (json_is_object(value) && json_object_get(value, "program"))
		return json_object_get(value, "source");
	json_object_foreach_safe(value, next, key, member)
	{
		json_t *instead = plain(member);
		if (instead != member)
			json_object_set(value, key, instead);
	}
	json_array_foreach(value, i, member) plain(member);
	return value;
}

static const struct {
	const char *list;
	void (*resolve)(const Names *names, json_t *item);
} resolvers[] = {
        {"zones", zone},
        {"points", point},
        {"events", event},
        {"segments", segment},
        {"audience_lists", of_level},
        {"flows", flow},
        {"offers", offer},
        {"offer_lists", with_offers},
        {"rules", rule},
        {"global_offers", rule},
        {"score_overrides", of_visitor},
        {"blacklist", of_visitor},
        {"suppressions", with_offers},
        {"constraints", with_offers},
};

Err snapshot_json(const Snapshot *snapshot, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *all = NULL;
	json_t *item;
	size_t index;

	TRY(json_from_message(&snapshot->base, JSON_FOR_PEOPLE, &all));
	const Names names = {all};
	plain(all);
	for (size_t i = 0; i < ARRAY_COUNT(resolvers); i++)
		json_array_foreach(list_of(&names, resolvers[i].list), index, item) resolvers[i].resolve(
		        &names, item);
	*ret = STEAL(all);
	return OK;
}
