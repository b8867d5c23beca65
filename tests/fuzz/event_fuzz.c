// Any bytes as an event: read where they stand they give what protobuf-c gives, or are refused as the wire
// guard refuses them; only a second outcome, which nobody writes, is refused and not merged. A glance at them
// tells the same of what is read. With a bit or two changed, they give by the shape that they had before what
// they give without one.
#include "fuzz.h"

#include "base/cleanup.h"
#include "base/mix.h"
#include "eventset/internal.h"
#include "wire/wire.h"

#include <stdlib.h>

enum { CHANGED = 24 };

static size_t outcomes_in(const uint8_t *data, size_t size)
{
	size_t count = 0;
	for (size_t i = 0; i < size; i++)
		count += (data[i] & 0x7f) == (9 << 3 | 2); // a tag may be written longer than it need be
	return count;
}

static void check_glance(const EventGlance *glance, const Event *event)
{
	bool same = glance->time_us == event->time_us && glance->key_count == event->n_keys &&
	            str_eq(glance->level, str(event->audience_level)) &&
	            str_eq(glance->session, str(event->session));
	for (size_t i = 0; same && i < event->n_keys; i++)
		same = str_eq(glance->keys[i].name, str(event->keys[i]->name)) &&
		       str_eq(glance->keys[i].value, str(event->keys[i]->value));
	if (!same)
		abort();
}

// The event as it was read, packed; *ret_e is why it was not.
static Str read_again(Str packed, const EventShape *shape, Arena *arena, Err *ret_e)
{
	const Event *event = NULL;
	Str again = STR("");
	*ret_e = event_read(arena_cstr(arena, packed), packed.len, shape, arena, &event);
	if (*ret_e == OK && wire_pack(&event->base, arena, &again) != OK)
		abort();
	return again;
}

static void check_shape(Str packed, EventShapes *shapes, Arena *arena)
{
	static EventGlance glance, whole;
	Err e, right;
	if (event_glance(packed, shapes, &glance) != event_glance(packed, NULL, &whole))
		abort();
	Str by_shape = read_again(packed, glance.shape, arena, &e);
	if (!str_eq(by_shape, read_again(packed, NULL, arena, &right)) || e != right)
		abort();
}

static void check_shapes(Str packed, Arena *arena)
{
	EventShapes *shapes = event_shapes_new(arena);
	char *bytes = arena_cstr(arena, packed);
	if (shapes == NULL || bytes == NULL)
		abort();
	check_shape(packed, shapes, arena); // it is learnt
	for (unsigned i = 0; i < CHANGED && packed.len > 0; i++) {
		uint64_t change = mix64(i + packed.len);
		bytes[change % packed.len] ^= (char)(1 << (change >> 32) % 8);
		check_shape(str_n(bytes, packed.len), shapes, arena);
		if (i % 2 != 0)
			memcpy(bytes, packed.ptr, packed.len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	ProtobufCMessage *message = NULL;
	const Event *event = NULL;
	static EventGlance glance;
	Str whole = str_n((const char *)data, size), one, other;
	char *bytes = arena != NULL ? arena_cstr(arena, whole) : NULL;

	if (bytes == NULL)
		abort();
	check_shapes(whole, arena);
	Err right =
	        wire_unpack(&parley__plan__v1__event__descriptor, whole, EVENT_FIELDS_MAX, arena, &message);
	Err glanced = event_glance(whole, NULL, &glance);
	Err ours = event_read(bytes, size, NULL, arena, &event);
	if (ours == OK && glanced != OK)
		abort();
	if (ours == OK)
		check_glance(&glance, event);
	if ((right == OK) != (ours == OK) && outcomes_in(data, size) < 2)
		abort();
	if (right != OK || ours != OK)
		return 0;
	((Event *)message)->base.n_unknown_fields = 0;
	for (size_t i = 0; i < ((Event *)message)->n_keys; i++)
		((Event *)message)->keys[i]->base.n_unknown_fields = 0;
	for (size_t i = 0; i < ((Event *)message)->n_attributes; i++)
		((Event *)message)->attributes[i]->base.n_unknown_fields = 0;
	for (size_t i = 0; i < ((Event *)message)->n_questions; i++)
		((Event *)message)->questions[i]->base.n_unknown_fields = 0;
	if (((Event *)message)->outcome != NULL)
		((Event *)message)->outcome->base.n_unknown_fields = 0;
	if (wire_pack(message, arena, &one) != OK || wire_pack(&event->base, arena, &other) != OK ||
	        !str_eq(one, other))
		abort();
	return 0;
}
