// The contract with touchpoints: the names of points and events that they call. One that is gone answers them
// with an error from the next deployment on, and nobody in the design server would notice.
#include "validate/internal.h"

#include "base/cleanup.h"

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

static void tell(
        Analysis *a, FindingCode code, const char *kind, const char *remedy, const PgResult *rows, size_t row)
{
	char when[TIME_TEXT_SIZE];
	const char *name = arena_cstr(a->arena, pg_text(rows, row, 0));
	time_format(pg_time(rows, row, 1), when);
	if (!name) {
		a->lost = true;
		return;
	}
	finding(a, code, (Object){kind, name, ""}, remedy,
	        "touchpoints called it in the last %u days, last at %s%s", a->options->guard_days, when,
	        a->options->environment.len
	                ? arena_printf(a->arena, " in " STR_FMT, STR_ARG(a->options->environment))
	                : "");
}

Err analyse_contract(Analysis *a)
{
	CLEANUP(pg_result_freep) PgResult *points = NULL;
	CLEANUP(pg_result_freep) PgResult *events = NULL;
	int64_t since_us = a->options->as_of_us - a->options->guard_days * day_us;
	if (!a->pg || !a->options->guard_days)
		return OK;
	TRY(SQL_RUN(a->pg, &points, touchpoint_points, P_TEXT(a->channel), P_TEXT(a->options->environment),
	        P_TIME(since_us)));
	TRY(SQL_RUN(a->pg, &events, touchpoint_events, P_TEXT(a->channel), P_TEXT(a->options->environment),
	        P_TIME(since_us)));
	for (size_t i = 0; i < pg_rows(points); i++) {
		if (!has_point(a->in, pg_text(points, i, 0)))
			tell(a, FINDING_POINT_REMOVED, "InteractionPoint",
			        "bring it back, or have the touchpoints changed before this is deployed",
			        points, i);
	}
	for (size_t i = 0; i < pg_rows(events); i++) {
		if (!has_event(a->in, pg_text(events, i, 0)))
			tell(a, FINDING_EVENT_REMOVED, "Event",
			        "bring it back, or have the touchpoints changed before this is deployed",
			        events, i);
	}
	return OK;
}
