// From content to a recorded deployment, in one transaction and one at a time for a channel and environment:
// whatever dies in between, there is all of it or nothing, and nobody is sent what is not recorded.
#include "release/internal.h"

#include "wire/json.h"
#include "wire/wire.h"

enum { NOT_BEFORE_SLACK_S = 300 }; // servers' clocks may be slow

// --- a request that was answered ---

// The deployment that the answer told of. A manifest's digest names it, its version need not: that of one
// which was given up is taken again.
static Err find_answered(Pg *pg, Draft *d, const Deployment *told)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	Digest manifest = {0};
	bool found;
	(void)digest_parse(str(told->manifest_digest), &manifest);
	TRY(SQL_RUN(pg, &result, deployment_by_manifest, P_TEXT(d->environment->name), P_TEXT(d->channel),
	        P_BYTES(digest_str(&manifest))));
	TRY(record_one(result, d->arena, &d->row, &found));
	return found ? OK
	             : err(ERR_DEPLOYMENT_NOT_FOUND, "what request_id \"" STR_FMT "\" made is gone",
	                       STR_ARG(d->request.id));
}

Err draft_known(Pg *pg, void *context)
{
	Draft *d = context;
	ProtobufCMessage *answer;
	Str known;
	d->answered = NULL;
	TRY(request_find(pg, &d->request, d->now_us, d->arena, &known));
	if (!known.ptr)
		return OK;
	TRY(wire_unpack(&parley__design__v1__deploy_response__descriptor, known, 0, d->arena, &answer));
	d->answered = (const DeployResponse *)answer;
	return find_answered(pg, d, d->answered->deployment);
}

// --- the answer ---

Err draft_answer(const Draft *d, DeployResponse *ret)
{
	ret->deployment = map_deployment(&d->row, d->arena);
	ret->unchanged = d->unchanged;
	ret->gates = d->gates.items;
	ret->n_gates = d->gates.count;
	if (d->has_overtaken)
		ret->overtaken = map_deployment(&d->overtaken, d->arena);
	return ret->deployment && (ret->overtaken || !d->has_overtaken) ? OK : release_no_memory();
}

static Err keep_answer(Pg *pg, const Draft *d)
{
	DeployResponse answer = PARLEY__DESIGN__V1__DEPLOY_RESPONSE__INIT;
	if (!d->request.id.len)
		return OK;
	TRY(draft_answer(d, &answer));
	return request_keep(pg, &d->request, &answer.base, d->now_us, d->arena);
}

// --- is there anything to do? ---

static bool same_content(const Draft *d, const Row *row)
{
	return row->undeploy == d->undeploy && digest_eq(&row->blob, &d->digest) &&
	       row->expires_us > d->now_us && str_eq(row->fleet, d->environment->fleet) &&
	       row->epoch >= (uint64_t)d->environment->epoch;
}

// Whether what waits is what would be made now: then there is nothing to make, and its approvals stand.
static bool same_draft(const Draft *d, const Row *row)
{
	return same_content(d, row) && str_eq(row->author, d->who->user) &&
	       str_eq(row->comment, d->comment) && row->rollback_of == d->rollback_of &&
	       str_eq(row->promoted_from, d->promoted_from);
}

// --- the row ---

static Row next_row(const Draft *d, const Row *latest)
{
	uint64_t epoch = (uint64_t)d->environment->epoch;
	bool goes_on = latest && latest->epoch >= epoch;
	return (Row){
	        .environment = d->environment->name,
	        .channel = d->channel,
	        .epoch = goes_on ? latest->epoch : epoch,
	        .version = goes_on ? latest->version + 1 : 1,
	        .fleet = d->environment->fleet,
	        .blob = d->digest,
	        .length = d->length,
	        .author = d->who->user,
	        .comment = d->comment,
	        .promoted_from = d->promoted_from,
	        .created_us = d->now_us,
	        .expires_us = d->now_us + d->environment->manifest_lifetime_us,
	        .state = STATE(AWAITING_APPROVAL),
	        .rollback_of = d->rollback_of,
	        .undeploy = d->undeploy,
	        .approvals_needed = (uint32_t)d->environment->approvals,
	        .acknowledged = d->acknowledged,
	        .acknowledged_count = d->acknowledged_count,
	        .evidence = d->gates.evidence,
	        .evidence_count = d->gates.evidence_count,
	        .build = d->build,
	};
}

static ProtobufCBinaryData binary(Str bytes)
{
	return (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)(uintptr_t)bytes.ptr};
}

// The reports' digests, ascending and each once.
static Err manifest_evidence(Pg *pg, const Draft *d, Parley__Snapshot__V1__Manifest *manifest)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	EvidenceRow *rows;
	size_t count, kept = 0;
	if (!d->gates.evidence_count)
		return OK;
	TRY(SQL_RUN(pg, &result, evidence_get, P_I64S(d->gates.evidence, d->gates.evidence_count)));
	TRY(record_evidence(result, d->arena, &rows, &count));
	manifest->evidence = ARENA_ARRAY(d->arena, ProtobufCBinaryData, count);
	if (!manifest->evidence)
		return release_no_memory();
	for (size_t i = 0; i < count; i++) {
		if (i && digest_eq(&rows[i].report_digest, &rows[i - 1].report_digest))
			continue;
		manifest->evidence[kept++] = binary(digest_str(&rows[i].report_digest));
	}
	manifest->n_evidence = kept;
	return OK;
}

static Err seal(Pg *pg, Draft *d, Row *row, const Row *latest, Str *ret_envelope)
{
	Parley__Snapshot__V1__BlobReference blob = PARLEY__SNAPSHOT__V1__BLOB_REFERENCE__INIT,
	                                    *blobs[] = {&blob};
	Parley__Snapshot__V1__Manifest manifest = PARLEY__SNAPSHOT__V1__MANIFEST__INIT;
	Parley__Snapshot__V1__Signature *signature;
	Str payload;
	blob.sha256 = binary(digest_str(&row->blob));
	blob.length = row->length;
	manifest.format = MANIFEST_FORMAT;
	manifest.environment = arena_cstr(d->arena, row->environment);
	manifest.channel = arena_cstr(d->arena, row->channel);
	manifest.fleet = arena_cstr(d->arena, row->fleet);
	manifest.epoch = row->epoch;
	manifest.version = row->version;
	if (row->version > 1)
		manifest.previous = binary(digest_str(&latest->manifest));
	manifest.n_blobs = row->undeploy ? 0 : ARRAY_COUNT(blobs);
	manifest.blobs = blobs;
	manifest.least_engine = SNAPSHOT_ENGINE;
	manifest.created_us = row->created_us;
	manifest.not_before_us = row->created_us - NOT_BEFORE_SLACK_S * US_PER_S;
	manifest.expires_us = row->expires_us;
	manifest.author = arena_cstr(d->arena, row->author);
	manifest.rollback_of = row->rollback_of;
	manifest.comment = arena_cstr(d->arena, row->comment);
	manifest.undeploy = row->undeploy;
	TRY(manifest_evidence(pg, d, &manifest));
	TRY(manifest_pack(&manifest, d->arena, &payload));
	row->manifest = digest_of(payload);
	TRY(signature_make(d->release->key, STR(SNAPSHOT_PAYLOAD_TYPE), payload, d->arena, &signature));
	return envelope_pack(STR(SNAPSHOT_PAYLOAD_TYPE), payload, &signature, 1, d->arena, ret_envelope);
}

// "2 added, 3 changed, 1 removed" against what the environment has.
static Err describe_changes(Pg *pg, const Draft *d, const Row *in_force, Row *row)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	if (!in_force || !in_force->build || !row->build || row->undeploy)
		return OK;
	TRY(SQL_RUN(pg, &result, deployment_changes, P_I64(in_force->build), P_I64(row->build)));
	if (!pg_bool(result, 0, 3))
		return OK;
	row->changes = str(arena_printf(d->arena, "%lld added, %lld changed, %lld removed",
	        (long long)pg_i64(result, 0, 0), (long long)pg_i64(result, 0, 1),
	        (long long)pg_i64(result, 0, 2)));
	return row->changes.ptr ? OK : release_no_memory();
}

static Err write_audit(Pg *pg, const Draft *d)
{
	char digest[65];
	digest_hex(&d->row.manifest, digest);
	CLEANUP(json_decrefp_)
	json_t *json = json_pack("{s:s%, s:I, s:I, s:s}", "environment", d->row.environment.ptr,
	        d->row.environment.len, "epoch", (json_int_t)d->row.epoch, "version",
	        (json_int_t)d->row.version, "manifest", digest);
	Str after;
	if (!json)
		return release_no_memory();
	TRY(json_text(json, false, d->arena, &after));
	return audit_write(pg, &(Audit){
	                               .time_us = d->now_us,
	                               .actor = d->who->user,
	                               .action = d->undeploy      ? STR("undeploy")
	                                         : d->rollback_of ? STR("rollback")
	                                                          : STR("deploy"),
	                               .kind = STR("Deployment"),
	                               .channel = d->row.channel,
	                               .name = d->row.environment,
	                               .after = after,
	                       });
}

static Err write_row(Pg *pg, Draft *d, const Row *latest, const Row *in_force)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	Row *row = &d->row;
	Str envelope;
	*row = next_row(d, latest);
	TRY(seal(pg, d, row, latest, &envelope));
	TRY(describe_changes(pg, d, in_force, row));
	TRY(SQL_RUN(pg, &result, deployment_add, P_TEXT(row->environment), P_TEXT(row->channel),
	        P_I64((int64_t)row->epoch), P_I64((int64_t)row->version), P_TEXT(row->fleet),
	        row->undeploy ? P_NULL : P_BYTES(digest_str(&row->blob)), P_I64((int64_t)row->length),
	        P_BYTES(digest_str(&row->manifest)), P_BYTES(envelope), P_TEXT(row->author),
	        P_TEXT(row->comment), P_TEXT(row->promoted_from), P_TEXT(d->request.id),
	        P_TIME(row->created_us), P_TIME(row->expires_us), P_I64((int64_t)row->rollback_of),
	        P_BOOL(row->undeploy), P_I64(row->approvals_needed), P_TEXT(row->changes),
	        P_TEXTS(row->acknowledged, row->acknowledged_count),
	        P_I64S(row->evidence, row->evidence_count), P_I64(row->build),
	        d->trace.len ? P_BYTES(d->trace) : P_NULL));
	row->id = pg_i64(result, 0, 0);
	return write_audit(pg, d);
}

// --- the whole ---

// Keeps what was built, and what it was built from.
static Err keep_build(Pg *pg, Draft *d)
{
	if (!d->blob.len)
		return OK;
	TRY(pg_query(pg, STORE_TIMEOUT_MS, sql_build_lock, NULL, 0, NULL));
	TRY(SQL_RUN(
	        pg, NULL, blob_add, P_BYTES(digest_str(&d->digest)), P_BYTES(d->blob), P_TIME(d->now_us)));
	return configuration_keep(
	        pg, &d->collected, &d->digest, d->who->user, d->now_us, d->arena, &d->build);
}

// Also when the bytes are the same: what changes no bytes, such as a description, was deployed too.
static Err nothing_new(Pg *pg, Draft *d, const Row *in_force)
{
	d->row = *in_force;
	d->unchanged = true;
	if (d->blob.len)
		TRY(marks_deployed(pg, d->channel, d->build, d->who->user, d->now_us, d->arena));
	return configuration_deployed(pg, d->environment->name, d->channel, d->build, d->now_us);
}

static Err overtake(Pg *pg, Draft *d, const Row *waiting)
{
	const char *reason = arena_printf(d->arena,
	        "overtaken by what " STR_FMT " deployed: its approvals are void", STR_ARG(d->who->user));
	if (!reason)
		return release_no_memory();
	d->overtaken = *waiting;
	d->has_overtaken = true;
	d->overtaken.reason = str(reason);
	return state_move(
	        pg, waiting->id, EVENT_OVERTAKEN, d->who->user, str(reason), d->now_us, &d->overtaken.state);
}

static Err release_now(Pg *pg, Draft *d)
{
	return release_if_signed(pg, d->release, d->environment, &d->row, d->who->user, d->now_us, d->arena);
}

static Err record(Pg *pg, Draft *d)
{
	Row latest, in_force, waiting;
	bool has_latest, serves, waits;
	TRY(environment_check(pg, d->environment, d->now_us, d->arena));
	TRY(record_latest(pg, d->environment->name, d->channel, d->arena, &latest, &has_latest));
	TRY(record_in_force(pg, d->environment->name, d->channel, d->arena, &in_force, &serves));
	TRY(record_waiting(pg, d->environment->name, d->channel, d->arena, &waiting, &waits));
	TRY(keep_build(pg, d));
	if (waits && same_draft(d, &waiting)) {
		d->row = waiting;
		d->unchanged = true;
		return release_now(pg, d);
	}
	if (waits)
		TRY(overtake(pg, d, &waiting));
	if (serves && same_content(d, &in_force))
		return nothing_new(pg, d, &in_force);
	TRY(write_row(pg, d, has_latest ? &latest : NULL, serves ? &in_force : NULL));
	return release_now(pg, d);
}

Err draft_record(Pg *pg, void *context)
{
	Draft *d = context;
	d->unchanged = d->has_overtaken = false;
	TRY(request_lock(pg, &d->request));
	TRY(record_lock(pg, d->environment->name, d->channel));
	TRY(draft_known(pg, d));
	if (d->answered)
		return OK;
	TRY(record(pg, d));
	return keep_answer(pg, d);
}

Err draft_preview(Pg *pg, void *context)
{
	Draft *d = context;
	Row latest, in_force;
	bool has_latest, serves;
	TRY(environment_check(pg, d->environment, d->now_us, d->arena));
	TRY(record_latest(pg, d->environment->name, d->channel, d->arena, &latest, &has_latest));
	TRY(record_in_force(pg, d->environment->name, d->channel, d->arena, &in_force, &serves));
	d->unchanged = serves && same_content(d, &in_force);
	d->row = d->unchanged ? in_force : next_row(d, has_latest ? &latest : NULL);
	return OK;
}
