#include "execution/internal.h"

#include "wire/json.h"

// The columns of COLUMNS.
enum {
	ID,
	ENVIRONMENT,
	DIGEST,
	SOURCE,
	CHANNEL,
	SNAPSHOT,
	BEGINS,
	INPUTS,
	EFFECTS,
	BYTES,
	STATEMENT,
	AUTHOR,
	COMMENT,
	CREATED,
	STATE,
	REASON,
	MOVED,
	EXECUTED_BY,
	VERSION,
	POSITION,
	ENTRY,
	DONE,
	SEQUENCE,
	LAST_EFFECT,
	BEGUN,
	EXECUTED
};

// In the order of SubmittedPlanState.
static const char *const states[] = {
        "", "submitting", "submitted", "checking", "executing", "executed", "refused", "withdrawn"};

Err execution_no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for plans: try again later");
}

const char *plan_state_name(PlanState state)
{
	return (size_t)state < ARRAY_COUNT(states) ? states[state] : "";
}

static PlanState state_of(Str name)
{
	for (size_t i = 1; i < ARRAY_COUNT(states); i++)
		if (str_eq(name, str(states[i])))
			return (PlanState)i;
	return PLAN_STATE(UNSPECIFIED);
}

static int64_t moment(const PgResult *rows, size_t row, size_t column)
{
	return pg_is_null(rows, row, column) ? 0 : pg_time(rows, row, column);
}

static void read_digest(const PgResult *rows, size_t row, size_t column, Arena *arena, Digest *ret)
{
	Str bytes = pg_bytes(rows, row, column, arena);
	if (bytes.len == sizeof ret->bytes)
		memcpy(ret->bytes, bytes.ptr, bytes.len);
}

Err plan_row(const PgResult *rows, size_t row, Arena *arena, PlanRow *ret)
{
	*ret = (PlanRow){
	        .id = pg_i64(rows, row, ID),
	        .environment = arena_str(arena, pg_text(rows, row, ENVIRONMENT)),
	        .source = arena_str(arena, pg_text(rows, row, SOURCE)),
	        .channel = arena_str(arena, pg_text(rows, row, CHANNEL)),
	        .begins_us = moment(rows, row, BEGINS),
	        .inputs = pg_bytes(rows, row, INPUTS, arena),
	        .effects = pg_i64(rows, row, EFFECTS),
	        .bytes = pg_i64(rows, row, BYTES),
	        .statement = pg_bytes(rows, row, STATEMENT, arena),
	        .author = arena_str(arena, pg_text(rows, row, AUTHOR)),
	        .comment = arena_str(arena, pg_text(rows, row, COMMENT)),
	        .created_us = pg_time(rows, row, CREATED),
	        .state = state_of(pg_text(rows, row, STATE)),
	        .reason = arena_str(arena, pg_text(rows, row, REASON)),
	        .moved = arena_str(arena, pg_text(rows, row, MOVED)),
	        .executed_by = arena_str(arena, pg_text(rows, row, EXECUTED_BY)),
	        .version = pg_i64(rows, row, VERSION),
	        .position = pg_i64(rows, row, POSITION),
	        .entry = pg_i64(rows, row, ENTRY),
	        .done = pg_i64(rows, row, DONE),
	        .sequence = pg_i64(rows, row, SEQUENCE),
	        .last_effect = pg_i64(rows, row, LAST_EFFECT),
	        .begun_us = moment(rows, row, BEGUN),
	        .executed_us = moment(rows, row, EXECUTED),
	};
	read_digest(rows, row, DIGEST, arena, &ret->digest);
	read_digest(rows, row, SNAPSHOT, arena, &ret->snapshot);
	return ret->environment.ptr && ret->channel.ptr && ret->source.ptr ? OK : execution_no_memory();
}

Err plan_row_find(Pg *pg, Str environment, const Digest *digest, bool locked, Arena *arena, PlanRow *ret)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	if (locked)
		TRY(SQL_RUN(pg, &rows, plan_lock, P_TEXT(environment), P_BYTES(digest_bytes(digest))));
	else
		TRY(SQL_RUN(pg, &rows, plan_get, P_TEXT(environment), P_BYTES(digest_bytes(digest))));
	if (pg_rows(rows) == 1)
		return plan_row(rows, 0, arena, ret);
	char hex[65];
	digest_hex(digest, hex);
	return err_at(ERR_PLAN_UNKNOWN, "digest", "no plan %.16s was submitted for " STR_FMT, hex,
	        STR_ARG(environment));
}

Err plan_audit(
        Pg *pg, const PlanRow *row, const char *action, Str actor, Str comment, int64_t now_us, Arena *arena)
{
	char hex[65];
	digest_hex(&row->digest, hex);
	CLEANUP(json_decrefp_)
	json_t *json = json_pack("{s:s, s:I, s:s%}", "digest", hex, "effects", (json_int_t)row->effects,
	        "comment", comment.ptr ? comment.ptr : "", comment.len);
	Str after;
	if (json == NULL)
		return execution_no_memory();
	TRY(json_text(json, false, arena, &after));
	return audit_write(pg, &(Audit){.time_us = now_us,
	                               .actor = actor,
	                               .action = str(action),
	                               .kind = STR("Plan"),
	                               .channel = row->channel,
	                               .name = row->environment,
	                               .after = after});
}
