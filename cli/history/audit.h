// What `parley audit verify` knows: whose timestamps are believed, and the checkpoints that they make. Roots
// and envelopes come from files and from servers; nothing in them is believed before its signatures are
// verified.
#pragma once
#include "audit/verify.h"

#include "parley/design/v1/audit.pb-c.h"

enum {
	AUDIT_LINE_MAX = 1 << 20, // bytes of a line of an export
	AUDIT_ROOTS_MAX = 256,    // of all environments together
	AUDIT_CHECKPOINTS_MAX = 1 << 20,
};

typedef struct AuditTrust {
	Arena *arena;
	struct AuditAnchor *anchors; // the roots that are believed
	size_t anchor_count;
	AuditCheckpoint *checkpoints;
	size_t checkpoint_count, checkpoint_room;
	size_t told;    // checkpoints that rest on roots which only a server told
	char **refused; // what was not believed, in words
	size_t refused_count;
} AuditTrust;

Err audit_trust_new(Arena *arena, AuditTrust *ret);
// Adds a root that is to be believed: `given` says that it was configured and not told by a server. One of an
// environment that has an anchor must follow it. Errors: those of root_open and root_follow, LIMIT.
Err audit_trust_root(AuditTrust *trust, Str envelope, bool given);
// Adds what a timestamp says of the audit, if a believed root's timestamp key signed it; else notes that it
// is refused. Error: NO_MEMORY, LIMIT.
Err audit_trust_timestamp(AuditTrust *trust, Str envelope, const char *source);
// Notes that `source` told something that is not believed.
Err audit_trust_refuse(AuditTrust *trust, const char *source, const char *why);
// Entry and stored head of the API's message. Error: FIELD_INVALID.
Err audit_entry_read(const Parley__Design__V1__AuditEntry *message, AuditEntry *ret, AuditHead *ret_stored);
// One line of an export. The record lives in `arena`. Errors: JSON_INVALID, FIELD_UNKNOWN, FIELD_INVALID.
Err audit_line_read(Str line, Arena *arena, Parley__Design__V1__AuditRecord **ret);
