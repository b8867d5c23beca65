// A batch in one transaction: rows are locked (those of another matcher are passed by), judged by one
// statement, and what was matched is written to the history by another. Cut off anywhere, nothing of it
// happened, and the next batch begins with it.
#include "match/match.h"

#include "base/cleanup.h"

enum { FORGET_BATCH = 10000 };

// Clocks of servers may differ by so much before a response seems to come before its offer.
static const int64_t CLOCKS_DIFFER_US = 60 * US_PER_S;

typedef struct MatchWork {
	const MatchRules *rules;
	int64_t now_us, id; // 0: what is due
	MatchCount *count;
} MatchWork;

typedef struct Taken {
	int64_t ids[MATCH_BATCH];
	size_t count;
} Taken;

// A response may be older than the months that history has had rows in so far.
static Err make_months(Pg *pg, const PgResult *rows)
{
	int64_t asked = INT64_MIN;
	for (size_t i = 0; i < pg_rows(rows); i++) {
		int64_t day = pg_time(rows, i, 1) / (US_PER_S * 86400);
		if (day == asked)
			continue;
		asked = day;
		TRY(SQL_RUN(pg, NULL, history_month_make, P_TIME(pg_time(rows, i, 1))));
	}
	return OK;
}

static Err take(Pg *pg, const MatchWork *work, Taken *taken)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	const MatchRules *rules = work->rules;
	if (work->id != 0)
		TRY(SQL_RUN(pg, &rows, late_take_one, P_I64(work->id),
		        P_TEXTS(rules->environments, rules->count)));
	else
		TRY(SQL_RUN(pg, &rows, late_take, P_TIME(work->now_us),
		        P_TEXTS(rules->environments, rules->count), P_I64(MATCH_BATCH)));
	for (size_t i = 0; i < pg_rows(rows); i++)
		taken->ids[taken->count++] = pg_i64(rows, i, 0);
	return make_months(pg, rows);
}

static Err count(Pg *pg, const Taken *taken, MatchCount *ret)
{
	CLEANUP(pg_result_freep) PgResult *counts = NULL;
	TRY(SQL_RUN(pg, &counts, late_count, P_I64S(taken->ids, taken->count)));
	*ret = (MatchCount){.taken = (int64_t)taken->count,
	        .matched = pg_i64(counts, 0, 0),
	        .orphaned = pg_i64(counts, 0, 1),
	        .waiting = pg_i64(counts, 0, 2)};
	return OK;
}

static Err match(Pg *pg, void *context)
{
	MatchWork *work = context;
	const MatchRules *rules = work->rules;
	Taken taken = {.count = 0};
	*work->count = (MatchCount){0};
	TRY(take(pg, work, &taken));
	if (taken.count == 0)
		return OK;
	TRY(SQL_RUN(pg, NULL, late_judge, P_I64S(taken.ids, taken.count), P_TIME(work->now_us),
	        P_TEXTS(rules->environments, rules->count), P_I64S(rules->windows_us, rules->count),
	        P_I64S(rules->patiences_us, rules->count), P_I64(CLOCKS_DIFFER_US)));
	TRY(SQL_RUN(pg, NULL, late_outcome, P_I64S(taken.ids, taken.count), P_TIME(work->now_us)));
	TRY(SQL_RUN(pg, NULL, late_write, P_I64S(taken.ids, taken.count)));
	TRY(SQL_RUN(pg, NULL, late_contact, P_I64S(taken.ids, taken.count)));
	TRY(SQL_RUN(pg, NULL, visitor_effects_add, P_I64S(taken.ids, taken.count), P_TIME(work->now_us)));
	return count(pg, &taken, work->count);
}

Err match_batch(Store *ingest, const MatchRules *rules, int64_t now_us, MatchCount *ret)
{
	MatchWork work = {.rules = rules, .now_us = now_us, .count = ret};
	return store_transact(ingest, match, &work);
}

Err match_one(Store *ingest, const MatchRules *rules, int64_t now_us, int64_t id, MatchCount *ret)
{
	MatchWork work = {.rules = rules, .now_us = now_us, .id = id, .count = ret};
	return store_transact(ingest, match, &work);
}

// --- what is kept no longer ---

typedef struct Forget {
	const MatchRules *rules;
	int64_t now_us, deleted;
} Forget;

static Err forget(Pg *pg, void *context)
{
	Forget *work = context;
	const MatchRules *rules = work->rules;
	work->deleted = 0;
	for (size_t i = 0; i < rules->count; i++) {
		CLEANUP(pg_result_freep) PgResult *gone = NULL;
		TRY(SQL_RUN(pg, &gone, late_forget, P_TEXT(rules->environments[i]),
		        P_TIME(work->now_us - rules->keeps_us[i]), P_I64(FORGET_BATCH)));
		work->deleted += (int64_t)pg_affected(gone);
		TRY(SQL_RUN(pg, NULL, visitor_effects_forget, P_TEXT(rules->environments[i]),
		        P_TIME(work->now_us - rules->keeps_us[i]), P_I64(FORGET_BATCH)));
	}
	return OK;
}

Err match_forget(Store *ingest, const MatchRules *rules, int64_t now_us, int64_t *ret_deleted)
{
	Forget work = {.rules = rules, .now_us = now_us};
	TRY(store_transact(ingest, forget, &work));
	*ret_deleted = work.deleted;
	return OK;
}
