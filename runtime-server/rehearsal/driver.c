// Each kind of line is a function of the table below; what it answers with besides the entries is its own.
#include "rehearsal/driver.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "decide/decide.h"
#include "rehearsal/persona.h"
#include "wire/json.h"
#include "wire/wire.h"

#include <stdlib.h>
#include <unistd.h>

typedef Parley__Journal__V1__Effect Effect;
typedef Parley__Journal__V1__Entry Entry;

enum { STYLE = JSON_SNAKE_CASE | JSON_SHORT_ENUMS | JSON_PLAIN_INTS };

struct Driver {
	DriverOptions options;
	Personas *personas;
	Rehearsal *rehearsal;
	uint64_t lines; // so far: the seed of one that has none
	Arena *arena;   // of the line that is being done
	json_t *entries;
};

// --- life ---

static Err hear(void *context, const RehearsalEntry *entry)
{
	Driver *driver = context;
	ProtobufCMessage *message = NULL;
	json_t *json = NULL;
	TRY(wire_unpack(&parley__journal__v1__entry__descriptor, entry->payload, 0, driver->arena, &message));
	TRY(json_from_message(message, STYLE, &json));
	return json_array_append_new(driver->entries, json) == 0
	               ? OK
	               : err(ERR_NO_MEMORY, "no memory for an entry");
}

static void give_profile(void *context, ProfileRequest *request)
{
	personas_fill(((const Driver *)context)->personas, request);
}

static void driver_freep(Driver **driver)
{
	driver_free(*driver);
}

static void end(Driver *driver)
{
	rehearsal_free(driver->rehearsal);
	personas_free(driver->personas);
}

static void personas_freep(Personas **personas)
{
	personas_free(*personas);
}

// Nobody is known, and nothing has happened. What was before is forgotten once that is certain.
static Err begin(Driver *driver)
{
	const DriverOptions *options = &driver->options;
	CLEANUP(personas_freep) Personas *personas = personas_new(options->content);
	Rehearsal *rehearsal = NULL;
	if (personas == NULL)
		return err(ERR_NO_MEMORY, "no memory for a rehearsal");
	if (options->state_name != NULL && lseek(options->state_fd, 0, SEEK_SET) != 0)
		return err_errno(ERR_IO, "cannot read %s from its start", options->state_name);
	TRY(rehearsal_new(&(RehearsalOptions){.content = options->content,
	                          .runtime_id = options->runtime_id,
	                          .state_fd = options->state_fd,
	                          .state_name = options->state_name,
	                          .profile = give_profile,
	                          .entry = hear,
	                          .context = driver},
	        &rehearsal));
	end(driver);
	driver->personas = STEAL(personas);
	driver->rehearsal = rehearsal;
	return OK;
}

Err driver_new(const DriverOptions *options, Driver **ret)
{
	CLEANUP(driver_freep) Driver *driver = calloc(1, sizeof *driver);
	if (driver == NULL)
		return err(ERR_NO_MEMORY, "no memory for a rehearsal");
	driver->options = *options;
	TRY(begin(driver));
	*ret = STEAL(driver);
	return OK;
}

void driver_free(Driver *driver)
{
	if (driver == NULL)
		return;
	end(driver);
	free(driver);
}

Err driver_save(Driver *driver, int fd)
{
	return rehearsal_save(driver->rehearsal, fd);
}

// --- kinds of lines ---

typedef struct Line {
	Driver *driver;
	const json_t *what; // the member that the kind is named by
	int64_t at_us;
	uint64_t seed;
	json_t *answer;
} Line;

static Err put(const Line *line, const char *name, json_t *value)
{
	return json_object_set_new(line->answer, name, value) == 0
	               ? OK
	               : err(ERR_NO_MEMORY, "no memory for an answer");
}

static Err put_message(const Line *line, const char *name, const ProtobufCMessage *message)
{
	json_t *json = NULL;
	TRY(json_from_message(message, STYLE, &json));
	return put(line, name, json);
}

static Err read_message(const Line *line, const ProtobufCMessageDescriptor *descriptor, void *ret)
{
	return json_to_message(line->what, descriptor, line->driver->arena, ret);
}

static Err do_call(const Line *line)
{
	Parley__Runtime__V1__BatchCommand *command = NULL;
	Parley__Runtime__V1__BatchResult *result = NULL;
	TRY(read_message(line, &parley__runtime__v1__batch_command__descriptor, &command));
	TRY(rehearsal_call(
	        line->driver->rehearsal, line->at_us, line->seed, command, line->driver->arena, &result));
	return put_message(line, "result", &result->base);
}

static Err do_recommend(const Line *line)
{
	Parley__Runtime__V1__RecommendRequest *request = NULL;
	Parley__Runtime__V1__RecommendResponse *response = NULL;
	TRY(read_message(line, &parley__runtime__v1__recommend_request__descriptor, &request));
	TRY(rehearsal_recommend(
	        line->driver->rehearsal, line->at_us, line->seed, request, line->driver->arena, &response));
	return put_message(line, "result", &response->base);
}

static Err do_respond(const Line *line)
{
	Parley__Runtime__V1__PostResponseRequest *request = NULL;
	Parley__Runtime__V1__PostResponseResponse *response = NULL;
	TRY(read_message(line, &parley__runtime__v1__post_response_request__descriptor, &request));
	TRY(rehearsal_respond(line->driver->rehearsal, line->at_us, request, line->driver->arena, &response));
	return put_message(line, "result", &response->base);
}

static Err do_profile(const Line *line)
{
	int level = 0;
	Str id = {0};
	const json_t *attributes = json_object_get(line->what, "attributes");
	if (!json_is_object(attributes))
		return err_at(ERR_FIELD_MISSING, "profile.attributes", "give {ATTRIBUTE: value, …}");
	TRY(persona_of(line->driver->options.content, line->what, line->driver->arena, &level, &id));
	return personas_put(line->driver->personas, level, id, attributes);
}

// --- what happened before ---

static const char *const kinds[] = {[FACT_CONTACT] = "contact",
        [FACT_ACCEPT] = "accept",
        [FACT_REJECT] = "reject",
        [FACT_SUPPRESS] = "suppress",
        [FACT_QUALIFY] = "qualify"};

static Err read_kind(const json_t *json, Effect *effect)
{
	const char *kind = json_string_value(json);
	for (size_t i = 0; kind != NULL && i < ARRAY_COUNT(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0) {
			effect->kind =
			        (Parley__Journal__V1__EffectKind)(i - FACT_CONTACT +
			                                          PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_CONTACT);
			return OK;
		}
	return err_at(ERR_FIELD_INVALID, "given.kind",
	        "what happened is contact, accept, reject, suppress or qualify");
}

static Err read_time(const json_t *json, const char *field, int64_t *ret)
{
	if (!json_is_string(json) || !time_parse(str(json_string_value(json)), ret))
		return err_at(ERR_FIELD_INVALID, field, "give a time such as 2026-01-31T08:00:00Z");
	return OK;
}

static Err read_effect(const Line *line, Effect *effect)
{
	const RehearsalContent *content = line->driver->options.content;
	const char *offer = json_string_value(json_object_get(line->what, "offer"));
	const json_t *until = json_object_get(line->what, "until");
	if (offer == NULL || plan_offer(rehearsal_plan(content), str(offer)) < 0)
		return err_at(ERR_FIELD_INVALID, "given.offer", "the channel has no offer \"%.128s\"",
		        offer != NULL ? offer : "");
	effect->offer_code = (char *)(uintptr_t)offer;
	effect->score = json_number_value(json_object_get(line->what, "score"));
	TRY(read_kind(json_object_get(line->what, "kind"), effect));
	return until != NULL ? read_time(until, "given.until", &effect->until_us) : OK;
}

static Err do_given(const Line *line)
{
	const Parley__Snapshot__V1__Snapshot *snapshot = rehearsal_snapshot(line->driver->options.content);
	Parley__Journal__V1__Context context = PARLEY__JOURNAL__V1__CONTEXT__INIT;
	Parley__Journal__V1__EventPosted posted = PARLEY__JOURNAL__V1__EVENT_POSTED__INIT;
	Effect effect = PARLEY__JOURNAL__V1__EFFECT__INIT, *effects[] = {&effect};
	Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	int level = 0;
	Str id = {0};
	TRY(persona_of(line->driver->options.content, line->what, line->driver->arena, &level, &id));
	TRY(read_effect(line, &effect));
	TRY(rehearsal_tick(line->driver->rehearsal, line->at_us));
	context.channel = snapshot->channel;
	context.audience_level = snapshot->audience_levels[level]->name;
	context.audience_id = arena_cstr(line->driver->arena, id);
	context.time_us = line->at_us;
	posted.effects = effects;
	posted.n_effects = 1;
	entry.context = &context;
	entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED;
	entry.event_posted = &posted;
	return context.audience_id != NULL ? rehearsal_given(line->driver->rehearsal, &entry)
	                                   : err(ERR_NO_MEMORY, "no memory for a line");
}

// --- state ---

static json_t *fact_json(const RehearsalContent *content, const Fact *fact)
{
	char time[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE];
	time_format(fact->time_us, time);
	json_t *json = json_pack("{s:s, s:s, s:i, s:s}", "offer",
	        rehearsal_snapshot(content)->offers[fact->offer]->code, "kind", kinds[fact->kind], "count",
	        (int)fact->count, "time", time);
	if (json == NULL || (fact->kind != FACT_SUPPRESS && fact->kind != FACT_QUALIFY))
		return json;
	if (fact->until_us != INT64_MAX) {
		time_format(fact->until_us, until);
		json_object_set_new(json, "until", json_string(until));
	}
	if (fact->kind == FACT_QUALIFY)
		json_object_set_new(json, "score", json_real(fact->score));
	return json;
}

static Err do_state(const Line *line)
{
	Driver *driver = line->driver;
	const Fact *facts = NULL;
	size_t count = 0;
	int level = 0;
	Str id = {0};
	TRY(persona_of(driver->options.content, line->what, driver->arena, &level, &id));
	TRY(rehearsal_tick(driver->rehearsal, line->at_us));
	TRY(rehearsal_facts(driver->rehearsal, level, id, driver->arena, &facts, &count));
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, fact_json(driver->options.content, &facts[i]));
	return put(line, "state", list);
}

// Many stories are told to one program, each from the start.
static Err do_reset(const Line *line)
{
	if (!json_is_true(line->what))
		return err_at(ERR_FIELD_INVALID, "reset", "give {\"reset\": true}");
	return begin(line->driver);
}

static Err do_nothing(const Line *line)
{
	return rehearsal_tick(line->driver->rehearsal, line->at_us);
}

static const struct Kind {
	const char *name;
	Err (*run)(const Line *line);
	bool timeless;
} lines[] = {
        {"call", do_call, false},
        {"recommend", do_recommend, false},
        {"respond", do_respond, false},
        {"given", do_given, false},
        {"state", do_state, false},
        {"profile", do_profile, true},
        {"reset", do_reset, true},
};

// --- a line ---

static const struct Kind *kind_of(const json_t *json, Line *line)
{
	static const struct Kind tick = {"at", do_nothing, false};
	for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
		line->what = json_object_get(json, lines[i].name);
		if (line->what != NULL)
			return &lines[i];
	}
	return &tick;
}

static Err check_members(const json_t *json, const struct Kind *kind)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)json, name, value)
	{
		if (strcmp(name, "at") != 0 && strcmp(name, "seed") != 0 && strcmp(name, kind->name) != 0)
			return err_at(ERR_FIELD_UNKNOWN, name,
			        "a line has \"at\", \"seed\" and one of call, recommend, respond, given, "
			        "state, profile, reset");
	}
	return OK;
}

// A number, or a text for those that JSON's readers would round.
static Err read_seed(const json_t *json, uint64_t otherwise, uint64_t *ret)
{
	*ret = otherwise;
	if (json == NULL)
		return OK;
	if (json_is_integer(json) && json_integer_value(json) >= 0) {
		*ret = (uint64_t)json_integer_value(json);
		return OK;
	}
	char *end = NULL;
	const char *text = json_string_value(json);
	if (text == NULL || *text < '0' || *text > '9')
		return err_at(ERR_FIELD_INVALID, "seed", "a seed is a whole number from 0 to 2^64-1");
	*ret = strtoull(text, &end, 10);
	return *end == '\0' ? OK : err_at(ERR_FIELD_INVALID, "seed", "a seed is a whole number");
}

static Err take(Line *line, Str text)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	TRY(json_parse(text, DRIVER_LINE_MAX, &json));
	if (!json_is_object(json))
		return err(ERR_JSON_INVALID, "a line is one JSON object");
	const struct Kind *kind = kind_of(json, line);
	TRY(check_members(json, kind));
	TRY(read_seed(json_object_get(json, "seed"), line->driver->lines, &line->seed));
	if (!kind->timeless)
		TRY(read_time(json_object_get(json, "at"), "at", &line->at_us));
	return kind->run(line);
}

static json_t *failure_json(const ErrDetail *why)
{
	json_t *json = json_pack("{s:s, s:s}", "reason", err_reason(why->id), "message", why->message);
	if (json != NULL && why->field[0] != '\0')
		json_object_set_new(json, "field", json_string(why->field));
	return json;
}

Err driver_line(Driver *driver, Str text, Arena *arena, Str *ret)
{
	CLEANUP(json_decrefp_) json_t *answer = json_object();
	CLEANUP(json_decrefp_) json_t *entries = json_array();
	Line line = {.driver = driver, .answer = answer};
	driver->lines++;
	driver->arena = arena;
	driver->entries = entries;
	Err e = take(&line, text);
	if (e != OK)
		TRY(put(&line, "error", failure_json(err_detail())));
	if (json_array_size(entries) > 0)
		TRY(put(&line, "entries", json_incref(entries)));
	return json_text(answer, false, arena, ret);
}
