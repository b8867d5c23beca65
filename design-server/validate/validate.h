// Static analysis of a channel before a snapshot of it is built: what would be refused, and what can be shown
// not to do what its designer must have meant. Nothing is run; a finding is told only where it can be proved.
#pragma once
#include "admin/resource.h"
#include "services.h"

// An error stops a build; a warning has to be acknowledged by its ID.
typedef enum Severity { FINDING_ERROR, FINDING_WARNING } Severity;

typedef struct Finding {
	Severity severity;
	Str code;                // stable, such as SEGMENT_NEVER (finding_table.h)
	Str kind, channel, name; // the object; its channel is empty if its kind has none
	Str field;               // what of it, such as "expression"; may be empty
	Str reason;              // with expressions as they were written
	Str remedy;
	Str id; // "CODE:Kind/name": what is acknowledged
} Finding;

// Errors first, then by kind, name and code.
typedef struct Findings {
	Finding *items;
	size_t count;
	size_t errors, warnings;
	size_t untold; // errors beyond those that are kept (PROBLEMS_MAX)
} Findings;

enum { VALIDATE_GUARD_DAYS = 7 };

typedef struct ValidateOptions {
	int64_t as_of_us;    // what dates are compared with
	uint32_t guard_days; // how far back calls of touchpoints count; 0: the history is not looked at
	Str environment;     // whose history; empty: all environments'
} ValidateOptions;

// Analyses the resources that a build would compile: those of `channel` and of the kinds without a channel,
// in any order; it does not matter whether they are what is stored. `pg` is asked for the history and for
// what other channels use; NULL: neither is looked at, and what could be the others' is not told. The
// findings live in `arena` and borrow from the resources. Errors: RESOURCE_NOT_FOUND (no such channel among
// them), NO_MEMORY, of the database.
Err validate_resources(Pg *pg, Str channel, const Resource *resources, size_t count,
        const ValidateOptions *options, Arena *arena, Findings *ret);
// The same of what is stored, within the caller's transaction.
Err validate_stored(Pg *pg, Str channel, const ValidateOptions *options, Arena *arena, Findings *ret);

// Which findings still stand in the way of a build: all errors, and the warnings that `acknowledged` (IDs)
// does not name. `ret` gets their indices, in order; it has room for findings->count.
size_t findings_left(
        const Findings *findings, const Str *acknowledged, size_t acknowledged_count, size_t *ret);
// FINDINGS_LEFT, telling as many of those left as fit and how to go on; OK if none are.
Err findings_check(
        const Findings *findings, const Str *acknowledged, size_t acknowledged_count, Arena *arena);

// ValidationService.
Err validate_register(Services *services, RpcServer *server);
