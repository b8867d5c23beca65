// Values and their names.
#include "base/clock.h"
#include "expr/moment.h"
#include "expr/operate.h"

#include <math.h>
#include <stdio.h>

ExprValue expr_null(void)
{
	return (ExprValue){.kind = EXPR_NULL};
}

ExprValue expr_bool(bool value)
{
	return (ExprValue){.kind = EXPR_BOOL, .b = value};
}

ExprValue expr_int(int64_t value)
{
	return (ExprValue){.kind = EXPR_INT, .i = value};
}

ExprValue expr_uint(uint64_t value)
{
	return (ExprValue){.kind = EXPR_UINT, .u = value};
}

ExprValue expr_double(double value)
{
	return (ExprValue){.kind = EXPR_DOUBLE, .d = value};
}

ExprValue expr_string(Str value)
{
	return (ExprValue){.kind = EXPR_STRING, .len = (uint32_t)value.len, .s = value.ptr};
}

ExprValue expr_bytes(Str value)
{
	return (ExprValue){.kind = EXPR_BYTES, .len = (uint32_t)value.len, .s = value.ptr};
}

ExprValue expr_timestamp_us(int64_t us)
{
	return expr_moment(EXPR_TIMESTAMP, us / US_PER_S, us % US_PER_S * 1000);
}

ExprValue expr_list(const ExprValue *items, size_t count)
{
	return (ExprValue){.kind = EXPR_LIST, .len = (uint32_t)count, .items = items};
}

ExprValue expr_error(ExprError error)
{
	return (ExprValue){.kind = EXPR_ERROR, .error = error};
}

ExprValue expr_missing(uint32_t slot)
{
	return (ExprValue){.kind = EXPR_ERROR, .error = EXPR_ERR_ATTRIBUTE_MISSING, .slot = slot};
}

const char *expr_kind_name(ExprKind kind)
{
	static const char *const names[] = {
	        [EXPR_ERROR] = "error",
	        [EXPR_NULL] = "null",
	        [EXPR_BOOL] = "bool",
	        [EXPR_INT] = "int",
	        [EXPR_UINT] = "uint",
	        [EXPR_DOUBLE] = "double",
	        [EXPR_STRING] = "string",
	        [EXPR_BYTES] = "bytes",
	        [EXPR_TIMESTAMP] = "timestamp",
	        [EXPR_DURATION] = "duration",
	        [EXPR_LIST] = "list",
	        [EXPR_MAP] = "map",
	        [EXPR_TYPE] = "type",
	        [EXPR_DYN] = "dyn",
	};

	return (size_t)kind < ARRAY_COUNT(names) ? names[kind] : "unknown";
}

const char *expr_error_name(ExprError error)
{
	static const char *const names[] = {
	        [EXPR_ERR_NONE] = "NONE",
	        [EXPR_ERR_ATTRIBUTE_MISSING] = "ATTRIBUTE_MISSING",
	        [EXPR_ERR_NO_OVERLOAD] = "NO_OVERLOAD",
	        [EXPR_ERR_DIVIDE_BY_ZERO] = "DIVIDE_BY_ZERO",
	        [EXPR_ERR_MODULUS_BY_ZERO] = "MODULUS_BY_ZERO",
	        [EXPR_ERR_OVERFLOW] = "OVERFLOW",
	        [EXPR_ERR_RANGE] = "RANGE",
	        [EXPR_ERR_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
	        [EXPR_ERR_NO_SUCH_KEY] = "NO_SUCH_KEY",
	        [EXPR_ERR_INDEX_OUT_OF_RANGE] = "INDEX_OUT_OF_RANGE",
	        [EXPR_ERR_FUEL] = "FUEL",
	        [EXPR_ERR_MEMORY] = "MEMORY",
	};

	return (size_t)error < ARRAY_COUNT(names) ? names[error] : "UNKNOWN";
}
