// What a plan begins with: visitor state and profiles, as files in the workbench.
#pragma once
#include "cli.h"

// --state-file: a file, or a state that parley plan state made. NULL: none was asked for. Errors:
// RESOURCE_NOT_FOUND, FIELD_INVALID.
Err plan_state_path(Cli *cli, const char **ret);
// --profiles, or what the profile database (--database) has now of everybody in the set, read by
// parley-runtime. NULL: neither was asked for. A plan that was broken off goes on with what was read for it.
// Errors: usage, IO, DB_UNAVAILABLE.
Err plan_profiles_path(Cli *cli, const char *plan, const char *set, const char *snapshot, const char **ret);
