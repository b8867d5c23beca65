// Scenarios: what a channel must answer whom, in YAML files that people write.
#pragma once
#include "cli.h"

enum { SCENARIO_FILE_MAX = 1024 * 1024, SCENARIOS_MAX = 200 };

// All scenarios of the files that are arguments from `first` on, in order, each checked: a new array of
// objects with the members of README.md. Errors: IO, YAML_INVALID, FIELD_INVALID with file and scenario.
Err scenarios_read(Cli *cli, size_t first, json_t **ret);
// The parley.runtime.v1.RecommendRequest of one: a what-if, so that nothing is recorded.
Err scenario_request(Cli *cli, const char *channel, const json_t *scenario, json_t **ret);
// Compares the answer with what is expected; empty if all is as it should be, else what is not.
const char *scenario_judge(Cli *cli, const json_t *scenario, const json_t *answer);
