// Constants and attribute types: whether one fits the other.
#pragma once
#include "admin/check.h"

#include "parley/design/v1/common.pb-c.h"

// OK if `type` is one of the attribute types. `field` is the path below the resource, such as
// "attributes[2].type".
Err check_type(const Check *check, const char *field, Parley__Design__V1__AttributeType type);
// OK if the literal is set and fits the type.
Err check_literal(const Check *check, const char *field, Parley__Design__V1__AttributeType type,
        const Parley__Design__V1__Literal *literal);
ExprType type_in_expressions(Parley__Design__V1__AttributeType type);
