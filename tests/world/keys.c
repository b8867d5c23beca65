#include "world/seal.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <unistd.h>

static EVP_PKEY *make(uint8_t number)
{
	uint8_t bytes[32];
	memset(bytes, number, sizeof bytes);
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, sizeof bytes);
}

void test_key_public(uint8_t number, uint8_t ret[32])
{
	size_t len = 32;
	EVP_PKEY *pkey = make(number);
	if (!pkey || EVP_PKEY_get_raw_public_key(pkey, ret, &len) != 1)
		abort();
	EVP_PKEY_free(pkey);
}

void test_key_id(uint8_t number, char hex[65])
{
	uint8_t bytes[32];
	test_key_public(number, bytes);
	Digest id = digest_of(str_n((const char *)bytes, sizeof bytes));
	digest_hex(&id, hex);
}

static FILE *create(const char *dir, const char *name, const char *suffix)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s.%s", dir, name, suffix);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file) {
		perror(path);
		exit(1);
	}
	return file;
}

void test_key_write(uint8_t number, const char *dir, const char *name)
{
	EVP_PKEY *pkey = make(number);
	FILE *secret = create(dir, name, "key"), *open_part = create(dir, name, "pub");
	if (!pkey || PEM_write_PKCS8PrivateKey(secret, pkey, NULL, NULL, 0, NULL, NULL) != 1 ||
	        PEM_write_PUBKEY(open_part, pkey) != 1)
		abort();
	fclose(secret);
	fclose(open_part);
	EVP_PKEY_free(pkey);
}

Signature *test_sign(uint8_t number, Str type, Str payload, Arena *arena)
{
	char *head = arena_printf(arena, "DSSEv1 %zu " STR_FMT " %zu ", type.len, STR_ARG(type), payload.len);
	size_t head_len = strlen(head), len = 64;
	uint8_t *message = arena_alloc(arena, head_len + payload.len);
	memcpy(message, head, head_len);
	if (payload.len)
		memcpy(message + head_len, payload.ptr, payload.len);
	Signature *signature = ARENA_NEW(arena, Signature);
	*signature = (Signature)PARLEY__SNAPSHOT__V1__SIGNATURE__INIT;
	signature->keyid = arena_alloc(arena, 65);
	test_key_id(number, signature->keyid);
	signature->sig = (ProtobufCBinaryData){.len = len, .data = arena_alloc(arena, len)};
	EVP_PKEY *pkey = make(number);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) != 1 ||
	        EVP_DigestSign(ctx, signature->sig.data, &len, message, head_len + payload.len) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return signature;
}
