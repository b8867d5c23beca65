// Whether an audit is the one that was written. It is given the entries, in the order of their numbers and as
// the design server tells them now, and checkpoints: heads that were signed earlier and are kept elsewhere. A
// chain that was broken is found by the entries alone; one that was made anew, or cut off, by the
// checkpoints. What came after the newest checkpoint and was changed with all that follows it is not found:
// that is the window, and it is told.
#pragma once
#include "audit/chain.h"
#include "base/arena.h"

typedef enum AuditFlaw {
	AUDIT_MISSING,      // entries from `sequence` to `until` are not there
	AUDIT_OUT_OF_ORDER, // an entry with this number came again, or late
	AUDIT_BROKEN,       // this entry is not what its hash says, or does not follow the one before
	AUDIT_REWRITTEN,    // whole in itself, but not what was signed: changed from `sequence` on, or before
	                    // `until`
} AuditFlaw;

typedef struct AuditFinding {
	AuditFlaw flaw;
	uint64_t sequence, until;
	const char *source; // whose checkpoint tells; NULL: the entries themselves
	struct AuditFinding *next;
} AuditFinding;

// A head that somebody signed; the caller has verified the signature.
typedef struct AuditCheckpoint {
	AuditHead head;
	int64_t signed_us;
	const char *source; // who keeps it, such as "production-1"
} AuditCheckpoint;

typedef struct AuditVerify {
	Arena *arena;
	const AuditCheckpoint *checkpoints; // by number
	size_t checkpoint_count;
	size_t next; // checkpoint
	AuditHead head;
	uint64_t sound;             // up to here a checkpoint has vouched for everything
	size_t matched;             // checkpoints that are as they were signed
	AuditFinding *first, *last; // in the order in which they were found
	size_t finding_count;
} AuditVerify;

enum { AUDIT_FINDINGS_MAX = 100 }; // of one kind of list; more are counted and not kept

// Sorts `checkpoints`, which are borrowed.
void audit_verify_begin(AuditVerify *verify, AuditCheckpoint *checkpoints, size_t count, Arena *arena);
// The next entry with the number and hash that are stored with it. Errors: NO_MEMORY, INTERNAL; what is wrong
// with the audit is a finding and no error.
Err audit_verify_entry(AuditVerify *verify, const AuditHead *stored, const AuditEntry *entry);
// After the last one.
Err audit_verify_end(AuditVerify *verify);
// What a finding means, in a sentence.
char *audit_finding_text(const AuditFinding *finding, Arena *arena);
