// An envelope arrives. Whatever is wrong with it, what serves goes on serving; whatever happens from the
// first write on, what is on disk loads.
#include "current/internal.h"

#include "base/file.h"

// The manifest, and whose it is: the signatures are good, and it is for this environment and fleet.
static Err identify(Current *current, Str envelope, Arena *arena, Channel **ret)
{
	const PlaceState anything = {0};
	Manifest *manifest;
	Digest digest;
	TRY(envelope_check(current, (Str){0}, envelope, &anything, arena, &manifest, &digest));
	Channel *channel = channel_find(current, str(manifest->channel));
	if (!channel)
		TRY(channel_add(current, str(manifest->channel), &channel));
	*ret = channel;
	return OK;
}

static Err build(Channel *channel, Str envelope, const Manifest *manifest, const Digest *digest, Arena *arena,
        Deployed **ret)
{
	Current *current = channel->current;
	Digest blob_digest;
	Str blob;
	memcpy(blob_digest.bytes, manifest->blobs[0]->sha256.data, sizeof blob_digest.bytes);
	TRY(blob_read(current, &blob_digest, manifest->blobs[0]->length, arena, &blob));
	int64_t now_us = clock_now_us(current->options.clock);
	Err e = deployed_build(channel, envelope, manifest, digest, blob, now_us, ret);
	if (e == ERR_SNAPSHOT_DIGEST)
		blob_quarantine(current, &blob_digest);
	return e;
}

// What serves now becomes the previous one, unless it is a fallback, whose successor is damaged, or the same
// is sent again.
static bool becomes_previous(const Channel *channel, const Deployed *active, const Deployed *next)
{
	return active && !channel->fallback && !digest_eq(&active->manifest, &next->manifest);
}

static Saved next_state(const Channel *channel, const Deployed *next, bool rotate)
{
	int64_t highest_us = channel->saved.now.highest_time_us;
	if (next->since_us > highest_us)
		highest_us = next->since_us;
	return (Saved){
	        .now = place_state(next, highest_us),
	        .before = rotate ? channel->saved.now : channel->saved.before,
	        .since_us = next->since_us,
	};
}

static Err make_durable(Channel *channel, const Deployed *next, Arena *arena)
{
	const Deployed *active = atomic_load(&channel->active);
	bool rotate = becomes_previous(channel, active, next);
	Saved saved = next_state(channel, next, rotate);
	Str dir = str(channel->dir);
	TRY(blob_keep(channel->current, &next->blob));
	if (rotate)
		TRY(file_write_durable(path_join(arena, dir, STR("previous")), active->envelope, 0600));
	TRY(file_write_durable(path_join(arena, dir, STR("envelope")), next->envelope, 0600));
	TRY(state_write(channel, &saved));
	channel->saved = saved;
	return OK;
}

static bool serves(const Channel *channel, const Digest *manifest)
{
	const Deployed *active = atomic_load(&channel->active);
	return active && digest_eq(&active->manifest, manifest);
}

static Err activate(Channel *channel, Str envelope, Arena *arena, bool *ret_unchanged)
{
	Manifest *manifest;
	Digest digest;
	CLEANUP(deployed_freep) Deployed *next = NULL;
	if (channel->state_lost)
		return err(ERR_STATE_CORRUPT,
		        "%s/state is damaged or missing: restore it, or remove the folder to give up its "
		        "floor, and restart",
		        channel->dir);
	TRY(envelope_check(
	        channel->current, channel->name, envelope, &channel->saved.now, arena, &manifest, &digest));
	*ret_unchanged = serves(channel, &digest);
	if (*ret_unchanged)
		return OK;
	TRY(build(channel, envelope, manifest, &digest, arena, &next));
	TRY(make_durable(channel, next, arena));
	channel_swap(channel, STEAL(next));
	channel_accepted(channel);
	blobs_collect(channel->current);
	return OK;
}

Err current_activate(Current *current, Str envelope, const Deployed **ret, bool *ret_unchanged)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(256 * 1024, 0);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory to activate a snapshot");
	LOCKED(&current->deploy);
	Channel *channel;
	TRY(identify(current, envelope, arena, &channel));
	Err e = activate(channel, envelope, arena, ret_unchanged);
	if (e)
		return channel_refused(channel, e);
	if (ret)
		*ret = channel_pin(channel);
	return OK;
}
