// What every service of the design server is given, and who calls. A folder with services has one
// function that adds them to the server, `Err NAME_register(Services *services, RpcServer *server)`; its
// handlers get the Services.
#pragma once
#include "access.h"
#include "base/clock.h"
#include "rpc/rpc.h"
#include "store/store.h"

struct DesignConfig; // config.h
struct Environments; // environment/environment.h

typedef struct Services {
	Store *store;
	Clock clock;
	const struct DesignConfig *config;
	const struct Environments *environments; // NULL: it is not known which there are
	struct Tracer *tracer;                   // NULL: nothing is traced (trace/trace.h)
	struct Matcher *matcher;                 // of late responses; NULL: none (match/match.h)
	Store *ingest;  // works as the role that takes journals in and can do nothing else
	Store *reports; // as `store`, with connections of its own: a long report must not take the others'
	int report_timeout_ms;
} Services;

// What a user has been granted for one environment, or a runtime server is in its own.
typedef struct Granted {
	Str environment;
	unsigned callers; // bits of Callers
} Granted;

// Who calls: rpc_principal() of a call. NULL if the method is open to anyone.
typedef struct Principal {
	unsigned everywhere;   // bits of Callers that hold in all environments
	const Granted *grants; // and those that hold in one
	size_t grant_count;
	Str user;          // the login name; empty for a runtime server
	int64_t expire_us; // of the user's token
	Str environment;   // of a runtime server, from its certificate
	Str runtime_id;
} Principal;
