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

// Roles in the database are those of the .proto; Access has them in the same order.
static Access access_of(int64_t role)
{
	return (Access)(ACCESS_VIEWER + (role - PARLEY__DESIGN__V1__ROLE__ROLE_VIEWER));
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
	        .role = access_of(pg_i64(found, 0, 1)),
	        .user = arena_str(lookup->arena, pg_text(found, 0, 0)),
	        .expire_us = pg_time(found, 0, 3),
	};
	return OK;
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
