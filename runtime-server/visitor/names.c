// Chains that only grow at their heads, published whole: whoever reads an older head finds an older, complete
// chain. A plan names the same thousands of offers for each of its lanes, so names are put one behind the
// other.
#include "visitor/names.h"

#include "base/arena.h"

#include <pthread.h>
#include <stdlib.h>
#include <xxhash.h>

enum { BUCKETS_LEAST = 1 << 6, BUCKETS_MOST = 1 << 15, CHUNK = 1 << 12, CHUNKS = NAMES_MAX / CHUNK };
enum { NAMES_BLOCK = 16 * 1024 };

typedef struct Chunk {
	_Atomic(Name *) names[CHUNK];
} Chunk;

struct Names {
	pthread_mutex_t adding;
	Arena *arena; // of the names; under the lock
	atomic_uint count;
	_Atomic(Chunk *) chunks[CHUNKS];
	size_t mask;
	_Atomic(Name *) buckets[];
};

Names *names_new(size_t expected)
{
	size_t buckets = BUCKETS_LEAST;
	while (buckets < expected && buckets < BUCKETS_MOST)
		buckets *= 2;
	Names *names = calloc(1, sizeof *names + buckets * sizeof names->buckets[0]);
	Arena *arena = arena_new(NAMES_BLOCK, 0);
	if (names == NULL || arena == NULL) {
		free(names);
		arena_free(arena);
		return NULL;
	}
	names->arena = arena;
	names->mask = buckets - 1;
	pthread_mutex_init(&names->adding, NULL);
	return names;
}

void names_free(Names *names)
{
	if (names == NULL)
		return;
	for (uint32_t i = 0; i < names_count(names); i++)
		free(atomic_load(&names_at(names, i)->counts));
	for (size_t c = 0; c < CHUNKS; c++)
		free(atomic_load(&names->chunks[c]));
	pthread_mutex_destroy(&names->adding);
	arena_free(names->arena);
	free(names);
}

static uint64_t hash_of(Str channel, Str text)
{
	return XXH3_64bits_withSeed(text.ptr, text.len, XXH3_64bits(channel.ptr, channel.len));
}

static Name *find(const Names *names, uint64_t hash, Str channel, Str text)
{
	Name *name = atomic_load_explicit(&names->buckets[hash & names->mask], memory_order_acquire);
	while (name != NULL && (name->hash != hash || !str_eq(name_text(name), text) ||
	                               !str_eq(name_channel(name), channel)))
		name = name->next;
	return name;
}

static Name *make(Arena *arena, uint64_t hash, Str channel, Str text)
{
	Name *name = arena_alloc(arena, sizeof *name + channel.len + text.len + 1);
	if (name == NULL)
		return NULL;
	name->hash = hash;
	name->channel_len = (uint32_t)channel.len;
	name->len = (uint32_t)text.len;
	if (channel.len > 0)
		memcpy(name->text, channel.ptr, channel.len);
	if (text.len > 0)
		memcpy(name->text + channel.len, text.ptr, text.len);
	return name;
}

// Under the lock.
static Err publish(Names *names, Name *name)
{
	uint32_t id = names_count(names);
	_Atomic(Chunk *) *place = &names->chunks[id / CHUNK];
	Chunk *chunk = atomic_load(place);
	if (chunk == NULL && (chunk = calloc(1, sizeof *chunk)) == NULL)
		return err(ERR_NO_MEMORY, "no memory for the name of an offer or audience level");
	atomic_store(place, chunk);
	name->id = id;
	name->next = atomic_load(&names->buckets[name->hash & names->mask]);
	atomic_store_explicit(&chunk->names[id % CHUNK], name, memory_order_release);
	atomic_store_explicit(&names->count, id + 1, memory_order_release);
	atomic_store_explicit(&names->buckets[name->hash & names->mask], name, memory_order_release);
	return OK;
}

// Under the lock: nobody else adds.
static Err add(Names *names, uint64_t hash, Str channel, Str text, Name **ret)
{
	Name *name = find(names, hash, channel, text);
	if (name != NULL) {
		*ret = name;
		return OK;
	}
	if (names_count(names) == NAMES_MAX)
		return err(ERR_LIMIT,
		        "this server has met %d different offers in its life, which is the limit: restart it",
		        NAMES_MAX);
	if ((name = make(names->arena, hash, channel, text)) == NULL)
		return err(ERR_NO_MEMORY, "no memory for the name of an offer or audience level");
	TRY(publish(names, name));
	*ret = name;
	return OK;
}

Err names_add(Names *names, Str channel, Str text, Name **ret)
{
	uint64_t hash = hash_of(channel, text);
	*ret = find(names, hash, channel, text);
	if (*ret != NULL)
		return OK;
	pthread_mutex_lock(&names->adding);
	Err e = add(names, hash, channel, text, ret);
	pthread_mutex_unlock(&names->adding);
	return e;
}

Name *names_at(const Names *names, uint32_t id)
{
	const Chunk *chunk = atomic_load_explicit(&names->chunks[id / CHUNK], memory_order_acquire);
	return atomic_load_explicit(&chunk->names[id % CHUNK], memory_order_acquire);
}

uint32_t names_count(const Names *names)
{
	return atomic_load_explicit(&names->count, memory_order_acquire);
}

OfferCounts *name_counts(Name *name)
{
	OfferCounts *counts = atomic_load_explicit(&name->counts, memory_order_acquire);
	if (counts != NULL)
		return counts;
	OfferCounts *fresh = calloc(1, sizeof *fresh);
	if (fresh == NULL)
		return NULL;
	if (atomic_compare_exchange_strong(&name->counts, &counts, fresh))
		return fresh;
	free(fresh);
	return counts;
}
