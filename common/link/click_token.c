// A click link's token. It names a treatment and an offer and nothing else: whom the offer was shown to is
// known only to the servers, and the treatment code is drawn from random numbers. The address is not in it
// either: it is the offer's in the snapshot that serves when the click comes, so that a page that moved is
// mended for links that are out already, and a stolen key leads nowhere but to offers' own pages.
//
//   version (1)  treatment code (12: 19 characters of 5 bits and a 0)  offer (8)  expiry (4)  MAC (16)
//
// 41 bytes as base64url without padding; numbers big endian.
#include "link/base32.h"
#include "link/mac.h"

#include <endian.h>

enum {
	VERSION = 1,
	AT_TREATMENT = 1,
	AT_OFFER = 13,
	AT_EXPIRY = 21,
	AT_MAC = 25,
	MAC_KEPT = 16,
	SIZE = AT_MAC + MAC_KEPT,
	TREATMENT_BYTES = AT_OFFER - AT_TREATMENT,
};
_Static_assert((SIZE * 8 + 5) / 6 == LINK_TOKEN_CHARS, "the token's length");
_Static_assert(LINK_TREATMENT_CHARS * 5 + 1 == TREATMENT_BYTES * 8, "a treatment code and a bit");

// --- base64url ---

static void write_base64(const uint8_t *bytes, char *ret)
{
	static const char digits[64] = {'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N',
	        'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f', 'g',
	        'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
	        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '-', '_'};
	uint32_t held = 0;
	unsigned bits = 0;
	for (size_t i = 0; i < SIZE; i++) {
		held = held << 8 | bytes[i];
		for (bits += 8; bits >= 6;) {
			bits -= 6;
			*ret++ = digits[held >> bits & 63];
		}
	}
	if (bits > 0)
		*ret = digits[held << (6 - bits) & 63];
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

// Bits that stand for nothing have to be 0: else one link would have several texts.
static bool read_base64(const char *text, uint8_t *bytes)
{
	uint32_t held = 0;
	unsigned bits = 0;
	for (size_t i = 0; i < LINK_TOKEN_CHARS; i++) {
		int value = base64_value(text[i]);
		if (value < 0)
			return false;
		held = held << 6 | (uint32_t)value;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*bytes++ = (uint8_t)(held >> bits);
		}
	}
	return (held & ((1U << bits) - 1)) == 0;
}

// --- treatment codes ---

static bool pack_treatment(Str code, uint8_t *bytes)
{
	uint32_t held = 0;
	unsigned bits = 0;
	if (code.len != LINK_TREATMENT_CHARS)
		return false;
	for (size_t i = 0; i < LINK_TREATMENT_CHARS; i++) {
		uint8_t value = base32_value(code.ptr[i]);
		if (value == BASE32_NONE)
			return false;
		held = held << 5 | value;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			*bytes++ = (uint8_t)(held >> bits);
		}
	}
	*bytes = (uint8_t)(held << 1);
	return true;
}

static void unpack_treatment(const uint8_t *bytes, char ret[LINK_TREATMENT_CHARS + 1])
{
	uint32_t held = 0;
	unsigned bits = 0;
	for (size_t i = 0; i < LINK_TREATMENT_CHARS; i++) {
		if (bits < 5) {
			held = held << 8 | *bytes++;
			bits += 8;
		}
		bits -= 5;
		ret[i] = base32_char(held >> bits);
	}
	ret[LINK_TREATMENT_CHARS] = '\0';
}

// --- the token ---

bool link_click_write(const LinkKeys *keys, Str treatment_code, uint64_t offer, int64_t expires_s, char *ret)
{
	uint8_t bytes[AT_MAC + MAC_SIZE] = {VERSION};
	uint64_t big_offer = htobe64(offer);
	uint32_t big_expiry = htobe32((uint32_t)expires_s);
	if (expires_s < 0 || expires_s > UINT32_MAX || !pack_treatment(treatment_code, bytes + AT_TREATMENT))
		return false;
	memcpy(bytes + AT_OFFER, &big_offer, sizeof big_offer);
	memcpy(bytes + AT_EXPIRY, &big_expiry, sizeof big_expiry);
	mac_of(&keys->clicks[0], bytes, AT_MAC, bytes + AT_MAC);
	write_base64(bytes, ret);
	return true;
}

static bool is_signed(const LinkKeys *keys, const uint8_t *bytes)
{
	uint8_t mac[MAC_SIZE];
	for (size_t i = 0; i < keys->count; i++) {
		mac_of(&keys->clicks[i], bytes, AT_MAC, mac);
		if (mac_equal(mac, bytes + AT_MAC, MAC_KEPT))
			return true;
	}
	return false;
}

bool link_click_read(const LinkKeys *keys, Str token, ClickLink *ret)
{
	uint8_t bytes[SIZE];
	uint64_t big_offer = 0;
	uint32_t big_expiry = 0;
	if (token.len != LINK_TOKEN_CHARS || !read_base64(token.ptr, bytes) || bytes[0] != VERSION ||
	        !is_signed(keys, bytes))
		return false;
	memcpy(&big_offer, bytes + AT_OFFER, sizeof big_offer);
	memcpy(&big_expiry, bytes + AT_EXPIRY, sizeof big_expiry);
	unpack_treatment(bytes + AT_TREATMENT, ret->treatment_code);
	ret->offer = be64toh(big_offer);
	ret->expires_s = be32toh(big_expiry);
	return true;
}
