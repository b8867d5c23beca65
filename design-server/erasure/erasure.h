// What is known of one visitor: handed out, and erased in the database and on every runtime server of an
// environment. An erasure is a row of a table with a place for the database and for each server, and a thread
// carries them out; so it goes on whoever dies, and servers that were away do it when they are back.
// README.md tells where visitors are known, and what is left of them.
#pragma once
#include "environment/environment.h"
#include "services.h"

typedef struct Erasures Erasures;

// Starts the thread. `services` and `environments` outlive it. Error: NO_MEMORY.
Err erasures_new(Services *services, const Environments *environments, Erasures **ret);
// Ends behind the place that it is at. NULL is fine.
void erasures_free(Erasures *erasures);
// Adds VisitorService.
Err erasures_register(Erasures *erasures, RpcServer *server);
