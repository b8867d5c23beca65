// events: sets of them, made of files, in the workbench. An import notes after each run that it has sorted
// where it was in the file, so that one that was cut off goes on from there; what it is made of must be the
// same then.
#include "base/clock.h"
#include "events/row.h"
#include "events/set.h"
#include "events/workbench.h"
#include "output.h"
#include "progress.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROGRESS_EVERY = 1 << 12, SHOWN = 10 };

typedef struct Import {
	Cli *cli;
	const char *name, *path; // of the set
	const char *source, *made_of;
	RowFile *file;
	EventRows *rows;
	Rejects rejects;
	EventSorter *sorter;
	Arena *arena; // of a row
	int64_t size, begun_us, told_us;
	uint64_t events, resumed;
} Import;

static void import_close(Import *import)
{
	if (import->file)
		row_file_close(import->file);
	rejects_close(&import->rejects);
	event_sorter_close(import->sorter);
	arena_free(import->arena);
}

// --- where it is ---

static Err note_keep(Import *import)
{
	int64_t length;
	RowPlace place = row_file_place(import->file);

	TRY(rejects_keep(&import->rejects, &length));
	CLEANUP(json_decrefp_)
	json_t *note = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "made_of", import->made_of, "offset",
	        (json_int_t)place.offset, "line", (json_int_t)place.line, "events",
	        (json_int_t)import->events, "refused", (json_int_t)import->rejects.count, "refused_bytes",
	        (json_int_t)length);
	char *text = json_dumps(note, JSON_COMPACT);
	if (!text)
		return err(ERR_NO_MEMORY, "no memory for an import");
	Err e = event_sorter_keep(import->sorter, text);
	free(text);
	return e;
}

static json_int_t number_in(const json_t *note, const char *name)
{
	return json_integer_value(json_object_get(note, name));
}

static Err note_take(Import *import, const char *text)
{
	CLEANUP(json_decrefp_) json_t *note = NULL;

	TRY(json_parse(str(text), SIZE_MAX, &note));
	const char *made_of = json_string_value(json_object_get(note, "made_of"));
	if (!made_of || strcmp(made_of, import->made_of) != 0)
		return err(ERR_RESOURCE_EXISTS,
		        "an import of \"%s\" from another file, or with other options, was cut off; do that "
		        "again, "
		        "or begin anew: --restart",
		        import->name);
	if (number_in(note, "offset") < 0)
		return err(ERR_NOT_SUPPORTED,
		        "what comes from a pipe cannot be gone on with; begin anew: --restart");
	import->events = import->resumed = (uint64_t)number_in(note, "events");
	TRY(rejects_resume(
	        &import->rejects, (size_t)number_in(note, "refused"), number_in(note, "refused_bytes")));
	fprintf(stderr, "going on at line %lld, after %" PRIu64 " events\n",
	        (long long)number_in(note, "line") + 1, import->events);
	return row_file_go(
	        import->file, (RowPlace){number_in(note, "offset"), (size_t)number_in(note, "line")});
}

static void progress(Import *import, bool last)
{
	int64_t now = monotonic_us(), at = row_file_place(import->file).offset;

	if (!isatty(STDERR_FILENO) || (!last && now - import->told_us < US_PER_S / 4))
		return;
	import->told_us = now;
	double seconds = (double)(now - import->begun_us) / 1e6, done = (double)at / (double)import->size;
	double rate = (double)(import->events - import->resumed) / (seconds > 0 ? seconds : 1);
	fprintf(stderr, "\r\033[K%" PRIu64 " events, %zu refused, %.0f a second", import->events,
	        import->rejects.count, rate);
	if (import->size > 0 && at > 0 && done < 1)
		fprintf(stderr, "; %.0f %%, %.0f s left", 100 * done, seconds / done - seconds);
	if (last)
		fputs("\r\033[K", stderr);
}

// --- rows ---

static Err row_take(Import *import, const Row *row)
{
	Event *event;
	Err e = event_row_read(import->rows, row, import->arena, &event);

	if (!e)
		e = event_sorter_add(import->sorter, event);
	if (e == ERR_FIELD_INVALID)
		return rejects_add(&import->rejects, row, str(err_detail()->message));
	import->events += !e;
	return e;
}

static Err rows_take(Import *import)
{
	Row row;
	bool end = false;

	for (uint64_t rows = 1;; rows++) {
		arena_reset(import->arena);
		TRY(row_file_next(import->file, import->arena, &row, &end));
		if (end)
			break;
		TRY(row_take(import, &row));
		if (event_sorter_is_full(import->sorter))
			TRY(note_keep(import));
		if (rows % PROGRESS_EVERY == 0)
			progress(import, false);
	}
	progress(import, true);
	return note_keep(import);
}

// --- the verb ---

// What must be the same for an import to go on: the file as it was, and how it is read.
static Err made_of(Import *import)
{
	static const OptionId options[] = {
	        OPT_AUDIENCE, OPT_ATTRIBUTE, OPT_POINTS, OPT_MAPPING, OPT_DELIMITER};
	const CommandLine *line = &import->cli->line;
	struct stat info;

	if (fstat(fileno(import->file->csv.file), &info) != 0)
		return err_errno(ERR_IO, "cannot read %s", import->source);
	import->size = S_ISREG(info.st_mode) ? info.st_size : 0;
	import->made_of = arena_printf(import->cli->arena, "%s %lld %lld.%09ld", import->source,
	        (long long)info.st_size, (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
	for (size_t i = 0; i < ARRAY_COUNT(options); i++)
		for (const OptionValue *value = line->options[options[i]]; value; value = value->next)
			import->made_of = arena_printf(import->cli->arena, "%s --%s %s", import->made_of,
			        option_rows[options[i]].name, value->text);
	return import->made_of ? OK : err(ERR_NO_MEMORY, "no memory for an import");
}

static Err sorter_begin(Import *import)
{
	const char *note;

	TRY(event_set_begin(import->cli, import->path, &import->sorter, &note));
	return note ? note_take(import, note) : OK;
}

static Err import_open(Cli *cli, Import *ret)
{
	*ret = (Import){.cli = cli, .source = cli->line.arguments[0], .begun_us = monotonic_us()};
	ret->arena = arena_new(1 << 17, 0);
	ret->file = ARENA_NEW(cli->arena, RowFile);
	ret->rows = ARENA_NEW(cli->arena, EventRows);
	if (!ret->arena || !ret->file || !ret->rows)
		return err(ERR_NO_MEMORY, "no memory for an import");
	TRY(cli_need(cli, OPT_NAME, &ret->name));
	TRY(event_set_place(cli, ret->name, &ret->path));
	TRY(event_rows_begin(cli, ret->rows, ret->file));
	TRY(rejects_init(cli, ret->source, ret->file, &ret->rejects));
	TRY(row_file_open(cli, ret->source, true, ret->file));
	TRY(event_rows_check(ret->rows, ret->file));
	TRY(made_of(ret));
	return sorter_begin(ret);
}

Err verb_events_import(Cli *cli)
{
	CLEANUP(import_close) Import import = {0};
	EventSetInfo info;

	TRY(import_open(cli, &import));
	TRY(rows_take(&import));
	EventSorter *sorter = import.sorter;
	import.sorter = NULL;
	TRY(event_set_finish(sorter, import.path, &info));
	CLEANUP(json_decrefp_) json_t *set = event_set_json(import.name, &info);
	json_object_set_new(set, "refused", json_integer((json_int_t)import.rejects.count));
	rejects_tell(cli, &import.rejects);
	return print_one(cli, set);
}

// --- sets that are there ---

static Err set_open(Cli *cli, const char *name, EventSet **ret)
{
	const char *path;

	TRY(workbench_path(cli, "sets", name, &path));
	if (access(path, F_OK) != 0)
		return err(ERR_RESOURCE_NOT_FOUND, "there is no event set \"%s\": parley events list", name);
	return event_set_open(path, ret);
}

Err verb_events_list(Cli *cli)
{
	CLEANUP(json_decrefp_) json_t *names = NULL, *sets = json_array();
	size_t i;
	json_t *name;

	TRY(workbench_names(cli, "sets", &names));
	json_array_foreach(names, i, name)
	{
		CLEANUP(event_set_closep) EventSet *set = NULL;

		TRY(set_open(cli, json_string_value(name), &set));
		json_array_append_new(sets, event_set_json(json_string_value(name), event_set_info(set)));
	}
	TRY(workbench_tell_parts(cli, "sets", ".importing", "parley events remove"));
	return print_items(
	        cli, sets, "NAME:name EVENTS:events FIRST:first/2 LAST:last/1 BYTES:bytes/3 DIGEST:digest/4");
}

// As people read it: a line of a table.
static json_t *event_line(Cli *cli, const Event *event, uint64_t place)
{
	char time[TIME_TEXT_SIZE];
	const char *visitor = "", *asked = "";

	time_format(event->time_us, time);
	for (size_t i = 0; i < event->n_keys; i++)
		visitor = arena_printf(cli->arena, "%s%s%s", visitor, i ? "|" : "", event->keys[i]->value);
	for (size_t i = 0; i < event->n_questions; i++)
		asked = arena_printf(cli->arena, event->questions[i]->max ? "%s%s%s:%u" : "%s%s%s", asked,
		        i ? "," : "", event->questions[i]->interaction_point, event->questions[i]->max);
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "place", (json_int_t)place, "time",
	        time, "level", event->audience_level, "visitor", visitor, "session", event->session, "event",
	        event->event, "asked", asked, "offer", event->offer_code, "shown",
	        event->outcome ? event->outcome->offer_code : "");
}

static Err event_json(Cli *cli, const Event *event, uint64_t place, json_t **ret)
{
	if (cli->format == FORMAT_TABLE) {
		*ret = event_line(cli, event, place);
		return OK;
	}
	TRY(json_from_message(&event->base, JSON_FOR_PEOPLE, ret));
	json_object_set_new(*ret, "place", json_integer((json_int_t)place));
	return OK;
}

static Err events_shown(Cli *cli, const EventSet *set, uint64_t limit, json_t *ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(EVENT_BLOCK_BYTES, 0);

	for (uint64_t block = 0; block < event_set_info(set)->blocks && json_array_size(ret) < limit;
	        block++) {
		const Event *const *events;
		size_t count;
		uint64_t first;

		arena_reset(arena);
		TRY(event_set_block(set, block, arena, &events, &count, &first));
		for (size_t i = 0; i < count && json_array_size(ret) < limit; i++) {
			json_t *event;

			TRY(event_json(cli, events[i], first + i, &event));
			json_array_append_new(ret, event);
		}
	}
	return OK;
}

Err verb_events_show(Cli *cli)
{
	CLEANUP(event_set_closep) EventSet *set = NULL;
	CLEANUP(json_decrefp_) json_t *shown = NULL, *events = json_array();
	int64_t limit;

	TRY(cli_number(cli, OPT_LIMIT, 0, 100000, SHOWN, &limit));
	TRY(set_open(cli, cli->line.arguments[0], &set));
	TRY(events_shown(cli, set, (uint64_t)limit, events));
	shown = event_set_json(cli->line.arguments[0], event_set_info(set));
	if (cli->format != FORMAT_TABLE) {
		json_object_set(shown, "first_events", events);
		return print_json(cli, shown);
	}
	TRY(print_one(cli, shown));
	putchar('\n');
	return print_table(cli, events,
	        "PLACE:place TIME:time LEVEL:level/3 VISITOR:visitor SESSION:session/4 EVENT:event "
	        "ASKED:asked/1 "
	        "OFFER:offer SHOWN:shown/2");
}

Err verb_events_verify(Cli *cli)
{
	CLEANUP(event_set_closep) EventSet *set = NULL;
	Progress reading;

	TRY(set_open(cli, cli->line.arguments[0], &set));
	progress_begin(
	        &reading, "events read and held against the set's digest", event_set_info(set)->events);
	Err e = event_set_verify(set, progress_told, &reading);
	progress_end(&reading);
	TRY(e);
	CLEANUP(json_decrefp_) json_t *told = event_set_json(cli->line.arguments[0], event_set_info(set));
	return print_one(cli, told);
}

Err verb_events_remove(Cli *cli)
{
	const char *path, *name = cli->line.arguments[0];

	TRY(workbench_path(cli, "sets", name, &path));
	bool part = workbench_remove_part(cli, path, ".importing");
	if (unlink(path) == 0 || part)
		return OK;
	return access(path, F_OK) != 0
	               ? err(ERR_RESOURCE_NOT_FOUND, "there is no event set \"%s\": parley events list", name)
	               : err_errno(ERR_IO, "cannot remove %s", path);
}
