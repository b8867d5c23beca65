#include "world/seal.h"

#include "wire/wire.h"

#include <stdlib.h>

static Str pack(const ProtobufCMessage *message, Arena *arena)
{
	Str bytes;
	if (wire_pack(message, arena, &bytes))
		abort();
	return bytes;
}

static ProtobufCBinaryData binary(Str bytes)
{
	return (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)(uintptr_t)bytes.ptr};
}

Str test_envelope(Str type, Str payload, Signature *const *signatures, size_t count, Arena *arena)
{
	Envelope envelope = PARLEY__SNAPSHOT__V1__ENVELOPE__INIT;
	envelope.payload_type = arena_cstr(arena, type);
	envelope.payload = binary(payload);
	envelope.n_signatures = count;
	envelope.signatures = (Signature **)(uintptr_t)signatures;
	return pack(&envelope.base, arena);
}

Manifest *test_manifest(Str blob, uint64_t version, const Digest *previous, Arena *arena)
{
	Digest digest = digest_of(blob);
	BlobReference *reference = ARENA_NEW(arena, BlobReference);
	*reference = (BlobReference)PARLEY__SNAPSHOT__V1__BLOB_REFERENCE__INIT;
	reference->sha256 = binary(arena_str(arena, str_n((const char *)digest.bytes, sizeof digest.bytes)));
	reference->length = blob.len;
	Manifest *manifest = ARENA_NEW(arena, Manifest);
	*manifest = (Manifest)PARLEY__SNAPSHOT__V1__MANIFEST__INIT;
	manifest->format = MANIFEST_FORMAT;
	manifest->environment = arena_cstr(arena, STR("production"));
	manifest->channel = arena_cstr(arena, STR("bank"));
	manifest->fleet = arena_cstr(arena, STR("main"));
	manifest->epoch = 1;
	manifest->version = version;
	if (previous)
		manifest->previous = binary(
		        arena_str(arena, str_n((const char *)previous->bytes, sizeof previous->bytes)));
	manifest->n_blobs = 1;
	manifest->blobs = ARENA_ARRAY(arena, BlobReference *, 1);
	manifest->blobs[0] = reference;
	manifest->least_engine = SNAPSHOT_ENGINE;
	manifest->created_us = manifest->not_before_us = TEST_NOW_US;
	manifest->expires_us = TEST_NOW_US + INT64_C(365) * 86400 * 1000000;
	manifest->author = arena_cstr(arena, STR("dora"));
	return manifest;
}

Str test_seal(const Manifest *manifest, uint8_t number, Arena *arena, Digest *ret_digest)
{
	Str payload = pack(&manifest->base, arena);
	if (ret_digest)
		*ret_digest = digest_of(payload);
	Signature *signature = test_sign(number, STR(SNAPSHOT_PAYLOAD_TYPE), payload, arena);
	return test_envelope(STR(SNAPSHOT_PAYLOAD_TYPE), payload, &signature, 1, arena);
}
