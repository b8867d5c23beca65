// The history, as PostgreSQL has it, in the journal's form: journal replay --from-history, plan state.
#pragma once
#include "cli.h"

// Writes what one runtime server's records did to visitors into segments in `dir`. Needs --database, --env
// and --server.
Err journal_from_history(Cli *cli, const char *dir);
// The same of all servers of --env in one, and of late and imported responses, up to a moment. Needs
// --database and --env. `ret_rows`: of the history.
Err journal_from_all_history(Cli *cli, const char *dir, int64_t until_us, int64_t *ret_rows);

// A folder for it, and its end. Error: IO.
Err history_folder_make(Cli *cli, const char **ret);
void history_folder_remove(const char *dir);
