// Rows to messages and back. The stored form is proto3 JSON, which a person can read and SQL can ask; the
// etag is a hash of that very text, so it changes when and only when the content does.
#include "admin/resource.h"

#include "admin/message.h"
#include "base/cleanup.h"
#include "wire/json.h"

#include <sodium.h>

enum { ETAG_BYTES = 16, SPEC_MAX = 1024 * 1024 };

const char *resource_title(const Kind *kind, Str channel, Str name, Arena *arena)
{
	return arena_printf(arena, "%s " STR_FMT "%s" STR_FMT, kind->field, STR_ARG(channel),
	        channel.len ? "/" : "", STR_ARG(name));
}

static Err message_from_spec(const Kind *kind, Str spec, Arena *arena, ProtobufCMessage **ret)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	TRY(json_parse(spec, SPEC_MAX, &json));
	return json_to_message(json, kind->message, arena, ret);
}

static Err set_output_fields(Resource *resource, Arena *arena)
{
	message_set_str(resource->message, "etag", arena_cstr(arena, resource->etag));
	TRY(message_set_time(resource->message, "create_time", resource->created_us, arena));
	return message_set_time(resource->message, "update_time", resource->updated_us, arena);
}

Err resource_of_spec(const Kind *kind, Str channel, Str name, Str spec, Arena *arena, Resource *ret)
{
	*ret = (Resource){.kind = kind, .channel = channel, .name = name, .spec = spec};
	Err failed = message_from_spec(kind, spec, arena, &ret->message);
	if (failed != OK)
		return err(ERR_INTERNAL, "%s is damaged in the database: %s",
		        resource_title(kind, channel, name, arena), err_detail()->message);
	return OK;
}

// Columns from `column` on: etag, spec, created, updated.
static Err read_row(const PgResult *rows, size_t row, size_t column, Arena *arena, Resource *ret)
{
	Str etag = arena_str(arena, pg_text(rows, row, column));
	Str spec = arena_str(arena, pg_text(rows, row, column + 1));
	TRY(resource_of_spec(ret->kind, ret->channel, ret->name, spec, arena, ret));
	ret->etag = etag;
	ret->created_us = pg_time(rows, row, column + 2);
	ret->updated_us = pg_time(rows, row, column + 3);
	return set_output_fields(ret, arena);
}

static Err not_found(const Kind *kind, Str channel, Str name, Arena *arena)
{
	return err(ERR_RESOURCE_NOT_FOUND, "there is no %s: make it with Create%s, or list what there is",
	        resource_title(kind, channel, name, arena), kind->name);
}

Err resource_get(
        Pg *pg, const Kind *kind, Str channel, Str name, ResourceLock lock, Arena *arena, Resource *ret)
{
	static const char *const queries[] = {
	        [RESOURCE_READ] = sql_resource_get,
	        [RESOURCE_SHARE] = sql_resource_get_for_share,
	        [RESOURCE_UPDATE] = sql_resource_get_for_update,
	};
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(PG_QUERY(pg, STORE_TIMEOUT_MS, &rows, queries[lock], P_CTEXT(kind->name), P_TEXT(channel),
	        P_TEXT(name)));
	if (!pg_rows(rows))
		return not_found(kind, channel, name, arena);
	*ret = (Resource){.kind = kind, .channel = channel, .name = name};
	return read_row(rows, 0, 0, arena, ret);
}

Err resource_list(Pg *pg, const Kind *kind, Str channel, Str after_channel, Str after_name, size_t max,
        Arena *arena, Resource **ret, size_t *ret_count)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(SQL_RUN(pg, &rows, resource_page, P_CTEXT(kind->name), P_TEXT(channel), P_TEXT(after_channel),
	        P_TEXT(after_name), P_I64((int64_t)max)));
	*ret_count = pg_rows(rows);
	*ret = ARENA_ARRAY(arena, Resource, *ret_count + 1);
	if (!*ret)
		return err(ERR_NO_MEMORY, "no memory for a list");
	for (size_t i = 0; i < *ret_count; i++) {
		(*ret)[i] = (Resource){.kind = kind,
		        .channel = arena_str(arena, pg_text(rows, i, 0)),
		        .name = arena_str(arena, pg_text(rows, i, 1))};
		TRY(read_row(rows, i, 2, arena, &(*ret)[i]));
	}
	return OK;
}

static Err spec_of(const ProtobufCMessage *message, Arena *arena, Str *ret)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	ProtobufCMessage *bare = message_clone(message, arena);
	if (!bare)
		return err(ERR_NO_MEMORY, "no memory for a resource");
	message_set_str(bare, "etag", "");
	message_set_sub(bare, "create_time", NULL);
	message_set_sub(bare, "update_time", NULL);
	TRY(json_from_message(bare, JSON_PROTO, &json));
	return json_text(json, false, arena, ret);
}

static Str etag_of(Str spec, Arena *arena)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char hex[2 * ETAG_BYTES + 1];
	crypto_hash_sha256(hash, (const uint8_t *)spec.ptr, spec.len);
	hex_encode(hash, ETAG_BYTES, hex);
	return arena_str(arena, str(hex));
}

Err resource_of(const Kind *kind, const ProtobufCMessage *message, int64_t created_us, int64_t updated_us,
        Arena *arena, Resource *ret)
{
	*ret = (Resource){.kind = kind,
	        .channel = message_str(message, "channel"),
	        .name = message_str(message, "name"),
	        .created_us = created_us,
	        .updated_us = updated_us,
	        .message = message_clone(message, arena)};
	if (!ret->message)
		return err(ERR_NO_MEMORY, "no memory for a resource");
	TRY(spec_of(message, arena, &ret->spec));
	ret->etag = etag_of(ret->spec, arena);
	return set_output_fields(ret, arena);
}
