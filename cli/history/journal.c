// Entries are told by their descriptors: a kind of entry that is added to the .proto needs no word here, as
// long as it names its offer, treatment and event as the others do.
#include "history/journal.h"

#include "base/clock.h"
#include "output.h"
#include "wire/wire.h"

#include <sys/stat.h>
#include <unistd.h>

typedef Parley__Journal__V1__Entry Entry;

enum { QUIET_US = 2000000, MIB = 1 << 20 };

Err journal_folder_open(Cli *cli, JournalFolder *ret)
{
	const char *dir = cli->line.arguments[0];
	const char *inside = arena_printf(cli->arena, "%s/journal", dir);
	struct stat stat_of_inside;
	if (inside != NULL && stat(inside, &stat_of_inside) == 0 && S_ISDIR(stat_of_inside.st_mode))
		dir = inside;
	Err e = journal_folder_read(dir, cli->arena, ret);
	if (e == ERR_RESOURCE_NOT_FOUND)
		return cli_usage(cli,
		        "there is no folder %s; a runtime server's journal is the folder journal in its "
		        "state_dir, or the one that journal.dir of its configuration names",
		        dir);
	return e;
}

// --- progress ---

void journal_progress_begin(JournalProgress *progress, const JournalFolder *folder)
{
	*progress = (JournalProgress){.start_us = monotonic_us()};
	for (size_t i = 0; i < folder->segment_count; i++)
		progress->all += folder->segments[i].bytes;
}

static void progress_add(JournalProgress *progress, int64_t bytes)
{
	progress->done += bytes;
	int64_t now_us = monotonic_us();
	if (now_us - progress->start_us < QUIET_US || now_us - progress->told_us < US_PER_S ||
	        !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\rreading the journal: %lld of %lld MiB", (long long)(progress->done / MIB),
	        (long long)(progress->all / MIB));
	progress->told_us = now_us;
	progress->shown = true;
}

void journal_progress_end(JournalProgress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}

// --- walking ---

static void scan_closep(JournalScan **scan)
{
	journal_scan_close(*scan);
}

Err journal_walk(const JournalFolder *folder, size_t segment, JournalProgress *progress, bool *ret_gone,
        Err (*visit)(void *context, size_t segment, const JournalPiece *piece), void *context)
{
	CLEANUP(scan_closep) JournalScan *scan = NULL;
	const JournalFile *file = &folder->segments[segment];
	JournalPiece piece = {.found = JOURNAL_RECORD};
	Err e = journal_scan_open(folder, segment, &scan);
	*ret_gone = e == ERR_RESOURCE_NOT_FOUND;
	if (*ret_gone)
		return OK;
	TRY(e);
	while (piece.found != JOURNAL_TAIL && piece.found != JOURNAL_END) {
		e = journal_scan_next(scan, false, &piece);
		if (e != OK)
			return err_context(e, "%s/%s", folder->dir, file->name);
		TRY(visit(context, segment, &piece));
		if (progress != NULL)
			progress_add(progress, piece.bytes);
	}
	if (progress != NULL)
		progress_add(progress, file->bytes - piece.offset - piece.bytes);
	return OK;
}

// --- what an entry is ---

static const char *kind_of(const Entry *entry)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
	        &parley__journal__v1__entry__descriptor, (unsigned)entry->what_case);
	return field != NULL ? field->name : "unknown"; // of a newer server
}

static Err unpack(const JournalRecord *record, Arena *arena, const Entry **ret)
{
	ProtobufCMessage *message = NULL;
	Err e = wire_unpack(&parley__journal__v1__entry__descriptor, record->payload, 0, arena, &message);
	*ret = (const Entry *)message;
	return e;
}

const char *journal_kind(const JournalRecord *record, Arena *arena, int64_t *ret_time_us)
{
	const Entry *entry = NULL;
	if (ret_time_us != NULL)
		*ret_time_us = 0;
	if (record->lost_until != 0)
		return "lost";
	if (unpack(record, arena, &entry) != OK)
		return "unreadable";
	if (ret_time_us != NULL && entry->context != NULL)
		*ret_time_us = entry->context->time_us;
	return kind_of(entry);
}

Err journal_entry_read(const JournalRecord *record, Arena *arena, JournalEntry *ret)
{
	const Entry *entry = NULL;
	*ret = (JournalEntry){.kind = "lost"};
	if (record->lost_until != 0)
		return OK;
	ret->kind = "unreadable";
	Err e = unpack(record, arena, &entry);
	if (e == ERR_NO_MEMORY)
		return e;
	if (e != OK)
		return OK;
	ret->kind = kind_of(entry);
	ret->time_us = entry->context != NULL ? entry->context->time_us : 0;
	TRY(json_from_message(&entry->base, JSON_FOR_PEOPLE, &ret->owned));
	ret->json = ret->owned;
	return OK;
}

void journal_entry_free(JournalEntry *entry)
{
	json_decref(entry->owned);
}

// --- what people look for ---

static void take(json_t *into, const char *name, const json_t *from, const char *field)
{
	json_t *value = json_object_get(from, field);
	if (value != NULL && !json_object_get(into, name))
		json_object_set(into, name, value);
}

// One offer stands alone, several in a list.
static void take_offers(json_t *into, const char *name, const json_t *offers, const char *field)
{
	json_t *list = json_array();
	const json_t *offer;
	size_t i;
	json_array_foreach(offers, i, offer) json_array_append(list, json_object_get(offer, field));
	if (json_array_size(list) == 1)
		json_object_set(into, name, json_array_get(list, 0));
	else if (json_array_size(list) > 1)
		json_object_set(into, name, list);
	json_decref(list);
}

static void take_entry(json_t *into, const JournalEntry *entry)
{
	static const char *const fields[][2] = {{"event", "event"}, {"event", "response"},
	        {"event", "interaction_point"}, {"outcome", "outcome"}, {"event", "cause"},
	        {"offer", "offer_code"}, {"treatment", "treatment_code"}, {"meanings", "meanings"}};
	const json_t *context = json_object_get(entry->json, "context");
	const json_t *what = json_object_get(entry->json, entry->kind);
	take(into, "channel", context, "channel");
	take(into, "session", context, "session_id");
	take(into, "audience_level", context, "audience_level");
	take(into, "visitor", context, "audience_id");
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
		take(into, fields[i][0], what, fields[i][1]);
	take_offers(into, "offer", json_object_get(what, "offers"), "offer_code");
	take_offers(into, "treatment", json_object_get(what, "offers"), "treatment_code");
	take(into, "of_visitor", what, "treatment_audience_id");
}

json_t *journal_entry_json(const JournalRecord *record, const JournalEntry *entry, Arena *arena, bool whole)
{
	char time[TIME_TEXT_SIZE] = "";
	json_t *json = json_object();
	if (entry->time_us != 0)
		time_format(entry->time_us, time);
	json_object_set_new(json, "time", time[0] ? json_string(time) : json_null());
	json_object_set_new(json, "kind", json_string(entry->kind));
	json_object_set_new(json, "runtime",
	        json_stringn(record->runtime_id.ptr, record->runtime_id.len)); // NULL if it is no text
	json_object_set_new(json, "incarnation", json_integer((json_int_t)record->incarnation));
	json_object_set_new(json, "sequence", json_integer((json_int_t)record->sequence));
	if (record->lost_until != 0)
		json_object_set_new(json, "lost_until", json_integer((json_int_t)record->lost_until));
	if (record->event_id.len > 0)
		json_object_set_new(
		        json, "event_id", json_string(text_printable(arena, record->event_id).ptr));
	take_entry(json, entry);
	if (whole && entry->json != NULL)
		json_object_set(json, "entry", entry->json);
	return json;
}
