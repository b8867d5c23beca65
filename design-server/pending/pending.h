// PendingService: marks for deployment, and how the configuration differs from what environments run. What
// other rooms need of this one is configuration.h.
#pragma once
#include "services.h"

// Reads the environments. `services` and `arena` must outlive the server. Errors: IO, CONFIG_INVALID,
// NO_MEMORY.
Err pending_register(Services *services, Arena *arena, RpcServer *server);
