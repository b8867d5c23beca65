// What all signed messages share: one limit, one spelling.
#include "snapshot/internal.h"

#include "wire/wire.h"

Err payload_pack(const ProtobufCMessage *message, Err id, Arena *arena, Str *ret)
{
	Str payload;
	TRY(wire_pack(message, arena, &payload));
	if (payload.len > MANIFEST_MAX)
		return err(id, "%s has %zu bytes, at most %d are allowed: shorten its texts and lists",
		        message->descriptor->short_name, payload.len, MANIFEST_MAX);
	*ret = payload;
	return OK;
}

Err payload_parse(const ProtobufCMessageDescriptor *descriptor, Str payload, Err id, Arena *arena,
        ProtobufCMessage **ret)
{
	if (payload.len == 0 || payload.len > MANIFEST_MAX)
		return err(id, "%s has %zu bytes, 1 to %d are allowed", descriptor->short_name, payload.len,
		        MANIFEST_MAX);
	return strict_unpack(descriptor, payload, 0, id, arena, ret);
}
