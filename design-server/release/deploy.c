// Deploy, in its three steps: content, record, rollout (README.md).
#include "release/internal.h"

#include "wire/json.h"

enum { COMMENT_MAX = 1000, REQUEST_ID_MAX = 128, NOT_BEFORE_SLACK_S = 300 };

typedef struct Deploy {
	Release *release;
	Arena *arena;
	const Parley__Design__V1__DeployRequest *in;
	const Principal *who;
	const Environment *environment;
	int64_t now_us;
	Str blob;            // empty when it is promoted: the database has it
	Collected collected; // what it was built from; nothing when it is promoted
	int64_t build;       // of the same; of the source when it is promoted
	Digest digest;
	uint64_t length;
	Row row; // what there is in the end
	bool unchanged;
} Deploy;

static Err check_request(Deploy *d)
{
	if (!*d->in->channel)
		return err_at(ERR_FIELD_MISSING, "channel", "name the channel to deploy");
	if (!*d->in->environment)
		return err_at(ERR_FIELD_MISSING, "environment", "name the environment to deploy to");
	if (strlen(d->in->comment) > COMMENT_MAX)
		return err_at(ERR_FIELD_INVALID, "comment", "it has %zu bytes, at most %d are allowed",
		        strlen(d->in->comment), COMMENT_MAX);
	if (strlen(d->in->request_id) > REQUEST_ID_MAX)
		return err_at(ERR_FIELD_INVALID, "request_id", "it has %zu bytes, at most %d are allowed",
		        strlen(d->in->request_id), REQUEST_ID_MAX);
	TRY(environment_find(&d->release->environments, str(d->in->environment), &d->environment));
	return d->environment->promotes_from.len
	               ? access_require(d->who, CALLERS_ADMINISTRATORS, d->environment->name, "promoting")
	               : OK;
}

// --- content ---

typedef struct Source {
	Deploy *deploy;
	Row row;
	bool found, runs;
} Source;

static Err read_source(Pg *pg, void *context)
{
	Source *source = context;
	Deploy *d = source->deploy;
	ServerRollout **servers = NULL;
	size_t count = 0;
	TRY(record_latest(pg, d->environment->promotes_from, str(d->in->channel), d->arena, &source->row,
	        &source->found));
	if (!source->found)
		return OK;
	TRY(configuration_running(pg, d->environment->promotes_from, str(d->in->channel), &d->build));
	TRY(record_servers(pg, &source->row, 1, d->arena, &servers, &count));
	source->runs = false;
	for (size_t i = 0; i < count; i++)
		source->runs |= !*servers[i]->error && servers[i]->running_version == source->row.version;
	return OK;
}

static Err promote(Deploy *d)
{
	Str from = d->environment->promotes_from;
	Source source = {.deploy = d};
	TRY(store_read(d->release->services->store, read_source, &source));
	if (!source.found)
		return err(ERR_PROMOTION_SOURCE,
		        "%s is not deployed to " STR_FMT ", where " STR_FMT
		        " takes its content from: deploy it there first",
		        d->in->channel, STR_ARG(from), STR_ARG(d->environment->name));
	if (!source.runs)
		return err(ERR_PROMOTION_SOURCE,
		        "no server of " STR_FMT " runs version %llu of %s: bring one up by deploying "
		        "there again",
		        STR_ARG(from), (unsigned long long)source.row.version, d->in->channel);
	d->digest = source.row.blob;
	d->length = source.row.length;
	return OK;
}

static Err build(Deploy *d)
{
	TRY(configuration_build(
	        d->release, str(d->in->channel), d->environment->name, d->arena, &d->collected, &d->blob));
	d->digest = digest_of(d->blob);
	d->length = d->blob.len;
	return OK;
}

// --- record ---

static Err read_request(Pg *pg, Deploy *d, bool *ret_found)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	Row *rows;
	size_t count = 0;
	*ret_found = false;
	if (!*d->in->request_id)
		return OK;
	TRY(SQL_RUN(pg, &result, deployment_by_request, P_TEXT(d->who->user), P_CTEXT(d->in->request_id)));
	TRY(record_rows(result, d->arena, &rows, &count));
	if (!count)
		return OK;
	if (!str_eq(rows->channel, str(d->in->channel)) || !str_eq(rows->environment, d->environment->name))
		return err_at(ERR_REQUEST_ID_REUSED, "request_id",
		        "it deployed " STR_FMT " to " STR_FMT ": take a new ID for another request",
		        STR_ARG(rows->channel), STR_ARG(rows->environment));
	d->row = *rows;
	*ret_found = true;
	return OK;
}

static bool holds_already(const Deploy *d, const Row *latest)
{
	return digest_eq(&latest->blob, &d->digest) && latest->expires_us > d->now_us &&
	       str_eq(latest->fleet, d->environment->fleet) &&
	       latest->epoch >= (uint64_t)d->environment->epoch;
}

// The row that follows `latest` (NULL: the first).
static Row next_row(const Deploy *d, const Row *latest)
{
	uint64_t epoch = (uint64_t)d->environment->epoch;
	bool goes_on = latest && latest->epoch >= epoch;
	return (Row){
	        .environment = d->environment->name,
	        .channel = str(d->in->channel),
	        .epoch = goes_on ? latest->epoch : epoch,
	        .version = goes_on ? latest->version + 1 : 1,
	        .fleet = d->environment->fleet,
	        .blob = d->digest,
	        .length = d->length,
	        .author = d->who->user,
	        .comment = str(d->in->comment),
	        .promoted_from = d->environment->promotes_from,
	        .created_us = d->now_us,
	        .expires_us = d->now_us + d->environment->manifest_lifetime_us,
	};
}

static ProtobufCBinaryData digest_bytes(const Digest *digest)
{
	return (ProtobufCBinaryData){
	        .len = sizeof digest->bytes, .data = (uint8_t *)(uintptr_t)digest->bytes};
}

static Str digest_str(const Digest *digest)
{
	return str_n((const char *)digest->bytes, sizeof digest->bytes);
}

static Err seal(Deploy *d, Row *row, const Row *latest, Str *ret_envelope)
{
	Parley__Snapshot__V1__BlobReference blob = PARLEY__SNAPSHOT__V1__BLOB_REFERENCE__INIT,
	                                    *blobs[] = {&blob};
	Parley__Snapshot__V1__Manifest manifest = PARLEY__SNAPSHOT__V1__MANIFEST__INIT;
	blob.sha256 = digest_bytes(&row->blob);
	blob.length = row->length;
	manifest.format = MANIFEST_FORMAT;
	manifest.environment = arena_cstr(d->arena, row->environment);
	manifest.channel = d->in->channel;
	manifest.fleet = arena_cstr(d->arena, row->fleet);
	manifest.epoch = row->epoch;
	manifest.version = row->version;
	if (row->version > 1)
		manifest.previous = digest_bytes(&latest->manifest);
	manifest.n_blobs = ARRAY_COUNT(blobs);
	manifest.blobs = blobs;
	manifest.least_engine = SNAPSHOT_ENGINE;
	manifest.created_us = row->created_us;
	manifest.not_before_us = row->created_us - NOT_BEFORE_SLACK_S * US_PER_S;
	manifest.expires_us = row->expires_us;
	manifest.author = arena_cstr(d->arena, row->author);
	manifest.comment = d->in->comment;
	return envelope_seal(&manifest, d->release->key, d->arena, ret_envelope, &row->manifest);
}

static Err write_audit(Pg *pg, const Deploy *d)
{
	char digest[65];
	digest_hex(&d->row.blob, digest);
	CLEANUP(json_decrefp_)
	json_t *json = json_pack("{s:s%, s:I, s:I, s:s}", "environment", d->row.environment.ptr,
	        d->row.environment.len, "epoch", (json_int_t)d->row.epoch, "version",
	        (json_int_t)d->row.version, "digest", digest);
	Str after;
	if (!json)
		return release_no_memory();
	TRY(json_text(json, false, d->arena, &after));
	return audit_write(pg, &(Audit){
	                               .time_us = d->now_us,
	                               .actor = d->who->user,
	                               .action = STR("deploy"),
	                               .kind = STR("Deployment"),
	                               .channel = d->row.channel,
	                               .name = d->row.environment,
	                               .after = after,
	                       });
}

static Err write_row(Pg *pg, Deploy *d, const Row *latest)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	Row *row = &d->row;
	Str envelope;
	DeploymentState ignored;
	*row = next_row(d, latest);
	TRY(seal(d, row, latest, &envelope));
	if (d->blob.len)
		TRY(SQL_RUN(pg, NULL, blob_add, P_BYTES(digest_str(&d->digest)), P_BYTES(d->blob),
		        P_TIME(d->now_us)));
	TRY(SQL_RUN(pg, &result, deployment_add, P_TEXT(row->environment), P_TEXT(row->channel),
	        P_I64((int64_t)row->epoch), P_I64((int64_t)row->version), P_TEXT(row->fleet),
	        P_BYTES(digest_str(&row->blob)), P_I64((int64_t)row->length),
	        P_BYTES(digest_str(&row->manifest)), P_BYTES(envelope), P_TEXT(row->author),
	        P_TEXT(row->comment), P_TEXT(row->promoted_from), P_CTEXT(d->in->request_id),
	        P_TIME(row->created_us), P_TIME(row->expires_us), P_I64(0), P_BOOL(false), P_I64(0),
	        P_CTEXT(""), P_TEXTS(NULL, 0), P_I64S(NULL, 0)));
	row->id = pg_i64(result, 0, 0);
	TRY(state_move(pg, row->id, EVENT_APPROVED, d->who->user, (Str){0}, d->now_us, &row->state));
	if (latest)
		TRY(state_move(pg, latest->id, EVENT_FOLLOWED, d->who->user, (Str){0}, d->now_us, &ignored));
	return write_audit(pg, d);
}

// Also when the bytes are the same: what changes no bytes, such as a description, was deployed too.
static Err record_build(Pg *pg, Deploy *d)
{
	Str channel = str(d->in->channel);
	if (d->blob.len) {
		TRY(configuration_keep(
		        pg, &d->collected, &d->digest, d->who->user, d->now_us, d->arena, &d->build));
		TRY(marks_deployed(pg, channel, d->build, d->who->user, d->now_us, d->arena));
	}
	return configuration_deployed(pg, d->environment->name, channel, d->build, d->now_us);
}

static Err record(Pg *pg, void *context)
{
	Deploy *d = context;
	Row latest;
	bool found;
	TRY(SQL_RUN(pg, NULL, deployment_lock, P_TEXT(d->environment->name), P_CTEXT(d->in->channel)));
	TRY(read_request(pg, d, &found));
	if (found)
		return OK;
	TRY(record_latest(pg, d->environment->name, str(d->in->channel), d->arena, &latest, &found));
	d->unchanged = found && holds_already(d, &latest);
	TRY(record_build(pg, d));
	if (d->unchanged) {
		d->row = latest;
		return OK;
	}
	return write_row(pg, d, found ? &latest : NULL);
}

// What would be recorded.
static Err preview(Pg *pg, void *context)
{
	Deploy *d = context;
	Row latest;
	bool found;
	TRY(record_latest(pg, d->environment->name, str(d->in->channel), d->arena, &latest, &found));
	d->unchanged = found && holds_already(d, &latest);
	d->row = d->unchanged ? latest : next_row(d, found ? &latest : NULL);
	return OK;
}

// --- the whole ---

static Err deploy(Deploy *d, Parley__Design__V1__DeployResponse *out)
{
	Store *store = d->release->services->store;
	TRY(check_request(d));
	TRY(d->environment->promotes_from.len ? promote(d) : build(d));
	TRY(d->in->validate_only ? store_read(store, preview, d) : store_transact(store, record, d));
	out->deployment = map_deployment(&d->row, d->arena);
	out->unchanged = d->unchanged;
	if (!out->deployment)
		return release_no_memory();
	if (d->in->validate_only)
		return OK;
	ServerState *states;
	TRY(rollout(d->release, d->environment, &d->row, true, d->arena, &states));
	TRY(rollout_record(d->release, d->environment, &d->row, states));
	d->row.state = STATE(COMPLETE);
	return map_states(&d->row, states, d->environment->servers.count, d->arena, out->deployment);
}

void handle_deploy(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Release *release = context;
	Parley__Design__V1__DeployResponse out = PARLEY__DESIGN__V1__DEPLOY_RESPONSE__INIT;
	// A snapshot may be larger than a call's arena allows.
	CLEANUP(arena_freep) Arena *arena = arena_new(256 * 1024, 0);
	Deploy d = {
	        .release = release,
	        .arena = arena,
	        .in = (const void *)request,
	        .who = rpc_principal(call),
	        .now_us = clock_now_us(release->services->clock),
	};
	Err e = arena ? deploy(&d, &out) : release_no_memory();
	if (e)
		rpc_fail(call, e);
	else
		rpc_reply(call, &out.base);
}
