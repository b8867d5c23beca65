#include "source/internal.h"

#include "store/page.h"

typedef Parley__Design__V1__ListSourceCodesRequest Request;
typedef Parley__Design__V1__ListSourceCodesResponse Response;

// The columns of source_code_page.
enum { ID, CODE, ENVIRONMENT, CHANNEL, OFFER, CAMPAIGN, CELL, ISSUED, ISSUER, EXPIRES };

typedef struct List {
	const Request *request;
	const Environments *environments;
	Response *response;
	Arena *arena;
	Str query; // what the token is bound to
	Str code;  // as the table has it; empty: all
	int64_t before;
	size_t limit;
} List;

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for a page of source codes");
}

static Err read_request(List *list)
{
	const Request *in = list->request;
	char code[LINK_SOURCE_CHARS + 1];
	Str position = {0};
	list->before = INT64_MAX;
	list->code = str(in->code);
	if (link_source_normalize(list->code, code))
		list->code = str(arena_printf(list->arena, "%.4s-%.4s-%.4s", code, code + 4, code + 8));
	list->query = str(arena_printf(list->arena, "source %zu:%s %zu:%s %zu:%s %s", strlen(in->environment),
	        in->environment, strlen(in->channel), in->channel, strlen(in->offer_code), in->offer_code,
	        in->code));
	if (!list->query.ptr)
		return no_memory();
	TRY(page_token_read(str(in->page_token), list->query, list->arena, &position));
	if (position.len && !str_to_i64(position, &list->before))
		return err_at(
		        ERR_PAGE_TOKEN_INVALID, "page_token", "give the token of the previous page, or none");
	return page_size(in->page_size, &list->limit);
}

static Str base_of(const List *list, Str environment)
{
	for (size_t i = 0; i < list->environments->count; i++)
		if (str_eq(list->environments->items[i].name, environment))
			return list->environments->items[i].links.base;
	return STR("");
}

static SourceCode *message_of(const List *list, const PgResult *rows, size_t i)
{
	const SourceRow row = {.code = pg_text(rows, i, CODE),
	        .environment = pg_text(rows, i, ENVIRONMENT),
	        .channel = pg_text(rows, i, CHANNEL),
	        .offer_code = pg_text(rows, i, OFFER),
	        .campaign = pg_text(rows, i, CAMPAIGN),
	        .cell = pg_text(rows, i, CELL),
	        .issuer = pg_text(rows, i, ISSUER),
	        .issued_us = pg_is_null(rows, i, ISSUED) ? 0 : pg_time(rows, i, ISSUED),
	        .expires_us = pg_is_null(rows, i, EXPIRES) ? 0 : pg_time(rows, i, EXPIRES)};
	return source_message(&row, base_of(list, row.environment), list->arena);
}

static Err fill(List *list, const PgResult *rows)
{
	size_t found = pg_rows(rows), count = found < list->limit ? found : list->limit;
	list->response->codes = ARENA_ARRAY(list->arena, SourceCode *, count + 1);
	if (!list->response->codes)
		return no_memory();
	for (size_t i = 0; i < count; i++)
		if (!(list->response->codes[i] = message_of(list, rows, i)))
			return no_memory();
	list->response->n_codes = count;
	if (found <= count)
		return OK;
	Str position = str(arena_printf(list->arena, "%lld", (long long)pg_i64(rows, count - 1, ID)));
	list->response->next_page_token =
	        arena_cstr(list->arena, page_token_make(list->query, position, list->arena));
	return list->response->next_page_token ? OK : no_memory();
}

static Err read_page(Pg *pg, void *context)
{
	List *list = context;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(SQL_RUN(pg, &rows, source_code_page, P_CTEXT(list->request->environment),
	        P_CTEXT(list->request->channel), P_CTEXT(list->request->offer_code), P_TEXT(list->code),
	        P_I64(list->before), P_I64((int64_t)list->limit + 1)));
	return fill(list, rows);
}

void handle_list_source_codes(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	const SourceCodes *codes = context;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Response response = PARLEY__DESIGN__V1__LIST_SOURCE_CODES_RESPONSE__INIT;
	List list = {.request = (const Request *)request,
	        .environments = codes->environments,
	        .response = &response,
	        .arena = arena};
	Err e = arena ? read_request(&list) : no_memory();
	if (e == OK)
		e = store_read(codes->services->store, read_page, &list);
	if (e == OK && !response.n_codes && !*list.request->page_token)
		e = environment_asked(codes->environments, codes->services->store, list.request->environment,
		        list.request->channel);
	rpc_answer(call, e, &response.base);
}
