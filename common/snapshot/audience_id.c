// Canonical texts of audience IDs: the keys joined by "|" in the level's order. In an ID of several keys, "|"
// and "\" in text keys are escaped by "\", so that no two visitors share a text and no visitor has two.
#include "snapshot/internal.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct Writer {
	char *out; // room for CANONICAL_ID_MAX
	size_t len;
} Writer;

static bool put(Writer *writer, Str text)
{
	if (text.len > CANONICAL_ID_MAX - writer->len)
		return false;
	if (text.len)
		memcpy(writer->out + writer->len, text.ptr, text.len);
	writer->len += text.len;
	return true;
}

// Takes the next key's text, escapes and all, off `rest`, with the "|" behind it.
static Str next_key(Str *rest, bool composite)
{
	size_t len = 0;
	while (len < rest->len && !(composite && rest->ptr[len] == '|'))
		len += composite && rest->ptr[len] == '\\' && len + 1 < rest->len ? 2 : 1;
	Str key = str_n(rest->ptr, len);
	size_t skip = len < rest->len ? len + 1 : len;
	*rest = str_n(rest->ptr + skip, rest->len - skip);
	return key;
}

static bool put_int(Writer *writer, Str key)
{
	char number[32];
	int64_t value;
	if (!str_to_i64(key, &value))
		return false;
	int len = snprintf(number, sizeof number, "%" PRId64, value);
	return put(writer, str_n(number, (size_t)len));
}

static bool put_text(Writer *writer, Str key, bool composite)
{
	size_t bytes = key.len;
	for (size_t i = 0; composite && i < key.len; i++) {
		if (key.ptr[i] != '\\')
			continue;
		if (++i == key.len || (key.ptr[i] != '|' && key.ptr[i] != '\\'))
			return false;
		bytes--;
	}
	return bytes && bytes <= CANONICAL_KEY_MAX && str_is_utf8(key) && put(writer, key);
}

static bool put_key(Writer *writer, Parley__Snapshot__V1__ValueType type, Str key, bool composite)
{
	if (type == SNAP_TYPE(INT))
		return put_int(writer, key);
	if (type == SNAP_TYPE(BOOL))
		return (str_eq(key, STR("true")) || str_eq(key, STR("false"))) && put(writer, key);
	return put_text(writer, key, composite);
}

static const char *form(const SnapLevel *level, char *out, size_t room)
{
	size_t len = 0;
	for (size_t i = 0; i < level->n_keys && len < room; i++) {
		const SnapKey *key = level->keys[i];
		int n = snprintf(out + len, room - len, "%s%s (%s)", i ? "|" : "", key->name,
		        key->type == SNAP_TYPE(INT)    ? "integer"
		        : key->type == SNAP_TYPE(BOOL) ? "true or false"
		                                       : "text");
		len += n > 0 ? (size_t)n : 0;
	}
	return out;
}

static Err write_canonical(const SnapLevel *level, Str id, Writer *writer)
{
	bool composite = level->n_keys > 1, ok = true;
	Str rest = id;
	char text[256];
	for (size_t i = 0; i < level->n_keys && ok; i++) {
		// A "|" must stand between two keys, and nothing but the last key behind the last one.
		Str key = next_key(&rest, composite);
		bool more = key.ptr + key.len != id.ptr + id.len;
		ok = more == (i + 1 < level->n_keys) &&
		     put_key(writer, level->keys[i]->type, key, composite) &&
		     (!more || put(writer, STR("|")));
	}
	if (!ok)
		return err(ERR_AUDIENCE_INVALID, "'" STR_FMT "' is not an ID of a %s: write %s",
		        STR_ARG(str_n(id.ptr, id.len < 80 ? id.len : 80)), level->name,
		        form(level, text, sizeof text));
	return OK;
}

Err audience_id_canonical(const SnapLevel *level, Str id, Arena *arena, Str *ret)
{
	char out[CANONICAL_ID_MAX];
	Writer writer = {out, 0};
	TRY(write_canonical(level, id, &writer));
	*ret = arena_str(arena, str_n(out, writer.len));
	return ret->ptr ? OK : err(ERR_NO_MEMORY, "no memory for an audience ID");
}

Err audience_id_check(const SnapLevel *level, Str id)
{
	char out[CANONICAL_ID_MAX];
	Writer writer = {out, 0};
	if (write_canonical(level, id, &writer) || !str_eq(id, str_n(out, writer.len)))
		return INVALID("'" STR_FMT "' is not a canonical ID of the audience level '%s'",
		        STR_ARG(str_n(id.ptr, id.len < 80 ? id.len : 80)), level->name);
	return OK;
}
