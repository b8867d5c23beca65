// Blobs: bytes that were signed for, and the message that stands in them.
#include "snapshot/internal.h"

#include "wire/wire.h"

enum { FIELDS_MAX = 32 * 1024 * 1024 };

Err snapshot_pack(const Snapshot *snapshot, Arena *arena, Str *ret)
{
	TRY(snapshot_check(snapshot));
	size_t size = protobuf_c_message_get_packed_size(&snapshot->base);
	if (size > SNAPSHOT_MAX)
		return INVALID("the snapshot has %zu bytes, at most %d are allowed: split the channel", size,
		        SNAPSHOT_MAX);
	return wire_pack(&snapshot->base, arena, ret);
}

static Err check_bytes(Str blob, const BlobReference *reference)
{
	if (blob.len != reference->length)
		return err(ERR_SNAPSHOT_LENGTH,
		        "the snapshot has %zu bytes, its manifest says %llu: send it again", blob.len,
		        (unsigned long long)reference->length);
	Digest digest = digest_of(blob);
	if (memcmp(digest.bytes, reference->sha256.data, sizeof digest.bytes) != 0)
		return err(ERR_SNAPSHOT_DIGEST,
		        "the snapshot's SHA-256 is not the one in its manifest: it was damaged, send it "
		        "again");
	return OK;
}

Err snapshot_parse(Str blob, Arena *arena, Snapshot **ret)
{
	ProtobufCMessage *message = NULL;
	TRY(strict_unpack(&parley__snapshot__v1__snapshot__descriptor, blob, FIELDS_MAX, ERR_SNAPSHOT_INVALID,
	        arena, &message));
	*ret = (Snapshot *)message;
	return snapshot_check(*ret);
}

Err snapshot_open(Str blob, const Manifest *manifest, Arena *arena, Snapshot **ret)
{
	Snapshot *snapshot;
	if (manifest->n_blobs != 1)
		return INVALID("the manifest switches the channel off: it has no snapshot");
	TRY(check_bytes(blob, manifest->blobs[0]));
	TRY(snapshot_parse(blob, arena, &snapshot));
	if (strcmp(snapshot->channel, manifest->channel) != 0)
		return INVALID("the snapshot is of channel '%s', its manifest is for '%s'", snapshot->channel,
		        manifest->channel);
	*ret = snapshot;
	return OK;
}

static ExprType expr_type(Parley__Snapshot__V1__ValueType type)
{
	static const ExprType types[] = {
	        [SNAP_TYPE(UNSPECIFIED)] = {EXPR_ERROR, EXPR_ERROR},
	        [SNAP_TYPE(BOOL)] = {EXPR_BOOL, EXPR_ERROR},
	        [SNAP_TYPE(INT)] = {EXPR_INT, EXPR_ERROR},
	        [SNAP_TYPE(DOUBLE)] = {EXPR_DOUBLE, EXPR_ERROR},
	        [SNAP_TYPE(STRING)] = {EXPR_STRING, EXPR_ERROR},
	        [SNAP_TYPE(TIMESTAMP)] = {EXPR_TIMESTAMP, EXPR_ERROR},
	        [SNAP_TYPE(STRING_LIST)] = {EXPR_LIST, EXPR_STRING},
	};
	return (size_t)type < ARRAY_COUNT(types) ? types[type] : types[SNAP_TYPE(UNSPECIFIED)];
}

Err snapshot_schema(const SnapLevel *level, Arena *arena, ExprSchema *ret)
{
	ExprAttribute *attributes = ARENA_ARRAY(arena, ExprAttribute, level->n_attributes);
	if (!attributes)
		return err(ERR_NO_MEMORY, "no memory for %zu attributes", level->n_attributes);
	for (size_t i = 0; i < level->n_attributes; i++)
		attributes[i] = (ExprAttribute){
		        str(level->attributes[i]->name), expr_type(level->attributes[i]->type)};
	*ret = (ExprSchema){attributes, level->n_attributes};
	return OK;
}
