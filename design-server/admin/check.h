// Checking a resource before it is stored: generic rules first (names, enums, times, references), then what
// its kind asks. The first thing wrong is the error, with the field's path and what would be right.
#pragma once
#include "admin/resource.h"
#include "expr/expr.h"

#include "parley/design/v1/common.pb-c.h"

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
Err follow_references(Check *check);
// Follows one more reference to a kind whose content matters: REFERENCE_DANGLING if it is not there.
Err follow_one(Check *check, const char *field, const Kind *kind, Str channel, Str name);

// --- for validators ---

// FIELD_INVALID and the like at "KIND.FIELD": the message is prefixed with that path.
Err check_fail(const Check *check, Err id, const char *field, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
// A field's path in the check's arena: check_at(check, "actions[%zu].kind", i).
const char *check_at(const Check *check, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// What was followed by kind and name; NULL if the name is empty or nothing names it.
const Resolved *check_target(const Check *check, const char *kind, const char *name);
// A name as resources have.
bool is_name(Str text);
// A name as attributes and keys have: a letter, then letters, digits and underscores; at most 63.
bool is_identifier(Str text);

// --- value.c ---

// Refuses effective_time >= expire_time.
Err value_dates(const Check *check);
// A code: 1 to 64 letters, digits, '-' and '_'. Errors at the field: FIELD_MISSING, FIELD_INVALID.
Err value_code(const Check *check, const char *field, const char *code);
// A score: 0 to 100.
Err value_score(const Check *check, const char *field, double score);
// A share of a hundred in steps of 0.0001, which is one of a million.
Err value_percent(const Check *check, const char *field, double percent);
// A scope that must be given, and days with DAYS only; `prefix` is the path of the message that has both,
// with its point.
Err value_scope(const Check *check, const char *prefix, Parley__Design__V1__Scope scope, uint32_t days);
// Exactly one of two names.
Err value_offer(const Check *check, const char *prefix, const char *offer, const char *offer_list);
// Refuses fields that hold something and are not among `allowed` (names with spaces between); `what` is what
// does not have them.
Err value_only(const Check *check, const char *prefix, const ProtobufCMessage *message, const char *allowed,
        const char *what);
