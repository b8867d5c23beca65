#include "erasure/erased.h"

#include "base/cleanup.h"

Err erased_until(Pg *pg, Str environment, int64_t *ret_us)
{
	CLEANUP(pg_result_freep) PgResult *newest = NULL;
	TRY(SQL_RUN(pg, &newest, erased_until, P_TEXT(environment)));
	*ret_us = pg_is_null(newest, 0, 0) ? INT64_MIN : pg_time(newest, 0, 0);
	return OK;
}

Err erased_among(Pg *pg, Str environment, const Happened *happened, bool *ret)
{
	CLEANUP(pg_result_freep) PgResult *places = NULL;
	size_t count = happened->count;
	if (count == 0)
		return OK;
	TRY(SQL_RUN(pg, &places, erased_among, P_TEXT(environment), P_TEXTS(happened->levels, count),
	        P_TEXTS(happened->ids, count), P_I64S(happened->times_us, count)));
	for (size_t i = 0; i < pg_rows(places); i++)
		ret[pg_i64(places, i, 0) - 1] = true;
	return OK;
}
