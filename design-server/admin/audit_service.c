// AuditService: reading what audit_write (store/audit.c) wrote.
#include "admin/admin_internal.h"
#include "admin/message.h"
#include "base/cleanup.h"
#include "environment/environment.h"
#include "store/page.h"

#include "parley/design/v1/audit.pb-c.h"

typedef Parley__Design__V1__AuditEntry Entry;

enum { PAGE_BYTES_MAX = 1024 * 1024 };

typedef struct AuditWork {
	const Parley__Design__V1__ListAuditEntriesRequest *request;
	Parley__Design__V1__ListAuditEntriesResponse *response;
	Arena *arena;
	bool channel_known, kind_known;
	Str kinds; // that there are
} AuditWork;

static ProtobufCBinaryData bytes_of(Str bytes)
{
	return (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)(uintptr_t)bytes.ptr};
}

static Err read_entry(const PgResult *rows, size_t row, Arena *arena, Entry **ret)
{
	Entry *entry = (void *)message_new(&parley__design__v1__audit_entry__descriptor, arena);
	if (!entry)
		return err(ERR_NO_MEMORY, "no memory for an audit entry");
	entry->id = pg_i64(rows, row, 0);
	entry->sequence = pg_i64(rows, row, 9);
	entry->hash = bytes_of(pg_bytes(rows, row, 10, arena));
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

// For who found nothing of a channel. One that was deleted is known: what is here of it may be of other kinds
// or names than were asked for.
static Err look_for_channel(Pg *pg, void *context)
{
	AuditWork *work = context;
	CLEANUP(pg_result_freep) PgResult *row = NULL;
	TRY(SQL_RUN(pg, &row, audit_knows_channel, P_CTEXT(work->request->channel)));
	work->channel_known = pg_bool(row, 0, 0);
	return OK;
}

static Err look_for_kind(Pg *pg, void *context)
{
	AuditWork *work = context;
	CLEANUP(pg_result_freep) PgResult *row = NULL;
	TRY(SQL_RUN(pg, &row, audit_knows_kind, P_CTEXT(work->request->kind)));
	work->kind_known = pg_bool(row, 0, 0);
	work->kinds = arena_str(work->arena, pg_text(row, 0, 1));
	return OK;
}

// Nothing was ever done to what has such a kind, or there is no such kind.
static Err check_kind(Store *store, AuditWork *work)
{
	const char *kind = work->request->kind;
	if (!*kind || kind_by_name(str(kind)))
		return OK;
	TRY(store_read(store, look_for_kind, work));
	return work->kind_known ? OK
	                        : err_at(ERR_FIELD_INVALID, "kind",
	                                  "the audit has no kind '%.80s' (it has: " STR_FMT ")", kind,
	                                  STR_ARG(work->kinds));
}

static Err list_entries(Store *store, AuditWork *work)
{
	TRY(store_run(store, list, work));
	if (work->response->n_entries || *work->request->page_token)
		return OK;
	TRY(check_kind(store, work));
	if (!*work->request->channel)
		return OK;
	TRY(store_read(store, look_for_channel, work));
	return work->channel_known ? OK : environment_channel_asked(store, work->request->channel);
}

// --- the chain ---

typedef struct ChainWork {
	const ProtobufCMessage *request;
	ProtobufCMessage *response;
	Arena *arena;
} ChainWork;

static Err read_chain(Pg *pg, void *context)
{
	ChainWork *work = context;
	const Parley__Design__V1__ReadAuditChainRequest *request = (const void *)work->request;
	Parley__Design__V1__ReadAuditChainResponse *response = (void *)work->response;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	size_t max, bytes = 0, count = 0;
	TRY(page_size(request->page_size, &max));
	TRY(SQL_RUN(pg, &rows, audit_chain_page, P_I64(request->after_sequence), P_I64((int64_t)max)));
	response->entries = ARENA_ARRAY(work->arena, Entry *, max);
	if (!response->entries)
		return err(ERR_NO_MEMORY, "no memory for a page");
	for (; count < pg_rows(rows) && bytes < PAGE_BYTES_MAX; count++) {
		TRY(read_entry(rows, count, work->arena, &response->entries[count]));
		bytes += pg_text(rows, count, 7).len + pg_text(rows, count, 8).len;
	}
	response->n_entries = count;
	return OK;
}

// A position is "ENVIRONMENT NUMBER".
static void read_position(Str position, Str *environment, int64_t *sequence)
{
	const char *blank = position.len ? memrchr(position.ptr, ' ', position.len) : NULL;
	if (!blank)
		return;
	*environment = str_n(position.ptr, (size_t)(blank - position.ptr));
	(void)str_to_i64(str_n(blank + 1, position.len - environment->len - 1), sequence);
}

static Err read_checkpoint(
        const PgResult *rows, size_t row, Arena *arena, Parley__Design__V1__AuditCheckpoint **ret)
{
	Parley__Design__V1__AuditCheckpoint *checkpoint =
	        (void *)message_new(&parley__design__v1__audit_checkpoint__descriptor, arena);
	if (!checkpoint)
		return err(ERR_NO_MEMORY, "no memory for a checkpoint");
	checkpoint->environment = arena_cstr(arena, pg_text(rows, row, 0));
	checkpoint->sequence = pg_i64(rows, row, 1);
	checkpoint->envelope = bytes_of(pg_bytes(rows, row, 2, arena));
	*ret = checkpoint;
	return OK;
}

static Err list_checkpoints(Pg *pg, void *context)
{
	ChainWork *work = context;
	const Parley__Design__V1__ListAuditCheckpointsRequest *request = (const void *)work->request;
	Parley__Design__V1__ListAuditCheckpointsResponse *response = (void *)work->response;
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	const Str query = STR("checkpoints");
	Str position, environment = {0};
	int64_t sequence = 0;
	size_t max, bytes = 0, count = 0;
	TRY(page_size(request->page_size, &max));
	TRY(page_token_read(str(request->page_token), query, work->arena, &position));
	read_position(position, &environment, &sequence);
	TRY(SQL_RUN(pg, &rows, audit_checkpoint_page, P_TEXT(environment), P_I64(sequence),
	        P_I64((int64_t)max + 1)));
	response->checkpoints = ARENA_ARRAY(work->arena, Parley__Design__V1__AuditCheckpoint *, max);
	if (!response->checkpoints)
		return err(ERR_NO_MEMORY, "no memory for a page");
	for (; count < pg_rows(rows) && count < max && bytes < PAGE_BYTES_MAX; count++) {
		TRY(read_checkpoint(rows, count, work->arena, &response->checkpoints[count]));
		bytes += response->checkpoints[count]->envelope.len;
	}
	response->n_checkpoints = count;
	if (count < pg_rows(rows)) {
		const Parley__Design__V1__AuditCheckpoint *last = response->checkpoints[count - 1];
		Str at = str(
		        arena_printf(work->arena, "%s %lld", last->environment, (long long)last->sequence));
		message_set_str(
		        &response->base, "next_page_token", page_token_make(query, at, work->arena).ptr);
	}
	return OK;
}

static void answer(Admin *admin, RpcCall *call, const ProtobufCMessage *request, StoreWork work,
        ProtobufCMessage *response)
{
	ChainWork chain = {.request = request, .response = response, .arena = rpc_arena(call)};
	Err failed = store_run(admin->services->store, work, &chain);
	rpc_answer(call, failed, response);
}

static void handle_chain(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	Parley__Design__V1__ReadAuditChainResponse response =
	        PARLEY__DESIGN__V1__READ_AUDIT_CHAIN_RESPONSE__INIT;
	answer(service, call, request, read_chain, &response.base);
}

static void handle_checkpoints(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	Parley__Design__V1__ListAuditCheckpointsResponse response =
	        PARLEY__DESIGN__V1__LIST_AUDIT_CHECKPOINTS_RESPONSE__INIT;
	answer(service, call, request, list_checkpoints, &response.base);
}

static void handle_list(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	Admin *admin = service;
	Parley__Design__V1__ListAuditEntriesResponse response =
	        PARLEY__DESIGN__V1__LIST_AUDIT_ENTRIES_RESPONSE__INIT;
	AuditWork work = {.request = (const void *)request, .response = &response, .arena = rpc_arena(call)};
	Err failed = list_entries(admin->services->store, &work);
	rpc_answer(call, failed, &response.base);
}

Err audit_register(Admin *admin, RpcServer *server)
{
	static const RpcMethod methods[] = {
	        {.name = "ListAuditEntries", .handler = handle_list, .blocking = true},
	        {.name = "ReadAuditChain", .handler = handle_chain, .blocking = true},
	        {.name = "ListAuditCheckpoints", .handler = handle_checkpoints, .blocking = true},
	};
	return rpc_server_add(
	        server, &parley__design__v1__audit_service__descriptor, methods, ARRAY_COUNT(methods), admin);
}
