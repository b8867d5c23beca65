// Signed snapshots: sealing on the design side, verifying on the runtime side. The format and the order of
// checks are in README.md, written before this code. Two rules shape it: verify the stored bytes and then
// parse those same bytes; and signed does not mean well formed, so a verified blob is still checked for
// bounds, references and programs.
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include "parley/snapshot/v1/manifest.pb-c.h"
#include "parley/snapshot/v1/snapshot.pb-c.h"

enum {
	SNAPSHOT_FORMAT = 2, // of a blob
	MANIFEST_FORMAT = 2,
	SNAPSHOT_ENGINE = 2,              // what this engine understands
	MANIFEST_MAX = 64 * 1024,         // bytes of a manifest, and of whatever else is signed
	ENVELOPE_MAX = 96 * 1024,         // bytes of an envelope
	SNAPSHOT_MAX = 512 * 1024 * 1024, // bytes of a blob
	SIGNATURES_MAX = 16,
	SNAPSHOT_ACTIONS_AT_ONCE = 64,  // of one event, with all that it triggers at once
	SNAPSHOT_TRIGGERS_IN_A_ROW = 8, // events that trigger one another at once
};
#define SNAPSHOT_PAYLOAD_TYPE "application/vnd.parley.snapshot.v1+protobuf"

typedef struct Digest {
	uint8_t bytes[32];
} Digest;

Digest digest_of(Str bytes); // SHA-256
bool digest_eq(const Digest *a, const Digest *b);
void digest_hex(const Digest *digest, char hex[65]);
bool digest_parse(Str hex, Digest *ret);

// --- keys ---

// An Ed25519 key that signs. Owns secrets: free it.
typedef struct SigningKey SigningKey;
// From a PEM file (PKCS #8). Errors: IO, CONFIG_INVALID.
Err signing_key_load(const char *path, SigningKey **ret);
void signing_key_free(SigningKey *key);
// The key's ID: hex of the SHA-256 of its 32 public bytes.
void signing_key_id(const SigningKey *key, char hex[65]);

// --- design side ---

// Serializes a snapshot whose lists are in canonical order; refuses one that is not well formed by
// snapshot_check.
Err snapshot_pack(const Parley__Snapshot__V1__Snapshot *snapshot, Arena *arena, Str *ret);

// --- runtime side ---

// What a place has seen: the rollback floor.
typedef struct PlaceState {
	bool known; // false: nothing was ever deployed here
	uint64_t epoch, version;
	Digest manifest;         // of the manifest that serves
	Digest blob;             // of the snapshot that serves
	int64_t highest_time_us; // the latest moment ever seen: the clock may not be set back behind it
} PlaceState;

// Where and when an envelope is to hold.
typedef struct Place {
	Str environment, fleet;
	Str channel; // empty: any
	int64_t now_us;
} Place;

// Checks blob bytes against the manifest (length, digest), parses them and checks the content: format, order,
// indices, types, programs (compiled expressions are verified against their audience level). `ret` lives in
// `arena`. Errors: SNAPSHOT_*, EXPR_PROGRAM_INVALID.
Err snapshot_open(Str blob, const Parley__Snapshot__V1__Manifest *manifest, Arena *arena,
        Parley__Snapshot__V1__Snapshot **ret);

// The same of bytes that nobody vouches for, to look at them: no manifest, no digest. Errors:
// SNAPSHOT_INVALID, SNAPSHOT_FORMAT, SNAPSHOT_ENGINE, EXPR_PROGRAM_INVALID.
Err snapshot_parse(Str blob, Arena *arena, Parley__Snapshot__V1__Snapshot **ret);

// The content check alone.
Err snapshot_check(const Parley__Snapshot__V1__Snapshot *snapshot);

// An expression schema for an audience level: slot i is attribute i. Lives in `arena`.
struct ExprSchema;
Err snapshot_schema(const Parley__Snapshot__V1__AudienceLevel *level, Arena *arena, struct ExprSchema *ret);

// --- audience IDs ---

enum {
	CANONICAL_ID_MAX = 1024, // bytes of an audience ID's canonical text
	CANONICAL_KEY_MAX = 256, // of a text key in it, without escapes
};
// The canonical text of an audience ID: integers in their shortest form. `ret` lives in `arena`. Errors:
// AUDIENCE_INVALID, NO_MEMORY.
Err audience_id_canonical(const Parley__Snapshot__V1__AudienceLevel *level, Str id, Arena *arena, Str *ret);
