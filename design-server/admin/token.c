// Tokens: 32 random bytes; the database knows only their hash, so that who reads it cannot log in.
#include "admin/admin_internal.h"

#include "base/cleanup.h"

void token_make(char token[TOKEN_SIZE])
{
	uint8_t bytes[32];
	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2base64(token, TOKEN_SIZE, bytes, sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(bytes, sizeof(bytes));
}

TokenHash token_hash(Str token)
{
	TokenHash hash;
	crypto_hash_sha256(hash.bytes, (const uint8_t *)token.ptr, token.len);
	return hash;
}

typedef struct Lookup {
	TokenHash hash;
	Arena *arena;
	Principal *principal;
} Lookup;

// Row 0: the user's environments and, in the same order, roles.
static Err read_grants(const PgResult *found, Arena *arena, Principal *ret)
{
	Str *environments, *roles;
	size_t count = 0, role_count = 0;
	TRY(pg_texts(found, 0, 2, arena, &environments, &count));
	TRY(pg_texts(found, 0, 3, arena, &roles, &role_count));
	Granted *grants = ARENA_ARRAY(arena, Granted, count + 1);
	if (!grants)
		return err(ERR_NO_MEMORY, "no memory for a call");
	for (size_t i = 0; i < count; i++) {
		int64_t role = 0;
		if (!str_to_i64(roles[i], &role))
			continue;
		if (str_eq(environments[i], STR("*")))
			ret->everywhere |= grant_callers(role);
		else
			grants[ret->grant_count++] = (Granted){environments[i], grant_callers(role)};
	}
	ret->grants = grants;
	return OK;
}

static Err look_up(Pg *pg, void *context)
{
	Lookup *lookup = context;
	CLEANUP(pg_result_freep) PgResult *found = NULL;
	TRY(SQL_RUN(pg, &found, token_get, P_BYTES(token_bytes(&lookup->hash))));
	if (!pg_rows(found))
		return err(ERR_UNAUTHENTICATED,
		        "the token is not known here: log in again with \"parley login\"");
	*lookup->principal = (Principal){
	        .everywhere = CALLER_SIGNED_IN,
	        .user = arena_str(lookup->arena, pg_text(found, 0, 0)),
	        .expire_us = pg_time(found, 0, 1),
	};
	return read_grants(found, lookup->arena, lookup->principal);
}

Err token_principal(Services *services, Str token, Arena *arena, Principal *ret)
{
	char when[TIME_TEXT_SIZE];
	Lookup lookup = {.hash = token_hash(token), .arena = arena, .principal = ret};
	TRY(store_run(services->store, look_up, &lookup));
	if (clock_now_us(services->clock) < ret->expire_us)
		return OK;
	time_format(ret->expire_us, when);
	return err(ERR_TOKEN_EXPIRED, "the token expired at %s: log in again with \"parley login\"", when);
}
