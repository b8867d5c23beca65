// CountLateResponses: who imports a file learns at its end what became of it, without reading a million rows.
#include "match/internal.h"
#include "match/words.h"

typedef Parley__Design__V1__CountLateResponsesRequest Request;
typedef Parley__Design__V1__CountLateResponsesResponse Response;
typedef Parley__Design__V1__LateResponseCount Count;

typedef struct Counting {
	const Request *in;
	Response *out;
	Arena *arena;
} Counting;

static Err add(Counting *counting, const PgResult *rows, size_t i)
{
	Count *count = ARENA_NEW(counting->arena, Count);
	if (count == NULL)
		return err(ERR_NO_MEMORY, "no memory to count late responses");
	parley__design__v1__late_response_count__init(count);
	count->state = late_state_called(pg_text(rows, i, 0));
	count->reason = arena_cstr(counting->arena, pg_text(rows, i, 1));
	count->count = pg_i64(rows, i, 2);
	counting->out->counts[counting->out->n_counts++] = count;
	return OK;
}

static Err read_counts(Pg *pg, void *context)
{
	Counting *counting = context;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(SQL_RUN(pg, &rows, late_counts, P_CTEXT(counting->in->environment),
	        P_I64(counting->in->import_number)));
	counting->out->n_counts = 0;
	counting->out->counts = ARENA_ARRAY(counting->arena, Count *, pg_rows(rows) + 1);
	if (counting->out->counts == NULL)
		return err(ERR_NO_MEMORY, "no memory to count late responses");
	for (size_t i = 0; i < pg_rows(rows); i++)
		TRY(add(counting, rows, i));
	return OK;
}

void handle_count_late_responses(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	const Matcher *matcher = context;
	Response out = PARLEY__DESIGN__V1__COUNT_LATE_RESPONSES_RESPONSE__INIT;
	Counting counting = {.in = (const Request *)request, .out = &out, .arena = rpc_arena(call)};
	Err e = environment_asked(
	        matcher->environments, matcher->services->store, counting.in->environment, "");
	if (e == OK && counting.in->import_number < 1)
		e = err_at(ERR_FIELD_INVALID, "import_number",
		        "give the import's number, as ImportOutcomes told it");
	if (e == OK)
		e = store_read(matcher->services->store, read_counts, &counting);
	rpc_answer(call, e, &out.base);
}
