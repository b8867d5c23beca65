// Treatments are kept as the journal's Recommendation records, whole: nothing is made on the way of a
// getOffers but a copy, and what a lookup answers is what the history says. All codes of a call begin alike,
// which is what they are found by.
#include "visitor/internal.h"

#include "base/cleanup.h"
#include "wire/wire.h"

#include <stdlib.h>
#include <xxhash.h>

typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Journal__V1__RecommendedOffer RecommendedOffer;

enum {
	CALL_CHARS = 13, // of a treatment code: the same for all of a call
	BUCKETS = 1024,  // of a shard
	VISITED_AT_ONCE = 64,
};

// In the ring, then the payload.
typedef struct Kept {
	uint64_t key;
	uint64_t next;       // the next older place of its chain, plus 1; 0: none
	uint32_t len, count; // `count` 0: the rest of the ring is not used
} Kept;

static size_t kept_size(size_t len)
{
	return (sizeof(Kept) + len + 7) & ~(size_t)7;
}

// What counts against the limit does not depend on where the ring ends, lest a restart forget others; so
// there is room for what its end may waste.
static size_t ring_size(const Visitors *visitors)
{
	return visitors->treatment_most + kept_size(JOURNAL_PAYLOAD_MAX);
}

static Kept *kept_at(const Visitors *visitors, const TreatmentShard *shard, uint64_t place)
{
	return (Kept *)(uintptr_t)(shard->ring + place % ring_size(visitors));
}

static uint64_t rest_of_ring(const Visitors *visitors, uint64_t place)
{
	return ring_size(visitors) - place % ring_size(visitors);
}

// One thread alone has all in one ring, so that what it writes is never far from what it wrote last.
TreatmentShard *treatment_shard_at(Visitors *visitors, uint64_t key)
{
	return &visitors->treatments[visitors->options.alone ? 0 : key >> 58];
}

TreatmentShard *treatment_shard_of(Visitors *visitors, Str code, uint64_t *ret_key)
{
	if (code.len + 1 != TREATMENT_CODE_SIZE)
		return NULL;
	*ret_key = XXH3_64bits_withSeed(code.ptr, CALL_CHARS, visitors->seed);
	return treatment_shard_at(visitors, *ret_key);
}

Err treatments_reserve(Visitors *visitors, TreatmentShard *shard)
{
	if (shard->ring == NULL)
		shard->ring = malloc(ring_size(visitors));
	if (shard->buckets == NULL)
		shard->buckets = calloc(BUCKETS, sizeof *shard->buckets);
	return shard->ring != NULL && shard->buckets != NULL
	               ? OK
	               : err_retry(ERR_NO_MEMORY, 100, "no memory to remember treatments");
}

// The record that stands at the place or, where the ring's end is not used, behind it.
static Kept *settle(const Visitors *visitors, const TreatmentShard *shard, uint64_t *place)
{
	uint64_t rest = rest_of_ring(visitors, *place);
	if (rest < sizeof(Kept) || kept_at(visitors, shard, *place)->count == 0)
		*place += rest;
	return kept_at(visitors, shard, *place);
}

static void drop_oldest(const Visitors *visitors, TreatmentShard *shard)
{
	const Kept *kept = settle(visitors, shard, &shard->tail);
	size_t size = kept_size(kept->len);
	shard->records--;
	shard->treatments -= kept->count;
	shard->bytes -= size;
	shard->tail = shard->records > 0 ? shard->tail + size : shard->head;
}

// Where `size` bytes can stand behind the newest record.
static Kept *make_room(const Visitors *visitors, TreatmentShard *shard, size_t size)
{
	while (shard->bytes + size > visitors->treatment_most)
		drop_oldest(visitors, shard);
	uint64_t rest = rest_of_ring(visitors, shard->head);
	if (rest < size) {
		if (rest >= sizeof(Kept))
			kept_at(visitors, shard, shard->head)->count = 0;
		shard->head += rest;
		shard->tail = shard->records > 0 ? shard->tail : shard->head;
	}
	return kept_at(visitors, shard, shard->head);
}

void treatments_put(Visitors *visitors, TreatmentShard *shard, uint64_t key, size_t count, Str payload)
{
	size_t size = kept_size(payload.len);
	uint64_t *bucket = &shard->buckets[key % BUCKETS];
	Kept *kept = make_room(visitors, shard, size);
	*kept = (Kept){.key = key, .next = *bucket, .len = (uint32_t)payload.len, .count = (uint32_t)count};
	memcpy(kept + 1, payload.ptr, payload.len);
	*bucket = shard->head + 1;
	shard->head += size;
	shard->bytes += size;
	shard->records++;
	shard->treatments += count;
}

static Str payload_of(const Kept *kept)
{
	return str_n((const char *)(kept + 1), kept->len);
}

bool treatments_visit(const Visitors *visitors, const TreatmentShard *shard, uint64_t *place, uint64_t head,
        void (*visit)(void *context, uint64_t key, size_t count, Str payload), void *context)
{
	*place = *place < shard->tail ? shard->tail : *place;
	for (int i = 0; i < VISITED_AT_ONCE && *place < head; i++) {
		const Kept *kept = settle(visitors, shard, place);
		visit(context, kept->key, kept->count, payload_of(kept));
		*place += kept_size(kept->len);
	}
	return *place < head;
}

size_t treatments_blank(const Visitors *visitors, TreatmentShard *shard, uint64_t key, Str code)
{
	uint64_t place = shard->buckets != NULL ? shard->buckets[key % BUCKETS] : 0;
	size_t count = 0;
	while (place > shard->tail) {
		Kept *kept = kept_at(visitors, shard, place - 1);
		place = kept->next;
		if (kept->key != key || memmem(kept + 1, kept->len, code.ptr, code.len) == NULL)
			continue;
		memset(kept + 1, 0, kept->len);
		count++;
	}
	return count;
}

void treatments_clear(TreatmentShard *shard)
{
	free(shard->ring);
	free(shard->buckets);
	size_t kept = offsetof(TreatmentShard, ring); // the lock
	memset((char *)shard + kept, 0, sizeof *shard - kept);
}

// --- looking up ---

static Err unknown(Str code)
{
	return err_at(ERR_TREATMENT_UNKNOWN, "treatment_code",
	        "no treatment " STR_FMT " was recommended by this server lately; quote a code that getOffers "
	        "returned",
	        (int)(code.len < 32 ? code.len : 32), code.ptr);
}

// A call's records that may hold the code, copied out of the ring: one a point.
typedef struct Found {
	Str payloads[DECIDE_POINTS_MAX];
	size_t count;
} Found;

static Err find(const Visitors *visitors, const TreatmentShard *shard, uint64_t key, Str code, Arena *arena,
        Found *ret)
{
	uint64_t place = shard->buckets != NULL ? shard->buckets[key % BUCKETS] : 0;
	while (place > shard->tail && ret->count < DECIDE_POINTS_MAX) {
		const Kept *kept = kept_at(visitors, shard, place - 1);
		Str payload = payload_of(kept);
		place = kept->next;
		if (kept->key != key || memmem(payload.ptr, payload.len, code.ptr, code.len) == NULL)
			continue;
		Str copy = arena_str(arena, payload);
		if (copy.ptr == NULL)
			return err_retry(ERR_NO_MEMORY, 100, "no memory to look a treatment up");
		ret->payloads[ret->count++] = copy;
	}
	return OK;
}

static void fill(const Entry *entry, const RecommendedOffer *offer, VisitorTreatment *ret)
{
	const Parley__Journal__V1__Context *context = entry->context;
	*ret = (VisitorTreatment){
	        .channel = context->channel,
	        .session_id = context->session_id,
	        .audience_level = context->audience_level,
	        .audience_id = context->audience_id,
	        .offer = offer->offer_code,
	        .rule = offer->treatment_rule,
	        .segment = offer->segment,
	        .point = entry->recommendation->interaction_point,
	        .zone = entry->recommendation->zone,
	        .campaign = offer->campaign,
	        .cell = offer->cell,
	        .snapshot_version = context->snapshot_version,
	        .snapshot_digest =
	                str_n((const char *)context->snapshot_digest.data, context->snapshot_digest.len),
	        .time_us = context->time_us,
	};
}

// Whether the record recommends it; then *ret is filled.
static Err look_into(Str payload, Str code, Arena *arena, VisitorTreatment *ret, bool *ret_found)
{
	ProtobufCMessage *message = NULL;
	TRY(wire_unpack(&parley__journal__v1__entry__descriptor, payload, 0, arena, &message));
	const Entry *entry = (const Entry *)message;
	*ret_found = false;
	if (entry->what_case != PARLEY__JOURNAL__V1__ENTRY__WHAT_RECOMMENDATION || entry->context == NULL)
		return OK;
	for (size_t i = 0; i < entry->recommendation->n_offers && !*ret_found; i++) {
		const RecommendedOffer *offer = entry->recommendation->offers[i];
		*ret_found = str_eq(str(offer->treatment_code), code);
		if (*ret_found)
			fill(entry, offer, ret);
	}
	return OK;
}

Err visitors_treatment(Visitors *visitors, Str code, int64_t now_us, Arena *arena, VisitorTreatment *ret)
{
	uint64_t key = 0;
	TreatmentShard *shard = treatment_shard_of(visitors, code, &key);
	if (shard == NULL)
		return unknown(code);
	Found found = {.count = 0};
	pthread_mutex_lock(&shard->lock);
	Err e = find(visitors, shard, key, code, arena, &found);
	pthread_mutex_unlock(&shard->lock);
	TRY(e);
	for (size_t i = 0; i < found.count; i++) {
		bool is_here = false;
		TRY(look_into(found.payloads[i], code, arena, ret, &is_here));
		if (is_here && now_us - ret->time_us <= visitors->options.treatment_age_us)
			return OK;
	}
	return unknown(code);
}
