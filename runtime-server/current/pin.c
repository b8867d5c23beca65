// The swap, without a lock for readers. All operations are sequentially consistent, which is what makes the
// argument short: a reader counts itself in before it loads the pointer, the writer exchanges the pointer
// before it looks at the counter; so either the reader sees the new pointer, or the writer sees the reader
// and waits until its pin is there.
#include "current/internal.h"

#include <sched.h>

Deployed *channel_pin(Channel *channel)
{
	atomic_size_t *entering = &channel->entering[atomic_load(&channel->gate) & 1];
	atomic_fetch_add(entering, 1);
	Deployed *deployed = atomic_load(&channel->active);
	if (deployed)
		atomic_fetch_add(&deployed->pins, 1);
	atomic_fetch_sub(entering, 1);
	return deployed;
}

// Until nobody is left who might hold the old pointer without a pin. New readers take the other counter
// meanwhile.
static void wait_for_entering(Channel *channel)
{
	for (int i = 0; i < 2; i++) {
		atomic_size_t *entering = &channel->entering[atomic_fetch_add(&channel->gate, 1) & 1];
		while (atomic_load(entering))
			sched_yield();
	}
}

void channel_swap(Channel *channel, Deployed *deployed)
{
	Deployed *old = atomic_exchange(&channel->active, deployed);
	wait_for_entering(channel);
	current_release(old);
}

const Deployed *current_acquire(Current *current, Str channel)
{
	Channel *found = channel_find(current, channel);
	return found ? channel_pin(found) : NULL;
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

bool deployed_is_current(const Deployed *deployed)
{
	return atomic_load(&deployed->channel->active) == deployed;
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

void current_sweep(Current *current)
{
	Deployed *deployed = atomic_exchange(&current->retired, NULL);
	while (deployed) {
		Deployed *next = deployed->next_retired;
		deployed_free(deployed);
		deployed = next;
	}
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

int64_t deployed_since_us(const Deployed *deployed)
{
	return deployed->since_us;
}

int64_t deployed_expires_us(const Deployed *deployed)
{
	return deployed->expires_us;
}

const void *deployed_prepared(const Deployed *deployed)
{
	return deployed->prepared;
}
