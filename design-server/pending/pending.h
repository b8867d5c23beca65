// PendingService: marks for deployment, and how the configuration differs from what environments run. What
// other rooms need of this one is configuration.h.
#pragma once
#include "environment/environment.h"
#include "services.h"

// All must outlive the server. Error: NO_MEMORY.
Err pending_register(Services *services, const Environments *environments, Arena *arena, RpcServer *server);
