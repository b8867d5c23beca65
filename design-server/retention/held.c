// The ID of an event must stay known while a runtime server may still ship the same event: one that was cut
// off for months comes back with its journal, and another had taken the repeat long before. Only servers that
// the deploy profiles name count, for others do not come back.
#include "retention/internal.h"

#include "base/clock.h"

static Err list_servers(
        const Environments *environments, Arena *arena, Str **ret_names, Str **ret_servers, size_t *ret_count)
{
	size_t count = 0;
	for (size_t i = 0; i < environments->count; i++)
		count += environments->items[i].servers.count;
	*ret_names = ARENA_ARRAY(arena, Str, count + 1);
	*ret_servers = ARENA_ARRAY(arena, Str, count + 1);
	if (!*ret_names || !*ret_servers)
		return retention_no_memory();
	*ret_count = 0;
	for (size_t i = 0; i < environments->count; i++) {
		const Environment *environment = &environments->items[i];
		for (size_t j = 0; j < environment->servers.count; j++, ++*ret_count) {
			(*ret_names)[*ret_count] = environment->name;
			(*ret_servers)[*ret_count] = environment_server(environment, j)->name;
		}
	}
	return OK;
}

Err held_events(Pg *pg, const Environments *environments, RetentionTable *table, Arena *arena)
{
	CLEANUP(pg_result_freep) PgResult *behind = NULL;
	Str *names, *servers;
	size_t count;
	TRY(list_servers(environments, arena, &names, &servers, &count));
	TRY(SQL_RUN(pg, &behind, retention_behind, P_TEXTS(names, count), P_TEXTS(servers, count)));
	if (!pg_rows(behind))
		return OK;
	char since[TIME_TEXT_SIZE] = "";
	if (!pg_is_null(behind, 0, 2))
		time_format(pg_time(behind, 0, 2), since);
	char *held = arena_printf(arena,
	        STR_FMT " in " STR_FMT
	                " may still ship events from before: it has shipped everything %s%s; if "
	                "it does not come back, take it out of environment.yaml",
	        STR_ARG(pg_text(behind, 0, 1)), STR_ARG(pg_text(behind, 0, 0)),
	        *since ? "up to " : "up to a time that is not known", since);
	if (!held)
		return retention_no_memory();
	table->held = held;
	return OK;
}
