// One section at a time is read, checked and taken in. A checksum tells damage, not sense: every number is
// looked at before it is believed.
#include "visitor/checkpoint.h"

#include "base/cleanup.h"
#include "journal/crc32c.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_LEAST = 8, KNOWN_LEAST = 8, COUNTED_LEAST = 8 }; // bytes that each takes at least

// What is being read.
typedef struct Loading {
	Visitors *visitors;
	int fd;
	const char *path;
	uint64_t left;  // bytes of the file
	uint8_t *bytes; // of the section
	size_t capacity;
	uint32_t sections; // that came before
	uint32_t shards, treatments;
	CheckpointInfo info;
} Loading;

static void loading_free(Loading *in)
{
	free(in->bytes);
}

static Err damaged(const Loading *in, const char *what)
{
	return err(ERR_STATE_CORRUPT, "the checkpoint %s is damaged: %s", in->path, what);
}

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory to load visitor state");
}

// --- the file ---

static Err read_all(Loading *in, void *bytes, size_t len)
{
	uint8_t *at = bytes;
	if (len > in->left)
		return damaged(in, "it ends too early");
	in->left -= len;
	while (len > 0) {
		ssize_t n = read(in->fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(ERR_IO, "cannot read %s", in->path);
		if (n == 0)
			return damaged(in, "it ends too early");
		at += n;
		len -= (size_t)n;
	}
	return OK;
}

static Err begin(Loading *in)
{
	struct stat stat;
	char magic[MAGIC_SIZE];
	if (fstat(in->fd, &stat) != 0)
		return err_errno(ERR_IO, "cannot read %s", in->path);
	in->left = in->info.bytes = (uint64_t)stat.st_size;
	TRY(read_all(in, magic, sizeof magic));
	if (memcmp(magic, CHECKPOINT_MAGIC, sizeof magic) != 0)
		return damaged(in, "it does not begin as one");
	return OK;
}

// The next section; its payload is read by `ret_payload`.
static Err next_section(Loading *in, SectionType *ret_type, Reader *ret_payload)
{
	uint8_t header[SECTION_HEADER];
	TRY(read_all(in, header, sizeof header));
	Reader head = {.at = header, .left = sizeof header};
	uint32_t crc = read_u32(&head), type = read_u32(&head);
	uint64_t len = read_u64(&head);
	if (len > in->left)
		return damaged(in, "it ends too early");
	if (len > in->capacity) {
		uint8_t *grown = realloc(in->bytes, len);
		if (grown == NULL)
			return no_memory();
		in->bytes = grown;
		in->capacity = len;
	}
	TRY(read_all(in, in->bytes, len));
	if (crc32c(crc32c(0, header + 4, sizeof header - 4), in->bytes, len) != crc)
		return damaged(in, "a checksum differs");
	*ret_type = (SectionType)type;
	*ret_payload = (Reader){.at = in->bytes, .left = len};
	return OK;
}

// --- sections ---

static Err read_head(Loading *in, Reader *payload)
{
	CheckpointInfo *info = &in->info;
	info->coverage = (Coverage){.incarnation = read_u64(payload), .sequence = UINT64_MAX};
	info->seed = read_u64(payload);
	info->time_us = (int64_t)read_u64(payload);
	uint32_t shards = read_u32(payload), treatments = read_u32(payload);
	if (payload->bad || payload->left > 0 || shards != VISITOR_SHARDS || treatments != TREATMENT_SHARDS ||
	        info->coverage.incarnation > INT64_MAX)
		return damaged(in, "its head is not what this program writes");
	return OK;
}

static Err read_limits(Loading *in, Reader *payload)
{
	CheckpointLimits *limits = &in->info.limits;
	limits->max_visitors = read_u64(payload);
	limits->max_facts = read_u64(payload);
	limits->retention_us = read_u64(payload);
	limits->treatment_bytes = read_u64(payload);
	return payload->left == 0 && !payload->bad ? OK : damaged(in, "its limits do not fit");
}

static uint64_t read_position(Loading *in, Reader *payload)
{
	uint64_t position = read_u64(payload);
	uint64_t *sequence = &in->info.coverage.sequence;
	*sequence = position < *sequence ? position : *sequence;
	return position;
}

static Err read_name(Loading *in, Reader *payload, Names *names, Name **ret)
{
	uint32_t channel_len = read_u32(payload), len = read_u32(payload);
	Str channel = read_text(payload, channel_len), text = read_text(payload, len);
	if (payload->bad)
		return damaged(in, "a name does not fit");
	return names_add(names, channel, text, ret);
}

typedef struct NameList {
	Name **items;
	uint32_t count;
} NameList;

static void name_list_free(NameList *list)
{
	free(list->items);
}

static Err read_names(Loading *in, Reader *payload, Names *names, NameList *ret)
{
	uint32_t count = read_u32(payload);
	if (count > payload->left / NAME_LEAST)
		return damaged(in, "there are too many names");
	ret->items = calloc((size_t)count + 1, sizeof(Name *));
	if (ret->items == NULL)
		return no_memory();
	for (; ret->count < count; ret->count++)
		TRY(read_name(in, payload, names, &ret->items[ret->count]));
	return OK;
}

static Err read_recent(Loading *in, Reader *payload, Shard *shard)
{
	uint32_t count = read_u32(payload);
	if (count > RECENT_EVENTS)
		return damaged(in, "a shard knows too many events");
	for (uint32_t i = 0; i < count; i++)
		shard_event_remember(shard, read_u64(payload));
	return OK;
}

// The slots, with the offers' numbers in the list turned into names' IDs.
static Err read_slots(Loading *in, Reader *payload, const NameList *offers, FactRow *row, size_t count)
{
	for (row->count = 0; row->count < count; row->count++) {
		FactSlot *slot = &row->slots[row->count];
		slot->time_us = (int64_t)read_u64(payload);
		slot->offer = read_u32(payload);
		slot->kind_count = read_u32(payload);
		if (payload->bad || slot->offer >= offers->count)
			return damaged(in, "a fact has no offer");
		slot->offer = offers->items[slot->offer]->id;
		if (fact_slots(fact_kind(slot)) == 1)
			continue;
		if (++row->count == count)
			return damaged(in, "a fact ends too early");
		uint64_t until = read_u64(payload), score = read_u64(payload);
		slot[1].until_us = (int64_t)until;
		memcpy(&slot[1].score, &score, sizeof score);
	}
	return OK;
}

// A visitor's slots that nobody takes.
static Err skip(const Loading *in, Reader *payload, size_t bytes)
{
	(void)read_bytes(payload, bytes);
	return payload->bad ? damaged(in, "a fact ends too early") : OK;
}

static Err read_known(Loading *in, Reader *payload, Shard *shard, const NameList *places,
        const NameList *offers, Known **ret)
{
	uint32_t number = read_u32(payload);
	uint16_t id_len = read_u16(payload), slots = read_u16(payload);
	Str id = read_text(payload, id_len);
	if (payload->bad || number >= places->count || slots > DECIDE_FACTS_MAX)
		return damaged(in, "a visitor does not fit");
	const Name *place = places->items[number];
	uint64_t hash = visitor_hash(in->visitors, place, id);
	if (shard_of(in->visitors, hash) != shard || shard_find(shard, hash, place->id, id) != NULL)
		return damaged(in, "a visitor is where it does not belong");
	const VisitorsOptions *options = &in->visitors->options;
	if (options->takes != NULL && !options->takes(options->takes_context, name_text(place), id)) {
		*ret = NULL;
		return skip(in, payload, (size_t)slots * sizeof(FactSlot));
	}
	Known *known = shard_add(shard, hash, place->id, id, slots);
	if (known == NULL)
		return no_memory();
	*ret = known;
	FactRow row = known_row(known);
	TRY(read_slots(in, payload, offers, &row, slots));
	return facts_valid(&row, names_count(in->visitors->offers)) ? OK
	                                                            : damaged(in, "facts are not in order");
}

// What was written under other limits.
static void bound(Visitors *visitors, Shard *shard, Known *known)
{
	FactRow row = known_row(known);
	size_t before = row.count, lost = facts_bound(&row, visitors->options.max_facts);
	atomic_fetch_add_explicit(&visitors->dropped, lost, memory_order_relaxed);
	shard->slots -= before - row.count;
	known->slot_count = (uint16_t)row.count;
}

static Err read_visitors(Loading *in, Reader *payload)
{
	CLEANUP(name_list_free) NameList places = {0};
	CLEANUP(name_list_free) NameList offers = {0};
	uint32_t index = read_u32(payload);
	if (index != in->shards++ || index >= VISITOR_SHARDS)
		return damaged(in, "its shards are not in order");
	Shard *shard = &in->visitors->shards[index];
	shard->position = read_position(in, payload);
	TRY(read_recent(in, payload, shard));
	uint32_t count = read_u32(payload), swept = read_u32(payload);
	TRY(read_names(in, payload, in->visitors->places, &places));
	TRY(read_names(in, payload, in->visitors->offers, &offers));
	if (count > payload->left / KNOWN_LEAST || (swept != UINT32_MAX && swept >= count))
		return damaged(in, "there are too many visitors");
	for (uint32_t i = 0; i < count; i++) {
		Known *known = NULL;
		TRY(read_known(in, payload, shard, &places, &offers, &known));
		if (known == NULL)
			continue;
		bound(in->visitors, shard, known);
		shard->swept = i == swept ? known : shard->swept;
	}
	shard_trim(in->visitors, shard);
	return payload->left == 0 && !payload->bad ? OK : damaged(in, "a shard has more than its visitors");
}

static void read_counts_of(Reader *payload, Counts *counts)
{
	for (size_t p = 0; p < COUNT_PERIODS; p++)
		for (size_t i = 0; i < 2; i++)
			atomic_store_explicit(&counts->slots[p][i], read_u64(payload), memory_order_relaxed);
}

static Err read_counts(Loading *in, Reader *payload)
{
	uint32_t count = read_u32(payload);
	if (in->shards != VISITOR_SHARDS || count > payload->left / COUNTED_LEAST)
		return damaged(in, "its counts are not where they belong");
	for (uint32_t i = 0; i < count; i++) {
		Name *name = NULL;
		TRY(read_name(in, payload, in->visitors->offers, &name));
		OfferCounts *counts = name_counts(name);
		if (counts == NULL)
			return no_memory();
		read_counts_of(payload, &counts->contacts[0]);
		read_counts_of(payload, &counts->accepts[0]);
	}
	return payload->left == 0 && !payload->bad ? OK : damaged(in, "its counts do not fit");
}

static Err read_treatments(Loading *in, Reader *payload)
{
	uint32_t index = read_u32(payload);
	if (in->shards != VISITOR_SHARDS || index != in->treatments++ || index >= TREATMENT_SHARDS)
		return damaged(in, "its treatments are not in order");
	TreatmentShard *shard = treatment_shard_at(in->visitors, (uint64_t)index << 58);
	shard->position = read_position(in, payload);
	for (uint32_t count = read_u32(payload); count > 0; count--) {
		uint64_t key = read_u64(payload);
		uint32_t treatments = read_u32(payload), len = read_u32(payload);
		Str record = read_text(payload, len);
		if (payload->bad || key >> 58 != index || treatments == 0 || len > JOURNAL_PAYLOAD_MAX)
			return damaged(in, "a treatment does not fit");
		TRY(treatments_reserve(in->visitors, shard));
		treatments_put(in->visitors, shard, key, treatments, record);
	}
	return payload->left == 0 && !payload->bad ? OK : damaged(in, "its treatments do not fit");
}

static Err read_end(Loading *in, Reader *payload)
{
	uint32_t sections = read_u32(payload);
	if (payload->bad || payload->left > 0 || in->left > 0 || sections != in->sections ||
	        in->shards != VISITOR_SHARDS || in->treatments != TREATMENT_SHARDS)
		return damaged(in, "it is not whole");
	return OK;
}

static Err take_section(Loading *in, SectionType type, Reader *payload)
{
	switch (type) {
	case SECTION_LIMITS:
		return read_limits(in, payload);
	case SECTION_VISITORS:
		return read_visitors(in, payload);
	case SECTION_COUNTS:
		return read_counts(in, payload);
	case SECTION_TREATMENTS:
		return read_treatments(in, payload);
	case SECTION_END:
		return read_end(in, payload);
	default:
		return damaged(in, "it has a part that is not known");
	}
}

static Err load_head(Loading *in)
{
	SectionType type;
	Reader payload;
	TRY(begin(in));
	TRY(next_section(in, &type, &payload));
	in->sections++;
	return type == SECTION_HEAD ? read_head(in, &payload) : damaged(in, "it has no head");
}

Err checkpoint_read(Visitors *visitors, int fd, const char *name, CheckpointInfo *ret)
{
	CLEANUP(loading_free) Loading in = {.visitors = visitors, .fd = fd, .path = name};
	SectionType type = SECTION_HEAD;
	TRY(load_head(&in));
	visitors->seed = in.info.seed;
	while (type != SECTION_END) {
		Reader payload;
		TRY(next_section(&in, &type, &payload));
		TRY(take_section(&in, type, &payload));
		in.sections++;
	}
	*ret = in.info;
	return OK;
}

Err checkpoint_read_head(int fd, const char *name, CheckpointInfo *ret)
{
	CLEANUP(loading_free) Loading in = {.fd = fd, .path = name};
	TRY(load_head(&in));
	*ret = in.info;
	return OK;
}

Err visitors_state_time(int fd, const char *name, int64_t *ret_us)
{
	CheckpointInfo info;
	TRY(checkpoint_read_head(fd, name, &info));
	*ret_us = info.time_us;
	return OK;
}

Err checkpoint_read_limits(int fd, const char *name, CheckpointInfo *ret)
{
	CLEANUP(loading_free) Loading in = {.fd = fd, .path = name};
	SectionType type;
	Reader payload;
	TRY(load_head(&in));
	TRY(next_section(&in, &type, &payload));
	if (type == SECTION_LIMITS)
		TRY(read_limits(&in, &payload));
	*ret = in.info;
	return OK;
}
