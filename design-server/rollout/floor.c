// A floor for one server, on a connection of its own: whoever brings it waits for what the server says, and
// the server's worker may be in the middle of something.
#include "rollout/internal.h"

enum { FLOOR_MS = 15000 };

static const EnvironmentServer *find(const Environment *environment, Str name)
{
	for (size_t i = 0; i < environment->servers.count; i++)
		if (str_eq(environment_server(environment, i)->name, name))
			return environment_server(environment, i);
	return NULL;
}

static void client_freep(RpcClient **client)
{
	rpc_client_free(*client);
}

static Err send(const Rollouts *rollouts, const EnvironmentServer *server, Str envelope, Arena *arena)
{
	CLEANUP(client_freep) RpcClient *client = NULL;
	Parley__Runtime__V1__PutFloorRequest request = PARLEY__RUNTIME__V1__PUT_FLOOR_REQUEST__INIT;
	ProtobufCMessage *response = NULL;
	RpcClientOptions options = {
	        .target = arena_cstr(arena, server->address),
	        .tls = &rollouts->tls,
	        .tls_name = server->tls_name.len ? arena_cstr(arena, server->tls_name) : NULL,
	};
	TRY(rpc_client_new(&options, &client));
	request.envelope =
	        (ProtobufCBinaryData){.len = envelope.len, .data = (uint8_t *)(uintptr_t)envelope.ptr};
	return rpc_call(client, &parley__runtime__v1__control_service__descriptor, "PutFloor", &request.base,
	        FLOOR_MS, arena, &response);
}

Err rollouts_put_floor(
        Rollouts *rollouts, const Environment *environment, Str server, Str envelope, Arena *arena)
{
	const EnvironmentServer *found = find(environment, server);
	if (!found)
		return err_at(ERR_FLOOR_INVALID, "envelope",
		        "the floor is for server \"" STR_FMT "\", but " STR_FMT
		        " has none of that name: see `parley environments " STR_FMT "`",
		        STR_ARG(server), STR_ARG(environment->name), STR_ARG(environment->name));
	Err e = send(rollouts, found, envelope, arena);
	if (e)
		return err_context(e, "server " STR_FMT, STR_ARG(server));
	rollouts_wake(rollouts);
	return OK;
}
