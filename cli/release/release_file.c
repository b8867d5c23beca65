#include "release/release_file.h"

#include "base/file.h"
#include "wire/wire.h"

#include <fcntl.h>
#include <unistd.h>

static const char magic[] = "PARLEY-RELEASE 1\n";

enum { MAGIC_BYTES = sizeof magic - 1, FIELDS_MAX = 8192 };
static const size_t file_max = (size_t)2 * 1024 * 1024 * 1024;

static Str bytes_of(const ProtobufCBinaryData *data)
{
	return str_n((const char *)data->data, data->len);
}

// --- the file ---

Err release_file_write(const char *path, const ReleaseFile *release)
{
	size_t body = protobuf_c_message_get_packed_size(&release->base), head = MAGIC_BYTES + sizeof(Digest);
	CLEANUP(arena_freep) Arena *arena = arena_new(head + body + 64, 0);
	char *bytes = arena ? arena_alloc(arena, head + body) : NULL;

	if (!bytes)
		return err(ERR_NO_MEMORY, "no memory for a file of %zu bytes", head + body);
	if (access(path, F_OK) == 0)
		return err(ERR_IO, "%s is there already: name another file", path);
	protobuf_c_message_pack(&release->base, (uint8_t *)bytes + head);
	Digest digest = digest_of(str_n(bytes + head, body));
	memcpy(bytes, magic, MAGIC_BYTES);
	memcpy(bytes + MAGIC_BYTES, digest.bytes, sizeof digest.bytes);
	return file_write_durable(path, str_n(bytes, head + body), 0644);
}

Err release_file_parse(Str bytes, Arena *arena, ReleaseFile **ret)
{
	size_t head = MAGIC_BYTES + sizeof(Digest);
	ProtobufCMessage *message;

	if (bytes.len < head || memcmp(bytes.ptr, magic, MAGIC_BYTES) != 0)
		return err(ERR_SNAPSHOT_INVALID, "it is no release file: parley release export writes them");
	Str body = str_n(bytes.ptr + head, bytes.len - head);
	Digest digest = digest_of(body);
	if (memcmp(digest.bytes, bytes.ptr + MAGIC_BYTES, sizeof digest.bytes) != 0)
		return err(ERR_SNAPSHOT_DIGEST, "the file is damaged: copy it anew");
	TRY(wire_unpack(&parley__snapshot__v1__release_file__descriptor, body, FIELDS_MAX, arena, &message));
	*ret = (ReleaseFile *)message;
	if (!(*ret)->n_roots || !(*ret)->n_manifests || (*ret)->n_manifests > RELEASE_MANIFESTS_MAX)
		return err(ERR_SNAPSHOT_INVALID,
		        "a release has a root and 1 to %d manifests; this one has %zu and %zu",
		        RELEASE_MANIFESTS_MAX, (*ret)->n_roots, (*ret)->n_manifests);
	return OK;
}

Err release_file_read(const char *path, Arena *arena, ReleaseFile **ret)
{
	Str bytes;

	TRY(file_read(path, file_max, arena, &bytes));
	Err e = release_file_parse(bytes, arena, ret);
	return e ? err_context(e, "%s", path) : OK;
}

// --- what of it may be believed ---

Str release_file_blob(const ReleaseFile *release, const uint8_t *sha256)
{
	for (size_t i = 0; i < release->n_blobs; i++) {
		Digest digest = digest_of(bytes_of(&release->blobs[i]));

		if (memcmp(digest.bytes, sha256, sizeof digest.bytes) == 0)
			return bytes_of(&release->blobs[i]);
	}
	return (Str){0};
}

// The file's roots that follow `root` carry it on; those up to it must be left behind.
static Err follow_roots(const ReleaseFile *release, Str trusted, Arena *arena, TrustRoot *root)
{
	Str environment = str(release->environment);

	TRY(root_open(trusted.len ? trusted : bytes_of(&release->roots[0]), environment, arena, root));
	for (size_t i = 0; i < release->n_roots; i++) {
		Str envelope = bytes_of(&release->roots[i]);
		Parley__Snapshot__V1__Envelope *open;
		Parley__Snapshot__V1__Root *next;

		TRY(envelope_open(envelope, arena, &open));
		TRY(root_parse(bytes_of(&open->payload), arena, &next));
		if (next->version > root->version)
			TRY(root_follow(root, envelope, arena, root));
	}
	return OK;
}

static Err verify_manifest(const ReleaseFile *release, size_t i, const TrustRoot *root, int64_t now_us,
        Arena *arena, PlaceState *state, ReleaseCheck *ret)
{
	Parley__Snapshot__V1__Envelope *open;
	Parley__Snapshot__V1__Manifest *claims, *manifest;
	Parley__Snapshot__V1__Snapshot *snapshot;
	Str envelope = bytes_of(&release->manifests[i]), blob;

	// The fleet is the importing server's to check: here it is what the first manifest says.
	TRY(envelope_open(envelope, arena, &open));
	TRY(manifest_parse(bytes_of(&open->payload), arena, &claims));
	const Place place = {.environment = str(release->environment),
	        .channel = str(release->channel),
	        .fleet = str(claims->fleet),
	        .now_us = now_us};
	TRY(manifest_verify(envelope, root, &place, state, arena, &manifest, &ret->digests[i]));
	ret->manifests[i] = manifest;
	*state = (PlaceState){.known = true,
	        .epoch = manifest->epoch,
	        .version = manifest->version,
	        .manifest = ret->digests[i]};
	if (manifest->undeploy)
		return OK;
	memcpy(state->blob.bytes, manifest->blobs[0]->sha256.data, sizeof state->blob.bytes);
	blob = release_file_blob(release, manifest->blobs[0]->sha256.data);
	if (!blob.len)
		return err(ERR_BLOB_INCOMPLETE, "the snapshot of version %llu is not in the file",
		        (unsigned long long)manifest->version);
	CLEANUP(arena_freep) Arena *content = arena_new(256 * 1024, 0);
	return content ? snapshot_open(blob, manifest, content, &snapshot)
	               : err(ERR_NO_MEMORY, "no memory for a snapshot");
}

Err release_file_verify(
        const ReleaseFile *release, Str trusted, int64_t now_us, Arena *arena, ReleaseCheck *ret)
{
	PlaceState state = {0};
	Parley__Snapshot__V1__Timestamp *timestamp;

	*ret = (ReleaseCheck){0};
	TRY(follow_roots(release, trusted, arena, &ret->root));
	TRY(root_check_time(&ret->root, now_us));
	ret->manifests = ARENA_ARRAY(arena, Parley__Snapshot__V1__Manifest *, release->n_manifests);
	ret->digests = ARENA_ARRAY(arena, Digest, release->n_manifests);
	if (!ret->manifests || !ret->digests)
		return err(ERR_NO_MEMORY, "no memory for a release");
	for (size_t i = 0; i < release->n_manifests; i++) {
		Err e = verify_manifest(release, i, &ret->root, now_us, arena, &state, ret);
		if (e)
			return err_context(e, "manifest %zu of %zu", i + 1, release->n_manifests);
	}
	if (!release->timestamp.len)
		return OK;
	TRY(timestamp_verify(bytes_of(&release->timestamp), &ret->root, 0, now_us, arena, &timestamp));
	ret->timestamp_version = timestamp->version;
	ret->timestamp_expires_us = timestamp->expires_us;
	return OK;
}
