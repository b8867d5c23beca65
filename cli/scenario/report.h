// What came of scenarios, for people and for other tools.
#pragma once
#include "cli.h"

// One result, as scenario_run returns it, on standard output: what failed or was skipped; what passed only
// with --verbose.
void scenario_tell(const Cli *cli, const json_t *result);
// The table of what was not reached, and the share that was.
Err coverage_tell(Cli *cli, const json_t *coverage);
// All results as JUnit XML, a suite a file. Error: IO.
Err junit_write(Cli *cli, const char *path, const json_t *results);
// What gates read: scenarios by family with their cases counted, and the coverage's shares. A new reference.
json_t *scenarios_evidence(const json_t *results, const json_t *coverage);
