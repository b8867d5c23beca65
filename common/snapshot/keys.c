// Public keys come from PEM files that an administrator put there, never from a bundle. A key's ID is
// computed from its bytes.
#include "snapshot/internal.h"

#include "base/file.h"

#include <openssl/pem.h>
#include <stdlib.h>

enum { PEM_MAX = 16 * 1024 };

static void pkey_freep(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
}

static void bio_freep(BIO **bio)
{
	BIO_free(*bio);
}

void signing_key_free(SigningKey *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

void signing_key_public(const SigningKey *key, uint8_t ret[32])
{
	memcpy(ret, key->public_bytes, sizeof key->public_bytes);
}

void public_key_id(const uint8_t public_key[32], char hex[65])
{
	Digest digest = digest_of(str_n((const char *)public_key, 32));
	digest_hex(&digest, hex);
}

void signing_key_id(const SigningKey *key, char hex[65])
{
	public_key_id(key->public_bytes, hex);
}

// Public keys are not encrypted; if one says so, nobody is asked.
static int refuse_passphrase(char *text, int size, int writing, void *context)
{
	(void)text, (void)size, (void)writing, (void)context;
	return -1;
}

Err public_key_load(const char *path, uint8_t ret[32])
{
	CLEANUP(arena_freep) Arena *arena = arena_new(PEM_MAX, 0);
	size_t len = 32;
	Str pem;
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for a key");
	TRY(file_read(path, PEM_MAX, arena, &pem));
	CLEANUP(bio_freep) BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	CLEANUP(pkey_freep)
	EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, refuse_passphrase, NULL) : NULL;
	if (!pkey || !EVP_PKEY_is_a(pkey, "ED25519") || EVP_PKEY_get_raw_public_key(pkey, ret, &len) != 1)
		return err(ERR_CONFIG_INVALID,
		        "%s is not an Ed25519 public key in PEM: make it with parley key new, or with "
		        "openssl "
		        "pkey -in KEY -pubout",
		        path);
	return OK;
}
