// The history, as PostgreSQL has it, in the journal's form: journal replay --from-history.
#pragma once
#include "cli.h"

// Writes what one runtime server's records did to visitors into segments in `dir`. Needs --database, --env
// and --server. `ret_late`: responses without a session, which are left out.
Err journal_from_history(Cli *cli, const char *dir, int64_t *ret_late);
