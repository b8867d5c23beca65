// The last N of something: grows by doubling up to a bound, then the oldest makes room for the newest. Order
// of memory is not order of age once it has wrapped; ring_grow puts it right again.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Ring {
	void *items;
	uint32_t capacity, count, next;
} Ring;

// Makes room for `more` items beside those there, but for no more than `bound` in all. False if memory is
// out.
bool ring_reserve(Ring *ring, size_t item_size, size_t more, size_t bound);
// Where the newest item goes; the ring has been reserved before.
void *ring_push(Ring *ring, size_t item_size);
void ring_free(Ring *ring);
