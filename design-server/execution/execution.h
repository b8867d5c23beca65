// Plans that were submitted for an environment: kept, approved, held against the world, and executed once. An
// execution is a row with a cursor, and a thread carries it on batch by batch; so it goes on whoever dies.
// README.md tells what is checked, and what is not.
#pragma once
#include "environment/environment.h"
#include "services.h"

typedef struct Executions Executions;

// Starts the thread. `services` and `environments` outlive it. Error: NO_MEMORY.
Err executions_new(Services *services, const Environments *environments, Executions **ret);
// Ends behind the batch that it is at. NULL is fine.
void executions_free(Executions *executions);
// Adds PlanService.
Err executions_register(Executions *executions, RpcServer *server);
