// The visitors of one shard: a hash table whose members are also in a list by when they were last told of.
// All that happens here follows from the shard's records alone, in their order, so that folding the journal
// gives the same again; that is why forgetting goes by shard, and by what records say of the time.
#include "visitor/internal.h"

#include <stdlib.h>
#include <xxhash.h>

enum { FIRST_BUCKETS = 16, SWEEP_STEPS = 2 };

uint64_t visitor_hash_with(uint64_t seed, const Name *place, Str audience_id)
{
	return XXH3_64bits_withSeed(audience_id.ptr, audience_id.len, seed ^ place->hash);
}

uint64_t visitor_hash(const Visitors *visitors, const Name *place, Str audience_id)
{
	return visitor_hash_with(visitors->seed, place, audience_id);
}

static size_t block_size(size_t id_len, size_t capacity)
{
	return ((offsetof(Known, id) + id_len + 7) & ~(size_t)7) + capacity * sizeof(FactSlot);
}

static size_t known_size(const Known *known)
{
	return block_size(known->id_len, known->capacity);
}

// --- the table ---

static Known **bucket_of(const Shard *shard, uint32_t hash)
{
	return &shard->buckets[hash & (shard->bucket_count - 1)];
}

Known *shard_find(const Shard *shard, uint64_t hash, uint32_t place, Str audience_id)
{
	if (shard->bucket_count == 0)
		return NULL;
	Known *known = *bucket_of(shard, (uint32_t)hash);
	while (known != NULL && (known->hash != (uint32_t)hash || known->place != place ||
	                                !str_eq(str_n(known->id, known->id_len), audience_id)))
		known = known->next;
	return known;
}

// Room for one more at a load of 1.
static bool grow_table(Shard *shard)
{
	if (shard->count < shard->bucket_count)
		return true;
	size_t count = shard->bucket_count ? 2 * shard->bucket_count : FIRST_BUCKETS;
	Known **buckets = calloc(count, sizeof(Known *));
	if (buckets == NULL)
		return shard->bucket_count > 0; // then chains get longer
	free(shard->buckets);
	shard->buckets = buckets;
	shard->bucket_count = count;
	for (Known *known = shard->oldest; known != NULL; known = known->newer) {
		Known **bucket = bucket_of(shard, known->hash);
		known->next = *bucket;
		*bucket = known;
	}
	return true;
}

// --- the list ---

static void list_remove(Shard *shard, Known *known)
{
	if (shard->swept == known)
		shard->swept = known->newer;
	*(known->older ? &known->older->newer : &shard->oldest) = known->newer;
	*(known->newer ? &known->newer->older : &shard->newest) = known->older;
}

static void list_append(Shard *shard, Known *known)
{
	known->older = shard->newest;
	known->newer = NULL;
	*(shard->newest ? &shard->newest->newer : &shard->oldest) = known;
	shard->newest = known;
}

static void take_in(Shard *shard, Known *known)
{
	Known **bucket = bucket_of(shard, known->hash);
	known->next = *bucket;
	*bucket = known;
	list_append(shard, known);
	shard->count++;
	shard->slots += known->slot_count;
	shard->bytes += known_size(known);
}

static void take_out(Shard *shard, Known *known)
{
	Known **link = bucket_of(shard, known->hash);
	while (*link != known)
		link = &(*link)->next;
	*link = known->next;
	list_remove(shard, known);
	shard->count--;
	shard->slots -= known->slot_count;
	shard->bytes -= known_size(known);
	free(known);
}

// --- blocks ---

static Known *known_new(uint64_t hash, uint32_t place, Str audience_id, size_t capacity)
{
	Known *known = malloc(block_size(audience_id.len, capacity));
	if (known == NULL)
		return NULL;
	*known = (Known){.hash = (uint32_t)hash,
	        .place = place,
	        .id_len = (uint16_t)audience_id.len,
	        .capacity = (uint16_t)capacity};
	if (audience_id.len > 0)
		memcpy(known->id, audience_id.ptr, audience_id.len);
	return known;
}

// A larger block takes the place of the old one everywhere.
static Known *known_grow(Shard *shard, Known *old, size_t capacity)
{
	Known *known = malloc(block_size(old->id_len, capacity));
	if (known == NULL)
		return NULL;
	memcpy(known, old, block_size(old->id_len, old->slot_count));
	known->capacity = (uint16_t)capacity;
	Known **link = bucket_of(shard, old->hash);
	while (*link != old)
		link = &(*link)->next;
	*link = known;
	*(known->older ? &known->older->newer : &shard->oldest) = known;
	*(known->newer ? &known->newer->older : &shard->newest) = known;
	shard->swept = shard->swept == old ? known : shard->swept;
	shard->bytes += known_size(known) - known_size(old);
	free(old);
	return known;
}

static bool is_fresh(const Shard *shard, const Known *known)
{
	return known->newer == NULL && shard->newest != known;
}

void known_discard(const Shard *shard, Known *known)
{
	if (is_fresh(shard, known))
		free(known);
}

// --- changes ---

bool shard_event_known(const Shard *shard, uint64_t event)
{
	for (uint32_t i = 0; event != 0 && i < shard->recent_count; i++)
		if (shard->recent[i] == event)
			return true;
	return false;
}

void shard_event_remember(Shard *shard, uint64_t event)
{
	if (event == 0)
		return;
	shard->recent[shard->recent_next] = event;
	shard->recent_next = (shard->recent_next + 1) % RECENT_EVENTS;
	shard->recent_count += shard->recent_count < RECENT_EVENTS;
}

static size_t slots_needed(const Change *change, size_t max)
{
	size_t slots = 0;
	for (size_t i = 0; i < change->count; i++)
		slots += fact_slots(change->effects[i].fact.kind);
	return slots < max ? slots : max;
}

Known *shard_reserve(Visitors *visitors, Shard *shard, const Change *change)
{
	size_t max = (size_t)visitors->options.max_facts + 2, needed = slots_needed(change, max);
	Known *known = shard_find(shard, change->hash, change->place->id, change->audience_id);
	if (known == NULL)
		return grow_table(shard)
		               ? known_new(change->hash, change->place->id, change->audience_id, needed)
		               : NULL;
	needed = needed + known->slot_count < max ? needed + known->slot_count : max;
	if (needed <= known->capacity)
		return known;
	size_t roomy = needed + needed / 4; // few copies, little waste
	return known_grow(shard, known, roomy < max ? roomy : max);
}

static void count_effect(const Shard *shard, const struct Change_effect *effect, const PeriodNumbers *numbers)
{
	if (effect->counts == NULL)
		return;
	Counts *halves =
	        effect->fact.kind == FACT_CONTACT ? effect->counts->contacts : effect->counts->accepts;
	counts_add(&halves[shard->half], numbers);
	views_count(shard->views, effect->fact.offer, effect->fact.kind, numbers);
}

// Looks at the next few visitors, from those that were told of longest ago on, for what is over.
static void sweep(const Visitors *visitors, Shard *shard, int64_t now_us)
{
	for (int step = 0; step < SWEEP_STEPS; step++) {
		Known *known = shard->swept ? shard->swept : shard->oldest;
		if (known == NULL)
			return;
		FactRow row = known_row(known);
		facts_prune(&row, now_us, visitors->options.retention_us);
		shard->slots -= known->slot_count - row.count;
		known->slot_count = (uint16_t)row.count;
		shard->swept = known->newer;
		if (row.count == 0)
			take_out(shard, known);
	}
}

void shard_forget(Shard *shard, Known *known)
{
	take_out(shard, known);
}

void shard_trim(Visitors *visitors, Shard *shard)
{
	while (shard->count > visitors->shard_most) {
		take_out(shard, shard->oldest);
		atomic_fetch_add_explicit(&visitors->forgotten, 1, memory_order_relaxed);
	}
}

void shard_apply(Visitors *visitors, Shard *shard, const Change *change, Known *known)
{
	const VisitorsOptions *options = &visitors->options;
	PeriodNumbers numbers = period_numbers(change->time_us);
	FactRow row = known_row(known);
	size_t before = row.count, lost = 0;
	facts_prune(&row, change->time_us, options->retention_us);
	for (size_t i = 0; i < change->count; i++) {
		facts_insert(&row, &change->effects[i].fact);
		lost += facts_bound(&row, options->max_facts);
		count_effect(shard, &change->effects[i], &numbers);
	}
	known->slot_count = (uint16_t)row.count;
	if (is_fresh(shard, known)) {
		take_in(shard, known);
	} else {
		shard->slots += row.count - before;
		list_remove(shard, known);
		list_append(shard, known);
	}
	atomic_fetch_add_explicit(&visitors->dropped, lost, memory_order_relaxed);
	shard_event_remember(shard, change->event);
	sweep(visitors, shard, change->time_us);
	shard_trim(visitors, shard);
}

// --- from a checkpoint ---

Known *shard_add(Shard *shard, uint64_t hash, uint32_t place, Str audience_id, size_t slots)
{
	Known *known = grow_table(shard) ? known_new(hash, place, audience_id, slots) : NULL;
	if (known == NULL)
		return NULL;
	known->slot_count = (uint16_t)slots;
	take_in(shard, known);
	return known;
}

void shard_clear(Shard *shard)
{
	for (Known *known = shard->oldest, *newer; known != NULL; known = newer) {
		newer = known->newer;
		free(known);
	}
	free(shard->buckets);
	size_t kept = offsetof(Shard, buckets); // the lock
	memset((char *)shard + kept, 0, sizeof *shard - kept);
}
