// Rows of late_list as messages.
#include "match/internal.h"

#include "match/words.h"
#include "wire/timestamp.h"

typedef Parley__Design__V1__LateResponse Response;

// The columns of late_list.
enum {
	ID,
	ENVIRONMENT,
	CHANNEL,
	SOURCE,
	RUNTIME_ID,
	EVENT_ID,
	CODE_KIND,
	CODE,
	AUDIENCE_LEVEL,
	AUDIENCE_ID,
	RESPONSE,
	TIME,
	RECEIVED,
	STATE,
	REASON,
	CHANGED,
	TREATMENT,
	OFFER,
	CHANGED_BY
};

// In the order of LateResponseState and LateResponseCode.
static const char *const states[] = {"", "waiting", "matched", "orphan", "discarded"};
static const char *const kinds[] = {"", "treatment", "offer", "custom"};

const char *late_state_name(int state)
{
	return state >= 0 && state < (int)ARRAY_COUNT(states) ? states[state] : NULL;
}

static int find(Str name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(name, str(names[i])))
			return (int)i;
	return 0;
}

Parley__Design__V1__LateResponseState late_state_called(Str name)
{
	return (Parley__Design__V1__LateResponseState)find(name, states, ARRAY_COUNT(states));
}

Err late_message(const PgResult *rows, size_t row, Arena *arena, Response **ret)
{
	Response *out = ARENA_NEW(arena, Response);
	if (out == NULL)
		return err(ERR_NO_MEMORY, "no memory for late responses; ask for fewer");
	parley__design__v1__late_response__init(out);
	char **texts[] = {[ENVIRONMENT] = &out->environment,
	        [CHANNEL] = &out->channel,
	        [SOURCE] = &out->source,
	        [RUNTIME_ID] = &out->runtime_id,
	        [EVENT_ID] = &out->event_id,
	        [CODE] = &out->code,
	        [AUDIENCE_LEVEL] = &out->audience_level,
	        [AUDIENCE_ID] = &out->audience_id,
	        [RESPONSE] = &out->response,
	        [REASON] = &out->reason,
	        [TREATMENT] = &out->treatment_code,
	        [OFFER] = &out->offer_code,
	        [CHANGED_BY] = &out->changed_by};
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
		if (texts[i] != NULL && (*texts[i] = arena_cstr(arena, pg_text(rows, row, i))) == NULL)
			return err(ERR_NO_MEMORY, "no memory for late responses; ask for fewer");
	out->id = pg_i64(rows, row, ID);
	out->code_kind = (Parley__Design__V1__LateResponseCode)find(
	        pg_text(rows, row, CODE_KIND), kinds, ARRAY_COUNT(kinds));
	out->state = (Parley__Design__V1__LateResponseState)find(
	        pg_text(rows, row, STATE), states, ARRAY_COUNT(states));
	out->time = wire_timestamp(pg_time(rows, row, TIME), arena);
	out->received = wire_timestamp(pg_time(rows, row, RECEIVED), arena);
	out->changed = wire_timestamp(pg_time(rows, row, CHANGED), arena);
	*ret = out;
	return OK;
}
