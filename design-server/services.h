// What every service of the design server is given, and who may call what. A folder with services has one
// function that adds them to the server, `Err NAME_register(Services *services, RpcServer *server)`; its
// handlers get the Services.
#pragma once
#include "base/clock.h"
#include "rpc/rpc.h"
#include "store/store.h"

struct DesignConfig; // config.h

typedef struct Services {
	Store *store;
	Clock clock;
	const struct DesignConfig *config;
} Services;

// The least that a method asks for: RpcMethod.access. A method that forgets it is open to nobody.
typedef enum Access {
	ACCESS_NOBODY = 0,
	ACCESS_ANYONE, // Login only
	ACCESS_VIEWER, // users' roles; each may do what the ones before it may
	ACCESS_DESIGNER,
	ACCESS_APPROVER,
	ACCESS_ADMINISTRATOR,
	ACCESS_RUNTIME, // a runtime server by its certificate, and nobody else
} Access;

// Who calls: rpc_principal() of a call that is not ACCESS_ANYONE.
typedef struct Principal {
	Access role;       // of a user; ACCESS_RUNTIME for a runtime server
	Str user;          // the login name; empty for a runtime server
	int64_t expire_us; // of the user's token
	Str environment;   // of a runtime server, from its certificate
	Str runtime_id;
} Principal;
