// What getOffers does with a visitor, for whoever asks.
#pragma once
#include "service/advisory.h"
#include "service/internal.h"

typedef struct OffersAsk {
	PointRequest **points; // check_points has accepted them
	const DecidePoint
	        *decided; // the same by index, and then nobody wants an answer; NULL: `points` are asked for
	size_t count;
	bool explain, across;  // duplicates are taken out across points
	const WhatIf *what_if; // NULL: it is meant
} OffersAsk;

typedef struct OffersAnswer {
	PointOffers **points;
	char *decision_id; // of a what-if empty
} OffersAnswer;

// Decides, remembers, records and maps; of a what-if it only decides and maps. The answer borrows from the
// session and its snapshot. Errors: FIELD_INVALID, ATTRIBUTE_UNKNOWN, ATTRIBUTE_TYPE (nothing was done then),
// LIMIT, NO_MEMORY.
Err offers_decide(Service *service, Session *session, const OffersAsk *ask, int64_t now_us, Arena *arena,
        Advisories *advisories, OffersAnswer *ret);
