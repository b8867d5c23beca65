// Packing in one walk makes the bytes that protobuf-c makes, for whatever a message may hold.
#include "base/cleanup.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "parley/design/v1/offer.pb-c.h"
#include "parley/journal/v1/journal.pb-c.h"
#include "parley/runtime/v1/interaction.pb-c.h"
#include "parley/snapshot/v1/snapshot.pb-c.h"
#include "wire/wire.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROUNDS = 300, DEPTH = 4 };

typedef struct Filler {
	Arena *arena;
	unsigned seed;
} Filler;

static unsigned below(Filler *filler, unsigned bound)
{
	return (unsigned)rand_r(&filler->seed) % bound;
}

static ProtobufCMessage *make(Filler *filler, const ProtobufCMessageDescriptor *descriptor, int depth);

static uint64_t number(Filler *filler)
{
	static const uint64_t some[] = {0, 1, 127, 128, 16383, 16384, INT32_MAX, UINT32_MAX, INT64_MAX,
	        UINT64_MAX, (uint64_t)INT64_MIN};
	return some[below(filler, ARRAY_COUNT(some))];
}

static double fraction(Filler *filler)
{
	static const double some[] = {0, -0.0, 1.5, -1e300, INFINITY, -INFINITY, NAN};
	return some[below(filler, ARRAY_COUNT(some))];
}

// In place: what a field's member holds.
static void fill_value(Filler *filler, const ProtobufCFieldDescriptor *field, void *value, int depth)
{
	static const char *const texts[] = {"", "a", "some text", "\xc3\xa4"};
	uint64_t any = number(filler);
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		*(const char **)value = texts[below(filler, ARRAY_COUNT(texts))];
		return;
	case PROTOBUF_C_TYPE_BYTES:
		*(ProtobufCBinaryData *)value = (ProtobufCBinaryData){
		        .len = below(filler, 200), .data = arena_alloc(filler->arena, 200)};
		return;
	case PROTOBUF_C_TYPE_MESSAGE:
		*(ProtobufCMessage **)value = make(filler, field->descriptor, depth - 1);
		return;
	case PROTOBUF_C_TYPE_DOUBLE:
		*(double *)value = fraction(filler);
		return;
	case PROTOBUF_C_TYPE_FLOAT:
		*(float *)value = (float)fraction(filler);
		return;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)value = (protobuf_c_boolean)below(filler, 2);
		return;
	default:
		memcpy(value, &any, wire_value_size(field->type));
	}
}

static void fill_repeated(
        Filler *filler, const ProtobufCFieldDescriptor *field, ProtobufCMessage *message, int depth)
{
	size_t size = wire_value_size(field->type), count = below(filler, 4);
	char *items = arena_alloc(filler->arena, size * 4);
	for (size_t i = 0; i < count; i++)
		fill_value(filler, field, items + i * size, depth);
	*(size_t *)(void *)((char *)message + field->quantifier_offset) = count;
	*(char **)(void *)((char *)message + field->offset) = items;
}

static void fill_field(
        Filler *filler, const ProtobufCFieldDescriptor *field, ProtobufCMessage *message, int depth)
{
	void *quantifier = (char *)message + field->quantifier_offset;
	if (below(filler, 3) == 0 || (depth == 0 && field->type == PROTOBUF_C_TYPE_MESSAGE))
		return;
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		fill_repeated(filler, field, message, depth);
		return;
	}
	fill_value(filler, field, (char *)message + field->offset, depth);
	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
		*(uint32_t *)quantifier = field->id;
	else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->type != PROTOBUF_C_TYPE_MESSAGE &&
	         field->type != PROTOBUF_C_TYPE_STRING)
		*(protobuf_c_boolean *)quantifier = (protobuf_c_boolean)below(filler, 2);
}

static void add_unknown(Filler *filler, ProtobufCMessage *message)
{
	message->n_unknown_fields = 1;
	message->unknown_fields = ARENA_NEW(filler->arena, ProtobufCMessageUnknownField);
	message->unknown_fields[0] = (ProtobufCMessageUnknownField){
	        .tag = 1000 + below(filler, 1000),
	        .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
	        .len = 4,
	        .data = arena_alloc(filler->arena, 4),
	};
}

static ProtobufCMessage *make(Filler *filler, const ProtobufCMessageDescriptor *descriptor, int depth)
{
	ProtobufCMessage *message = arena_alloc(filler->arena, descriptor->sizeof_message);
	descriptor->message_init(message);
	for (unsigned i = 0; i < descriptor->n_fields; i++)
		fill_field(filler, &descriptor->fields[i], message, depth);
	if (below(filler, 5) == 0)
		add_unknown(filler, message);
	return message;
}

static bool packs_alike(const ProtobufCMessage *message, Arena *arena)
{
	Str quick;
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *expected = arena_alloc(arena, size + 1);
	protobuf_c_message_pack(message, expected);
	if (!wire_pack_quick(message, &quick))
		return size > WIRE_QUICK_MAX;
	return size <= WIRE_QUICK_MAX && str_eq(quick, str_n((const char *)expected, size));
}

static void whatever_a_message_holds_the_bytes_are_protobuf_cs(void **state)
{
	(void)state;
	static const ProtobufCMessageDescriptor *const descriptors[] = {
	        &parley__runtime__v1__get_offers_request__descriptor,
	        &parley__runtime__v1__get_offers_response__descriptor,
	        &parley__runtime__v1__execute_batch_request__descriptor,
	        &parley__runtime__v1__value__descriptor,
	        &parley__journal__v1__entry__descriptor,
	        &parley__snapshot__v1__snapshot__descriptor,
	        &parley__design__v1__offer__descriptor,
	        &google__protobuf__file_descriptor_proto__descriptor, // proto2
	        &google__protobuf__field_options__descriptor,
	};
	for (unsigned seed = 1; seed <= ROUNDS; seed++)
		for (size_t d = 0; d < ARRAY_COUNT(descriptors); d++) {
			CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
			Filler filler = {arena, seed};
			if (!packs_alike(make(&filler, descriptors[d], DEPTH), arena))
				fail_msg("%s, seed %u", descriptors[d]->name, seed);
		}
}

static void a_message_that_is_too_large_is_left_to_protobuf_c(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(64 * 1024, 0);
	Parley__Runtime__V1__Advisory advisory = PARLEY__RUNTIME__V1__ADVISORY__INIT;
	Str packed;
	char *text = arena_alloc(arena, WIRE_QUICK_MAX + 1);
	memset(text, 'x', WIRE_QUICK_MAX);
	advisory.message = text;
	assert_false(wire_pack_quick(&advisory.base, &packed));
	assert_int_equal(wire_pack(&advisory.base, arena, &packed), OK);
	assert_int_equal(packed.len, protobuf_c_message_get_packed_size(&advisory.base));
	text[WIRE_QUICK_MAX - 3] = '\0'; // with tag and length it just fits
	assert_true(wire_pack_quick(&advisory.base, &packed));
	assert_int_equal(packed.len, WIRE_QUICK_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(whatever_a_message_holds_the_bytes_are_protobuf_cs),
	        cmocka_unit_test(a_message_that_is_too_large_is_left_to_protobuf_c),
	};
	return cmocka_run_group_tests_name("packing", tests, NULL, NULL);
}
