// GetDeployment, with all that an approver wants to see, and GetSnapshot, piece by piece.
#include "release/internal.h"

enum { PIECE_MAX = 1024 * 1024 };

typedef struct Get {
	Release *release;
	Arena *arena;
	const Parley__Design__V1__GetDeploymentRequest *in;
	Row row;
	Deployment *out;
} Get;

static Err read_deployment(Pg *pg, void *context)
{
	Get *get = context;
	Str payload, envelope;
	TRY(record_version(pg, str(get->in->environment), str(get->in->channel), get->in->version, get->arena,
	        &get->row));
	get->out = map_deployment(&get->row, get->arena);
	if (!get->out)
		return release_no_memory();
	TRY(map_details(pg, get->release, &get->row, get->arena, get->out));
	TRY(payload_read(pg, get->row.id, get->arena, &payload, &envelope));
	get->out->manifest =
	        (ProtobufCBinaryData){.len = payload.len, .data = (uint8_t *)(uintptr_t)payload.ptr};
	get->out->envelope =
	        (ProtobufCBinaryData){.len = envelope.len, .data = (uint8_t *)(uintptr_t)envelope.ptr};
	return OK;
}

static Err get_deployment(Get *get)
{
	const Environment *environment;
	Err known = environment_find(get->release->environments, str(get->in->environment), &environment);
	if (!*get->in->channel)
		return err_at(ERR_FIELD_MISSING, "channel", "name the channel");
	TRY(known);
	TRY(store_read(get->release->services->store, read_deployment, get));
	return get->row.released_us
	               ? rollouts_fill(get->release->rollouts, environment, get->row.id, get->arena, get->out)
	               : OK;
}

void handle_get_deployment(void *release, RpcCall *call, const ProtobufCMessage *request)
{
	Get get = {.release = release, .arena = rpc_arena(call), .in = (const void *)request};
	Err e = get_deployment(&get);
	if (e)
		rpc_fail(call, e);
	else
		rpc_reply(call, &get.out->base);
}

// --- GetSnapshot ---

typedef struct Piece {
	Arena *arena;
	Digest digest;
	uint64_t offset, length;
	Str data;
} Piece;

static Err read_piece(Pg *pg, void *context)
{
	Piece *piece = context;
	CLEANUP(pg_result_freep) PgResult *result = NULL;
	TRY(SQL_RUN(pg, &result, blob_piece, P_BYTES(digest_str(&piece->digest)),
	        P_I64((int64_t)piece->offset), P_I64(PIECE_MAX)));
	if (!pg_rows(result))
		return err_at(ERR_RESOURCE_NOT_FOUND, "digest",
		        "no snapshot has this digest, or its content was removed because it was never "
		        "released "
		        "(parley retention show): parley rollout history has those that were");
	piece->length = (uint64_t)pg_i64(result, 0, 0);
	piece->data = pg_bytes(result, 0, 1, piece->arena);
	return piece->data.ptr || !piece->data.len ? OK : release_no_memory();
}

void handle_get_snapshot(void *context, RpcCall *call, const ProtobufCMessage *request)
{
	Release *release = context;
	const Parley__Design__V1__GetSnapshotRequest *in = (const void *)request;
	Parley__Design__V1__GetSnapshotResponse out = PARLEY__DESIGN__V1__GET_SNAPSHOT_RESPONSE__INIT;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Piece piece = {.arena = arena, .offset = in->offset};
	Err e = arena ? OK : release_no_memory();
	if (!e && !digest_parse(str(in->digest), &piece.digest))
		e = err_at(ERR_FIELD_INVALID, "digest", "it must be 64 hex digits");
	if (!e && in->offset > SNAPSHOT_MAX)
		e = err_at(ERR_FIELD_INVALID, "offset", "no snapshot is that long");
	if (!e)
		e = store_read(release->services->store, read_piece, &piece);
	if (e) {
		rpc_fail(call, e);
		return;
	}
	out.length = piece.length;
	out.data = (ProtobufCBinaryData){.len = piece.data.len, .data = (uint8_t *)(uintptr_t)piece.data.ptr};
	rpc_reply(call, &out.base);
}
