// Request IDs. The answer is kept in the transaction of the change itself, so a request that is sent again,
// by a client that never saw the answer, gets that answer and changes nothing.
#include "admin/call.h"
#include "admin/message.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "wire/wire.h"

#include <sodium.h>

enum { REQUEST_ID_MAX = 128 };
#define KEPT_US (86400 * US_PER_S)

static Err check_id(Str id)
{
	for (size_t i = 0; i < id.len; i++)
		if (id.ptr[i] <= ' ' || id.ptr[i] > '~' || i >= REQUEST_ID_MAX)
			return err_at(ERR_FIELD_INVALID, "request_id",
			        "request_id is 1 to %d printable ASCII characters, such as a UUID",
			        REQUEST_ID_MAX);
	return OK;
}

static Err hash_body(const AdminCall *call, uint8_t hash[crypto_hash_sha256_BYTES])
{
	Str bytes;
	crypto_hash_sha256_state state;
	TRY(wire_pack(call->request, call->arena, &bytes));
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(
	        &state, (const uint8_t *)call->method->name, strlen(call->method->name) + 1);
	crypto_hash_sha256_update(&state, (const uint8_t *)call->kind->name, strlen(call->kind->name) + 1);
	crypto_hash_sha256_update(&state, (const uint8_t *)bytes.ptr, bytes.len);
	crypto_hash_sha256_final(&state, hash);
	return OK;
}

// Sets call->response if the ID is known.
static Err replay(Pg *pg, AdminCall *call, Str id, Str hash)
{
	CLEANUP(pg_result_freep) PgResult *known = NULL;
	TRY(SQL_RUN(pg, &known, request_get, P_TEXT(call->who->user), P_TEXT(id),
	        P_TIME(call->now_us - KEPT_US)));
	if (!pg_rows(known))
		return OK;
	if (!str_eq(pg_bytes(known, 0, 0, call->arena), hash))
		return err_at(ERR_REQUEST_ID_REUSED, "request_id",
		        "request_id \"" STR_FMT
		        "\" was used for another request within a day: give each request its own",
		        STR_ARG(id));
	return wire_unpack(
	        call->method->output, pg_bytes(known, 0, 1, call->arena), 0, call->arena, &call->response);
}

static Err keep(Pg *pg, const AdminCall *call, Str id, Str hash)
{
	CLEANUP(pg_result_freep) PgResult *done = NULL;
	Str response;
	int64_t oldest = call->now_us - KEPT_US;
	TRY(wire_pack(call->response, call->arena, &response));
	TRY(SQL_RUN(pg, NULL, request_expire, P_TIME(oldest)));
	TRY(SQL_RUN(pg, &done, request_keep, P_TEXT(call->who->user), P_TEXT(id), P_BYTES(hash),
	        P_BYTES(response), P_TIME(call->now_us), P_TIME(oldest)));
	if (pg_affected(done))
		return OK;
	return err(ERR_DB_CONFLICT, "the same request is being answered at this moment: try again");
}

Err request_once(Pg *pg, AdminCall *call, Verb verb)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	Str id = message_str(call->request, "request_id"), body = str_n((const char *)hash, sizeof(hash));
	call->response = NULL;
	TRY(check_id(id));
	if (!id.len)
		return verb(pg, call);
	TRY(hash_body(call, hash));
	// The same request sent twice at once: the second waits for the first one's answer.
	TRY(SQL_RUN(pg, NULL, request_lock, P_TEXT(call->who->user), P_TEXT(id)));
	TRY(replay(pg, call, id, body));
	if (call->response)
		return OK;
	TRY(verb(pg, call));
	return keep(pg, call, id, body);
}
