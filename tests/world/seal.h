// Keys made from a number, and envelopes that no honest program would make.
#pragma once
#include "snapshot/trust.h"
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

// The same with several keys, each number one signature; the list ends with 0.
Str test_seal_by(const Manifest *manifest, const uint8_t *numbers, Arena *arena, Digest *ret_digest);

// Keys of the roots that tests make, besides the builder's. Three persons hold root keys.
enum {
	TEST_ROOT_A = 101,
	TEST_ROOT_B,
	TEST_ROOT_C,
	TEST_TIMESTAMP = 111,
	TEST_ANNA = 121,
	TEST_BEN,
	TEST_CARL
};
// Root 1 of an environment, valid from 2026-01-01 for ten years: two of the three root keys sign, one builder
// and one timestamp key; anna, ben and carl are approvers, of whom `approvals` must sign.
Root *test_root(const char *environment, uint8_t builder, uint32_t approvals, Arena *arena);
// One role's keys, ascending as a root wants them; "holder" names what each of `numbers` has as a holder.
RootRole *test_role(
        const uint8_t *numbers, const char *const *holders, size_t count, uint32_t threshold, Arena *arena);
// Packs a root, well formed or not, and signs it; the list ends with 0.
Str test_root_seal(const Root *root, const uint8_t *numbers, Arena *arena);
// That root, signed by two of its holders: bytes, and in a file.
Str test_root_envelope(const char *environment, uint8_t builder, uint32_t approvals, Arena *arena);
void test_root_write(const char *path, const char *environment, uint8_t builder, uint32_t approvals);

// A timestamp as a design server would write it: created at `now_us`, expiring a day later, naming nothing.
Timestamp *test_timestamp(const char *environment, uint64_t version, int64_t now_us, Arena *arena);
void test_timestamp_add(Timestamp *timestamp, const Manifest *manifest, const Digest *digest, Arena *arena);
Str test_timestamp_seal(const Timestamp *timestamp, uint8_t number, Arena *arena);
// A floor made at `now_us` for a week.
Floor *test_floor(const char *environment, const char *runtime_id, const char *channel, uint64_t epoch,
        uint64_t version, int64_t now_us, Arena *arena);
Str test_floor_seal(const Floor *floor, const uint8_t *numbers, Arena *arena);

// 2026-01-01T00:00:00Z.
#define TEST_NOW_US (INT64_C(1767225600) * 1000000)
