// Expressions are CEL (Common Expression Language, https://github.com/google/cel-spec) over the declared
// attributes of an audience level. Text is compiled once, on the design side, to a program: a flat,
// position-independent run of bytes that a snapshot carries and a runtime server verifies before it trusts
// it. Evaluating a program allocates nothing beyond the caller's scratch space and does a bounded amount of
// work.
#pragma once
#include "base/arena.h"
#include "base/error.h"

typedef enum ExprKind {
	EXPR_ERROR, // a value that is an error; `error` says which
	EXPR_NULL,
	EXPR_BOOL,
	EXPR_INT,
	EXPR_UINT,
	EXPR_DOUBLE,
	EXPR_STRING,
	EXPR_BYTES,
	EXPR_TIMESTAMP,
	EXPR_DURATION,
	EXPR_LIST,
	EXPR_MAP,
	EXPR_TYPE,
	EXPR_DYN, // in types only: not known before it runs
} ExprKind;

// A declared type: a kind and, for lists, that of the elements; for maps that of the values, whatever the
// keys.
typedef struct ExprType {
	ExprKind kind;
	ExprKind element;
} ExprType;

// Why an evaluation ended in an error. Names are stable (expr_error_name).
typedef enum ExprError {
	EXPR_ERR_NONE,
	EXPR_ERR_ATTRIBUTE_MISSING, // `slot` says which
	EXPR_ERR_NO_OVERLOAD,
	EXPR_ERR_DIVIDE_BY_ZERO,
	EXPR_ERR_MODULUS_BY_ZERO,
	EXPR_ERR_OVERFLOW,
	EXPR_ERR_RANGE,
	EXPR_ERR_INVALID_ARGUMENT,
	EXPR_ERR_NO_SUCH_KEY,
	EXPR_ERR_INDEX_OUT_OF_RANGE,
	EXPR_ERR_FUEL,   // the work limit was reached
	EXPR_ERR_MEMORY, // the scratch space was used up
} ExprError;

// A value, 16 bytes. Strings, bytes and lists borrow: from the program, the caller's environment or the
// scratch arena.
typedef struct ExprValue {
	ExprKind kind;
	union {
		ExprError error;
		uint32_t len;  // of string, bytes or list
		int32_t nanos; // of timestamp and duration: 0 to 999,999,999 with the sign of `seconds` for
		               // durations
	};
	union {
		bool b;
		int64_t i;
		uint64_t u;
		double d;
		const char *s;
		int64_t seconds; // of timestamp (since 1970) and duration
		const struct ExprValue
		        *items; // of list; of map: key, value, key, value …, `len` counts pairs
		ExprKind type;  // of type
		uint32_t slot;  // of error ATTRIBUTE_MISSING
	};
} ExprValue;

ExprValue expr_null(void);
ExprValue expr_bool(bool value);
ExprValue expr_int(int64_t value);
ExprValue expr_uint(uint64_t value);
ExprValue expr_double(double value);
ExprValue expr_string(Str value);
ExprValue expr_timestamp_us(int64_t us);
ExprValue expr_list(const ExprValue *items, size_t count);
// What a slot holds whose visitor lacks the attribute.
ExprValue expr_missing(uint32_t slot);
const char *expr_kind_name(ExprKind kind);
const char *expr_error_name(ExprError error);
// The value as CEL text (strings quoted), cut at the arena's limit.
Str expr_value_format(ExprValue value, Arena *arena);

// One declared attribute; its slot is its index in the schema.
typedef struct ExprAttribute {
	Str name;
	ExprType type;
} ExprAttribute;

typedef struct ExprSchema {
	const ExprAttribute *attributes;
	size_t count;
} ExprSchema;

// Limits of one expression.
enum { EXPR_SOURCE_MAX = 8192, EXPR_DEPTH_MAX = 64, EXPR_PROGRAM_MAX = 65536 };

// A verified program. Its bytes are the serialized form.
typedef struct ExprProgram {
	const uint8_t *bytes;
	size_t len;
	ExprType type; // of the result
} ExprProgram;

// Compiles `source`; the program's bytes live in `arena`. `expected` is the type that the result must have
// (EXPR_DYN: any; for EXPR_DOUBLE an int result is fine too). Errors, each with "line L, column C: …", the
// remedy and, for an unknown name, the nearest known one: EXPR_SYNTAX, EXPR_NAME_UNKNOWN, EXPR_TYPE,
// EXPR_LIMIT.
Err expr_compile(const ExprSchema *schema, Str source, ExprKind expected, Arena *arena, ExprProgram *ret);

// As expr_compile, but what the checker would refuse for its types or names fails when it runs instead: the
// language's dynamic half, which conformance cases ask for. Errors: EXPR_SYNTAX, EXPR_LIMIT.
Err expr_compile_unchecked(const ExprSchema *schema, Str source, Arena *arena, ExprProgram *ret);
// The type that the checker deduces, in full: "map(string, list(int))". Errors as of expr_compile.
Err expr_infer(const ExprSchema *schema, Str source, Arena *arena, Str *ret);

// Checks bytes from outside: that evaluating them stays within the program, the schema's slots and types and
// the stack. `bytes` must outlive the program. Error: EXPR_PROGRAM_INVALID.
Err expr_verify(const ExprSchema *schema, const uint8_t *bytes, size_t len, ExprProgram *ret);

// Sets bit s of `slots` for every slot s that a verified program reads; the others stay.
void expr_slots(const ExprProgram *program, uint64_t *slots);
// Whether what a verified program makes of the same slots may depend on when it is evaluated.
bool expr_reads_clock(const ExprProgram *program);

// What an evaluation may use.
typedef struct ExprScratch {
	Arena *arena;  // for strings and lists that the expression makes; has a limit
	uint64_t fuel; // work units left; one instruction or 16 bytes of text each; 0 afterwards means it ran
	               // out
} ExprScratch;

// Evaluates over the schema's slots (`values[slot]`). Never fails otherwise than by a value of kind
// EXPR_ERROR. `now_us` is what the expression's clock functions see.
ExprValue expr_eval(
        const ExprProgram *program, const ExprValue *values, int64_t now_us, ExprScratch *scratch);

// One instruction a line, for people.
Str expr_disassemble(const ExprProgram *program, const ExprSchema *schema, Arena *arena);

// Parses a declaration "name:type" as `parley expr eval --env` takes it; types are bool, int, uint, double,
// string, bytes, timestamp, duration, list(T). Error: FIELD_INVALID.
Err expr_attribute_parse(Str text, Arena *arena, ExprAttribute *ret);
// Reads a value of a declared type from plain text ("42", "gold", "2026-01-31T08:00:00Z", "a,b"). Error:
// FIELD_INVALID.
Err expr_value_parse(ExprType type, Str text, Arena *arena, ExprValue *ret);
