// The guard keeps a stack of its own (WIRE_DEPTH_MAX frames) instead of recursing, so that the depth of the
// input is a number it compares and never the depth of the C stack. It must be at least as strict as
// protobuf-c: whatever passes here can only fail to unpack for want of memory. The path of a bad field is
// worked out after the fact, from the frames, so that good messages do not pay for it.
#include "wire/guard.h"

#include "wire/wire_type.h"

#include <stdio.h>

enum {
	UNKNOWN_MAX = 64,
	TAG_BYTES_MAX = 5, // what protobuf-c reads of a tag or a length
	VARINT_BYTES_MAX = 10,
	PATH_SIZE = 192,
};
#define FIELD_NUMBER_MAX ((UINT64_C(1) << 29) - 1)

typedef struct Frame {
	const ProtobufCMessageDescriptor *message;
	const uint8_t *start, *end;
	const uint8_t *at;                       // of the present field's tag
	const ProtobufCFieldDescriptor *present; // NULL: unknown
	const uint8_t *resume;                   // in the outer message, once this one is done
} Frame;

typedef struct Guard {
	Frame frames[WIRE_DEPTH_MAX];
	size_t depth; // frames in use
	size_t fields_left;
	size_t unknown_left;
} Guard;

// A field as it stands on the wire.
typedef struct Item {
	uint32_t number;
	ProtobufCWireType type;
	const uint8_t *value; // past the length, if there is one
	const uint8_t *end;
} Item;

static const uint8_t *long_varint(const uint8_t *at, const uint8_t *end, size_t max_bytes, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < max_bytes && at < end; i++) {
		uint8_t byte = *at++;

		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80)) {
			*ret = value;
			return at;
		}
	}
	return NULL;
}

static inline const uint8_t *varint(const uint8_t *at, const uint8_t *end, size_t max_bytes, uint64_t *ret)
{
	if (at < end && *at < 0x80) { // nearly every tag and length
		*ret = *at;
		return at + 1;
	}
	return long_varint(at, end, max_bytes, ret);
}

static const char *item_fixed(Item *item, const uint8_t *end, size_t size)
{
	if ((size_t)(end - item->value) < size)
		return "is cut off";
	item->end = item->value + size;
	return NULL;
}

// NULL, or what is wrong.
static const char *item_value(Item *item, const uint8_t *end)
{
	uint64_t number;

	switch (item->type) {
	case PROTOBUF_C_WIRE_TYPE_VARINT:
		item->end = varint(item->value, end, VARINT_BYTES_MAX, &number);
		return item->end ? NULL : "has a number that does not end";
	case PROTOBUF_C_WIRE_TYPE_64BIT:
		return item_fixed(item, end, 8);
	case PROTOBUF_C_WIRE_TYPE_32BIT:
		return item_fixed(item, end, 4);
	case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
		item->value = varint(item->value, end, TAG_BYTES_MAX, &number);
		if (!item->value || number > (uint64_t)(end - item->value) || number > INT32_MAX)
			return "is longer than its message";
		item->end = item->value + number;
		return NULL;
	default:
		return "has a wire type that is not in use (groups are not taken)";
	}
}

static const char *item_read(const uint8_t *at, const uint8_t *end, Item *ret)
{
	uint64_t tag;
	const uint8_t *value = varint(at, end, TAG_BYTES_MAX, &tag);

	if (!value || tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MAX)
		return "is not followed by a valid tag";
	*ret = (Item){.number = (uint32_t)(tag >> 3), .type = (ProtobufCWireType)(tag & 7), .value = value};
	return item_value(ret, end);
}

static const char *packed_check(ProtobufCWireType element, const uint8_t *at, const uint8_t *end)
{
	uint64_t number;

	if (element != PROTOBUF_C_WIRE_TYPE_VARINT) {
		size_t size = element == PROTOBUF_C_WIRE_TYPE_64BIT ? 8 : 4;

		return (size_t)(end - at) % size == 0 ? NULL : "is packed and ends within a member";
	}
	while (at < end) {
		at = varint(at, end, VARINT_BYTES_MAX, &number);
		if (!at)
			return "is packed and has a number that does not end";
	}
	return NULL;
}

// Whether a known field's value is what its declaration says.
static const char *field_check(const ProtobufCFieldDescriptor *field, const Item *item)
{
	ProtobufCWireType natural = wire_type(field->type);

	if (item->type != natural) {
		if (field->label != PROTOBUF_C_LABEL_REPEATED ||
		        item->type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
			return "has another wire type than its declaration";
		return packed_check(natural, item->value, item->end);
	}
	if (field->type == PROTOBUF_C_TYPE_STRING &&
	        !str_is_utf8(str_n((const char *)item->value, (size_t)(item->end - item->value))))
		return "is not UTF-8 text without NUL";
	return NULL;
}

// How many fields of the same number stand before the present one in its message.
static size_t occurrence(const Frame *frame)
{
	size_t count = 0;
	Item item;

	for (const uint8_t *at = frame->start; at < frame->at; at = item.end) {
		if (item_read(at, frame->end, &item))
			break;
		count += item.number == frame->present->id;
	}
	return count;
}

static void path_write(const Guard *guard, char path[PATH_SIZE])
{
	size_t used = 0;

	path[0] = '\0';
	for (size_t i = 0; i < guard->depth && guard->frames[i].present && used < PATH_SIZE; i++) {
		const Frame *frame = &guard->frames[i];
		const char *dot = used ? "." : "";
		int added;

		if (frame->present->label == PROTOBUF_C_LABEL_REPEATED)
			added = snprintf(path + used, PATH_SIZE - used, "%s%s[%zu]", dot,
			        frame->present->name, occurrence(frame));
		else
			added = snprintf(path + used, PATH_SIZE - used, "%s%s", dot, frame->present->name);
		used += (size_t)added;
	}
}

static Err refuse(const Guard *guard, Err id, const char *what)
{
	const Frame *frame = &guard->frames[guard->depth - 1];
	char path[PATH_SIZE];

	path_write(guard, path);
	return err_at(id, path,
	        "byte %zu of the message's %zu: '%s' of %s %s; encode it anew from the .proto file",
	        (size_t)(frame->at - guard->frames[0].start),
	        (size_t)(guard->frames[0].end - guard->frames[0].start),
	        frame->present ? frame->present->name : "a field", frame->message->name, what);
}

static Err push(Guard *guard, const ProtobufCMessageDescriptor *message, const Item *item)
{
	if (guard->depth == WIRE_DEPTH_MAX)
		return refuse(guard, ERR_LIMIT, "is nested too deep (at most 32 messages)");
	guard->frames[guard->depth++] = (Frame){.message = message,
	        .start = item->value,
	        .end = item->end,
	        .at = item->value,
	        .resume = item->end};
	return OK;
}

static Err field_step(Guard *guard, Frame *frame)
{
	Item item;
	const char *wrong = item_read(frame->at, frame->end, &item);

	frame->present = NULL;
	if (wrong)
		return refuse(guard, ERR_REQUEST_MALFORMED, wrong);
	if (guard->fields_left-- == 0)
		return refuse(guard, ERR_LIMIT, "is one field too many");
	frame->present = protobuf_c_message_descriptor_get_field(frame->message, item.number);
	if (!frame->present) {
		if (guard->unknown_left-- == 0)
			return refuse(guard, ERR_LIMIT, "is one unknown field too many (at most 64)");
		frame->at = item.end;
		return OK;
	}
	wrong = field_check(frame->present, &item);
	if (wrong)
		return refuse(guard, ERR_REQUEST_MALFORMED, wrong);
	if (frame->present->type == PROTOBUF_C_TYPE_MESSAGE)
		return push(guard, frame->present->descriptor, &item);
	frame->at = item.end;
	return OK;
}

Err guard_check(const ProtobufCMessageDescriptor *descriptor, Str bytes, size_t max_fields)
{
	// Frames are filled when they are pushed: clearing them all takes longer than to scan a request.
	__attribute__((uninitialized)) Guard guard;
	const uint8_t *start = (const uint8_t *)(bytes.ptr ? bytes.ptr : "");
	const Item whole = {.value = start, .end = start + bytes.len};

	guard.depth = 0;
	guard.fields_left = max_fields;
	guard.unknown_left = UNKNOWN_MAX;
	TRY(push(&guard, descriptor, &whole));
	while (guard.depth) {
		Frame *frame = &guard.frames[guard.depth - 1];

		if (frame->at < frame->end) {
			TRY(field_step(&guard, frame));
			continue;
		}
		guard.depth--;
		if (guard.depth)
			guard.frames[guard.depth - 1].at = frame->resume;
	}
	return OK;
}
