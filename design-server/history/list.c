// A page is one query over all tables of the history, each giving at most a page's worth from its own index,
// merged by time. The position of a page is its last row's key.
#include "history/list.h"

#include "base/cleanup.h"
#include "decide/receipt.h"
#include "environment/environment.h"
#include "history/position.h"
#include "store/page.h"
#include "wire/timestamp.h"

#include <inttypes.h>

typedef Parley__Design__V1__HistoryEntry HistoryEntry;
typedef Parley__Design__V1__ListHistoryRequest ListHistoryRequest;
typedef Parley__Design__V1__ListHistoryResponse ListHistoryResponse;

enum {
	KIND_LEAST = PARLEY__DESIGN__V1__HISTORY_KIND__HISTORY_KIND_RECOMMENDATION,
	KIND_MOST = PARLEY__DESIGN__V1__HISTORY_KIND__HISTORY_KIND_OUTCOME,
	KINDS = KIND_MOST - KIND_LEAST + 1,
};

// The columns of history_list.
enum {
	TIME,
	KIND,
	ENVIRONMENT,
	CHANNEL,
	SESSION_ID,
	AUDIENCE_LEVEL,
	AUDIENCE_ID,
	POINT,
	OFFER,
	RULE,
	SEGMENT,
	TREATMENT,
	EVENT,
	EVENT_ID,
	SCORE,
	VERSION,
	RUNTIME_ID,
	INCARNATION,
	SEQUENCE,
	POSITION,
	CAMPAIGN,
	CELL,
	ORIGIN,
	CAUSE,
	TREATMENT_LEVEL,
	TREATMENT_AUDIENCE,
	RESPONSE,
	SEED
};

typedef struct Listing {
	const ListHistoryRequest *request;
	ListHistoryResponse *response;
	Arena *arena;
	int64_t kinds[KINDS];
	size_t kind_count;
	size_t page_size;
	Str query; // what the token is bound to
	int64_t since_us, until_us;
	HistoryKey before;
} Listing;

// --- what is asked ---

static Err read_kinds(Listing *listing)
{
	const ListHistoryRequest *request = listing->request;
	bool wanted[KIND_MOST + 1] = {0};
	for (size_t i = 0; i < request->n_kinds; i++) {
		int kind = (int)request->kinds[i];
		if (kind < KIND_LEAST || kind > KIND_MOST)
			return err_at(ERR_FIELD_INVALID, "kinds", "%d is no kind of history: give %d to %d",
			        kind, KIND_LEAST, KIND_MOST);
		wanted[kind] = true;
	}
	for (int kind = KIND_LEAST; kind <= KIND_MOST; kind++)
		if (wanted[kind] || request->n_kinds == 0)
			listing->kinds[listing->kind_count++] = kind;
	return OK;
}

static Err bind_query(Listing *listing)
{
	const ListHistoryRequest *request = listing->request;
	unsigned kinds = 0;
	for (size_t i = 0; i < listing->kind_count; i++)
		kinds |= 1U << listing->kinds[i];
	const char *filters[] = {request->environment, request->channel, request->session_id,
	        request->offer_code, request->treatment_code, request->event, request->audience_id,
	        request->plan};
	char *query = arena_printf(listing->arena, "history %x %" PRId64 " %" PRId64, kinds,
	        listing->since_us, listing->until_us);
	for (size_t i = 0; query && i < ARRAY_COUNT(filters); i++)
		query = arena_printf(listing->arena, "%s %zu:%s", query, strlen(filters[i]), filters[i]);
	listing->query = str(query);
	return listing->query.ptr ? OK : err(ERR_NO_MEMORY, "no memory for a page of history");
}

Err history_moment(const Google__Protobuf__Timestamp *time, const char *field, int64_t *ret_us)
{
	if (!time)
		return OK;
	if (time->seconds < HISTORY_LEAST_US / US_PER_S || time->seconds > HISTORY_BEYOND_US / US_PER_S ||
	        time->nanos < 0 || time->nanos >= 1000000000)
		return err_at(ERR_FIELD_INVALID, field, "the history is of the years 2000 to 2199");
	*ret_us = time->seconds * US_PER_S + time->nanos / 1000;
	return OK;
}

static Err read_period(Listing *listing)
{
	listing->since_us = HISTORY_LEAST_US;
	listing->until_us = HISTORY_BEYOND_US;
	TRY(history_moment(listing->request->since, "since", &listing->since_us));
	return history_moment(listing->request->until, "until", &listing->until_us);
}

static Err read_request(Listing *listing)
{
	TRY(read_kinds(listing));
	TRY(read_period(listing));
	TRY(page_size(listing->request->page_size, &listing->page_size));
	TRY(bind_query(listing));
	// The least key of that moment: what is before it in time.
	listing->before = (HistoryKey){listing->until_us, INT64_MIN, INT64_MIN, INT64_MIN, {"", 0}};
	return history_key_read(
	        listing->request->page_token, listing->query, listing->arena, &listing->before);
}

// --- what is answered ---

static char *text_of(const PgResult *rows, size_t row, size_t column, Arena *arena)
{
	return arena_cstr(arena, pg_text(rows, row, column));
}

// Empty but for recommendations.
static char *decision_of(const PgResult *rows, size_t row, Arena *arena)
{
	char id[DECISION_ID_SIZE] = "";
	if (pg_i64(rows, row, KIND) == KIND_LEAST)
		decision_id((uint64_t)pg_i64(rows, row, SEED), id);
	return arena_cstr(arena, str(id));
}

static void fill_entry(HistoryEntry *entry, const PgResult *rows, size_t row, Arena *arena)
{
	parley__design__v1__history_entry__init(entry);
	entry->time = wire_timestamp(pg_time(rows, row, TIME), arena);
	entry->kind = (Parley__Design__V1__HistoryKind)pg_i64(rows, row, KIND);
	entry->environment = text_of(rows, row, ENVIRONMENT, arena);
	entry->channel = text_of(rows, row, CHANNEL, arena);
	entry->session_id = text_of(rows, row, SESSION_ID, arena);
	entry->audience_level = text_of(rows, row, AUDIENCE_LEVEL, arena);
	entry->audience_id = text_of(rows, row, AUDIENCE_ID, arena);
	entry->interaction_point = text_of(rows, row, POINT, arena);
	entry->offer_code = text_of(rows, row, OFFER, arena);
	entry->treatment_rule = text_of(rows, row, RULE, arena);
	entry->segment = text_of(rows, row, SEGMENT, arena);
	entry->treatment_code = text_of(rows, row, TREATMENT, arena);
	entry->event = text_of(rows, row, EVENT, arena);
	entry->event_id = text_of(rows, row, EVENT_ID, arena);
	entry->score = pg_f64(rows, row, SCORE);
	entry->snapshot_version = (uint64_t)pg_i64(rows, row, VERSION);
	entry->runtime_id = text_of(rows, row, RUNTIME_ID, arena);
	entry->campaign = text_of(rows, row, CAMPAIGN, arena);
	entry->cell = text_of(rows, row, CELL, arena);
	entry->origin = text_of(rows, row, ORIGIN, arena);
	entry->cause_event_id = text_of(rows, row, CAUSE, arena);
	entry->treatment_audience_level = text_of(rows, row, TREATMENT_LEVEL, arena);
	entry->treatment_audience_id = text_of(rows, row, TREATMENT_AUDIENCE, arena);
	entry->response = text_of(rows, row, RESPONSE, arena);
	entry->decision_id = decision_of(rows, row, arena);
	if (str_starts(pg_text(rows, row, RUNTIME_ID), STR("plan:")))
		entry->plan = entry->runtime_id;
}

static HistoryKey key_of(const PgResult *rows, size_t row)
{
	return (HistoryKey){pg_time(rows, row, TIME), pg_i64(rows, row, INCARNATION),
	        pg_i64(rows, row, SEQUENCE), pg_i64(rows, row, POSITION), pg_text(rows, row, RUNTIME_ID)};
}

static Err fill_response(Listing *listing, const PgResult *rows)
{
	Arena *arena = listing->arena;
	size_t found = pg_rows(rows), count = found < listing->page_size ? found : listing->page_size;
	HistoryEntry *entries = ARENA_ARRAY(arena, HistoryEntry, count + 1);
	HistoryEntry **list = ARENA_ARRAY(arena, HistoryEntry *, count + 1);
	for (size_t i = 0; i < count; i++) {
		list[i] = &entries[i];
		fill_entry(&entries[i], rows, i, arena);
	}
	listing->response->entries = list;
	listing->response->n_entries = count;
	if (found == count)
		return OK;
	const HistoryKey last = key_of(rows, count - 1);
	return history_key_token(&last, listing->query, arena, &listing->response->next_page_token);
}

static Err read_page(Pg *pg, void *context)
{
	Listing *listing = context;
	const ListHistoryRequest *request = listing->request;
	const HistoryKey *before = &listing->before;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	// Which index serves depends on which filters are empty, so each question is planned for itself.
	TRY(pg_script(pg, STORE_TIMEOUT_MS, "SET LOCAL plan_cache_mode = force_custom_plan"));
	TRY(SQL_RUN(pg, &rows, history_list, P_CTEXT(request->environment), P_CTEXT(request->channel),
	        P_CTEXT(request->session_id), P_CTEXT(request->audience_id),
	        P_I64S(listing->kinds, listing->kind_count), P_TIME(before->time_us),
	        P_I64(before->incarnation), P_I64(before->sequence), P_I64(before->position),
	        P_TEXT(before->runtime_id), P_I64((int64_t)listing->page_size + 1),
	        P_CTEXT(request->offer_code), P_CTEXT(request->treatment_code), P_CTEXT(request->event),
	        P_TIME(listing->since_us), P_CTEXT(request->plan)));
	return fill_response(listing, rows);
}

void list_history(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const Services *services = service;
	ListHistoryResponse response = PARLEY__DESIGN__V1__LIST_HISTORY_RESPONSE__INIT;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	Listing listing = {
	        .request = (const ListHistoryRequest *)request, .response = &response, .arena = arena};
	Err e = arena ? read_request(&listing) : err(ERR_NO_MEMORY, "no memory for a page of history");
	if (e == OK)
		e = store_read(services->store, read_page, &listing);
	if (e == OK && !response.n_entries && !*listing.request->page_token)
		e = environment_asked(services->environments, services->store, listing.request->environment,
		        listing.request->channel);
	rpc_answer(call, e, &response.base);
}
