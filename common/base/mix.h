// A bijection of 64 bits that spreads every bit over the whole word: the finalizer of SplitMix64 (S. Vigna,
// https://prng.di.unimi.it/splitmix64.c). Treatment codes, seeds and tables go by it.
#pragma once
#include <stdint.h>

#define MIX_STEP UINT64_C(0x9e3779b97f4a7c15) // what SplitMix64 adds from one number to the next

static inline uint64_t mix64(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}
