#include "estimate/ledger.h"

#include "base/mix.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 64 };

static size_t slot_of(const Ledger *ledger, uint64_t key)
{
	size_t slot = (size_t)mix64(key + MIX_STEP) & (ledger->slot_count - 1);

	while (ledger->slots[slot] != 0 && ledger->keys[ledger->slots[slot] - 1] != key)
		slot = (slot + 1) & (ledger->slot_count - 1);
	return slot;
}

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for the sums of an estimate");
}

// Room for half as many entries as slots, so that searches stay short.
static Err resize(Ledger *ledger, size_t slot_count)
{
	uint64_t *keys = realloc(ledger->keys, slot_count / 2 * sizeof *keys);
	if (keys == NULL)
		return no_memory();
	ledger->keys = keys;
	double *sums = realloc(ledger->sums, slot_count / 2 * ledger->width * sizeof *sums);
	if (sums == NULL)
		return no_memory();
	ledger->sums = sums;
	uint32_t *slots = calloc(slot_count, sizeof *slots);
	if (slots == NULL)
		return no_memory();
	free(ledger->slots);
	ledger->slots = slots;
	ledger->slot_count = slot_count;
	for (size_t i = 0; i < ledger->count; i++)
		slots[slot_of(ledger, keys[i])] = (uint32_t)i + 1;
	return OK;
}

Err ledger_init(Ledger *ledger, size_t width, size_t limit)
{
	*ledger = (Ledger){.width = width, .limit = limit};
	return resize(ledger, SLOTS_FIRST);
}

void ledger_done(Ledger *ledger)
{
	free(ledger->keys);
	free(ledger->sums);
	free(ledger->slots);
	*ledger = (Ledger){0};
}

Err ledger_at(Ledger *ledger, uint64_t key, double **ret)
{
	size_t slot = slot_of(ledger, key);

	if (ledger->slots[slot] == 0) {
		if (ledger->count == ledger->limit)
			return err(ERR_LIMIT,
			        "an estimate keeps sums for at most %zu units, or strata and actions",
			        ledger->limit);
		if (ledger->count == ledger->slot_count / 2) {
			TRY(resize(ledger, ledger->slot_count * 2));
			slot = slot_of(ledger, key);
		}
		ledger->keys[ledger->count] = key;
		for (size_t i = 0; i < ledger->width; i++)
			ledger->sums[ledger->count * ledger->width + i] = 0;
		ledger->slots[slot] = (uint32_t)++ledger->count;
	}
	*ret = &ledger->sums[(ledger->slots[slot] - 1) * ledger->width];
	return OK;
}

const double *ledger_find(const Ledger *ledger, uint64_t key)
{
	uint32_t entry = ledger->slots[slot_of(ledger, key)];

	return entry != 0 ? &ledger->sums[(entry - 1) * ledger->width] : NULL;
}
