// Entries of the append-only audit. Each follows the one that is newest when its transaction gets the lock,
// so that the numbers have no gaps and the chain no forks, whatever is rolled back.
#include "base/cleanup.h"
#include "store/store.h"

Err audit_head(Pg *pg, AuditHead *ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1024, 0);
	CLEANUP(pg_result_freep) PgResult *newest = NULL;
	*ret = (AuditHead){0};
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_audit_newest, NULL, 0, &newest));
	if (!pg_rows(newest))
		return OK;
	Str hash = pg_bytes(newest, 0, 1, arena);
	if (hash.len != sizeof ret->hash)
		return err(ERR_INTERNAL, "the newest audit entry's hash has %zu bytes", hash.len);
	ret->sequence = (uint64_t)pg_i64(newest, 0, 0);
	memcpy(ret->hash, hash.ptr, sizeof ret->hash);
	return OK;
}

static Str hash_bytes(const AuditHead *head)
{
	return str_n((const char *)head->hash, sizeof head->hash);
}

Err audit_write(Pg *pg, const Audit *audit)
{
	AuditHead head;
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_audit_lock, NULL, 0, NULL));
	TRY(audit_head(pg, &head));
	TRY(audit_chain(&head, audit));
	return SQL_RUN(pg, NULL, audit_append, P_TIME(audit->time_us), P_TEXT(audit->actor),
	        P_TEXT(audit->action), P_TEXT(audit->kind), P_TEXT(audit->channel), P_TEXT(audit->name),
	        P_TEXT(audit->before), P_TEXT(audit->after), P_I64((int64_t)head.sequence),
	        P_BYTES(hash_bytes(&head)));
}

Err audit_checkpoint_add(Pg *pg, Str environment, const AuditHead *head, Str envelope, int64_t signed_us)
{
	if (!head->sequence)
		return OK;
	return SQL_RUN(pg, NULL, audit_checkpoint_add, P_TEXT(environment), P_I64((int64_t)head->sequence),
	        P_BYTES(hash_bytes(head)), P_BYTES(envelope), P_TIME(signed_us));
}
