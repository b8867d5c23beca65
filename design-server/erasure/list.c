// VisitorService: its methods, and those that only read erasures.
#include "erasure/internal.h"

#include "store/page.h"

typedef Parley__Design__V1__ListErasuresRequest ListRequest;
typedef Parley__Design__V1__ListErasuresResponse ListResponse;
typedef Parley__Design__V1__GetErasureRequest GetRequest;
typedef Parley__Design__V1__GetErasureResponse GetResponse;

typedef struct List {
	const ListRequest *in;
	ListResponse *out;
	Arena *arena;
	Str query;
	int64_t before;
	size_t limit;
} List;

static Err check(List *list)
{
	Str position = {0};
	list->query = str(arena_printf(list->arena, "erasures %s", list->in->environment));
	if (!list->query.ptr)
		return erasure_no_memory();
	list->before = INT64_MAX;
	TRY(page_token_read(str(list->in->page_token), list->query, list->arena, &position));
	if (position.len && !str_to_i64(position, &list->before))
		return err_at(
		        ERR_PAGE_TOKEN_INVALID, "page_token", "give the token of the previous page, or none");
	return page_size(list->in->page_size, &list->limit);
}

static Err read_page(Pg *pg, void *context)
{
	List *list = context;
	ListResponse *out = list->out;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(SQL_RUN(pg, &rows, erasure_list, P_CTEXT(list->in->environment), P_I64(list->before),
	        P_I64((int64_t)list->limit + 1), P_I64(0)));
	TRY(erasure_messages(rows, list->arena, &out->erasures, &out->n_erasures));
	if (out->n_erasures <= list->limit)
		return OK;
	out->n_erasures = list->limit;
	Str last = str(arena_printf(list->arena, "%lld", (long long)out->erasures[list->limit - 1]->id));
	out->next_page_token = arena_cstr(list->arena, page_token_make(list->query, last, list->arena));
	return out->next_page_token ? OK : erasure_no_memory();
}

static void handle_list_erasures(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	const Erasures *erasures = context;
	ListResponse out = PARLEY__DESIGN__V1__LIST_ERASURES_RESPONSE__INIT;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	List list = {.in = (const ListRequest *)request, .out = &out, .arena = arena};
	Err e = arena ? check(&list) : erasure_no_memory();
	if (e == OK)
		e = store_read(erasures->services->store, read_page, &list);
	if (e == OK && !out.n_erasures && !*list.in->page_token)
		e = environment_asked(
		        erasures->environments, erasures->services->store, list.in->environment, "");
	rpc_answer(call, e, &out.base);
}

typedef struct Get {
	const GetRequest *in;
	Arena *arena;
	GetResponse *out;
} Get;

static Err read_one(Pg *pg, void *context)
{
	Get *get = context;
	return erasure_find(pg, str(get->in->environment), get->in->id, get->arena, &get->out->erasure);
}

static void handle_get_erasure(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	const Erasures *erasures = context;
	GetResponse out = PARLEY__DESIGN__V1__GET_ERASURE_RESPONSE__INIT;
	Get get = {.in = (const GetRequest *)request, .arena = rpc_arena(call), .out = &out};
	Err e = store_read(erasures->services->store, read_one, &get);
	rpc_answer(call, e, &out.base);
}

Err erasures_register(Erasures *erasures, RpcServer *server)
{
	static const RpcMethod methods[] = {
	        {.name = "ExportVisitor", .handler = handle_export_visitor, .blocking = true},
	        {.name = "EraseVisitor", .handler = handle_erase_visitor, .blocking = true},
	        {.name = "GetErasure", .handler = handle_get_erasure, .blocking = true},
	        {.name = "ListErasures", .handler = handle_list_erasures, .blocking = true},
	};
	return rpc_server_add(server, &parley__design__v1__visitor_service__descriptor, methods,
	        ARRAY_COUNT(methods), erasures);
}
