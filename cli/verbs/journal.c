// journal inspect and journal verify. What verify finds it tells with the file, the place in it, and what to
// do: who reads it at night has not read the format.
#include "history/journal.h"
#include "base/clock.h"
#include "output.h"

#include <inttypes.h>

enum { KINDS_MAX = 32, FINDINGS_MAX = 1000, SCRATCH = 64 * 1024 };

// --- journal inspect ---

typedef struct KindCount {
	const char *kind; // the descriptor's, or one of history/journal.c's
	uint64_t count;
} KindCount;

typedef struct SegmentFacts {
	uint64_t last, records, lost;
	int64_t bytes; // of records
	int64_t from_us, until_us;
	bool damaged, torn, gone;
} SegmentFacts;

typedef struct Inspection {
	Cli *cli;
	JournalFolder folder;
	Arena *scratch;
	SegmentFacts *facts; // by segment
	KindCount kinds[KINDS_MAX];
	size_t kind_count;
	char runtime[JOURNAL_RUNTIME_ID_MAX + 1];
} Inspection;

static void count_kind(Inspection *in, const char *kind)
{
	size_t i = 0;
	while (i < in->kind_count && strcmp(in->kinds[i].kind, kind) != 0)
		i++;
	if (i == KINDS_MAX)
		return;
	if (i == in->kind_count)
		in->kinds[in->kind_count++].kind = kind;
	in->kinds[i].count++;
}

static void inspect_record(Inspection *in, SegmentFacts *facts, const JournalRecord *record)
{
	int64_t time_us = 0;
	arena_reset(in->scratch);
	count_kind(in, journal_kind(record, in->scratch, &time_us));
	facts->records++;
	facts->bytes += (int64_t)record->frame.len;
	facts->last = record->lost_until ? record->lost_until : record->sequence;
	facts->lost += record->lost_until ? record->lost_until - record->sequence + 1 : 0;
	if (time_us != 0) {
		facts->from_us = facts->from_us == 0 || time_us < facts->from_us ? time_us : facts->from_us;
		facts->until_us = time_us > facts->until_us ? time_us : facts->until_us;
	}
	snprintf(in->runtime, sizeof in->runtime, STR_FMT, STR_ARG(record->runtime_id));
}

static Err inspect_piece(void *context, size_t segment, const JournalPiece *piece)
{
	Inspection *in = context;
	SegmentFacts *facts = &in->facts[segment];
	facts->damaged |= piece->found == JOURNAL_DAMAGE ||
	                  (piece->found == JOURNAL_RECORD && piece->record.sequence > piece->expected);
	facts->torn |= piece->found == JOURNAL_TAIL;
	if (piece->found == JOURNAL_RECORD)
		inspect_record(in, facts, &piece->record);
	return OK;
}

static const char *state_of(const Inspection *in, size_t segment)
{
	const SegmentFacts *facts = &in->facts[segment];
	bool newest = segment + 1 == in->folder.segment_count;
	if (facts->gone)
		return "deleted meanwhile";
	if (facts->damaged || (facts->torn && journal_folder_has_next(&in->folder, segment)))
		return "damaged";
	if (newest && in->folder.held)
		return "being written";
	if (facts->torn)
		return "torn tail";
	return facts->lost > 0 ? "with losses" : "whole";
}

static void set_time(json_t *json, const char *name, int64_t us)
{
	char text[TIME_TEXT_SIZE];
	if (us == 0)
		return;
	time_format(us, text);
	json_object_set_new(json, name, json_string(text));
}

static json_t *segment_json(const Inspection *in, size_t segment)
{
	const JournalFile *file = &in->folder.segments[segment];
	const SegmentFacts *facts = &in->facts[segment];
	uint64_t shipped = journal_folder_shipped(&in->folder, file->incarnation);
	uint64_t last = facts->records ? facts->last : file->first - 1;
	json_t *json = json_pack("{s:s, s:s#, s:I, s:I, s:I, s:I, s:I, s:I}", "file", file->name,
	        "incarnation_hex", file->name, 16, "incarnation", (json_int_t)file->incarnation, "first",
	        (json_int_t)file->first, "last", (json_int_t)last, "records", (json_int_t)facts->records,
	        "bytes", (json_int_t)facts->bytes, "file_bytes", (json_int_t)file->bytes);
	set_time(json, "from", facts->from_us);
	set_time(json, "until", facts->until_us);
	json_object_set_new(json, "lost", json_integer((json_int_t)facts->lost));
	json_object_set_new(json, "shipped",
	        json_integer((json_int_t)(shipped < last ? shipped >= file->first ? shipped : 0 : last)));
	json_object_set_new(json, "state", json_string(state_of(in, segment)));
	return json;
}

static json_t *inspection_json(const Inspection *in)
{
	const JournalFolder *folder = &in->folder;
	json_t *segments = json_array(), *kinds = json_object(), *quarantined = json_array();
	int64_t bytes = 0;
	for (size_t i = 0; i < folder->segment_count; i++) {
		json_array_append_new(segments, segment_json(in, i));
		bytes += in->facts[i].bytes;
	}
	for (size_t i = 0; i < in->kind_count; i++)
		json_object_set_new(kinds, in->kinds[i].kind, json_integer((json_int_t)in->kinds[i].count));
	for (size_t i = 0; i < folder->quarantined_count; i++)
		json_array_append_new(
		        quarantined, json_pack("{s:s, s:I}", "file", folder->quarantined[i].name, "bytes",
		                             (json_int_t)folder->quarantined[i].bytes));
	return json_pack("{s:s, s:s, s:b, s:I, s:I, s:o, s:o, s:o}", "dir", folder->dir, "runtime",
	        in->runtime, "in_use", folder->held, "process", (json_int_t)folder->owner, "bytes",
	        (json_int_t)bytes, "segments", segments, "kinds", kinds, "quarantined", quarantined);
}

static Err print_inspection(Cli *cli, const Inspection *in, const json_t *json)
{
	const JournalFolder *folder = &in->folder;
	printf("journal   %s\n", folder->dir);
	if (in->runtime[0])
		printf("runtime   " STR_FMT "\n", STR_ARG(text_printable(cli->arena, str(in->runtime))));
	if (folder->owner > 0)
		printf("in use    by process %d\n", folder->owner);
	else
		printf("in use    %s\n", folder->held ? "yes" : "no");
	printf("records   %lld bytes\n", (long long)json_integer_value(json_object_get(json, "bytes")));
	for (size_t i = 0; i < in->kind_count; i++)
		printf("          %" PRIu64 " %s\n", in->kinds[i].count, in->kinds[i].kind);
	for (size_t i = 0; i < folder->quarantined_count; i++)
		printf("put aside %s, %lld bytes\n", folder->quarantined[i].name,
		        (long long)folder->quarantined[i].bytes);
	putchar('\n');
	return print_items(cli, json_object_get(json, "segments"),
	        "INCARNATION:incarnation_hex FIRST:first/4 LAST:last/3 RECORDS:records BYTES:bytes/2 "
	        "FROM:from/5 "
	        "UNTIL:until/1 SHIPPED:shipped STATE:state");
}

Err verb_journal_inspect(Cli *cli)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(SCRATCH, 0);
	CLEANUP(json_decrefp_) json_t *json = NULL;
	Inspection in = {.cli = cli, .scratch = scratch};
	JournalProgress progress;
	TRY(journal_folder_open(cli, &in.folder));
	in.facts = ARENA_ARRAY(cli->arena, SegmentFacts, in.folder.segment_count + 1);
	if (scratch == NULL || in.facts == NULL)
		return err(ERR_NO_MEMORY, "no memory to look at a journal");
	journal_progress_begin(&progress, &in.folder);
	for (size_t i = 0; i < in.folder.segment_count; i++)
		TRY(journal_walk(&in.folder, i, &progress, &in.facts[i].gone, inspect_piece, &in));
	journal_progress_end(&progress);
	json = inspection_json(&in);
	return cli->format == FORMAT_TABLE ? print_inspection(cli, &in, json) : print_json(cli, json);
}

// --- journal verify ---

typedef struct Checking {
	Cli *cli;
	JournalFolder folder;
	Arena *scratch;
	json_t *findings; // borrowed
	uint64_t bad;     // findings that are not ordinary
	uint64_t records;
	uint64_t before, next; // incarnation of the segment before, and the sequence due after it
	char runtime[JOURNAL_RUNTIME_ID_MAX + 1];
} Checking;

// One finding. `todo` empty: nothing needs to be done.
static void find(Checking *c, bool bad, const char *what, size_t segment, int64_t offset, const char *text,
        const char *todo)
{
	c->bad += bad;
	if (json_array_size(c->findings) < FINDINGS_MAX)
		json_array_append_new(
		        c->findings, json_pack("{s:s, s:b, s:s, s:I, s:s, s:s}", "finding", what, "wrong",
		                             bad, "file", c->folder.segments[segment].name, "offset",
		                             (json_int_t)offset, "text", text, "to_do", todo));
}

#define TEXT(...) arena_printf(c->scratch, __VA_ARGS__)

static void check_gap(Checking *c, size_t segment, int64_t offset, uint64_t expected, uint64_t sequence)
{
	if (sequence <= expected)
		return;
	const char *text = sequence == expected + 1 ? TEXT("record %" PRIu64 " is missing", expected)
	                                            : TEXT("records %" PRIu64 " to %" PRIu64 " are missing",
	                                                      expected, sequence - 1);
	find(c, true, "GAP", segment, offset, text,
	        "restore the folder from a backup if what is missing was not shipped (parley history tells); "
	        "else "
	        "start the server: it notes it as lost and goes on");
}

static void check_record(Checking *c, size_t segment, const JournalPiece *piece)
{
	const JournalRecord *record = &piece->record;
	c->records++;
	check_gap(c, segment, piece->offset, piece->expected, record->sequence);
	if (record->lost_until != 0)
		find(c, true, "LOST", segment, piece->offset,
		        TEXT("records %" PRIu64 " to %" PRIu64 " were lost before, as recovery noted",
		                record->sequence, record->lost_until),
		        "offers concerned may be shown again; the .quarantine files hold what was found "
		        "instead of them");
	if (c->runtime[0] == '\0')
		snprintf(c->runtime, sizeof c->runtime, STR_FMT, STR_ARG(record->runtime_id));
	if (!str_eq(record->runtime_id, str(c->runtime)))
		find(c, true, "FOREIGN", segment, piece->offset, "the record is another runtime server's",
		        "give each server a folder of its own");
	if (strcmp(journal_kind(record, c->scratch, NULL), "unreadable") == 0)
		find(c, true, "UNREADABLE", segment, piece->offset,
		        TEXT("record %" PRIu64 " is sound, but what it holds is no entry", record->sequence),
		        "it is shipped, and kept in the table ingest_reject: report it");
}

static void check_tail(Checking *c, size_t segment, const JournalPiece *piece)
{
	bool last = segment + 1 == c->folder.segment_count;
	const char *text = TEXT("%lld bytes behind the last record, %" PRIu64 ", are none",
	        (long long)piece->bytes, piece->expected - 1);
	if (journal_folder_has_next(&c->folder, segment))
		find(c, true, "DAMAGED", segment, piece->offset, text,
		        "start the server: it puts the bytes aside and notes what is missing as lost");
	else if (last && c->folder.held)
		find(c, false, "GROWING", segment, piece->offset, text,
		        "nothing: the server is writing them");
	else
		find(c, false, "TORN", segment, piece->offset, text,
		        "nothing: a crash cut them off, nobody was told that they are kept, and the next "
		        "start "
		        "removes them");
}

static Err check_piece(void *context, size_t segment, const JournalPiece *piece)
{
	Checking *c = context;
	arena_reset(c->scratch);
	if (piece->found == JOURNAL_RECORD)
		check_record(c, segment, piece);
	else if (piece->found == JOURNAL_DAMAGE)
		find(c, true, "DAMAGED", segment, piece->offset,
		        TEXT("%lld bytes from record %" PRIu64 " on are no record, and valid ones follow",
		                (long long)piece->bytes, piece->expected),
		        "copy the folder, restore it from a backup if there is one; else start the server: "
		        "it "
		        "puts the bytes aside and notes what is missing as lost");
	else if (piece->found == JOURNAL_TAIL)
		check_tail(c, segment, piece);
	if (piece->found == JOURNAL_RECORD)
		c->next = (piece->record.lost_until ? piece->record.lost_until : piece->record.sequence) + 1;
	return OK;
}

// What lies between this segment's first record and what came before it.
static void check_begin(Checking *c, size_t segment)
{
	const JournalFile *file = &c->folder.segments[segment];
	uint64_t due = c->next;
	if (file->incarnation != c->before)
		due = journal_folder_shipped(&c->folder, file->incarnation) + 1;
	c->before = file->incarnation;
	arena_reset(c->scratch);
	check_gap(c, segment, 0, due, file->first);
	c->next = file->first;
}

static Err check_all(Checking *c)
{
	JournalProgress progress;
	journal_progress_begin(&progress, &c->folder);
	for (size_t i = 0; i < c->folder.segment_count; i++) {
		bool gone = false;
		check_begin(c, i);
		TRY(journal_walk(&c->folder, i, &progress, &gone, check_piece, c));
		c->next = gone ? UINT64_MAX : c->next; // nothing is due
	}
	journal_progress_end(&progress);
	return OK;
}

static void print_findings(const Checking *c)
{
	const json_t *finding;
	size_t i;
	json_array_foreach(c->findings, i, finding)
	        printf("%-10s  %s/%s, byte %lld\n            %s\n            to do: %s\n",
	                json_string_value(json_object_get(finding, "finding")), c->folder.dir,
	                json_string_value(json_object_get(finding, "file")),
	                (long long)json_integer_value(json_object_get(finding, "offset")),
	                json_string_value(json_object_get(finding, "text")),
	                json_string_value(json_object_get(finding, "to_do")));
	printf("%zu segments, %" PRIu64 " records, ", c->folder.segment_count, c->records);
	if (c->bad == 0)
		puts("nothing wrong");
	else if (c->bad > json_array_size(c->findings))
		printf("%" PRIu64 " findings, of which %d are told\n", c->bad, FINDINGS_MAX);
	else
		printf("%" PRIu64 " finding%s\n", c->bad, c->bad == 1 ? "" : "s");
}

Err verb_journal_verify(Cli *cli)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(SCRATCH, 0);
	CLEANUP(json_decrefp_) json_t *findings = json_array();
	CLEANUP(json_decrefp_) json_t *json = NULL;
	Checking c = {.cli = cli, .scratch = scratch, .findings = findings};
	TRY(journal_folder_open(cli, &c.folder));
	if (scratch == NULL)
		return err(ERR_NO_MEMORY, "no memory to verify a journal");
	TRY(check_all(&c));
	cli->exit_code = c.bad > 0 ? EXIT_DIFFERENT : EXIT_OK;
	if (cli->format == FORMAT_TABLE) {
		print_findings(&c);
		return OK;
	}
	json = json_pack("{s:s, s:I, s:I, s:I, s:O}", "dir", c.folder.dir, "segments",
	        (json_int_t)c.folder.segment_count, "records", (json_int_t)c.records, "wrong",
	        (json_int_t)c.bad, "findings", findings);
	return print_json(cli, json);
}
