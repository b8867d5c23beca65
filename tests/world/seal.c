#include "world/seal.h"

#include "wire/wire.h"

#include <stdlib.h>

enum { SIGNERS_MAX = 64 };

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

static Str seal_by(const ProtobufCMessage *message, Str type, const uint8_t *numbers, Arena *arena)
{
	Str payload = pack(message, arena);
	Signature *signatures[SIGNERS_MAX];
	size_t count = 0;
	for (; numbers[count] && count < SIGNERS_MAX; count++)
		signatures[count] = test_sign(numbers[count], type, payload, arena);
	return test_envelope(type, payload, signatures, count, arena);
}

Str test_seal_by(const Manifest *manifest, const uint8_t *numbers, Arena *arena, Digest *ret_digest)
{
	if (ret_digest)
		*ret_digest = digest_of(pack(&manifest->base, arena));
	return seal_by(&manifest->base, STR(SNAPSHOT_PAYLOAD_TYPE), numbers, arena);
}

Str test_seal(const Manifest *manifest, uint8_t number, Arena *arena, Digest *ret_digest)
{
	return test_seal_by(manifest, (const uint8_t[]){number, 0}, arena, ret_digest);
}

Str test_root_seal(const Root *root, const uint8_t *numbers, Arena *arena)
{
	return seal_by(&root->base, STR(ROOT_PAYLOAD_TYPE), numbers, arena);
}

Str test_timestamp_seal(const Timestamp *timestamp, uint8_t number, Arena *arena)
{
	return seal_by(&timestamp->base, STR(TIMESTAMP_PAYLOAD_TYPE), (const uint8_t[]){number, 0}, arena);
}

Str test_floor_seal(const Floor *floor, const uint8_t *numbers, Arena *arena)
{
	return seal_by(&floor->base, STR(FLOOR_PAYLOAD_TYPE), numbers, arena);
}
