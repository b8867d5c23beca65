#include "line.h"

#include "base/cleanup.h"

#include "parley/runtime/v1/control.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void stage_blob(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Node *node = context;
	const Parley__Runtime__V1__StageBlobRequest *in = (const void *)request;
	Parley__Runtime__V1__StageBlobResponse out = PARLEY__RUNTIME__V1__STAGE_BLOB_RESPONSE__INIT;
	Digest digest;
	Err e = digest_parse(str(in->digest), &digest) ? OK : ERR_FIELD_INVALID;
	if (!e)
		e = current_stage(node->current, &digest, in->length, in->offset,
		        str_n((const char *)in->data.data, in->data.len), &out.received);
	if (e)
		rpc_fail(call, e);
	else
		rpc_reply(call, &out.base);
}

static void end(RpcCall *call, Err e, const ProtobufCMessage *out)
{
	if (e)
		rpc_fail(call, e);
	else
		rpc_reply(call, out);
}

static void activate(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Node *node = context;
	const Parley__Runtime__V1__ActivateRequest *in = (const void *)request;
	Parley__Runtime__V1__ActivateResponse out = PARLEY__RUNTIME__V1__ACTIVATE_RESPONSE__INIT;
	Str envelope = str_n((const char *)in->envelope.data, in->envelope.len);
	bool unchanged = false;
	Err e = in->candidate ? current_activate_candidate(
	                                node->current, envelope, in->candidate_permille, NULL, &unchanged)
	                      : current_activate(node->current, envelope, NULL, &unchanged);
	out.unchanged = unchanged;
	end(call, e, &out.base);
}

static void steer(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Node *node = context;
	const Parley__Runtime__V1__SteerRequest *in = (const void *)request;
	Parley__Runtime__V1__SteerResponse out = PARLEY__RUNTIME__V1__STEER_RESPONSE__INIT;
	Digest manifest = {0};
	(void)digest_parse(str(in->manifest), &manifest);
	CurrentSteer how = in->action == PARLEY__RUNTIME__V1__STEER_ACTION__STEER_ACTION_SHARE ? STEER_SHARE
	                   : in->action == PARLEY__RUNTIME__V1__STEER_ACTION__STEER_ACTION_KEEP
	                           ? STEER_KEEP
	                           : STEER_RETURN;
	Err e = current_steer(node->current, str(in->channel), &manifest, how, in->candidate_permille);
	end(call, e, &out.base);
}

// A node trusts the builder's key alone: roots and timestamps are nothing to it.
static void put_root(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Parley__Runtime__V1__PutRootResponse out = PARLEY__RUNTIME__V1__PUT_ROOT_RESPONSE__INIT;
	(void)context, (void)request;
	end(call, OK, &out.base);
}

static void put_timestamp(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Parley__Runtime__V1__PutTimestampResponse out = PARLEY__RUNTIME__V1__PUT_TIMESTAMP_RESPONSE__INIT;
	(void)context, (void)request;
	end(call, OK, &out.base);
}

static char *hex_of(const Digest *digest, Arena *arena)
{
	char *hex = arena_alloc(arena, 65);
	digest_hex(digest, hex);
	return hex;
}

// Of a version that there is.
static Parley__Runtime__V1__SnapshotVersion *version_of(
        const CurrentStatus *status, const CurrentVersion *version, Arena *arena)
{
	Parley__Runtime__V1__SnapshotVersion *out = ARENA_NEW(arena, Parley__Runtime__V1__SnapshotVersion);
	*out = (Parley__Runtime__V1__SnapshotVersion)PARLEY__RUNTIME__V1__SNAPSHOT_VERSION__INIT;
	out->channel = arena_cstr(arena, status->channel);
	out->version = version->version;
	out->digest = hex_of(&version->digest, arena);
	return out;
}

static void fill_channel(const CurrentStatus *status, Arena *arena, Parley__Runtime__V1__ChannelStatus *out)
{
	out->channel = arena_cstr(arena, status->channel);
	out->last_error = arena_cstr(arena, str(status->last_error));
	out->undeployed = status->undeployed;
	out->state_lost = status->state_lost;
	out->accepted_epoch = status->accepted.epoch;
	out->accepted_version = status->accepted.version;
	out->accepted_manifest = hex_of(&status->accepted.manifest, arena);
	if (status->stable.version) {
		out->snapshot = version_of(status, &status->stable, arena);
		out->manifest = hex_of(&status->stable.manifest, arena);
		out->epoch = status->stable.epoch;
	}
	if (status->candidate.version) {
		out->candidate = version_of(status, &status->candidate, arena);
		out->candidate_manifest = hex_of(&status->candidate.manifest, arena);
		out->candidate_permille = status->permille;
	}
}

static void get_status(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Node *node = context;
	(void)request;
	Parley__Runtime__V1__GetStatusResponse out = PARLEY__RUNTIME__V1__GET_STATUS_RESPONSE__INIT;
	Parley__Runtime__V1__ChannelStatus channel = PARLEY__RUNTIME__V1__CHANNEL_STATUS__INIT,
	                                   *channels[] = {&channel};
	CurrentStatus status;
	out.sessions = 5;
	out.journal_sequence = 10;
	out.shipped_sequence = 7;
	Google__Protobuf__Duration lag = GOOGLE__PROTOBUF__DURATION__INIT;
	lag.seconds = 90;
	out.ship_lag = &lag;
	if (current_count(node->current)) {
		current_status(node->current, 0, &status);
		fill_channel(&status, rpc_arena(call), &channel);
		out.channels = channels;
		out.n_channels = 1;
	}
	end(call, OK, &out.base);
}

void node_start(Node *node)
{
	static const RpcMethod methods[] = {
	        {.name = "StageBlob", .handler = stage_blob, .blocking = true},
	        {.name = "Activate", .handler = activate, .blocking = true},
	        {.name = "Steer", .handler = steer, .blocking = true},
	        {.name = "PutRoot", .handler = put_root, .blocking = true},
	        {.name = "PutTimestamp", .handler = put_timestamp, .blocking = true},
	        {.name = "GetStatus", .handler = get_status, .blocking = true},
	};
	char address[32];
	snprintf(address, sizeof address, "127.0.0.1:%d", node->port);
	const RpcListener listener = {.address = address, .tls = &node->tls, .ret_port = &node->port};
	assert_int_equal(current_open(&node->options, &node->current), OK);
	assert_int_equal(
	        rpc_server_new(&(RpcServerOptions){.listeners = &listener, .listener_count = 1, .workers = 2},
	                &node->server),
	        OK);
	assert_int_equal(rpc_server_add(node->server, &parley__runtime__v1__control_service__descriptor,
	                         methods, ARRAY_COUNT(methods), node),
	        OK);
	assert_int_equal(rpc_server_start(node->server), OK);
}

void node_stop(Node *node)
{
	if (!node->server)
		return;
	rpc_server_free(node->server);
	current_close(node->current);
	node->server = NULL;
	node->current = NULL;
}

uint64_t node_serves(Node *node)
{
	CLEANUP(current_releasep) const Deployed *deployed = current_acquire(node->current, STR("bank"));
	return deployed ? deployed_version(deployed) : 0;
}
