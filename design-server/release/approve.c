// Approve and Cancel. A signature is taken only from the person whose key it is, logged in as that person:
// the signature is what runtime servers believe, the login is so that the history says who did what.
#include "release/internal.h"

#include "wire/json.h"

enum { COMMENT_MAX = 1000, KEYID_MAX = 128 };

typedef struct Decision {
	Release *release;
	Arena *arena;
	const Principal *who;
	const Environment *environment;
	int64_t now_us;
	const Parley__Design__V1__ApproveRequest *in; // NULL: a cancellation
	Str channel, comment;
	uint64_t version;
	Row row;
} Decision;

static Err open_decision(Decision *d, Release *release, RpcCall *call, const char *channel,
        const char *environment, uint64_t version, const char *comment)
{
	*d = (Decision){
	        .release = release,
	        .arena = rpc_arena(call),
	        .who = rpc_principal(call),
	        .now_us = clock_now_us(release->services->clock),
	        .channel = str(channel),
	        .comment = str(comment),
	        .version = version,
	};
	if (!*channel)
		return err_at(ERR_FIELD_MISSING, "channel", "name the channel");
	if (!version)
		return err_at(ERR_FIELD_MISSING, "version", "name the version");
	TRY(field_limit("comment", comment, COMMENT_MAX));
	return environment_find(release->environments, str(environment), &d->environment);
}

static Err audit_signature(Pg *pg, const Decision *d, const Row *row)
{
	char digest[65];
	digest_hex(&row->manifest, digest);
	CLEANUP(json_decrefp_)
	json_t *json = json_pack("{s:I, s:s, s:s, s:s%}", "version", (json_int_t)row->version, "manifest",
	        digest, "keyid", d->in->keyid, "comment", d->comment.ptr, d->comment.len);
	Str after;
	if (!json)
		return release_no_memory();
	TRY(json_text(json, false, d->arena, &after));
	return audit_write(pg, &(Audit){.time_us = d->now_us,
	                               .actor = d->who->user,
	                               .action = STR("sign"),
	                               .kind = STR("Deployment"),
	                               .channel = row->channel,
	                               .name = row->environment,
	                               .after = after});
}

static Err check_holder(Pg *pg, const Decision *d, Str payload, Str author, Str *ret_holder)
{
	TrustRoot root;
	Parley__Snapshot__V1__Signature signature = PARLEY__SNAPSHOT__V1__SIGNATURE__INIT;
	signature.keyid = d->in->keyid;
	signature.sig = d->in->signature;
	TRY(environment_root(pg, d->environment, d->arena, &root));
	TRY(approval_check(&root, STR(SNAPSHOT_PAYLOAD_TYPE), payload, author, &signature, ret_holder));
	return environment_check_signer(d->environment, &root, *ret_holder, d->who->user);
}

static Err keep_signature(Pg *pg, const Decision *d, Str holder)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	Str signature = str_n((const char *)d->in->signature.data, d->in->signature.len);
	TRY(SQL_RUN(pg, &result, approval_put, P_I64(d->row.id), P_TEXT(holder), P_CTEXT(d->in->keyid),
	        P_BYTES(signature), P_TEXT(d->comment), P_TIME(d->now_us)));
	return pg_affected(result) ? audit_signature(pg, d, &d->row) : OK;
}

// A signature that was taken already is taken again, also when it was the last and the roll-out has begun.
static Err approve(Pg *pg, void *context)
{
	Decision *d = context;
	Str payload, envelope, holder;
	TRY(record_lock(pg, d->environment->name, d->channel));
	TRY(record_version(pg, d->environment->name, d->channel, d->version, d->arena, &d->row));
	TRY(payload_read(pg, d->row.id, d->arena, &payload, &envelope));
	if (d->row.state == STATE(AWAITING_APPROVAL)) {
		TRY(check_holder(pg, d, payload, d->row.author, &holder));
		TRY(keep_signature(pg, d, holder));
		return release_if_signed(
		        pg, d->release, d->environment, &d->row, d->who->user, d->now_us, d->arena);
	}
	Counted *given;
	size_t count;
	TRY(approvals_read(pg, &d->row, NULL, payload, d->arena, &given, &count));
	for (size_t i = 0; i < count; i++)
		if (str_eq(given[i].approver, d->who->user) && d->row.released_us)
			return OK;
	return err(ERR_DEPLOYMENT_STATE, "version %llu of " STR_FMT " in " STR_FMT " takes no approvals: %s",
	        (unsigned long long)d->row.version, STR_ARG(d->channel), STR_ARG(d->environment->name),
	        state_words(d->row.state));
}

static void answer(Decision *d, RpcCall *call, Err e)
{
	Deployment *deployment = NULL;
	if (!e && d->row.released_us == 0 && d->row.state == STATE(ROLLING_OUT))
		rollout_try(d->release, d->environment);
	if (!e)
		e = deployment_look(d->release, d->row.id, d->arena, &deployment);
	if (e)
		rpc_fail(call, e);
	else
		rpc_reply(call, &deployment->base);
}

void handle_approve(void *release, RpcCall *call, const ProtobufCMessage *request)
{
	const Parley__Design__V1__ApproveRequest *in = (const void *)request;
	Decision d;
	Err e = open_decision(&d, release, call, in->channel, in->environment, in->version, in->comment);
	d.in = in;
	if (!e)
		e = field_limit("keyid", in->keyid, KEYID_MAX);
	if (!e && in->signature.len != 64)
		e = err_at(ERR_FIELD_INVALID, "signature", "an Ed25519 signature has 64 bytes, not %zu",
		        in->signature.len);
	if (!e)
		e = store_transact(d.release->services->store, approve, &d);
	answer(&d, call, e);
}

static Err cancel(Pg *pg, void *context)
{
	Decision *d = context;
	const char *reason = arena_printf(d->arena, "cancelled by " STR_FMT "%s" STR_FMT,
	        STR_ARG(d->who->user), d->comment.len ? ": " : "", STR_ARG(d->comment));
	TRY(record_lock(pg, d->environment->name, d->channel));
	TRY(record_version(pg, d->environment->name, d->channel, d->version, d->arena, &d->row));
	return state_move(
	        pg, d->row.id, EVENT_CANCELLED, d->who->user, str(reason), d->now_us, &d->row.state);
}

void handle_cancel(void *release, RpcCall *call, const ProtobufCMessage *request)
{
	const Parley__Design__V1__CancelRequest *in = (const void *)request;
	Decision d;
	Err e = open_decision(&d, release, call, in->channel, in->environment, in->version, in->comment);
	if (!e)
		e = store_transact(d.release->services->store, cancel, &d);
	answer(&d, call, e);
}
