// A link is made for every offer of every getOffers, so the key's two blocks are hashed once, when the key is
// read, and a MAC costs the message's block and the outer one. EVP cannot keep such states without allocating
// a context per MAC (0.28 us against 0.13); OpenSSL's older SHA-256 functions keep them in a plain
// struct, use the same assembly, and are still there in version 3, which only advises against them.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "link/mac.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

enum { BLOCK = SHA256_CBLOCK, BLOCK_BITS = 8 * BLOCK };

static void keep(const uint8_t block[BLOCK], uint32_t state[8])
{
	SHA256_CTX context;
	SHA256_Init(&context);
	SHA256_Update(&context, block, BLOCK);
	for (size_t i = 0; i < 8; i++)
		state[i] = context.h[i];
	OPENSSL_cleanse(&context, sizeof context);
}

// As if the key's block had just been hashed.
static void go_on(const uint32_t state[8], SHA256_CTX *context)
{
	SHA256_Init(context);
	for (size_t i = 0; i < 8; i++)
		context->h[i] = state[i];
	context->Nl = BLOCK_BITS;
}

void mac_prepare(const uint8_t *key, LinkMac *ret)
{
	uint8_t block[BLOCK];
	memset(block, 0x36, BLOCK);
	for (size_t i = 0; i < LINK_KEY_SIZE; i++)
		block[i] ^= key[i];
	keep(block, ret->inner);
	for (size_t i = 0; i < BLOCK; i++)
		block[i] ^= 0x36 ^ 0x5c;
	keep(block, ret->outer);
	OPENSSL_cleanse(block, sizeof block);
}

void mac_of(const LinkMac *mac, const void *message, size_t len, uint8_t ret[MAC_SIZE])
{
	SHA256_CTX context;
	go_on(mac->inner, &context);
	SHA256_Update(&context, message, len);
	SHA256_Final(ret, &context);
	go_on(mac->outer, &context);
	SHA256_Update(&context, ret, MAC_SIZE);
	SHA256_Final(ret, &context);
}

void mac_sha256(const void *data, size_t len, uint8_t ret[MAC_SIZE])
{
	SHA256(data, len, ret);
}

bool mac_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
