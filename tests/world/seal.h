// Keys made from a number, and envelopes that no honest program would make.
#pragma once
#include "snapshot/snapshot.h"
#include "snapshot/types.h"

// The Ed25519 key whose 32 private bytes are all `number`.
void test_key_public(uint8_t number, uint8_t ret[32]);
void test_key_id(uint8_t number, char hex[65]);
// Writes it to PEM files DIR/NAME.key (mode 600) and DIR/NAME.pub; the program ends if it cannot.
void test_key_write(uint8_t number, const char *dir, const char *name);

// Signs `payload` under `type` with a key.
Signature *test_sign(uint8_t number, Str type, Str payload, Arena *arena);
// An envelope of these parts, whatever they are.
Str test_envelope(Str type, Str payload, Signature *const *signatures, size_t count, Arena *arena);

// A manifest as a design server would write it: environment production, channel bank, fleet main, epoch 1,
// created and valid at 2026-01-01, expiring a year later; the blob is one of `blob`'s bytes.
Manifest *test_manifest(Str blob, uint64_t version, const Digest *previous, Arena *arena);
// Packs and seals a manifest, well formed or not, with one key; tells its digest if that is asked for.
Str test_seal(const Manifest *manifest, uint8_t number, Arena *arena, Digest *ret_digest);

// 2026-01-01T00:00:00Z.
#define TEST_NOW_US (INT64_C(1767225600) * 1000000)
