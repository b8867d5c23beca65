// What status tells: of every channel, of roots and timestamps, and why this server is not as it should be.
#include "current/internal.h"

#include <inttypes.h>
#include <stdio.h>

size_t current_count(const Current *current)
{
	return atomic_load(&current->count);
}

static void tell_serving(const Deployed *deployed, const Kept *kept, CurrentVersion *ret, FigureSums *figures)
{
	if (!deployed)
		return;
	*ret = (CurrentVersion){.epoch = deployed->epoch,
	        .version = deployed->version,
	        .manifest = deployed->manifest,
	        .digest = deployed->blob,
	        .since_us = kept_is(kept, &deployed->manifest) ? kept->since_us : deployed->since_us,
	        .expires_us = deployed->expires_us};
	figures_sum(deployed, figures);
}

// `both` are pins.
static void tell(Channel *channel, const Deployed *both[2], CurrentStatus *ret)
{
	const Saved *saved = &channel->saved;
	const Parley__Snapshot__V1__CurrentManifest *named = trusted_current(channel->current, channel->name);
	tell_serving(both[0], &saved->stable, &ret->stable, &ret->figures[0]);
	tell_serving(both[1], &saved->candidate, &ret->candidate, &ret->figures[1]);
	ret->permille = both[1] ? saved->permille : 0;
	ret->accepted = (CurrentVersion){.epoch = saved->floor.epoch,
	        .version = saved->floor.version,
	        .manifest = saved->floor.manifest};
	ret->current = named ? named->version : 0;
	ret->undeployed = saved->undeployed;
	ret->state_lost = channel->state_lost;
	ret->fallback = channel->fallback;
	memcpy(ret->last_error, channel->last_error, sizeof ret->last_error);
	ret->last_error_us = channel->last_error_us;
}

void current_status(Current *current, size_t index, CurrentStatus *ret)
{
	Channel *channel = current->channels[index];
	const Deployed *both[2];
	*ret = (CurrentStatus){.channel = channel->name, .changes = atomic_load(&channel->turn)};
	channel_pin_both(channel, both);
	pthread_mutex_lock(&current->telling);
	tell(channel, both, ret);
	pthread_mutex_unlock(&current->telling);
	current_release(both[0]);
	current_release(both[1]);
}

void current_trust(Current *current, CurrentTrust *ret)
{
	LOCKED(&current->telling);
	const Trusted *trusted = current->trusted;
	*ret = (CurrentTrust){.root = trusted_newest(trusted)->version};
	if (!trusted->timestamp)
		return;
	ret->timestamp = trusted->timestamp->version;
	ret->timestamp_expires_us = trusted->timestamp->expires_us;
}

// --- reasons ---

typedef struct Reasons {
	Arena *arena;
	char **items;
	size_t count, room;
} Reasons;

__attribute__((format(printf, 2, 3))) static void say(Reasons *reasons, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	if (reasons->count < reasons->room)
		reasons->items[reasons->count++] = arena_vprintf(reasons->arena, fmt, args);
	va_end(args);
}

static const char *moment(int64_t us, Arena *arena)
{
	char *text = arena_alloc(arena, TIME_TEXT_SIZE);
	if (text)
		time_format(us, text);
	return text ? text : "";
}

static void judge_trust(const Current *current, int64_t now_us, bool deployed, Reasons *reasons)
{
	const Trusted *trusted = current->trusted;
	const TrustRoot *root = trusted_newest(trusted);
	const Parley__Snapshot__V1__Timestamp *timestamp = trusted->timestamp;
	if (current->trust_lost)
		say(reasons,
		        "TRUST_LOST: what was known of roots and timestamps is damaged; the configured root "
		        "holds");
	if (now_us >= root->message->expires_us)
		say(reasons,
		        "ROOT_EXPIRED: root %" PRIu64 " ended at %s; nothing new is taken before the next",
		        root->version, moment(root->message->expires_us, reasons->arena));
	if (!timestamp && deployed)
		say(reasons, "TIMESTAMP_MISSING: no timestamp tells what is current");
	if (timestamp && now_us >= timestamp->expires_us)
		say(reasons,
		        "TIMESTAMP_EXPIRED: timestamp %" PRIu64
		        " ended at %s; newer deployments may be withheld",
		        timestamp->version, moment(timestamp->expires_us, reasons->arena));
	if (timestamp && timestamp->root_version > root->version)
		say(reasons, "ROOT_BEHIND: root %" PRIu64 " is the newest, %" PRIu64 " is here",
		        timestamp->root_version, root->version);
}

static bool is_newer(const Parley__Snapshot__V1__CurrentManifest *named, const PlaceState *floor)
{
	return !floor || named->epoch > floor->epoch ||
	       (named->epoch == floor->epoch && named->version > floor->version);
}

static void judge_channel(const Channel *channel, Reasons *reasons)
{
	const char *name = channel->name.ptr;
	if (channel->state_lost)
		say(reasons, "STATE_LOST: channel %s needs a signed floor", name);
	if (channel->held)
		say(reasons, "ROOT_LOST: channel %s has known root %" PRIu64 ", which is not here", name,
		        channel->saved.root);
	if (channel->fallback)
		say(reasons,
		        "FALLBACK: channel %s serves the version before %" PRIu64 ", whose files are damaged",
		        name, channel->saved.stable.version);
	if (channel->expired)
		say(reasons, "MANIFEST_EXPIRED: channel %s serves nothing: version %" PRIu64 " has expired",
		        name, channel->saved.stable.version);
}

// Also of channels that never came here.
static void judge_current(Current *current, Reasons *reasons)
{
	const Parley__Snapshot__V1__Timestamp *timestamp = current->trusted->timestamp;
	for (size_t i = 0; timestamp && i < timestamp->n_current; i++) {
		const Parley__Snapshot__V1__CurrentManifest *named = timestamp->current[i];
		if (!str_eq(str(named->fleet), current->options.fleet))
			continue;
		const Channel *channel = channel_find(current, str(named->channel));
		const PlaceState *floor =
		        channel && channel->saved.floor.known ? &channel->saved.floor : NULL;
		if (is_newer(named, floor))
			say(reasons,
			        "BEHIND: version %" PRIu64 " of channel %s is current, %" PRIu64 " is here",
			        named->version, named->channel, floor ? floor->version : 0);
	}
}

static size_t most_reasons(const Current *current)
{
	const Parley__Snapshot__V1__Timestamp *timestamp = current->trusted->timestamp;
	return 8 + 4 * current_count(current) + (timestamp ? timestamp->n_current : 0);
}

Err current_degraded(Current *current, Arena *arena, char ***ret, size_t *ret_count)
{
	int64_t now_us = clock_now_us(current->options.clock);
	LOCKED(&current->telling);
	Reasons reasons = {.arena = arena, .room = most_reasons(current)};
	size_t channels = current_count(current);
	bool deployed = false;
	reasons.items = ARENA_ARRAY(arena, char *, reasons.room);
	if (!reasons.items)
		return err(ERR_NO_MEMORY, "no memory to tell how this server stands");
	for (size_t i = 0; i < channels; i++)
		deployed |= current->channels[i]->saved.floor.known;
	judge_trust(current, now_us, deployed, &reasons);
	for (size_t i = 0; i < channels; i++)
		judge_channel(current->channels[i], &reasons);
	judge_current(current, &reasons);
	for (size_t i = 0; i < reasons.count; i++)
		if (!reasons.items[i])
			return err(ERR_NO_MEMORY, "no memory to tell how this server stands");
	*ret = reasons.items;
	*ret_count = reasons.count;
	return OK;
}
