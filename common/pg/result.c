// Reading results. They come as text, which fits every type and is what a person sees in psql; the session's
// settings fix the forms (ISO dates in UTC, hex bytea).
#include "base/clock.h"
#include "internal.h"

#include <stdlib.h>

size_t pg_rows(const PgResult *result)
{
	return (size_t)PQntuples(result->raw);
}

size_t pg_affected(const PgResult *result)
{
	uint64_t count = 0;
	return str_to_u64(str(PQcmdTuples(result->raw)), &count) ? (size_t)count : 0;
}

size_t pg_columns(const PgResult *result)
{
	return (size_t)PQnfields(result->raw);
}

const char *pg_column_name(const PgResult *result, size_t column)
{
	return PQfname(result->raw, (int)column);
}

unsigned pg_column_type(const PgResult *result, size_t column)
{
	return PQftype(result->raw, (int)column);
}

bool pg_is_null(const PgResult *result, size_t row, size_t column)
{
	return PQgetisnull(result->raw, (int)row, (int)column);
}

Str pg_text(const PgResult *result, size_t row, size_t column)
{
	return str_n(PQgetvalue(result->raw, (int)row, (int)column),
	        (size_t)PQgetlength(result->raw, (int)row, (int)column));
}

bool pg_bool(const PgResult *result, size_t row, size_t column)
{
	return str_eq(pg_text(result, row, column), STR("t"));
}

int64_t pg_i64(const PgResult *result, size_t row, size_t column)
{
	int64_t value = 0;
	return str_to_i64(pg_text(result, row, column), &value) ? value : 0;
}

double pg_f64(const PgResult *result, size_t row, size_t column)
{
	// PQgetvalue ends in NUL, and strtod knows PostgreSQL's NaN and Infinity.
	return strtod(PQgetvalue(result->raw, (int)row, (int)column), NULL);
}

Str pg_bytes(const PgResult *result, size_t row, size_t column, Arena *arena)
{
	Str text = pg_text(result, row, column);
	if (text.len < 2)
		return (Str){0};
	size_t len = (text.len - 2) / 2; // "\x" and two digits a byte
	uint8_t *bytes = arena_alloc(arena, len + 1);
	if (!bytes || !hex_decode(str_n(text.ptr + 2, len * 2), bytes, len))
		return (Str){0};
	return str_n((const char *)bytes, len);
}

// "2026-01-31 08:00:00.25+00", "infinity", years beyond four digits, or "… BC".
int64_t pg_time(const PgResult *result, size_t row, size_t column)
{
	char text[TIME_TEXT_SIZE + 4];
	int64_t us;
	Str from = pg_text(result, row, column);
	if (!from.len)
		return 0;
	if (from.ptr[0] == '-' || str_ends(from, STR("BC")))
		return INT64_MIN;
	if (from.len < 22 || from.len > TIME_TEXT_SIZE || from.ptr[10] != ' ')
		return INT64_MAX;
	memcpy(text, from.ptr, from.len);
	text[10] = 'T';
	memcpy(text + from.len - 3, "Z", 2); // "+00": the session is in UTC
	return time_parse(str(text), &us) ? us : INT64_MAX;
}

// One element of an array's text, at *at; unquoted NULL is the empty text. False if it is malformed.
static bool read_element(Str text, size_t *at, char *out, Str *ret)
{
	size_t len = 0, i = *at;
	bool quoted = i < text.len && text.ptr[i] == '"';
	i += quoted;
	for (; i < text.len; i++) {
		char c = text.ptr[i];
		if (quoted ? c == '"' : c == ',' || c == '}')
			break;
		if (c == '\\' && ++i == text.len)
			return false;
		out[len++] = text.ptr[i];
	}
	if (i == text.len)
		return false;
	*at = i + quoted;
	*ret = str_n(out, len);
	if (!quoted && str_eq(*ret, STR("NULL")))
		*ret = (Str){0};
	return true;
}

static Err malformed_array(Str text)
{
	return err(ERR_DB_FAILED, "expected a one-dimensional array of texts, got " STR_FMT, STR_ARG(text));
}

Err pg_texts(const PgResult *result, size_t row, size_t column, Arena *arena, Str **ret, size_t *ret_count)
{
	Str text = pg_text(result, row, column);
	*ret = NULL;
	*ret_count = 0;
	if (pg_is_null(result, row, column) || str_eq(text, STR("{}")))
		return OK;
	size_t most = 1;
	for (size_t i = 0; i < text.len; i++)
		most += text.ptr[i] == ',';
	Str *items = ARENA_ARRAY(arena, Str, most);
	char *out = arena_alloc(arena, text.len + 1);
	if (!items || !out)
		return err(ERR_NO_MEMORY, "no memory for an array");
	if (text.len < 2 || text.ptr[0] != '{' || text.ptr[1] == '{')
		return malformed_array(text);
	size_t count = 0, at = 1;
	for (;; at++) {
		if (!read_element(text, &at, out, &items[count]) || at >= text.len)
			return malformed_array(text);
		out += items[count++].len;
		if (text.ptr[at] != ',')
			break;
	}
	*ret = items;
	*ret_count = count;
	return OK;
}

void pg_result_free(PgResult *result)
{
	if (!result)
		return;
	PQclear(result->raw);
	free(result);
}
