// Per call a handful of a hundred thousand things is looked at: tables that are cleared in full would cost
// more than the call.
#include "decide/call.h"

enum { PAGE_BITS = 6, PAGE_ITEMS = 1 << PAGE_BITS, TALLY_ROOM = 16 };

static void *forget(Memo *memo)
{
	memset(memo->spare, 0, sizeof memo->spare);
	return memo->spare;
}

void *memo_at(Memo *memo, uint32_t index)
{
	if (!memo->pages)
		memo->pages = ARENA_ARRAY(memo->arena, void *, (memo->count >> PAGE_BITS) + 1);
	if (!memo->pages)
		return forget(memo);
	void **page = &memo->pages[index >> PAGE_BITS];
	if (!*page)
		*page = arena_alloc(memo->arena, PAGE_ITEMS * memo->size);
	if (!*page)
		return forget(memo);
	return (char *)*page + (index & (PAGE_ITEMS - 1)) * memo->size;
}

// --- tallies ---

static struct TallySlot *find(const Tally *tally, uint64_t key)
{
	size_t at = mix64(key) & (tally->room - 1);
	while (tally->slots[at].key && tally->slots[at].key != key)
		at = (at + 1) & (tally->room - 1);
	return &tally->slots[at];
}

static bool grow(Tally *tally)
{
	Tally grown = *tally;
	grown.room = tally->room ? 2 * tally->room : TALLY_ROOM;
	grown.slots = ARENA_ARRAY(tally->arena, struct TallySlot, grown.room);
	if (!grown.slots)
		return false;
	for (size_t i = 0; i < tally->room; i++) {
		if (tally->slots[i].key)
			*find(&grown, tally->slots[i].key) = tally->slots[i];
	}
	*tally = grown;
	return true;
}

uint64_t *tally_at(Tally *tally, uint64_t key)
{
	if (2 * tally->count >= tally->room && !grow(tally))
		return NULL;
	struct TallySlot *slot = find(tally, key);
	tally->count += !slot->key;
	slot->key = key;
	return &slot->value;
}

uint64_t tally_get(const Tally *tally, uint64_t key)
{
	return tally->count ? find(tally, key)->value : 0;
}
