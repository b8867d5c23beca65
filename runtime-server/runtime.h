// A running runtime server: its parts, put together in the order in which they need each other and taken
// apart in reverse.
#pragma once
#include "config.h"

typedef struct Runtime Runtime;

// Opens journal and snapshots, then listens. Neither the design server nor the profile database is needed.
// `config` and `arena` outlive the Runtime. *ret is set, on failure too, to what must be closed. Errors: of
// every part.
Err runtime_open(const Config *config, Arena *arena, Runtime **ret);
// To be called about every second: what has to be done now and then.
void runtime_tick(Runtime *runtime);
// Has a checkpoint of visitor state written soon, by the thread that writes them.
void runtime_checkpoint(Runtime *runtime);
// Drains and closes.
void runtime_close(Runtime *runtime);
// Why the process has to end by itself; OK: it need not.
Err runtime_broken(const Runtime *runtime);
