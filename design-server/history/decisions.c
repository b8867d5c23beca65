// A decision is several rows of the history: one an offer, and one of them has the receipt. PostgreSQL gives
// the rows of a page's decisions in one query, by the key that all rows of a call share; here they become
// decisions again. What a receipt says is no business of this server: whoever replays reads it.
#include "history/decisions.h"

#include "base/cleanup.h"
#include "decide/receipt.h"
#include "environment/environment.h"
#include "history/list.h"
#include "history/position.h"
#include "store/page.h"
#include "wire/timestamp.h"

#include <inttypes.h>

typedef Parley__Design__V1__DecisionRow DecisionRow;
typedef Parley__Design__V1__GetDecisionRequest GetDecisionRequest;
typedef Parley__Design__V1__GetDecisionResponse GetDecisionResponse;
typedef Parley__Design__V1__ListDecisionsRequest ListDecisionsRequest;
typedef Parley__Design__V1__ListDecisionsResponse ListDecisionsResponse;
typedef Parley__Design__V1__RecordedDecision RecordedDecision;

enum { PAGE_BYTES = 3 * 1024 * 1024 }; // callers take 4 MiB

// The columns of decision_list and decision_get.
enum {
	TIME,
	INCARNATION,
	SEQUENCE,
	POSITION,
	RUNTIME_ID,
	ENVIRONMENT,
	CHANNEL,
	SESSION_ID,
	AUDIENCE_LEVEL,
	AUDIENCE_ID,
	VERSION,
	DIGEST,
	SEED,
	RECEIPT,
	POINT,
	ZONE,
	RANK,
	SCORE,
	TREATMENT,
	OFFER,
	RULE,
	SEGMENT,
	CAMPAIGN,
	CELL,
	ORIGIN,
	AT_ODDS
};

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for a page of decisions");
}

// --- from rows to decisions ---

static char *text_of(const PgResult *rows, size_t row, size_t column, Arena *arena)
{
	return arena_cstr(arena, pg_text(rows, row, column));
}

static ProtobufCBinaryData bytes_of(const PgResult *rows, size_t row, size_t column, Arena *arena)
{
	Str bytes = pg_bytes(rows, row, column, arena);
	return (ProtobufCBinaryData){bytes.len, (uint8_t *)(uintptr_t)bytes.ptr};
}

static void fill_decision(RecordedDecision *decision, const PgResult *rows, size_t row, Arena *arena)
{
	char id[DECISION_ID_SIZE];
	parley__design__v1__recorded_decision__init(decision);
	decision->seed = (uint64_t)pg_i64(rows, row, SEED);
	decision_id(decision->seed, id);
	decision->decision_id = arena_cstr(arena, str(id));
	decision->time = wire_timestamp(pg_time(rows, row, TIME), arena);
	decision->environment = text_of(rows, row, ENVIRONMENT, arena);
	decision->channel = text_of(rows, row, CHANNEL, arena);
	decision->session_id = text_of(rows, row, SESSION_ID, arena);
	decision->audience_level = text_of(rows, row, AUDIENCE_LEVEL, arena);
	decision->audience_id = text_of(rows, row, AUDIENCE_ID, arena);
	decision->snapshot_version = (uint64_t)pg_i64(rows, row, VERSION);
	decision->snapshot_digest = bytes_of(rows, row, DIGEST, arena);
	decision->runtime_id = text_of(rows, row, RUNTIME_ID, arena);
}

static DecisionRow *row_of(const PgResult *rows, size_t row, Arena *arena)
{
	DecisionRow *ret = ARENA_NEW(arena, DecisionRow);
	parley__design__v1__decision_row__init(ret);
	ret->interaction_point = text_of(rows, row, POINT, arena);
	ret->zone = text_of(rows, row, ZONE, arena);
	ret->rank = pg_i64(rows, row, RANK);
	ret->score = pg_f64(rows, row, SCORE);
	ret->treatment_code = text_of(rows, row, TREATMENT, arena);
	ret->offer_code = text_of(rows, row, OFFER, arena);
	ret->treatment_rule = text_of(rows, row, RULE, arena);
	ret->segment = text_of(rows, row, SEGMENT, arena);
	ret->campaign = text_of(rows, row, CAMPAIGN, arena);
	ret->cell = text_of(rows, row, CELL, arena);
	ret->origin = text_of(rows, row, ORIGIN, arena);
	ret->at_odds = pg_bool(rows, row, AT_ODDS);
	return ret;
}

static HistoryKey key_of(const PgResult *rows, size_t row)
{
	return (HistoryKey){pg_time(rows, row, TIME), pg_i64(rows, row, INCARNATION),
	        pg_i64(rows, row, SEQUENCE), pg_i64(rows, row, POSITION), pg_text(rows, row, RUNTIME_ID)};
}

// Where the next decision begins.
static size_t rows_end(const PgResult *rows, size_t first)
{
	HistoryKey key = key_of(rows, first);
	size_t end = first + 1;
	for (; end < pg_rows(rows); end++) {
		HistoryKey other = key_of(rows, end);
		if (key.time_us != other.time_us || key.incarnation != other.incarnation ||
		        key.sequence != other.sequence || key.position != other.position ||
		        !str_eq(key.runtime_id, other.runtime_id))
			break;
	}
	return end;
}

static RecordedDecision *decision_of(const PgResult *rows, size_t first, size_t end, Arena *arena)
{
	RecordedDecision *decision = ARENA_NEW(arena, RecordedDecision);
	fill_decision(decision, rows, first, arena);
	decision->rows = ARENA_ARRAY(arena, DecisionRow *, end - first);
	for (size_t row = first; row < end; row++) {
		decision->rows[decision->n_rows++] = row_of(rows, row, arena);
		if (!pg_is_null(rows, row, RECEIPT))
			decision->receipt = bytes_of(rows, row, RECEIPT, arena);
	}
	return decision;
}

// --- one ---

typedef struct Getting {
	const GetDecisionRequest *request;
	GetDecisionResponse *response;
	Arena *arena;
	uint64_t seed;
} Getting;

static Err read_decision(Pg *pg, void *context)
{
	Getting *getting = context;
	char code[TREATMENT_CODE_SIZE], id[DECISION_ID_SIZE];
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	decision_code(getting->seed, 0, code);
	decision_id(getting->seed, id);
	TRY(SQL_RUN(pg, &rows, decision_get, P_CTEXT(getting->request->environment), P_CTEXT(code),
	        P_I64((int64_t)getting->seed)));
	if (pg_rows(rows) == 0)
		return err_at(ERR_DECISION_UNKNOWN, "decision_id",
		        "the history has no decision %s with a receipt%s%s: it may not have been shipped "
		        "yet, "
		        "be older than the history is kept, or of a server that wrote no receipts",
		        id, getting->request->environment[0] ? " in environment " : "",
		        getting->request->environment);
	getting->response->decision = decision_of(rows, 0, pg_rows(rows), getting->arena);
	return OK;
}

void get_decision(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const Services *services = service;
	GetDecisionResponse response = PARLEY__DESIGN__V1__GET_DECISION_RESPONSE__INIT;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	Getting getting = {
	        .request = (const GetDecisionRequest *)request, .response = &response, .arena = arena};
	Err e = arena != NULL ? OK : no_memory();
	if (e == OK && !decision_id_read(str(getting.request->decision_id), &getting.seed))
		e = err_at(ERR_FIELD_INVALID, "decision_id",
		        "give a decision's name (13 characters, as in `parley history -o json`) or one of "
		        "its "
		        "treatment codes");
	if (e == OK)
		e = store_read(services->store, read_decision, &getting);
	if (e == ERR_DECISION_UNKNOWN)
		e = environment_in_vain(services->environments, getting.request->environment, e);
	rpc_answer(call, e, &response.base);
}

// --- many ---

typedef struct Listing {
	const ListDecisionsRequest *request;
	ListDecisionsResponse *response;
	Arena *arena;
	size_t page_size;
	Str query; // what the token is bound to
	int64_t since_us, until_us;
	HistoryKey after; // the row with the receipt of the last page's last decision
} Listing;

static Err bind_query(Listing *listing)
{
	const ListDecisionsRequest *request = listing->request;
	listing->query =
	        str(arena_printf(listing->arena, "decisions %" PRId64 " %" PRId64 " %u %zu:%s %zu:%s %zu:%s",
	                listing->since_us, listing->until_us, request->one_in, strlen(request->environment),
	                request->environment, strlen(request->channel), request->channel,
	                strlen(request->audience_id), request->audience_id));
	return listing->query.ptr != NULL ? OK : no_memory();
}

static Err read_request(Listing *listing)
{
	listing->since_us = HISTORY_LEAST_US;
	listing->until_us = HISTORY_BEYOND_US;
	TRY(history_moment(listing->request->since, "since", &listing->since_us));
	TRY(history_moment(listing->request->until, "until", &listing->until_us));
	TRY(page_size(listing->request->page_size, &listing->page_size));
	TRY(bind_query(listing));
	listing->after = (HistoryKey){.time_us = listing->since_us};
	return history_key_read(
	        listing->request->page_token, listing->query, listing->arena, &listing->after);
}

// As many decisions as fit; a token if there are more.
static Err fill_response(Listing *listing, const PgResult *rows)
{
	ListDecisionsResponse *response = listing->response;
	size_t end = 0, bytes = 0;
	HistoryKey last = {0};
	response->decisions = ARENA_ARRAY(listing->arena, RecordedDecision *, listing->page_size + 1);
	while (end < pg_rows(rows) && response->n_decisions < listing->page_size) {
		size_t first = end;
		end = rows_end(rows, first);
		RecordedDecision *decision = decision_of(rows, first, end, listing->arena);
		bytes += protobuf_c_message_get_packed_size(&decision->base);
		if (bytes > PAGE_BYTES && response->n_decisions > 0)
			return history_key_token(
			        &last, listing->query, listing->arena, &response->next_page_token);
		response->decisions[response->n_decisions++] = decision;
		last = key_of(rows, first);
	}
	return end < pg_rows(rows)
	               ? history_key_token(&last, listing->query, listing->arena, &response->next_page_token)
	               : OK;
}

static Err read_page(Pg *pg, void *context)
{
	Listing *listing = context;
	const ListDecisionsRequest *request = listing->request;
	const HistoryKey *after = &listing->after;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	// A decision's rows stand together in the primary key: anything but asking it for each reads too
	// much.
	TRY(pg_script(pg, STORE_TIMEOUT_MS,
	        "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_hashjoin = off; "
	        "SET LOCAL enable_mergejoin = off"));
	TRY(SQL_RUN(pg, &rows, decision_list, P_CTEXT(request->environment), P_CTEXT(request->channel),
	        P_CTEXT(request->audience_id), P_TIME(listing->since_us), P_TIME(listing->until_us),
	        P_TIME(after->time_us), P_I64(after->incarnation), P_I64(after->sequence),
	        P_I64(after->position), P_TEXT(after->runtime_id), P_I64((int64_t)listing->page_size + 1),
	        P_I64(request->one_in > 1 ? request->one_in : 1)));
	return fill_response(listing, rows);
}

void list_decisions(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const Services *services = service;
	ListDecisionsResponse response = PARLEY__DESIGN__V1__LIST_DECISIONS_RESPONSE__INIT;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	Listing listing = {
	        .request = (const ListDecisionsRequest *)request, .response = &response, .arena = arena};
	Err e = arena != NULL ? read_request(&listing) : no_memory();
	if (e == OK)
		e = store_read(services->store, read_page, &listing);
	if (e == OK && !response.n_decisions && !*listing.request->page_token)
		e = environment_asked(services->environments, services->store, listing.request->environment,
		        listing.request->channel);
	rpc_answer(call, e, &response.base);
}
