// DSSE, with one thing more: every signature in an envelope has to be good, so that no byte of a stored
// envelope can change unnoticed. Here an envelope is taken apart and put together; who may sign is in
// roles.c.
#include "snapshot/internal.h"

#include "wire/wire.h"

enum { SIGNATURE_SIZE = 64 };

static size_t signatures_max(const char *type)
{
	return strcmp(type, ROOT_PAYLOAD_TYPE) == 0 ? (size_t)ROOT_SIGNATURES_MAX : (size_t)SIGNATURES_MAX;
}

Err envelope_open(Str bytes, Arena *arena, Envelope **ret)
{
	if (bytes.len == 0 || bytes.len > ENVELOPE_MAX)
		return err(ERR_ENVELOPE_INVALID, "the envelope has %zu bytes, 1 to %d are allowed", bytes.len,
		        ENVELOPE_MAX);
	ProtobufCMessage *message = NULL;
	TRY(strict_unpack(&parley__snapshot__v1__envelope__descriptor, bytes, 0, ERR_ENVELOPE_INVALID, arena,
	        &message));
	Envelope *envelope = (Envelope *)message;
	if (envelope->n_signatures > signatures_max(envelope->payload_type))
		return err(ERR_ENVELOPE_INVALID, "%zu signatures, at most %zu are allowed",
		        envelope->n_signatures, signatures_max(envelope->payload_type));
	for (size_t i = 0; i < envelope->n_signatures; i++) {
		if (envelope->signatures[i]->sig.len != SIGNATURE_SIZE)
			return err(ERR_ENVELOPE_INVALID, "signature %zu has %zu bytes, Ed25519 has %d", i,
			        envelope->signatures[i]->sig.len, SIGNATURE_SIZE);
	}
	*ret = envelope;
	return OK;
}

Err envelope_take(Str bytes, Str type, Arena *arena, Opened *ret)
{
	Envelope *envelope;
	TRY(envelope_open(bytes, arena, &envelope));
	if (!str_eq(str(envelope->payload_type), type))
		return err(ERR_ENVELOPE_TYPE, "the payload type is '%.100s', it must be " STR_FMT,
		        envelope->payload_type, STR_ARG(type));
	if (envelope->n_signatures == 0)
		return err(ERR_SIGNATURE_INVALID, "the envelope has no signature");
	ret->envelope = envelope;
	ret->payload = str_n((const char *)envelope->payload.data, envelope->payload.len);
	return signed_bytes_of(type, ret->payload, arena, &ret->signed_bytes);
}

Err envelope_pack(Str type, Str payload, Signature *const *signatures, size_t count, Arena *arena, Str *ret)
{
	Envelope envelope = PARLEY__SNAPSHOT__V1__ENVELOPE__INIT;
	envelope.payload_type = arena_cstr(arena, type);
	if (!envelope.payload_type)
		return err(ERR_NO_MEMORY, "no memory for an envelope");
	if (count == 0 || count > signatures_max(envelope.payload_type))
		return err(ERR_ENVELOPE_INVALID, "%zu signatures: an envelope has 1 to %zu", count,
		        signatures_max(envelope.payload_type));
	envelope.payload =
	        (ProtobufCBinaryData){.len = payload.len, .data = (uint8_t *)(uintptr_t)payload.ptr};
	envelope.n_signatures = count;
	envelope.signatures = (Signature **)(uintptr_t)signatures;
	TRY(wire_pack(&envelope.base, arena, ret));
	if (ret->len > ENVELOPE_MAX)
		return err(ERR_ENVELOPE_INVALID, "the envelope has %zu bytes, at most %d are allowed",
		        ret->len, ENVELOPE_MAX);
	return OK;
}
