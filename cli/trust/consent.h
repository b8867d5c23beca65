// Before somebody signs.
#pragma once
#include "cli.h"

// Asks at the terminal whether this is to be signed for the environment, unless --yes was given. Errors:
// CANCELLED, the command line's (there is no terminal).
Err consent_to_sign(Cli *cli, const char *environment);
