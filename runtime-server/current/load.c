// From files to a snapshot that can serve. Nothing on disk is trusted for having been good once.
#include "current/internal.h"

#include "base/file.h"

#include <stdio.h>
#include <unistd.h>

enum { ARENA_BLOCK = 256 * 1024 };

Err envelope_check(Current *current, Str channel, Str envelope, const PlaceState *state, Arena *arena,
        Manifest **ret, Digest *ret_digest)
{
	const CurrentOptions *options = &current->options;
	Place place = {
	        .environment = options->environment,
	        .fleet = options->fleet,
	        .channel = channel,
	        .now_us = clock_now_us(options->clock),
	};
	return manifest_verify(envelope, &options->trust, &place, state, arena, ret, ret_digest);
}

static Err build(Deployed *deployed, const CurrentOptions *options, const Manifest *manifest, Str blob)
{
	Snapshot *snapshot;
	TRY(snapshot_open(blob, manifest, deployed->arena, &snapshot));
	TRY(plan_build(snapshot, deployed->arena, &deployed->plan));
	return options->prepare
	               ? options->prepare(options->context, snapshot, deployed->arena, &deployed->prepared)
	               : OK;
}

Err deployed_build(Channel *channel, Str envelope, const Manifest *manifest, const Digest *digest, Str blob,
        int64_t since_us, Deployed **ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	Deployed *deployed = arena ? ARENA_NEW(arena, Deployed) : NULL;
	if (!deployed)
		return err(ERR_NO_MEMORY, "no memory for a snapshot");
	deployed->pins = 1;
	deployed->channel = channel;
	deployed->arena = arena;
	deployed->envelope = arena_str(arena, envelope);
	deployed->epoch = manifest->epoch;
	deployed->version = manifest->version;
	deployed->manifest = *digest;
	memcpy(deployed->blob.bytes, manifest->blobs[0]->sha256.data, sizeof deployed->blob.bytes);
	digest_hex(&deployed->blob, deployed->blob_hex);
	deployed->since_us = since_us;
	deployed->expires_us = manifest->expires_us;
	TRY(build(deployed, &channel->current->options, manifest, blob));
	(void)STEAL(arena);
	*ret = deployed;
	return OK;
}

PlaceState place_state(const Deployed *deployed, int64_t highest_time_us)
{
	return (PlaceState){
	        .known = true,
	        .epoch = deployed->epoch,
	        .version = deployed->version,
	        .manifest = deployed->manifest,
	        .blob = deployed->blob,
	        .highest_time_us = highest_time_us,
	};
}

static bool is_damage(Err e)
{
	return e == ERR_SNAPSHOT_LENGTH || e == ERR_SNAPSHOT_DIGEST;
}

// One of a channel's two envelopes and its blob.
static Err load_file(Channel *channel, const char *name, const PlaceState *state, Deployed **ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory to load channel " STR_FMT, STR_ARG(channel->name));
	Str envelope, blob;
	Manifest *manifest;
	Digest digest, blob_digest;
	const char *path = path_join(arena, str(channel->dir), str(name));
	Err e = file_read(path, ENVELOPE_MAX, arena, &envelope);
	if (e)
		return err(ERR_ENVELOPE_INVALID, "%s cannot be read: deploy again", path);
	TRY(envelope_check(channel->current, channel->name, envelope, state, arena, &manifest, &digest));
	const BlobReference *reference = manifest->blobs[0];
	memcpy(blob_digest.bytes, reference->sha256.data, sizeof blob_digest.bytes);
	e = blob_read(channel->current, &blob_digest, reference->length, arena, &blob);
	if (!e)
		e = deployed_build(channel, envelope, manifest, &digest, blob, channel->saved.since_us, ret);
	if (is_damage(e))
		blob_quarantine(channel->current, &blob_digest);
	return e;
}

// A crash came between the envelope and the state: the envelope is the next one.
static Err catch_up(Channel *channel, const Deployed *deployed)
{
	Saved *saved = &channel->saved;
	if (digest_eq(&deployed->manifest, &saved->now.manifest))
		return OK;
	Saved next = {.now = place_state(deployed, saved->now.highest_time_us), .before = saved->now};
	next.since_us = clock_now_us(channel->current->options.clock);
	TRY(state_write(channel, &next));
	*saved = next;
	return OK;
}

static void fall_back(Channel *channel)
{
	PlaceState floor = channel->saved.before;
	floor.highest_time_us = channel->saved.now.highest_time_us;
	Deployed *deployed;
	// Why the newest was refused is what matters; that the one before fails as well shows in what serves:
	// nothing.
	ErrDetail newest = *err_detail();
	if (floor.known && load_file(channel, "previous", &floor, &deployed) == OK) {
		channel_swap(channel, deployed);
		channel->fallback = true;
	}
	err_restore(&newest);
}

static bool has_envelope(const Channel *channel)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/envelope", channel->dir);
	return access(path, F_OK) == 0;
}

void channel_load(Channel *channel)
{
	CLEANUP(deployed_freep) Deployed *deployed = NULL;
	Err e = state_read(channel, &channel->saved);
	if (e) {
		channel->state_lost = true;
		channel_refused(channel, e);
		return;
	}
	if (!channel->saved.now.known && !has_envelope(channel))
		return; // nothing was ever deployed
	e = load_file(channel, "envelope", &channel->saved.now, &deployed);
	if (!e)
		e = catch_up(channel, deployed);
	if (!e) {
		channel_swap(channel, STEAL(deployed));
		return;
	}
	fall_back(channel);
	channel_refused(channel, e);
}
