// Keeping what was built. A content is stored once, however many builds have it, so that keeping a channel of
// 100,000 resources after one change is a few statements and one new row.
#include "pending/internal.h"

#include <sodium.h>

enum { HEX = 2 * crypto_hash_sha256_BYTES + 1, FIND_BLOCK = 20000, ADD_BLOCK = 2000, ADD_BYTES = 4 << 20 };

typedef struct Keep {
	Pg *pg;
	Arena *arena;
	const Collected *collected;
	Str *hashes; // by place, in hex
	int64_t *ids;
} Keep;

static void hash_part(crypto_hash_sha256_state *state, Str part)
{
	uint64_t len = part.len;
	crypto_hash_sha256_update(state, (const uint8_t *)&len, sizeof len);
	crypto_hash_sha256_update(state, (const uint8_t *)part.ptr, part.len);
}

static Err hash_all(Keep *keep)
{
	char *text = arena_alloc_array(keep->arena, HEX, keep->collected->count);
	if (!text)
		return pending_no_memory();
	for (size_t i = 0; i < keep->collected->count; i++, text += HEX) {
		const Resource *item = &keep->collected->items[i];
		uint8_t hash[crypto_hash_sha256_BYTES];
		crypto_hash_sha256_state state;
		crypto_hash_sha256_init(&state);
		hash_part(&state, str(item->kind->name));
		hash_part(&state, item->channel);
		hash_part(&state, item->name);
		hash_part(&state, item->spec);
		crypto_hash_sha256_final(&state, hash);
		hex_encode(hash, sizeof hash, text);
		keep->hashes[i] = str_n(text, HEX - 1);
	}
	return OK;
}

// Fills the ids of what is stored; those of what is not become 0.
static Err find_all(Keep *keep, size_t *ret_lacking)
{
	*ret_lacking = 0;
	for (size_t first = 0; first < keep->collected->count; first += FIND_BLOCK) {
		CLEANUP(pg_result_freep) PgResult *rows = NULL;
		size_t count = keep->collected->count - first;
		count = count < FIND_BLOCK ? count : FIND_BLOCK;
		TRY(SQL_RUN(keep->pg, &rows, version_find, P_TEXTS(keep->hashes + first, count)));
		for (size_t i = 0; i < count; i++) {
			keep->ids[first + i] = pg_i64(rows, i, 0);
			*ret_lacking += pg_is_null(rows, i, 0);
		}
	}
	return OK;
}

// What is lacking from `*at` on, until the block is full.
static Err add_block(Keep *keep, Str *columns[5], size_t *at)
{
	size_t count = 0, bytes = 0;
	for (; *at < keep->collected->count && count < ADD_BLOCK && bytes < ADD_BYTES; ++*at) {
		const Resource *item = &keep->collected->items[*at];
		if (keep->ids[*at])
			continue;
		const Str values[5] = {
		        keep->hashes[*at], str(item->kind->name), item->channel, item->name, item->spec};
		for (size_t i = 0; i < ARRAY_COUNT(values); i++)
			columns[i][count] = values[i];
		bytes += item->spec.len;
		count++;
	}
	return SQL_RUN(keep->pg, NULL, version_add, P_TEXTS(columns[0], count), P_TEXTS(columns[1], count),
	        P_TEXTS(columns[2], count), P_TEXTS(columns[3], count), P_TEXTS(columns[4], count));
}

static Err add_lacking(Keep *keep)
{
	Str *columns[5];
	for (size_t i = 0; i < ARRAY_COUNT(columns); i++) {
		columns[i] = ARENA_ARRAY(keep->arena, Str, ADD_BLOCK);
		if (!columns[i])
			return pending_no_memory();
	}
	for (size_t at = 0; at < keep->collected->count;)
		TRY(add_block(keep, columns, &at));
	return OK;
}

static Err store_versions(Keep *keep)
{
	size_t lacking;
	keep->hashes = ARENA_ARRAY(keep->arena, Str, keep->collected->count);
	keep->ids = ARENA_ARRAY(keep->arena, int64_t, keep->collected->count);
	if (!keep->hashes || !keep->ids)
		return pending_no_memory();
	TRY(hash_all(keep));
	TRY(pg_query(keep->pg, STORE_TIMEOUT_MS, sql_plan_anew, NULL, 0, NULL));
	TRY(find_all(keep, &lacking));
	if (!lacking)
		return OK;
	TRY(add_lacking(keep));
	TRY(find_all(keep, &lacking));
	return lacking ? err(ERR_INTERNAL, "%zu resources of a build were not stored", lacking) : OK;
}

Err configuration_keep(Pg *pg, const Collected *collected, const Digest *digest, Str author, int64_t now_us,
        Arena *arena, int64_t *ret_build)
{
	CLEANUP(pg_result_freep) PgResult *found = NULL;
	CLEANUP(pg_result_freep) PgResult *added = NULL;
	Keep keep = {.pg = pg, .arena = arena, .collected = collected};
	TRY(store_versions(&keep));
	PgParam channel = P_TEXT(collected->channel),
	        blob = P_BYTES(str_n((const char *)digest->bytes, sizeof digest->bytes)),
	        items = P_I64S(keep.ids, collected->count),
	        marks = P_I64S(collected->marks, collected->mark_count);
	TRY(SQL_RUN(pg, &found, build_find, channel, blob, items, marks));
	if (pg_rows(found)) {
		*ret_build = pg_i64(found, 0, 0);
		return OK;
	}
	TRY(SQL_RUN(pg, &added, build_add, channel, blob, items, marks, P_TEXT(author), P_TIME(now_us)));
	*ret_build = pg_i64(added, 0, 0);
	return OK;
}

Err configuration_deployed(Pg *pg, Str environment, Str channel, int64_t build, int64_t now_us)
{
	if (!build)
		return SQL_RUN(pg, NULL, environment_build_remove, P_TEXT(environment), P_TEXT(channel));
	return SQL_RUN(pg, NULL, environment_build_put, P_TEXT(environment), P_TEXT(channel), P_I64(build),
	        P_TIME(now_us));
}

Err configuration_returned(Pg *pg, int64_t deployment, int64_t now_us)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(SQL_RUN(pg, &rows, environment_build_before, P_I64(deployment)));
	if (!pg_rows(rows))
		return err(ERR_DEPLOYMENT_NOT_FOUND, "deployment %lld is not there", (long long)deployment);
	return configuration_deployed(
	        pg, pg_text(rows, 0, 0), pg_text(rows, 0, 1), pg_i64(rows, 0, 2), now_us);
}

Err configuration_running(Pg *pg, Str environment, Str channel, int64_t *ret_build)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	TRY(SQL_RUN(pg, &rows, environment_build_get, P_TEXT(environment), P_TEXT(channel)));
	*ret_build = pg_rows(rows) ? pg_i64(rows, 0, 0) : 0;
	return OK;
}
