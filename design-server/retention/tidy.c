// Tables that go row by row: the functions of the database that remove say when nothing is left. The audit is
// told once a table, with the first rows that go: everything older than that moment went then.
#include "retention/internal.h"

#include "base/clock.h"

enum { BATCH_TIMEOUT_MS = 60000, PAGES = 2000 };

typedef struct Kind {
	const char *table, *sql; // NULL: the IDs of events, which go by pages
	int64_t most;            // at a time
} Kind;

static const Kind kinds[] = {
        {"audit_checkpoint", sql_retention_prune_checkpoints, 5000},
        {"build", sql_retention_prune_builds, 10},
        {"event_dedupe", NULL, PAGES},
        {"ingest_reject", sql_retention_prune_rejects, 1000},
        {"outcome", sql_retention_prune_outcomes, 2000},
};

static const Kind *find_kind(const RetentionTable *table)
{
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
		if (strcmp(kinds[i].table, table->name) == 0)
			return &kinds[i];
	return NULL;
}

typedef struct Rows {
	RetentionSweep *sweep;
	const RetentionTable *table;
	const Kind *kind;
	bool told; // the audit has been
	// Of the batch.
	int64_t removed, next_page; // -1: no more
	bool later, tells;
} Rows;

static Err tell(Pg *pg, Rows *rows)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1024, 0);
	char kept_from[TIME_TEXT_SIZE];
	const Google__Protobuf__Timestamp *time = rows->table->kept_from;
	if (!arena)
		return retention_no_memory();
	time_format(time->seconds * US_PER_S + time->nanos / 1000, kept_from);
	return sweep_audit(
	        pg, rows->sweep, rows->table, arena_printf(arena, "{\"older_than\":\"%s\"}", kept_from));
}

static Err forget_events(Pg *pg, Rows *rows)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(PG_QUERY(pg, BATCH_TIMEOUT_MS, &result, sql_retention_forget_events,
	        P_I64(rows->sweep->first_page), P_I64(rows->kind->most), P_BOOL(rows->sweep->rehearse)));
	rows->removed = pg_i64(result, 0, 0);
	rows->next_page = pg_is_null(result, 0, 1) ? -1 : pg_i64(result, 0, 1);
	return OK;
}

static Err prune(Pg *pg, Rows *rows)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(PG_QUERY(pg, BATCH_TIMEOUT_MS, &result, rows->kind->sql, P_I64(rows->kind->most),
	        P_BOOL(rows->sweep->rehearse)));
	rows->later = pg_is_null(result, 0, 0);
	rows->removed = pg_i64(result, 0, 0);
	rows->next_page = rows->removed && !rows->sweep->rehearse ? 0 : -1;
	return OK;
}

static Err remove_some(Pg *pg, void *context)
{
	Rows *rows = context;
	TRY(rows->kind->sql ? prune(pg, rows) : forget_events(pg, rows));
	rows->tells = rows->removed && !rows->told && !rows->sweep->rehearse;
	return rows->tells ? tell(pg, rows) : OK;
}

Err tidy_rows(RetentionSweep *sweep, RetentionTable *table, bool *ret_done)
{
	Rows rows = {.sweep = sweep, .table = table, .kind = find_kind(table)};
	bool on = true;
	*ret_done = !rows.kind;
	while (on && rows.kind) {
		TRY(sweep_transact(sweep, remove_some, &rows, &on));
		if (sweep->busy)
			return OK;
		table->gone_rows += (uint64_t)rows.removed;
		rows.told = rows.told || rows.tells;
		if (!rows.kind->sql)
			sweep->first_page = rows.next_page > 0 ? rows.next_page : 0;
		if (rows.later) {
			table->held = (char *)"a snapshot is being deployed: it goes next time";
			return OK;
		}
		if (rows.next_page < 0) {
			*ret_done = true;
			return OK;
		}
	}
	return OK;
}
