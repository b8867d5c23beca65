// PutFloor: verified here as the server will, so that the audit has no entry of what was never a floor.
// Nothing is kept: a floor lives for days, and a server that has its state takes none.
#include "release/internal.h"

#include "wire/json.h"

typedef struct Delivery {
	Release *release;
	const Environment *environment;
	const Principal *who;
	Arena *arena;
	int64_t now_us;
	Str envelope;
	const Parley__Snapshot__V1__Floor *place_floor;
} Delivery;

static Err unverified(Str envelope, Arena *arena, Parley__Snapshot__V1__Floor **ret)
{
	Parley__Snapshot__V1__Envelope *open;
	TRY(envelope_open(envelope, arena, &open));
	return floor_parse(str_n((const char *)open->payload.data, open->payload.len), arena, ret);
}

static Err verify(Pg *pg, void *context)
{
	Delivery *d = context;
	Parley__Snapshot__V1__Floor *said, *place_floor;
	TrustRoot root;
	TRY(unverified(d->envelope, d->arena, &said));
	TRY(environment_root(pg, d->environment, d->arena, &root));
	TRY(floor_verify(d->envelope, &root, str(said->runtime_id), d->now_us, d->arena, &place_floor));
	d->place_floor = place_floor;
	return OK;
}

static Err write_audit(Pg *pg, void *context)
{
	const Delivery *d = context;
	CLEANUP(json_decrefp_)
	json_t *json = json_pack("{s:s, s:s, s:I, s:I}", "server", d->place_floor->runtime_id, "channel",
	        d->place_floor->channel, "epoch", (json_int_t)d->place_floor->epoch, "version",
	        (json_int_t)d->place_floor->version);
	Str after;
	if (!json)
		return release_no_memory();
	TRY(json_text(json, false, d->arena, &after));
	return audit_write(pg, &(Audit){.time_us = d->now_us,
	                               .actor = d->who->user,
	                               .action = STR("send"),
	                               .kind = STR("Floor"),
	                               .name = d->environment->name,
	                               .after = after});
}

static Err deliver(Delivery *d)
{
	if (!d->envelope.len)
		return err_at(ERR_FIELD_MISSING, "envelope", "send the floor's envelope");
	TRY(store_read(d->release->services->store, verify, d));
	TRY(rollouts_put_floor(d->release->rollouts, d->environment, str(d->place_floor->runtime_id),
	        d->envelope, d->arena));
	return store_transact(d->release->services->store, write_audit, d);
}

void handle_put_floor(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Release *release = context;
	const Parley__Design__V1__PutFloorRequest *in = (const void *)request;
	Parley__Design__V1__PutFloorResponse out = PARLEY__DESIGN__V1__PUT_FLOOR_RESPONSE__INIT;
	Delivery d = {.release = release,
	        .who = rpc_principal(call),
	        .arena = rpc_arena(call),
	        .now_us = clock_now_us(release->services->clock),
	        .envelope = str_n((const char *)in->envelope.data, in->envelope.len)};
	Err e = environment_find(release->environments, str(in->environment), &d.environment);
	if (!e)
		e = deliver(&d);
	if (e) {
		rpc_fail(call, e);
		return;
	}
	out.server = d.place_floor->runtime_id;
	out.channel = d.place_floor->channel;
	out.epoch = d.place_floor->epoch;
	out.version = d.place_floor->version;
	rpc_reply(call, &out.base);
}
