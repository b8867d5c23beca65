// Where two checkpoints differ, in words of what stands there: a shard, a visitor, an offer, a
// recommendation. Equal state is equal bytes (checkpoint_write.c), so no byte is passed by; the one exception
// is told in the report: while a checkpoint is written, calls may push a shard's oldest recommendations out
// before their turn comes.
#include "visitor/compare.h"

#include "base/cleanup.h"
#include "journal/crc32c.h"

enum { PARTS_MOST = 1 << 20, NAME_TEXT = 200 };

static Err damaged(const char *name, const char *what, uint64_t offset)
{
	return err(ERR_STATE_CORRUPT, "the checkpoint %s cannot be compared: %s, at byte %llu", name, what,
	        (unsigned long long)offset);
}

Err parts_read(Str file, const char *name, Arena *arena, Parts *ret)
{
	size_t capacity = 2 * (VISITOR_SHARDS + TREATMENT_SHARDS);
	Reader in = {.at = (const uint8_t *)file.ptr, .left = file.len};
	if (!str_eq(read_text(&in, MAGIC_SIZE), STR(CHECKPOINT_MAGIC)))
		return damaged(name, "it does not begin as one", 0);
	*ret = (Parts){.items = ARENA_ARRAY(arena, Part, capacity)};
	while (in.left > 0 && ret->items != NULL && ret->count < PARTS_MOST) {
		const uint8_t *begin = in.at;
		uint32_t crc = read_u32(&in), type = read_u32(&in);
		uint64_t len = read_u64(&in), at = (uint64_t)(begin - (const uint8_t *)file.ptr);
		if (in.bad || len > in.left)
			return damaged(name, "a section's length does not fit", at);
		if (ret->count == capacity) {
			Part *grown = ARENA_ARRAY(arena, Part, capacity *= 2);
			if (grown != NULL)
				memcpy(grown, ret->items, ret->count * sizeof *grown);
			ret->items = grown;
		}
		if (ret->items == NULL)
			break;
		ret->items[ret->count++] = (Part){
		        .type = (SectionType)type,
		        .sound = crc32c(0, begin + 4, SECTION_HEADER - 4 + len) == crc,
		        .offset = at + SECTION_HEADER,
		        .payload = read_text(&in, len),
		};
	}
	return ret->items != NULL ? OK : err(ERR_NO_MEMORY, "no memory to compare checkpoints");
}

static Reader reader_of(const Part *part)
{
	return (Reader){.at = (const uint8_t *)part->payload.ptr, .left = part->payload.len};
}

static void take_position(const Part *part, uint64_t *positions, size_t count, uint64_t *last)
{
	Reader in = reader_of(part);
	uint32_t shard = read_u32(&in);
	uint64_t position = read_u64(&in);
	if (!part->sound || in.bad || shard >= count)
		return;
	positions[shard] = position;
	*last = position > *last ? position : *last;
}

static void take_limits(const Part *part, CheckpointLimits *limits)
{
	Reader in = reader_of(part);
	limits->max_visitors = read_u64(&in);
	limits->max_facts = read_u64(&in);
	limits->retention_us = read_u64(&in);
	limits->treatment_bytes = read_u64(&in);
}

// A shard whose position cannot be believed is folded to where the last of the others ends: in a checkpoint
// of a quiet moment that is the same.
Err parts_info(const Parts *parts, const char *name, CheckpointInfo *ret, Positions *ret_positions)
{
	uint64_t last = 0;
	if (parts->count == 0 || parts->items[0].type != SECTION_HEAD || !parts->items[0].sound)
		return damaged(name, "its head is damaged", MAGIC_SIZE);
	Reader head = reader_of(&parts->items[0]);
	*ret = (CheckpointInfo){.coverage = {.incarnation = read_u64(&head)}};
	ret->seed = read_u64(&head);
	ret->time_us = (int64_t)read_u64(&head);
	memset(ret_positions, 0xff, sizeof *ret_positions);
	ret_positions->incarnation = ret->coverage.incarnation;
	for (size_t i = 1; i < parts->count; i++) {
		const Part *part = &parts->items[i];
		if (part->type == SECTION_VISITORS)
			take_position(part, ret_positions->shards, VISITOR_SHARDS, &last);
		else if (part->type == SECTION_TREATMENTS)
			take_position(part, ret_positions->treatments, TREATMENT_SHARDS, &last);
		else if (part->type == SECTION_LIMITS && part->sound)
			take_limits(part, &ret->limits);
	}
	for (size_t i = 0; i < VISITOR_SHARDS; i++)
		if (ret_positions->shards[i] == UINT64_MAX)
			ret_positions->shards[i] = last;
	for (size_t i = 0; i < TREATMENT_SHARDS; i++)
		if (ret_positions->treatments[i] == UINT64_MAX)
			ret_positions->treatments[i] = last;
	ret->coverage.sequence = last;
	return OK;
}

// --- what stands at an offset ---

typedef struct Place {
	const Part *part;
	size_t at; // in the payload
	Arena *arena;
	const char *text;
} Place;

static size_t offset_of(const Place *place, const Reader *in)
{
	return (size_t)(in->at - (const uint8_t *)place->part->payload.ptr);
}

static const char *name_of(const Place *place, Str channel, Str text)
{
	int channel_len = (int)(channel.len < NAME_TEXT ? channel.len : NAME_TEXT);
	int len = (int)(text.len < NAME_TEXT ? text.len : NAME_TEXT);
	return arena_printf(place->arena, "%.*s/%.*s", channel_len, channel.ptr, len, text.ptr);
}

static const char *read_name_at(const Place *place, Reader *in)
{
	uint32_t channel_len = read_u32(in), len = read_u32(in);
	Str channel = read_text(in, channel_len), text = read_text(in, len);
	return in->bad ? NULL : name_of(place, channel, text);
}

// The names of a list; those behind `most` are passed by.
static const char **read_names_at(const Place *place, Reader *in, uint32_t *ret_count)
{
	uint32_t count = read_u32(in);
	*ret_count = 0;
	if (in->bad || count > in->left / 8)
		return NULL;
	const char **names = ARENA_ARRAY(place->arena, const char *, (size_t)count + 1);
	for (uint32_t i = 0; names != NULL && i < count && !in->bad; i++)
		names[(*ret_count)++] = read_name_at(place, in);
	return names;
}

static void find_visitor(Place *place)
{
	Reader in = reader_of(place->part);
	uint32_t shard = read_u32(&in), places = 0, offers = 0;
	place->text = arena_printf(place->arena, "shard %u of visitors: its position", shard);
	read_u64(&in);
	if (place->at < offset_of(place, &in))
		return;
	place->text = arena_printf(place->arena, "shard %u of visitors: its event IDs", shard);
	read_text(&in, (size_t)read_u32(&in) * sizeof(uint64_t));
	if (place->at < offset_of(place, &in))
		return;
	place->text = arena_printf(place->arena, "shard %u of visitors: its numbers and names", shard);
	uint32_t count = read_u32(&in);
	read_u32(&in);
	const char **levels = read_names_at(place, &in, &places);
	(void)read_names_at(place, &in, &offers);
	for (uint32_t i = 0; i < count && !in.bad && place->at >= offset_of(place, &in); i++) {
		uint32_t level = read_u32(&in);
		uint16_t id_len = read_u16(&in), slots = read_u16(&in);
		Str id = read_text(&in, id_len);
		bool facts = place->at >= offset_of(place, &in);
		read_text(&in, (size_t)slots * sizeof(FactSlot));
		place->text = arena_printf(place->arena, "shard %u of visitors: %s of visitor %.*s (%s)",
		        shard, facts ? "a fact" : "the entry", (int)(id.len < NAME_TEXT ? id.len : NAME_TEXT),
		        id.ptr ? id.ptr : "", level < places && levels[level] ? levels[level] : "?");
	}
}

static void find_count(Place *place)
{
	Reader in = reader_of(place->part);
	place->text = "counts: how many offers there are";
	uint32_t count = read_u32(&in);
	for (uint32_t i = 0; i < count && !in.bad && place->at >= offset_of(place, &in); i++) {
		const char *name = read_name_at(place, &in);
		read_text(&in, 2 * sizeof(Counts));
		place->text = arena_printf(place->arena, "counts of offer %s", name ? name : "?");
	}
}

static void find_treatment(Place *place)
{
	Reader in = reader_of(place->part);
	uint32_t shard = read_u32(&in);
	place->text = arena_printf(place->arena, "shard %u of treatments: its position", shard);
	read_u64(&in);
	if (place->at < offset_of(place, &in))
		return;
	place->text = arena_printf(place->arena, "shard %u of treatments: how many there are", shard);
	uint32_t count = read_u32(&in);
	for (uint32_t i = 0; i < count && !in.bad && place->at >= offset_of(place, &in); i++) {
		read_u64(&in);
		read_u32(&in);
		read_text(&in, read_u32(&in));
		place->text = arena_printf(
		        place->arena, "shard %u of treatments: recommendation %u of %u", shard, i + 1, count);
	}
}

static const char *place_text(const Part *part, size_t at, Arena *arena)
{
	Place place = {.part = part, .at = at, .arena = arena, .text = "a part that is not known"};
	switch (part->type) {
	case SECTION_HEAD:
		place.text = "the head";
		break;
	case SECTION_LIMITS:
		place.text = "the limits";
		break;
	case SECTION_END:
		place.text = "the end";
		break;
	case SECTION_VISITORS:
		find_visitor(&place);
		break;
	case SECTION_COUNTS:
		find_count(&place);
		break;
	case SECTION_TREATMENTS:
		find_treatment(&place);
		break;
	}
	return place.text != NULL ? place.text : "?";
}

// --- comparing ---

static size_t common_len(Str a, Str b)
{
	size_t len = a.len < b.len ? a.len : b.len, i = 0;
	while (i < len && a.ptr[i] == b.ptr[i])
		i++;
	return i;
}

enum { TREATMENTS_FRONT = 16 }; // shard, position, number

// Whether the checkpoint has the newest of what was folded: how many it lacks.
static uint64_t evicted_from(const Part *part, const Part *folded)
{
	Str a = part->payload, b = folded->payload;
	if (part->type != SECTION_TREATMENTS || a.len >= b.len || a.len < TREATMENTS_FRONT)
		return 0;
	Reader in_a = reader_of(part), in_b = reader_of(folded);
	read_bytes(&in_a, TREATMENTS_FRONT - 4);
	read_bytes(&in_b, TREATMENTS_FRONT - 4);
	uint32_t count_a = read_u32(&in_a), count_b = read_u32(&in_b);
	size_t rest = a.len - TREATMENTS_FRONT;
	bool same = memcmp(a.ptr, b.ptr, TREATMENTS_FRONT - 4) == 0 && count_a < count_b &&
	            memcmp(a.ptr + TREATMENTS_FRONT, b.ptr + b.len - rest, rest) == 0;
	return same ? count_b - count_a : 0;
}

static void count_part(const Part *part, ReplayReport *report)
{
	Reader in = reader_of(part);
	if (part->type == SECTION_VISITORS) {
		read_bytes(&in, 12);
		read_text(&in, (size_t)read_u32(&in) * sizeof(uint64_t));
		report->visitors += read_u32(&in);
	} else if (part->type == SECTION_COUNTS) {
		report->offers += read_u32(&in);
	} else if (part->type == SECTION_TREATMENTS) {
		read_bytes(&in, 12);
		report->treatments += read_u32(&in);
	}
}

static Err tell(ReplayReport *report, const char *text)
{
	if (text == NULL)
		return err(ERR_NO_MEMORY, "no memory to compare checkpoints");
	report->different++;
	if (report->difference_count < REPLAY_DIFFERENCES)
		report->differences[report->difference_count++] = text;
	return OK;
}

static Err compare_part(const Part *part, const Part *folded, Arena *arena, ReplayReport *report)
{
	if (report->of_history && part->type == SECTION_TREATMENTS && folded->type == part->type)
		return OK;
	count_part(folded, report);
	uint64_t evicted = evicted_from(part, folded);
	size_t at = common_len(part->payload, folded->payload);
	bool same = at == part->payload.len && at == folded->payload.len && part->type == folded->type;
	report->evicted += evicted;
	if (part->sound && (same || evicted > 0))
		return OK;
	if (same)
		return tell(report, arena_printf(arena, "byte %llu: the checksum or type of %s",
		                            (unsigned long long)(part->offset - SECTION_HEADER),
		                            place_text(folded, 0, arena)));
	const Part *in = at < folded->payload.len ? folded : part;
	return tell(report,
	        arena_printf(arena, "byte %llu: %s%s", (unsigned long long)(part->offset + at),
	                place_text(in, at, arena), part->sound ? "" : "; its checksum differs as well"));
}

Err parts_compare(const Parts *checkpoint, const Parts *folded, Arena *arena, ReplayReport *report)
{
	size_t count = checkpoint->count < folded->count ? checkpoint->count : folded->count;
	for (size_t i = 0; i < count; i++)
		TRY(compare_part(&checkpoint->items[i], &folded->items[i], arena, report));
	if (checkpoint->count != folded->count)
		TRY(tell(report, arena_printf(arena, "it has %zu parts, and the fold %zu", checkpoint->count,
		                         folded->count)));
	return OK;
}
