// What is said over the visitors of an audience level: expressions over its profile schema, values of its
// attributes, IDs of its visitors.
#pragma once
#include "admin/check.h"

#include "parley/design/v1/common.pb-c.h"

// The level of that name; without a name the channel's only one, which then becomes a reference at `field`.
// Errors: FIELD_MISSING if the channel has several or none; `what` says what needs it.
Err level_named(Check *check, const char *field, const char *name, const char *what, const Resolved **ret);
// OK if `source` compiles over the level's attributes to the expected type. Errors: EXPR_*, at the field.
Err level_expression(
        const Check *check, const char *field, const Resolved *level, const char *source, ExprKind expected);
// What sets an attribute: fields `attribute` and `value` of the message that `prefix` leads to. Errors:
// FIELD_MISSING, FIELD_INVALID, EXPR_*.
Err level_assignment(const Check *check, const char *prefix, const Resolved *level, const char *attribute,
        const char *value);
