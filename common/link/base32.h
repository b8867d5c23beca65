// The alphabet of treatment codes and source codes: Crockford's base32, without I, L, O and U.
#pragma once
#include <stdint.h>

enum { BASE32_NONE = 255 };

static inline char base32_char(unsigned value)
{
	static const char digits[32] = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D',
	        'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z'};
	return digits[value & 31];
}

// The value of a character as base32_char writes it, or BASE32_NONE.
static inline uint8_t base32_value(char c)
{
	enum { _ = BASE32_NONE };
	static const uint8_t values[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, _, _, _, _, _, _, _, 10, 11, 12, 13,
	        14, 15, 16, 17, _, 18, 19, _, 20, 21, _, 22, 23, 24, 25, 26, _, 27, 28, 29, 30, 31};
	return c >= '0' && c <= 'Z' ? values[c - '0'] : (uint8_t)BASE32_NONE;
}
