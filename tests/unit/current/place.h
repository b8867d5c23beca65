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
	uint8_t keys[1][32];
	uint64_t version; // of the last that was made
	Digest manifest;
	Str envelope, blob;
} PlaceOnDisk;

void place_make(PlaceOnDisk *place);
void place_remove(PlaceOnDisk *place); // folder and all
void place_open(PlaceOnDisk *place);
void place_close(PlaceOnDisk *place);

// Makes the next version, with `rules` rules for one offer each, and does not send it.
void place_next(PlaceOnDisk *place, unsigned rules);
Err place_stage(PlaceOnDisk *place);
// Stages and activates the last that was made.
Err place_deploy(PlaceOnDisk *place);
// 0: nothing serves.
uint64_t place_serves(PlaceOnDisk *place);
CurrentStatus place_status(PlaceOnDisk *place);
// DIR/channels/bank/NAME or DIR/blobs/NAME.
const char *place_channel_file(PlaceOnDisk *place, const char *name);
const char *place_blob_file(PlaceOnDisk *place, const char *suffix);
