#include "service/access.h"

#include <openssl/evp.h>
#include <pthread.h>

enum { REMEMBERED_MAX = 128 }; // bytes of a token

// Looking SHA-256 up among OpenSSL's providers, as its one-shot functions do for every digest, costs more
// than the digest: it is done once, for the life of the process.
static EVP_MD *sha256;

static void find_sha256(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static bool digest(Str token, uint8_t hash[TOKEN_HASH_SIZE])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, find_sha256);
	return sha256 != NULL && EVP_Digest(token.ptr, token.len, hash, NULL, sha256, NULL) == 1;
}

// Takes as long for any two of one length, as OpenSSL's CRYPTO_memcmp does; that one looks at each byte by
// itself, which cost every call hundreds of instructions.
static bool same_bytes(const void *left, const void *right, size_t len)
{
	const uint8_t *a = left, *b = right;
	uint64_t differs = 0, x, y;
	size_t at = 0;
	for (; len - at >= sizeof x; at += sizeof x) {
		memcpy(&x, a + at, sizeof x);
		memcpy(&y, b + at, sizeof y);
		differs |= x ^ y;
	}
	for (; at < len; at++)
		differs |= a[at] ^ b[at];
	__asm__("" : "+r"(differs)); // what comes of it is not the compiler's to foresee
	return differs == 0;
}

// A thread sees the same token call after call, and remembers the hash of the last. Only that: whether it is
// known is asked each time. The comparison takes as long for any two of one length.
static bool hash_of(Str token, uint8_t hash[TOKEN_HASH_SIZE])
{
	static _Thread_local struct {
		size_t len; // 0: none is remembered
		char token[REMEMBERED_MAX];
		uint8_t hash[TOKEN_HASH_SIZE];
	} last;
	if (token.len == last.len && same_bytes(last.token, token.ptr, token.len)) {
		memcpy(hash, last.hash, sizeof last.hash);
		return true;
	}
	if (!digest(token, hash))
		return false;
	last.len = token.len <= sizeof last.token ? token.len : 0;
	memcpy(last.token, token.ptr, last.len);
	memcpy(last.hash, hash, sizeof last.hash);
	return true;
}

// All hashes are compared, and each in constant time: how long it takes tells nothing.
static bool token_known(const Access *access, Str token)
{
	uint8_t hash[TOKEN_HASH_SIZE];
	bool known = false;
	if (!hash_of(token, hash))
		return false;
	for (size_t i = 0; i < access->token_count; i++)
		known |= same_bytes(hash, access->token_hashes[i], sizeof hash);
	return known;
}

// spiffe://parley/ROLE/ENVIRONMENT/NAME, `role` with all that stands before the environment
static bool is_here(const Access *access, Str role, Str identity)
{
	size_t prefix = role.len + access->environment.len + 1;
	return str_starts(identity, role) && identity.len > prefix && identity.ptr[prefix - 1] == '/' &&
	       str_eq(str_n(identity.ptr + role.len, access->environment.len), access->environment) &&
	       memchr(identity.ptr + prefix, '/', identity.len - prefix) == NULL;
}

static unsigned rights_of(const Access *access, const RpcPeer *peer)
{
	unsigned rights = 0;
	if (str_eq(peer->identity, STR("spiffe://parley/design")))
		rights |= ACCESS_DESIGN;
	if (is_here(access, STR("spiffe://parley/operator/"), peer->identity))
		rights |= ACCESS_OPERATOR;
	if (is_here(access, STR("spiffe://parley/touchpoint/"), peer->identity) ||
	        (peer->token.len > 0 && token_known(access, peer->token)))
		rights |= ACCESS_TOUCHPOINT;
	return rights;
}

Err access_authorize(void *context, RpcCall *call, const RpcMethod *method, const RpcPeer *peer, Arena *arena,
        void **ret_principal)
{
	const Access *access = context;
	(void)call;
	(void)arena;
	*ret_principal = NULL;
	unsigned rights = rights_of(access, peer);
	if ((rights & method->access) != 0)
		return OK;
	if (peer->identity.len == 0 && peer->token.len == 0)
		return err(ERR_UNAUTHENTICATED,
		        "show a client certificate or send \"authorization: Bearer TOKEN\"");
	if (rights == 0 && peer->identity.len == 0)
		return err(ERR_UNAUTHENTICATED, "the token is not one of this server's");
	return err(ERR_PERMISSION_DENIED, "%s is not for %s", method->name,
	        rights == 0 ? "this identity in this environment" : "callers of this role");
}
