// A runtime server's place on disk, and a design server that deploys to it.
#pragma once
#include "current/current.h"
#include "world/seal.h"
#include "world/world.h"

typedef struct PlaceOnDisk {
	char dir[64];
	Arena *arena;
	Current *current;
	CurrentOptions options;
	int64_t now_us;
	uint64_t version; // of the last that was made
	Digest manifest, before;
	Manifest *made;
	Str envelope, blob;
} PlaceOnDisk;

void place_make(PlaceOnDisk *place);
void place_remove(PlaceOnDisk *place); // folder and all
void place_open(PlaceOnDisk *place);
void place_close(PlaceOnDisk *place);
void place_restart(PlaceOnDisk *place);

// Makes a place where version 1 serves and version 2 is made.
void place_begin(PlaceOnDisk *place);
// Makes the next version, with `rules` rules for one offer each, and does not send it.
void place_next(PlaceOnDisk *place, unsigned rules);
// Seals the last that was made anew, after a change of `made`.
void place_seal(PlaceOnDisk *place);
// Makes a next version that switches the channel off.
void place_next_off(PlaceOnDisk *place);
Err place_stage(PlaceOnDisk *place);
// Stages and activates the last that was made.
Err place_deploy(PlaceOnDisk *place);
// 0: nothing serves.
uint64_t place_serves(PlaceOnDisk *place);
CurrentStatus place_status(PlaceOnDisk *place);
// The same as a candidate.
Err place_try(PlaceOnDisk *place, unsigned permille);
// What serves the holder of a session ID.
uint64_t place_serves_to(PlaceOnDisk *place, const char *session);
// DIR/channels/bank/state; the file of a manifest there; DIR/trust.
const char *place_state_file(PlaceOnDisk *place);
const char *place_manifest_file(PlaceOnDisk *place, const Digest *manifest);
const char *place_trust_file(PlaceOnDisk *place);
// Whether status names the reason; NULL: any.
bool place_degraded(PlaceOnDisk *place, const char *reason);
// DIR/blobs/SHA256SUFFIX of the last that was made.
const char *place_blob_file(PlaceOnDisk *place, const char *suffix);
