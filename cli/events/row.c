#include "events/row.h"

#include "base/clock.h"

#include <stdlib.h>

typedef Parley__Plan__V1__NamedText NamedText;
typedef Parley__Plan__V1__Question Question;
typedef Parley__Plan__V1__LoggedOutcome LoggedOutcome;

enum { POINT_OFFERS_MAX = 1000, EPOCH_SECONDS_DIGITS = 11, EPOCH_MILLISECONDS_DIGITS = 14 };

static const char *const names[EVENT_FIELDS] = {
        [EVENT_TIME] = "time",
        [EVENT_SESSION] = "session",
        [EVENT_NAME] = "event",
        [EVENT_POINTS] = "points",
        [EVENT_OFFER] = "offer",
        [EVENT_ID] = "event_id",
        [EVENT_SHOWN] = "shown",
        [EVENT_SHOWN_AT] = "shown_at",
        [EVENT_REWARD] = "reward",
        [EVENT_PROPENSITY] = "propensity",
};

// --- the command line ---

// Adds a field that the command line names: NAME or NAME=TITLE.
static Err field_add(Cli *cli, EventRows *rows, RowFile *file, Str text, const char *option)
{
	size_t at = EVENT_FIELDS + rows->key_count + rows->attribute_count;
	const char *equals = text.len > 0 ? memchr(text.ptr, '=', text.len) : NULL;
	size_t len = equals ? (size_t)(equals - text.ptr) : text.len;

	if (len == 0 || (equals && len + 1 == text.len))
		return cli_usage(cli, "--%s must have NAME or NAME=TITLE", option);
	if (at == ROW_FIELDS_MAX)
		return cli_usage(cli, "there are more than %d fields", ROW_FIELDS_MAX);
	rows->fields[at] = arena_cstr(cli->arena, str_n(text.ptr, len));
	if (equals)
		file->titles[at] = arena_cstr(cli->arena, str_n(equals + 1, text.len - len - 1));
	file->field_count = at + 1;
	return rows->fields[at] ? OK : err(ERR_NO_MEMORY, "no memory for a field");
}

static Err audience_read(Cli *cli, EventRows *rows, RowFile *file)
{
	const char *text;

	TRY(cli_need(cli, OPT_AUDIENCE, &text));
	const char *colon = strchr(text, ':');
	if (!colon || colon == text)
		return cli_usage(
		        cli, "--audience must be LEVEL:KEY or LEVEL:KEY=TITLE, such as customer:customer_id");
	rows->level = arena_cstr(cli->arena, str_n(text, (size_t)(colon - text)));
	for (const char *key = colon + 1;; key += strcspn(key, ",") + 1) {
		size_t len = strcspn(key, ",");

		if (rows->key_count == EVENT_ROW_KEYS_MAX)
			return cli_usage(cli, "--audience has more than %d keys", EVENT_ROW_KEYS_MAX);
		TRY(field_add(cli, rows, file, str_n(key, len), "audience"));
		rows->key_count++;
		if (!key[len])
			return OK;
	}
}

static Err questions_read(Str text, Arena *arena, Event *event);

Err event_rows_begin(Cli *cli, EventRows *rows, RowFile *file)
{
	Event probe = PARLEY__PLAN__V1__EVENT__INIT;

	memcpy(rows->fields, names, sizeof names);
	file->fields = rows->fields;
	file->field_count = EVENT_FIELDS;
	TRY(audience_read(cli, rows, file));
	for (const OptionValue *value = cli->line.options[OPT_ATTRIBUTE]; value; value = value->next) {
		TRY(field_add(cli, rows, file, str(value->text), "attribute"));
		rows->attribute_count++;
	}
	rows->points = cli_option(cli, OPT_POINTS);
	if (rows->points && questions_read(str(rows->points), cli->arena, &probe) != OK)
		return cli_usage(cli, "--points: %s", err_detail()->message);
	return OK;
}

Err event_rows_check(const EventRows *rows, const RowFile *file)
{
	TRY(row_file_need(file, EVENT_TIME));
	for (size_t i = 0; i < rows->key_count + rows->attribute_count; i++)
		TRY(row_file_need(file, EVENT_FIELDS + i));
	return OK;
}

// --- values ---

// RFC 3339, the same with a blank for the T or without an offset, a day, or a number of seconds, milliseconds
// or microseconds since 1970, told apart by how many digits there are.
static Err time_read(Str text, int64_t *ret)
{
	char buffer[64];
	int64_t number;

	if (str_to_i64(text, &number) && number > 0) {
		*ret = text.len <= EPOCH_SECONDS_DIGITS        ? number * US_PER_S
		       : text.len <= EPOCH_MILLISECONDS_DIGITS ? number * US_PER_MS
		                                               : number;
		return OK;
	}
	if (text.len >= 10 && text.len < sizeof buffer - 12) {
		memcpy(buffer, text.ptr, text.len);
		buffer[text.len] = '\0';
		if (text.len == 10)
			strcpy(buffer + 10, "T00:00:00Z");
		else if (buffer[10] == ' ')
			buffer[10] = 'T';
		if (time_parse(str(buffer), ret) || time_parse(str(strcat(buffer, "Z")), ret))
			return OK;
	}
	return err(ERR_FIELD_INVALID,
	        "time \"" STR_FMT
	        "\" is not a time such as 2026-01-31T08:00:00Z, a day, or a number since 1970",
	        STR_ARG(text));
}

static Err question_read(Str text, Arena *arena, Question **ret)
{
	const char *colon = text.len > 0 ? memchr(text.ptr, ':', text.len) : NULL;
	size_t len = colon ? (size_t)(colon - text.ptr) : text.len;
	int64_t max = 0;

	if (len == 0 || (colon && (!str_to_i64(str_n(colon + 1, text.len - len - 1), &max) || max < 1 ||
	                                  max > POINT_OFFERS_MAX)))
		return err(ERR_FIELD_INVALID,
		        "points must be POINT or POINT:N with commas between them, such as home:3");
	Question *question = ARENA_NEW(arena, Question);
	if (!question)
		return err(ERR_NO_MEMORY, "no memory for an event");
	parley__plan__v1__question__init(question);
	question->interaction_point = arena_cstr(arena, str_n(text.ptr, len));
	question->max = (uint32_t)max;
	*ret = question;
	return OK;
}

static Err questions_read(Str text, Arena *arena, Event *event)
{
	event->questions = ARENA_ARRAY(arena, Question *, EVENT_ROW_QUESTIONS_MAX);
	if (!event->questions)
		return err(ERR_NO_MEMORY, "no memory for an event");
	while (text.len > 0) {
		const char *comma = memchr(text.ptr, ',', text.len);
		size_t len = comma ? (size_t)(comma - text.ptr) : text.len;

		if (event->n_questions == EVENT_ROW_QUESTIONS_MAX)
			return err(ERR_FIELD_INVALID, "points are at most %d", EVENT_ROW_QUESTIONS_MAX);
		TRY(question_read(str_n(text.ptr, len), arena, &event->questions[event->n_questions++]));
		text = str_n(text.ptr + len + (comma != NULL), text.len - len - (comma != NULL));
	}
	return OK;
}

static Err number_read(const Row *row, EventField field, double least, double most, double *ret)
{
	Str text = row->values[field];

	*ret = 0;
	if (text.len == 0)
		return OK;
	return str_to_f64(text, ret) && *ret >= least && *ret <= most
	               ? OK
	               : err(ERR_FIELD_INVALID, "%s \"" STR_FMT "\" is not a number from %g to %g",
	                         names[field], STR_ARG(text), least, most);
}

static Err outcome_read(const Row *row, Arena *arena, Event *event)
{
	if (row->values[EVENT_SHOWN].len == 0)
		return OK;
	LoggedOutcome *outcome = ARENA_NEW(arena, LoggedOutcome);
	if (!outcome)
		return err(ERR_NO_MEMORY, "no memory for an event");
	parley__plan__v1__logged_outcome__init(outcome);
	outcome->offer_code = arena_cstr(arena, row->values[EVENT_SHOWN]);
	outcome->interaction_point = arena_cstr(arena, row->values[EVENT_SHOWN_AT]);
	TRY(number_read(row, EVENT_REWARD, -1e12, 1e12, &outcome->reward));
	TRY(number_read(row, EVENT_PROPENSITY, 0, 1, &outcome->propensity));
	event->outcome = outcome;
	return OK;
}

// Named values from the fields that begin at `first`; empty ones are left out.
static Err texts_read(const EventRows *rows, const Row *row, size_t first, size_t count, Arena *arena,
        NamedText ***ret, size_t *ret_count)
{
	*ret = ARENA_ARRAY(arena, NamedText *, count + 1);
	*ret_count = 0;
	for (size_t i = 0; *ret && i < count; i++) {
		if (row->values[first + i].len == 0)
			continue;
		NamedText *text = (*ret)[*ret_count] = ARENA_NEW(arena, NamedText);
		if (!text)
			return err(ERR_NO_MEMORY, "no memory for an event");
		parley__plan__v1__named_text__init(text);
		text->name = (char *)(uintptr_t)rows->fields[first + i];
		text->value = arena_cstr(arena, row->values[first + i]);
		++*ret_count;
	}
	return *ret ? OK : err(ERR_NO_MEMORY, "no memory for an event");
}

// --- the event ---

Err event_row_read(const EventRows *rows, const Row *row, Arena *arena, Event **ret)
{
	Event *event = ARENA_NEW(arena, Event);
	Str points = row->values[EVENT_POINTS].len > 0 ? row->values[EVENT_POINTS] : str(rows->points);

	if (!event)
		return err(ERR_NO_MEMORY, "no memory for an event");
	parley__plan__v1__event__init(event);
	TRY(row->reason ? err(ERR_FIELD_INVALID, "%s", row->reason) : OK);
	TRY(time_read(row->values[EVENT_TIME], &event->time_us));
	event->audience_level = (char *)(uintptr_t)rows->level;
	TRY(texts_read(rows, row, EVENT_FIELDS, rows->key_count, arena, &event->keys, &event->n_keys));
	if (event->n_keys < rows->key_count)
		return err(ERR_FIELD_INVALID, "a key of the visitor is missing");
	TRY(texts_read(rows, row, EVENT_FIELDS + rows->key_count, rows->attribute_count, arena,
	        &event->attributes, &event->n_attributes));
	event->session = arena_cstr(arena, row->values[EVENT_SESSION]);
	event->event = arena_cstr(arena, row->values[EVENT_NAME]);
	event->offer_code = arena_cstr(arena, row->values[EVENT_OFFER]);
	event->event_id = arena_cstr(arena, row->values[EVENT_ID]);
	TRY(questions_read(points, arena, event));
	TRY(outcome_read(row, arena, event));
	if (event->event[0] == '\0' && event->n_questions == 0)
		return err(ERR_FIELD_INVALID,
		        "it neither posts an event nor asks for offers: event or points must be given");
	*ret = event;
	return OK;
}
