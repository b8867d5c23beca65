// Codes are unique because both parts are bijections: the seed is unique per call, the ordinal within it.
#include "decide/call.h"

enum { SEED_CHARS = 13, ORDINAL_CHARS = 6, CHAR_BITS = 5, ORDINAL_BITS = ORDINAL_CHARS * CHAR_BITS };
_Static_assert(SEED_CHARS + ORDINAL_CHARS + 1 == TREATMENT_CODE_SIZE, "the code fills its array");

static void encode(uint64_t value, size_t chars, char *text)
{
	static const char digits[32] = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D',
	        'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z'};
	while (chars--) {
		text[chars] = digits[value & 31];
		value >>= CHAR_BITS;
	}
}

void treatment_code_make(uint64_t seed, uint32_t ordinal, char ret[TREATMENT_CODE_SIZE])
{
	uint64_t mask = mix64(seed + UINT64_C(0x9e3779b97f4a7c15)) >> (64 - ORDINAL_BITS);
	encode(mix64(seed), SEED_CHARS, ret);
	encode(ordinal ^ mask, ORDINAL_CHARS, ret + SEED_CHARS);
	ret[TREATMENT_CODE_SIZE - 1] = '\0';
}
