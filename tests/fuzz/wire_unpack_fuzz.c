// Any bytes as any of several messages: the guard refuses or protobuf-c unpacks; nothing else. What unpacks
// packs again and has a JSON form that reads back.
#include "base/cleanup.h"
#include "fuzz.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "parley/design/v1/offer.pb-c.h"
#include "parley/runtime/v1/interaction.pb-c.h"
#include "parley/snapshot/v1/snapshot.pb-c.h"
#include "wire/json.h"
#include "wire/wire.h"

#include <stdlib.h>

static const ProtobufCMessageDescriptor *const descriptors[] = {
        &parley__runtime__v1__start_session_request__descriptor,
        &parley__runtime__v1__get_offers_response__descriptor,
        &parley__design__v1__update_offer_request__descriptor,
        &parley__snapshot__v1__snapshot__descriptor,
        &google__protobuf__file_descriptor_proto__descriptor,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 1 << 28);
	CLEANUP(json_decrefp_) json_t *json = NULL;
	const ProtobufCMessageDescriptor *descriptor =
	        size ? descriptors[data[0] % ARRAY_COUNT(descriptors)] : NULL;
	ProtobufCMessage *message;
	Str packed;

	if (!size || size > 65536)
		return 0;
	switch (wire_unpack(descriptor, str_n((const char *)data + 1, size - 1), 0, arena, &message)) {
	case OK:
		break;
	case ERR_NO_MEMORY: // 256 MiB do: the guard let through what protobuf-c refuses
		if (arena_used(arena) < 1 << 27)
			abort();
		return 0;
	default:
		return 0;
	}
	if (wire_pack(message, arena, &packed) != OK && arena_used(arena) < 1 << 27)
		abort();
	if (json_from_message(message, JSON_FOR_PEOPLE, &json) == OK &&
	        json_to_message(json, descriptor, arena, &message) != OK && arena_used(arena) < 1 << 27)
		abort();
	return 0;
}
