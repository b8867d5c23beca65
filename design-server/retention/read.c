// How long what grows is kept: from the configuration into the database, where the functions that remove obey
// it, and from there into messages.
#include "config.h"
#include "retention/internal.h"

#include "wire/json.h"
#include "wire/timestamp.h"

Err retention_no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory to tell of retention; try again later");
}

// --- from the configuration ---

typedef struct Periods {
	const DesignConfig *config;
	int64_t now_us;
} Periods;

static Err period_json(int64_t months, bool detach, Arena *arena, Str *ret)
{
	const char *text = arena_printf(
	        arena, "{\"months\":%lld,\"detach\":%s}", (long long)months, detach ? "true" : "false");
	*ret = str(text);
	return text ? OK : retention_no_memory();
}

static Err tell_change(Pg *pg, const Periods *periods, const PgResult *rows, size_t i)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1024, 0);
	Audit audit = {.time_us = periods->now_us,
	        .actor = STR("parley-design"),
	        .action = STR("update"),
	        .kind = STR("Retention"),
	        .name = pg_text(rows, i, 0)};
	if (!arena)
		return retention_no_memory();
	TRY(period_json(pg_i64(rows, i, 1), pg_bool(rows, i, 2), arena, &audit.before));
	TRY(period_json(pg_i64(rows, i, 3), pg_bool(rows, i, 4), arena, &audit.after));
	return audit_write(pg, &audit);
}

static Err configure(Pg *pg, void *context)
{
	const Periods *periods = context;
	const DesignConfig *config = periods->config;
	const struct {
		Str name;
		int64_t months;
	} rows[] = {
	        {STR("recommendation"), config->retention.recommendation_months},
	        {STR("contact_history"), config->retention.contact_months},
	        {STR("response_history"), config->retention.response_months},
	        {STR("event_history"), config->retention.event_months},
	        {STR("session_history"), config->retention.session_months},
	        {STR("cell_history"), config->retention.cell_months},
	        {STR("effect_history"), config->retention.effect_months},
	        {STR("event_dedupe"), config->retention.event_id_months},
	        {STR("outcome"), config->retention.outcome_months},
	        {STR("ingest_reject"), config->retention.reject_months},
	        {STR("audit_checkpoint"), config->retention.checkpoint_months},
	        {STR("build"), config->retention.unreleased_months},
	};
	Str names[ARRAY_COUNT(rows)];
	int64_t months[ARRAY_COUNT(rows)];
	CLEANUP(pg_result_freep) PgResult *changed = NULL;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		names[i] = rows[i].name;
		months[i] = rows[i].months;
	}
	TRY(SQL_RUN(pg, &changed, retention_configure, P_TEXTS(names, ARRAY_COUNT(names)),
	        P_I64S(months, ARRAY_COUNT(months)), P_BOOL(config->retention.detach),
	        P_CTEXT("configuration")));
	for (size_t i = 0; i < pg_rows(changed); i++)
		TRY(tell_change(pg, periods, changed, i));
	return OK;
}

Err retention_configure(Store *store, const DesignConfig *config, int64_t now_us)
{
	Periods periods = {.config = config, .now_us = now_us};
	return store_transact(store, configure, &periods);
}

// --- from the database ---

static Err read_months(const PgResult *rows, size_t i, Arena *arena, RetentionTable *table)
{
	Str *months;
	TRY(pg_texts(rows, i, 10, arena, &months, &table->n_gone_months));
	table->gone_months = ARENA_ARRAY(arena, char *, table->n_gone_months + 1);
	if (!table->gone_months)
		return retention_no_memory();
	for (size_t m = 0; m < table->n_gone_months; m++)
		if (!(table->gone_months[m] = arena_cstr(arena, months[m])))
			return retention_no_memory();
	return OK;
}

static Err read_table(const PgResult *rows, size_t i, Arena *arena, RetentionTable **ret)
{
	RetentionTable *table = ARENA_NEW(arena, RetentionTable);
	if (!table)
		return retention_no_memory();
	*table = (RetentionTable)PARLEY__DESIGN__V1__RETENTION_TABLE__INIT;
	table->name = arena_cstr(arena, pg_text(rows, i, 0));
	table->months = (uint32_t)pg_i64(rows, i, 1);
	table->monthly = pg_bool(rows, i, 2);
	table->detach = pg_bool(rows, i, 3);
	table->kept_from = wire_timestamp(pg_time(rows, i, 4), arena);
	table->apply_time = pg_is_null(rows, i, 5) ? NULL : wire_timestamp(pg_time(rows, i, 5), arena);
	table->rows = (uint64_t)pg_i64(rows, i, 7);
	table->bytes = (uint64_t)pg_i64(rows, i, 8);
	table->month_count = (uint32_t)pg_i64(rows, i, 9);
	table->gone_rows = (uint64_t)pg_i64(rows, i, 11);
	table->gone_bytes = (uint64_t)pg_i64(rows, i, 12);
	if (!table->name || !table->kept_from)
		return retention_no_memory();
	TRY(read_months(rows, i, arena, table));
	*ret = table;
	return OK;
}

static Err read_tables(Pg *pg, void *context)
{
	RetentionSweep *sweep = context;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_retention_list, NULL, 0, &rows));
	sweep->count = 0;
	sweep->tables = ARENA_ARRAY(sweep->arena, RetentionTable *, pg_rows(rows) + 1);
	sweep->due = ARENA_ARRAY(sweep->arena, bool, pg_rows(rows) + 1);
	if (!sweep->tables || !sweep->due)
		return retention_no_memory();
	for (size_t i = 0; i < pg_rows(rows); i++, sweep->count++) {
		RetentionTable **table = &sweep->tables[i];
		TRY(read_table(rows, i, sweep->arena, table));
		sweep->due[i] = pg_bool(rows, i, 6);
		if (strcmp((*table)->name, "event_dedupe") == 0)
			TRY(held_events(pg, sweep->environments, *table, sweep->arena));
	}
	return OK;
}

Err retention_read(RetentionSweep *sweep)
{
	return store_read(sweep->store, read_tables, sweep);
}
