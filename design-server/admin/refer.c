// References between resources. They are stored beside the resources, so that "who refers to this?" is one
// query and PostgreSQL itself keeps them from dangling.
#include "admin/call.h"
#include "admin/message.h"
#include "base/cleanup.h"

enum { NAMED_MAX = 5, REFERRERS_MAX = 10000, RECHECK_BLOCK = 64 * 1024, RECHECK_MAX = 16 * 1024 * 1024 };

static Err store_unique(const Check *check, const Resource *resource)
{
	CLEANUP(pg_result_freep) PgResult *done = NULL;
	CLEANUP(pg_result_freep) PgResult *holder = NULL;
	const Kind *kind = resource->kind;
	Str value = message_str(resource->message, kind->unique);
	TRY(SQL_RUN(check->pg, NULL, unique_clear, P_CTEXT(kind->name), P_TEXT(resource->channel),
	        P_TEXT(resource->name)));
	TRY(SQL_RUN(check->pg, &done, unique_add, P_CTEXT(kind->name), P_CTEXT(kind->unique), P_TEXT(value),
	        P_TEXT(resource->channel), P_TEXT(resource->name)));
	if (pg_affected(done))
		return OK;
	TRY(SQL_RUN(check->pg, &holder, unique_holder, P_CTEXT(kind->name), P_CTEXT(kind->unique),
	        P_TEXT(value)));
	if (!pg_rows(holder))
		return err(ERR_DB_CONFLICT, "the holder of %s \"" STR_FMT "\" went away meanwhile",
		        kind->unique, STR_ARG(value));
	return check_fail(check, ERR_CODE_DUPLICATE, kind->unique,
	        "\"" STR_FMT "\" is the %s of %s already: choose another one", STR_ARG(value), kind->unique,
	        resource_title(kind, pg_text(holder, 0, 0), pg_text(holder, 0, 1), check->arena));
}

Err refer_store(const Check *check, const Resource *resource)
{
	PgParam kind = P_CTEXT(resource->kind->name), channel = P_TEXT(resource->channel),
	        name = P_TEXT(resource->name);
	size_t count = check->resolved_count;
	Str *values = ARENA_ARRAY(check->arena, Str, 4 * count + 1);
	if (!values)
		return err(ERR_NO_MEMORY, "no memory for references");
	for (size_t i = 0; i < count; i++) {
		const Resolved *to = &check->resolved[i];
		values[i] = str(to->field);
		values[count + i] = str(to->kind->name);
		values[2 * count + i] = to->channel;
		values[3 * count + i] = to->name;
	}
	TRY(SQL_RUN(check->pg, NULL, reference_clear, kind, channel, name));
	TRY(SQL_RUN(check->pg, NULL, reference_add, kind, channel, name, P_TEXTS(values, count),
	        P_TEXTS(values + count, count), P_TEXTS(values + 2 * count, count),
	        P_TEXTS(values + 3 * count, count)));
	return resource->kind->unique ? store_unique(check, resource) : OK;
}

static Err list_referrers(Pg *pg, const Resource *resource, int64_t max, PgResult **ret)
{
	return SQL_RUN(pg, ret, referrer_list, P_CTEXT(resource->kind->name), P_TEXT(resource->channel),
	        P_TEXT(resource->name), P_I64(max));
}

static const char *referrer_title(const PgResult *rows, size_t row, Arena *arena)
{
	const Kind *kind = kind_by_name(pg_text(rows, row, 0));
	return kind ? resource_title(kind, pg_text(rows, row, 1), pg_text(rows, row, 2), arena)
	            : "an unknown resource";
}

Err refer_none(Pg *pg, const Resource *resource, Arena *arena)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	const char *names = "";
	TRY(list_referrers(pg, resource, REFERRERS_MAX, &rows));
	size_t count = pg_rows(rows);
	if (!count)
		return OK;
	for (size_t i = 0; i < count && i < NAMED_MAX; i++)
		names = arena_printf(arena, "%s%s%s (%.*s)", names, i ? ", " : "",
		        referrer_title(rows, i, arena), STR_ARG(pg_text(rows, i, 3)));
	const char *more = count > NAMED_MAX ? arena_printf(arena, " and %zu more", count - NAMED_MAX) : "";
	return err(ERR_RESOURCE_IN_USE, "%s is referred to by %s%s: delete or change those first",
	        resource_title(resource->kind, resource->channel, resource->name, arena), names, more);
}

// What refers to the resource is valid by itself and by the content of what it names, which is stored as its
// reference even where it says so only indirectly: nothing beyond it needs to be looked at.
static Err recheck_one(Pg *pg, const PgResult *rows, size_t row, Arena *arena)
{
	Resource referrer;
	Check check = {.pg = pg, .arena = arena, .kind = kind_by_name(pg_text(rows, row, 0))};
	if (!check.kind)
		return err(ERR_INTERNAL,
		        "the database has a kind " STR_FMT " that this program does not know",
		        STR_ARG(pg_text(rows, row, 0)));
	TRY(resource_get(pg, check.kind, pg_text(rows, row, 1), pg_text(rows, row, 2), RESOURCE_UPDATE, arena,
	        &referrer));
	check.message = referrer.message;
	Err failed = check_resource(&check);
	if (failed == ERR_DB_CONFLICT || failed == ERR_DB_UNAVAILABLE || failed == ERR_NO_MEMORY)
		return failed;
	if (failed != OK)
		return err(ERR_RESOURCE_IN_USE, "with this change %s would no longer be valid: %s",
		        referrer_title(rows, row, arena), err_detail()->message);
	return refer_store(&check, &referrer);
}

Err refer_recheck(Pg *pg, const Resource *resource)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	CLEANUP(arena_freep) Arena *arena = arena_new(RECHECK_BLOCK, RECHECK_MAX);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory to check what refers to the resource");
	if (!resource->kind->content_matters)
		return OK;
	TRY(list_referrers(pg, resource, REFERRERS_MAX + 1, &rows));
	if (pg_rows(rows) > REFERRERS_MAX)
		return err(ERR_LIMIT, "more than %d resources refer to it, too many to check again at once",
		        REFERRERS_MAX);
	for (size_t i = 0; i < pg_rows(rows); i++) {
		arena_reset(arena);
		TRY(recheck_one(pg, rows, i, arena));
	}
	return OK;
}
