// The parley-design program's own parts.
#pragma once
#include "config.h"
#include "services.h"

#include "base/file.h"
#include "base/log.h"

// --- config.c ---
extern const ConfigField design_config_fields[];
// Errors: as config_load.
Err design_config_load(const char *path, Arena *arena, DesignConfig *ret);

// --- serve.c ---
// Serves until SIGTERM or SIGINT; these are blocked in all threads.
Err design_serve(const DesignConfig *config, Arena *arena);

// --- notify.c ---
// Tells the service manager, if there is one (NOTIFY_SOCKET), such as "READY=1".
void notify(const char *state);
