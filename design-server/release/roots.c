// RootService. A root that is published here is verified as runtime servers do, from the newest on; what the
// newest is, is found out anew each time (environment/root.c).
#include "release/internal.h"

#include "wire/json.h"

typedef struct Publish {
	Release *release;
	Arena *arena;
	const Principal *who;
	const Environment *environment;
	int64_t now_us;
	Str envelope;
	TrustRoot next;
	bool released; // something that waited has its signatures under the new root
} Publish;

static Err write_audit(Pg *pg, const Publish *p)
{
	char digest[65];
	digest_hex(&p->next.digest, digest);
	CLEANUP(json_decrefp_)
	json_t *json = json_pack("{s:I, s:s}", "version", (json_int_t)p->next.version, "digest", digest);
	Str after;
	if (!json)
		return release_no_memory();
	TRY(json_text(json, false, p->arena, &after));
	return audit_write(pg, &(Audit){.time_us = p->now_us,
	                               .actor = p->who->user,
	                               .action = STR("publish"),
	                               .kind = STR("Root"),
	                               .name = p->environment->name,
	                               .after = after});
}

// A root may ask for fewer approvals, or make some void: what waits is looked at again.
static Err look_at_waiting(Pg *pg, Publish *p)
{
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	Row *rows;
	size_t count;
	TRY(SQL_RUN(pg, &result, deployment_waiting_all, P_TEXT(p->environment->name)));
	TRY(record_rows(result, p->arena, &rows, &count));
	for (size_t i = 0; i < count; i++) {
		TRY(release_if_signed(
		        pg, p->release, p->environment, &rows[i], p->who->user, p->now_us, p->arena));
		p->released |= rows[i].state == STATE(ROLLING_OUT);
	}
	return OK;
}

static Err publish(Pg *pg, void *context)
{
	Publish *p = context;
	TrustRoot newest;
	p->released = false;
	TRY(record_lock(pg, p->environment->name, STR("")));
	TRY(environment_root(pg, p->environment, p->arena, &newest));
	TRY(root_follow(&newest, p->envelope, p->arena, &p->next));
	if (p->next.version == newest.version)
		return OK;
	TRY(root_check_time(&p->next, p->now_us));
	TRY(SQL_RUN(pg, NULL, root_add, P_TEXT(p->environment->name), P_I64((int64_t)p->next.version),
	        P_BYTES(p->envelope), P_TEXT(p->who->user), P_TIME(p->now_us)));
	TRY(write_audit(pg, p));
	// A root that does not agree with the profile is published all the same: the profile follows it, and
	// until then nothing is deployed there.
	if (environment_check(pg, p->environment, p->now_us, p->arena) != OK)
		return OK;
	return look_at_waiting(pg, p);
}

void handle_put_root(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Release *release = context;
	const Parley__Design__V1__PutRootRequest *in = (const void *)request;
	Parley__Design__V1__PutRootResponse out = PARLEY__DESIGN__V1__PUT_ROOT_RESPONSE__INIT;
	Publish p = {.release = release,
	        .arena = rpc_arena(call),
	        .who = rpc_principal(call),
	        .now_us = clock_now_us(release->services->clock),
	        .envelope = str_n((const char *)in->envelope.data, in->envelope.len)};
	Err e = environment_find(release->environments, str(in->environment), &p.environment);
	if (!e && !in->envelope.len)
		e = err_at(ERR_FIELD_MISSING, "envelope", "send the root's envelope");
	if (!e)
		e = store_transact(release->services->store, publish, &p);
	if (e) {
		rpc_fail(call, e);
		return;
	}
	// Servers get it with the next pass.
	rollouts_wake(release->rollouts);
	out.version = p.next.version;
	rpc_reply(call, &out.base);
}

typedef struct Trust {
	const Environment *environment;
	Arena *arena;
	TrustRoots roots;
	Str timestamp;
} Trust;

static Err read_trust(Pg *pg, void *context)
{
	Trust *trust = context;
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(environment_roots(pg, trust->environment, trust->arena, &trust->roots));
	TRY(SQL_RUN(pg, &result, trust_timestamp, P_TEXT(trust->environment->name)));
	if (pg_rows(result))
		trust->timestamp = pg_bytes(result, 0, 0, trust->arena);
	return OK;
}

static ProtobufCBinaryData binary(Str bytes)
{
	return (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)(uintptr_t)bytes.ptr};
}

void handle_get_trust(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Release *release = context;
	const Parley__Design__V1__GetTrustRequest *in = (const void *)request;
	Parley__Design__V1__GetTrustResponse out = PARLEY__DESIGN__V1__GET_TRUST_RESPONSE__INIT;
	Trust trust = {.arena = rpc_arena(call)};
	Err e = environment_find(release->environments, str(in->environment), &trust.environment);
	if (!e)
		e = store_read(release->services->store, read_trust, &trust);
	if (!e)
		out.roots = ARENA_ARRAY(trust.arena, ProtobufCBinaryData, trust.roots.count);
	if (!e && !out.roots)
		e = release_no_memory();
	if (e) {
		rpc_fail(call, e);
		return;
	}
	for (size_t i = 0; i < trust.roots.count; i++)
		out.roots[out.n_roots++] = binary(trust.roots.items[i].envelope);
	out.timestamp = binary(trust.timestamp);
	rpc_reply(call, &out.base);
}
