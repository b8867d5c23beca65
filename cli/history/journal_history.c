// Rows become the records that they were made of, with no more in them than what visitor state is a fold
// over. PostgreSQL sorts them and hands them out by a cursor, in one transaction that sees one moment. Of all
// servers they become one journal in the order of time: what happened between visitors and offers, wherever.
#include "history/journal_history.h"

#include "base/clock.h"
#include "journal/record.h"
#include "parley/journal/v1/journal.pb-c.h"
#include "pg/pg.h"
#include "wire/wire.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

typedef Parley__Journal__V1__Effect Effect;

enum { TIMEOUT_MS = 3600000, EFFECTS_MOST = 8, SCRATCH = 64 * 1024 };

#define EFFECT(name) PARLEY__JOURNAL__V1__EFFECT_KIND__EFFECT_KIND_##name

#define COLUMNS_OF(table, what)                                                                              \
	"SELECT incarnation, sequence, position, " what                                                      \
	", time, channel, audience_level, audience_id, event_id, offer_code, treatment_audience_level, "     \
	"treatment_audience_id, effects, runtime_id FROM " table " WHERE environment = $1 "
#define ROWS_OF(table, what)                                                                                 \
	COLUMNS_OF(table, what) "AND runtime_id = $2 AND incarnation > 0 AND session_id <> ''"
#define ALL_ROWS_OF(table, what) COLUMNS_OF(table, what) "AND time < $2"

// What these tables lack or have by another clock: responses without a session (which is why those above have
// one), what was brought from elsewhere, and repeats.
#define APART                                                                                                \
	"SELECT incarnation, sequence, position, '', time, channel, audience_level, audience_id, event_id, " \
	"'', '', '', effects, runtime_id FROM effect_history WHERE environment = $1 AND runtime_id = $2"

static const char rows_sql[] = "DECLARE rows NO SCROLL CURSOR FOR " ROWS_OF(
        "contact_history", "'contact'") " UNION ALL " ROWS_OF("response_history",
        "response") " UNION ALL " ROWS_OF("event_history", "''") " UNION ALL " APART " ORDER BY 1, 2, 3";
// Outcomes of other types do nothing to a visitor.
#define ANSWER "CASE WHEN response IN ('accept', 'reject') THEN response ELSE '' END"
static const char all_rows_sql[] = "DECLARE rows NO SCROLL CURSOR FOR " ALL_ROWS_OF(
        "contact_history", "'contact'") " UNION ALL " ALL_ROWS_OF("response_history",
        ANSWER) " UNION ALL " ALL_ROWS_OF("event_history",
        "''") " ORDER BY time, runtime_id, incarnation, sequence, position";

enum Column {
	INCARNATION,
	SEQUENCE,
	POSITION,
	WHAT,
	TIME,
	CHANNEL,
	LEVEL,
	VISITOR,
	EVENT_ID,
	OFFER,
	TREATMENT_LEVEL,
	TREATMENT_VISITOR,
	EFFECTS,
	RUNTIME,
};

typedef struct Writing {
	Cli *cli;
	const char *dir;
	Str server;
	Arena *scratch; // of the record in the making
	FILE *segment;
	uint64_t incarnation, sequence; // of that record; 0: none
	bool merged;                    // of all servers: records are numbered here
	struct {
		uint64_t incarnation, sequence;
		char runtime[JOURNAL_RUNTIME_ID_MAX + 1];
	} from; // where that record was
	Parley__Journal__V1__Context context;
	Parley__Journal__V1__EventPosted *event;
	Str event_id;
	Effect effects[EFFECTS_MOST];
	Effect *list[EFFECTS_MOST];
	size_t implied; // effects that the rows say by themselves
	bool told;      // the first row said them all
	int64_t rows, start_us, told_us;
} Writing;

static void writing_end(Writing *w)
{
	if (w->segment != NULL)
		fclose(w->segment);
}

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory to read the history");
}

// --- writing a record ---

static Err open_segment(Writing *w)
{
	if (w->segment != NULL && fclose(w->segment) != 0)
		return err_errno(ERR_IO, "cannot write to %s", w->dir);
	const char *path = arena_printf(w->cli->arena, "%s/%016" PRIx64 "-%016" PRIx64 ".segment", w->dir,
	        w->incarnation, w->sequence);
	w->segment = path != NULL ? fopen(path, "wxe") : NULL;
	return w->segment != NULL ? OK : err_errno(ERR_IO, "cannot write to %s", w->dir);
}

static Err write_record(Writing *w, Str payload)
{
	JournalRecord record = {.runtime_id = w->server,
	        .incarnation = w->incarnation,
	        .sequence = w->sequence,
	        .event_id = w->event_id,
	        .payload = payload};
	if (payload.len > JOURNAL_PAYLOAD_MAX || w->event_id.len > JOURNAL_EVENT_ID_MAX)
		return err(ERR_LIMIT, "record %" PRIu64 " of the history is too long for a journal",
		        w->sequence);
	size_t size = record_size(record.runtime_id, record.event_id, payload);
	uint8_t *bytes = arena_alloc(w->scratch, size);
	if (bytes == NULL)
		return no_memory();
	record_encode(&record, bytes);
	return fwrite(bytes, 1, size, w->segment) == size ? OK
	                                                  : err_errno(ERR_IO, "cannot write to %s", w->dir);
}

static Err finish_record(Writing *w)
{
	Parley__Journal__V1__Entry entry = PARLEY__JOURNAL__V1__ENTRY__INIT;
	Str payload;
	if (w->sequence == 0)
		return OK;
	if (!w->told) {
		w->event->effects = w->list;
		w->event->n_effects = w->implied;
	}
	entry.context = &w->context;
	entry.what_case = PARLEY__JOURNAL__V1__ENTRY__WHAT_EVENT_POSTED;
	entry.event_posted = w->event;
	if (w->event->n_effects == 0)
		return OK;
	TRY(wire_pack(&entry.base, w->scratch, &payload));
	return write_record(w, payload);
}

// --- reading rows ---

static char *text(Writing *w, const PgResult *rows, size_t row, enum Column column)
{
	char *copy = arena_cstr(w->scratch, pg_text(rows, row, column));
	return copy != NULL ? copy : (char *)"";
}

static Err read_effects(Writing *w, const PgResult *rows, size_t row)
{
	ProtobufCMessage *message = NULL;
	w->told = !pg_is_null(rows, row, EFFECTS);
	if (!w->told) {
		w->event = ARENA_NEW(w->scratch, Parley__Journal__V1__EventPosted);
		if (w->event == NULL)
			return no_memory();
		parley__journal__v1__event_posted__init(w->event);
		return OK;
	}
	TRY(wire_unpack(&parley__journal__v1__event_posted__descriptor,
	        pg_bytes(rows, row, EFFECTS, w->scratch), 0, w->scratch, &message));
	w->event = (Parley__Journal__V1__EventPosted *)message;
	return OK;
}

static Err begin_record(Writing *w, const PgResult *rows, size_t row)
{
	w->from.incarnation = (uint64_t)pg_i64(rows, row, INCARNATION);
	w->from.sequence = (uint64_t)pg_i64(rows, row, SEQUENCE);
	snprintf(w->from.runtime, sizeof w->from.runtime, STR_FMT, STR_ARG(pg_text(rows, row, RUNTIME)));
	uint64_t incarnation = w->merged ? 1 : w->from.incarnation;
	TRY(finish_record(w));
	arena_reset(w->scratch);
	bool other = incarnation != w->incarnation;
	w->incarnation = incarnation;
	w->sequence = w->merged ? w->sequence + 1 : w->from.sequence;
	w->implied = 0;
	parley__journal__v1__context__init(&w->context);
	w->context.channel = text(w, rows, row, CHANNEL);
	w->context.audience_level = text(w, rows, row, LEVEL);
	w->context.audience_id = text(w, rows, row, VISITOR);
	w->context.time_us = pg_time(rows, row, TIME);
	w->event_id = str(text(w, rows, row, EVENT_ID));
	TRY(read_effects(w, rows, row));
	w->event->treatment_audience_level = text(w, rows, row, TREATMENT_LEVEL);
	w->event->treatment_audience_id = text(w, rows, row, TREATMENT_VISITOR);
	return other ? open_segment(w) : OK;
}

static bool is_another(const Writing *w, const PgResult *rows, size_t row)
{
	return w->sequence == 0 || (uint64_t)pg_i64(rows, row, INCARNATION) != w->from.incarnation ||
	       (uint64_t)pg_i64(rows, row, SEQUENCE) != w->from.sequence ||
	       (w->merged && !str_eq(pg_text(rows, row, RUNTIME), str(w->from.runtime)));
}

static Err take_row(Writing *w, const PgResult *rows, size_t row)
{
	Str what = pg_text(rows, row, WHAT);
	if (is_another(w, rows, row))
		TRY(begin_record(w, rows, row));
	if (what.len == 0 || w->implied == EFFECTS_MOST)
		return OK;
	Effect *effect = w->list[w->implied] = &w->effects[w->implied];
	w->implied++;
	parley__journal__v1__effect__init(effect);
	effect->kind = str_eq(what, STR("contact"))  ? EFFECT(CONTACT)
	               : str_eq(what, STR("accept")) ? EFFECT(ACCEPT)
	                                             : EFFECT(REJECT);
	effect->offer_code = text(w, rows, row, OFFER);
	return OK;
}

static void show_progress(Writing *w, bool end)
{
	int64_t now_us = monotonic_us();
	if (!isatty(STDERR_FILENO) || now_us - w->start_us < 2 * US_PER_S)
		return;
	if (end)
		fputs("\r\033[K", stderr);
	else if (now_us - w->told_us >= US_PER_S)
		fprintf(stderr, "\rreading the history: %" PRId64 " rows", w->rows);
	w->told_us = now_us;
}

static Err read_rows(Writing *w, Pg *pg)
{
	for (size_t count = 1; count > 0;) {
		CLEANUP(pg_result_freep) PgResult *rows = NULL;
		TRY(pg_query(pg, TIMEOUT_MS, "FETCH 2000 FROM rows", NULL, 0, &rows));
		count = pg_rows(rows);
		for (size_t row = 0; row < count; row++)
			TRY(take_row(w, rows, row));
		w->rows += (int64_t)count;
		show_progress(w, count == 0);
	}
	TRY(finish_record(w));
	if (w->segment != NULL && fflush(w->segment) != 0)
		return err_errno(ERR_IO, "cannot write to %s", w->dir);
	return OK;
}

static Err begin(Writing *w, Cli *cli, const char *dir, Arena *scratch, Pg **ret)
{
	const char *database;
	TRY(cli_need(cli, OPT_DATABASE, &database));
	if (scratch == NULL)
		return no_memory();
	*w = (Writing){.cli = cli, .dir = dir, .scratch = scratch, .start_us = monotonic_us()};
	TRY(pg_connect(database, cli->timeout_ms, ret));
	return pg_script(*ret, cli->timeout_ms, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

// --- what the history lacks ---

// One query serves a server and the fold over all of them. That one has responses and repeats by the rows
// that people read, so table effect_history is nothing to it.
static const char lacks_sql[] =
        "SELECT runtime_id, lacks, since, why, begun FROM history_incomplete "
        "WHERE environment = $1 AND ($2 = '' OR runtime_id = $2) AND ($2 <> '' OR lacks <> 'effect_history') "
        "ORDER BY since DESC, lacks, runtime_id LIMIT 1";

static const char advice_one[] =
        "What differs may be due to that alone. Leave --from-history out to compare with the journal.";
static const char advice_all[] =
        "A checkpoint knows what was before: parley plan state NAME --state STATE_DIR.";

// Said whatever comes of the fold: a state that is right today may lack what strikes tomorrow.
static Err tell_what_lacks(Cli *cli, Pg *pg, const char *environment, const char *server)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	char since[TIME_TEXT_SIZE], begun[TIME_TEXT_SIZE];
	TRY(PG_QUERY(pg, cli->timeout_ms, &rows, lacks_sql, P_CTEXT(environment), P_CTEXT(server)));
	if (pg_rows(rows) == 0)
		return OK;
	time_format(pg_time(rows, 0, 2), since);
	time_format(pg_time(rows, 0, 4), begun);
	fprintf(stderr,
	        "note: the history has all that changed visitors only from %s on: " STR_FMT
	        " begins there (" STR_FMT "), and the journal of " STR_FMT " at %s. %s\n",
	        since, STR_ARG(pg_text(rows, 0, 1)), STR_ARG(pg_text(rows, 0, 3)),
	        STR_ARG(pg_text(rows, 0, 0)), begun, *server ? advice_one : advice_all);
	return OK;
}

Err journal_from_history(Cli *cli, const char *dir)
{
	CLEANUP(pg_closep) Pg *pg = NULL;
	CLEANUP(arena_freep) Arena *scratch = arena_new(SCRATCH, 0);
	CLEANUP(writing_end) Writing w = {0};
	const char *environment, *server;
	TRY(cli_need(cli, OPT_ENV, &environment));
	TRY(cli_need(cli, OPT_SERVER, &server));
	if (strlen(server) > JOURNAL_RUNTIME_ID_MAX)
		return cli_usage(cli, "a runtime server's ID has at most %d bytes", JOURNAL_RUNTIME_ID_MAX);
	TRY(begin(&w, cli, dir, scratch, &pg));
	TRY(tell_what_lacks(cli, pg, environment, server));
	w.server = str(server);
	TRY(PG_QUERY(pg, TIMEOUT_MS, NULL, rows_sql, P_CTEXT(environment), P_CTEXT(server)));
	TRY(read_rows(&w, pg));
	return pg_script(pg, cli->timeout_ms, "COMMIT");
}

Err journal_from_all_history(Cli *cli, const char *dir, int64_t until_us, int64_t *ret_rows)
{
	CLEANUP(pg_closep) Pg *pg = NULL;
	CLEANUP(arena_freep) Arena *scratch = arena_new(SCRATCH, 0);
	CLEANUP(writing_end) Writing w = {0};
	const char *environment;
	TRY(cli_need(cli, OPT_ENV, &environment));
	TRY(begin(&w, cli, dir, scratch, &pg));
	TRY(tell_what_lacks(cli, pg, environment, ""));
	w.server = STR("history");
	w.merged = true;
	TRY(PG_QUERY(pg, TIMEOUT_MS, NULL, all_rows_sql, P_CTEXT(environment), P_TIME(until_us)));
	TRY(read_rows(&w, pg));
	*ret_rows = w.rows;
	return pg_script(pg, cli->timeout_ms, "COMMIT");
}

// --- the folder ---

Err history_folder_make(Cli *cli, const char **ret)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = arena_printf(cli->arena, "%s/parley-history-XXXXXX", tmp ? tmp : "/tmp");
	if (dir == NULL || mkdtemp(dir) == NULL)
		return err_errno(ERR_IO, "cannot make a folder for the history");
	*ret = dir;
	return OK;
}

void history_folder_remove(const char *dir)
{
	DIR *list = opendir(dir);
	for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(list), entry->d_name, 0);
	if (list != NULL)
		closedir(list);
	rmdir(dir);
}
