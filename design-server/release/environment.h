// Environments, as the deploy profiles declare them (README.md has the keys).
#pragma once
#include "base/config.h"

enum { ENVIRONMENTS_MAX = 32, SERVERS_MAX = 64 };

typedef struct EnvironmentServer {
	Str name, address;
	Str tls_name; // empty: the address's host
} EnvironmentServer;

typedef struct Environment {
	Str name, promotes_from, fleet;
	int64_t manifest_lifetime_us, epoch;
	ConfigList servers; // of EnvironmentServer
} Environment;

typedef struct Environments {
	const Environment *items; // each after the one that it promotes from
	size_t count;
} Environments;

// Reads every FOLDER/NAME/environment.yaml; a folder that is not there declares none. Errors: IO,
// CONFIG_INVALID.
Err environments_load(Str folder, Arena *arena, Environments *ret);
// Error: ENVIRONMENT_UNKNOWN, with those that there are.
Err environment_find(const Environments *environments, Str name, const Environment **ret);

static inline const EnvironmentServer *environment_server(const Environment *environment, size_t index)
{
	return (const EnvironmentServer *)environment->servers.items + index;
}
