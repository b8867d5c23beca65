// Attribute values and segments of a session live in one block that is replaced as a whole: no fragmentation,
// no text that lingers after it was overwritten, and a failed change leaves the old block in place.
#include "session/session.h"

#include <stdlib.h>

struct SessionValues {
	size_t count, segment_words;
	uint64_t *segments; // inside the block, as are the origins and all text
	uint8_t *origins;
	ExprValue items[];
};

static size_t round8(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

// Bytes that a value needs beside its own 24.
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

Err session_set_values(
        Session *session, const ExprValue *items, const uint8_t *origins, size_t count, size_t segment_words)
{
	size_t size = sizeof(SessionValues) + count * sizeof(ExprValue);
	size += segment_words * sizeof(uint64_t) + round8(count);
	for (size_t i = 0; i < count; i++)
		size += value_extra(&items[i]);
	SessionValues *block = calloc(1, size);
	if (block == NULL)
		return err(ERR_NO_MEMORY, "no memory for the session's attributes; try again later");
	block->count = count;
	block->segment_words = segment_words;
	block->segments = (uint64_t *)(void *)(block->items + count);
	block->origins = (uint8_t *)(block->segments + segment_words);
	char *free_space = (char *)block->origins + round8(count);
	for (size_t i = 0; i < count; i++) {
		block->items[i] = items[i];
		free_space = own_value(&block->items[i], free_space);
	}
	if (count > 0)
		memcpy(block->origins, origins, count);
	free(session->values);
	session->values = block;
	return OK;
}

Err session_set_visitor(Session *session, int level, Str audience_id, const ExprValue *items,
        const uint8_t *origins, size_t count)
{
	char *copy = malloc(audience_id.len + 1);
	if (copy == NULL)
		return err(ERR_NO_MEMORY, "no memory for the session; try again later");
	Err e = session_set_values(session, items, origins, count, plan_segment_words(session->plan));
	if (e != OK) {
		free(copy);
		return e;
	}
	memcpy(copy, audience_id.ptr, audience_id.len);
	copy[audience_id.len] = '\0';
	free((char *)session->audience_id.ptr);
	session->audience_id = str_n(copy, audience_id.len);
	session->level = level;
	return OK;
}

const ExprValue *session_items(const Session *session)
{
	return session->values->items;
}

size_t session_item_count(const Session *session)
{
	return session->values->count;
}

const uint8_t *session_origins(const Session *session)
{
	return session->values->origins;
}

uint64_t *session_segments(const Session *session)
{
	return session->values->segments;
}

Visitor session_visitor(const Session *session)
{
	return (Visitor){.level = session->level,
	        .audience_id = session->audience_id,
	        .values = session->values->items,
	        .segments = session->values->segments};
}

void session_segment(Session *session, int64_t as_of_us, Arena *scratch)
{
	SegmentRequest request = {
	        .level = session->level, .audience_id = session->audience_id, .as_of_us = as_of_us};
	Segmentation done = {.segments = session->values->segments};
	(void)decide_segments(session->plan, &request, session->values->items, scratch, &done);
}
