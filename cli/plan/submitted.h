// Plans in an environment: which one a person means, and how it stands.
#pragma once
#include "cli.h"
#include "planfile/planfile.h"

#include "parley/design/v1/plan.pb-c.h"
#include "parley/plan/v1/statement.pb-c.h"

typedef Parley__Design__V1__SubmittedPlan SubmittedPlan;
#define PLANS            (&parley__design__v1__plan_service__descriptor)
#define PLAN_STATE(name) PARLEY__DESIGN__V1__SUBMITTED_PLAN_STATE__SUBMITTED_PLAN_STATE_##name
#define SUBMITTED_COLUMNS                                                                                    \
	"PLAN:plan CHANNEL:channel/1 STATE:state AUTHOR:author/2 APPROVALS:approved DONE:done/4 OF:total/3 " \
	"REASON:reason"

typedef struct Submitted {
	const char *name; // as it was given
	const char *environment;
	ProtobufCBinaryData digest; // 32 bytes
	PlanFile *file;             // NULL: it is not in the workbench
} Submitted;

// A plan of the workbench by its name; else one of the environment that --env names by its digest, or by the
// first 8 or more digits of it. `needs_file`: only one of the workbench will do. Errors: RESOURCE_NOT_FOUND,
// PLAN_UNKNOWN, the command line's.
Err submitted_find(Cli *cli, bool needs_file, Submitted *ret);
void submitted_close(Submitted *submitted);

// How it stands; lives in `arena`. Error: PLAN_UNKNOWN.
Err submitted_get(Cli *cli, const Submitted *plan, Arena *arena, SubmittedPlan **ret);
// The same as JSON; *ret is a new reference.
json_t *submitted_json(const SubmittedPlan *plan);
// As a table or as JSON.
Err submitted_print(Cli *cli, const SubmittedPlan *plan);
// What rows of the history name as the cause, of a --plan: the name of a plan in the workbench, a digest, or
// plan: and 16 digits. Error: RESOURCE_NOT_FOUND.
Err submitted_source(Cli *cli, const char *text, const char **ret);
