// The controller: brings the runtime servers of every environment to what was approved for them, step by
// step, watches how it fares there, and returns or goes on. It keeps what it does in PostgreSQL, so that it
// may die between any two steps; servers that were away are brought up when they are back.
#pragma once
#include "environment/environment.h"
#include "services.h"

#include "parley/design/v1/deployment.pb-c.h"

typedef struct Rollouts Rollouts;

// Starts its thread. `services` and `environments` must outlive it. Errors: NO_MEMORY, CONFIG_INVALID.
Err rollouts_new(Services *services, const Environments *environments, Rollouts **ret);
// Ends the pass that is under way, then the thread.
void rollouts_free(Rollouts *rollouts);
Err rollouts_register(Rollouts *rollouts, RpcServer *server);
// How the servers are, as far as this process knows.
struct Metrics;
void rollouts_metrics(Rollouts *rollouts, struct Metrics *metrics);

// In the transaction in which a deployment moves to ROLLING_OUT: records its first step.
Err rollout_begin(Pg *pg, int64_t deployment, const Environment *environment, int64_t now_us);
// After that transaction: do not wait for the next pass.
void rollouts_wake(Rollouts *rollouts);
// Waits until one whole pass over the environment has ended that began after this call, `timeout_ms` at most.
// False: it took longer.
bool rollouts_wait(Rollouts *rollouts, const Environment *environment, int timeout_ms);

// Hands a floor's envelope to a server, now, and begins a pass, which brings the server up to date. Errors:
// FLOOR_INVALID (the
// environment has no such server), what the server refuses it with, what keeps it from being reached.
Err rollouts_put_floor(
        Rollouts *rollouts, const Environment *environment, Str server, Str envelope, Arena *arena);

// What the servers of an environment run of a channel, asked now, all at once; and the last recorded part for
// those that do not answer. Sets `servers`, and `rollout` if one is under way.
Err rollouts_fill(Rollouts *rollouts, const Environment *environment, int64_t deployment_id, Arena *arena,
        Parley__Design__V1__Deployment *deployment);
