// Keys come from PEM files that an administrator put there, never from a bundle. A key's ID is computed from
// its bytes.
#include "snapshot/internal.h"

#include "base/file.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PEM_MAX = 16 * 1024, TRUST_KEYS_MAX = SIGNATURES_MAX };

static void pkey_freep(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
}

static void bio_freep(BIO **bio)
{
	BIO_free(*bio);
}

static void filep_close(FILE **file)
{
	if (*file)
		fclose(*file);
}

static void key_id(const uint8_t public_bytes[32], char hex[65])
{
	Digest digest = digest_of(str_n((const char *)public_bytes, 32));
	digest_hex(&digest, hex);
}

// A server has no terminal to ask for a passphrase at.
static int refuse_passphrase(char *text, int size, int writing, void *context)
{
	(void)text, (void)size, (void)writing, (void)context;
	return -1;
}

static bool public_bytes_of(EVP_PKEY *pkey, uint8_t ret[32])
{
	size_t len = 32;
	return EVP_PKEY_is_a(pkey, "ED25519") && EVP_PKEY_get_raw_public_key(pkey, ret, &len) == 1 &&
	       len == 32;
}

static Err refuse_if_world_readable(FILE *file, const char *path)
{
	struct stat info;
	if (fstat(fileno(file), &info) < 0)
		return err_errno(ERR_IO, "cannot look at %s", path);
	if (info.st_mode & 07)
		return err(
		        ERR_CONFIG_INVALID, "%s is a private key that everybody may use: chmod 600 it", path);
	return OK;
}

Err signing_key_load(const char *path, SigningKey **ret)
{
	CLEANUP(filep_close) FILE *file = fopen(path, "re");
	if (!file)
		return err_errno(ERR_IO, "cannot open the signing key %s", path);
	TRY(refuse_if_world_readable(file, path));
	CLEANUP(pkey_freep) EVP_PKEY *pkey = PEM_read_PrivateKey(file, NULL, refuse_passphrase, NULL);
	SigningKey key = {0};
	if (!pkey || !public_bytes_of(pkey, key.public_bytes))
		return err(ERR_CONFIG_INVALID,
		        "%s is not an unencrypted Ed25519 private key in PEM: make one with openssl genpkey "
		        "-algorithm ed25519",
		        path);
	SigningKey *owned = malloc(sizeof *owned);
	if (!owned)
		return err(ERR_NO_MEMORY, "no memory for a key");
	key.pkey = STEAL(pkey);
	*owned = key;
	*ret = owned;
	return OK;
}

void signing_key_free(SigningKey *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

void signing_key_id(const SigningKey *key, char hex[65])
{
	key_id(key->public_bytes, hex);
}

static Err load_public_key(const char *path, Arena *arena, uint8_t ret[32])
{
	Str pem;
	TRY(file_read(path, PEM_MAX, arena, &pem));
	CLEANUP(bio_freep) BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	CLEANUP(pkey_freep)
	EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, refuse_passphrase, NULL) : NULL;
	if (!pkey || !public_bytes_of(pkey, ret))
		return err(ERR_CONFIG_INVALID,
		        "%s is not an Ed25519 public key in PEM: make it with openssl pkey -in KEY -pubout",
		        path);
	return OK;
}

Err trust_load(const Str *paths, size_t count, size_t threshold, Arena *arena, TrustSet *ret)
{
	if (count > TRUST_KEYS_MAX)
		return err(ERR_CONFIG_INVALID, "%zu trusted keys: at most %d are allowed", count,
		        TRUST_KEYS_MAX);
	uint8_t(*keys)[32] = arena_alloc_array(arena, sizeof *keys, count);
	if (!keys)
		return err(ERR_NO_MEMORY, "no memory for %zu keys", count);
	for (size_t i = 0; i < count; i++) {
		TRY(load_public_key(arena_cstr(arena, paths[i]), arena, keys[i]));
		for (size_t j = 0; j < i; j++) {
			if (memcmp(keys[i], keys[j], sizeof *keys) == 0)
				return err(ERR_CONFIG_INVALID,
				        STR_FMT " and " STR_FMT " are the same key: name it once",
				        STR_ARG(paths[j]), STR_ARG(paths[i]));
		}
	}
	*ret = (TrustSet){.keys = (const uint8_t(*)[32])keys, .count = count, .threshold = threshold};
	return OK;
}
