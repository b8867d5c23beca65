#include "scenario_file.h"

#include "base/file.h"
#include "deployment.h"
#include "value.h"

// --- reading ---

static Err refuse(const char *file, size_t number, const char *what)
{
	return err(ERR_FIELD_INVALID, "%s, scenario %zu: %s", file, number, what);
}

static Err check_members(const json_t *object, const char *const *allowed, const char *file, size_t number)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		size_t i = 0;

		while (allowed[i] && strcmp(allowed[i], key) != 0)
			i++;
		if (!allowed[i])
			return err(ERR_FIELD_UNKNOWN, "%s, scenario %zu: it has no member '%s'", file, number,
			        key);
	}
	return OK;
}

static Err check_scenario(const json_t *scenario, const char *file, size_t number)
{
	static const char *const members[] = {
	        "name", "audience", "set", "unset", "as_of", "point", "max", "expect", NULL};
	static const char *const expected[] = {"offers", "contains", "without", "none", "reasons", NULL};
	const json_t *expect = json_object_get(scenario, "expect");

	if (!json_is_object(scenario))
		return refuse(file, number, "it must be a mapping with name, audience, point and expect");
	TRY(check_members(scenario, members, file, number));
	if (!*json_word(scenario, "name") || !*json_word(scenario, "audience") ||
	        !*json_word(scenario, "point"))
		return refuse(file, number, "name, audience and point are texts that must be given");
	if (!json_is_object(expect) || !json_object_size(expect))
		return refuse(file, number,
		        "expect must say something: offers, contains, without, none or reasons");
	return check_members(expect, expected, file, number);
}

static Err read_file(Cli *cli, const char *path, json_t *all)
{
	CLEANUP(json_decrefp_) json_t *documents = NULL;
	const json_t *document, *item;
	size_t i, j;
	Str text;

	TRY(file_read(path, SCENARIO_FILE_MAX, cli->arena, &text));
	TRY(json_from_yaml(text, path, cli->arena, &documents, NULL));
	json_array_foreach(documents, i, document)
	{
		CLEANUP(json_decrefp_)
		json_t *list = json_is_array(document) ? json_incref((json_t *)(uintptr_t)document)
		                                       : json_pack("[O]", document);

		json_array_foreach(list, j, item)
		{
			TRY(check_scenario(item, path, json_array_size(all) + 1));
			if (json_array_size(all) == SCENARIOS_MAX)
				return refuse(path, SCENARIOS_MAX + 1, "more are not taken in one run");
			json_array_append(all, (json_t *)(uintptr_t)item);
		}
	}
	return OK;
}

Err scenarios_read(Cli *cli, size_t first, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *all = json_array();

	for (size_t i = first; i < cli->line.count; i++)
		TRY(read_file(cli, cli->line.arguments[i], all));
	if (!json_array_size(all))
		return err(ERR_FIELD_MISSING, "the files hold no scenario");
	*ret = STEAL(all);
	return OK;
}

// --- asking ---

static Err add_values(Cli *cli, const json_t *scenario, json_t *attributes)
{
	const char *key;
	json_t *value, *item;
	size_t i;

	json_object_foreach(json_object_get(scenario, "set"), key, value)
	{
		json_t *named = NULL;

		if (json_is_string(value)) {
			json_array_append_new(attributes,
			        json_pack("{s:s, s:{s:O}}", "name", key, "value", "string_value", value));
			continue;
		}
		if (json_is_array(value)) {
			json_array_append_new(attributes, json_pack("{s:s, s:{s:{s:O}}}", "name", key,
			                                          "value", "strings_value", "values", value));
			continue;
		}
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
		Err e = named_value_parse(
		        str(arena_printf(cli->arena, "%s=%s", key, text ? text : "")), cli->arena, &named);
		free(text);
		TRY(e);
		json_array_append_new(attributes, named);
	}
	json_array_foreach(json_object_get(scenario, "unset"), i, item)
	        json_array_append_new(attributes, json_pack("{s:O}", "name", item));
	return OK;
}

Err scenario_request(Cli *cli, const char *channel, const json_t *scenario, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *audience = NULL;
	CLEANUP(json_decrefp_) json_t *world = json_pack("{s:[]}", "attributes");
	json_int_t max = json_count(scenario, "max");

	TRY(audience_parse(str(json_word(scenario, "audience")), cli->arena, &audience));
	TRY(add_values(cli, scenario, json_object_get(world, "attributes")));
	if (*json_word(scenario, "as_of"))
		json_object_set_new(world, "as_of", json_string(json_word(scenario, "as_of")));
	*ret = json_pack("{s:s, s:O, s:[{s:s, s:I}], s:b, s:O}", "channel", channel, "audience", audience,
	        "points", "interaction_point", json_word(scenario, "point"), "max_offers",
	        max > 0 ? max : (json_int_t)1, "explain", 1, "what_if", world);
	return *ret ? OK : err(ERR_NO_MEMORY, "no memory for a scenario");
}

// --- judging ---

static const json_t *first_point(const json_t *answer)
{
	return json_array_get(json_object_get(answer, "points"), 0);
}

static bool offered(const json_t *offers, const char *code)
{
	const json_t *offer;
	size_t i;

	json_array_foreach(
	        offers, i, offer) if (strcmp(json_word(offer, "offer_code"), code) == 0) return true;
	return false;
}

static const char *codes(Cli *cli, const json_t *offers)
{
	const char *text = "";
	const json_t *offer;
	size_t i;

	json_array_foreach(offers, i, offer) text =
	        arena_printf(cli->arena, "%s%s%s", text, i ? ", " : "", json_word(offer, "offer_code"));
	return *text ? text : "none";
}

static bool same_offers(const json_t *expected, const json_t *offers)
{
	const json_t *code;
	size_t i;

	if (json_array_size(expected) != json_array_size(offers))
		return false;
	json_array_foreach(expected, i,
	        code) if (strcmp(json_string_value(code) ? json_string_value(code) : "",
	                          json_word(json_array_get(offers, i), "offer_code")) != 0) return false;
	return true;
}

// The reason that one of the offer's candidates has; the first one if `wanted` is none of them.
static const char *reason_of(const json_t *point, const char *code, const char *wanted)
{
	const json_t *candidate;
	const char *first = "NO_CANDIDATE";
	bool seen = false;
	size_t i;

	json_array_foreach(json_object_get(point, "candidates"), i, candidate)
	{
		if (strcmp(json_word(candidate, "offer_code"), code) != 0)
			continue;
		if (strcmp(json_word(candidate, "reason"), wanted) == 0)
			return wanted;
		if (!seen)
			first = json_word(candidate, "reason");
		seen = true;
	}
	return first;
}

const char *scenario_judge(Cli *cli, const json_t *scenario, const json_t *answer)
{
	const json_t *expect = json_object_get(scenario, "expect"), *point = first_point(answer),
	             *offers = json_object_get(point, "offers"), *item;
	const char *key;
	json_t *value;
	size_t i;

	if (json_object_get(expect, "offers") && !same_offers(json_object_get(expect, "offers"), offers))
		return arena_printf(cli->arena, "the offers are %s", codes(cli, offers));
	if (json_is_true(json_object_get(expect, "none")) && json_array_size(offers))
		return arena_printf(cli->arena, "no offer is expected, there are %s", codes(cli, offers));
	json_array_foreach(json_object_get(expect, "contains"), i,
	        item) if (!offered(offers, json_string_value(item))) return arena_printf(cli->arena,
	        "%s is not among %s", json_string_value(item), codes(cli, offers));
	json_array_foreach(json_object_get(expect, "without"), i,
	        item) if (offered(offers, json_string_value(item))) return arena_printf(cli->arena,
	        "%s should not be among %s", json_string_value(item), codes(cli, offers));
	json_object_foreach(json_object_get(expect, "reasons"), key, value)
	{
		const char *wanted = json_string_value(value) ? json_string_value(value) : "",
		           *reason = reason_of(point, key, wanted);

		if (strcmp(reason, wanted) != 0)
			return arena_printf(
			        cli->arena, "the reason of %s is %s, not %s", key, reason, wanted);
	}
	return "";
}
