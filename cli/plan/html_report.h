// A report of plans as one HTML file: nothing in it is loaded from anywhere, nothing in it runs.
#pragma once
#include "base/error.h"

#include <jansson.h>
#include <stdio.h>

// Writes what plan_review_json tells, atomically; "-": to standard output. Errors: IO, NO_MEMORY.
Err plan_html_write(const json_t *report, const char *path);
// The same to a stream.
void plan_html(FILE *out, const json_t *report);
