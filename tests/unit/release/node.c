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

static void activate(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Node *node = context;
	const Parley__Runtime__V1__ActivateRequest *in = (const void *)request;
	Parley__Runtime__V1__ActivateResponse out = PARLEY__RUNTIME__V1__ACTIVATE_RESPONSE__INIT;
	bool unchanged;
	Err e = current_activate(
	        node->current, str_n((const char *)in->envelope.data, in->envelope.len), NULL, &unchanged);
	out.unchanged = unchanged;
	if (e)
		rpc_fail(call, e);
	else
		rpc_reply(call, &out.base);
}

static void get_status(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Node *node = context;
	(void)request;
	Parley__Runtime__V1__GetStatusResponse out = PARLEY__RUNTIME__V1__GET_STATUS_RESPONSE__INIT;
	Parley__Runtime__V1__ChannelStatus channel = PARLEY__RUNTIME__V1__CHANNEL_STATUS__INIT,
	                                   *channels[] = {&channel};
	Parley__Runtime__V1__SnapshotVersion version = PARLEY__RUNTIME__V1__SNAPSHOT_VERSION__INIT;
	CurrentStatus status;
	char digest[65] = "";
	out.sessions = 5;
	out.journal_sequence = 10;
	out.shipped_sequence = 7;
	if (current_count(node->current)) {
		current_status(node->current, 0, &status);
		if (status.stable.version)
			digest_hex(&status.stable.digest, digest);
		version.channel = arena_cstr(rpc_arena(call), status.channel);
		version.version = status.stable.version;
		version.digest = digest;
		channel.snapshot = &version;
		channel.last_error = status.last_error;
		out.n_channels = 1;
		out.channels = channels;
	}
	rpc_reply(call, &out.base);
}

void node_start(Node *node)
{
	static const RpcMethod methods[] = {
	        {.name = "StageBlob", .handler = stage_blob, .blocking = true},
	        {.name = "Activate", .handler = activate, .blocking = true},
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
