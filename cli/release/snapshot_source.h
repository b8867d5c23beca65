// Where a snapshot comes from, as the command line says it: a file; ENVIRONMENT:CHANNEL[@VERSION] of the
// design server, also of a version that still waits for approvals; or working:CHANNEL, what is configured
// now.
#pragma once
#include "release/snapshot_fetch.h"

// The blob's bytes, in `arena`. Of a version that switches the channel off, none. Without @VERSION: what the
// environment's servers run.
Err snapshot_source(Cli *cli, const char *text, Arena *arena, Str *ret);
// Whether it names what an environment runs or a version of it, and not a file or what is configured.
bool snapshot_source_deployed(const char *text);
