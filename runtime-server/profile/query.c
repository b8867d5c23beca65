// The statement of a level is text made from names in a signed snapshot. Signed is no reason to trust: every
// identifier is quoted, and keys travel as parameters. Columns are converted by what the database says they
// are, so that a column of another type costs one attribute and not the whole profile.
#include "profile/query.h"

#include "base/clock.h"

typedef Parley__Snapshot__V1__AudienceLevel Level;

enum { KEYS_MAX = 16, LIST_TEXT_MAX = 16 * 1024 };

struct ProfileQuery {
	const Level *level;
	const char *sql;
	size_t columns;
	const uint32_t *slots; // of the attribute that column i holds
};

// --- the statement ---

static char *quoted(Arena *arena, Str name)
{
	char *text = arena_alloc(arena, 2 * name.len + 3), *at = text;
	if (text == NULL)
		return NULL;
	*at++ = '"';
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == '"')
			*at++ = '"';
		*at++ = name.ptr[i];
	}
	*at++ = '"';
	return text;
}

// "schema.table" or "table"; only the first dot separates.
static char *quoted_table(Arena *arena, Str table)
{
	const char *dot = memchr(table.ptr, '.', table.len);
	if (dot == NULL)
		return quoted(arena, table);
	size_t schema_len = (size_t)(dot - table.ptr);
	char *schema = quoted(arena, str_n(table.ptr, schema_len));
	char *name = quoted(arena, str_n(dot + 1, table.len - schema_len - 1));
	return schema != NULL && name != NULL ? arena_printf(arena, "%s.%s", schema, name) : NULL;
}

static const char *column_list(const ProfileQuery *query, Arena *arena)
{
	const char *list = query->columns == 0 ? "1" : "";
	for (size_t i = 0; i < query->columns && list != NULL; i++) {
		const char *name = quoted(arena, str(query->level->attributes[query->slots[i]]->column));
		list = name != NULL ? arena_printf(arena, "%s%s%s", list, i > 0 ? ", " : "", name) : NULL;
	}
	return list;
}

static const char *condition(const ProfileQuery *query, Arena *arena)
{
	const char *text = "";
	for (size_t i = 0; i < query->level->n_keys && text != NULL; i++) {
		const char *name = quoted(arena, str(query->level->keys[i]->column));
		text = name != NULL
		               ? arena_printf(arena, "%s%s%s = $%zu", text, i > 0 ? " AND " : "", name, i + 1)
		               : NULL;
	}
	return text;
}

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for the profile's query");
}

static Err list_slots(const Level *level, Arena *arena, ProfileQuery *query)
{
	uint32_t *slots = ARENA_ARRAY(arena, uint32_t, level->n_attributes);
	if (slots == NULL && level->n_attributes > 0)
		return no_memory();
	for (uint32_t i = 0; i < level->n_attributes; i++)
		if (*level->attributes[i]->column != '\0')
			slots[query->columns++] = i;
	query->slots = slots;
	return OK;
}

Err profile_query_new(const Level *level, Arena *arena, const ProfileQuery **ret)
{
	*ret = NULL;
	if (*level->profile_table == '\0')
		return OK;
	if (level->n_keys == 0 || level->n_keys > KEYS_MAX)
		return err(ERR_SNAPSHOT_INVALID, "audience level %s has %zu keys; 1 to %d are possible",
		        level->name, level->n_keys, KEYS_MAX);
	for (size_t i = 0; i < level->n_keys; i++)
		if (*level->keys[i]->column == '\0')
			return err(ERR_SNAPSHOT_INVALID,
			        "key %s of audience level %s has a profile table but no column",
			        level->keys[i]->name, level->name);
	ProfileQuery *query = ARENA_NEW(arena, ProfileQuery);
	if (query == NULL)
		return no_memory();
	query->level = level;
	TRY(list_slots(level, arena, query));
	const char *table = quoted_table(arena, str(level->profile_table));
	const char *columns = column_list(query, arena), *where = condition(query, arena);
	if (table == NULL || columns == NULL || where == NULL)
		return no_memory();
	query->sql = arena_printf(arena, "SELECT %s FROM %s WHERE %s LIMIT 2", columns, table, where);
	*ret = query;
	return query->sql != NULL ? OK : no_memory();
}

// --- from columns to values ---

typedef struct Cell {
	const PgResult *result;
	size_t column;
	Arena *arena;
} Cell;

static bool read_bool(const Cell *cell, ExprValue *ret)
{
	*ret = expr_bool(pg_bool(cell->result, 0, cell->column));
	return true;
}

static bool read_int(const Cell *cell, ExprValue *ret)
{
	*ret = expr_int(pg_i64(cell->result, 0, cell->column));
	return true;
}

static bool read_double(const Cell *cell, ExprValue *ret)
{
	*ret = expr_double(pg_f64(cell->result, 0, cell->column));
	return true;
}

static bool read_text(const Cell *cell, ExprValue *ret)
{
	Str text = pg_text(cell->result, 0, cell->column);
	if (text.len > PROFILE_TEXT_MAX || !str_is_utf8(text))
		return false;
	Str copy = arena_str(cell->arena, text);
	*ret = expr_string(copy);
	return copy.len == text.len;
}

static bool read_time(const Cell *cell, ExprValue *ret)
{
	*ret = expr_timestamp_us(pg_time(cell->result, 0, cell->column));
	return true;
}

// A timestamp or date without time zone is taken as UTC.
static bool read_local_time(const Cell *cell, ExprValue *ret)
{
	Str text = pg_text(cell->result, 0, cell->column);
	int64_t us = 0;
	char *rfc3339 =
	        arena_printf(cell->arena, STR_FMT "%s", STR_ARG(text), text.len > 10 ? "Z" : "T00:00:00Z");
	if (rfc3339 == NULL || text.len < 10)
		return false;
	rfc3339[10] = 'T';
	if (!time_parse(str(rfc3339), &us))
		return false;
	*ret = expr_timestamp_us(us);
	return true;
}

static bool read_texts(const Cell *cell, ExprValue *ret)
{
	Str *texts;
	size_t count;
	if (pg_text(cell->result, 0, cell->column).len > LIST_TEXT_MAX ||
	        pg_texts(cell->result, 0, cell->column, cell->arena, &texts, &count) != OK ||
	        count > PROFILE_LIST_MAX)
		return false;
	ExprValue *items = ARENA_ARRAY(cell->arena, ExprValue, count);
	if (items == NULL && count > 0)
		return false;
	for (size_t i = 0; i < count; i++)
		items[i] = expr_string(texts[i]);
	*ret = expr_list(items, count);
	return true;
}

// One row: which column type (PostgreSQL's OID) an attribute type takes, and how.
#define V(type) PARLEY__SNAPSHOT__V1__VALUE_TYPE__VALUE_TYPE_##type
static const struct {
	Parley__Snapshot__V1__ValueType type;
	unsigned oid;
	bool (*read)(const Cell *cell, ExprValue *ret);
} conversions[] = {
        {V(BOOL), 16, read_bool},              // boolean
        {V(INT), 20, read_int},                // bigint
        {V(INT), 21, read_int},                // smallint
        {V(INT), 23, read_int},                // integer
        {V(DOUBLE), 700, read_double},         // real
        {V(DOUBLE), 701, read_double},         // double precision
        {V(DOUBLE), 1700, read_double},        // numeric
        {V(DOUBLE), 20, read_double},          // bigint
        {V(DOUBLE), 21, read_double},          // smallint
        {V(DOUBLE), 23, read_double},          // integer
        {V(STRING), 25, read_text},            // text
        {V(STRING), 1043, read_text},          // varchar
        {V(STRING), 1042, read_text},          // char(n)
        {V(STRING), 2950, read_text},          // uuid
        {V(TIMESTAMP), 1184, read_time},       // timestamp with time zone
        {V(TIMESTAMP), 1114, read_local_time}, // timestamp
        {V(TIMESTAMP), 1082, read_local_time}, // date
        {V(STRING_LIST), 1009, read_texts},    // text[]
        {V(STRING_LIST), 1015, read_texts},    // varchar[]
};
#undef V

static bool convert(const Cell *cell, Parley__Snapshot__V1__ValueType type, ExprValue *ret)
{
	unsigned oid = pg_column_type(cell->result, cell->column);
	for (size_t i = 0; i < ARRAY_COUNT(conversions); i++)
		if (conversions[i].type == type && conversions[i].oid == oid)
			return conversions[i].read(cell, ret);
	return false;
}

static void refuse(ProfileRequest *request, const char *attribute)
{
	const char *comma = request->refused.len > 0 ? ", " : "";
	char *text =
	        arena_printf(request->arena, STR_FMT "%s%s", STR_ARG(request->refused), comma, attribute);
	if (text != NULL)
		request->refused = str(text);
}

static Err fill(ProfileRequest *request, const PgResult *result)
{
	const ProfileQuery *query = request->query;
	size_t count = query->level->n_attributes;
	request->values = ARENA_ARRAY(request->arena, ExprValue, count + 1);
	request->given = ARENA_ARRAY(request->arena, uint64_t, count / 64 + 1);
	if (request->values == NULL || request->given == NULL)
		return err(ERR_NO_MEMORY, "no memory for the profile");
	for (size_t i = 0; i < query->columns; i++) {
		uint32_t slot = query->slots[i];
		const Parley__Snapshot__V1__Attribute *attribute = query->level->attributes[slot];
		if (pg_is_null(result, 0, i))
			continue;
		if (convert(&(Cell){result, i, request->arena}, attribute->type, &request->values[slot]))
			request->given[slot / 64] |= UINT64_C(1) << (slot % 64);
		else
			refuse(request, attribute->name);
	}
	request->outcome = PROFILE_LOADED;
	return OK;
}

static PgParam key_param(const ExprValue *key, Arena *arena)
{
	if (key->kind == EXPR_BOOL)
		return P_BOOL(key->b);
	if (key->kind == EXPR_INT)
		return P_I64(key->i);
	return P_TEXT(arena_str(arena, str_n(key->s, key->len)));
}

Err profile_fetch_new(const ProfileRequest *request, Arena *arena, ProfileFetch *ret)
{
	size_t count = request->query->level->n_keys;
	PgParam *keys = ARENA_ARRAY(arena, PgParam, count);
	char *sql = arena_cstr(arena, str(request->query->sql));
	if (keys == NULL || sql == NULL)
		return no_memory();
	for (size_t i = 0; i < count; i++)
		keys[i] = key_param(&request->keys[i], arena);
	*ret = (ProfileFetch){.sql = sql, .keys = keys, .key_count = count};
	return OK;
}

Err profile_query_fill(ProfileRequest *request, const PgResult *result)
{
	if (pg_rows(result) == 1)
		return fill(request, result);
	request->outcome = pg_rows(result) == 0 ? PROFILE_NOT_FOUND : PROFILE_AMBIGUOUS;
	return OK;
}
