// What a tool found, handed in at the design server for the gates of a promotion.
#pragma once
#include "cli.h"

// A report of the channel that is the verb's first argument, about the snapshot with this digest, measured in
// --env; tells what became of it. The report is changed. Errors: EVIDENCE_INVALID, of the design server.
Err evidence_hand_in(Cli *cli, const char *kind, const char *digest, bool passed, json_t *report);
