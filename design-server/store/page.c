// Page tokens: base64url of a checksum over query and position, and the position.
#include "store/page.h"

#include <sodium.h>

enum { CHECK_SIZE = 8, TOKEN_MAX = 1024 };

Err page_size(int32_t asked, size_t *ret)
{
	if (asked < 0)
		return err_at(ERR_FIELD_INVALID, "page_size",
		        "page_size is negative: give 1 to %d, or 0 for %d", PAGE_SIZE_MAX, PAGE_SIZE_DEFAULT);
	*ret = asked == 0 ? PAGE_SIZE_DEFAULT : asked > PAGE_SIZE_MAX ? PAGE_SIZE_MAX : (size_t)asked;
	return OK;
}

static void checksum(Str query, Str position, uint8_t digest[crypto_hash_sha256_BYTES])
{
	crypto_hash_sha256_state state;
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)&query.len, sizeof(query.len));
	crypto_hash_sha256_update(&state, (const uint8_t *)query.ptr, query.len);
	crypto_hash_sha256_update(&state, (const uint8_t *)position.ptr, position.len);
	crypto_hash_sha256_final(&state, digest);
}

Str page_token_make(Str query, Str position, Arena *arena)
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	size_t len = CHECK_SIZE + position.len;
	size_t size = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	uint8_t *plain = arena_alloc(arena, len);
	char *text = arena_alloc(arena, size);
	if (!plain || !text)
		return (Str){0};
	checksum(query, position, digest);
	memcpy(plain, digest, CHECK_SIZE);
	memcpy(plain + CHECK_SIZE, position.ptr, position.len);
	sodium_bin2base64(text, size, plain, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return str(text);
}

Err page_token_read(Str token, Str query, Arena *arena, Str *ret)
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	size_t len = 0;
	*ret = (Str){0};
	if (!token.len)
		return OK;
	uint8_t *plain = arena_alloc(arena, TOKEN_MAX);
	if (!plain)
		return err(ERR_NO_MEMORY, "no memory for a page token");
	bool sound = token.len <= TOKEN_MAX &&
	             sodium_base642bin(plain, TOKEN_MAX, token.ptr, token.len, NULL, &len, NULL,
	                     sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
	             len >= CHECK_SIZE;
	Str position = sound ? str_n((const char *)plain + CHECK_SIZE, len - CHECK_SIZE) : (Str){0};
	checksum(query, position, digest);
	if (!sound || memcmp(digest, plain, CHECK_SIZE) != 0)
		return err_at(ERR_PAGE_TOKEN_INVALID, "page_token",
		        "page_token is not one that this very query gave: take next_page_token as it came, "
		        "with the same "
		        "filter, or start at the first page without it");
	*ret = position;
	return OK;
}
