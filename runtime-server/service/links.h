// Click links: made with the offers of getOffers, and found again when somebody clicks. The form is
// common/link's.
#pragma once
#include "link/link.h"
#include "service/internal.h"

enum { LINK_URL_MAX = SERVICE_LINK_PREFIX_MAX + LINK_TOKEN_CHARS };

// How links of one call are made.
typedef struct Linking {
	const ServiceLinks *links; // NULL: none are
	int64_t expires_s;
} Linking;

Linking links_begin(const Service *service, int64_t now_us);
// Into `space`; empty if none is made, or the offer leads nowhere.
Str links_write(const Linking *linking, const PreparedOffer *offer, const char *treatment_code,
        char space[LINK_URL_MAX]);

// Which offers of a snapshot lead somewhere. Error: NO_MEMORY.
Err links_prepare(const Snapshot *snapshot, Arena *arena, PreparedOffer *offers, Prepared *prepared);
// Index of an offer, or -1 if none of these leads anywhere.
int64_t links_find(const Prepared *prepared, uint64_t offer);
