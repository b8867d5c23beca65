// Deployments: the DeploymentService.
#pragma once
#include "services.h"

typedef struct Release Release;

// Reads environments and signing key. `services` must outlive it. Errors: IO, CONFIG_INVALID, NO_MEMORY.
Err release_new(Services *services, Release **ret);
void release_free(Release *release);
Err release_register(Release *release, RpcServer *server);
