// Checking a resource before it is stored: generic rules first (names, enums, times, references), then what
// its kind asks. The first thing wrong is the error, with the field's path and what would be right.
#pragma once
#include "admin/resource.h"
#include "expr/expr.h"

enum { REFERENCES_MAX = 1000 }; // different things that a resource may name

// A reference that was followed.
typedef struct Resolved {
	const char *field; // the path of the first place that names it, such as "actions[2].offers[0]"
	const Kind *kind;
	Str channel, name;
	const ProtobufCMessage *message; // NULL if its content does not matter to what refers to it
} Resolved;

typedef struct Check {
	Pg *pg;
	Arena *arena;
	const Kind *kind;
	const ProtobufCMessage *message;
	Resolved *resolved; // each thing once
	size_t resolved_count, resolved_room;
} Check;

// Runs all checks on check->message; fills check->resolved. Referred resources are locked against change.
// Errors: FIELD_*, EXPR_*, REFERENCE_DANGLING.
Err check_resource(Check *check);

// --- follow.c ---

// Follows the channel and all references of the kind's row.
Err check_references(Check *check);
// Follows one more reference to a kind whose content matters: REFERENCE_DANGLING if it is not there.
Err check_follow(Check *check, const char *field, const Kind *kind, Str channel, Str name);

// --- for validators ---

// FIELD_INVALID and the like at "KIND.FIELD": the message is prefixed with that path.
Err check_fail(const Check *check, Err id, const char *field, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
// A field's path in the check's arena: check_at(check, "actions[%zu].kind", i).
const char *check_at(const Check *check, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// What was followed by kind and name; NULL if the name is empty or nothing names it.
const Resolved *check_target(const Check *check, const char *kind, const char *name);
// Refuses effective_time >= expire_time.
Err check_dates(const Check *check);
// A name as resources have.
bool is_name(Str text);
// A name as attributes and keys have: a letter, then letters, digits and underscores; at most 63.
bool is_identifier(Str text);
