#include "session/ring.h"

#include <stdlib.h>
#include <string.h>

enum { RING_FIRST = 8 };

static bool ring_grow(Ring *ring, size_t item_size, size_t capacity)
{
	char *items = malloc(capacity * item_size), *old = ring->items;
	if (items == NULL)
		return false;
	uint32_t oldest = ring->count < ring->capacity ? 0 : ring->next;
	size_t tail = ring->count - oldest;
	if (ring->count > 0) {
		memcpy(items, old + oldest * item_size, tail * item_size);
		memcpy(items + tail * item_size, old, oldest * item_size);
	}
	free(old);
	*ring = (Ring){
	        .items = items, .capacity = (uint32_t)capacity, .count = ring->count, .next = ring->count};
	return true;
}

bool ring_reserve(Ring *ring, size_t item_size, size_t more, size_t bound)
{
	size_t wanted = ring->count + more, capacity = ring->capacity > 0 ? ring->capacity : RING_FIRST;
	if (wanted > bound)
		wanted = bound;
	while (capacity < wanted)
		capacity *= 2;
	return capacity <= ring->capacity || ring_grow(ring, item_size, capacity);
}

void *ring_push(Ring *ring, size_t item_size)
{
	void *item = (char *)ring->items + (ring->next % ring->capacity) * item_size;
	ring->next = (ring->next + 1) % ring->capacity;
	if (ring->count < ring->capacity)
		ring->count++;
	return item;
}

void ring_free(Ring *ring)
{
	free(ring->items);
	*ring = (Ring){0};
}
