// The reports that gates judge by, as the tools write them. They come from outside: everything is limited and
// typed, and a gate looks at the numbers, never at what the tool calls them.
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <jansson.h>

enum { REPORT_MAX = 32 * 1024 };

// What gates ask a report for. Numbers that its kind does not have are 0.
typedef struct Report {
	// load
	int64_t calls, errors;
	double error_rate, throughput; // of all calls; answered calls a second
	int64_t p99_us;                // from the intended start
	// scenarios
	int64_t scenarios, failed; // cases counted
	double coverage;           // share of the channel that they reach; 0: the report does not say
} Report;

// Reads a report of that kind (scenarios, load; of behaviour it is only tried: behaviour.h reads it). Errors:
// EVIDENCE_INVALID with the member that is wrong.
Err report_read(Str kind, Str json, Report *ret);
// A member that must be a whole number, from 0 to 2^53. Error: EVIDENCE_INVALID.
Err report_whole(const json_t *json, const char *name, int64_t *ret);
