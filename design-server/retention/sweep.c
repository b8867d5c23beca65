// One sweep: months first and rows after, table by table, every batch a transaction of its own, so that
// nobody waits for long and a sweep that is cut off has done what it did.
#include "retention/internal.h"

#include "base/clock.h"
#include "base/log.h"

// --- batches ---

typedef struct Batch {
	RetentionSweep *sweep;
	StoreWork work;
	void *context;
} Batch;

static Err run_batch(Pg *pg, void *context)
{
	Batch *batch = context;
	CLEANUP(pg_result_freep) PgResult *locked = NULL;
	if (batch->sweep->rehearse)
		return batch->work(pg, batch->context);
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_retention_lock, NULL, 0, &locked));
	batch->sweep->busy = !pg_bool(locked, 0, 0);
	return batch->sweep->busy ? OK : batch->work(pg, batch->context);
}

Err sweep_transact(RetentionSweep *sweep, StoreWork work, void *context, bool *ret_on)
{
	Batch batch = {.sweep = sweep, .work = work, .context = context};
	int64_t begun = monotonic_us();
	TRY(store_transact(sweep->store, run_batch, &batch));
	int64_t spent = monotonic_us() - begun;
	*ret_on = !sweep->busy && (!sweep->until_us || begun + spent < sweep->until_us) &&
	          (!sweep->pause || sweep->pause(sweep->context, spent));
	return OK;
}

Err sweep_audit(Pg *pg, const RetentionSweep *sweep, const RetentionTable *table, const char *before)
{
	return before ? audit_write(pg, &(Audit){.time_us = sweep->now_us,
	                                        .actor = sweep->actor,
	                                        .action = STR("remove"),
	                                        .kind = STR("Retention"),
	                                        .name = str(table->name),
	                                        .before = str(before)})
	              : retention_no_memory();
}

// --- months ---

typedef struct Month {
	RetentionSweep *sweep;
	const RetentionTable *table;
	const char *month;
	bool gone;
	uint64_t rows, bytes;
} Month;

static Err remove_month(Pg *pg, void *context)
{
	Month *month = context;
	CLEANUP(pg_result_freep) PgResult *removed = NULL;
	CLEANUP(arena_freep) Arena *arena = arena_new(1024, 0);
	month->gone = false;
	if (!arena)
		return retention_no_memory();
	TRY(SQL_RUN(
	        pg, &removed, retention_month_remove, P_CTEXT(month->table->name), P_CTEXT(month->month)));
	if (!pg_rows(removed))
		return OK; // another process was first
	month->gone = true;
	month->rows = (uint64_t)pg_i64(removed, 0, 0);
	month->bytes = (uint64_t)pg_i64(removed, 0, 2);
	return sweep_audit(pg, month->sweep, month->table,
	        arena_printf(arena, "{\"month\":\"%s\",\"rows\":%llu,\"detached\":\"" STR_FMT "\"}",
	                month->month, (unsigned long long)month->rows, STR_ARG(pg_text(removed, 0, 1))));
}

// Who reads a table for longer than the lock is waited for has precedence.
static Err leave_month(RetentionSweep *sweep, RetentionTable *table, const char *month)
{
	log_warn("retention: a month is in use", F_CSTR("table", table->name), F_CSTR("month", month));
	table->held = arena_printf(sweep->arena, "%s is being read: it goes next time", month);
	return table->held ? OK : retention_no_memory();
}

static Err sweep_months(RetentionSweep *sweep, RetentionTable *table, bool *ret_done)
{
	size_t count = table->n_gone_months, i;
	bool on = true, left = false;
	table->n_gone_months = 0;
	table->gone_rows = table->gone_bytes = 0;
	for (i = 0; i < count && on; i++) {
		Month month = {.sweep = sweep, .table = table, .month = table->gone_months[i]};
		Err e = sweep_transact(sweep, remove_month, &month, &on);
		if (e == ERR_DB_CONFLICT)
			TRY(leave_month(sweep, table, month.month));
		else if (e != OK)
			return e;
		left = left || e != OK;
		if (!month.gone)
			continue;
		table->gone_months[table->n_gone_months++] = table->gone_months[i];
		table->gone_rows += month.rows;
		table->gone_bytes += month.bytes;
		table->month_count--;
	}
	*ret_done = i == count && !left && !sweep->busy;
	return OK;
}

// --- the whole ---

static Err mark_applied(Pg *pg, void *context)
{
	const RetentionTable *table = context;
	return SQL_RUN(pg, NULL, retention_applied, P_CTEXT(table->name));
}

static Err sweep_table(RetentionSweep *sweep, RetentionTable *table, bool due)
{
	bool done = true, held = *table->held;
	if (table->monthly && sweep->rehearse)
		return OK; // what has been read tells it
	if (table->monthly)
		TRY(sweep_months(sweep, table, &done));
	else if (!held && due)
		TRY(tidy_rows(sweep, table, &done));
	sweep->complete = sweep->complete && done;
	if (sweep->rehearse || !done || held || !(due || table->monthly))
		return OK;
	return store_transact(sweep->store, mark_applied, table);
}

Err retention_sweep(RetentionSweep *sweep)
{
	sweep->busy = false;
	sweep->complete = true;
	TRY(retention_read(sweep));
	for (size_t i = 0; i < sweep->count && !sweep->busy; i++)
		TRY(sweep_table(sweep, sweep->tables[i], sweep->all || sweep->due[i]));
	sweep->complete = sweep->complete && !sweep->busy;
	return OK;
}
