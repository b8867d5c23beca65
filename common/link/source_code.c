// A source code is read from paper and told over the telephone, so it is short, and its last character finds
// every single wrong character and every two that changed places. That costs the strength of a real MAC: with
// 25 bits guessing hits once in some 33 million tries for an offer, and what a hit wins is the address of the
// offer's page and a response that no issued code matches.
//
//   offer (5 bits)  serial (25)  MAC (25)  check (5)
//
// The check character is the sum of the others, each times 2 to the power of its place, in the field of 32
// elements (x^5 + x^2 + 1).
#include "link/base32.h"
#include "link/mac.h"

#include <endian.h>
#include <stdio.h>

enum { DATA_CHARS = LINK_SOURCE_CHARS - 1, GROUP = 4, SERIAL_BITS = 25, MAC_BITS = 25, OFFER_BITS = 5 };

static unsigned check_of(const uint8_t values[DATA_CHARS])
{
	unsigned sum = 0;
	for (size_t i = 0; i < DATA_CHARS; i++) { // Horner's way: doubled once for each place
		sum = (sum << 1) ^ (sum & 16 ? 0x25u : 0);
		sum ^= values[i];
	}
	return ((sum << 1) ^ (sum & 16 ? 0x25u : 0)) & 31;
}

static uint32_t mac_bits(const LinkMac *mac, Str channel, Str offer_code, uint32_t serial)
{
	char text[256];
	uint8_t full[MAC_SIZE];
	uint32_t big = 0;
	int len = snprintf(
	        text, sizeof text, STR_FMT "/" STR_FMT "/%u", STR_ARG(channel), STR_ARG(offer_code), serial);
	mac_of(mac, text, len < (int)sizeof text ? (size_t)len : sizeof text - 1, full);
	memcpy(&big, full, sizeof big);
	return be32toh(big) >> (32 - MAC_BITS);
}

void link_source_write(
        const LinkKeys *keys, Str channel, Str offer_code, uint32_t serial, char ret[LINK_SOURCE_TEXT + 1])
{
	uint8_t values[LINK_SOURCE_CHARS];
	uint64_t bits = link_offer_ref(channel, offer_code) >> (64 - OFFER_BITS);
	bits = bits << SERIAL_BITS | (serial & (LINK_SOURCE_SERIALS - 1));
	bits = bits << MAC_BITS | mac_bits(&keys->sources[0], channel, offer_code, serial);
	for (size_t i = DATA_CHARS; i-- > 0; bits >>= 5)
		values[i] = bits & 31;
	values[DATA_CHARS] = (uint8_t)check_of(values);
	for (size_t i = 0; i < LINK_SOURCE_CHARS; i++) {
		if (i > 0 && i % GROUP == 0)
			*ret++ = '-';
		*ret++ = base32_char(values[i]);
	}
	*ret = '\0';
}

// As people write it: 0 for O, 1 for I and L, small letters.
static char meant(char c)
{
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		return '0';
	return c == 'I' || c == 'L' ? '1' : c;
}

bool link_source_normalize(Str text, char ret[LINK_SOURCE_CHARS + 1])
{
	uint8_t values[LINK_SOURCE_CHARS];
	size_t count = 0;
	if (text.len > 2 * LINK_SOURCE_CHARS)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = meant(text.ptr[i]);
		if (c == '-' || c == ' ')
			continue;
		if (count == LINK_SOURCE_CHARS || base32_value(c) == BASE32_NONE)
			return false;
		values[count] = base32_value(c);
		ret[count++] = c;
	}
	ret[count] = '\0';
	return count == LINK_SOURCE_CHARS && check_of(values) == values[DATA_CHARS];
}

static uint64_t bits_of(const char *code)
{
	uint64_t bits = 0;
	for (size_t i = 0; i < DATA_CHARS; i++)
		bits = bits << 5 | base32_value(code[i]);
	return bits;
}

bool link_source_may_be(const char *code, uint64_t offer)
{
	return base32_value(code[0]) == offer >> (64 - OFFER_BITS);
}

bool link_source_holds(const LinkKeys *keys, const char *code, Str channel, Str offer_code)
{
	uint64_t bits = bits_of(code);
	uint32_t serial = (uint32_t)(bits >> MAC_BITS) & (LINK_SOURCE_SERIALS - 1);
	for (size_t i = 0; i < keys->count; i++)
		if (mac_bits(&keys->sources[i], channel, offer_code, serial) ==
		        (bits & ((UINT64_C(1) << MAC_BITS) - 1)))
			return true;
	return false;
}
