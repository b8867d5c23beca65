// A release in one file (proto/parley/snapshot/v1/release.proto): written, read, and verified as a runtime
// server will.
#pragma once
#include "cli.h"
#include "snapshot/trust.h"

#include "parley/snapshot/v1/release.pb-c.h"

typedef Parley__Snapshot__V1__ReleaseFile ReleaseFile;

enum { RELEASE_MANIFESTS_MAX = 1000 };

// Refuses to overwrite. Error: IO.
Err release_file_write(const char *path, const ReleaseFile *release);
// Takes bytes apart; nothing of them is believed. Errors: SNAPSHOT_DIGEST (broken), SNAPSHOT_INVALID.
Err release_file_parse(Str bytes, Arena *arena, ReleaseFile **ret);
// The same of a file. Errors: IO too.
Err release_file_read(const char *path, Arena *arena, ReleaseFile **ret);

// What was found good: one entry per manifest.
typedef struct ReleaseCheck {
	TrustRoot root; // the newest
	Parley__Snapshot__V1__Manifest **manifests;
	Digest *digests; // of the manifests
	int64_t timestamp_expires_us;
	uint64_t timestamp_version; // 0: there is none
} ReleaseCheck;

// Verifies all of it at `now_us`: the roots from the first on (or from `trusted`, if that is not empty, an
// envelope that the caller believes), every manifest in its turn, every blob, the timestamp. Errors: as
// root_open, root_follow, manifest_verify, snapshot_open and timestamp_verify.
Err release_file_verify(
        const ReleaseFile *release, Str trusted, int64_t now_us, Arena *arena, ReleaseCheck *ret);
// The blob of that digest, or empty.
Str release_file_blob(const ReleaseFile *release, const uint8_t *sha256);
