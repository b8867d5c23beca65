// A set of events: in any order in, by time out, whatever happens in between.
#include "eventset/internal.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/mix.h"
#include "wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { EVENTS = 5000, SMALL = 20000 };

typedef Parley__Plan__V1__NamedText NamedText;

static char folder[64];

static int folder_make(void **unused)
{
	(void)unused;
	snprintf(folder, sizeof folder, "/tmp/eventset-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int folder_remove(void **unused)
{
	char command[128];

	(void)unused;
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

static const char *in_folder(const char *name)
{
	static char path[4][128];
	static unsigned next;
	char *ret = path[next++ % 4];

	snprintf(ret, 128, "%s/%s", folder, name);
	return ret;
}

// The number `i` of a shuffled year: times repeat, so that the order of coming counts as well.
static int64_t time_of(unsigned i)
{
	return 1 + (int64_t)(i * 7919u % EVENTS) / 3;
}

static bool names_offer(unsigned i)
{
	return i % 5 == 0;
}

static void add(EventSorter *sorter, unsigned i)
{
	char text[32], id[32];
	NamedText key = PARLEY__PLAN__V1__NAMED_TEXT__INIT;
	NamedText *keys[] = {&key};
	Event event = PARLEY__PLAN__V1__EVENT__INIT;

	snprintf(text, sizeof text, "%u", i % 97);
	snprintf(id, sizeof id, "e%u", i);
	key.name = (char *)(uintptr_t) "customer_id";
	key.value = text;
	event.time_us = time_of(i);
	event.audience_level = (char *)(uintptr_t) "customer";
	event.keys = keys;
	event.n_keys = 1;
	event.event_id = id;
	event.offer_code = (char *)(uintptr_t)(names_offer(i) ? "CARD" : "");
	assert_int_equal(event_sorter_add(sorter, &event), OK);
}

static EventSorter *sorter_open(const char *dir, size_t memory, Arena *arena, const char **ret_note)
{
	EventSorter *sorter = NULL;

	assert_int_equal(event_sorter_open(dir, memory, arena, &sorter, ret_note), OK);
	return sorter;
}

// All events, kept whenever the sorter is full.
static EventSetInfo make(const char *path, size_t memory)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	const char *note;
	EventSetInfo info;
	EventSorter *sorter = sorter_open(in_folder("sorting"), memory, arena, &note);

	assert_null(note);
	for (unsigned i = 0; i < EVENTS; i++) {
		add(sorter, i);
		if (event_sorter_is_full(sorter))
			assert_int_equal(event_sorter_keep(sorter, "on the way"), OK);
	}
	assert_int_equal(event_sorter_keep(sorter, "done"), OK);
	assert_int_equal(event_sorter_finish(sorter, path, NULL, NULL, &info), OK);
	assert_int_not_equal(access(in_folder("sorting"), F_OK), 0);
	return info;
}

// Times ascend, equal ones in the order of coming, and nothing is missing.
static void check_order(const char *path)
{
	CLEANUP(event_set_closep) EventSet *set = NULL;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	uint64_t seen = 0, without_offer = 0;
	int64_t last_time = 0;
	unsigned last = 0;

	assert_int_equal(event_set_open(path, &set), OK);
	assert_int_equal(event_set_verify(set, NULL, NULL), OK);
	for (uint64_t b = 0; b < event_set_info(set)->blocks; b++) {
		const Event *const *events;
		size_t count;
		uint64_t first;

		arena_reset(arena);
		assert_int_equal(event_set_block(set, b, arena, &events, &count, &first), OK);
		assert_int_equal(first, seen);
		for (size_t i = 0; i < count; i++) {
			unsigned number = (unsigned)atoi(events[i]->event_id + 1);

			assert_int_equal(events[i]->time_us, time_of(number));
			assert_true(events[i]->time_us > last_time ||
			            (events[i]->time_us == last_time && number > last));
			last_time = events[i]->time_us;
			last = number;
			without_offer += !names_offer(number);
		}
		seen += count;
	}
	assert_int_equal(seen, EVENTS);
	assert_int_equal(event_set_info(set)->events, EVENTS);
	assert_int_equal(event_set_info(set)->last_us, last_time);
	assert_int_equal(event_set_info(set)->without_offer, without_offer);
}

// --- stories ---

static void in_any_order_in_by_time_out(void **unused)
{
	(void)unused;
	make(in_folder("set"), 0);
	check_order(in_folder("set"));
}

static void little_memory_makes_the_same_bytes(void **unused)
{
	EventSetInfo large = make(in_folder("large"), 0), small = make(in_folder("small"), SMALL);
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	Str a, b;

	(void)unused;
	assert_memory_equal(large.digest, small.digest, EVENT_DIGEST_SIZE);
	assert_int_equal(file_read(in_folder("large"), 1 << 24, arena, &a), OK);
	assert_int_equal(file_read(in_folder("small"), 1 << 24, arena, &b), OK);
	assert_true(str_eq(a, b));
}

// An event with a bit of everything in it; how much, the number says.
static Str rich_event(uint64_t number, Arena *arena)
{
	static char *const words[] = {(char *)"", (char *)"home-banner", (char *)"Zürich", (char *)"x"};
	Parley__Plan__V1__Question question = PARLEY__PLAN__V1__QUESTION__INIT, *questions[8];
	Parley__Plan__V1__LoggedOutcome outcome = PARLEY__PLAN__V1__LOGGED_OUTCOME__INIT;
	NamedText text = PARLEY__PLAN__V1__NAMED_TEXT__INIT, *texts[8];
	Event event = PARLEY__PLAN__V1__EVENT__INIT;
	Str packed;

	text.name = words[number % 4];
	text.value = arena_printf(arena, "%0*d", (int)(number >> 8 & 255), 7);
	question.interaction_point = words[number >> 4 & 3];
	question.max = (uint32_t)(number >> 16);
	for (size_t i = 0; i < 8; i++) {
		questions[i] = &question;
		texts[i] = &text;
	}
	event.time_us = (int64_t)mix64(number) >> (number & 63);
	event.audience_level = event.session = words[number >> 6 & 3];
	event.event = event.event_id = text.value;
	event.keys = event.attributes = texts;
	event.n_keys = number >> 10 & 7;
	event.n_attributes = number >> 13 & 7;
	event.questions = questions;
	event.n_questions = number >> 20 & 7;
	outcome.offer_code = words[number >> 2 & 3];
	outcome.reward = (double)number / 3;
	event.outcome = number & 1 ? &outcome : NULL;
	assert_int_equal(wire_pack(&event.base, arena, &packed), OK);
	return packed;
}

// A glance tells what the event says, when it is whole.
static void check_glance(const EventGlance *glance, const Event *event)
{
	assert_true(glance->time_us == event->time_us);
	assert_true(str_eq(glance->level, str(event->audience_level)));
	assert_true(str_eq(glance->session, str(event->session)));
	assert_int_equal(glance->key_count, event->n_keys);
	for (size_t i = 0; i < event->n_keys; i++) {
		assert_true(str_eq(glance->keys[i].name, str(event->keys[i]->name)));
		assert_true(str_eq(glance->keys[i].value, str(event->keys[i]->value)));
	}
}

// Whole ones and damaged ones: what protobuf reads of the same bytes, or no event.
static void an_event_is_read_where_it_stands(void **unused)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	static EventGlance glance;
	unsigned taken = 0, refused = 0;

	(void)unused;
	for (uint64_t i = 0; i < 4000; i++) {
		ProtobufCMessage *message;
		const Event *event;
		uint64_t number = mix64(i + 1);
		Str one, other;

		arena_reset(arena);
		Str packed = rich_event(number, arena);
		char *bytes = arena_cstr(arena, packed), *copy;
		if (i % 4 == 3)
			bytes[(number >> 32) % packed.len] ^= (char)(1 << number % 8);
		copy = arena_cstr(arena, str_n(bytes, packed.len));
		Err right = wire_unpack(&parley__plan__v1__event__descriptor, str_n(bytes, packed.len),
		        EVENT_FIELDS_MAX, arena, &message);
		Err glanced = event_glance(str_n(bytes, packed.len), NULL, &glance);
		Err read = event_read(copy, packed.len, NULL, arena, &event);
		assert_int_equal(right == OK, read == OK);
		if (read == OK) {
			assert_int_equal(glanced, OK);
			check_glance(&glance, event);
		}
		taken += read == OK;
		refused += read != OK;
		if (read != OK || i % 4 == 3) // what was damaged may have fields that nobody knows
			continue;
		assert_int_equal(wire_pack(message, arena, &one), OK);
		assert_int_equal(wire_pack(&event->base, arena, &other), OK);
		assert_true(str_eq(one, other) && str_eq(one, packed));
	}
	assert_true(taken > 3000 && refused > 100);
}

// The importer dies at any moment and goes on from its note: the set is as if it had not.
static void taken_up_after_every_crash(void **unused)
{
	EventSetInfo whole = make(in_folder("whole"), 0), resumed;
	unsigned next = 0, crashes = 0;

	(void)unused;
	for (unsigned life = 400;; life += 333) {
		CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
		const char *note;
		char told[32];
		EventSorter *sorter = sorter_open(in_folder("sorting"), SMALL, arena, &note);

		next = note ? (unsigned)atoi(note) : 0;
		for (unsigned lived = 0; next < EVENTS && lived < life; lived++) {
			add(sorter, next++);
			if (event_sorter_is_full(sorter)) {
				snprintf(told, sizeof told, "%u", next);
				assert_int_equal(event_sorter_keep(sorter, told), OK);
			}
		}
		if (next == EVENTS) {
			snprintf(told, sizeof told, "%u", next);
			assert_int_equal(event_sorter_keep(sorter, told), OK);
			assert_int_equal(
			        event_sorter_finish(sorter, in_folder("resumed"), NULL, NULL, &resumed), OK);
			break;
		}
		event_sorter_close(sorter);
		crashes++;
	}
	assert_true(crashes >= 3);
	assert_memory_equal(whole.digest, resumed.digest, EVENT_DIGEST_SIZE);
	check_order(in_folder("resumed"));
}

static void what_is_no_event_is_refused(void **unused)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	const char *note;
	EventSorter *sorter = sorter_open(in_folder("sorting"), 0, arena, &note);
	Event event = PARLEY__PLAN__V1__EVENT__INIT;
	NamedText key = PARLEY__PLAN__V1__NAMED_TEXT__INIT;
	NamedText *keys[] = {&key};
	static char large[EVENT_BYTES_MAX + 1];

	(void)unused;
	assert_int_equal(event_sorter_add(sorter, &event), ERR_FIELD_INVALID);
	event.time_us = 1;
	assert_int_equal(event_sorter_add(sorter, &event), ERR_FIELD_INVALID);
	event.audience_level = (char *)(uintptr_t) "customer";
	event.keys = keys;
	event.n_keys = 1;
	memset(large, 'x', sizeof large - 1);
	event.session = large;
	assert_int_equal(event_sorter_add(sorter, &event), ERR_FIELD_INVALID);
	event_sorter_close(sorter);
}

// A byte anywhere that is not what was written: opening, or reading it all, says so.
static void every_damaged_byte_is_found(void **unused)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	const char *note;
	EventSetInfo info;
	Str bytes;
	EventSorter *sorter = sorter_open(in_folder("sorting"), 0, arena, &note);

	(void)unused;
	for (unsigned i = 0; i < 20; i++)
		add(sorter, i);
	assert_int_equal(event_sorter_keep(sorter, ""), OK);
	assert_int_equal(event_sorter_finish(sorter, in_folder("tiny"), NULL, NULL, &info), OK);
	assert_int_equal(file_read(in_folder("tiny"), 1 << 20, arena, &bytes), OK);
	for (size_t i = 0; i < bytes.len; i++) {
		CLEANUP(event_set_closep) EventSet *set = NULL;
		char *damaged = arena_cstr(arena, bytes);

		damaged[i] = (char)(damaged[i] ^ (1 << i % 8));
		FILE *file = fopen(in_folder("damaged"), "we");
		assert_non_null(file);
		assert_int_equal(fwrite(damaged, 1, bytes.len, file), bytes.len);
		fclose(file);
		Err e = event_set_open(in_folder("damaged"), &set);
		if (e == OK)
			e = event_set_verify(set, NULL, NULL);
		if (e != ERR_STATE_CORRUPT)
			fail_msg("byte %zu of %zu: %s", i, bytes.len, err_reason(e));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(in_any_order_in_by_time_out, folder_make, folder_remove),
	        cmocka_unit_test_setup_teardown(
	                little_memory_makes_the_same_bytes, folder_make, folder_remove),
	        cmocka_unit_test(an_event_is_read_where_it_stands),
	        cmocka_unit_test_setup_teardown(taken_up_after_every_crash, folder_make, folder_remove),
	        cmocka_unit_test_setup_teardown(what_is_no_event_is_refused, folder_make, folder_remove),
	        cmocka_unit_test_setup_teardown(every_damaged_byte_is_found, folder_make, folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
