// Deployments: DeploymentService, EvidenceService, RootService.
#pragma once
#include "environment/environment.h"
#include "rollout/rollout.h"
#include "services.h"

typedef struct Release Release;

// Reads the builder's key. What is given must outlive it. Errors: IO, CONFIG_INVALID, NO_MEMORY.
Err release_new(Services *services, const Environments *environments, Rollouts *rollouts, Release **ret);
void release_free(Release *release);
Err release_register(Release *release, RpcServer *server);
