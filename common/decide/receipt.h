// Receipts: everything that a decision came from, in some hundred bytes, so that it can be made again: what
// the visitor was given and seen with, segments, facts, volumes, what was asked, as-of time and seed, and a
// digest of what came out. Only what differs from the plan's defaults is written, by the snapshot's indices:
// a receipt means something together with its snapshot only, whose SHA-256 stands beside it wherever it is
// kept. README.md has the form.
#pragma once
#include "decide/decide.h"

enum {
	RECEIPT_MAX = 40 * 1024,
	DECISION_ID_SIZE = 14, // with its NUL
};

typedef struct Receipt {
	Visitor visitor;
	// By slot, what defaults, profile, calls and events gave, without what flows made of it: segments can
	// be computed from these anew.
	const ExprValue *given;
	DecideRequest request; // never explains
	uint64_t digest;       // of the decision
} Receipt;

// The digest of all that was decided, to the last bit: points, offers, scores, treatment codes and
// personalised attributes. Candidates that explain lists are no part of it. Error: NO_MEMORY.
Err decision_digest(const Decision *decision, Arena *arena, uint64_t *ret);

// Writes it into `arena`. What would be longer than RECEIPT_MAX becomes one byte that says so. `explain` is
// not written. Errors: NO_MEMORY; LIMIT: a value of a kind that attributes do not have.
Err receipt_write(const Plan *plan, const Receipt *receipt, Arena *arena, Str *ret);

// What stands for one that would have been too long.
Str receipt_too_long(void);

// Reads one that was written against the same snapshot; checks every index. Texts point into `bytes`, all
// else lives in `arena`, which gets some 64 bytes a byte at most. Errors: RECEIPT_INVALID; LIMIT: it was too
// long to be kept; NO_MEMORY.
Err receipt_read(const Plan *plan, Str bytes, Arena *arena, Receipt *ret);

// A decision's name: its seed as its treatment codes begin with it, so that a code names its decision.
void decision_id(uint64_t seed, char ret[DECISION_ID_SIZE]);
// Reads a name, or a treatment code, however it was typed. False if it is neither.
bool decision_id_read(Str text, uint64_t *ret_seed);
// The treatment code of a presentation of the decision, counted through all its points from 0.
void decision_code(uint64_t seed, uint32_t ordinal, char ret[TREATMENT_CODE_SIZE]);
