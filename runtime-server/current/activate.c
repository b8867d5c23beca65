// An envelope arrives. Whatever is wrong with it, what serves goes on serving; whatever happens from the
// first write on, what is on disk loads: blob and envelope go to files of their own, and only the state,
// which is written last, makes them count.
#include "current/internal.h"

#include <inttypes.h>

// What is wanted, and what the envelope turned out to be.
typedef struct Arrival {
	Str envelope;
	bool candidate;
	unsigned permille;
	Current *current;
	Arena *arena;
	int64_t now_us;
	Manifest *manifest;
	Digest digest;
	// What came of it.
	bool pins; // whether `pinned` is asked for
	const Deployed *pinned;
	bool unchanged;
} Arrival;

// The manifest, and whose it is: the signatures are good, and it is for this environment and fleet.
static Err identify(Current *current, Arrival *arrival, Channel **ret)
{
	const PlaceState anything = {0};
	TRY(envelope_check(current, trusted_newest(current->trusted), (Str){0}, arrival->envelope, &anything,
	        clock_now_us(current->options.clock), arrival->arena, &arrival->manifest, &arrival->digest));
	Channel *channel = channel_find(current, str(arrival->manifest->channel));
	if (!channel)
		TRY(channel_add(current, str(arrival->manifest->channel), &channel));
	*ret = channel;
	return OK;
}

// What a signed floor asks of the first manifest after it.
static Err check_least(const Channel *channel, const Manifest *manifest)
{
	const Saved *saved = &channel->saved;
	if (manifest->epoch > saved->least_epoch ||
	        (manifest->epoch == saved->least_epoch && manifest->version >= saved->least_version))
		return OK;
	return err(ERR_MANIFEST_VERSION,
	        "version %" PRIu64 " of epoch %" PRIu64 " is below the floor, version %" PRIu64
	        " of epoch %" PRIu64,
	        manifest->version, manifest->epoch, saved->least_version, saved->least_epoch);
}

// The design server said which manifest has this version: there may be no second one.
static Err check_timestamp(const Channel *channel, const Arrival *arrival)
{
	const Parley__Snapshot__V1__CurrentManifest *current =
	        trusted_current(channel->current, channel->name);
	if (!current || current->epoch != arrival->manifest->epoch ||
	        current->version != arrival->manifest->version ||
	        memcmp(current->manifest.data, arrival->digest.bytes, sizeof arrival->digest.bytes) == 0)
		return OK;
	return err(ERR_MANIFEST_VERSION,
	        "the timestamp names another manifest of version %" PRIu64
	        ": one of them is not the design server's",
	        current->version);
}

static Err verify(Channel *channel, Arrival *arrival)
{
	if (channel->state_lost)
		return err(ERR_STATE_CORRUPT,
		        "%s/state is damaged or missing: restore it and restart, or put a signed floor",
		        channel->dir);
	if (channel->held)
		return err(ERR_ROOT_VERSION,
		        "this server has known root %" PRIu64 " and lost it: put the roots up to it first",
		        channel->saved.root);
	arrival->now_us = channel_now(channel);
	TRY(envelope_check(channel->current, trusted_newest(channel->current->trusted), channel->name,
	        arrival->envelope, &channel->saved.floor, arrival->now_us, arrival->arena, &arrival->manifest,
	        &arrival->digest));
	TRY(check_least(channel, arrival->manifest));
	return check_timestamp(channel, arrival);
}

// --- what it changes ---

static Saved next_state(const Channel *channel, const Arrival *arrival)
{
	Saved next = channel->saved;
	next.floor = (PlaceState){.known = true,
	        .epoch = arrival->manifest->epoch,
	        .version = arrival->manifest->version,
	        .manifest = arrival->digest,
	        .highest_time_us = arrival->now_us};
	next.least_epoch = next.least_version = 0;
	next.root = trusted_newest(channel->current->trusted)->version;
	if (channel->current->trusted->timestamp)
		next.timestamp = channel->current->trusted->timestamp->version;
	return next;
}

static void put_candidate(Saved *next, const Kept *kept, unsigned permille)
{
	next->candidate = *kept;
	next->permille = permille;
}

// The stable one stays as it is: it is the newest good one, and its files are whole.
static bool joins(const Channel *channel, const Arrival *arrival)
{
	return arrival->candidate && channel_stable(channel) &&
	       !kept_is(&channel->saved.stable, &arrival->digest);
}

static Err take(Channel *channel, const Arrival *arrival)
{
	CLEANUP(deployed_freep) Deployed *fresh = NULL;
	const Manifest *manifest = arrival->manifest;
	Saved next = next_state(channel, arrival);
	Kept kept = kept_of(channel, manifest, &arrival->digest, arrival->now_us);
	bool beside = joins(channel, arrival);
	if (!manifest->undeploy) {
		TRY(deployed_build(
		        channel, manifest, &arrival->digest, arrival->now_us, arrival->arena, &fresh));
		TRY(blob_keep(channel->current, &kept.blob));
	}
	if (beside)
		put_candidate(&next, &kept, arrival->permille);
	else
		saved_put_stable(channel, &next, &kept);
	TRY(manifest_write(channel, &arrival->digest, arrival->envelope));
	TRY(state_keep(channel, &next));
	channel_serve(
	        channel, beside ? channel_stable(channel) : fresh, beside ? fresh : NULL, next.permille);
	fresh = NULL;
	channel_accepted(channel, !beside);
	return OK;
}

// --- what needs no building ---

static bool is_done(const Channel *channel, const Digest *digest)
{
	const Saved *saved = &channel->saved;
	const Deployed *stable = channel_stable(channel);
	return (saved->undeployed && digest_eq(&saved->floor.manifest, digest)) ||
	       (stable && digest_eq(&stable->manifest, digest));
}

static bool is_candidate(const Channel *channel, const Digest *digest)
{
	const Kept *kept = &channel->saved.candidate;
	return kept_is(kept, digest) && (channel_candidate(channel) || kept_undeploys(kept));
}

static Err activate(Channel *channel, Arrival *arrival, bool *ret_unchanged)
{
	TRY(verify(channel, arrival));
	*ret_unchanged = is_done(channel, &arrival->digest);
	if (*ret_unchanged)
		return OK;
	if (arrival->candidate && arrival->permille > 0 && arrival->manifest->undeploy)
		return err_at(ERR_FIELD_INVALID, "candidate_permille",
		        "a share of the sessions cannot be switched off: take 0, and keep it later");
	if (is_candidate(channel, &arrival->digest))
		return channel_steer(channel, arrival->candidate ? STEER_SHARE : STEER_KEEP,
		        arrival->permille, ret_unchanged);
	TRY(take(channel, arrival));
	channel_collect(channel);
	return OK;
}

// The one that came, if it serves anybody; else what does.
static const Deployed *pin_activated(const Channel *channel, const Digest *digest)
{
	const Deployed *stable = channel_stable(channel), *candidate = channel_candidate(channel);
	if (candidate && digest_eq(&candidate->manifest, digest))
		return deployed_retain(candidate);
	return stable ? deployed_retain(stable) : NULL;
}

// On a thread that yields to calls: verifying, building and writing take long, and only the one that deploys
// waits for them.
static Err receive_aside(void *context)
{
	Arrival *arrival = context;
	LOCKED(&arrival->current->deploy);
	Channel *channel;
	TRY(identify(arrival->current, arrival, &channel));
	Err e = activate(channel, arrival, &arrival->unchanged);
	if (e)
		return channel_refused(channel, e);
	if (arrival->pins)
		arrival->pinned = pin_activated(channel, &arrival->digest);
	return OK;
}

static Err receive(Arrival *arrival, const Deployed **ret, bool *ret_unchanged)
{
	CLEANUP(arena_freep) Arena *arena = arrival->arena = arena_new(256 * 1024, 0);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory to activate a snapshot");
	arrival->pins = ret != NULL;
	TRY(aside(receive_aside, arrival));
	*ret_unchanged = arrival->unchanged;
	if (ret)
		*ret = arrival->pinned;
	return OK;
}

Err current_activate(Current *current, Str envelope, const Deployed **ret, bool *ret_unchanged)
{
	return receive(&(Arrival){.current = current, .envelope = envelope}, ret, ret_unchanged);
}

Err current_activate_candidate(
        Current *current, Str envelope, unsigned permille, const Deployed **ret, bool *ret_unchanged)
{
	if (permille > CURRENT_SHARE_MAX)
		return err_at(ERR_FIELD_INVALID, "candidate_permille",
		        "a share is 0 to %d thousandths, not %u", CURRENT_SHARE_MAX, permille);
	return receive(
	        &(Arrival){.current = current, .envelope = envelope, .candidate = true, .permille = permille},
	        ret, ret_unchanged);
}
