// Any file as an export of the audit: each line is refused, or read; what is read goes the whole way that
// `audit verify` takes it, under a root that signed none of it.
#include "fuzz.h"

#include "base/cleanup.h"
#include "history/audit.h"
#include "world/seal.h"

#include <stdlib.h>

static Str bytes_of(ProtobufCBinaryData data)
{
	return str_n((const char *)data.data, data.len);
}

static void take(AuditTrust *trust, AuditVerify *verify, const Parley__Design__V1__AuditRecord *record)
{
	AuditEntry entry;
	AuditHead stored;

	if (record->root)
		(void)audit_trust_root(trust, bytes_of(record->root->envelope), false);
	if (record->checkpoint)
		(void)audit_trust_timestamp(trust, bytes_of(record->checkpoint->envelope), "fuzz");
	if (record->entry && audit_entry_read(record->entry, &entry, &stored) == OK &&
	        audit_verify_entry(verify, &stored, &entry) != OK)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	static Arena *kept;
	static Str root;
	AuditTrust trust;
	AuditVerify verify;
	Str text = str_n((const char *)data, size);

	if (!kept) {
		kept = arena_new(64 * 1024, 0);
		root = test_root_envelope("production", 1, 2, kept);
	}
	if (audit_trust_new(arena, &trust) != OK || audit_trust_root(&trust, root, true) != OK)
		abort();
	audit_verify_begin(&verify, NULL, 0, arena);
	while (text.len) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t len = end ? (size_t)(end - text.ptr) : text.len;
		Parley__Design__V1__AuditRecord *record = NULL;

		if (audit_line_read(str_n(text.ptr, len), arena, &record) == OK)
			take(&trust, &verify, record);
		text = str_n(text.ptr + len + (end != NULL), text.len - len - (end != NULL));
	}
	if (audit_verify_end(&verify) != OK || trust.checkpoint_count)
		abort(); // nobody signed anything
	for (const AuditFinding *finding = verify.first; finding; finding = finding->next)
		if (!audit_finding_text(finding, arena))
			abort();
	return 0;
}
