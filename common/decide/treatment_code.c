// Codes are unique because both parts are bijections: the seed is unique per call, the ordinal within it. The
// seed's part is the same for all codes of a call, and of the first 32 all but the last digit, so that is
// written once, sixteen digits at a time.
#include "decide/call.h"
#include "decide/receipt.h"

enum { ORDINAL_CHARS = 6, CHAR_BITS = 5, ORDINAL_BITS = ORDINAL_CHARS * CHAR_BITS };
_Static_assert(CODE_SEED_CHARS + ORDINAL_CHARS + 1 == TREATMENT_CODE_SIZE, "the code fills its array");

_Static_assert(CODE_SEED_CHARS + 1 == DECISION_ID_SIZE, "a decision is named by what its codes begin with");

static const char digits[32] = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E',
        'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z'};

typedef int8_t Digits __attribute__((vector_size(16)));

// Eight groups of five bits, the highest first, a byte each.
static uint64_t spread(uint64_t bits)
{
	bits = (bits & UINT64_C(0xfffff)) | (bits & UINT64_C(0xfffff00000)) << 12;
	bits = (bits & UINT64_C(0x000003ff000003ff)) | (bits & UINT64_C(0x000ffc00000ffc00)) << 6;
	bits = (bits & UINT64_C(0x001f001f001f001f)) | (bits & UINT64_C(0x03e003e003e003e0)) << 3;
	return __builtin_bswap64(bits);
}

// The digits of twice 40 bits. Letters stand 7 behind the figures, and pass over I, L, O and U; true is -1.
static void encode16(uint64_t first, uint64_t second, char *text)
{
	typedef uint64_t Halves __attribute__((vector_size(16)));
	Digits digit = (Digits)(Halves){spread(first), spread(second)};
	digit += '0' + ((digit > 9) & 7) - (digit > 17) - (digit > 19) - (digit > 21) - (digit > 26);
	memcpy(text, &digit, sizeof digit);
}

static void encode(uint32_t value, size_t chars, char *text)
{
	for (size_t i = chars; i-- > 0; value >>= CHAR_BITS)
		text[i] = digits[value & 31];
}

// Sixteen digits are the seed's thirteen and the mask's first three.
void treatment_codes_begin(uint64_t seed, TreatmentCodes *ret)
{
	const uint64_t name = mix64(seed), low = name & UINT64_C(0x1ffffff);
	ret->mask = (uint32_t)(mix64(seed + UINT64_C(0x9e3779b97f4a7c15)) >> (64 - ORDINAL_BITS));
	encode16(name >> 25, low << 15 | ret->mask >> 15, ret->first);
	encode(ret->mask, 3, ret->first + 16);
	ret->first[TREATMENT_CODE_SIZE - 1] = '\0';
}

void treatment_code_make(const TreatmentCodes *codes, uint32_t ordinal, char ret[TREATMENT_CODE_SIZE])
{
	memcpy(ret, codes->first, TREATMENT_CODE_SIZE);
	if (ordinal >> CHAR_BITS == 0)
		ret[TREATMENT_CODE_SIZE - 2] = digits[(ordinal ^ codes->mask) & 31];
	else
		encode(ordinal ^ codes->mask, ORDINAL_CHARS, ret + CODE_SEED_CHARS);
}

// --- decisions' names ---

void decision_id(uint64_t seed, char ret[DECISION_ID_SIZE])
{
	TreatmentCodes codes;
	treatment_codes_begin(seed, &codes);
	memcpy(ret, codes.first, CODE_SEED_CHARS);
	ret[CODE_SEED_CHARS] = '\0';
}

void decision_code(uint64_t seed, uint32_t ordinal, char ret[TREATMENT_CODE_SIZE])
{
	TreatmentCodes codes;
	treatment_codes_begin(seed, &codes);
	treatment_code_make(&codes, ordinal, ret);
}

// What undoes mix64, step by step: the factors' inverses, and shifts again until nothing is left to shift.
static uint64_t unmix64(uint64_t x)
{
	x = (x ^ (x >> 31) ^ (x >> 62)) * UINT64_C(0x319642b2d24d8ec3);
	x = (x ^ (x >> 27) ^ (x >> 54)) * UINT64_C(0x96de1b173f119089);
	return x ^ (x >> 30) ^ (x >> 60);
}

// As people copy them: in small letters too, and with the letters that look like digits.
static unsigned digit_of(char c)
{
	char upper = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
	if (upper == 'O')
		upper = '0';
	if (upper == 'I' || upper == 'L')
		upper = '1';
	const char *found = memchr(digits, upper, sizeof digits);
	return found != NULL ? (unsigned)(found - digits) : sizeof digits;
}

bool decision_id_read(Str text, uint64_t *ret_seed)
{
	uint64_t mixed = 0;
	if (text.len != CODE_SEED_CHARS && text.len != TREATMENT_CODE_SIZE - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = digit_of(text.ptr[i]);
		if (digit == sizeof digits || (i == 0 && digit > 15)) // 13 digits have a bit more than 64
			return false;
		if (i < CODE_SEED_CHARS)
			mixed = mixed << CHAR_BITS | digit;
	}
	*ret_seed = unmix64(mixed);
	return true;
}
