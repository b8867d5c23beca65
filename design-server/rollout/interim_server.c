// One runtime server. Every conversation has a connection of its own, so that one that was away is not held
// against a server that is back. What goes wrong is kept in the state: it concerns this server alone.
#include "rollout/interim.h"

#include "parley/runtime/v1/control.pb-c.h"

#include <stdio.h>

enum { ASK_MS = 5000, PIECE_MS = 15000, ACTIVATE_MS = 120000, PIECE_BYTES = 48 * 1024 };

#define CONTROL (&parley__runtime__v1__control_service__descriptor)

static Err failed(ServerState *state, Err e)
{
	snprintf(state->error, sizeof state->error, "%s: %s", err_reason(e), err_detail()->message);
	return e;
}

static Err connect_to(const Release *release, const ServerState *state, Arena *arena, RpcClient **ret)
{
	RpcClientOptions options = {
	        .target = arena_cstr(arena, state->server->address),
	        .tls = &release->tls,
	        .tls_name = state->server->tls_name.len ? arena_cstr(arena, state->server->tls_name) : NULL,
	};
	return rpc_client_new(&options, ret);
}

// --- what it runs ---

static void read_channel(
        const Parley__Runtime__V1__GetStatusResponse *status, const Row *row, ServerState *state)
{
	for (size_t i = 0; i < status->n_channels; i++) {
		const Parley__Runtime__V1__ChannelStatus *channel = status->channels[i];
		if (!channel->snapshot || !str_eq(str(channel->snapshot->channel), row->channel))
			continue;
		state->version = channel->snapshot->version;
		snprintf(state->digest, sizeof state->digest, "%s", channel->snapshot->digest);
		snprintf(state->error, sizeof state->error, "%s", channel->last_error);
	}
}

static bool is_up_to_date(const Row *row, const ServerState *state)
{
	char digest[65];
	digest_hex(&row->blob, digest);
	return state->version == row->version && strcmp(state->digest, digest) == 0;
}

// What there is to say of a server that answered. An older refusal is no error of one that runs what it
// should.
static void judge(const Row *row, ServerState *state)
{
	if (is_up_to_date(row, state))
		state->error[0] = '\0';
	else if (state->version > row->version && row->epoch == 1)
		snprintf(state->error, sizeof state->error,
		        "it runs version %llu, which is later: look at the history",
		        (unsigned long long)state->version);
	else if (!state->error[0])
		snprintf(state->error, sizeof state->error, "it lags behind: deploy again to bring it up");
}

static Err ask(Release *release, RpcClient *client, const Row *row, Arena *arena, ServerState *state)
{
	Parley__Runtime__V1__GetStatusRequest request = PARLEY__RUNTIME__V1__GET_STATUS_REQUEST__INIT;
	ProtobufCMessage *response = NULL;
	TRY(rpc_call(client, CONTROL, "GetStatus", &request.base, ASK_MS, arena, &response));
	const Parley__Runtime__V1__GetStatusResponse *status = (const void *)response;
	state->seen_us = clock_now_us(release->services->clock);
	state->sessions = status->sessions;
	state->journal_lag = status->journal_sequence > status->shipped_sequence
	                             ? status->journal_sequence - status->shipped_sequence
	                             : 0;
	state->version = 0;
	state->digest[0] = state->error[0] = '\0';
	read_channel(status, row, state);
	judge(row, state);
	return OK;
}

void server_probe(Release *release, const Row *row, ServerState *state)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 0);
	CLEANUP(rpc_client_freep) RpcClient *client = NULL;
	Err e = arena ? connect_to(release, state, arena, &client) : release_no_memory();
	if (!e)
		e = ask(release, client, row, arena, state);
	if (e)
		failed(state, e);
}

// --- what it lacks ---

// A deployment to send.
typedef struct Link {
	uint64_t version, length;
	Digest blob;
	Str envelope;
} Link;

typedef struct Chain {
	const Row *row;
	uint64_t first;
	Arena *arena;
	Link *links;
	size_t count;
} Chain;

static Err read_chain(Pg *pg, void *context)
{
	Chain *chain = context;
	const Row *row = chain->row;
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, deployment_chain, P_TEXT(row->environment), P_TEXT(row->channel),
	        P_I64((int64_t)row->epoch), P_I64((int64_t)chain->first), P_I64((int64_t)row->version)));
	chain->count = pg_rows(result);
	chain->links = ARENA_ARRAY(chain->arena, Link, chain->count);
	if (!chain->links)
		return release_no_memory();
	for (size_t i = 0; i < chain->count; i++) {
		Link *link = &chain->links[i];
		Str digest = pg_bytes(result, i, 1, chain->arena);
		memcpy(link->blob.bytes, digest.ptr,
		        digest.len < sizeof(Digest) ? digest.len : sizeof(Digest));
		link->version = (uint64_t)pg_i64(result, i, 0);
		link->length = (uint64_t)pg_i64(result, i, 2);
		link->envelope = pg_bytes(result, i, 3, chain->arena);
	}
	return OK;
}

typedef struct Content {
	const Digest *digest;
	Arena *arena;
	Str bytes;
} Content;

static Err read_content(Pg *pg, void *context)
{
	Content *content = context;
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	Str digest = str_n((const char *)content->digest->bytes, sizeof content->digest->bytes);
	TRY(SQL_RUN(pg, &result, blob_get, P_BYTES(digest)));
	if (pg_rows(result) != 1)
		return err(ERR_INTERNAL, "the database has lost a snapshot that it deployed");
	content->bytes = pg_bytes(result, 0, 0, content->arena);
	return content->bytes.ptr ? OK : release_no_memory();
}

static Err send_piece(
        RpcClient *client, const Link *link, uint64_t offset, Str data, Arena *arena, uint64_t *ret_received)
{
	char digest[65];
	digest_hex(&link->blob, digest);
	Parley__Runtime__V1__StageBlobRequest request = PARLEY__RUNTIME__V1__STAGE_BLOB_REQUEST__INIT;
	request.digest = digest;
	request.length = link->length;
	request.offset = offset;
	request.data = (ProtobufCBinaryData){.len = data.len, .data = (uint8_t *)(uintptr_t)data.ptr};
	ProtobufCMessage *response = NULL;
	TRY(rpc_call(client, CONTROL, "StageBlob", &request.base, PIECE_MS, arena, &response));
	uint64_t received =
	        ((const Parley__Runtime__V1__StageBlobResponse *)(const void *)response)->received;
	if (received > link->length || (data.len && received <= offset))
		return err(ERR_INTERNAL, "the server says it has %llu bytes of a snapshot of %llu",
		        (unsigned long long)received, (unsigned long long)link->length);
	*ret_received = received;
	return OK;
}

// Only what is not there yet is read from the database and sent.
static Err send_blob(Release *release, RpcClient *client, const Link *link, Arena *arena)
{
	uint64_t received;
	TRY(send_piece(client, link, 0, (Str){0}, arena, &received));
	if (received == link->length)
		return OK;
	Content content = {.digest = &link->blob, .arena = arena};
	TRY(store_read(release->services->store, read_content, &content));
	while (received < content.bytes.len) {
		size_t left = content.bytes.len - received;
		Str piece = str_n(content.bytes.ptr + received, left < PIECE_BYTES ? left : PIECE_BYTES);
		TRY(send_piece(client, link, received, piece, arena, &received));
	}
	return OK;
}

static Err send_link(Release *release, RpcClient *client, const Link *link)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(256 * 1024, 0);
	if (!arena)
		return release_no_memory();
	TRY(send_blob(release, client, link, arena));
	Parley__Runtime__V1__ActivateRequest request = PARLEY__RUNTIME__V1__ACTIVATE_REQUEST__INIT;
	request.envelope = (ProtobufCBinaryData){
	        .len = link->envelope.len, .data = (uint8_t *)(uintptr_t)link->envelope.ptr};
	ProtobufCMessage *response = NULL;
	return rpc_call(client, CONTROL, "Activate", &request.base, ACTIVATE_MS, arena, &response);
}

static Err send_chain(Release *release, RpcClient *client, const Row *row, uint64_t first, Arena *arena)
{
	Chain chain = {.row = row, .first = first, .arena = arena};
	TRY(store_read(release->services->store, read_chain, &chain));
	for (size_t i = 0; i < chain.count; i++) {
		Err e = send_link(release, client, &chain.links[i]);
		if (e)
			return err_context(e, "version %llu", (unsigned long long)chain.links[i].version);
	}
	return OK;
}

// A server without the channel takes any version; one that has it takes the next. If it stands in an older
// epoch, this one's first.
static Err bring_up(Release *release, RpcClient *client, const Row *row, ServerState *state, Arena *arena)
{
	TRY(ask(release, client, row, arena, state));
	if (is_up_to_date(row, state))
		return OK;
	uint64_t first = state->version && state->version < row->version ? state->version + 1 : row->version;
	Err e = send_chain(release, client, row, first, arena);
	if (e == ERR_MANIFEST_VERSION && row->epoch > 1 && first > 1)
		e = send_chain(release, client, row, 1, arena);
	TRY(e);
	return ask(release, client, row, arena, state);
}

void server_bring_up(Release *release, const Row *row, ServerState *state)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	CLEANUP(rpc_client_freep) RpcClient *client = NULL;
	Err e = arena ? connect_to(release, state, arena, &client) : release_no_memory();
	if (!e)
		e = bring_up(release, client, row, state, arena);
	if (e)
		failed(state, e);
}
