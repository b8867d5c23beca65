// GetOutcome and ListOutcomes.
#include "outcome/internal.h"

#include "base/cleanup.h"
#include "environment/environment.h"
#include "store/page.h"
#include "wire/timestamp.h"

#include <inttypes.h>
#include <stdio.h>

typedef Parley__Design__V1__Outcome Outcome;
typedef Parley__Design__V1__OutcomeChange Change;
typedef Parley__Design__V1__GetOutcomeRequest GetRequest;
typedef Parley__Design__V1__GetOutcomeResponse GetResponse;
typedef Parley__Design__V1__ListOutcomesRequest ListRequest;
typedef Parley__Design__V1__ListOutcomesResponse ListResponse;

// --- rows ---

static char *text_at(const PgResult *rows, size_t row, size_t column, Arena *arena)
{
	return arena_cstr(arena, pg_text(rows, row, column));
}

static Err outcome_at(const PgResult *rows, size_t row, Arena *arena, Outcome **ret)
{
	Outcome *outcome = ARENA_NEW(arena, Outcome);
	if (!outcome)
		return outcome_no_memory();
	parley__design__v1__outcome__init(outcome);
	outcome->environment = text_at(rows, row, 0, arena);
	outcome->treatment_code = text_at(rows, row, 1, arena);
	outcome->outcome = text_at(rows, row, 2, arena);
	outcome->since = wire_timestamp(pg_time(rows, row, 3), arena);
	outcome->changes = pg_i64(rows, row, 4);
	outcome->channel = text_at(rows, row, 5, arena);
	outcome->audience_level = text_at(rows, row, 6, arena);
	outcome->audience_id = text_at(rows, row, 7, arena);
	outcome->offer_code = text_at(rows, row, 8, arena);
	outcome->campaign = text_at(rows, row, 9, arena);
	outcome->cell = text_at(rows, row, 10, arena);
	*ret = outcome;
	return outcome->cell ? OK : outcome_no_memory();
}

static Err change_at(const PgResult *rows, size_t row, Arena *arena, Change **ret)
{
	Change *change = ARENA_NEW(arena, Change);
	if (!change)
		return outcome_no_memory();
	parley__design__v1__outcome_change__init(change);
	change->time = wire_timestamp(pg_time(rows, row, 0), arena);
	change->from = text_at(rows, row, 1, arena);
	change->to = text_at(rows, row, 2, arena);
	change->source = text_at(rows, row, 3, arena);
	change->event_id = text_at(rows, row, 4, arena);
	change->recorded = wire_timestamp(pg_time(rows, row, 5), arena);
	change->refused = pg_bool(rows, row, 6);
	*ret = change;
	return change->recorded ? OK : outcome_no_memory();
}

// --- one treatment ---

typedef struct Get {
	const GetRequest *request;
	GetResponse *response;
	Arena *arena;
} Get;

static Err read_one(Pg *pg, void *context)
{
	Get *get = context;
	const PgParam key[] = {P_CTEXT(get->request->environment), P_CTEXT(get->request->treatment_code)};
	CLEANUP(pg_result_freep) PgResult *found = NULL;
	CLEANUP(pg_result_freep) PgResult *path = NULL;
	CLEANUP(pg_result_freep) PgResult *refused = NULL;
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_outcome_get, key, ARRAY_COUNT(key), &found));
	if (!pg_rows(found))
		return err_at(ERR_RESOURCE_NOT_FOUND, "treatment_code",
		        "no outcome of treatment %s is known in %s: it may still be matched, or be an orphan",
		        get->request->treatment_code, get->request->environment);
	TRY(outcome_at(found, 0, get->arena, &get->response->outcome));
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_outcome_path, key, ARRAY_COUNT(key), &path));
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_outcome_refused, key, ARRAY_COUNT(key), &refused));
	size_t steps = pg_rows(path), count = steps + pg_rows(refused);
	get->response->n_changes = 0;
	get->response->changes = ARENA_ARRAY(get->arena, Change *, count + 1);
	if (!get->response->changes)
		return outcome_no_memory();
	for (size_t i = 0; i < count; i++)
		TRY(change_at(i < steps ? path : refused, i < steps ? i : i - steps, get->arena,
		        &get->response->changes[get->response->n_changes++]));
	return OK;
}

void get_outcome(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const Services *services = service;
	GetResponse response = PARLEY__DESIGN__V1__GET_OUTCOME_RESPONSE__INIT;
	Get get = {(const GetRequest *)request, &response, rpc_arena(call)};
	Err e = OK;
	if (!*get.request->environment)
		e = err_at(ERR_FIELD_MISSING, "environment", "name the environment");
	else if (!*get.request->treatment_code)
		e = err_at(ERR_FIELD_MISSING, "treatment_code", "name the treatment");
	else
		e = store_read(services->store, read_one, &get);
	if (e == ERR_RESOURCE_NOT_FOUND)
		e = environment_in_vain(services->environments, get.request->environment, e);
	rpc_answer(call, e, &response.base);
}

// --- many ---

typedef struct Listing {
	const ListRequest *request;
	ListResponse *response;
	Arena *arena;
	size_t page_size;
	Str query; // what the token is bound to
	int64_t before_us;
	Str before; // the treatment
} Listing;

static Err read_position(Listing *listing)
{
	const ListRequest *in = listing->request;
	Str position = {0};
	listing->query = str(arena_printf(listing->arena, "outcomes %zu:%s %zu:%s %zu:%s %zu:%s %zu:%s %s",
	        strlen(in->environment), in->environment, strlen(in->outcome), in->outcome,
	        strlen(in->channel), in->channel, strlen(in->audience_id), in->audience_id,
	        strlen(in->offer_code), in->offer_code, in->campaign));
	if (!listing->query.ptr)
		return outcome_no_memory();
	TRY(page_size(in->page_size, &listing->page_size));
	TRY(page_token_read(str(in->page_token), listing->query, listing->arena, &position));
	listing->before_us = INT64_C(7258118400000000); // 2200-01-01
	if (!position.len)
		return OK;
	int used = 0;
	const char *text = arena_cstr(listing->arena, position);
	if (!text || sscanf(text, "%" SCNd64 " %n", &listing->before_us, &used) != 1)
		return err_at(
		        ERR_PAGE_TOKEN_INVALID, "page_token", "give the token of the previous page, or none");
	listing->before = str(text + used);
	return OK;
}

static Err fill_token(Listing *listing, const PgResult *rows, size_t row)
{
	char *position = arena_printf(listing->arena, "%" PRId64 " " STR_FMT, pg_time(rows, row, 3),
	        STR_ARG(pg_text(rows, row, 1)));
	if (!position)
		return outcome_no_memory();
	listing->response->next_page_token =
	        arena_cstr(listing->arena, page_token_make(listing->query, str(position), listing->arena));
	return listing->response->next_page_token ? OK : outcome_no_memory();
}

static Err read_page(Pg *pg, void *context)
{
	Listing *listing = context;
	const ListRequest *in = listing->request;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	// Which index serves depends on which filters are empty, so each question is planned for itself.
	TRY(pg_script(pg, STORE_TIMEOUT_MS, "SET LOCAL plan_cache_mode = force_custom_plan"));
	TRY(SQL_RUN(pg, &rows, outcome_list, P_CTEXT(in->environment), P_CTEXT(in->outcome),
	        P_CTEXT(in->channel), P_CTEXT(in->audience_id), P_CTEXT(in->offer_code),
	        P_CTEXT(in->campaign), P_TIME(listing->before_us), P_TEXT(listing->before),
	        P_I64((int64_t)listing->page_size + 1)));
	size_t found = pg_rows(rows), count = found < listing->page_size ? found : listing->page_size;
	listing->response->outcomes = ARENA_ARRAY(listing->arena, Outcome *, count + 1);
	if (!listing->response->outcomes)
		return outcome_no_memory();
	for (size_t i = 0; i < count; i++)
		TRY(outcome_at(rows, i, listing->arena, &listing->response->outcomes[i]));
	listing->response->n_outcomes = count;
	return found > count ? fill_token(listing, rows, count - 1) : OK;
}

void list_outcomes(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const Services *services = service;
	ListResponse response = PARLEY__DESIGN__V1__LIST_OUTCOMES_RESPONSE__INIT;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	Listing listing = {.request = (const ListRequest *)request, .response = &response, .arena = arena};
	Err e = arena ? read_position(&listing) : outcome_no_memory();
	if (e == OK)
		e = store_read(services->store, read_page, &listing);
	if (e == OK && !response.n_outcomes && !*listing.request->page_token)
		e = environment_asked(services->environments, services->store, listing.request->environment,
		        listing.request->channel);
	rpc_answer(call, e, &response.base);
}
