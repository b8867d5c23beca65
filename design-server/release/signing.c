// When signatures suffice. Approvals in the database are only what somebody claims: each is verified against
// the environment's newest root whenever it is counted, and the envelope that they make is verified exactly
// as a runtime server will, before anything is sent.
#include "release/internal.h"

Err payload_read(Pg *pg, int64_t deployment, Arena *arena, Str *ret_payload, Str *ret_envelope)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	Parley__Snapshot__V1__Envelope *envelope;
	TRY(SQL_RUN(pg, &result, deployment_envelope, P_I64(deployment)));
	if (pg_rows(result) != 1)
		return err(ERR_DEPLOYMENT_NOT_FOUND, "deployment %lld is not there", (long long)deployment);
	*ret_envelope = pg_bytes(result, 0, 0, arena);
	TRY(envelope_open(*ret_envelope, arena, &envelope));
	*ret_payload = str_n((const char *)envelope->payload.data, envelope->payload.len);
	return OK;
}

static Err read_approval(const PgResult *result, size_t i, Arena *arena, Counted *ret)
{
	*ret = (Counted){.signature = PARLEY__SNAPSHOT__V1__SIGNATURE__INIT};
	ret->approver = arena_str(arena, pg_text(result, i, 1));
	ret->signature.keyid = arena_cstr(arena, pg_text(result, i, 2));
	Str bytes = pg_bytes(result, i, 3, arena);
	ret->signature.sig.data = (uint8_t *)(uintptr_t)bytes.ptr;
	ret->signature.sig.len = bytes.len;
	ret->comment = arena_str(arena, pg_text(result, i, 4));
	ret->created_us = pg_time(result, i, 5);
	return ret->signature.keyid && bytes.ptr ? OK : release_no_memory();
}

// Two approvals that verify as the same person's are one, whatever their rows say.
static bool counts(
        const Counted *all, size_t count, const TrustRoot *root, Str payload, Str author, Counted *candidate)
{
	Str holder;
	if (!root)
		return true;
	if (approval_check(
	            root, STR(SNAPSHOT_PAYLOAD_TYPE), payload, author, &candidate->signature, &holder) != OK)
		return false;
	candidate->approver = holder;
	for (size_t i = 0; i < count; i++)
		if (str_eq(all[i].approver, holder))
			return false;
	return true;
}

Err approvals_read(Pg *pg, const Row *row, const TrustRoot *root, Str payload, Arena *arena, Counted **ret,
        size_t *ret_count)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, approval_list, P_I64S(&row->id, 1)));
	*ret_count = 0;
	*ret = ARENA_ARRAY(arena, Counted, pg_rows(result));
	if (!*ret)
		return release_no_memory();
	for (size_t i = 0; i < pg_rows(result); i++) {
		Counted *next = &(*ret)[*ret_count];
		TRY(read_approval(result, i, arena, next));
		if (counts(*ret, *ret_count, root, payload, row->author, next))
			++*ret_count;
	}
	return OK;
}

// The builder signs anew: a root may have come that lists another key of his.
static Err assemble(Release *release, Str payload, Counted *approvals, size_t count, Arena *arena, Str *ret)
{
	Parley__Snapshot__V1__Signature *signatures[SIGNATURES_MAX];
	size_t used = 1;
	TRY(signature_make(release->key, STR(SNAPSHOT_PAYLOAD_TYPE), payload, arena, &signatures[0]));
	for (size_t i = 0; i < count && used < SIGNATURES_MAX; i++)
		signatures[used++] = &approvals[i].signature;
	return envelope_pack(STR(SNAPSHOT_PAYLOAD_TYPE), payload, signatures, used, arena, ret);
}

static Err verify(Str envelope, const TrustRoot *root, const Environment *environment, const Row *row,
        const Row *latest, int64_t now_us, Arena *arena)
{
	Parley__Snapshot__V1__Manifest *manifest;
	Digest digest;
	Place place = {.environment = environment->name,
	        .fleet = environment->fleet,
	        .channel = row->channel,
	        .now_us = now_us};
	PlaceState state = {0};
	if (latest)
		state = (PlaceState){.known = true,
		        .epoch = latest->epoch,
		        .version = latest->version,
		        .manifest = latest->manifest,
		        .blob = latest->blob};
	TRY(manifest_verify(envelope, root, &place, &state, arena, &manifest, &digest));
	if (!digest_eq(&digest, &row->manifest))
		return err(ERR_MANIFEST_INVALID,
		        "the manifest of version %llu is not the one that was recorded: cancel it and deploy "
		        "again",
		        (unsigned long long)row->version);
	return OK;
}

static StateEvent event_of(const Row *row)
{
	return row->undeploy ? EVENT_UNDEPLOYED : row->rollback_of ? EVENT_ROLLED_BACK : EVENT_FOLLOWED;
}

static Err go(Pg *pg, const Environment *environment, Row *row, const Row *latest, Str actor, int64_t now_us,
        Arena *arena)
{
	DeploymentState ignored;
	TRY(state_move(pg, row->id, EVENT_APPROVED, actor, (Str){0}, now_us, &row->state));
	if (latest) {
		const char *reason = arena_printf(arena, "version %llu", (unsigned long long)row->version);
		TRY(state_move(pg, latest->id, event_of(row), actor, str(reason), now_us, &ignored));
	}
	if (row->build && !row->promoted_from.len && !row->rollback_of)
		TRY(marks_deployed(pg, row->channel, row->build, row->author, now_us, arena));
	TRY(configuration_deployed(pg, row->environment, row->channel, row->build, now_us));
	return rollout_begin(pg, row->id, environment, now_us);
}

Err release_if_signed(Pg *pg, Release *release, const Environment *environment, Row *row, Str actor,
        int64_t now_us, Arena *arena)
{
	TrustRoot root;
	Str payload, envelope;
	Counted *approvals;
	size_t count;
	Row latest;
	bool found;
	if (row->state != STATE(AWAITING_APPROVAL))
		return OK;
	TRY(environment_check(pg, environment, now_us, arena));
	TRY(environment_root(pg, environment, arena, &root));
	TRY(payload_read(pg, row->id, arena, &payload, &envelope));
	TRY(approvals_read(pg, row, &root, payload, arena, &approvals, &count));
	row->approvals_needed = (uint32_t)root_threshold(&root, KEY_APPROVER);
	if (count < row->approvals_needed)
		return SQL_RUN(pg, NULL, deployment_needs, P_I64(row->id), P_I64(row->approvals_needed));
	TRY(assemble(release, payload, approvals, count, arena, &envelope));
	TRY(record_latest(pg, row->environment, row->channel, arena, &latest, &found));
	TRY(verify(envelope, &root, environment, row, found ? &latest : NULL, now_us, arena));
	TRY(SQL_RUN(
	        pg, NULL, deployment_sign, P_I64(row->id), P_BYTES(envelope), P_I64(row->approvals_needed)));
	return go(pg, environment, row, found ? &latest : NULL, actor, now_us, arena);
}
