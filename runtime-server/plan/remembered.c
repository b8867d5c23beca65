// Which treatment a visitor got last for an offer, for events that name the offer and not the code. A table
// of a fixed size, in sets of which the one used longest ago gives way: what it forgets depends on the lane's
// own events only.
#include "plan/internal.h"

#include "base/mix.h"
#include <stdlib.h>

enum { SETS = 8192, WAYS = 8 };

typedef struct Way {
	uint64_t key, used; // `used` 0: empty
	char code[TREATMENT_CODE_SIZE];
} Way;

struct Remembered {
	uint64_t uses;
	Way sets[SETS][WAYS];
};

Remembered *remembered_new(void)
{
	return calloc(1, sizeof(Remembered));
}

void remembered_free(Remembered *remembered)
{
	free(remembered);
}

static uint64_t key_of(uint64_t visitor, uint32_t offer)
{
	return mix64(visitor + offer * MIX_STEP);
}

void remembered_put(Remembered *remembered, uint64_t visitor, uint32_t offer, const char *code)
{
	uint64_t key = key_of(visitor, offer);
	Way *set = remembered->sets[key % SETS], *taken = &set[0];
	for (size_t i = 0; i < WAYS && taken->key != key; i++)
		if (set[i].key == key || set[i].used < taken->used)
			taken = &set[i];
	taken->key = key;
	taken->used = ++remembered->uses;
	memcpy(taken->code, code, sizeof taken->code);
}

const char *remembered_find(Remembered *remembered, uint64_t visitor, uint32_t offer)
{
	uint64_t key = key_of(visitor, offer);
	Way *set = remembered->sets[key % SETS];
	for (size_t i = 0; i < WAYS; i++)
		if (set[i].key == key && set[i].used > 0)
			return set[i].code;
	return NULL;
}
