// What the tests of expressions share: one schema, one visitor, and expectations that read as one line each.
#pragma once
#include "expr/expr.h"

// age:int = 42, balance:double = 1200.5, visits:uint = 7, name:string = "Ana", vip:bool = true,
// tags:list(string) = ["gold", "sms"], since:timestamp = 2020-02-29T12:30:45.678Z, gone:int (missing),
// flag:bool (missing), order.total:double = 99.9, wait:duration = 1h30m
extern const ExprSchema test_schema;
extern const ExprValue test_visitor[];

// What `now()` says: 2026-01-31T08:00:00Z.
#define TEST_NOW_US INT64_C(1769846400000000)

// The value as CEL text; "!REASON: message" if it does not compile, with the reason's prefix EXPR_ removed.
const char *evaluated(const char *source);

#define EXPECT(source, text) assert_string_equal(evaluated(source), text)
