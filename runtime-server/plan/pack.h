// Fields of plan.proto as protobuf writes them, for what a plan has of every event: forward, into room that
// is known to be enough. All tags take one byte.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	PACK_NUMBER_ROOM = 1 + 10, // the most that a field takes; of a length likewise
	PACK_SHORT_ROOM = 1 + 5,   // of 32 bits
	PACK_DOUBLE_ROOM = 1 + sizeof(double),
};

static inline uint8_t *pack_varint(uint8_t *at, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*at++ = (uint8_t)(value | 0x80);
	*at++ = (uint8_t)value;
	return at;
}

// 0 is left out, as everywhere in proto3.
static inline uint8_t *pack_number(uint8_t *at, unsigned field, uint64_t value)
{
	if (value == 0)
		return at;
	*at++ = (uint8_t)(field << 3);
	return pack_varint(at, value);
}

static inline uint8_t *pack_double(uint8_t *at, unsigned field, double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	if (bits == 0)
		return at;
	*at++ = (uint8_t)(field << 3 | 1);
	memcpy(at, &bits, sizeof bits); // little-endian
	return at + sizeof bits;
}

// What stands before so many bytes.
static inline uint8_t *pack_length(uint8_t *at, unsigned field, size_t len)
{
	*at++ = (uint8_t)(field << 3 | 2);
	return pack_varint(at, len);
}
