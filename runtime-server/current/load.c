// From files to a snapshot that can serve. Nothing on disk is trusted for having been good once: everything
// is verified again, by what held when it was taken; only its hard expiry is judged by the present.
#include "current/internal.h"

#include <inttypes.h>

enum { ARENA_BLOCK = 256 * 1024 };

Err envelope_check(const Current *current, const TrustRoot *root, Str channel, Str envelope,
        const PlaceState *state, int64_t now_us, Arena *arena, Manifest **ret, Digest *ret_digest)
{
	const CurrentOptions *options = &current->options;
	Place place = {
	        .environment = options->environment,
	        .fleet = options->fleet,
	        .channel = channel,
	        .now_us = now_us,
	};
	return manifest_verify(envelope, root, &place, state, arena, ret, ret_digest);
}

Kept kept_of(const Channel *channel, const Manifest *manifest, const Digest *digest, int64_t now_us)
{
	Kept kept = {
	        .root = trusted_newest(channel->current->trusted)->version,
	        .epoch = manifest->epoch,
	        .version = manifest->version,
	        .manifest = *digest,
	        .taken_us = now_us,
	        .since_us = now_us,
	};
	if (!manifest->undeploy)
		memcpy(kept.blob.bytes, manifest->blobs[0]->sha256.data, sizeof kept.blob.bytes);
	return kept;
}

bool kept_is(const Kept *kept, const Digest *manifest)
{
	return kept->version != 0 && digest_eq(&kept->manifest, manifest);
}

static Err fill(Deployed *deployed, const CurrentOptions *options, const Manifest *manifest, Str blob)
{
	Snapshot *snapshot;
	TRY(snapshot_open(blob, manifest, deployed->arena, &snapshot));
	TRY(plan_build(snapshot, deployed->arena, &deployed->plan));
	return options->prepare
	               ? options->prepare(options->context, snapshot, deployed->arena, &deployed->prepared)
	               : OK;
}

static Err build(Channel *channel, const Manifest *manifest, const Digest *digest, Str blob, int64_t now_us,
        Deployed **ret)
{
	CLEANUP(deployed_freep) Deployed *deployed = NULL;
	TRY(deployed_new(channel, ARENA_BLOCK, &deployed));
	deployed->epoch = manifest->epoch;
	deployed->version = manifest->version;
	deployed->manifest = *digest;
	memcpy(deployed->blob.bytes, manifest->blobs[0]->sha256.data, sizeof deployed->blob.bytes);
	digest_hex(&deployed->blob, deployed->blob_hex);
	deployed->since_us = now_us;
	deployed->expires_us = manifest->expires_us;
	TRY(fill(deployed, &channel->current->options, manifest, blob));
	*ret = STEAL(deployed);
	return OK;
}

Err deployed_build(Channel *channel, const Manifest *manifest, const Digest *digest, int64_t now_us,
        Arena *scratch, Deployed **ret)
{
	Current *current = channel->current;
	const BlobReference *reference = manifest->blobs[0];
	Digest blob_digest;
	Str blob;
	memcpy(blob_digest.bytes, reference->sha256.data, sizeof blob_digest.bytes);
	Err e = blob_read(current, &blob_digest, reference->length, scratch, &blob);
	if (!e)
		e = build(channel, manifest, digest, blob, now_us, ret);
	// A length that does not fit may be the manifest's mistake, and the blob another one's.
	if (e == ERR_SNAPSHOT_DIGEST)
		blob_quarantine(current, &blob_digest);
	return e;
}

// The root that a manifest was taken under, or the newest if that is kept no longer.
static const TrustRoot *root_of(const Channel *channel, const Kept *kept)
{
	const Trusted *trusted = channel->current->trusted;
	const TrustRoot *root = trusted_root(trusted, kept->root);
	return root ? root : trusted_newest(trusted);
}

static Err check_expiry(const Channel *channel, const Manifest *manifest)
{
	char text[TIME_TEXT_SIZE];
	if (channel_now(channel) < manifest->expires_us)
		return OK;
	time_format(manifest->expires_us, text);
	return err(ERR_MANIFEST_EXPIRED, "the manifest of version %" PRIu64 " expired at %s: deploy again",
	        manifest->version, text);
}

static Err load_kept(Channel *channel, const Kept *kept, Deployed **ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(ARENA_BLOCK, 0);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory to load channel " STR_FMT, STR_ARG(channel->name));
	PlaceState itself = {.known = true,
	        .epoch = kept->epoch,
	        .version = kept->version,
	        .manifest = kept->manifest,
	        .blob = kept->blob};
	Str envelope;
	Manifest *manifest;
	Digest digest;
	TRY(manifest_read(channel, &kept->manifest, arena, &envelope));
	TRY(envelope_check(channel->current, root_of(channel, kept), channel->name, envelope, &itself,
	        kept->taken_us, arena, &manifest, &digest));
	TRY(check_expiry(channel, manifest));
	Err e = deployed_build(channel, manifest, &digest, kept->taken_us, arena, ret);
	if (e == ERR_SNAPSHOT_LENGTH) // it was right once
		blob_quarantine(channel->current, &kept->blob);
	return e;
}

static void set_marks(Channel *channel, bool lost, bool held, bool fallback, bool expired)
{
	LOCKED(&channel->current->telling);
	channel->state_lost = lost;
	channel->held = held;
	channel->fallback = fallback;
	channel->expired = expired;
}

// Whether this server knew a newer root than it does now: until it has it again, nobody can tell whose
// signatures count.
static Err check_root(const Channel *channel)
{
	uint64_t known = channel->saved.root, newest = trusted_newest(channel->current->trusted)->version;
	if (known <= newest)
		return OK;
	return err(ERR_ROOT_VERSION,
	        "this server has root %" PRIu64 " and has known root %" PRIu64
	        ": put the roots after %" PRIu64 " first",
	        newest, known, newest);
}

// The stable one, or the one before it; why the stable one failed is what matters then.
static Err load_stable(Channel *channel, Deployed **ret, bool *ret_fallback)
{
	const Saved *saved = &channel->saved;
	if (saved->stable.version == 0)
		return OK;
	Err e = load_kept(channel, &saved->stable, ret);
	if (!e)
		return OK;
	ErrDetail newest = *err_detail();
	*ret_fallback = saved->previous.version != 0 && !kept_undeploys(&saved->previous) &&
	                load_kept(channel, &saved->previous, ret) == OK;
	return err_restore(&newest);
}

static void load_both(Channel *channel)
{
	const Kept *candidate = &channel->saved.candidate;
	Deployed *stable = NULL, *other = NULL;
	bool fallback = false;
	Err e = load_stable(channel, &stable, &fallback);
	set_marks(channel, false, false, fallback, e == ERR_MANIFEST_EXPIRED && !fallback);
	if (e)
		channel_refused(channel, e);
	if (candidate->version != 0 && !kept_undeploys(candidate)) {
		e = load_kept(channel, candidate, &other);
		if (e)
			channel_refused(channel, e);
	}
	channel_serve(channel, stable, other, channel->saved.permille);
}

void channel_load(Channel *channel)
{
	Saved saved;
	Err e = state_read(channel, &saved);
	if (e) {
		set_marks(channel, true, false, false, false);
		channel_refused(channel, e);
		return;
	}
	channel->saved = saved;
	e = check_root(channel);
	if (e) {
		set_marks(channel, false, true, false, false);
		channel_refused(channel, e);
		return;
	}
	load_both(channel);
}
