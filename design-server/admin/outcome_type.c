// What keeps an outcome type from being deleted beyond references: it came with the server, so that imports
// and links can count on it, or treatments have had it.
#include "admin/call.h"
#include "base/cleanup.h"

// As the migration that makes them has them.
static const char *const built_in[] = {"sent", "opened", "unopened", "not-sent", "malformed",
        "do-not-contact", "other", "bounced", "unsubscribed", "resubmitted-malformed", "clicked", "accept",
        "reject"};

Err outcome_type_deletable(Pg *pg, const Resource *resource, Arena *arena)
{
	CLEANUP(pg_result_freep) PgResult *used = NULL;
	if (strcmp(resource->kind->name, "OutcomeType") != 0)
		return OK;
	const char *title = resource_title(resource->kind, resource->channel, resource->name, arena);
	for (size_t i = 0; i < ARRAY_COUNT(built_in); i++)
		if (str_eq(resource->name, str(built_in[i])))
			return err(ERR_RESOURCE_IN_USE,
			        "%s is built in and stays: change what may follow it, or what it counts as",
			        title);
	TRY(SQL_RUN(pg, &used, outcome_type_used, P_TEXT(resource->name)));
	if (pg_bool(used, 0, 0))
		return err(ERR_RESOURCE_IN_USE,
		        "%s has been the outcome of treatments that the history still has: it can be deleted "
		        "when those are gone",
		        title);
	return OK;
}
