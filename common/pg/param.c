// Values in PostgreSQL's binary format, shared by statements and COPY. Binary, because it is exact (doubles,
// moments) and needs no quoting; only texts go as text, so that PostgreSQL may infer their type (uuid,
// char(n), an enum …).
#include "internal.h"

#include <endian.h>
#include <stdlib.h>

// PostgreSQL counts from 2000-01-01.
#define POSTGRES_EPOCH_US INT64_C(946684800000000)

// Object IDs of built-in types; they never change.
enum {
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_INT8 = 20,
	OID_TEXT = 25,
	OID_FLOAT8 = 701,
	OID_TEXT_ARRAY = 1009,
	OID_INT8_ARRAY = 1016,
	OID_TIMESTAMPTZ = 1184,
	OID_JSONB = 3802,
};

static const Oid types[] = {
        [PG_NULL] = 0,
        [PG_BOOL] = OID_BOOL,
        [PG_I64] = OID_INT8,
        [PG_F64] = OID_FLOAT8,
        [PG_TEXT] = 0,
        [PG_BYTES] = OID_BYTEA,
        [PG_TIME] = OID_TIMESTAMPTZ,
        [PG_JSON] = OID_JSONB,
        [PG_TEXT_ARRAY] = OID_TEXT_ARRAY,
        [PG_I64_ARRAY] = OID_INT8_ARRAY,
};

Oid param_type(const PgParam *param)
{
	return types[param->kind];
}

bool buffer_add(Buffer *buffer, const void *bytes, size_t len)
{
	if (buffer->size - buffer->len < len) {
		size_t size = (buffer->len + len) * 2;
		char *grown = realloc(buffer->ptr, size);
		if (!grown) {
			buffer->failed = true;
			return false;
		}
		buffer->ptr = grown;
		buffer->size = size;
	}
	if (len)
		memcpy(buffer->ptr + buffer->len, bytes, len);
	buffer->len += len;
	return true;
}

void buffer_add_i16(Buffer *buffer, int value)
{
	uint16_t big = htobe16((uint16_t)value);
	buffer_add(buffer, &big, sizeof(big));
}

void buffer_add_i32(Buffer *buffer, uint32_t value)
{
	uint32_t big = htobe32(value);
	buffer_add(buffer, &big, sizeof(big));
}

static void buffer_add_i64(Buffer *buffer, uint64_t value)
{
	uint64_t big = htobe64(value);
	buffer_add(buffer, &big, sizeof(big));
}

static Err add_text(Buffer *out, Str text)
{
	if (text.len && memchr(text.ptr, 0, text.len))
		return err(ERR_FIELD_INVALID,
		        "a text has a NUL character inside, which PostgreSQL cannot store: remove it");
	buffer_add(out, text.ptr, text.len);
	return OK;
}

static void add_f64(Buffer *out, double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof(bits));
	buffer_add_i64(out, bits);
}

static void add_time(Buffer *out, int64_t us)
{
	int64_t since_2000;
	if (us == INT64_MAX || us == INT64_MIN)
		since_2000 = us; // infinity, -infinity
	else if (__builtin_sub_overflow(us, POSTGRES_EPOCH_US, &since_2000))
		since_2000 = INT64_MIN;
	buffer_add_i64(out, (uint64_t)since_2000);
}

static void add_array_header(Buffer *out, size_t count, Oid element)
{
	buffer_add_i32(out, count ? 1 : 0); // dimensions
	buffer_add_i32(out, 0);             // no NULLs
	buffer_add_i32(out, element);
	if (!count)
		return;
	buffer_add_i32(out, (uint32_t)count);
	buffer_add_i32(out, 1); // first index
}

static Err add_texts(Buffer *out, const Str *items, size_t count)
{
	add_array_header(out, count, OID_TEXT);
	for (size_t i = 0; i < count; i++) {
		buffer_add_i32(out, (uint32_t)items[i].len);
		TRY(add_text(out, items[i]));
	}
	return OK;
}

static Err add_i64s(Buffer *out, const int64_t *items, size_t count)
{
	add_array_header(out, count, OID_INT8);
	for (size_t i = 0; i < count; i++) {
		buffer_add_i32(out, sizeof(int64_t));
		buffer_add_i64(out, (uint64_t)items[i]);
	}
	return OK;
}

Err param_encode(const PgParam *param, Buffer *out)
{
	switch (param->kind) {
	case PG_NULL:
		break;
	case PG_BOOL:
		buffer_add(out, param->b ? "\1" : "\0", 1);
		break;
	case PG_I64:
		buffer_add_i64(out, (uint64_t)param->i);
		break;
	case PG_F64:
		add_f64(out, param->f);
		break;
	case PG_TIME:
		add_time(out, param->i);
		break;
	case PG_BYTES:
		buffer_add(out, param->s.ptr, param->s.len);
		break;
	case PG_JSON:
		buffer_add(out, "\1", 1); // version of jsonb's wire format
		return add_text(out, param->s);
	case PG_TEXT:
		return add_text(out, param->s);
	case PG_TEXT_ARRAY:
		return add_texts(out, param->array.items, param->array.count);
	case PG_I64_ARRAY:
		return add_i64s(out, param->array.items, param->array.count);
	}
	return OK;
}
