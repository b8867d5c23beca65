// Which treatment a visitor got last for an offer, for events that name the offer and not the code; nobody
// else remembers treatments in a plan, for the same snapshot serves from its begin to its end. What is
// recommended is written one behind the other into a ring, for most of it is never asked for; how it is found
// is worked out when somebody asks for the first time, and kept up from then on. What it forgets depends on
// the lane's own events only.
#include "plan/internal.h"

#include "base/mix.h"
#include <stdlib.h>

enum { KEPT = 131072, CHAINS = 65536 };

// Places count on for ever; what stands at one is in the ring while it is among the last KEPT. Plus 1; 0:
// none.
typedef struct Index {
	uint64_t newest[CHAINS], before[KEPT];
} Index;

struct Remembered {
	uint64_t count;
	Index *index; // NULL: nobody has asked yet
	Recommended ring[KEPT];
};

// The ring stays as it is: nobody looks at a place before something is put there.
Remembered *remembered_new(void)
{
	Remembered *remembered = malloc(sizeof *remembered);
	if (remembered == NULL)
		return NULL;
	remembered->count = 0;
	remembered->index = NULL;
	return remembered;
}

void remembered_free(Remembered *remembered)
{
	if (remembered == NULL)
		return;
	free(remembered->index);
	free(remembered);
}

static uint64_t chain_of(uint64_t visitor, uint32_t offer)
{
	return mix64(visitor + offer * MIX_STEP) % CHAINS;
}

static void index_add(Index *index, const Recommended *treatment, uint64_t place)
{
	uint64_t *newest = &index->newest[chain_of(treatment->visitor, treatment->id.offer)];
	index->before[place % KEPT] = *newest;
	*newest = place + 1;
}

Recommended *remembered_next(Remembered *remembered)
{
	return &remembered->ring[remembered->count % KEPT];
}

void remembered_add(Remembered *remembered)
{
	uint64_t place = remembered->count++;
	if (remembered->index != NULL)
		index_add(remembered->index, &remembered->ring[place % KEPT], place);
}

static bool is_kept(const Remembered *remembered, uint64_t place)
{
	return remembered->count - place <= KEPT;
}

static Err index_all(Remembered *remembered)
{
	uint64_t first = remembered->count > KEPT ? remembered->count - KEPT : 0;
	remembered->index = calloc(1, sizeof(Index));
	if (remembered->index == NULL)
		return err(ERR_NO_MEMORY, "no memory to find treatments by");
	for (uint64_t place = first; place < remembered->count; place++)
		index_add(remembered->index, &remembered->ring[place % KEPT], place);
	return OK;
}

Err remembered_find(Remembered *remembered, uint64_t visitor, uint32_t offer, const Recommended **ret)
{
	*ret = NULL;
	if (remembered->index == NULL)
		TRY(index_all(remembered));
	const Index *index = remembered->index;
	uint64_t next = index->newest[chain_of(visitor, offer)];
	for (; next > 0 && is_kept(remembered, next - 1) && *ret == NULL;
	        next = index->before[(next - 1) % KEPT]) {
		const Recommended *treatment = &remembered->ring[(next - 1) % KEPT];
		if (treatment->visitor == visitor && treatment->id.offer == offer)
			*ret = treatment;
	}
	return OK;
}
