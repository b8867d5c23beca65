// Roots as the command line says them: a first one, and the next one as a change of what there is.
#pragma once
#include "cli.h"
#include "snapshot/trust.h"
#include "snapshot/types.h"

// Root 1 by --env, --holder, --builder, --timestamp, --approver, --threshold, --approvals and --expires.
Err root_draft_first(Cli *cli, int64_t now_us, Root **ret);
// The root after `before`: without what --remove names, with what the others add.
Err root_draft_next(Cli *cli, const Root *before, int64_t now_us, Root **ret);
