#include "audit/verify.h"

#include <inttypes.h>
#include <stdlib.h>

static int by_sequence(const void *left, const void *right)
{
	const AuditCheckpoint *a = left, *b = right;
	return (a->head.sequence > b->head.sequence) - (a->head.sequence < b->head.sequence);
}

void audit_verify_begin(AuditVerify *verify, AuditCheckpoint *checkpoints, size_t count, Arena *arena)
{
	if (count)
		qsort(checkpoints, count, sizeof *checkpoints, by_sequence);
	*verify = (AuditVerify){.arena = arena, .checkpoints = checkpoints, .checkpoint_count = count};
}

static Err found(AuditVerify *verify, AuditFlaw flaw, uint64_t sequence, uint64_t until, const char *source)
{
	if (verify->finding_count++ >= AUDIT_FINDINGS_MAX)
		return OK;
	AuditFinding *finding = ARENA_NEW(verify->arena, AuditFinding);
	if (!finding)
		return err(ERR_NO_MEMORY, "no memory for what is wrong with the audit");
	*finding = (AuditFinding){.flaw = flaw, .sequence = sequence, .until = until, .source = source};
	if (verify->last)
		verify->last->next = finding;
	else
		verify->first = finding;
	verify->last = finding;
	return OK;
}

// Holds the head against the checkpoints of its number. Of several that tell the same the first is named.
static Err compare(AuditVerify *verify)
{
	bool told = false;
	for (; verify->next < verify->checkpoint_count; verify->next++) {
		const AuditCheckpoint *checkpoint = &verify->checkpoints[verify->next];
		if (checkpoint->head.sequence > verify->head.sequence)
			break;
		if (checkpoint->head.sequence < verify->head.sequence)
			continue; // its entry is missing, which has been told
		if (memcmp(checkpoint->head.hash, verify->head.hash, AUDIT_HASH_SIZE) == 0) {
			verify->sound = verify->head.sequence;
			verify->matched++;
		} else if (!told) {
			told = true;
			TRY(found(verify, AUDIT_REWRITTEN, verify->sound + 1, verify->head.sequence,
			        checkpoint->source));
		}
	}
	return OK;
}

Err audit_verify_entry(AuditVerify *verify, const AuditHead *stored, const AuditEntry *entry)
{
	uint64_t expected = verify->head.sequence + 1;
	if (stored->sequence < expected)
		return found(verify, AUDIT_OUT_OF_ORDER, stored->sequence, 0, NULL);
	if (stored->sequence > expected) {
		TRY(found(verify, AUDIT_MISSING, expected, stored->sequence - 1, NULL));
		// What follows the gap can only be held against its own hash, as if that were right.
		verify->head = *stored;
		return compare(verify);
	}
	TRY(audit_chain(&verify->head, entry));
	if (memcmp(verify->head.hash, stored->hash, AUDIT_HASH_SIZE) != 0) {
		TRY(found(verify, AUDIT_BROKEN, expected, 0, NULL));
		verify->head = *stored; // so that what follows is judged by itself
	}
	return compare(verify);
}

Err audit_verify_end(AuditVerify *verify)
{
	if (verify->next >= verify->checkpoint_count)
		return OK;
	const AuditCheckpoint *newest = &verify->checkpoints[verify->checkpoint_count - 1];
	return found(verify, AUDIT_MISSING, verify->head.sequence + 1, newest->head.sequence, newest->source);
}

char *audit_finding_text(const AuditFinding *finding, Arena *arena)
{
	uint64_t n = finding->sequence, until = finding->until;
	switch (finding->flaw) {
	case AUDIT_MISSING:
		if (finding->source)
			return arena_printf(arena,
			        "the end is missing, entries %" PRIu64 " to %" PRIu64
			        " at least: %s keeps a signed checkpoint of entry %" PRIu64,
			        n, until, finding->source, until);
		if (n == until)
			return arena_printf(arena, "entry %" PRIu64 " is missing", n);
		return arena_printf(arena, "entries %" PRIu64 " to %" PRIu64 " are missing", n, until);
	case AUDIT_OUT_OF_ORDER:
		return arena_printf(arena, "entry %" PRIu64 " is there twice, or not in its place", n);
	case AUDIT_BROKEN:
		return arena_printf(arena,
		        "entry %" PRIu64 " is not what was written: it was edited, put in, or moved%s", n,
		        n > 1 ? ", or the one before it was" : "");
	case AUDIT_REWRITTEN:
		break;
	}
	return arena_printf(arena,
	        "the entries up to %" PRIu64
	        " fit together, but %s keeps a signed checkpoint that they do not fit: the first that was "
	        "changed is one of %" PRIu64 " to %" PRIu64,
	        until, finding->source, n, until);
}
