// A signer's mistake: the damaged bytes are those that the manifest names.
#pragma once
#include "world/seal.h"

// Damages one bit of each byte of a good snapshot. Nothing of it may get past the checks but what still reads
// as a snapshot in canonical form, and nothing may crash.
void damage_every_byte(const Snapshot *good, Arena *arena);
