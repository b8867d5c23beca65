// SHA-256 names blobs and manifests.
#include "snapshot/snapshot.h"

#include <openssl/evp.h>
#include <stdlib.h>

Digest digest_of(Str bytes)
{
	Digest digest;
	// It fails only if the library has no SHA-256 or no memory; a wrong digest must never come out of it.
	if (EVP_Digest(bytes.ptr ? bytes.ptr : "", bytes.len, digest.bytes, NULL, EVP_sha256(), NULL) != 1)
		abort();
	return digest;
}

bool digest_eq(const Digest *a, const Digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void digest_hex(const Digest *digest, char hex[65])
{
	hex_encode(digest->bytes, sizeof digest->bytes, hex);
}

bool digest_parse(Str hex, Digest *ret)
{
	return hex_decode(hex, ret->bytes, sizeof ret->bytes);
}
