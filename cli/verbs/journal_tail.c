// journal tail. The newest records are looked for from the newest segment backwards, and kept as they stand
// on disk until they are told: so neither the journal's size nor the filters cost memory.
#include "base/clock.h"
#include "history/journal.h"
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { MOST = 100000, COLUMN_COUNT = 9, SCRATCH = 256 * 1024, WIDTH_MOST = 40 };

typedef struct Tail {
	Cli *cli;
	JournalFolder folder;
	Arena *scratch;
	Str visitor, session, event, kind; // empty: any
	size_t widths[COLUMN_COUNT];
	bool titled;
	bool waiting;       // records are told as they come
	int64_t told_until; // of the newest segment
	// Frames of the segment that is read, in a ring.
	Str *ring;
	size_t wanted, next, count;
} Tail;

// --- which records ---

// Whether the payload can hold what is asked for: few have to be read.
static bool may_match(const Tail *tail, Str payload)
{
	const Str wanted[] = {tail->visitor, tail->session, tail->event};
	for (size_t i = 0; i < ARRAY_COUNT(wanted); i++)
		if (wanted[i].len > 0 &&
		        memmem(payload.ptr, payload.len, wanted[i].ptr, wanted[i].len) == NULL)
			return false;
	return true;
}

static bool field_is(const json_t *json, const char *name, Str wanted)
{
	return wanted.len == 0 || str_eq(str(json_string_value(json_object_get(json, name))), wanted);
}

static bool is_asked_for(const Tail *tail, const json_t *json)
{
	return field_is(json, "session", tail->session) && field_is(json, "event", tail->event) &&
	       (field_is(json, "visitor", tail->visitor) || field_is(json, "of_visitor", tail->visitor));
}

static bool has_filter(const Tail *tail)
{
	return tail->visitor.len + tail->session.len + tail->event.len + tail->kind.len > 0;
}

static Err matches(Tail *tail, const JournalRecord *record, bool *ret)
{
	CLEANUP(journal_entry_free) JournalEntry entry = {0};
	CLEANUP(json_decrefp_) json_t *json = NULL;
	*ret = !has_filter(tail);
	if (*ret || !may_match(tail, record->payload))
		return OK;
	arena_reset(tail->scratch);
	if (!str_starts(str(journal_kind(record, tail->scratch, NULL)), tail->kind))
		return OK;
	TRY(journal_entry_read(record, tail->scratch, &entry));
	json = journal_entry_json(record, &entry, tail->scratch, false);
	*ret = is_asked_for(tail, json);
	return OK;
}

// --- telling ---

static Str cell(const Tail *tail, const json_t *json, const char *name)
{
	const json_t *value = json_object_get(json, name);
	Str text = {0};
	if (json_is_string(value))
		text = str_n(json_string_value(value), json_string_length(value));
	else if (json_is_integer(value))
		text = str(arena_printf(tail->scratch, "%lld", (long long)json_integer_value(value)));
	for (size_t i = 0; i < json_array_size(value); i++)
		text = str(arena_printf(tail->scratch, STR_FMT "%s%s", STR_ARG(text), i ? "," : "",
		        json_string_value(json_array_get(value, i))));
	return text_printable(tail->scratch, text);
}

static void print_cells(Tail *tail, const Str cells[COLUMN_COUNT])
{
	size_t last = 0;
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		last = cells[i].len ? i : last;
	for (size_t i = 0; i <= last; i++) {
		size_t width = text_width(cells[i]);
		if (width > tail->widths[i]) // from here on; one long text does not push the others away
			tail->widths[i] = width < WIDTH_MOST ? width : WIDTH_MOST;
		printf(STR_FMT, STR_ARG(cells[i]));
		for (; i < last && width < tail->widths[i] + 2; width++)
			putchar(' ');
	}
	putchar('\n');
}

static void print_titles(Tail *tail)
{
	static const char *const titles[COLUMN_COUNT] = {
	        "TIME", "KIND", "SESSION", "VISITOR", "EVENT", "OFFER", "TREATMENT", "MEANING", "SEQUENCE"};
	static const size_t widths[COLUMN_COUNT] = {27, 15, 32, 10, 16, 16, 19, 7, 0};
	Str cells[COLUMN_COUNT];
	if (tail->titled)
		return;
	tail->titled = true;
	memcpy(tail->widths, widths, sizeof widths);
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		cells[i] = str(titles[i]);
	print_cells(tail, cells);
}

static void print_line(Tail *tail, const json_t *json)
{
	static const char *const names[COLUMN_COUNT] = {
	        "time", "kind", "session", "visitor", "event", "offer", "treatment", "meanings", "sequence"};
	Str cells[COLUMN_COUNT];
	print_titles(tail);
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		cells[i] = cell(tail, json, names[i]);
	print_cells(tail, cells);
}

static Err tell(Tail *tail, const JournalRecord *record)
{
	CLEANUP(journal_entry_free) JournalEntry entry = {0};
	CLEANUP(json_decrefp_) json_t *json = NULL;
	Str text;
	arena_reset(tail->scratch);
	TRY(journal_entry_read(record, tail->scratch, &entry));
	json = journal_entry_json(record, &entry, tail->scratch, tail->cli->format != FORMAT_TABLE);
	if (tail->cli->format == FORMAT_TABLE) {
		print_line(tail, json);
		return OK;
	}
	if (tail->cli->format == FORMAT_YAML)
		return print_json(tail->cli, json);
	TRY(json_text(json, false, tail->scratch, &text));
	printf(STR_FMT "\n", STR_ARG(text));
	return OK;
}

// --- the last ones ---

static Err keep(Tail *tail, Str frame)
{
	Str *place = &tail->ring[tail->next];
	char *copy = realloc((char *)(uintptr_t)place->ptr, frame.len);
	if (copy == NULL)
		return err(ERR_NO_MEMORY, "no memory for the newest records; ask for fewer (-n)");
	memcpy(copy, frame.ptr, frame.len);
	*place = str_n(copy, frame.len);
	tail->next = (tail->next + 1) % tail->wanted;
	tail->count += tail->count < tail->wanted;
	return OK;
}

static Err take_piece(void *context, size_t segment, const JournalPiece *piece)
{
	Tail *tail = context;
	bool wanted = false;
	if (!tail->waiting && segment + 1 == tail->folder.segment_count)
		tail->told_until = piece->offset + (piece->found == JOURNAL_TAIL ? 0 : piece->bytes);
	if (piece->found != JOURNAL_RECORD)
		return OK;
	TRY(matches(tail, &piece->record, &wanted));
	if (!wanted)
		return OK;
	return tail->waiting ? tell(tail, &piece->record) : keep(tail, piece->record.frame);
}

// What one segment gave: frames, oldest first.
typedef struct Kept {
	Str *frames;
	size_t count;
} Kept;

static void kept_free(Kept *kept)
{
	for (size_t i = 0; kept->frames != NULL && i < kept->count; i++)
		free((char *)(uintptr_t)kept->frames[i].ptr);
	free(kept->frames);
}

static Err read_kept(Tail *tail, size_t segment, size_t wanted, JournalProgress *progress, Kept *ret)
{
	bool gone = false;
	tail->ring = calloc(wanted, sizeof *tail->ring);
	tail->wanted = wanted;
	tail->next = tail->count = 0;
	if (tail->ring == NULL)
		return err(ERR_NO_MEMORY, "no memory for the newest records; ask for fewer (-n)");
	Err e = journal_walk(&tail->folder, segment, progress, &gone, take_piece, tail);
	*ret = (Kept){.frames = tail->ring, .count = wanted};
	TRY(e);
	Str *ordered = calloc(wanted, sizeof *ordered);
	if (ordered == NULL)
		return err(ERR_NO_MEMORY, "no memory for the newest records; ask for fewer (-n)");
	for (size_t i = 0; i < tail->count; i++)
		ordered[i] = tail->ring[(tail->next + wanted - tail->count + i) % wanted];
	free(tail->ring);
	*ret = (Kept){.frames = ordered, .count = tail->count};
	return OK;
}

static Err tell_kept(Tail *tail, const Kept *kept)
{
	for (size_t i = 0; i < kept->count; i++) {
		Str frame = kept->frames[i];
		JournalRecord record;
		TRY(journal_record_parse(&frame, &record));
		TRY(tell(tail, &record));
	}
	return OK;
}

// Segments before `segment` are read as long as records are wanted, and told before it.
static Err tell_last(Tail *tail, size_t segments, size_t wanted, JournalProgress *progress)
{
	CLEANUP(kept_free) Kept kept = {0};
	while (segments > 0 && kept.count == 0) {
		kept_free(&kept);
		kept = (Kept){0};
		TRY(read_kept(tail, --segments, wanted, progress, &kept));
	}
	if (segments > 0 && kept.count < wanted)
		TRY(tell_last(tail, segments, wanted - kept.count, progress));
	journal_progress_end(progress);
	return tell_kept(tail, &kept);
}

// --- from now on ---

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void scan_closep(JournalScan **scan)
{
	journal_scan_close(*scan);
}

static Err drain(Tail *tail, JournalScan *scan, bool complete)
{
	JournalPiece piece = {.found = JOURNAL_RECORD};
	while (scan != NULL && (piece.found == JOURNAL_RECORD || piece.found == JOURNAL_DAMAGE)) {
		TRY(journal_scan_next(scan, !complete, &piece));
		TRY(take_piece(tail, 0, &piece));
	}
	return fflush(stdout) == 0 ? OK : err_errno(ERR_IO, "cannot write to standard output");
}

static bool comes_after(const JournalFile *file, const JournalFile *at)
{
	return file->incarnation > at->incarnation ||
	       (file->incarnation == at->incarnation && file->first > at->first);
}

// Goes on to the next segment, if there is one: then nothing is written to this one any more.
static Err go_on(Tail *tail, JournalFile *at, JournalScan **scan, bool *ret_moved)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(SCRATCH, 0);
	JournalScan *next = NULL;
	JournalFolder folder;
	if (arena == NULL)
		return err(ERR_NO_MEMORY, "no memory to follow a journal");
	TRY(journal_folder_read(tail->folder.dir, arena, &folder));
	for (size_t i = 0; i < folder.segment_count && next == NULL; i++) {
		if (!comes_after(&folder.segments[i], at))
			continue;
		Err e = journal_scan_open(&folder, i, &next);
		if (e != OK && e != ERR_RESOURCE_NOT_FOUND)
			return e;
		*at = folder.segments[i];
	}
	*ret_moved = next != NULL;
	if (next == NULL)
		return OK;
	Err e = drain(tail, *scan, true);
	journal_scan_close(*scan);
	*scan = next;
	return e;
}

// To what has been told of the newest segment.
static Err skip_told(Tail *tail, JournalFile *at, JournalScan **ret)
{
	size_t count = tail->folder.segment_count;
	if (count == 0)
		return OK;
	*at = tail->folder.segments[count - 1];
	Err e = journal_scan_open(&tail->folder, count - 1, ret);
	if (e == ERR_RESOURCE_NOT_FOUND)
		return OK;
	JournalPiece piece = {0};
	while (e == OK && piece.offset + piece.bytes < tail->told_until)
		e = journal_scan_next(*ret, true, &piece);
	return e;
}

static Err wait_for_more(int watch)
{
	char events[4096];
	ssize_t n = read(watch, events, sizeof events);
	return n >= 0 || errno == EINTR ? OK : err_errno(ERR_IO, "cannot watch the journal");
}

static Err follow(Tail *tail, int watch)
{
	CLEANUP(scan_closep) JournalScan *scan = NULL;
	JournalFile at = {0};
	tail->waiting = true;
	TRY(skip_told(tail, &at, &scan));
	for (;;) {
		bool moved = true;
		while (moved) {
			TRY(drain(tail, scan, false));
			TRY(go_on(tail, &at, &scan, &moved));
		}
		TRY(wait_for_more(watch));
	}
}

// Before the folder is listed, so that nothing is missed.
static Err begin_watch(const char *dir, int *ret)
{
	*ret = inotify_init1(IN_CLOEXEC);
	if (*ret >= 0 &&
	        inotify_add_watch(*ret, dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF) >= 0)
		return OK;
	return err_errno(ERR_IO, "cannot watch %s", dir);
}

static Str option(const Cli *cli, OptionId id)
{
	return str(cli_option(cli, id));
}

Err verb_journal_tail(Cli *cli)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(SCRATCH, 0);
	CLEANUP(closep) int watch = -1;
	JournalProgress progress;
	int64_t wanted = 0;
	Tail tail = {.cli = cli,
	        .scratch = scratch,
	        .visitor = option(cli, OPT_VISITOR),
	        .session = option(cli, OPT_SESSION),
	        .event = option(cli, OPT_EVENT),
	        .kind = option(cli, OPT_KIND)};
	if (cli->format == FORMAT_YAML)
		return cli_usage(cli, "journal tail writes lines: -o table or -o json");
	TRY(cli_number(cli, OPT_LIMIT, 1, MOST, 20, &wanted));
	TRY(journal_folder_open(cli, &tail.folder));
	if (scratch == NULL)
		return err(ERR_NO_MEMORY, "no memory to read a journal");
	if (cli_given(cli, OPT_FOLLOW)) {
		TRY(begin_watch(tail.folder.dir, &watch));
		TRY(journal_folder_read(tail.folder.dir, cli->arena, &tail.folder));
	}
	journal_progress_begin(&progress, &tail.folder);
	TRY(tell_last(&tail, tail.folder.segment_count, (size_t)wanted, &progress));
	return cli_given(cli, OPT_FOLLOW) ? follow(&tail, watch) : OK;
}
