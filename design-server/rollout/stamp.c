// Timestamps: each says what is current in an environment and how far the audit has come. Another is due when
// what is current changes, when the audit has moved on (every few seconds at most), and before the present
// one is half over, or six hours old.
#include "rollout/internal.h"

#include <stdlib.h>

enum { AUDIT_LEAST_S = 5, RENEW_S = 6 * 3600 };

typedef Parley__Snapshot__V1__Timestamp Stamp;
typedef Parley__Snapshot__V1__CurrentManifest CurrentManifest;

typedef struct Renewal {
	const Fleet *fleet;
	uint64_t least;
	int64_t now_us;
	Arena *arena;
	// the present one
	bool found;
	uint64_t version;
	Digest subject;
	int64_t audit_sequence, created_us;
} Renewal;

static Err read_present(Pg *pg, Renewal *r)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, timestamp_get, P_TEXT(r->fleet->environment->name)));
	r->found = pg_rows(result) == 1;
	r->version = 0;
	if (!r->found)
		return OK;
	Str subject = pg_bytes(result, 0, 2, r->arena);
	memcpy(r->subject.bytes, subject.ptr, subject.len < sizeof(Digest) ? subject.len : sizeof(Digest));
	r->version = (uint64_t)pg_i64(result, 0, 0);
	r->audit_sequence = pg_i64(result, 0, 3);
	r->created_us = pg_time(result, 0, 4);
	return OK;
}

// Rows come in the order of the channels; each has one newest deployment, of one fleet.
static Err read_current(Pg *pg, const Renewal *r, Stamp *stamp)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, rollout_newest, P_TEXT(r->fleet->environment->name), P_CTEXT("")));
	size_t count = pg_rows(result);
	if (count > TIMESTAMP_CURRENT_MAX)
		return err(ERR_LIMIT, "%zu channels are deployed, a timestamp can name %d", count,
		        TIMESTAMP_CURRENT_MAX);
	stamp->current = ARENA_ARRAY(r->arena, CurrentManifest *, count);
	if (!stamp->current)
		return rollout_no_memory();
	for (size_t i = 0; i < count; i++) {
		CurrentManifest *current = ARENA_NEW(r->arena, CurrentManifest);
		if (!current)
			return rollout_no_memory();
		*current = (CurrentManifest)PARLEY__SNAPSHOT__V1__CURRENT_MANIFEST__INIT;
		Str manifest = pg_bytes(result, i, 4, r->arena);
		current->channel = arena_cstr(r->arena, pg_text(result, i, 0));
		current->fleet = arena_cstr(r->arena, pg_text(result, i, 8));
		current->epoch = (uint64_t)pg_i64(result, i, 2);
		current->version = (uint64_t)pg_i64(result, i, 3);
		current->manifest = (ProtobufCBinaryData){
		        .len = manifest.len, .data = (uint8_t *)(uintptr_t)manifest.ptr};
		stamp->current[stamp->n_current++] = current;
	}
	return OK;
}

// What must not differ for the present one to be still good: the same message without version, times and
// audit.
static Err subject_of(const Stamp *stamp, Arena *arena, Digest *ret)
{
	size_t size = parley__snapshot__v1__timestamp__get_packed_size(stamp);
	uint8_t *bytes = arena_alloc(arena, size ? size : 1);
	if (!bytes)
		return rollout_no_memory();
	parley__snapshot__v1__timestamp__pack(stamp, bytes);
	*ret = digest_of(str_n((const char *)bytes, size));
	return OK;
}

static bool is_due(const Renewal *r, const Digest *subject, int64_t audit_sequence)
{
	int64_t age = r->now_us - r->created_us, life = r->fleet->environment->timestamp_lifetime_us;
	if (!r->found || !digest_eq(&r->subject, subject) || r->version < r->least || age < 0)
		return true;
	if (age >= life / 2 || age >= RENEW_S * US_PER_S)
		return true;
	return audit_sequence != r->audit_sequence && age >= AUDIT_LEAST_S * US_PER_S;
}

static Err sign(const Renewal *r, const Stamp *stamp, Str *ret)
{
	Parley__Snapshot__V1__Signature *signature;
	Str payload;
	TRY(timestamp_pack(stamp, r->arena, &payload));
	TRY(signature_make(
	        r->fleet->timestamp_key, STR(TIMESTAMP_PAYLOAD_TYPE), payload, r->arena, &signature));
	return envelope_pack(STR(TIMESTAMP_PAYLOAD_TYPE), payload, &signature, 1, r->arena, ret);
}

static Err make(Pg *pg, Renewal *r, Stamp *stamp, const Digest *subject, const AuditHead *head)
{
	Str envelope, name = r->fleet->environment->name;
	stamp->version = (r->version > r->least ? r->version : r->least) + 1;
	stamp->created_us = r->now_us;
	stamp->expires_us = r->now_us + r->fleet->environment->timestamp_lifetime_us;
	TRY(sign(r, stamp, &envelope));
	TRY(SQL_RUN(pg, NULL, timestamp_put, P_TEXT(name), P_I64((int64_t)stamp->version), P_BYTES(envelope),
	        P_BYTES(str_n((const char *)subject->bytes, sizeof subject->bytes)),
	        P_I64((int64_t)head->sequence), P_TIME(r->now_us)));
	return audit_checkpoint_add(pg, name, head, envelope, r->now_us);
}

static Err renew(Pg *pg, void *context)
{
	Renewal *r = context;
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 0);
	Stamp stamp = PARLEY__SNAPSHOT__V1__TIMESTAMP__INIT;
	Parley__Snapshot__V1__AuditHead told = PARLEY__SNAPSHOT__V1__AUDIT_HEAD__INIT;
	AuditHead head;
	TrustRoot root;
	Digest subject;
	r->arena = arena;
	if (!arena)
		return rollout_no_memory();
	TRY(read_present(pg, r));
	TRY(read_current(pg, r, &stamp));
	TRY(environment_root(pg, r->fleet->environment, arena, &root));
	stamp.format = TIMESTAMP_FORMAT;
	stamp.environment = arena_cstr(arena, r->fleet->environment->name);
	stamp.root_version = root.version;
	TRY(subject_of(&stamp, arena, &subject));
	TRY(audit_head(pg, &head));
	told.sequence = (uint64_t)head.sequence;
	told.hash = (ProtobufCBinaryData){.len = sizeof head.hash, .data = head.hash};
	stamp.audit = &told;
	// Before the audit's first entry nothing was deployed that could be current.
	if (!head.sequence || !is_due(r, &subject, (int64_t)head.sequence))
		return OK;
	return make(pg, r, &stamp, &subject, &head);
}

Err stamp_renew(Rollouts *rollouts, const Fleet *fleet, uint64_t least)
{
	Renewal renewal = {.fleet = fleet, .least = least, .now_us = clock_now_us(rollouts->services->clock)};
	if (!fleet->timestamp_key || !fleet->environment->trusted_root.len)
		return OK;
	return store_transact(rollouts->services->store, renew, &renewal);
}
