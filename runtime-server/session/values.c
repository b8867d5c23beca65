// Attribute values and segments of a session live in one block that is replaced as a whole: no fragmentation,
// no text that lingers after it was overwritten, and a failed change leaves the old block in place. Few
// visitors are in flows that set attributes: only their blocks have what is seen beside what was given.
#include "session/session.h"

#include <stdlib.h>

struct SessionValues {
	size_t count, segment_words;
	const ExprValue *items; // `given`, or inside the block, as are the rest and all text
	uint64_t *segments;
	uint8_t *origins;
	uint8_t *flowed; // NULL: no flow set anything
	ExprValue given[];
};

// --- in an arena ---

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for the visitor's attributes; try again later");
}

static Err values_room(size_t count, size_t segment_words, Arena *arena, Values *ret)
{
	*ret = (Values){
	        .count = count,
	        .segment_words = segment_words,
	        .given = ARENA_ARRAY(arena, ExprValue, 2 * count + 1),
	        .origins = ARENA_ARRAY(arena, uint8_t, 2 * count + 1),
	        .segments = ARENA_ARRAY(arena, uint64_t, segment_words + 1),
	};
	if (ret->given == NULL || ret->origins == NULL || ret->segments == NULL)
		return no_memory();
	ret->items = ret->given + count;
	ret->flowed = ret->origins + count;
	return OK;
}

Err values_new(const Plan *plan, int level, Arena *arena, Values *ret)
{
	size_t count = plan_snapshot(plan)->audience_levels[level]->n_attributes;
	TRY(values_room(count, plan_segment_words(plan), arena, ret));
	decide_defaults(plan, level, ret->given);
	memcpy(ret->items, ret->given, count * sizeof *ret->items);
	return OK;
}

void values_set(Values *values, int slot, ExprValue value, int origin)
{
	values->given[slot] = values->items[slot] = value;
	values->origins[slot] = (uint8_t)origin;
	values->flowed[slot] = 0;
}

Err values_segment(
        Values *values, const Plan *plan, const SegmentRequest *request, Arena *arena, Segmentation *ret)
{
	Segmentation done = {.segments = values->segments, .set = values->flowed};
	memcpy(values->items, values->given, values->count * sizeof *values->items);
	memset(values->flowed, 0, values->count);
	TRY(decide_segments(plan, request, values->items, arena, &done));
	if (ret != NULL)
		*ret = done;
	return OK;
}

Visitor values_visitor(const Values *values, int level, Str audience_id)
{
	return (Visitor){.level = level,
	        .audience_id = audience_id,
	        .values = values->items,
	        .segments = values->segments};
}

Err session_values(const Session *session, Arena *arena, Values *ret)
{
	const SessionValues *block = session->values;
	TRY(values_room(block->count, block->segment_words, arena, ret));
	memcpy(ret->given, block->given, block->count * sizeof *ret->given);
	memcpy(ret->items, block->items, block->count * sizeof *ret->items);
	memcpy(ret->origins, block->origins, block->count);
	if (block->flowed != NULL)
		memcpy(ret->flowed, block->flowed, block->count);
	memcpy(ret->segments, block->segments, block->segment_words * sizeof *ret->segments);
	return OK;
}

// --- in a block ---

static size_t round8(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

// Bytes that a value needs beside its own 16.
static size_t value_extra(const ExprValue *value)
{
	if (value->kind == EXPR_STRING)
		return round8(value->len);
	if (value->kind != EXPR_LIST)
		return 0;
	size_t size = value->len * sizeof(ExprValue);
	for (uint32_t i = 0; i < value->len; i++)
		size += value_extra(&value->items[i]);
	return size;
}

static char *copy_text(ExprValue *value, char *free_space)
{
	if (value->len > 0)
		memcpy(free_space, value->s, value->len);
	value->s = free_space;
	return free_space + round8(value->len);
}

// Copies what `value` borrows into the block; returns where the next may go.
static char *own_value(ExprValue *value, char *free_space)
{
	if (value->kind == EXPR_STRING)
		return copy_text(value, free_space);
	if (value->kind != EXPR_LIST)
		return free_space;
	ExprValue *items = (ExprValue *)(void *)free_space;
	if (value->len > 0)
		memcpy(items, value->items, value->len * sizeof(ExprValue));
	free_space += value->len * sizeof(ExprValue);
	for (uint32_t i = 0; i < value->len; i++)
		free_space = own_value(&items[i], free_space);
	value->items = items;
	return free_space;
}

static bool any_flowed(const Values *values)
{
	for (size_t i = 0; i < values->count; i++)
		if (values->flowed[i] != 0)
			return true;
	return false;
}

// What is seen is what was given, and owned with it, except where a flow set it.
static void own_values(const Values *values, bool flowed, SessionValues *block, char *free_space)
{
	ExprValue *items = (ExprValue *)(void *)free_space;
	if (flowed)
		free_space += values->count * sizeof *items;
	for (size_t i = 0; i < values->count; i++) {
		block->given[i] = values->given[i];
		free_space = own_value(&block->given[i], free_space);
		if (!flowed)
			continue;
		items[i] = values->flowed[i] != 0 ? values->items[i] : block->given[i];
		if (values->flowed[i] != 0)
			free_space = own_value(&items[i], free_space);
	}
	block->items = flowed ? items : block->given;
}

SessionValues *session_values_make(const Values *values)
{
	size_t count = values->count, words = values->segment_words * sizeof(uint64_t);
	bool flowed = any_flowed(values);
	size_t size = sizeof(SessionValues) + count * sizeof(ExprValue) + words + 2 * round8(count);
	for (size_t i = 0; i < count; i++) {
		size += value_extra(&values->given[i]);
		if (values->flowed[i] != 0)
			size += value_extra(&values->items[i]);
	}
	if (flowed)
		size += count * sizeof(ExprValue);
	SessionValues *block = calloc(1, size);
	if (block == NULL)
		return NULL;
	block->count = count;
	block->segment_words = values->segment_words;
	block->segments = (uint64_t *)(void *)(block->given + count);
	block->origins = (uint8_t *)(block->segments + values->segment_words);
	memcpy(block->segments, values->segments, words);
	memcpy(block->origins, values->origins, count);
	if (flowed) {
		block->flowed = block->origins + round8(count);
		memcpy(block->flowed, values->flowed, count);
	}
	own_values(values, flowed, block, (char *)block->origins + 2 * round8(count));
	return block;
}

static bool same_value(const ExprValue *a, const ExprValue *b)
{
	if (a->kind != EXPR_STRING && a->kind != EXPR_LIST)
		return memcmp(a, b, sizeof *a) == 0;
	if (a->kind != b->kind || a->len != b->len)
		return false;
	if (a->kind == EXPR_STRING)
		return a->len == 0 || memcmp(a->s, b->s, a->len) == 0;
	for (uint32_t i = 0; i < a->len; i++)
		if (!same_value(&a->items[i], &b->items[i]))
			return false;
	return true;
}

// Whether a visitor with the one is to the engine what he is with the other. It may say no of what is alike.
static bool same_seen(const SessionValues *a, const SessionValues *b)
{
	bool same = a->count == b->count && a->segment_words == b->segment_words &&
	            memcmp(a->segments, b->segments, a->segment_words * sizeof *a->segments) == 0;
	for (size_t i = 0; same && i < a->count; i++)
		same = same_value(&a->items[i], &b->items[i]);
	return same;
}

void session_put_values(Session *session, SessionValues *block)
{
	if (session->lasting != NULL && !same_seen(session->values, block))
		lasting_forget(session->lasting);
	free(session->values);
	session->values = block;
	session->segmented = true;
}

// It is another visitor to the engine, or the engine has another plan.
static void put_anew(Session *session, SessionValues *block)
{
	lasting_forget(session->lasting);
	session_put_values(session, block);
}

Err session_keep(Session *session, const Values *values)
{
	SessionValues *block = session_values_make(values);
	if (block == NULL)
		return no_memory();
	put_anew(session, block);
	return OK;
}

Err session_set_visitor(Session *session, int level, Str audience_id, const Values *values)
{
	char *copy = malloc(audience_id.len + 1);
	SessionValues *block = session_values_make(values);
	if (copy == NULL || block == NULL) {
		free(copy);
		free(block);
		return no_memory();
	}
	memcpy(copy, audience_id.ptr, audience_id.len);
	copy[audience_id.len] = '\0';
	free((char *)session->audience_id.ptr);
	session->audience_id = str_n(copy, audience_id.len);
	session->level = level;
	session->cells_key = 0;
	put_anew(session, block);
	return OK;
}

const ExprValue *session_items(const Session *session)
{
	return session->values->items;
}

const ExprValue *session_given(const Session *session)
{
	return session->values->given;
}

const uint8_t *session_origins(const Session *session)
{
	return session->values->origins;
}

int session_origin(const Session *session, size_t slot)
{
	const SessionValues *block = session->values;
	return block->flowed != NULL && block->flowed[slot] != 0 ? FROM_FLOW : block->origins[slot];
}

const uint64_t *session_segments(const Session *session)
{
	return session->values->segments;
}

Visitor session_visitor(const Session *session)
{
	return (Visitor){
	        .level = session->level,
	        .audience_id = session->audience_id,
	        .values = session->values->items,
	        .segments = session->values->segments,
	        .state = {.session_facts = session->facts.items, .session_fact_count = session->facts.count},
	};
}
