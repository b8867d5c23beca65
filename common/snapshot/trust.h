// Whose signatures count. An environment's root lists the keys of four roles; manifests, timestamps, floors
// and the next root are verified against it and against nothing else. Which checks there are, in which order,
// is in README.md; nothing here reads a clock.
#pragma once
#include "snapshot/snapshot.h"

enum {
	ROOT_FORMAT = 1,
	TIMESTAMP_FORMAT = 1,
	FLOOR_FORMAT = 1,
	ROLE_KEYS_MAX = 64,           // keys of one role
	ROOT_SIGNATURES_MAX = 32,     // of a root: two thresholds may have to sign it
	CLOCK_SKEW_S = 300,           // that a signer's clock may be ahead of ours
	TIMESTAMP_LIFE_S = 24 * 3600, // at most
	FLOOR_LIFE_S = 7 * 24 * 3600, // at most
	TIMESTAMP_CURRENT_MAX = 1024, // manifests that one timestamp names
	MANIFEST_EVIDENCE_MAX = 64,
};
#define ROOT_PAYLOAD_TYPE      "application/vnd.parley.root.v1+protobuf"
#define TIMESTAMP_PAYLOAD_TYPE "application/vnd.parley.timestamp.v1+protobuf"
#define FLOOR_PAYLOAD_TYPE     "application/vnd.parley.floor.v1+protobuf"
#define PLAN_PAYLOAD_TYPE      "application/vnd.parley.plan.v1+protobuf"

typedef enum KeyRole { KEY_ROOT, KEY_BUILDER, KEY_APPROVER, KEY_TIMESTAMP, KEY_ROLES } KeyRole;

// A verified root. Lives in the arena that it was opened in.
typedef struct TrustRoot {
	const Parley__Snapshot__V1__Root *message;
	Digest digest; // of its bytes
	Str envelope;  // byte for byte, in the same arena
	uint64_t version;
	Str environment;
} TrustRoot;

// The root that is believed because it was configured: signed by its own threshold, for `environment` (empty:
// any). Errors: ENVELOPE_*, ROOT_INVALID, SIGNATURE_INVALID, KEY_ROLE, MANIFEST_PLACE.
Err root_open(Str envelope, Str environment, Arena *arena, TrustRoot *ret);
// The one after `current`: exactly one version more, signed by the thresholds of both. The very same one
// again is OK. Errors: as above, ROOT_VERSION.
Err root_follow(const TrustRoot *current, Str envelope, Arena *arena, TrustRoot *ret);
// Whether nothing new is to be taken under it any more. Error: ROOT_EXPIRED.
Err root_check_time(const TrustRoot *root, int64_t now_us);
// The role and holder of a key; false if the root does not list it.
bool root_find_key(const TrustRoot *root, const uint8_t public_key[32], KeyRole *ret_role, Str *ret_holder);
size_t root_threshold(const TrustRoot *root, KeyRole role);
// "root", "builder", "approver", "timestamp".
const char *key_role_name(KeyRole role);

// Verifies the envelope under the root (the builder's threshold, the approvers' threshold of distinct holders
// of whom none is the author, every signature by a key of one of these two roles), then parses the manifest
// from the same bytes and checks it against place and state. `ret` lives in `arena`. Errors: ENVELOPE_*,
// SIGNATURE_INVALID, KEY_ROLE (the key has another role), APPROVALS_MISSING, APPROVER_IS_AUTHOR, MANIFEST_*,
// SNAPSHOT_ENGINE, ROOT_EXPIRED.
Err manifest_verify(Str envelope, const TrustRoot *root, const Place *place, const PlaceState *state,
        Arena *arena, Parley__Snapshot__V1__Manifest **ret, Digest *ret_digest);

// A newer timestamp than version `seen` (0: none was seen), or that very one; not expired at `now_us`.
// Errors: ENVELOPE_*, SIGNATURE_INVALID, KEY_ROLE, TIMESTAMP_INVALID, TIMESTAMP_VERSION, TIMESTAMP_EXPIRED,
// MANIFEST_PLACE, ROOT_EXPIRED.
Err timestamp_verify(Str envelope, const TrustRoot *root, uint64_t seen, int64_t now_us, Arena *arena,
        Parley__Snapshot__V1__Timestamp **ret);
// A floor for this place. Errors: as above, with FLOOR_INVALID.
Err floor_verify(Str envelope, const TrustRoot *root, Str runtime_id, int64_t now_us, Arena *arena,
        Parley__Snapshot__V1__Floor **ret);

// --- who signs ---

// One signature over (type, payload), as design servers, approvers and root holders make it. `ret` lives in
// `arena`.
Err signature_make(
        const SigningKey *key, Str type, Str payload, Arena *arena, Parley__Snapshot__V1__Signature **ret);
// Whether it is one by that key.
bool signature_fits(const uint8_t public_key[32], Str type, Str payload,
        const Parley__Snapshot__V1__Signature *signature, Arena *arena);
// An envelope of these parts.
Err envelope_pack(Str type, Str payload, Parley__Snapshot__V1__Signature *const *signatures, size_t count,
        Arena *arena, Str *ret);
// Takes an envelope apart without believing any of it. Errors: ENVELOPE_INVALID.
Err envelope_open(Str envelope, Arena *arena, Parley__Snapshot__V1__Envelope **ret);
// The canonical bytes of a message that is to be signed, after the same checks that verifying makes.
Err manifest_pack(const Parley__Snapshot__V1__Manifest *manifest, Arena *arena, Str *ret);
Err root_pack(const Parley__Snapshot__V1__Root *root, Arena *arena, Str *ret);
Err timestamp_pack(const Parley__Snapshot__V1__Timestamp *timestamp, Arena *arena, Str *ret);
Err floor_pack(const Parley__Snapshot__V1__Floor *floor, Arena *arena, Str *ret);
// The bytes back to the message, with every check but those of signature, place, version and time.
Err manifest_parse(Str payload, Arena *arena, Parley__Snapshot__V1__Manifest **ret);
Err root_parse(Str payload, Arena *arena, Parley__Snapshot__V1__Root **ret);
Err floor_parse(Str payload, Arena *arena, Parley__Snapshot__V1__Floor **ret);

// Whether a signature over the bytes of a manifest (type SNAPSHOT_PAYLOAD_TYPE) or of a plan's statement
// (PLAN_PAYLOAD_TYPE) is an approval by a person who may give it. `ret_holder` lives as long as the root.
// Errors: SIGNATURE_INVALID, KEY_ROLE, APPROVER_IS_AUTHOR.
Err approval_check(const TrustRoot *root, Str type, Str payload, Str author,
        const Parley__Snapshot__V1__Signature *signature, Str *ret_holder);

// --- keys in files ---

// A new Ed25519 key in a PEM file (PKCS #8, mode 0600), encrypted with scrypt and AES-256 by the passphrase
// unless it is empty; refuses to overwrite. Its public half goes to `public_path`. Errors: IO,
// CONFIG_INVALID.
Err signing_key_create(const char *path, const char *public_path, Str passphrase);
// Puts the passphrase into `buffer`, which is cleared afterwards. Returns its length; 0: there is none.
typedef size_t (*PassphraseAsk)(void *context, char *buffer, size_t size);
// Loads a key that may be encrypted: `ask` is called only if it is, and may be NULL where nobody can be
// asked. Errors: IO, CONFIG_INVALID, PASSPHRASE_WRONG.
Err signing_key_load_encrypted(const char *path, PassphraseAsk ask, void *context, SigningKey **ret);
// Writes a key in the place of what is in the file: encrypted by another passphrase, or by none. Error: IO.
Err signing_key_save(const SigningKey *key, const char *path, Str passphrase);
void signing_key_public(const SigningKey *key, uint8_t ret[32]);
// A public key from a PEM file. Errors: IO, CONFIG_INVALID.
Err public_key_load(const char *path, uint8_t ret[32]);
// The ID of a public key: hex of its SHA-256.
void public_key_id(const uint8_t public_key[32], char hex[65]);
