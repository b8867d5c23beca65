// The contract with touchpoints: the names of points and events that they call. One that is gone answers them
// with an error from the next deployment on, and nobody in the design server would notice.
#include "validate/internal.h"

#include "base/cleanup.h"

enum { HISTORY_TIMEOUT_MS = 60 * 1000 };

static const int64_t day_us = INT64_C(86400) * US_PER_S;

// Configurations are sorted by name.
static bool has_point(const Configuration *in, Str name)
{
	size_t low = 0, high = in->points.count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = str_cmp(name, str(in->points.items[middle]->name));
		if (!order)
			return true;
		*(order < 0 ? &high : &low) = order < 0 ? middle : middle + 1;
	}
	return false;
}

static bool has_event(const Configuration *in, Str name)
{
	size_t low = 0, high = in->events.count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = str_cmp(name, str(in->events.items[middle]->name));
		if (!order)
			return true;
		*(order < 0 ? &high : &low) = order < 0 ? middle : middle + 1;
	}
	return false;
}

// Their names: of what runs. Where that is not known, of all that was called, which takes reading a week of
// history.
static Err find_names(Analysis *a, int64_t since_us, PgResult **ret)
{
	CLEANUP(pg_result_freep) PgResult *known = NULL;
	PgParam channel = P_TEXT(a->channel), environment = P_TEXT(a->options->environment);
	TRY(SQL_RUN(a->pg, &known, touchpoint_running, channel, environment));
	if (pg_bool(known, 0, 0))
		return SQL_RUN(a->pg, ret, touchpoint_names, channel, environment);
	return PG_QUERY(a->pg, HISTORY_TIMEOUT_MS, ret, sql_touchpoint_history, channel, environment,
	        P_TIME(since_us));
}

// Only of what is gone is it asked when it was last called, so that a deployment that removes nothing reads
// no history.
static Err check_gone(Analysis *a, bool point, Str name, int64_t since_us)
{
	CLEANUP(pg_result_freep) PgResult *last = NULL;
	const char *text = arena_cstr(a->arena, name), *where = "";
	char when[TIME_TEXT_SIZE];
	TRY(PG_QUERY(a->pg, HISTORY_TIMEOUT_MS, &last,
	        point ? sql_touchpoint_point_last : sql_touchpoint_event_last, P_TEXT(a->channel),
	        P_TEXT(a->options->environment), P_TIME(since_us), P_TEXT(name)));
	if (!pg_rows(last))
		return OK;
	time_format(pg_time(last, 0, 0), when);
	if (a->options->environment.len)
		where = arena_printf(a->arena, " in " STR_FMT, STR_ARG(a->options->environment));
	if (!text || !where)
		return validate_no_memory();
	finding(a, point ? FINDING_POINT_REMOVED : FINDING_EVENT_REMOVED,
	        (Object){point ? "InteractionPoint" : "Event", text, ""},
	        "bring it back, or have the touchpoints changed before this is deployed",
	        "it is gone, but touchpoints called it in the last %u days, last at %s%s",
	        a->options->guard_days, when, where);
	return OK;
}

Err analyse_contract(Analysis *a)
{
	CLEANUP(pg_result_freep) PgResult *names = NULL;
	int64_t since_us = a->options->as_of_us - a->options->guard_days * day_us;
	if (!a->pg || !a->options->guard_days)
		return OK;
	TRY(find_names(a, since_us, &names));
	for (size_t i = 0; i < pg_rows(names); i++) {
		bool point = str_eq(pg_text(names, i, 0), STR("InteractionPoint"));
		Str name = pg_text(names, i, 1);
		if (!(point ? has_point(a->in, name) : has_event(a->in, name)))
			TRY(check_gone(a, point, name, since_us));
	}
	return OK;
}
