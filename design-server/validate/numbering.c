#include "validate/numbering.h"

enum { PLACES_FIRST = 64 };

static uint64_t hash_of(Str text)
{
	uint64_t hash = UINT64_C(14695981039346656037); // FNV-1a
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(1099511628211);
	return hash ^ (hash >> 29);
}

static uint32_t *place_of(const Numbering *numbering, Str text)
{
	uint32_t mask = numbering->place_count - 1;
	for (uint32_t at = (uint32_t)hash_of(text) & mask;; at = (at + 1) & mask) {
		uint32_t *place = &numbering->places[at];
		if (!*place || str_eq(numbering->items[*place - 1], text))
			return place;
	}
}

static Err grow(Numbering *numbering)
{
	uint32_t room = numbering->room ? 2 * numbering->room : PLACES_FIRST / 2;
	Str *items = ARENA_ARRAY(numbering->arena, Str, room);
	uint32_t *places = ARENA_ARRAY(numbering->arena, uint32_t, 2 * (size_t)room);
	if (!items || !places)
		return err(ERR_NO_MEMORY, "no memory to analyse the channel");
	if (numbering->count)
		memcpy(items, numbering->items, numbering->count * sizeof *items);
	numbering->items = items;
	numbering->room = room;
	numbering->places = places;
	numbering->place_count = 2 * room;
	for (uint32_t i = 0; i < numbering->count; i++)
		*place_of(numbering, items[i]) = i + 1;
	return OK;
}

Err numbering_add(Numbering *numbering, Str text, uint32_t *ret, bool *ret_new)
{
	if (numbering->count == numbering->room)
		TRY(grow(numbering));
	uint32_t *place = place_of(numbering, text);
	*ret_new = !*place;
	if (*ret_new) {
		Str copy = arena_str(numbering->arena, text);
		if (!copy.ptr)
			return err(ERR_NO_MEMORY, "no memory to analyse the channel");
		numbering->items[numbering->count++] = copy;
		*place = numbering->count;
	}
	*ret = *place - 1;
	return OK;
}
