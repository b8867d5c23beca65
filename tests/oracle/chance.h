// Chance that repeats: a case is made from the run's seed and its own numbers and from nothing else, so that
// any case can be made again alone, whatever the threads did, and edited while it is shrunk. What draws from
// a stream must be sequenced: arguments and initialisers are not, and compilers differ.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Chance {
	uint64_t state;
} Chance;

// A stream of its own for each pair of seed and number.
static inline Chance chance_new(uint64_t seed, uint64_t number)
{
	uint64_t x = seed * UINT64_C(0xda942042e4dd58b5) + (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return (Chance){x ^ (x >> 29)};
}

static inline uint64_t chance_next(Chance *chance)
{
	uint64_t x = chance->state += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 32)) * UINT64_C(0xd6e8feb86659fd93);
	x = (x ^ (x >> 32)) * UINT64_C(0xd6e8feb86659fd93);
	return x ^ (x >> 32);
}

// One of 0 … count − 1; count is not 0.
static inline uint32_t chance_below(Chance *chance, size_t count)
{
	return (uint32_t)((chance_next(chance) >> 16) % count);
}

// True once in `n`.
static inline bool chance_once_in(Chance *chance, uint32_t n)
{
	return chance_below(chance, n) == 0;
}

#define CHANCE_OF(chance, array) ((array)[chance_below((chance), sizeof(array) / sizeof *(array))])
