// Marks: rows, each for one resource or for all of a channel. What a mark holds is refused where resources
// are changed (admin/marked.c).
#include "pending/internal.h"

#include "wire/json.h"

enum { ENDED_TOLD_MAX = 1000 };

const char *mark_command(const char *verb, Str channel, const Kind *kind, Str name, Arena *arena)
{
	if (!kind)
		return arena_printf(arena, "parley %s --all --channel " STR_FMT, verb, STR_ARG(channel));
	return arena_printf(arena, "parley %s %s " STR_FMT " --channel " STR_FMT, verb, kind->field,
	        STR_ARG(name), STR_ARG(channel));
}

Err marks_read(const PgResult *rows, Arena *arena, Mark **ret, size_t *ret_count)
{
	*ret_count = pg_rows(rows);
	*ret = ARENA_ARRAY(arena, Mark, *ret_count);
	if (!*ret)
		return pending_no_memory();
	for (size_t i = 0; i < *ret_count; i++)
		(*ret)[i] = (Mark){
		        .id = pg_i64(rows, i, 0),
		        .channel = arena_str(arena, pg_text(rows, i, 1)),
		        .kind = kind_by_name(pg_text(rows, i, 2)),
		        .name = arena_str(arena, pg_text(rows, i, 3)),
		        .author = arena_str(arena, pg_text(rows, i, 4)),
		        .comment = arena_str(arena, pg_text(rows, i, 5)),
		        .created_us = pg_time(rows, i, 6),
		};
	return OK;
}

Err marks_of_channel(Pg *pg, Str channel, Arena *arena, Mark **ret, size_t *ret_count)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(SQL_RUN(pg, &rows, mark_channel, P_TEXT(channel)));
	return marks_read(rows, arena, ret, ret_count);
}

static json_t *ended_row(const PgResult *rows, size_t i)
{
	Str kind = pg_text(rows, i, 0), name = pg_text(rows, i, 1), author = pg_text(rows, i, 2);
	return json_pack("{s:s%, s:s%, s:s%}", "kind", kind.ptr, kind.len, "name", name.ptr, name.len,
	        "author", author.ptr, author.len);
}

// What ended, as far as an audit entry may tell it: {"build": …, "count": …, "marks": […]}
static Err ended_text(const PgResult *rows, int64_t build, Arena *arena, Str *ret)
{
	size_t count = pg_rows(rows);
	CLEANUP(json_decrefp_) json_t *list = json_array();
	for (size_t i = 0; i < count && i < ENDED_TOLD_MAX; i++)
		json_array_append_new(list, ended_row(rows, i));
	CLEANUP(json_decrefp_)
	json_t *json = json_pack(
	        "{s:I, s:I, s:O}", "build", (json_int_t)build, "count", (json_int_t)count, "marks", list);
	return json ? json_text(json, false, arena, ret) : pending_no_memory();
}

Err marks_deployed(Pg *pg, Str channel, int64_t build, Str actor, int64_t now_us, Arena *arena)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	Str ended;
	TRY(SQL_RUN(pg, &rows, mark_deployed, P_TEXT(channel), P_I64(build)));
	if (!pg_rows(rows))
		return OK;
	TRY(ended_text(rows, build, arena, &ended));
	return audit_write(pg, &(Audit){
	                               .time_us = now_us,
	                               .actor = actor,
	                               .action = STR("marks-deployed"),
	                               .kind = STR("Mark"),
	                               .channel = channel,
	                               .name = channel,
	                               .before = ended,
	                       });
}
