// What this room makes of a snapshot once, when it is loaded, so that no call has to: the profile query of
// every audience level and the attributes of every offer as messages. Lives in the snapshot's arena.
#pragma once
#include "base/error.h"
#include "profile/profile.h"
#include "service/proto.h"

typedef struct Prepared {
	const ProfileQuery **queries; // per audience level; NULL: it has no profile table
	NamedValue ***attributes;     // per offer
} Prepared;

// Errors: SNAPSHOT_INVALID, NO_MEMORY.
Err prepare(const Snapshot *snapshot, Arena *arena, const Prepared **ret);
