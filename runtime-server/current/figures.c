// How a version fares, counted where calls end. Threads count in stripes of their own, so that no two of them
// write to one cache line for long; who reads adds the stripes up, and may miss what is being counted.
#include "current/internal.h"

enum { STRIPES = 16, LINE = 64, FIRST_BITS = 4 };

typedef struct Stripe {
	_Alignas(LINE) atomic_uint_fast64_t counts[FIGURE_COUNT];
	atomic_uint_fast64_t latency[FIGURES_LATENCIES];
} Stripe;

struct Figures {
	Stripe stripes[STRIPES];
};

Figures *figures_new(Arena *arena)
{
	uintptr_t place = (uintptr_t)arena_alloc(arena, sizeof(Figures) + LINE);
	return place ? (Figures *)((place + LINE - 1) / LINE * LINE) : NULL;
}

static Stripe *stripe_of(const Deployed *deployed)
{
	static atomic_uint threads;
	static _Thread_local unsigned mine; // 0: not yet known
	if (!mine)
		mine = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % STRIPES + 1;
	return &deployed->figures->stripes[mine - 1];
}

static void add(atomic_uint_fast64_t *where, uint64_t count)
{
	atomic_fetch_add_explicit(where, count, memory_order_relaxed);
}

void deployed_count(const Deployed *deployed, Figure figure, uint64_t count)
{
	if (count)
		add(&stripe_of(deployed)->counts[figure], count);
}

static unsigned bucket_of(int64_t took_us)
{
	if (took_us < 1 << FIRST_BITS)
		return 0;
	unsigned bits = 64 - (unsigned)__builtin_clzll((unsigned long long)took_us);
	return bits - FIRST_BITS < FIGURES_LATENCIES ? bits - FIRST_BITS : FIGURES_LATENCIES - 1;
}

void deployed_count_call(const Deployed *deployed, int64_t took_us)
{
	add(&stripe_of(deployed)->latency[bucket_of(took_us)], 1);
}

void figures_sum(const Deployed *deployed, FigureSums *ret)
{
	*ret = (FigureSums){.version = deployed->version, .epoch = deployed->epoch};
	for (size_t s = 0; s < STRIPES; s++) {
		const Stripe *stripe = &deployed->figures->stripes[s];
		for (size_t i = 0; i < FIGURE_COUNT; i++)
			ret->counts[i] += atomic_load_explicit(&stripe->counts[i], memory_order_relaxed);
		for (size_t i = 0; i < FIGURES_LATENCIES; i++)
			ret->latency[i] += atomic_load_explicit(&stripe->latency[i], memory_order_relaxed);
	}
	for (size_t i = 0; i < FIGURES_LATENCIES; i++)
		ret->calls += ret->latency[i];
}
