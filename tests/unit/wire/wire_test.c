// What the guard lets through and what it refuses, told byte by byte.
#include "base/cleanup.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "parley/runtime/v1/interaction.pb-c.h"
#include "wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define START      (&parley__runtime__v1__start_session_request__descriptor)
#define BYTES(...) str_n((const char[]){__VA_ARGS__}, sizeof((const char[]){__VA_ARGS__}))

static Err unpack(const ProtobufCMessageDescriptor *descriptor, Str bytes, size_t max_fields)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 1 << 24);
	ProtobufCMessage *message;

	return wire_unpack(descriptor, bytes, max_fields, arena, &message);
}

static void refused(Str bytes, Err id, const char *field)
{
	assert_int_equal(unpack(START, bytes, 0), id);
	assert_string_equal(err_detail()->field, field);
}

static void a_message_comes_back_as_it_was_sent(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	Parley__Runtime__V1__Value age = PARLEY__RUNTIME__V1__VALUE__INIT;
	Parley__Runtime__V1__NamedValue named = PARLEY__RUNTIME__V1__NAMED_VALUE__INIT;
	Parley__Runtime__V1__StartSessionRequest sent = PARLEY__RUNTIME__V1__START_SESSION_REQUEST__INIT,
	                                         *got;
	ProtobufCMessage *message;
	Str bytes;

	age.kind_case = PARLEY__RUNTIME__V1__VALUE__KIND_INT_VALUE;
	age.int_value = -42;
	named.name = (char *)(uintptr_t) "age";
	named.value = &age;
	sent.session_id = (char *)(uintptr_t) "s-1";
	sent.parameters = (Parley__Runtime__V1__NamedValue *[]){&named, &named};
	sent.n_parameters = 2;
	assert_int_equal(wire_pack(&sent.base, arena, &bytes), OK);
	assert_int_equal(wire_unpack(START, bytes, 0, arena, &message), OK);
	got = (void *)message;
	assert_string_equal(got->session_id, "s-1");
	assert_int_equal(got->n_parameters, 2);
	assert_int_equal(got->parameters[1]->value->int_value, -42);
}

static void no_bytes_are_the_empty_message(void **state)
{
	(void)state;
	assert_int_equal(unpack(START, (Str){0}, 0), OK);
}

static void malformed_bytes_are_refused_with_the_field(void **state)
{
	(void)state;
	refused(BYTES(0x0a), ERR_REQUEST_MALFORMED, "");              // a length is missing
	refused(BYTES(0x0a, 5, 'a'), ERR_REQUEST_MALFORMED, "");      // longer than what is there
	refused(BYTES(0x08, 1), ERR_REQUEST_MALFORMED, "session_id"); // a number where a text belongs
	refused(BYTES(0x0a, 1, (char)0xff), ERR_REQUEST_MALFORMED, "session_id"); // not UTF-8
	refused(BYTES(0x0a, 2, 'a', 0), ERR_REQUEST_MALFORMED, "session_id");     // NUL
	refused(BYTES(0x0b, 0x0c), ERR_REQUEST_MALFORMED, "");                    // a group
	refused(BYTES(0x00, 0x00), ERR_REQUEST_MALFORMED, "");                    // field number 0
	refused(BYTES(0x22, 4, 0x12, 0, 0x12, 0), ERR_REQUEST_MALFORMED, "");     // an empty value twice
	refused(BYTES((char)0x80, (char)0x80, (char)0x80, (char)0x80, (char)0x80, 1), ERR_REQUEST_MALFORMED,
	        "");
	// parameters[1].name
	refused(BYTES(0x22, 3, 0x0a, 1, 'a', 0x22, 3, 0x0a, 1, (char)0xc0), ERR_REQUEST_MALFORMED,
	        "parameters[1].name");
}

static void a_packed_list_must_end_with_a_whole_number(void **state)
{
	const ProtobufCMessageDescriptor *descriptor =
	        &google__protobuf__source_code_info__location__descriptor;

	(void)state;
	assert_int_equal(unpack(descriptor, BYTES(0x0a, 3, 1, (char)0x80, 1), 0), OK);
	assert_int_equal(unpack(descriptor, BYTES(0x0a, 2, 1, (char)0x80), 0), ERR_REQUEST_MALFORMED);
	assert_string_equal(err_detail()->field, "path[0]");
	assert_int_equal(unpack(descriptor, BYTES(0x08, 1, 0x08, 2), 0), OK); // and unpacked is fine too
}

// Wraps `depth` nested_type fields (number 3) of DescriptorProto around each other.
static Err nested(size_t depth)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	Str bytes = {0};

	for (size_t i = 0; i < depth; i++) {
		uint8_t *at = arena_alloc(arena, bytes.len + 6);
		size_t len = 0;

		at[len++] = 0x1a;
		for (size_t rest = bytes.len; len == 1 || rest; rest >>= 7)
			at[len++] = (uint8_t)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
		if (bytes.len)
			memcpy(at + len, bytes.ptr, bytes.len);
		bytes = str_n((char *)at, len + bytes.len);
	}
	return unpack(&google__protobuf__descriptor_proto__descriptor, bytes, 0);
}

static void depth_is_limited_whatever_the_size(void **state)
{
	(void)state;
	assert_int_equal(nested(WIRE_DEPTH_MAX - 1), OK);
	assert_int_equal(nested(WIRE_DEPTH_MAX), ERR_LIMIT);
	assert_int_equal(nested(10000), ERR_LIMIT);
}

static void fields_and_unknown_fields_are_counted(void **state)
{
	char parameters[400], unknown[130];

	(void)state;
	for (size_t i = 0; i < sizeof parameters; i += 2)
		memcpy(parameters + i, "\x22", 2);
	assert_int_equal(unpack(START, str_n(parameters, sizeof parameters), 200), OK);
	assert_int_equal(unpack(START, str_n(parameters, sizeof parameters), 199), ERR_LIMIT);
	for (size_t i = 0; i < sizeof unknown; i += 2)
		memcpy(unknown + i, "\x78\x01", 2);
	assert_int_equal(unpack(START, str_n(unknown, 128), 0), OK);
	assert_int_equal(unpack(START, str_n(unknown, 130), 0), ERR_LIMIT);
}

static void an_arena_that_is_full_is_an_error_and_no_crash(void **state)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1024, 4096);
	char parameters[2000];
	ProtobufCMessage *message;

	(void)state;
	for (size_t i = 0; i < sizeof parameters; i += 2)
		memcpy(parameters + i, "\x22", 2);
	assert_int_equal(
	        wire_unpack(START, str_n(parameters, sizeof parameters), 0, arena, &message), ERR_NO_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_message_comes_back_as_it_was_sent),
	        cmocka_unit_test(no_bytes_are_the_empty_message),
	        cmocka_unit_test(malformed_bytes_are_refused_with_the_field),
	        cmocka_unit_test(a_packed_list_must_end_with_a_whole_number),
	        cmocka_unit_test(depth_is_limited_whatever_the_size),
	        cmocka_unit_test(fields_and_unknown_fields_are_counted),
	        cmocka_unit_test(an_arena_that_is_full_is_an_error_and_no_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
