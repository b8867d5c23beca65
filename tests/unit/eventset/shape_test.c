// Events by their shapes: what comes of them is what comes of reading them whole, whatever a byte of them is.
#include "eventset/internal.h"

#include "base/cleanup.h"
#include "base/mix.h"
#include "wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef Parley__Plan__V1__NamedText NamedText;

enum { NAMED_MOST = 9, TIME_US = 1767268800 };

// What a test says of an event; the rest is the same for all.
typedef struct Row {
	int64_t time_us;
	const char *visitor, *session, *event_id, *event;
	size_t attributes;
} Row;

static Str pack(Row row, Arena *arena)
{
	NamedText key = PARLEY__PLAN__V1__NAMED_TEXT__INIT, *keys[] = {&key};
	NamedText attribute = PARLEY__PLAN__V1__NAMED_TEXT__INIT, *attributes[NAMED_MOST];
	Parley__Plan__V1__Question question = PARLEY__PLAN__V1__QUESTION__INIT, *questions[] = {&question};
	Event event = PARLEY__PLAN__V1__EVENT__INIT;
	Str packed;

	key.name = (char *)(uintptr_t) "customer_id";
	key.value = (char *)(uintptr_t)row.visitor;
	attribute.name = (char *)(uintptr_t) "page";
	attribute.value = (char *)(uintptr_t)row.visitor;
	question.interaction_point = (char *)(uintptr_t) "home";
	question.max = 300;
	for (size_t i = 0; i < row.attributes; i++)
		attributes[i] = &attribute;
	event.time_us = row.time_us;
	event.audience_level = (char *)(uintptr_t) "customer";
	event.keys = keys;
	event.n_keys = 1;
	event.session = (char *)(uintptr_t)(row.session ? row.session : "");
	event.event_id = (char *)(uintptr_t)(row.event_id ? row.event_id : "");
	event.event = (char *)(uintptr_t)(row.event ? row.event : "");
	event.questions = questions;
	event.n_questions = 1;
	event.attributes = attributes;
	event.n_attributes = row.attributes;
	assert_int_equal(wire_pack(&event.base, arena, &packed), OK);
	return packed;
}

static void assert_same_glance(const EventGlance *a, const EventGlance *b)
{
	assert_true(a->time_us == b->time_us);
	assert_true(str_eq(a->level, b->level) && str_eq(a->session, b->session));
	assert_int_equal(a->key_count, b->key_count);
	for (size_t i = 0; i < a->key_count; i++)
		assert_true(str_eq(a->keys[i].name, b->keys[i].name) &&
		            str_eq(a->keys[i].value, b->keys[i].value));
}

static Str packed_again(Str packed, const EventShape *shape, Arena *arena)
{
	const Event *event;
	Str again;
	assert_int_equal(event_read(arena_cstr(arena, packed), packed.len, shape, arena, &event), OK);
	assert_int_equal(wire_pack(&event->base, arena, &again), OK);
	return again;
}

// Looks at an event with and without the shapes, and reads it; returns which shape it has.
static const EventShape *look(EventShapes *shapes, Str packed, Arena *arena)
{
	static EventGlance by_shape, whole;
	const Event *event;
	Err e = event_glance(packed, NULL, &whole);

	assert_null(whole.shape);
	assert_int_equal(event_glance(packed, shapes, &by_shape), e);
	if (e != OK)
		return NULL;
	assert_same_glance(&by_shape, &whole);
	if (event_read(arena_cstr(arena, packed), packed.len, NULL, arena, &event) != OK)
		assert_null(by_shape.shape);
	else
		assert_true(str_eq(
		        packed_again(packed, by_shape.shape, arena), packed_again(packed, NULL, arena)));
	return by_shape.shape;
}

static void what_differs_makes_no_shape(void **unused)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	EventShapes *shapes = event_shapes_new(arena);
	const Row first = {TIME_US, "1234", "s-1", "e-1", "view", 2};
	const Row others[] = {
	        {TIME_US + 1000000, "1234", "s-1", "e-1", "view", 2},
	        {TIME_US, "0007", "s-1", "e-1", "view", 2},
	        {TIME_US, "Zü7", "s-1", "e-1", "view", 2},
	        {TIME_US, "1234", "s-2", "e-1", "view", 2},
	        {TIME_US, "1234", "s-1", "e-2", "view", 2},
	};
	const Row foreign[] = {
	        {(int64_t)TIME_US << 8, "1234", "s-1", "e-1", "view", 2}, // a number of more bytes
	        {TIME_US, "123", "s-1", "e-1", "view", 2},
	        {TIME_US, "1234", NULL, "e-1", "view", 2},
	        {TIME_US, "1234", "s-1", "e-1", "vies", 2},
	        {TIME_US, "1234", "s-1", "e-1", "view", 3},
	};
	const EventShape *shape = look(shapes, pack(first, arena), arena);

	(void)unused;
	assert_non_null(shape);
	assert_int_equal(event_shape_number(shape), 0);
	for (size_t i = 0; i < ARRAY_COUNT(others); i++)
		assert_ptr_equal(look(shapes, pack(others[i], arena), arena), shape);
	for (size_t i = 0; i < ARRAY_COUNT(foreign); i++) {
		const EventShape *another = look(shapes, pack(foreign[i], arena), arena);
		assert_non_null(another);
		assert_int_equal(event_shape_number(another), i + 1);
	}
}

// Every bit of it, one after the other; shapes of damaged ones are learnt, too.
static void a_damaged_event_is_refused_as_before(void **unused)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0), *shapes_arena = arena_new(1 << 16, 0);
	EventShapes *shapes = event_shapes_new(shapes_arena);
	Str whole = pack((Row){TIME_US, "1234", "s-1", "e-1", "view", 2}, shapes_arena);
	const EventShape *shape = look(shapes, whole, shapes_arena);
	unsigned taken = 0, refused = 0;

	(void)unused;
	assert_non_null(shape);
	for (size_t i = 0; i < whole.len * 8; i++) {
		arena_reset(arena);
		char *bytes = arena_cstr(arena, whole);
		bytes[i / 8] ^= (char)(1 << i % 8);
		const EventShape *of = look(shapes, str_n(bytes, whole.len), arena);
		taken += of == shape;
		refused += of == NULL;
	}
	assert_true(taken > 100 && refused > 100);
}

// Where nothing differs but time and keys, the shape tells the rest.
static void a_shape_says_what_its_events_say(void **unused)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	EventShapes *shapes = event_shapes_new(arena);
	const Row plain = {TIME_US, "1234", NULL, NULL, "view", 0};
	Row attribute = plain, session = plain, event_id = plain;
	const Event *whole;

	(void)unused;
	attribute.attributes = 1;
	session.session = "s";
	event_id.event_id = "e";
	assert_null(event_shape_says(look(shapes, pack(attribute, arena), arena)));
	assert_null(event_shape_says(look(shapes, pack(session, arena), arena)));
	assert_null(event_shape_says(look(shapes, pack(event_id, arena), arena)));

	Str packed = pack(plain, arena), said, all;
	const Event *says = event_shape_says(look(shapes, packed, arena));
	assert_non_null(says);
	assert_int_equal(event_read(arena_cstr(arena, packed), packed.len, NULL, arena, &whole), OK);
	Event rest = *whole;
	rest.time_us = 0;
	rest.n_keys = 0;
	assert_int_equal(wire_pack(&rest.base, arena, &all), OK);
	assert_int_equal(wire_pack(&says->base, arena, &said), OK);
	assert_true(str_eq(said, all));
}

static void some_events_have_no_shape(void **unused)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	EventShapes *shapes = event_shapes_new(arena);
	char unknown[128] = {0};
	const Row plain = {TIME_US, "1234", NULL, NULL, "view", 0};
	Row many = plain, large = plain, old = plain, late = plain;

	(void)unused;
	many.attributes = NAMED_MOST;
	large.visitor = arena_printf(arena, "%0250d", 7);
	old.time_us = -TIME_US;
	late.time_us = INT64_MAX;
	assert_null(look(shapes, pack(many, arena), arena));
	assert_null(look(shapes, pack(large, arena), arena));
	assert_null(look(shapes, pack(old, arena), arena));
	assert_null(look(shapes, pack(late, arena), arena));
	assert_null(look(shapes, STR("\x08\x01"), arena));
	assert_null(look(shapes, STR(""), arena));

	Str packed = pack(plain, arena); // and a field that nobody knows behind it
	memcpy(unknown, packed.ptr, packed.len);
	memcpy(unknown + packed.len, "\x78\x01", 2);
	assert_null(look(shapes, str_n(unknown, packed.len + 2), arena));
	assert_non_null(look(shapes, packed, arena));
}

// However different events are, what is learnt of them has an end.
static void there_are_so_many_shapes(void **unused)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0), *shapes_arena = arena_new(1 << 16, 0);
	EventShapes *shapes = event_shapes_new(shapes_arena);
	bool seen[EVENT_SHAPES_MAX] = {false};
	unsigned count = 0;

	(void)unused;
	for (uint64_t i = 0; i < 5000; i++) {
		arena_reset(arena);
		const char *event = arena_printf(arena, "%0*d", 1 + (int)(mix64(i) % 40), (int)(i % 7));
		const EventShape *shape =
		        look(shapes, pack((Row){TIME_US, "1", NULL, NULL, event, 0}, arena), arena);
		if (shape == NULL)
			continue;
		assert_true(event_shape_number(shape) < EVENT_SHAPES_MAX);
		count += !seen[event_shape_number(shape)];
		seen[event_shape_number(shape)] = true;
	}
	assert_int_equal(count, EVENT_SHAPES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_differs_makes_no_shape),
	        cmocka_unit_test(a_damaged_event_is_refused_as_before),
	        cmocka_unit_test(a_shape_says_what_its_events_say),
	        cmocka_unit_test(some_events_have_no_shape),
	        cmocka_unit_test(there_are_so_many_shapes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
