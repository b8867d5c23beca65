// OrphanService: its methods, and those that only read.
#include "match/internal.h"
#include "match/words.h"

#include "store/page.h"

typedef Parley__Design__V1__ListLateResponsesRequest ListRequest;
typedef Parley__Design__V1__ListLateResponsesResponse ListResponse;

// --- a page ---

typedef struct List {
	const ListRequest *in;
	ListResponse *out;
	Arena *arena;
	const char *state;
	Str query;
	int64_t before;
	size_t limit;
} List;

static Err check(List *list)
{
	const ListRequest *in = list->in;
	Str position = {0};
	list->state = late_state_name((int)in->state);
	if (list->state == NULL)
		return err_at(ERR_FIELD_INVALID, "state", "there is no state %d", (int)in->state);
	list->query = str(arena_printf(list->arena, "late %s %zu:%s %zu:%s %s", list->state,
	        strlen(in->environment), in->environment, strlen(in->reason), in->reason, in->channel));
	if (list->query.ptr == NULL)
		return err(ERR_NO_MEMORY, "no memory for late responses; ask for fewer");
	list->before = INT64_MAX;
	TRY(page_token_read(str(in->page_token), list->query, list->arena, &position));
	if (position.len > 0 && !str_to_i64(position, &list->before))
		return err_at(
		        ERR_PAGE_TOKEN_INVALID, "page_token", "give the token of the previous page, or none");
	return page_size(in->page_size, &list->limit);
}

static Err fill(List *list, const PgResult *rows)
{
	size_t found = pg_rows(rows), count = found < list->limit ? found : list->limit;
	ListResponse *out = list->out;
	out->late_responses = ARENA_ARRAY(list->arena, Parley__Design__V1__LateResponse *, count + 1);
	if (out->late_responses == NULL)
		return err(ERR_NO_MEMORY, "no memory for late responses; ask for fewer");
	for (; out->n_late_responses < count; out->n_late_responses++)
		TRY(late_message(rows, out->n_late_responses, list->arena,
		        &out->late_responses[out->n_late_responses]));
	if (found <= count)
		return OK;
	Str last = pg_text(rows, count - 1, 0);
	out->next_page_token = arena_cstr(list->arena, page_token_make(list->query, last, list->arena));
	return out->next_page_token != NULL ? OK : err(ERR_NO_MEMORY, "no memory for a page token");
}

static Err read_page(Pg *pg, void *context)
{
	List *list = context;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	list->out->n_late_responses = 0;
	TRY(pg_script(pg, STORE_TIMEOUT_MS, "SET LOCAL plan_cache_mode = force_custom_plan"));
	TRY(SQL_RUN(pg, &rows, late_list, P_CTEXT(list->in->environment), P_CTEXT(list->state),
	        P_CTEXT(list->in->reason), P_CTEXT(list->in->channel), P_I64(list->before),
	        P_I64((int64_t)list->limit + 1), P_I64(0)));
	return fill(list, rows);
}

static void handle_list_late_responses(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	const Matcher *matcher = context;
	ListResponse out = PARLEY__DESIGN__V1__LIST_LATE_RESPONSES_RESPONSE__INIT;
	List list = {.in = (const ListRequest *)request, .out = &out, .arena = rpc_arena(call)};
	Err e = check(&list);
	if (e == OK)
		e = store_read(matcher->services->store, read_page, &list);
	if (e == OK && !out.n_late_responses && !*list.in->page_token)
		e = environment_asked(matcher->environments, matcher->services->store, list.in->environment,
		        list.in->channel);
	rpc_answer(call, e, &out.base);
}

// --- one ---

typedef struct Get {
	const char *environment;
	int64_t id;
	Arena *arena;
	Parley__Design__V1__LateResponse *found;
} Get;

static Err read_one(Pg *pg, void *context)
{
	Get *get = context;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(SQL_RUN(pg, &rows, late_list, P_CTEXT(get->environment), P_CTEXT(""), P_CTEXT(""), P_CTEXT(""),
	        P_I64(INT64_MAX), P_I64(1), P_I64(get->id)));
	if (pg_rows(rows) == 0)
		return err_at(ERR_RESOURCE_NOT_FOUND, "id",
		        "there is no late response %lld here; \"parley orphans list\" has their numbers",
		        (long long)get->id);
	return late_message(rows, 0, get->arena, &get->found);
}

Err late_get(const Matcher *matcher, const char *environment, int64_t id, Arena *arena,
        Parley__Design__V1__LateResponse **ret)
{
	Get get = {.environment = environment, .id = id, .arena = arena};
	if (id <= 0)
		return err_at(ERR_FIELD_INVALID, "id", "give the number of a late response, from 1 on");
	Err e = store_read(matcher->services->store, read_one, &get);
	if (e == ERR_RESOURCE_NOT_FOUND)
		return environment_in_vain(matcher->environments, environment, e);
	TRY(e);
	*ret = get.found;
	return OK;
}

static void handle_get_late_response(void *matcher, RpcCall *call, const ProtobufCMessage *request)
{
	const Parley__Design__V1__GetLateResponseRequest *in = (const void *)request;
	Parley__Design__V1__GetLateResponseResponse out =
	        PARLEY__DESIGN__V1__GET_LATE_RESPONSE_RESPONSE__INIT;
	Err e = late_get(matcher, in->environment, in->id, rpc_arena(call), &out.late_response);
	rpc_answer(call, e, &out.base);
}

Err matcher_register(Matcher *matcher, RpcServer *server)
{
	static const RpcMethod methods[] = {
	        {.name = "ListLateResponses", .handler = handle_list_late_responses, .blocking = true},
	        {.name = "GetLateResponse", .handler = handle_get_late_response, .blocking = true},
	        {.name = "CountLateResponses", .handler = handle_count_late_responses, .blocking = true},
	        {.name = "MatchLateResponse", .handler = handle_match_late_response, .blocking = true},
	        {.name = "DiscardLateResponses", .handler = handle_discard_late_responses, .blocking = true},
	};
	return rpc_server_add(server, &parley__design__v1__orphan_service__descriptor, methods,
	        ARRAY_COUNT(methods), matcher);
}
