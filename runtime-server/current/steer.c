// What becomes of a candidate, and what becomes of a channel whose state was lost. As at an activation,
// writing the state is the one step that counts.
#include "current/internal.h"

#include <inttypes.h>

// What served becomes the previous one, unless it is a fallback, whose successor is damaged, or the same is
// sent again.
void saved_put_stable(const Channel *channel, Saved *next, const Kept *kept)
{
	if (!channel->fallback && next->stable.version != 0 && !kept_is(&next->stable, &kept->manifest))
		next->previous = next->stable;
	next->undeployed = kept_undeploys(kept);
	next->stable = next->undeployed ? (Kept){0} : *kept;
	next->candidate = (Kept){0};
	next->permille = 0;
}

static Err share(Channel *channel, unsigned permille, bool *ret_unchanged)
{
	Saved next = channel->saved;
	*ret_unchanged = next.permille == permille;
	if (*ret_unchanged)
		return OK;
	if (permille > 0 && kept_undeploys(&next.candidate))
		return err_at(ERR_FIELD_INVALID, "candidate_permille",
		        "a share of the sessions cannot be switched off: keep the candidate, or return");
	next.permille = permille;
	next.candidate.since_us = channel_now(channel);
	TRY(state_keep(channel, &next));
	channel_serve(channel, channel_stable(channel), channel_candidate(channel), permille);
	return OK;
}

static Err keep(Channel *channel)
{
	Saved next = channel->saved;
	Kept kept = next.candidate;
	kept.since_us = channel_now(channel);
	saved_put_stable(channel, &next, &kept);
	TRY(state_keep(channel, &next));
	channel_serve(channel, channel_candidate(channel), NULL, 0);
	channel_accepted(channel, true);
	return OK;
}

static Err give_back(Channel *channel)
{
	Saved next = channel->saved;
	next.candidate = (Kept){0};
	next.permille = 0;
	TRY(state_keep(channel, &next));
	channel_serve(channel, channel_stable(channel), NULL, 0);
	return OK;
}

Err channel_steer(Channel *channel, CurrentSteer steer, unsigned permille, bool *ret_unchanged)
{
	*ret_unchanged = false;
	if (steer == STEER_SHARE)
		return share(channel, permille, ret_unchanged);
	TRY(steer == STEER_KEEP ? keep(channel) : give_back(channel));
	channel_collect(channel);
	return OK;
}

// Whether there is nothing left to do.
static bool is_done(const Channel *channel, const Digest *manifest, CurrentSteer steer)
{
	const Saved *saved = &channel->saved;
	bool newest = saved->floor.known && digest_eq(&saved->floor.manifest, manifest);
	if (kept_is(&saved->candidate, manifest))
		return false;
	if (steer == STEER_KEEP)
		return kept_is(&saved->stable, manifest) || (saved->undeployed && newest);
	return steer == STEER_RETURN && newest && !kept_is(&saved->stable, manifest) && !saved->undeployed;
}

static Err steer_channel(Channel *channel, const Digest *manifest, CurrentSteer steer, unsigned permille)
{
	char hex[65];
	bool unchanged;
	if (channel->state_lost || channel->held)
		return err(ERR_STATE_CORRUPT,
		        "what channel " STR_FMT " runs is not known: see its status for what it needs",
		        STR_ARG(channel->name));
	if (is_done(channel, manifest, steer))
		return OK;
	const Kept *candidate = &channel->saved.candidate;
	bool loaded = channel_candidate(channel) || kept_undeploys(candidate) || steer == STEER_RETURN;
	if (kept_is(candidate, manifest) && loaded)
		return channel_steer(channel, steer, permille, &unchanged);
	digest_hex(manifest, hex);
	return err(ERR_CANDIDATE_UNKNOWN,
	        "manifest %s is no candidate of channel " STR_FMT ": activate it as one first", hex,
	        STR_ARG(channel->name));
}

Err current_steer(Current *current, Str name, const Digest *manifest, CurrentSteer steer, unsigned permille)
{
	if (permille > CURRENT_SHARE_MAX)
		return err_at(ERR_FIELD_INVALID, "candidate_permille",
		        "a share is 0 to %d thousandths, not %u", CURRENT_SHARE_MAX, permille);
	LOCKED(&current->deploy);
	Channel *channel = channel_find(current, name);
	if (!channel)
		return err_at(ERR_CHANNEL_NOT_DEPLOYED, "channel",
		        "nothing was ever deployed of channel " STR_FMT, STR_ARG(name));
	return steer_channel(channel, manifest, steer, permille);
}

// --- a floor ---

static bool has_floor(const Channel *channel, const Parley__Snapshot__V1__Floor *floor)
{
	const Saved *saved = &channel->saved;
	return !channel->state_lost && !saved->floor.known && saved->least_epoch == floor->epoch &&
	       saved->least_version == floor->version;
}

// What was there before is not taken up again: nobody knows whether it was the newest.
static Err begin_anew(Channel *channel, const Parley__Snapshot__V1__Floor *floor)
{
	const Saved *known = &channel->saved;
	const Saved next = {.floor.highest_time_us = clock_now_us(channel->current->options.clock),
	        .root = trusted_newest(channel->current->trusted)->version,
	        .timestamp = known->timestamp,
	        .least_epoch = floor->epoch,
	        .least_version = floor->version};
	TRY(state_keep(channel, &next));
	LOCKED(&channel->current->telling);
	channel->state_lost = false;
	return OK;
}

Err current_put_floor(Current *current, Str envelope)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 0);
	if (!arena)
		return err(ERR_NO_MEMORY, "no memory for a floor");
	LOCKED(&current->deploy);
	Floor *floor;
	TRY(floor_verify(envelope, trusted_newest(current->trusted), current->options.runtime_id,
	        clock_now_us(current->options.clock), arena, &floor));
	Channel *channel = channel_find(current, str(floor->channel));
	if (!channel)
		TRY(channel_add(current, str(floor->channel), &channel));
	else if (has_floor(channel, floor))
		return OK;
	else if (!channel->state_lost && channel->saved.floor.known)
		return err(ERR_FLOOR_INVALID,
		        "the state of channel %s is there: it has taken version %" PRIu64
		        " and needs no floor",
		        floor->channel, channel->saved.floor.version);
	TRY(begin_anew(channel, floor));
	channel_accepted(channel, true);
	channel_collect(channel);
	return OK;
}
