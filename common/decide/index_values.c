// Texts get numbers, so that a text is looked at once a visitor, however many conditions compare with it.
#include "decide/index_values.h"

#include <xxhash.h>

static uint32_t place_of(const Texts *texts, uint32_t owner, Str text)
{
	return (uint32_t)XXH3_64bits_withSeed(text.ptr ? text.ptr : "", text.len, owner) & texts->mask;
}

static bool is_text(const Texts *texts, uint32_t slot, uint32_t owner, Str text)
{
	const Text *known = &texts->items[slot - 1];
	return known->owner == owner && str_eq(known->text, text);
}

static bool texts_grow(Texts *texts, Arena *arena)
{
	uint32_t capacity = texts->capacity ? 2 * texts->capacity : 64;
	Text *items = ARENA_ARRAY(arena, Text, capacity);
	uint32_t *slots = ARENA_ARRAY(arena, uint32_t, 2 * (size_t)capacity);
	if (!items || !slots)
		return false;
	if (texts->count)
		memcpy(items, texts->items, texts->count * sizeof *items);
	texts->items = items;
	texts->slots = slots;
	texts->capacity = capacity;
	texts->mask = 2 * capacity - 1;
	for (uint32_t i = 0; i < texts->count; i++) {
		uint32_t at = place_of(texts, items[i].owner, items[i].text);
		while (slots[at])
			at = (at + 1) & texts->mask;
		slots[at] = i + 1;
	}
	return true;
}

int64_t texts_find(const Texts *texts, uint32_t owner, Str text)
{
	if (texts->count == 0)
		return KEY_NO_TEXT;
	for (uint32_t at = place_of(texts, owner, text); texts->slots[at]; at = (at + 1) & texts->mask)
		if (is_text(texts, texts->slots[at], owner, text))
			return texts->items[texts->slots[at] - 1].number;
	return KEY_NO_TEXT;
}

uint32_t texts_add(Texts *texts, uint32_t owner, Str text, Arena *arena)
{
	int64_t known = texts_find(texts, owner, text);
	if (known != KEY_NO_TEXT)
		return (uint32_t)known;
	if (texts->count == texts->capacity && !texts_grow(texts, arena))
		return UINT32_MAX;
	uint32_t at = place_of(texts, owner, text);
	while (texts->slots[at])
		at = (at + 1) & texts->mask;
	texts->items[texts->count] = (Text){text, owner, texts->counts[owner]++};
	texts->slots[at] = ++texts->count;
	return texts->items[texts->count - 1].number;
}
