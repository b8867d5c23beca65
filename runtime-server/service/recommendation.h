// The record of what getOffers answered.
#pragma once
#include "service/internal.h"

// Packs what records say of each rule and global offer. Error: NO_MEMORY.
Err recommendation_prepare(const Snapshot *snapshot, Arena *arena, Prepared *prepared);

// One record a point. Not waited for. Errors: JOURNAL_FULL, JOURNAL_FAILED, LIMIT, NO_MEMORY.
Err record_decision(Service *service, const Session *session, int64_t now_us, const Decision *decision,
        uint64_t seed, Arena *arena);
