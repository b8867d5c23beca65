// Moments and periods on the command line.
#pragma once
#include "cli.h"

// The moment that an option was given: RFC 3339, a day (its begin, UTC), or a duration, which is so long
// before now. `fallback_us` if it was not given.
Err cli_moment(Cli *cli, OptionId id, int64_t fallback_us, int64_t *ret_us);
// The same as a member of a request, if it was given.
Err cli_moment_field(Cli *cli, OptionId id, const char *field, json_t *request);
