// A slot a key, shared by keys that collide: then both wait, which is rare and harmless.
#include "admin/throttle.h"

#include "base/clock.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

enum { SLOTS = 4096, FREE_TRIES = 5, DOUBLINGS_MAX = 6 };
#define FORGET_US (15 * 60 * US_PER_S)

typedef struct Slot {
	uint32_t failures;
	int64_t last_us, until_us;
} Slot;

struct Throttle {
	pthread_mutex_t lock;
	unsigned char key[crypto_shorthash_KEYBYTES];
	Slot slots[SLOTS];
};

Throttle *throttle_new(void)
{
	Throttle *throttle = calloc(1, sizeof(*throttle));
	if (!throttle)
		return NULL;
	pthread_mutex_init(&throttle->lock, NULL);
	crypto_shorthash_keygen(throttle->key);
	return throttle;
}

void throttle_free(Throttle *throttle)
{
	if (!throttle)
		return;
	pthread_mutex_destroy(&throttle->lock);
	free(throttle);
}

// The address without its port: "ipv4:10.0.0.1:5555".
static Str host_of(Str address)
{
	const char *colon = address.len ? memrchr(address.ptr, ':', address.len) : NULL;
	return colon ? str_n(address.ptr, (size_t)(colon - address.ptr)) : address;
}

static Slot *slot_of(Throttle *throttle, Str user, Str address)
{
	uint64_t a, b;
	Str host = host_of(address);
	crypto_shorthash((unsigned char *)&a, (const unsigned char *)user.ptr, user.len, throttle->key);
	crypto_shorthash((unsigned char *)&b, (const unsigned char *)host.ptr, host.len, throttle->key);
	return &throttle->slots[(a * 31 + b) % SLOTS];
}

Err throttle_check(Throttle *throttle, Str user, Str address, int64_t now_us)
{
	pthread_mutex_lock(&throttle->lock);
	const Slot *slot = slot_of(throttle, user, address);
	int64_t wait_us = slot->until_us - now_us;
	pthread_mutex_unlock(&throttle->lock);
	if (wait_us <= 0)
		return OK;
	int ms = (int)((wait_us + US_PER_MS - 1) / US_PER_MS);
	return err_retry(ERR_LIMIT, ms, "too many failed logins: try again in %d ms", ms);
}

void throttle_failed(Throttle *throttle, Str user, Str address, int64_t now_us)
{
	pthread_mutex_lock(&throttle->lock);
	Slot *slot = slot_of(throttle, user, address);
	if (now_us - slot->last_us > FORGET_US)
		*slot = (Slot){0};
	slot->last_us = now_us;
	if (++slot->failures >= FREE_TRIES) {
		uint32_t doublings = slot->failures - FREE_TRIES;
		slot->until_us =
		        now_us + (US_PER_S << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX));
	}
	pthread_mutex_unlock(&throttle->lock);
}

void throttle_passed(Throttle *throttle, Str user, Str address)
{
	pthread_mutex_lock(&throttle->lock);
	*slot_of(throttle, user, address) = (Slot){0};
	pthread_mutex_unlock(&throttle->lock);
}
