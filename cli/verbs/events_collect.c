// events collect: a set of what the history recorded. What is noted after each run is a moment: all from
// there on is in the sorted runs, and the history is read on from there backwards. The period is settled when
// it is begun, so that "the last seven days" are the same ones however often it is cut off.
#include "base/clock.h"
#include "events/recorded.h"
#include "events/set.h"
#include "moment.h"
#include "output.h"

#include <inttypes.h>
#include <unistd.h>

enum { KEEP_LEAST = 2000, KEEP_SHARE = 8 };

typedef struct Collection {
	Cli *cli;
	const char *name, *path, *made_of;
	EventSorter *sorter;
	Recorded *recorded;
	RecordedOptions options;
	RecordedCounts counts;
	int64_t until_us; // where it ends
	uint64_t kept;    // entries, up to the last note
	int64_t begun_us, told_us;
} Collection;

static void collection_close(Collection *collection)
{
	recorded_close(collection->recorded);
	event_sorter_close(collection->sorter);
}

// --- where it is ---

// What is counted, by name: in the note, and told.
static const struct {
	const char *name, *why; // NULL: nothing is missing
	size_t offset;
} counted[] = {
#define COUNT(field, why)                                                                                    \
	{                                                                                                    \
#field, why, offsetof(RecordedCounts, field)                                                 \
	}
        COUNT(entries, NULL),
        COUNT(questions, NULL),
        COUNT(events, NULL),
        COUNT(caused, NULL),
        COUNT(late, "responses without a session, which a set does not have"),
        COUNT(unnamed, "outcomes whose event the history does not name"),
        COUNT(unknown, "entries of audience levels that the channel does not have any more"),
        COUNT(conditions,
                "questions had conditions on offers, or asked for no offer twice: they are asked without"),
        COUNT(values, "values of attributes that have no text"),
        COUNT(bare,
                "questions without a receipt that can be read: as many offers as were given, no attributes"),
#undef COUNT
};

static uint64_t *count_at(RecordedCounts *counts, size_t i)
{
	return (uint64_t *)(void *)((char *)counts + counted[i].offset);
}

static Err note_keep(Collection *collection, int64_t at_us)
{
	CLEANUP(json_decrefp_)
	json_t *note = json_pack("{s:s, s:I, s:I, s:I}", "made_of", collection->made_of, "since",
	        (json_int_t)collection->options.since_us, "until", (json_int_t)collection->until_us, "at",
	        (json_int_t)at_us);

	collection->counts = *recorded_counts(collection->recorded);
	for (size_t i = 0; i < ARRAY_COUNT(counted); i++)
		json_object_set_new(
		        note, counted[i].name, json_integer((json_int_t)*count_at(&collection->counts, i)));
	char *text = json_dumps(note, JSON_COMPACT);
	if (!text)
		return err(ERR_NO_MEMORY, "no memory for an import");
	Err e = event_sorter_keep(collection->sorter, text);
	free(text);
	collection->kept = collection->counts.entries;
	return e;
}

static int64_t number_in(const json_t *note, const char *name)
{
	return json_integer_value(json_object_get(note, name));
}

static Err note_take(Collection *collection, const char *text)
{
	CLEANUP(json_decrefp_) json_t *note = NULL;
	char time[TIME_TEXT_SIZE];

	TRY(json_parse(str(text), SIZE_MAX, &note));
	const char *made_of = json_string_value(json_object_get(note, "made_of"));
	if (!made_of || strcmp(made_of, collection->made_of) != 0)
		return err(ERR_RESOURCE_EXISTS,
		        "another import of \"%s\", or one with other options, was cut off; do that again, or "
		        "begin "
		        "anew: --restart",
		        collection->name);
	collection->options.since_us = number_in(note, "since");
	collection->until_us = number_in(note, "until");
	collection->options.until_us = number_in(note, "at");
	for (size_t i = 0; i < ARRAY_COUNT(counted); i++)
		*count_at(&collection->counts, i) = (uint64_t)number_in(note, counted[i].name);
	collection->kept = collection->counts.entries;
	time_format(collection->options.until_us, time);
	fprintf(stderr, "going on before %s, after %" PRIu64 " entries\n", time, collection->kept);
	return OK;
}

static void progress(Collection *collection, int64_t at_us, bool last)
{
	const RecordedCounts *counts = recorded_counts(collection->recorded);
	int64_t now = monotonic_us();
	char time[TIME_TEXT_SIZE];

	if (!isatty(STDERR_FILENO) || (!last && now - collection->told_us < US_PER_S / 4))
		return;
	collection->told_us = now;
	time_format(at_us, time);
	if (last)
		fputs("\r\033[K", stderr);
	else
		fprintf(stderr, "\r\033[K%" PRIu64 " entries of the history, back to %.19s, %.0f a second",
		        counts->entries, time,
		        (double)counts->entries * 1e6 / (double)(now - collection->begun_us + 1));
}

// --- collecting ---

static Err take(void *context, const Event *event)
{
	return event_sorter_add(((Collection *)context)->sorter, event);
}

// Often at first and ever more rarely, so that there are few runs and little is done twice.
static bool is_time_to_keep(const Collection *collection)
{
	uint64_t all = recorded_counts(collection->recorded)->entries, since = all - collection->kept;

	return event_sorter_is_full(collection->sorter) || since >= KEEP_LEAST + all / KEEP_SHARE;
}

static Err collect(Collection *collection)
{
	int64_t at_us = 0;
	bool end = false;

	TRY(recorded_open(&collection->options, &collection->counts, &collection->recorded));
	while (!end) {
		TRY(recorded_read(collection->recorded, take, collection, &at_us, &end));
		if (end || is_time_to_keep(collection))
			TRY(note_keep(collection, at_us));
		progress(collection, at_us, end);
	}
	return OK;
}

// --- the verb ---

static Err made_of(Collection *collection)
{
	static const OptionId options[] = {OPT_SINCE, OPT_UNTIL};
	Cli *cli = collection->cli;

	collection->made_of = arena_printf(
	        cli->arena, "history %s %s", collection->options.environment, collection->options.channel);
	for (size_t i = 0; i < ARRAY_COUNT(options); i++)
		if (cli_given(cli, options[i]))
			collection->made_of = arena_printf(cli->arena, "%s --%s %s", collection->made_of,
			        option_rows[options[i]].name, cli_option(cli, options[i]));
	return collection->made_of ? OK : err(ERR_NO_MEMORY, "no memory for an import");
}

static Err collection_open(Cli *cli, Collection *ret)
{
	RecordedOptions *options = &ret->options;
	const char *note;

	*ret = (Collection){.cli = cli, .begun_us = monotonic_us()};
	options->cli = cli;
	TRY(cli_need(cli, OPT_NAME, &ret->name));
	TRY(cli_need(cli, OPT_ENV, &options->environment));
	TRY(cli_need(cli, OPT_CHANNEL, &options->channel));
	TRY(cli_need(cli, OPT_SINCE, &(const char *){NULL}));
	TRY(cli_moment(cli, OPT_SINCE, 0, &options->since_us));
	TRY(cli_moment(cli, OPT_UNTIL, clock_now_us(clock_system()), &options->until_us));
	ret->until_us = options->until_us;
	if (options->since_us >= options->until_us)
		return cli_usage(cli, "--since must be before --until");
	TRY(event_set_place(cli, ret->name, &ret->path));
	TRY(made_of(ret));
	TRY(event_set_begin(cli, ret->path, &ret->sorter, &note));
	return note ? note_take(ret, note) : OK;
}

static Err print_collected(Collection *collection, const EventSetInfo *info)
{
	CLEANUP(json_decrefp_) json_t *set = event_set_json(collection->name, info);

	for (size_t i = 0; i < ARRAY_COUNT(counted); i++) {
		uint64_t count = *count_at(&collection->counts, i);

		if (strcmp(counted[i].name, "events") == 0) // the set has more: its questions
			json_object_set_new(set, "posted", json_integer((json_int_t)count));
		else
			json_object_set_new(set, counted[i].name, json_integer((json_int_t)count));
		if (counted[i].why && count > 0)
			fprintf(stderr, "note: %" PRIu64 " %s\n", count, counted[i].why);
	}
	if (info->events == 0)
		fprintf(stderr, "note: the set is empty: the history of %s has nothing of %s in that time\n",
		        collection->options.environment, collection->options.channel);
	return print_one(collection->cli, set);
}

Err verb_events_collect(Cli *cli)
{
	CLEANUP(collection_close) Collection collection = {0};
	EventSetInfo info;

	TRY(collection_open(cli, &collection));
	TRY(collect(&collection));
	EventSorter *sorter = collection.sorter;
	collection.sorter = NULL;
	TRY(event_set_finish(sorter, collection.path, &info));
	return print_collected(&collection, &info);
}
