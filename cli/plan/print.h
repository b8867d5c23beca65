// Plans and how they compare, for a terminal; from what review.h tells.
#pragma once
#include "cli.h"

// One plan, as plan_review_one tells it, but for the value.
Err plan_print_one(Cli *cli, const json_t *plan);
// What plan_review_compare tells, but for the values.
Err plan_print_compared(Cli *cli, const json_t *compared);
// What plans are worth: an array of what plan_value_json tells.
Err plan_print_values(Cli *cli, const json_t *values);
