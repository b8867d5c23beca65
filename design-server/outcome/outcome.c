// The service's methods. All wait for the database, so they run on worker threads.
#include "outcome/internal.h"

static const RpcMethod methods[] = {
        {.name = "ImportOutcomes",
                .handler = import_outcomes,
                .blocking = true,
                .max_request = OUTCOME_IMPORT_REQUEST_MAX},
        {.name = "GetOutcome", .handler = get_outcome, .blocking = true},
        {.name = "ListOutcomes", .handler = list_outcomes, .blocking = true},
};

Err outcome_register(Services *services, RpcServer *server)
{
	return rpc_server_add(server, &parley__design__v1__outcome_service__descriptor, methods,
	        ARRAY_COUNT(methods), services);
}
