// AuditService: reading what audit_write (store/audit.c) wrote.
#include "admin/admin_internal.h"
#include "admin/message.h"
#include "base/cleanup.h"
#include "store/page.h"

#include "parley/design/v1/audit.pb-c.h"

typedef Parley__Design__V1__AuditEntry Entry;

enum { PAGE_BYTES_MAX = 1024 * 1024 };

typedef struct AuditWork {
	const Parley__Design__V1__ListAuditEntriesRequest *request;
	Parley__Design__V1__ListAuditEntriesResponse *response;
	Arena *arena;
} AuditWork;

static Err read_entry(const PgResult *rows, size_t row, Arena *arena, Entry **ret)
{
	Entry *entry = (void *)message_new(&parley__design__v1__audit_entry__descriptor, arena);
	if (!entry)
		return err(ERR_NO_MEMORY, "no memory for an audit entry");
	entry->id = pg_i64(rows, row, 0);
	TRY(message_set_time(&entry->base, "time", pg_time(rows, row, 1), arena));
	char **texts[] = {&entry->actor, &entry->action, &entry->kind, &entry->channel, &entry->name,
	        &entry->before, &entry->after};
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
		*texts[i] = arena_cstr(arena, pg_text(rows, row, 2 + i));
	*ret = entry;
	return OK;
}

static Err list(Pg *pg, void *context)
{
	AuditWork *work = context;
	const Parley__Design__V1__ListAuditEntriesRequest *request = work->request;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	size_t max, bytes = 0;
	Str position;
	int64_t before = INT64_MAX;
	Str query = str(arena_printf(
	        work->arena, "audit\n%s\n%s\n%s", request->kind, request->channel, request->name));
	TRY(page_size(request->page_size, &max));
	TRY(page_token_read(str(request->page_token), query, work->arena, &position));
	if (position.len)
		(void)str_to_i64(position, &before);
	TRY(SQL_RUN(pg, &rows, audit_page, P_CTEXT(request->kind), P_CTEXT(request->channel),
	        P_CTEXT(request->name), P_I64(before), P_I64((int64_t)max + 1)));
	work->response->entries = ARENA_ARRAY(work->arena, Entry *, max);
	size_t count = 0;
	for (; count < pg_rows(rows) && count < max && bytes < PAGE_BYTES_MAX; count++) {
		TRY(read_entry(rows, count, work->arena, &work->response->entries[count]));
		bytes += pg_text(rows, count, 7).len + pg_text(rows, count, 8).len;
	}
	work->response->n_entries = count;
	if (count < pg_rows(rows))
		message_set_str(&work->response->base, "next_page_token",
		        page_token_make(query, pg_text(rows, count - 1, 0), work->arena).ptr);
	return OK;
}

static void handle_list(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	Admin *admin = service;
	Parley__Design__V1__ListAuditEntriesResponse response =
	        PARLEY__DESIGN__V1__LIST_AUDIT_ENTRIES_RESPONSE__INIT;
	AuditWork work = {.request = (const void *)request, .response = &response, .arena = rpc_arena(call)};
	Err failed = store_run(admin->services->store, list, &work);
	if (failed == OK)
		rpc_reply(call, &response.base);
	else
		rpc_fail(call, failed);
}

Err audit_register(Admin *admin, RpcServer *server)
{
	static const RpcMethod methods[] = {
	        {.name = "ListAuditEntries", .handler = handle_list, .blocking = true},
	};
	return rpc_server_add(
	        server, &parley__design__v1__audit_service__descriptor, methods, ARRAY_COUNT(methods), admin);
}
