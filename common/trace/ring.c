// Each place has a number that says whose turn it is: a writer's when it is the place's position, the
// reader's when it is one more. Writers claim positions by one atomic exchange and never wait for each other
// or for the reader; a place that is not free yet means that the ring is full. (The queue is Vyukov's bounded
// one, with a single reader.)
#include "trace/internal.h"

#include <stddef.h>
#include <stdlib.h>

enum { LINE = 64 };

typedef struct Place {
	atomic_size_t turn;
	SpanRecord record;
} Place;

struct SpanRing {
	_Alignas(LINE) atomic_size_t next; // position that is claimed next
	_Alignas(LINE) size_t read;        // the reader's alone
	size_t mask;
	Place places[];
};

SpanRing *span_ring_new(size_t room)
{
	size_t size = (sizeof(SpanRing) + room * sizeof(Place) + LINE - 1) / LINE * LINE;
	SpanRing *ring = aligned_alloc(LINE, size);
	if (ring == NULL)
		return NULL;
	memset(ring, 0, sizeof *ring);
	ring->mask = room - 1;
	for (size_t i = 0; i < room; i++)
		atomic_init(&ring->places[i].turn, i);
	return ring;
}

void span_ring_free(SpanRing *ring)
{
	free(ring);
}

static void copy(SpanRecord *to, const SpanRecord *from)
{
	memcpy(to, from, offsetof(SpanRecord, text) + from->text_len);
}

bool span_ring_put(SpanRing *ring, const SpanRecord *record)
{
	size_t position = atomic_load_explicit(&ring->next, memory_order_relaxed);
	for (;;) {
		Place *place = &ring->places[position & ring->mask];
		size_t turn = atomic_load_explicit(&place->turn, memory_order_acquire);
		if (turn == position) {
			if (!atomic_compare_exchange_weak_explicit(&ring->next, &position, position + 1,
			            memory_order_relaxed, memory_order_relaxed))
				continue;
			copy(&place->record, record);
			atomic_store_explicit(&place->turn, position + 1, memory_order_release);
			return true;
		}
		if ((ptrdiff_t)(turn - position) < 0)
			return false;
		position = atomic_load_explicit(&ring->next, memory_order_relaxed);
	}
}

bool span_ring_take(SpanRing *ring, SpanRecord *ret)
{
	Place *place = &ring->places[ring->read & ring->mask];
	if (atomic_load_explicit(&place->turn, memory_order_acquire) != ring->read + 1)
		return false;
	copy(ret, &place->record);
	atomic_store_explicit(&place->turn, ring->read + ring->mask + 1, memory_order_release);
	ring->read++;
	return true;
}
