// A runtime server as a place: it is told to forget the visitor, then asked until its journal is rid of him,
// and at last what it had recorded before it forgot, and shipped since, is deleted here.
#include "erasure/internal.h"

#include "config.h"

#include "parley/runtime/v1/control.pb-c.h"

#include <inttypes.h>

enum { ERASE_CALL_MS = 300000 };

typedef Parley__Runtime__V1__EraseRequest Request;
typedef Parley__Runtime__V1__EraseResponse Response;

typedef struct Asked {
	Erasures *erasures;
	const ErasePlace *place;
	const Response *response;
	Arena *arena;
	int64_t now_us;
} Asked;

static const EnvironmentServer *find_server(const Erasures *erasures, const ErasePlace *place)
{
	const Environment *environment;
	if (environment_find(erasures->environments, place->visitor.environment, &environment) != OK)
		return NULL;
	for (size_t i = 0; i < environment->servers.count; i++)
		if (str_eq(environment_server(environment, i)->name, place->name))
			return environment_server(environment, i);
	return NULL;
}

static Err ask(Erasures *erasures, const EnvironmentServer *server, const ErasePlace *place, Arena *arena,
        const Response **ret)
{
	CLEANUP(rpc_client_freep) RpcClient *client = NULL;
	ProtobufCMessage *response = NULL;
	const struct DesignConfig *config = erasures->services->config;
	const RpcTls tls = {.certificate_file = arena_cstr(arena, config->tls.certificate),
	        .key_file = arena_cstr(arena, config->tls.key),
	        .ca_file = arena_cstr(arena, config->tls.ca)};
	Request request = PARLEY__RUNTIME__V1__ERASE_REQUEST__INIT;
	request.erasure = arena_printf(arena, "%" PRId64, place->erasure);
	request.audience_level = arena_cstr(arena, place->visitor.level);
	request.audience_id = arena_cstr(arena, place->visitor.id);
	request.incarnation = (uint64_t)place->incarnation;
	request.sequence = (uint64_t)place->sequence;
	if (!request.erasure || !request.audience_level || !request.audience_id)
		return erasure_no_memory();
	TRY(rpc_client_new(
	        &(RpcClientOptions){.target = arena_cstr(arena, server->address),
	                .tls = &tls,
	                .tls_name = server->tls_name.len ? arena_cstr(arena, server->tls_name) : NULL},
	        &client));
	TRY(rpc_call(client, &parley__runtime__v1__control_service__descriptor, "Erase", &request.base,
	        ERASE_CALL_MS, arena, &response));
	*ret = (const Response *)(const void *)response;
	return OK;
}

static Err keep_forgotten(Pg *pg, void *context)
{
	const Asked *asked = context;
	const Response *in = asked->response;
	const char *found = arena_printf(asked->arena,
	        "{\"sessions\":%" PRIu64 ",\"states\":%" PRIu64 ",\"recommendations\":%" PRIu64
	        ",\"files\":%" PRIu64 "}",
	        in->sessions, in->states, in->recommendations, in->files);
	if (!found)
		return erasure_no_memory();
	return SQL_RUN(pg, NULL, erasure_forgot, P_I64(asked->place->erasure), P_TEXT(asked->place->name),
	        P_CTEXT(in->runtime_id), P_I64((int64_t)in->incarnation), P_I64((int64_t)in->sequence),
	        P_JSON(str(found)), P_TIME(asked->now_us));
}

static Err is_shipped(Pg *pg, const ErasePlace *place, bool *ret)
{
	CLEANUP(pg_result_freep) PgResult *row = NULL;
	if (place->sequence == 0) {
		*ret = true;
		return OK;
	}
	TRY(SQL_RUN(pg, &row, erasure_shipped, P_TEXT(place->visitor.environment), P_TEXT(place->runtime_id),
	        P_I64(place->incarnation), P_I64(place->sequence)));
	*ret = pg_bool(row, 0, 0);
	return OK;
}

static Err finish(Pg *pg, void *context)
{
	const Asked *asked = context;
	ErasePlace place = *asked->place;
	Str counts = {0};
	bool shipped = false;
	place.runtime_id = str(asked->response->runtime_id);
	place.incarnation = (int64_t)asked->response->incarnation;
	place.sequence = (int64_t)asked->response->sequence;
	TRY(is_shipped(pg, &place, &shipped));
	if (!shipped)
		return err(ERR_UNAVAILABLE,
		        "the server's journal was not shipped to this database: does it ship to "
		        "another one?");
	TRY(place_sweep(pg, &place, true, asked->arena, &counts));
	return place_done(pg, &place, counts, asked->now_us, asked->arena);
}

// Whoever took it out of the profile says that it is no more; what it may still ship is dropped at ingest.
static Err finish_gone(Pg *pg, void *context)
{
	const Asked *asked = context;
	return place_done(pg, asked->place, STR("{\"not_in_profile\":1}"), asked->now_us, asked->arena);
}

Err server_erase(Erasures *erasures, const ErasePlace *place, Arena *arena)
{
	const EnvironmentServer *server = find_server(erasures, place);
	Store *store = erasures->services->store;
	Asked asked = {.erasures = erasures,
	        .place = place,
	        .arena = arena,
	        .now_us = clock_now_us(erasures->services->clock)};
	if (!server)
		return store_transact(store, finish_gone, &asked);
	TRY(ask(erasures, server, place, arena, &asked.response));
	if (!place->shipping)
		TRY(store_transact(store, keep_forgotten, &asked));
	if (!asked.response->clean)
		return err(ERR_UNAVAILABLE, "%s", asked.response->waiting);
	return store_transact(store, finish, &asked);
}
