// Verbs that only the runtime's own code can do become parley-runtime, or run it: it is looked for beside
// this program, then in the path.
#pragma once
#include "cli.h"

const char *runtime_program(Cli *cli);
// Becomes the program; words[0] is it, and NULL stands behind the last one. Returns only if it cannot:
// RESOURCE_NOT_FOUND.
Err runtime_become(const char **words);
// Runs it and waits; its exit code becomes this program's. Errors: IO, RESOURCE_NOT_FOUND.
Err runtime_run(Cli *cli, const char **words);
