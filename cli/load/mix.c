#include "load/mix.h"

#include "base/config.h"
#include "base/file.h"

enum { OFFERS_MAX = 100 }; // that a point may ask for

static const char *const document_members[] = {"think", "visits", NULL};
static const char *const visit_members[] = {"name", "weight", "think", "steps", NULL};
static const char *const step_members[] = {"offers", "max", "event", "about", "chance", "think", NULL};

typedef struct Place {
	Cli *cli;
	const char *file;
	size_t visit, step; // from 1; 0: none
} Place;

static Err wrong(const Place *place, Err id, const char *what)
{
	if (place->step)
		return err(id, "%s, visit %zu, step %zu: %s", place->file, place->visit, place->step, what);
	if (place->visit)
		return err(id, "%s, visit %zu: %s", place->file, place->visit, what);
	return err(id, "%s: %s", place->file, what);
}

// --- values ---

static Err check_members(const Place *place, const json_t *object, const char *const *allowed)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return wrong(place, ERR_FIELD_INVALID, "it must be a mapping");
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		size_t i = 0;

		while (allowed[i] && strcmp(allowed[i], key) != 0)
			i++;
		if (!allowed[i])
			return wrong(place, ERR_FIELD_UNKNOWN,
			        arena_printf(place->cli->arena, "it has no member '%s'", key));
	}
	return OK;
}

static Err read_number(
        const Place *place, const json_t *object, const char *name, double least, double most, double *ret)
{
	const json_t *value = json_object_get(object, name);

	if (!value)
		return OK;
	*ret = json_number_value(value);
	return json_is_number(value) && *ret >= least && *ret <= most
	               ? OK
	               : wrong(place, ERR_FIELD_INVALID,
	                         arena_printf(place->cli->arena, "%s must be a number from %g to %g", name,
	                                 least, most));
}

static Err read_think(const Place *place, const json_t *object, int64_t *ret)
{
	const json_t *value = json_object_get(object, "think");

	return !value || (json_is_string(value) && duration_parse(str(json_string_value(value)), ret))
	               ? OK
	               : wrong(place, ERR_FIELD_INVALID, "think must be a duration such as 500ms or 3s");
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text && *text ? text : NULL;
}

// --- steps and visits ---

static Err read_points(const Place *place, const json_t *value, MixStep *step)
{
	CLEANUP(json_decrefp_)
	json_t *list =
	        json_is_array(value) ? json_incref((json_t *)(uintptr_t)value) : json_pack("[O]", value);
	size_t count = json_array_size(list);

	if (count < 1 || count > MIX_POINTS_MAX)
		return wrong(place, ERR_FIELD_INVALID, "offers must name 1 to 16 interaction points");
	step->points = ARENA_ARRAY(place->cli->arena, const char *, count);
	for (size_t i = 0; step->points && i < count; i++) {
		const char *point = json_string_value(json_array_get(list, i));

		if (!point || !*point)
			return wrong(place, ERR_FIELD_INVALID, "offers must name interaction points");
		step->points[step->point_count++] = arena_cstr(place->cli->arena, str(point));
	}
	return step->points ? OK : err(ERR_NO_MEMORY, "no memory for a mix");
}

static Err read_step(const Place *place, const json_t *in, int64_t think_us, MixStep *ret)
{
	const json_t *offers = json_object_get(in, "offers");
	const char *event = text_of(in, "event"), *about = text_of(in, "about");
	double max = 0;

	*ret = (MixStep){.chance = 1, .think_us = think_us, .about_offer = true};
	TRY(check_members(place, in, step_members));
	if (!offers == !event)
		return wrong(place, ERR_FIELD_INVALID,
		        "it must have offers (points) or event (a name), one of them");
	if (about && strcmp(about, "offer") != 0 && strcmp(about, "nothing") != 0)
		return wrong(place, ERR_FIELD_INVALID, "about must be offer or nothing");
	ret->about_offer = !about || strcmp(about, "offer") == 0;
	TRY(read_number(place, in, "chance", 0, 1, &ret->chance));
	TRY(read_number(place, in, "max", 1, OFFERS_MAX, &max));
	ret->max = (uint32_t)max;
	TRY(read_think(place, in, &ret->think_us));
	if (offers)
		return read_points(place, offers, ret);
	ret->event = arena_cstr(place->cli->arena, str(event));
	return ret->event ? OK : err(ERR_NO_MEMORY, "no memory for a mix");
}

static Err read_visit(Place *place, const json_t *in, int64_t think_us, MixVisit *ret)
{
	const json_t *steps = json_object_get(in, "steps");
	size_t count = json_array_size(steps);

	*ret = (MixVisit){.weight = 1};
	TRY(check_members(place, in, visit_members));
	TRY(read_number(place, in, "weight", 0, 1e9, &ret->weight));
	TRY(read_think(place, in, &think_us));
	if (count < 1 || count > MIX_STEPS_MAX)
		return wrong(place, ERR_FIELD_INVALID, "it must have 1 to 200 steps");
	MixStep *made = ARENA_ARRAY(place->cli->arena, MixStep, count);
	if (!made)
		return err(ERR_NO_MEMORY, "no memory for a mix");
	for (place->step = 1; place->step <= count; place->step++)
		TRY(read_step(
		        place, json_array_get(steps, place->step - 1), think_us, &made[place->step - 1]));
	place->step = 0;
	ret->name = arena_cstr(place->cli->arena, str(text_of(in, "name") ? text_of(in, "name") : ""));
	ret->steps = made;
	ret->step_count = count;
	return OK;
}

// Events about an offer are counted as if there always was one: that errs towards fewer visits, not more
// calls.
static double calls_of(const MixVisit *visit)
{
	double calls = 2;

	for (size_t i = 0; i < visit->step_count; i++)
		calls += visit->steps[i].chance;
	return calls;
}

Err mix_parse(Cli *cli, const json_t *document, const char *name, Mix *ret)
{
	Place place = {.cli = cli, .file = name};
	const json_t *visits = json_object_get(document, "visits");
	size_t count = json_array_size(visits);
	int64_t think_us = 0;

	*ret = (Mix){0};
	TRY(check_members(&place, document, document_members));
	TRY(read_think(&place, document, &think_us));
	if (count < 1 || count > MIX_VISITS_MAX)
		return wrong(&place, ERR_FIELD_MISSING, "it must have 1 to 200 visits");
	MixVisit *made = ARENA_ARRAY(cli->arena, MixVisit, count);
	if (!made)
		return err(ERR_NO_MEMORY, "no memory for a mix");
	for (place.visit = 1; place.visit <= count; place.visit++) {
		MixVisit *visit = &made[place.visit - 1];

		TRY(read_visit(&place, json_array_get(visits, place.visit - 1), think_us, visit));
		ret->weight += visit->weight;
		ret->calls += visit->weight * calls_of(visit);
	}
	ret->visits = made;
	ret->count = count;
	place.visit = 0;
	if (!(ret->weight > 0))
		return wrong(&place, ERR_FIELD_INVALID, "no visit has a weight above 0");
	ret->calls /= ret->weight;
	return OK;
}

Err mix_read(Cli *cli, const char *path, Mix *ret)
{
	CLEANUP(json_decrefp_) json_t *documents = NULL;
	Str text;

	TRY(file_read(path, MIX_FILE_MAX, cli->arena, &text));
	TRY(json_from_yaml(text, path, cli->arena, &documents, NULL));
	if (json_array_size(documents) != 1)
		return err(ERR_FIELD_INVALID, "%s: a mix is one YAML document", path);
	return mix_parse(cli, json_array_get(documents, 0), path, ret);
}

// --- made up ---

json_t *mix_made_up(char *const *points, size_t point_count, const char *contact)
{
	enum { CALLS = 14, CONTACT_EVERY = 7 };
	json_t *steps = json_array();

	for (size_t i = 0; i < CALLS; i++)
		json_array_append_new(steps, contact && i % CONTACT_EVERY == CONTACT_EVERY - 1
		                                     ? json_pack("{s:s}", "event", contact)
		                                     : json_pack("{s:s}", "offers", points[i % point_count]));
	return json_pack("{s:[{s:o}]}", "visits", "steps", steps);
}
