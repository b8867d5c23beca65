// What is marked for deployment is locked. No marking may come between the look and the change: a change
// shares one lock, taken before any row's, and marking has it alone.
#include "admin/call.h"
#include "base/cleanup.h"

// Columns: channel, kind (empty: the whole channel), name, author, comment, created.
static Err told(const PgResult *rows, const char *title, Arena *arena)
{
	char since[TIME_TEXT_SIZE];
	const Kind *kind = kind_by_name(pg_text(rows, 0, 1));
	Str channel = pg_text(rows, 0, 0), name = pg_text(rows, 0, 2), comment = pg_text(rows, 0, 4);
	time_format(pg_time(rows, 0, 5), since);
	const char *what = kind ? arena_printf(arena, "%s " STR_FMT, kind->field, STR_ARG(name)) : "--all";
	const char *why = comment.len ? arena_printf(arena, " (" STR_FMT ")", STR_ARG(comment)) : "";
	return err(ERR_RESOURCE_MARKED,
	        "%s is marked for deployment%s of channel " STR_FMT " by " STR_FMT
	        " since %s%s: deploy it first, or take the mark back with parley unmark %s "
	        "--channel " STR_FMT,
	        title, kind ? "" : " with all", STR_ARG(channel), STR_ARG(pg_text(rows, 0, 3)), since, why,
	        what, STR_ARG(channel));
}

// Global resources that a channel reaches go with it when all of it is marked.
static Err held_by_channel(Pg *pg, const Kind *kind, Str name, PgResult **ret)
{
	CLEANUP(pg_result_freep) PgResult *any = NULL;
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_mark_any_whole, NULL, 0, &any));
	if (!pg_bool(any, 0, 0))
		return OK;
	return SQL_RUN(pg, ret, mark_whole_holding, P_CTEXT(kind->name), P_TEXT(name));
}

Err marks_stay(Pg *pg)
{
	return pg_query(pg, STORE_TIMEOUT_MS, sql_mark_lock_shared, NULL, 0, NULL);
}

Err refuse_marked(Pg *pg, const Kind *kind, Str channel, Str name, Arena *arena)
{
	CLEANUP(pg_result_freep) PgResult *mark = NULL;
	CLEANUP(pg_result_freep) PgResult *whole = NULL;
	bool global = !kind_has_channel(kind) && strcmp(kind->name, "Channel") != 0;
	TRY(SQL_RUN(pg, &mark, mark_holding, P_CTEXT(kind->name), P_TEXT(channel), P_TEXT(name)));
	if (!pg_rows(mark) && global)
		TRY(held_by_channel(pg, kind, name, &whole));
	const PgResult *held = pg_rows(mark) ? mark : whole;
	if (!held || !pg_rows(held))
		return OK;
	return told(held, resource_title(kind, channel, name, arena), arena);
}
