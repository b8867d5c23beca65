// The audit's chain: every entry has a hash over itself and over the hash of the entry before, so that the
// newest hash, the head, stands for all of them. The form is in README.md; the design server appends by it,
// `parley audit verify` computes it again.
#pragma once
#include "base/error.h"
#include "base/str.h"

enum { AUDIT_HASH_SIZE = 32 };

// What an entry says.
typedef struct AuditEntry {
	int64_t time_us;
	Str actor;         // who
	Str action;        // create, update, delete, deploy, login …
	Str kind;          // such as Offer
	Str channel, name; // of what; may be empty
	Str before, after; // JSON; empty if there is none
} AuditEntry;

// Where the audit stands: its newest entry's number and hash. All zero before the first.
typedef struct AuditHead {
	uint64_t sequence;
	uint8_t hash[AUDIT_HASH_SIZE];
} AuditHead;

// Moves the head past the entry that follows. Error: INTERNAL, if the digest cannot be computed.
Err audit_chain(AuditHead *head, const AuditEntry *entry);
