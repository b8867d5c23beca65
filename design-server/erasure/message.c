// Rows to messages. An erasure's places come as rows behind each other.
#include "erasure/internal.h"

#include "wire/json.h"

typedef Parley__Design__V1__Erasure Erasure;
typedef Parley__Design__V1__ErasureCount Count;
typedef Parley__Design__V1__ErasurePlace ErasurePlace;
typedef Google__Protobuf__Timestamp Timestamp;
#define STATE(name) PARLEY__DESIGN__V1__ERASURE_STATE__ERASURE_STATE_##name

// The columns of erasure_list.
enum { ID, ENVIRONMENT, LEVEL, DIGEST, REASON, BY, REQUESTED, COMPLETED, PLACE, STATE, FOUND, WHY, CHANGED };

Err erasure_no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for an erasure; try again later");
}

static Timestamp *time_of(const PgResult *rows, size_t row, size_t column, Arena *arena)
{
	Timestamp *time = ARENA_NEW(arena, Timestamp);
	if (!time)
		return NULL;
	google__protobuf__timestamp__init(time);
	int64_t us = pg_time(rows, row, column);
	time->seconds = us / US_PER_S;
	time->nanos = (int32_t)(us % US_PER_S * 1000);
	return time;
}

Err erasure_counts(Str text, Arena *arena, Count ***ret, size_t *ret_count)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	const char *name;
	json_t *value;
	TRY(json_parse(text, 1 << 16, &json));
	Count **counts = ARENA_ARRAY(arena, Count *, json_object_size(json) + 1);
	if (!counts)
		return erasure_no_memory();
	*ret_count = 0;
	json_object_foreach(json, name, value)
	{
		Count *count = ARENA_NEW(arena, Count);
		if (!count)
			return erasure_no_memory();
		parley__design__v1__erasure_count__init(count);
		count->name = arena_cstr(arena, str(name));
		count->count = (uint64_t)json_integer_value(value);
		counts[(*ret_count)++] = count;
	}
	*ret = counts;
	return OK;
}

static Err place_message(const PgResult *rows, size_t i, Arena *arena, ErasurePlace **ret)
{
	ErasurePlace *place = *ret = ARENA_NEW(arena, ErasurePlace);
	Str state = pg_text(rows, i, STATE), name = pg_text(rows, i, PLACE);
	if (!place)
		return erasure_no_memory();
	parley__design__v1__erasure_place__init(place);
	place->place = arena_cstr(arena, name.len ? name : STR("history"));
	place->state = str_eq(state, STR("done"))       ? STATE(DONE)
	               : str_eq(state, STR("shipping")) ? STATE(SHIPPING)
	                                                : STATE(WAITING);
	place->why = arena_cstr(arena, pg_text(rows, i, WHY));
	place->change_time = time_of(rows, i, CHANGED, arena);
	TRY(erasure_counts(pg_text(rows, i, FOUND), arena, &place->found, &place->n_found));
	return place->place && place->why && place->change_time ? OK : erasure_no_memory();
}

static Err erasure_message(const PgResult *rows, size_t i, Arena *arena, Erasure **ret)
{
	Erasure *erasure = *ret = ARENA_NEW(arena, Erasure);
	if (!erasure)
		return erasure_no_memory();
	parley__design__v1__erasure__init(erasure);
	erasure->id = pg_i64(rows, i, ID);
	erasure->environment = arena_cstr(arena, pg_text(rows, i, ENVIRONMENT));
	erasure->audience_level = arena_cstr(arena, pg_text(rows, i, LEVEL));
	erasure->digest = arena_cstr(arena, pg_text(rows, i, DIGEST));
	erasure->reason = arena_cstr(arena, pg_text(rows, i, REASON));
	erasure->requested_by = arena_cstr(arena, pg_text(rows, i, BY));
	erasure->request_time = time_of(rows, i, REQUESTED, arena);
	if (!pg_is_null(rows, i, COMPLETED))
		erasure->complete_time = time_of(rows, i, COMPLETED, arena);
	erasure->places = ARENA_ARRAY(arena, ErasurePlace *, SERVERS_MAX + 1);
	return erasure->environment && erasure->audience_level && erasure->digest && erasure->reason &&
	                       erasure->requested_by && erasure->request_time && erasure->places
	               ? OK
	               : erasure_no_memory();
}

Err erasure_messages(const PgResult *rows, Arena *arena, Erasure ***ret, size_t *ret_count)
{
	size_t count = pg_rows(rows), made = 0;
	Erasure **erasures = ARENA_ARRAY(arena, Erasure *, count + 1);
	if (!erasures)
		return erasure_no_memory();
	for (size_t i = 0; i < count; i++) {
		if (made == 0 || erasures[made - 1]->id != pg_i64(rows, i, ID))
			TRY(erasure_message(rows, i, arena, &erasures[made++]));
		Erasure *erasure = erasures[made - 1];
		if (erasure->n_places <= SERVERS_MAX)
			TRY(place_message(rows, i, arena, &erasure->places[erasure->n_places++]));
	}
	*ret = erasures;
	*ret_count = made;
	return OK;
}

Err erasure_find(Pg *pg, Str environment, int64_t id, Arena *arena, Erasure **ret)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	Erasure **found = NULL;
	size_t count = 0;
	TRY(SQL_RUN(pg, &rows, erasure_list, P_TEXT(environment), P_I64(INT64_MAX), P_I64(1), P_I64(id)));
	TRY(erasure_messages(rows, arena, &found, &count));
	if (id <= 0 || count == 0)
		return err_at(ERR_RESOURCE_NOT_FOUND, "id",
		        "there is no erasure %lld in " STR_FMT
		        "; \"parley visitor erasures\" has their numbers",
		        (long long)id, STR_ARG(environment));
	*ret = found[0];
	return OK;
}
