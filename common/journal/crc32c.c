// The processor's instruction does eight bytes every three cycles and is taken where it exists; the table is
// for machines without it.
#include "journal/crc32c_way.h"

#include <pthread.h>
#include <string.h>
#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

static const uint32_t POLYNOMIAL = 0x82F63B78;

static uint32_t table[256];
static Crc32cWay chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint64_t value = (uint32_t)~crc;
	for (; len >= 8; p += 8, len -= 8) {
		uint64_t word;
		memcpy(&word, p, sizeof word);
		value = _mm_crc32_u64(value, word);
	}
	uint32_t narrow = (uint32_t)value;
	for (; len > 0; p++, len--)
		narrow = _mm_crc32_u8(narrow, *p);
	return ~narrow;
}
#endif

static uint32_t from_table(uint32_t crc, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	crc = ~crc;
	for (size_t i = 0; i < len; i++)
		crc = table[(crc ^ p[i]) & 0xff] ^ (crc >> 8);
	return ~crc;
}

static void make_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
		table[i] = crc;
	}
}

static bool has_instruction(void)
{
#if defined(__x86_64__)
	return __builtin_cpu_supports("sse4.2");
#else
	return false;
#endif
}

Crc32cWay crc32c_way(bool instruction)
{
#if defined(__x86_64__)
	if (instruction)
		return crc32c_sse42;
#endif
	(void)instruction;
	make_table();
	return from_table;
}

static void choose(void)
{
	chosen = crc32c_way(has_instruction());
}

uint32_t crc32c(uint32_t crc, const void *bytes, size_t len)
{
	pthread_once(&once, choose);
	return chosen(crc, bytes, len);
}
