// From the engine's terms to messages. Everything lives in the call's arena or borrows from the snapshot,
// which the session keeps alive while the call has it.
#pragma once
#include "decide/decide.h"
#include "service/internal.h"
#include "service/links.h"
#include "service/proto.h"

// Error of each: NO_MEMORY.
// A copy that does not depend on the snapshot's life.
Err map_version(const Deployed *deployed, Arena *arena, SnapshotVersion **ret);
Err map_current_version(Str channel, const CurrentVersion *version, Arena *arena, SnapshotVersion **ret);
// The names of the session's segments, in the snapshot's order.
Err map_segments(const Session *session, Arena *arena, char ***ret, size_t *ret_count);
// The answer for every requested point; of a what-if, where `linking` is NULL, without treatment codes and
// links.
Err map_points(const Session *session, PointRequest **in, const Decision *decision, const Linking *linking,
        Arena *arena, PointOffers ***ret);
// The same without offers.
Err map_default_content(const Plan *plan, PointRequest **in, size_t count, Arena *arena, PointOffers ***ret);
