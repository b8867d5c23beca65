// Events of a set resemble each other: of one kind, all bytes are the same but for when they are, whose, and
// a few texts more. So the first of a kind is read whole, and becomes a shape; one that has the same bytes
// everywhere else would be read in the same way, so it is filled in. What may differ is the inside of numbers
// and texts, never a tag or a length, so that no byte of an event can make it mean something else.
#include "eventset/internal.h"

#include "wire/wire.h"

typedef Parley__Plan__V1__NamedText NamedText;

enum {
	SHAPE_LEAST = 16, // bytes of an event
	SHAPE_MOST = 256,
	SHAPE_NAMED = 8,   // keys and attributes
	SHAPES_ALIKE = 8,  // of the same size
	TIME_AT = 1,       // behind its tag
	TIME_TAG = 1 << 3, // field 1, a number
};

typedef uint64_t Pair __attribute__((vector_size(16)));

// A text that differs; its size does not. Size 0: there is none.
typedef struct Place {
	uint16_t at, size;
} Place;

struct EventShape {
	EventShape *next; // of the same size
	unsigned number;
	size_t size, pairs;
	Pair bytes[SHAPE_MOST / sizeof(Pair)], same[SHAPE_MOST / sizeof(Pair)]; // the bits that do not differ
	Event event, says; // the first that there was; the same without time and keys
	bool more_differs; // than these
	Str level;
	Place session, event_id, values[SHAPE_NAMED]; // keys', then attributes'
	Str names[SHAPE_NAMED];                       // keys'
};

struct EventShapes {
	Arena *arena;
	unsigned count, tried;
	EventShape *of_size[SHAPE_MOST + 1];
};

// An event that is filled in.
typedef struct Filled {
	Event event;
	NamedText *list[SHAPE_NAMED], texts[];
} Filled;

EventShapes *event_shapes_new(Arena *arena)
{
	EventShapes *shapes = ARENA_NEW(arena, EventShapes);
	if (shapes != NULL)
		shapes->arena = arena;
	return shapes;
}

unsigned event_shape_number(const EventShape *shape)
{
	return shape->number;
}

const Event *event_shape_says(const EventShape *shape)
{
	return shape->more_differs ? NULL : &shape->says;
}

// --- recognizing ---

// The last pair of bytes stands at the end, across the one before it.
static size_t pair_at(size_t pair, size_t size)
{
	size_t at = pair * sizeof(Pair);
	return at + sizeof(Pair) <= size ? at : size - sizeof(Pair);
}

static Str text_in(Place place, const char *bytes)
{
	return str_n(bytes + place.at, place.size);
}

static bool is_text(Place place, const char *bytes)
{
	return place.size == 0 || str_is_utf8(text_in(place, bytes));
}

// Keys and attributes.
static size_t named_count(const EventShape *shape)
{
	return shape->event.n_keys + shape->event.n_attributes;
}

static bool texts_are_fine(const EventShape *shape, const char *bytes)
{
	bool fine = is_text(shape->session, bytes) && is_text(shape->event_id, bytes);
	for (size_t i = 0; fine && i < named_count(shape); i++)
		fine = is_text(shape->values[i], bytes);
	return fine;
}

static bool is_of(const EventShape *shape, const char *bytes)
{
	Pair pair, differs = {0, 0};
	for (size_t i = 0; i < shape->pairs; i++) {
		memcpy(&pair, bytes + pair_at(i, shape->size), sizeof pair);
		differs |= (pair ^ shape->bytes[i]) & shape->same[i];
	}
	return (differs[0] | differs[1]) == 0 && texts_are_fine(shape, bytes);
}

static const EventShape *shape_of(const EventShapes *shapes, Str packed)
{
	const EventShape *shape = packed.len <= SHAPE_MOST ? shapes->of_size[packed.len] : NULL;
	while (shape != NULL && !is_of(shape, packed.ptr))
		shape = shape->next;
	return shape;
}

static int64_t time_of(const char *bytes)
{
	uint64_t time_us = 0;
	number_at(bytes + TIME_AT, &time_us);
	return (int64_t)time_us;
}

static void glance_by(const EventShape *shape, Str packed, EventGlance *ret)
{
	ret->shape = shape;
	ret->time_us = time_of(packed.ptr);
	ret->level = shape->level;
	ret->session = text_in(shape->session, packed.ptr);
	ret->key_count = shape->event.n_keys;
	for (size_t i = 0; i < ret->key_count; i++)
		ret->keys[i] =
		        (struct EventGlance_key){shape->names[i], text_in(shape->values[i], packed.ptr)};
}

// --- learning ---

// Which bits of an event are the same in all of a shape, and where its bytes are of which texts were read.
typedef struct Sample {
	const char *bytes;
	uint8_t same[SHAPE_MOST];
} Sample;

static Place differing(Sample *sample, const char *text)
{
	Place place = {0, (uint16_t)strlen(text)};
	if (place.size > 0) {
		place.at = (uint16_t)(text - sample->bytes);
		memset(sample->same + place.at, 0, place.size);
	}
	return place;
}

static void find_texts(EventShape *shape, Sample *sample)
{
	const Event *event = &shape->event;
	shape->level = str(event->audience_level);
	shape->session = differing(sample, event->session);
	shape->event_id = differing(sample, event->event_id);
	for (size_t i = 0; i < event->n_keys; i++) {
		shape->names[i] = str(event->keys[i]->name);
		shape->values[i] = differing(sample, event->keys[i]->value);
	}
	for (size_t i = 0; i < event->n_attributes; i++)
		shape->values[event->n_keys + i] = differing(sample, event->attributes[i]->value);
	shape->more_differs = shape->session.size > 0 || shape->event_id.size > 0 || event->n_attributes > 0;
	shape->says = *event;
	shape->says.time_us = 0;
	shape->says.n_keys = 0;
}

static void keep_bytes(EventShape *shape, Str packed, const Sample *sample)
{
	shape->size = packed.len;
	shape->pairs = (packed.len + sizeof(Pair) - 1) / sizeof(Pair);
	for (size_t i = 0; i < shape->pairs; i++) {
		memcpy(&shape->bytes[i], packed.ptr + pair_at(i, packed.len), sizeof(Pair));
		memcpy(&shape->same[i], sample->same + pair_at(i, packed.len), sizeof(Pair));
	}
}

// Only an event as protobuf writes it: so nothing is in it twice, and nothing that is not known.
static bool is_as_written(Str packed, const Event *event, Arena *arena)
{
	Str again;
	return event->n_keys + event->n_attributes <= SHAPE_NAMED &&
	       wire_pack(&event->base, arena, &again) == OK && str_eq(again, packed);
}

static EventShape *learn(EventShapes *shapes, Str packed)
{
	uint64_t time_us;
	unsigned time_size = packed.ptr[0] == TIME_TAG ? number_at(packed.ptr + TIME_AT, &time_us) : 0;
	char *bytes = arena_cstr(shapes->arena, packed);
	EventShape *shape = ARENA_NEW(shapes->arena, EventShape);
	const Event *event;
	if (time_size == 0 || bytes == NULL || shape == NULL ||
	        event_read_whole(bytes, packed.len, shapes->arena, &event) != OK ||
	        !is_as_written(packed, event, shapes->arena))
		return NULL;
	Sample sample = {.bytes = bytes};
	memset(sample.same, 0xff, sizeof sample.same);
	memset(sample.same + TIME_AT, 0x80, time_size); // seven bits of the number each
	shape->event = *event;
	shape->number = shapes->count++;
	find_texts(shape, &sample);
	keep_bytes(shape, packed, &sample);
	return shape;
}

// What cannot become a shape is tried in vain no more than EVENT_SHAPES_MAX times.
static const EventShape *try_to_learn(EventShapes *shapes, Str packed)
{
	unsigned alike = 0;
	if (packed.len < SHAPE_LEAST || packed.len > SHAPE_MOST || shapes->tried == EVENT_SHAPES_MAX)
		return NULL;
	EventShape **link = &shapes->of_size[packed.len];
	for (; *link != NULL; link = &(*link)->next)
		alike++;
	if (alike == SHAPES_ALIKE)
		return NULL;
	shapes->tried++;
	return *link = learn(shapes, packed);
}

Err event_glance(Str packed, EventShapes *shapes, EventGlance *ret)
{
	const EventShape *shape = shapes != NULL ? shape_of(shapes, packed) : NULL;
	if (shape != NULL) {
		glance_by(shape, packed, ret);
		return OK;
	}
	TRY(event_glance_whole(packed, ret));
	if (shapes != NULL)
		ret->shape = try_to_learn(shapes, packed);
	return OK;
}

// --- filling in ---

// A NUL behind it: what stood there is of the shape.
static char *ended(Place place, char *bytes)
{
	bytes[place.at + place.size] = '\0';
	return bytes + place.at;
}

static void fill_in(const EventShape *shape, char *bytes, Filled *filled)
{
	Event *event = &filled->event;
	*event = shape->event;
	event->time_us = time_of(bytes);
	event->keys = filled->list;
	event->attributes = filled->list + event->n_keys;
	for (size_t i = 0; i < named_count(shape); i++) {
		filled->list[i] = &filled->texts[i];
		filled->texts[i] = i < event->n_keys ? *shape->event.keys[i]
		                                     : *shape->event.attributes[i - event->n_keys];
		if (shape->values[i].size > 0)
			filled->texts[i].value = ended(shape->values[i], bytes);
	}
	if (shape->session.size > 0)
		event->session = ended(shape->session, bytes);
	if (shape->event_id.size > 0)
		event->event_id = ended(shape->event_id, bytes);
}

Err event_read(char *bytes, size_t len, const EventShape *shape, Arena *arena, const Event **ret)
{
	if (shape == NULL)
		return event_read_whole(bytes, len, arena, ret);
	Filled *filled = arena_alloc(arena, sizeof *filled + named_count(shape) * sizeof *filled->texts);
	if (filled == NULL)
		return err(ERR_NO_MEMORY, "no memory for an event");
	fill_in(shape, bytes, filled);
	*ret = &filled->event;
	return OK;
}
