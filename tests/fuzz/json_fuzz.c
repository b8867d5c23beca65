// Any text as the JSON of an offer: refused, or read to a message whose JSON reads back to the same.
#include "base/cleanup.h"
#include "fuzz.h"
#include "parley/design/v1/offer.pb-c.h"
#include "wire/json.h"

#include <stdlib.h>

static Str canonical(const json_t *in, Arena *arena)
{
	CLEANUP(json_decrefp_) json_t *out = NULL;
	ProtobufCMessage *message;
	Str text = {0};

	if (json_to_message(in, &parley__design__v1__update_offer_request__descriptor, arena, &message) != OK)
		return text;
	if (json_from_message(message, JSON_FOR_PEOPLE, &out) != OK ||
	        json_text(out, false, arena, &text) != OK)
		abort();
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 14, 1 << 26);
	CLEANUP(json_decrefp_) json_t *json = NULL;
	CLEANUP(json_decrefp_) json_t *again = NULL;
	Str once, twice;

	if (json_parse(str_n((const char *)data, size), 1 << 16, &json) != OK)
		return 0;
	once = canonical(json, arena);
	if (!once.len)
		return 0;
	if (json_parse(once, 1 << 20, &again) != OK)
		abort();
	twice = canonical(again, arena);
	if (!str_eq(once, twice))
		abort();
	return 0;
}
