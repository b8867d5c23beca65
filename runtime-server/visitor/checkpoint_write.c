// A shard is copied under its lock, and put in order without: names by their texts, so that equal state is
// equal bytes in whichever order a life met them.
#include "visitor/checkpoint.h"

#include "base/cleanup.h"
#include "visitor/used.h"

enum { COUNTS_AT_ONCE = 1024 };

typedef struct Writer {
	Visitors *visitors;
	SectionFile file;
	uint64_t least, last; // positions
	Used offers, places;
} Writer;

static void writer_free(Writer *out)
{
	section_file_free(&out->file);
	used_free(&out->offers);
	used_free(&out->places);
}

static uint64_t incarnation_of(const Visitors *visitors)
{
	return visitors->rebuilt != NULL ? visitors->rebuilt->incarnation
	                                 : journal_incarnation(visitors->options.journal);
}

// The position of the shard in turn: everything that it was told before is in the journal up to there.
// `rebuilt`: of one that is folded without a journal.
static void put_position(Writer *out, const uint64_t *rebuilt)
{
	uint64_t position = rebuilt != NULL ? *rebuilt : journal_appended(out->visitors->options.journal);
	out->least = position < out->least ? position : out->least;
	out->last = position > out->last ? position : out->last;
	bytes_put_u64(&out->file.front, position);
}

static void put_head(Writer *out, int64_t now_us)
{
	Bytes *front = &out->file.front;
	section_begin(&out->file);
	bytes_put_u64(front, incarnation_of(out->visitors));
	bytes_put_u64(front, out->visitors->seed);
	bytes_put_u64(front, (uint64_t)now_us);
	bytes_put_u32(front, VISITOR_SHARDS);
	bytes_put_u32(front, TREATMENT_SHARDS);
	section_end(&out->file, SECTION_HEAD);
}

// So that state can be folded again elsewhere, where no configuration tells them.
static void put_limits(Writer *out)
{
	const VisitorsOptions *options = &out->visitors->options;
	Bytes *front = &out->file.front;
	section_begin(&out->file);
	bytes_put_u64(front, options->max_visitors);
	bytes_put_u64(front, options->max_facts);
	bytes_put_u64(front, (uint64_t)options->retention_us);
	bytes_put_u64(front, options->treatment_bytes);
	section_end(&out->file, SECTION_LIMITS);
}

// --- visitors ---

static void put_recent(const Shard *shard, Bytes *out)
{
	uint32_t first = (shard->recent_next + RECENT_EVENTS - shard->recent_count) % RECENT_EVENTS;
	bytes_put_u32(out, shard->recent_count);
	for (uint32_t i = 0; i < shard->recent_count; i++)
		bytes_put_u64(out, shard->recent[(first + i) % RECENT_EVENTS]);
}

static void put_slots(Writer *out, const FactRow *row)
{
	Bytes *body = &out->file.body;
	for (size_t at = 0; at < row->count; at++) {
		const FactSlot *slot = &row->slots[at];
		bytes_put_u64(body, (uint64_t)slot->time_us);
		bytes_put_u32(body, used_number(&out->offers, slot->offer));
		bytes_put_u32(body, slot->kind_count);
		if (fact_slots(fact_kind(slot)) == 1)
			continue;
		uint64_t score;
		slot = &row->slots[++at];
		memcpy(&score, &slot->score, sizeof score);
		bytes_put_u64(body, (uint64_t)slot->until_us);
		bytes_put_u64(body, score);
	}
}

// Under the shard's lock. Names are numbers until order_names.
static void copy_shard(void *context, Shard *shard)
{
	Writer *out = context;
	Bytes *front = &out->file.front, *body = &out->file.body;
	const Positions *rebuilt = out->visitors->rebuilt;
	uint32_t index = 0, swept = UINT32_MAX, number = (uint32_t)(shard - out->visitors->shards);
	section_begin(&out->file);
	bytes_put_u32(front, number);
	put_position(out, rebuilt != NULL ? &rebuilt->shards[number] : NULL);
	put_recent(shard, front);
	for (const Known *known = shard->oldest; known != NULL; known = known->newer, index++) {
		FactRow row = known_row(known);
		swept = known == shard->swept ? index : swept;
		bytes_put_u32(body, used_number(&out->places, known->place));
		bytes_put_u16(body, known->id_len);
		bytes_put_u16(body, known->slot_count);
		bytes_put(body, known->id, known->id_len);
		put_slots(out, &row);
	}
	bytes_put_u32(front, index);
	bytes_put_u32(front, swept);
}

static void order_name(const Used *used, uint8_t *at)
{
	uint32_t number;
	memcpy(&number, at, sizeof number);
	number = htole32(used->ranks[le32toh(number)]);
	memcpy(at, &number, sizeof number);
}

// Walks what copy_shard wrote.
static void order_names(const Writer *out)
{
	uint8_t *at = out->file.body.ptr, *end = at + out->file.body.len;
	while (at < end) {
		uint16_t id_len, slots;
		order_name(&out->places, at);
		memcpy(&id_len, at + 4, sizeof id_len);
		memcpy(&slots, at + 6, sizeof slots);
		at += 8 + le16toh(id_len);
		for (uint8_t *beyond = at + (size_t)le16toh(slots) * sizeof(FactSlot); at < beyond;) {
			uint32_t kind_count;
			order_name(&out->offers, at + 8);
			memcpy(&kind_count, at + 12, sizeof kind_count);
			at += fact_slots((FactKind)(le32toh(kind_count) >> FACT_COUNT_BITS)) *
			      sizeof(FactSlot);
		}
	}
}

static void put_shard(void *context, Shard *shard)
{
	Writer *out = context;
	Bytes *front = &out->file.front;
	(void)shard;
	used_put(&out->places, front);
	used_put(&out->offers, front);
	front->failed |= out->places.failed || out->offers.failed;
	if (!front->failed && !out->file.body.failed)
		order_names(out);
	section_end(&out->file, SECTION_VISITORS);
}

// --- counts ---

static void put_counts(const Counts *counts, Bytes *out)
{
	for (size_t p = 0; p < COUNT_PERIODS; p++)
		for (size_t i = 0; i < 2; i++)
			bytes_put_u64(out, atomic_load_explicit(&counts->slots[p][i], memory_order_relaxed));
}

static bool is_counted(const Name *name, unsigned half)
{
	const OfferCounts *counts = atomic_load(&name->counts);
	return counts != NULL &&
	       !(counts_empty(&counts->contacts[half]) && counts_empty(&counts->accepts[half]));
}

static int by_name(const void *left, const void *right)
{
	return name_cmp(*(Name *const *)left, *(Name *const *)right);
}

static void put_counted(Writer *out, Name **names, size_t count, unsigned half)
{
	Bytes *front = &out->file.front;
	section_begin(&out->file);
	bytes_put_u32(front, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		const OfferCounts *counts = atomic_load(&names[i]->counts);
		name_put(names[i], front);
		put_counts(&counts->contacts[half], front);
		put_counts(&counts->accepts[half], front);
	}
	section_end(&out->file, SECTION_COUNTS);
}

// What the half that stands still holds.
static void put_all_counts(Writer *out, unsigned half)
{
	const Names *offers = out->visitors->offers;
	uint32_t all = names_count(offers);
	size_t count = 0;
	Name **names = calloc((size_t)all + 1, sizeof(Name *));
	out->file.front.failed |= names == NULL;
	for (uint32_t i = 0; i < all && names != NULL; i++)
		if (is_counted(names_at(offers, i), half))
			names[count++] = names_at(offers, i);
	if (count > 0)
		qsort(names, count, sizeof(Name *), by_name);
	for (size_t i = 0; i < count; i += COUNTS_AT_ONCE)
		put_counted(out, names + i, count - i < COUNTS_AT_ONCE ? count - i : COUNTS_AT_ONCE, half);
	free(names);
}

// --- treatments ---

typedef struct Copying {
	Bytes *out;
	uint32_t count;
} Copying;

static void put_treatment(void *context, uint64_t key, size_t count, Str payload)
{
	Copying *copying = context;
	bytes_put_u64(copying->out, key);
	bytes_put_u32(copying->out, (uint32_t)count);
	bytes_put_u32(copying->out, (uint32_t)payload.len);
	bytes_put(copying->out, payload.ptr, payload.len);
	copying->count++;
}

// In steps: getOffers has to wait for the lock. What a step finds gone, the records behind the position would
// make room by as well.
static void put_treatments(Writer *out, uint32_t index)
{
	TreatmentShard *shard = &out->visitors->treatments[index];
	const Positions *rebuilt = out->visitors->rebuilt;
	Copying copying = {.out = &out->file.body};
	uint64_t place = 0, head = 0;
	bool more = true;
	section_begin(&out->file);
	bytes_put_u32(&out->file.front, index);
	for (bool first = true; more; first = false) {
		pthread_mutex_lock(&shard->lock);
		if (first) {
			put_position(out, rebuilt != NULL ? &rebuilt->treatments[index] : NULL);
			head = shard->head;
		}
		more = treatments_visit(out->visitors, shard, &place, head, put_treatment, &copying);
		pthread_mutex_unlock(&shard->lock);
	}
	bytes_put_u32(&out->file.front, copying.count);
	section_end(&out->file, SECTION_TREATMENTS);
}

static void put_end(Writer *out)
{
	section_begin(&out->file);
	bytes_put_u32(&out->file.front, out->file.sections);
	section_end(&out->file, SECTION_END);
}

Err checkpoint_write(Visitors *visitors, int fd, int64_t now_us, CheckpointInfo *ret, uint64_t *ret_last)
{
	CLEANUP(writer_free)
	Writer out = {.visitors = visitors,
	        .least = UINT64_MAX,
	        .offers = {.names = visitors->offers},
	        .places = {.names = visitors->places}};
	section_file_begin(&out.file, fd);
	put_head(&out, now_us);
	put_limits(&out);
	unsigned half = visitors_cut(visitors, copy_shard, put_shard, &out);
	put_all_counts(&out, half);
	visitors_cut_over(visitors, half);
	for (uint32_t i = 0; i < TREATMENT_SHARDS; i++)
		put_treatments(&out, i);
	put_end(&out);
	TRY(section_file_end(&out.file));
	*ret_last = out.last;
	*ret = (CheckpointInfo){
	        .coverage = {incarnation_of(visitors), out.least},
	        .seed = visitors->seed,
	        .time_us = now_us,
	        .bytes = out.file.written,
	};
	return OK;
}
