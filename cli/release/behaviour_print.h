// A behavioural comparison as people read it.
#pragma once
#include "cli.h"

// As tables: all, at most `most` zones and segments each, moves, losses and examples. The report is
// evidence's JSON and may come from anywhere.
Err behaviour_print(Cli *cli, const json_t *report, size_t most);
