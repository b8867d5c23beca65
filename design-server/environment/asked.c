// Asked about an environment or a channel that there is none of, a search finds nothing, and who mistyped the
// name believes that there is nothing. So whoever finds nothing looks whether what was asked about is there.
// Only then: what is gone may still have a history, and that is found.
#include "environment/internal.h"

static Err look(Pg *pg, void *context)
{
	const Str *channel = context;
	CLEANUP(pg_result_freep) PgResult *row = NULL;
	TRY(SQL_RUN(pg, &row, channel_known, P_TEXT(*channel)));
	if (pg_bool(row, 0, 0))
		return OK;
	Str known = pg_text(row, 0, 1);
	return err_at(ERR_RESOURCE_NOT_FOUND, "channel", "there is no channel '%.*s' (there are: %.*s)",
	        (int)(channel->len < 80 ? channel->len : 80), channel->ptr, (int)(known.len ? known.len : 4),
	        known.len ? known.ptr : "none");
}

static Err find(const Environments *environments, const char *environment)
{
	const Environment *ignored;
	if (!environments || !environments->count || !*environment)
		return OK;
	return environment_find(environments, str(environment), &ignored);
}

Err environment_channel_asked(Store *store, const char *channel)
{
	Str name = str(channel);
	return name.len ? store_read(store, look, &name) : OK;
}

Err environment_asked(
        const Environments *environments, Store *store, const char *environment, const char *channel)
{
	TRY(find(environments, environment));
	return environments && environments->count ? environment_channel_asked(store, channel) : OK;
}

Err environment_in_vain(const Environments *environments, const char *environment, Err failed)
{
	const ErrDetail why = *err_detail();
	TRY(find(environments, environment));
	return failed == OK ? OK : err_restore(&why);
}
