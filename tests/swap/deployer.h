// A design server's part: one version after the other, and deployments that must be refused.
#pragma once
#include "load.h"

typedef struct Deployer {
	Client *design;
	Arena *arena; // of the editions' blobs
	Str blobs[EDITIONS];
	uint64_t version; // the last that was activated
	Digest manifest;
	char last[16 * 1024]; // its envelope
	size_t last_len;
	uint64_t random;
	Arena *ahead; // what has been prepared of the next versions, in their order
	struct Prepared *prepared;
	size_t prepared_count, prepared_used;
} Deployer;

void deployer_make(Deployer *deployer, Client *design, uint64_t seed);
void deployer_free(Deployer *deployer);
// Makes and signs that many of the next versions, so that nothing but sending them is left.
void deployer_prepare(Deployer *deployer, size_t count);
// The next version; prepares it if that has not been done. False: it was not taken; err_detail() tells why.
bool deployer_swap(Deployer *deployer);
// The next version with that many rules; `ret_us` is what activating it took, once its bytes were there.
bool deployer_swap_large(
        Deployer *deployer, size_t rules, void (*before)(void *context), void *context, int64_t *ret_us);
// Sends one that must be refused, another kind each time; its name. False: it was taken.
bool deployer_try_invalid(Deployer *deployer, unsigned number, const char **ret_name);
