// What serves, without a lock for readers. All operations are sequentially consistent, which is what makes
// the argument short: a reader counts itself in before it loads a pointer, the writer puts another in its
// place before it looks at the counter; so either the reader sees the new pointer, or the writer sees the
// reader and waits until its pin is there.
//
// Stable, candidate and share belong together, so there are two sets of them: the writer fills the one that
// nobody looks at and then says that it holds. A reader begins again only if both were changed meanwhile, so
// a writer that is interrupted keeps nobody waiting.
#include "current/internal.h"

#include <sched.h>
#include <xxhash.h>

enum { SHARE_ALL = 1000 };

uint64_t current_chooser(Str key)
{
	return XXH3_64bits(key.ptr, key.len);
}

// Whether it is for this caller: the same answer on every server, and never another one for a larger share.
static bool is_shared(uint64_t chooser, uint64_t salt, unsigned permille)
{
	return permille >= SHARE_ALL ||
	       (permille > 0 && XXH3_64bits_withSeed(&chooser, sizeof chooser, salt) % SHARE_ALL < permille);
}

static __attribute__((noinline)) Deployed *choose_between(const Channel *channel, uint64_t chooser)
{
	for (;;) {
		unsigned turn = atomic_load(&channel->turn);
		const Share *share = &channel->shares[turn & 1];
		Deployed *stable = atomic_load(&share->stable), *candidate = atomic_load(&share->candidate);
		Deployed *chosen = stable;
		if (candidate && is_shared(chooser, atomic_load(&share->salt), atomic_load(&share->permille)))
			chosen = candidate;
		if (atomic_load(&channel->turn) == turn)
			return chosen;
	}
}

// Borrowed: only for comparing, or between counting oneself in and out. Every call asks, and there is hardly
// ever a candidate: without one this is all that it takes.
static Deployed *choose(const Channel *channel, uint64_t chooser)
{
	unsigned turn = atomic_load(&channel->turn);
	const Share *share = &channel->shares[turn & 1];
	Deployed *stable = atomic_load(&share->stable), *candidate = atomic_load(&share->candidate);
	if (!candidate && atomic_load(&channel->turn) == turn)
		return stable;
	return choose_between(channel, chooser);
}

static Deployed *pin(Channel *channel, uint64_t chooser)
{
	atomic_size_t *entering = &channel->entering[atomic_load(&channel->gate) & 1];
	atomic_fetch_add(entering, 1);
	Deployed *deployed = choose(channel, chooser);
	if (deployed)
		atomic_fetch_add(&deployed->pins, 1);
	atomic_fetch_sub(entering, 1);
	return deployed;
}

// Until nobody is left who might hold an old pointer without a pin. New readers take the other counter
// meanwhile.
static void wait_for_entering(Channel *channel)
{
	for (int i = 0; i < 2; i++) {
		atomic_size_t *entering = &channel->entering[atomic_fetch_add(&channel->gate, 1) & 1];
		while (atomic_load(entering))
			sched_yield();
	}
}

static const Share *share_now(const Channel *channel)
{
	return &channel->shares[atomic_load(&channel->turn) & 1];
}

Deployed *channel_stable(const Channel *channel)
{
	return atomic_load(&share_now(channel)->stable);
}

Deployed *channel_candidate(const Channel *channel)
{
	return atomic_load(&share_now(channel)->candidate);
}

void channel_pin_both(Channel *channel, const Deployed *ret[2])
{
	atomic_size_t *entering = &channel->entering[atomic_load(&channel->gate) & 1];
	atomic_fetch_add(entering, 1);
	const Share *share = share_now(channel);
	Deployed *both[] = {atomic_load(&share->stable), atomic_load(&share->candidate)};
	for (size_t i = 0; i < ARRAY_COUNT(both); i++)
		ret[i] = both[i] ? deployed_retain(both[i]) : NULL;
	atomic_fetch_sub(entering, 1);
}

static uint64_t salt_of(const Channel *channel, const Deployed *candidate)
{
	uint64_t name = XXH3_64bits(channel->name.ptr, channel->name.len);
	return candidate ? XXH3_64bits_withSeed(
	                           candidate->manifest.bytes, sizeof candidate->manifest.bytes, name)
	                 : 0;
}

void channel_serve(Channel *channel, Deployed *stable, Deployed *candidate, unsigned permille)
{
	Deployed *old[] = {channel_stable(channel), channel_candidate(channel)};
	Share *next = &channel->shares[(atomic_load(&channel->turn) + 1) & 1];
	atomic_store(&next->stable, stable);
	atomic_store(&next->candidate, candidate);
	atomic_store(&next->salt, salt_of(channel, candidate));
	atomic_store(&next->permille, permille);
	atomic_fetch_add(&channel->turn, 1);
	wait_for_entering(channel);
	for (size_t i = 0; i < ARRAY_COUNT(old); i++)
		if (old[i] != stable && old[i] != candidate)
			current_release(old[i]);
}

// --- readers ---

const Deployed *current_acquire_for(Current *current, Str channel, uint64_t chooser)
{
	Channel *found = channel_find(current, channel);
	return found ? pin(found, chooser) : NULL;
}

void current_pin_both(Current *current, size_t index, const Deployed *ret[2])
{
	channel_pin_both(current->channels[index], ret);
}

bool deployed_is_current_for(const Deployed *deployed, uint64_t chooser)
{
	return choose(deployed->channel, chooser) == deployed;
}

const Deployed *deployed_retain(const Deployed *deployed)
{
	atomic_fetch_add(&((Deployed *)(uintptr_t)deployed)->pins, 1);
	return deployed;
}

static void retire(Deployed *deployed)
{
	Current *current = deployed->channel->current;
	deployed->next_retired = atomic_load(&current->retired);
	while (!atomic_compare_exchange_weak(&current->retired, &deployed->next_retired, deployed)) {
	}
}

void current_release(const Deployed *deployed)
{
	Deployed *mine = (Deployed *)(uintptr_t)deployed;
	if (mine && atomic_fetch_sub(&mine->pins, 1) == 1)
		retire(mine);
}

Err deployed_new(Channel *channel, size_t block, Deployed **ret)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(block, 0);
	Deployed *deployed = arena ? ARENA_NEW(arena, Deployed) : NULL;
	Figures *figures = arena ? figures_new(arena) : NULL;
	if (!deployed || !figures)
		return err(ERR_NO_MEMORY, "no memory for a snapshot");
	deployed->pins = 1;
	deployed->channel = channel;
	deployed->arena = STEAL(arena);
	deployed->figures = figures;
	*ret = deployed;
	return OK;
}

void deployed_free(Deployed *deployed)
{
	if (!deployed)
		return;
	const CurrentOptions *options = &deployed->channel->current->options;
	if (deployed->prepared && options->release)
		options->release(options->context, deployed->prepared);
	arena_free(deployed->arena);
}

void retired_free(Current *current)
{
	Deployed *deployed = atomic_exchange(&current->retired, NULL);
	while (deployed) {
		Deployed *next = deployed->next_retired;
		deployed_free(deployed);
		deployed = next;
	}
}

// --- hard expiry ---

static bool has_ended(const Deployed *deployed, int64_t now_us)
{
	return deployed && now_us >= deployed->expires_us;
}

static void expire(Channel *channel)
{
	int64_t now_us = channel_now(channel);
	Deployed *stable = channel_stable(channel), *candidate = channel_candidate(channel);
	bool stable_ended = has_ended(stable, now_us);
	if (!stable_ended && !has_ended(candidate, now_us))
		return;
	channel_serve(channel, stable_ended ? NULL : stable, has_ended(candidate, now_us) ? NULL : candidate,
	        channel->saved.permille);
	LOCKED(&channel->current->telling);
	channel->expired |= stable_ended;
}

bool current_sweep(Current *current)
{
	bool changed = false;
	// A deployment that is being built takes its time; what has ended then ends a second later.
	if (pthread_mutex_trylock(&current->deploy) == 0) {
		for (size_t i = 0; i < atomic_load(&current->count); i++) {
			unsigned turn = atomic_load(&current->channels[i]->turn);
			expire(current->channels[i]);
			changed |= atomic_load(&current->channels[i]->turn) != turn;
		}
		pthread_mutex_unlock(&current->deploy);
	}
	retired_free(current);
	return changed;
}

// --- what a pin shows ---

const Plan *deployed_plan(const Deployed *deployed)
{
	return deployed->plan;
}

Str deployed_channel(const Deployed *deployed)
{
	return deployed->channel->name;
}

uint64_t deployed_version(const Deployed *deployed)
{
	return deployed->version;
}

const Digest *deployed_digest(const Deployed *deployed)
{
	return &deployed->blob;
}

Str deployed_digest_hex(const Deployed *deployed)
{
	return str_n(deployed->blob_hex, sizeof deployed->blob_hex - 1);
}

const void *deployed_prepared(const Deployed *deployed)
{
	return deployed->prepared;
}
