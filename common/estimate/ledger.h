// Sums by key: an open hash from 64-bit keys to rows of doubles, which are 0 when a key is new.
#pragma once
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct Ledger {
	uint64_t *keys;  // of the entries, in the order in which they came
	double *sums;    // `width` each
	uint32_t *slots; // entry + 1; 0: free
	size_t width, count, slot_count, limit;
} Ledger;

// Error: NO_MEMORY.
Err ledger_init(Ledger *ledger, size_t width, size_t limit);
void ledger_done(Ledger *ledger);
// The sums of a key, made if they are not there; valid until the next key. Errors: LIMIT, NO_MEMORY.
Err ledger_at(Ledger *ledger, uint64_t key, double **ret);
// NULL if there are none.
const double *ledger_find(const Ledger *ledger, uint64_t key);
