// Text helpers. Number parsing goes through a bounded copy because views are not NUL-terminated and strtod
// needs it.
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>

int str_cmp(Str a, Str b)
{
	size_t shared = a.len < b.len ? a.len : b.len;
	int order = shared ? memcmp(a.ptr, b.ptr, shared) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool str_starts(Str text, Str prefix)
{
	return text.len >= prefix.len && str_eq(str_n(text.ptr, prefix.len), prefix);
}

bool str_ends(Str text, Str suffix)
{
	return text.len >= suffix.len &&
	       str_eq(str_n(text.ptr + (text.len - suffix.len), suffix.len), suffix);
}

// The length of the well-formed sequence at `s`, 0 if there is none. Table 3-7: the second byte's range
// depends on the first.
static size_t utf8_sequence(const uint8_t *s, size_t left)
{
	uint8_t first = s[0], low = 0x80, high = 0xbf;
	size_t len;

	if (first < 0x80)
		return first != 0;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (left < len)
		return 0;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

// Whether eight bytes are all ASCII and none is NUL: what most text is, looked at in one go.
static bool ascii_eight(const uint8_t *s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
	uint64_t word;

	memcpy(&word, s, sizeof word);
	return ((word | (word - ones)) & highs) == 0;
}

// The same of one to seven bytes: loads that overlap make a word of them.
static bool ascii_few(const uint8_t *s, size_t len)
{
	uint8_t word[8] = "aaaaaaaa";

	if (len >= 4) {
		memcpy(word, s, 4);
		memcpy(word + 4, s + len - 4, 4);
	} else {
		word[0] = s[0];
		word[1] = s[len / 2];
		word[2] = s[len - 1];
	}
	return ascii_eight(word);
}

bool str_is_utf8(Str text)
{
	const uint8_t *s = (const uint8_t *)text.ptr;

	if (text.len > 0 && text.len < 8 && ascii_few(s, text.len))
		return true;
	for (size_t i = 0; i < text.len;) {
		size_t len = text.len - i >= 8 && ascii_eight(s + i) ? 8 : utf8_sequence(s + i, text.len - i);

		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

bool str_is_ascii(Str text)
{
	const uint8_t *s = (const uint8_t *)text.ptr;
	bool is = true;

	if (text.len < 8)
		return text.len == 0 || ascii_few(s, text.len);
	for (size_t i = 0; i + 8 < text.len; i += 8)
		is &= ascii_eight(s + i);
	return is && ascii_eight(s + text.len - 8);
}

enum { NUMBER_MAX = 64 };

// strto* skip blanks and accept signs where we do not want them.
static bool number_text(Str text, char buffer[NUMBER_MAX], const char *allowed_first)
{
	if (text.len == 0 || text.len >= NUMBER_MAX || !strchr(allowed_first, text.ptr[0]))
		return false;
	memcpy(buffer, text.ptr, text.len);
	buffer[text.len] = 0;
	return strlen(buffer) == text.len;
}

bool str_to_i64(Str text, int64_t *ret)
{
	char buffer[NUMBER_MAX], *end;

	if (!number_text(text, buffer, "-0123456789"))
		return false;
	errno = 0;
	*ret = strtoll(buffer, &end, 10);
	return errno == 0 && *end == 0 && end != buffer;
}

bool str_to_u64(Str text, uint64_t *ret)
{
	char buffer[NUMBER_MAX], *end;

	if (!number_text(text, buffer, "0123456789"))
		return false;
	errno = 0;
	*ret = strtoull(buffer, &end, 10);
	return errno == 0 && *end == 0;
}

bool str_to_f64(Str text, double *ret)
{
	char buffer[NUMBER_MAX], *end;

	if (!number_text(text, buffer, "-+.0123456789"))
		return false;
	// strtod also takes hexadecimal, "inf" and "nan"; a decimal number has none of those letters.
	if (buffer[strspn(buffer, "+-.0123456789eE")] != 0)
		return false;
	errno = 0;
	*ret = strtod(buffer, &end);
	return errno == 0 && *end == 0 && end != buffer;
}

void hex_encode(const uint8_t *bytes, size_t len, char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	hex[2 * len] = 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_decode(Str hex, uint8_t *bytes, size_t len)
{
	if (hex.len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_digit(hex.ptr[2 * i]), low = hex_digit(hex.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
