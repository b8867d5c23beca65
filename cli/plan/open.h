// What a plan of the workbench leads to: its file, the event set that it is over and the snapshot that it was
// made with.
#pragma once
#include "cli.h"
#include "decide/decide.h"
#include "eventset/eventset.h"
#include "planfile/planfile.h"

// Errors: RESOURCE_NOT_FOUND; those of plan_file_open.
Err plan_open(Cli *cli, const char *name, PlanFile **ret);
// Reads all of a plan and holds it against its digest; tells how far it is. Errors: as plan_file_verify.
Err plan_verify(const PlanFile *plan);
// The event set, under whatever name it is here now; NULL, and no name, if it is not here any more. Errors:
// those of workbench_names.
Err plan_set_open(Cli *cli, const PlanEnd *end, EventSet **ret, const char **ret_name);
// The snapshot ready to decide with, in `arena`; NULL if its bytes are not here any more. Errors: IO,
// SNAPSHOT_*, NO_MEMORY.
Err plan_snapshot_open(Cli *cli, const PlanEnd *end, Arena *arena, const Plan **ret);
