// Checking a resource before it is stored: generic rules first (names, enums, times, references), then what
// its kind asks. The first thing wrong is the error, with the field's path and what would be right.
#pragma once
#include "admin/resource.h"
#include "expr/expr.h"

enum { REFERENCES_MAX = 8 };

// A reference that was followed.
typedef struct Resolved {
	const char *field;
	Resource target;
} Resolved;

typedef struct Check {
	Pg *pg;
	Arena *arena;
	const Kind *kind;
	const ProtobufCMessage *message;
	Resolved resolved[REFERENCES_MAX]; // of the fields that are not empty
	size_t resolved_count;
} Check;

// Runs all checks on check->message; fills check->resolved. Referred resources are locked against change.
// Errors: FIELD_*, EXPR_*, REFERENCE_DANGLING.
Err check_resource(Check *check);

// --- for validators ---

// FIELD_INVALID and the like at "KIND.FIELD": the message is prefixed with that path.
Err check_fail(const Check *check, Err id, const char *field, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
// What the field refers to; NULL if it is empty.
const Resource *check_target(const Check *check, const char *field);
// Follows one more reference: REFERENCE_DANGLING if it is not there.
Err check_follow(Check *check, const char *field, const Kind *kind, Str channel, Str name);
// Refuses effective_time >= expire_time.
Err check_dates(const Check *check);
// A name as attributes and keys have: a letter, then letters, digits and underscores; at most 63.
bool is_identifier(Str text);
