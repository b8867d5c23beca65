// The record of what getOffers answered.
#pragma once
#include "decide/receipt.h"
#include "service/internal.h"

// Packs what records say of each rule and global offer. Error: NO_MEMORY.
Err recommendation_prepare(const Snapshot *snapshot, Arena *arena, Prepared *prepared);

// One record a point, one of them with the receipt, whose digest is set here. Not waited for. Errors:
// JOURNAL_FULL, JOURNAL_FAILED, LIMIT, NO_MEMORY.
Err record_decision(
        Service *service, const Session *session, const Decision *decision, Receipt *receipt, Arena *arena);
