// A real runtime server whose snapshot is tampered with, and what tampering takes: everything that a design
// server has, and keys that it has not.
#pragma once
#include "process.h"
#include "snapshot/trust.h"

enum { SITE_STRANGER = 7, SITE_BUILDERS = 2, SITE_EPOCH = 2 };

typedef struct Site {
	Home home;
	Client design, touchpoint;
	Arena *arena;    // of one case
	Arena *kept;     // of what serves
	uint8_t builder; // whose key the newest root lists
	Str blob;        // that serves
	uint64_t version;
	Digest manifest;
	uint64_t root; // version
} Site;

// Starts it; two approvals are needed. Version 2 serves; one session is open.
void site_make(Site *site);
void site_remove(Site *site);
// Connects anew, after the server was started again.
void site_connect(Site *site);
// Ends the server at once, as a crash does.
void site_kill(Site *site);
// What it runs, by a getOffers call; 0: it does not answer.
uint64_t site_serves(Site *site);

// The next manifest, as a design server would make it, over what serves; change it at will.
Manifest *site_manifest(Site *site);
// Signed by the builder, anna and ben.
Str site_seal(Site *site, const Manifest *manifest);
// The same over bytes that need not be a manifest.
Str site_seal_bytes(Site *site, Str payload);
// The envelope apart.
Envelope *site_open(Site *site, Str envelope);
Str site_close(Site *site, const Envelope *envelope);
Str site_pack(Site *site, const ProtobufCMessage *message);
Err site_send(Site *site, Str envelope);
// Deploys what must be taken.
void site_deploy(Site *site, const Snapshot *snapshot);
Err site_put_root(Site *site, const Root *root, const uint8_t *numbers);
