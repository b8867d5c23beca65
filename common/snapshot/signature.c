// One signature: made, and verified. What is signed is DSSE's pre-authentication encoding, so that a
// signature over a payload of one type is none over the same bytes of another.
#include "snapshot/internal.h"

enum { SIGNATURE_SIZE = 64 };

static void md_ctx_freep(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

static void pkey_freep(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
}

Err signed_bytes_of(Str type, Str payload, Arena *arena, Str *ret)
{
	char head[128];
	int head_len = snprintf(
	        head, sizeof head, "DSSEv1 %zu " STR_FMT " %zu ", type.len, STR_ARG(type), payload.len);
	if (head_len >= (int)sizeof head)
		return err(ERR_ENVELOPE_TYPE, "the payload type has %zu characters", type.len);
	char *bytes = arena_alloc(arena, (size_t)head_len + payload.len);
	if (!bytes)
		return err(ERR_NO_MEMORY, "no memory for a payload of %zu bytes", payload.len);
	memcpy(bytes, head, (size_t)head_len);
	if (payload.len)
		memcpy(bytes + head_len, payload.ptr, payload.len);
	*ret = str_n(bytes, (size_t)head_len + payload.len);
	return OK;
}

bool signature_verifies(const uint8_t key[32], const Signature *signature, Str signed_bytes)
{
	CLEANUP(pkey_freep) EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
	CLEANUP(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	return signature->sig.len == SIGNATURE_SIZE && pkey && ctx &&
	       EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
	       EVP_DigestVerify(ctx, signature->sig.data, signature->sig.len,
	               (const uint8_t *)signed_bytes.ptr, signed_bytes.len) == 1;
}

bool signature_fits(
        const uint8_t public_key[32], Str type, Str payload, const Signature *signature, Arena *arena)
{
	Str signed_bytes;
	return signed_bytes_of(type, payload, arena, &signed_bytes) == OK &&
	       signature_verifies(public_key, signature, signed_bytes);
}

static Err sign(const SigningKey *key, Str signed_bytes, uint8_t ret[SIGNATURE_SIZE])
{
	size_t len = SIGNATURE_SIZE;
	CLEANUP(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) != 1 ||
	        EVP_DigestSign(ctx, ret, &len, (const uint8_t *)signed_bytes.ptr, signed_bytes.len) != 1 ||
	        len != SIGNATURE_SIZE)
		return err(ERR_INTERNAL, "signing failed: check the signing key");
	return OK;
}

Err signature_make(const SigningKey *key, Str type, Str payload, Arena *arena, Signature **ret)
{
	Str signed_bytes;
	TRY(signed_bytes_of(type, payload, arena, &signed_bytes));
	Signature *signature = ARENA_NEW(arena, Signature);
	char *keyid = arena_alloc(arena, 65);
	uint8_t *bytes = arena_alloc(arena, SIGNATURE_SIZE);
	if (!signature || !keyid || !bytes)
		return err(ERR_NO_MEMORY, "no memory for a signature");
	TRY(sign(key, signed_bytes, bytes));
	signing_key_id(key, keyid);
	*signature = (Signature)PARLEY__SNAPSHOT__V1__SIGNATURE__INIT;
	signature->keyid = keyid;
	signature->sig = (ProtobufCBinaryData){.len = SIGNATURE_SIZE, .data = bytes};
	*ret = signature;
	return OK;
}
