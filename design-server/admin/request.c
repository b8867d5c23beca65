// The answer is kept in the transaction of the change itself, so a request that is sent again, by a client
// that never saw the answer, gets that answer and changes nothing.
#include "admin/request.h"

#include "admin/call.h"
#include "admin/message.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "wire/wire.h"

#include <sodium.h>

enum { REQUEST_ID_MAX = 128 };
#define KEPT_US (86400 * US_PER_S)

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for the request's ID: try again later");
}

static Err check_id(Str id)
{
	for (size_t i = 0; i < id.len; i++)
		if (id.ptr[i] <= ' ' || id.ptr[i] > '~' || i >= REQUEST_ID_MAX)
			return err_at(ERR_FIELD_INVALID, "request_id",
			        "request_id is 1 to %d printable ASCII characters, such as a UUID",
			        REQUEST_ID_MAX);
	return OK;
}

static Err hash_body(const char *method, const ProtobufCMessage *request, Arena *arena, Str *ret)
{
	uint8_t *hash = arena_alloc(arena, crypto_hash_sha256_BYTES);
	crypto_hash_sha256_state state;
	Str bytes;
	if (!hash)
		return no_memory();
	TRY(wire_pack(request, arena, &bytes));
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)method, strlen(method) + 1);
	crypto_hash_sha256_update(&state, (const uint8_t *)bytes.ptr, bytes.len);
	crypto_hash_sha256_final(&state, hash);
	*ret = str_n((const char *)hash, crypto_hash_sha256_BYTES);
	return OK;
}

Err request_make(
        Str actor, Str id, const char *method, const ProtobufCMessage *request, Arena *arena, Request *ret)
{
	*ret = (Request){.actor = actor, .id = id};
	TRY(check_id(id));
	return id.len ? hash_body(method, request, arena, &ret->hash) : OK;
}

Err request_lock(Pg *pg, const Request *request)
{
	if (!request->id.len)
		return OK;
	return SQL_RUN(pg, NULL, request_lock, P_TEXT(request->actor), P_TEXT(request->id));
}

Err request_find(Pg *pg, const Request *request, int64_t now_us, Arena *arena, Str *ret_response)
{
	CLEANUP(pg_result_freep) PgResult *known = NULL;
	*ret_response = (Str){0};
	if (!request->id.len)
		return OK;
	TRY(SQL_RUN(pg, &known, request_get, P_TEXT(request->actor), P_TEXT(request->id),
	        P_TIME(now_us - KEPT_US)));
	if (!pg_rows(known))
		return OK;
	if (!str_eq(pg_bytes(known, 0, 0, arena), request->hash))
		return err_at(ERR_REQUEST_ID_REUSED, "request_id",
		        "request_id \"" STR_FMT
		        "\" was used for another request within a day: give each request its own",
		        STR_ARG(request->id));
	*ret_response = pg_bytes(known, 0, 1, arena);
	return ret_response->ptr ? OK : no_memory();
}

Err request_keep(
        Pg *pg, const Request *request, const ProtobufCMessage *response, int64_t now_us, Arena *arena)
{
	CLEANUP(pg_result_freep) PgResult *done = NULL;
	int64_t oldest = now_us - KEPT_US;
	Str packed;
	if (!request->id.len)
		return OK;
	TRY(wire_pack(response, arena, &packed));
	TRY(SQL_RUN(pg, NULL, request_expire, P_TIME(oldest)));
	TRY(SQL_RUN(pg, &done, request_keep, P_TEXT(request->actor), P_TEXT(request->id),
	        P_BYTES(request->hash), P_BYTES(packed), P_TIME(now_us), P_TIME(oldest)));
	if (pg_affected(done))
		return OK;
	return err(ERR_DB_CONFLICT, "the same request is being answered at this moment: try again");
}

Err request_once(Pg *pg, AdminCall *call, Verb verb)
{
	const char *method = arena_printf(call->arena, "%s/%s", call->kind->name, call->method->name);
	Request request;
	Str known;
	call->response = NULL;
	if (!method)
		return no_memory();
	TRY(request_make(call->who->user, message_str(call->request, "request_id"), method, call->request,
	        call->arena, &request));
	TRY(request_lock(pg, &request));
	TRY(request_find(pg, &request, call->now_us, call->arena, &known));
	if (known.ptr)
		return wire_unpack(call->method->output, known, 0, call->arena, &call->response);
	TRY(verb(pg, call));
	return request_keep(pg, &request, call->response, call->now_us, call->arena);
}
