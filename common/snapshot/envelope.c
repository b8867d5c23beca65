// DSSE, with one thing more: every signature in an envelope has to be good, so that no byte of a stored
// envelope can change unnoticed. The threshold counts trusted keys, so neither a repeated signature nor a
// second key ID adds to it.
#include "snapshot/internal.h"

#include "wire/wire.h"

enum { SIGNATURE_SIZE = 64 };

static void md_ctx_freep(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

static void pkey_freep(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
}

// The pre-authentication encoding: what is signed.
static Err pae(Str type, Str body, Arena *arena, Str *ret)
{
	char head[128];
	int head_len =
	        snprintf(head, sizeof head, "DSSEv1 %zu " STR_FMT " %zu ", type.len, STR_ARG(type), body.len);
	char *bytes = arena_alloc(arena, (size_t)head_len + body.len);
	if (!bytes)
		return err(ERR_NO_MEMORY, "no memory for a manifest of %zu bytes", body.len);
	memcpy(bytes, head, (size_t)head_len);
	if (body.len)
		memcpy(bytes + head_len, body.ptr, body.len);
	*ret = str_n(bytes, (size_t)head_len + body.len);
	return OK;
}

static bool signature_verifies(const uint8_t key[32], const Signature *signature, Str message)
{
	CLEANUP(pkey_freep) EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
	CLEANUP(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	return pkey && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
	       EVP_DigestVerify(ctx, signature->sig.data, signature->sig.len, (const uint8_t *)message.ptr,
	               message.len) == 1;
}

// The trusted key that a signature says it is by; the ID is computed from the trusted bytes. -1 if there is
// none.
static int trusted_key(const TrustSet *trust, const char *keyid)
{
	for (size_t i = 0; i < trust->count; i++) {
		char hex[65];
		Digest id = digest_of(str_n((const char *)trust->keys[i], 32));
		digest_hex(&id, hex);
		if (strcmp(hex, keyid) == 0)
			return (int)i;
	}
	return -1;
}

static Err check_signatures(const Envelope *envelope, const TrustSet *trust, Str message)
{
	bool used[SIGNATURES_MAX] = {false};
	for (size_t i = 0; i < envelope->n_signatures; i++) {
		const Signature *signature = envelope->signatures[i];
		int key = trusted_key(trust, signature->keyid);
		if (key < 0)
			return err(ERR_SIGNATURE_INVALID,
			        "signature %zu is by a key that is not trusted here (%s): sign with a "
			        "trusted key or add this one to the trusted keys",
			        i, signature->keyid);
		if (used[key])
			return err(ERR_SIGNATURE_INVALID, "key %s has signed twice: each key counts once",
			        signature->keyid);
		if (!signature_verifies(trust->keys[key], signature, message))
			return err(ERR_SIGNATURE_INVALID,
			        "the signature by key %s does not fit the bytes: they were changed, deploy "
			        "again",
			        signature->keyid);
		used[key] = true;
	}
	if (envelope->n_signatures < trust->threshold)
		return err(ERR_SIGNATURE_INVALID, "%zu trusted keys have signed, %zu must",
		        envelope->n_signatures, trust->threshold);
	return OK;
}

static Err check_envelope_form(const Envelope *envelope)
{
	if (strcmp(envelope->payload_type, SNAPSHOT_PAYLOAD_TYPE) != 0)
		return err(ERR_ENVELOPE_TYPE, "the payload type is '%.100s', it must be %s",
		        envelope->payload_type, SNAPSHOT_PAYLOAD_TYPE);
	if (envelope->n_signatures == 0)
		return err(ERR_SIGNATURE_INVALID, "the envelope has no signature");
	if (envelope->n_signatures > SIGNATURES_MAX)
		return err(ERR_ENVELOPE_INVALID, "%zu signatures, at most %d are allowed",
		        envelope->n_signatures, SIGNATURES_MAX);
	for (size_t i = 0; i < envelope->n_signatures; i++) {
		if (envelope->signatures[i]->sig.len != SIGNATURE_SIZE)
			return err(ERR_ENVELOPE_INVALID, "signature %zu has %zu bytes, Ed25519 has %d", i,
			        envelope->signatures[i]->sig.len, SIGNATURE_SIZE);
	}
	return OK;
}

static Err check_trust(const TrustSet *trust)
{
	if (!trust->count || !trust->threshold)
		return err(ERR_TRUST_EMPTY,
		        "no trusted key is configured: nothing can be accepted until there is one");
	if (trust->count > SIGNATURES_MAX || trust->threshold > trust->count)
		return err(ERR_TRUST_EMPTY,
		        "%zu of %zu trusted keys can never sign: lower the threshold or add keys",
		        trust->threshold, trust->count);
	return OK;
}

Err envelope_verify(Str bytes, const TrustSet *trust, Arena *arena, Str *ret)
{
	TRY(check_trust(trust));
	if (bytes.len == 0 || bytes.len > ENVELOPE_MAX)
		return err(ERR_ENVELOPE_INVALID, "the envelope has %zu bytes, 1 to %d are allowed", bytes.len,
		        ENVELOPE_MAX);
	ProtobufCMessage *message = NULL;
	TRY(strict_unpack(&parley__snapshot__v1__envelope__descriptor, bytes, 0, ERR_ENVELOPE_INVALID, arena,
	        &message));
	const Envelope *envelope = (const Envelope *)message;
	TRY(check_envelope_form(envelope));
	Str payload = str_n((const char *)envelope->payload.data, envelope->payload.len), signed_bytes;
	TRY(pae(STR(SNAPSHOT_PAYLOAD_TYPE), payload, arena, &signed_bytes));
	TRY(check_signatures(envelope, trust, signed_bytes));
	*ret = payload;
	return OK;
}

static Err sign(const SigningKey *key, Str message, uint8_t ret[SIGNATURE_SIZE])
{
	size_t len = SIGNATURE_SIZE;
	CLEANUP(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) != 1 ||
	        EVP_DigestSign(ctx, ret, &len, (const uint8_t *)message.ptr, message.len) != 1 ||
	        len != SIGNATURE_SIZE)
		return err(ERR_INTERNAL, "signing failed: check the signing key");
	return OK;
}

Err envelope_seal(const Manifest *manifest, const SigningKey *key, Arena *arena, Str *ret, Digest *ret_digest)
{
	TRY(manifest_form(manifest));
	Str payload, signed_bytes;
	TRY(wire_pack(&manifest->base, arena, &payload));
	if (payload.len > MANIFEST_MAX)
		return err(ERR_MANIFEST_INVALID,
		        "the manifest has %zu bytes, at most %d are allowed: shorten its comment",
		        payload.len, MANIFEST_MAX);
	if (ret_digest)
		*ret_digest = digest_of(payload);
	TRY(pae(STR(SNAPSHOT_PAYLOAD_TYPE), payload, arena, &signed_bytes));
	uint8_t bytes[SIGNATURE_SIZE];
	TRY(sign(key, signed_bytes, bytes));

	char keyid[65];
	signing_key_id(key, keyid);
	Signature signature = PARLEY__SNAPSHOT__V1__SIGNATURE__INIT;
	signature.keyid = keyid;
	signature.sig = (ProtobufCBinaryData){.len = SIGNATURE_SIZE, .data = bytes};
	Envelope envelope = PARLEY__SNAPSHOT__V1__ENVELOPE__INIT;
	envelope.payload_type = (char *)(uintptr_t)SNAPSHOT_PAYLOAD_TYPE;
	envelope.payload =
	        (ProtobufCBinaryData){.len = payload.len, .data = (uint8_t *)(uintptr_t)payload.ptr};
	envelope.n_signatures = 1;
	envelope.signatures = (Signature *[]){&signature};
	return wire_pack(&envelope.base, arena, ret);
}
