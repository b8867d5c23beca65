// What is particular to each kind of resource: one function a row of kind_table.h.
#pragma once
#include "admin/check.h"

#define KIND(type, lower, unique, looked_into, references) Err validate_##lower(Check *check);
#include "admin/kind_table.h"
#undef KIND
