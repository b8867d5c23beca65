// Codes are unique because both parts are bijections: the seed is unique per call, the ordinal within it. The
// seed's part is the same for all codes of a call, so it is written once.
#include "decide/call.h"

enum { ORDINAL_CHARS = 6, CHAR_BITS = 5, ORDINAL_BITS = ORDINAL_CHARS * CHAR_BITS };
_Static_assert(CODE_SEED_CHARS + ORDINAL_CHARS + 1 == TREATMENT_CODE_SIZE, "the code fills its array");

static inline __attribute__((always_inline)) void encode(uint64_t value, size_t chars, char *text)
{
	static const char digits[32] = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D',
	        'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z'};
#pragma GCC unroll 13
	for (size_t i = chars; i-- > 0; value >>= CHAR_BITS)
		text[i] = digits[value & 31];
}

TreatmentCodes treatment_codes_of(uint64_t seed)
{
	TreatmentCodes codes;
	codes.mask = (uint32_t)(mix64(seed + UINT64_C(0x9e3779b97f4a7c15)) >> (64 - ORDINAL_BITS));
	encode(mix64(seed), CODE_SEED_CHARS, codes.seed);
	return codes;
}

void treatment_code_make(const TreatmentCodes *codes, uint32_t ordinal, char ret[TREATMENT_CODE_SIZE])
{
	memcpy(ret, codes->seed, CODE_SEED_CHARS);
	encode(ordinal ^ codes->mask, ORDINAL_CHARS, ret + CODE_SEED_CHARS);
	ret[TREATMENT_CODE_SIZE - 1] = '\0';
}
