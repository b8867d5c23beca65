// Every plan reads millions of events, so they are read where they stand, in one pass. A text becomes C's own
// by a NUL in place of the tag behind it, as soon as that is read. It takes what protobuf-c would, and
// refuses what the wire guard would; a file that was not damaged has nothing to refuse. A glance at an event
// goes the same way, but passes by what it does not ask for. Most events need neither: event_shape.c.
#include "eventset/internal.h"

typedef Parley__Plan__V1__LoggedOutcome LoggedOutcome;
typedef Parley__Plan__V1__NamedText NamedText;
typedef Parley__Plan__V1__Question Question;

enum { UNKNOWN_MAX = 64, TAG_BYTES_MAX = 5, NUMBER_BYTES_MAX = 10, FIRST_ROOM = 4 };
#define FIELD_NUMBER_MAX ((UINT64_C(1) << 29) - 1)

typedef enum WireType { NUMBER = 0, WIDE = 1, BYTES = 2, NARROW = 5 } WireType;

// Memory of an event, in one piece: most have one key and one question.
typedef struct Room {
	Event event;
	NamedText key;
	Question question;
	void *keys[FIRST_ROOM], *questions[FIRST_ROOM];
} Room;

typedef struct Reader {
	Arena *arena;
	unsigned fields_left, unknown_left;
	bool plain; // what is left is ASCII without a NUL
	bool no_memory;
	char *text_end; // where a NUL belongs when the tag there is read
} Reader;

// The bytes of a message that are left.
typedef struct Span {
	uint8_t *at, *end;
} Span;

typedef struct Field {
	uint32_t id;
	WireType type;
	uint64_t number; // NUMBER, and the bits of WIDE
	Span bytes;
} Field;

// Of a field that there may be several of.
typedef struct Items {
	void ***list;
	size_t *count;
	void **first_list, *first; // memory for them; NULL: the arena's
} Items;

static bool read_number(Span *span, unsigned most, uint64_t *ret)
{
	uint64_t number = 0;
	if (span->end - span->at >= NUMBER_AT_ONCE && most == NUMBER_BYTES_MAX) {
		unsigned size = number_at(span->at, ret);
		span->at += size;
		if (size > 0)
			return true;
	}
	for (unsigned i = 0; i < most && span->at < span->end; i++) {
		uint8_t byte = *span->at++;
		number |= (uint64_t)(byte & 0x7f) << 7 * i;
		if (byte < 0x80) {
			*ret = number;
			return true;
		}
	}
	return false;
}

static bool take_bytes(Span *span, uint64_t len, Span *ret)
{
	if (len > (uint64_t)(span->end - span->at))
		return false;
	*ret = (Span){span->at, span->at + len};
	span->at += len;
	return true;
}

// Nearly all fields are short texts and messages: their tags and lengths take a byte each.
static inline bool read_short(Span *span, Field *ret)
{
	const uint8_t *at = span->at;
	if (span->end - at < 2 || (at[0] & (0x80 | 7)) != BYTES || at[0] >> 3 == 0 || at[1] >= 0x80 ||
	        at[1] > span->end - at - 2)
		return false;
	ret->id = at[0] >> 3;
	ret->type = BYTES;
	ret->bytes = (Span){span->at + 2, span->at + 2 + at[1]};
	span->at = ret->bytes.end;
	return true;
}

static bool read_any(Span *span, Field *ret)
{
	uint64_t tag, len = 0;
	if (!read_number(span, TAG_BYTES_MAX, &tag) || tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MAX)
		return false;
	ret->id = (uint32_t)(tag >> 3);
	ret->type = (WireType)(tag & 7);
	switch (ret->type) {
	case NUMBER:
		return read_number(span, NUMBER_BYTES_MAX, &ret->number);
	case WIDE:
		if (!take_bytes(span, sizeof ret->number, &ret->bytes))
			return false;
		memcpy(&ret->number, ret->bytes.at, sizeof ret->number);
		return true;
	case BYTES:
		return read_number(span, TAG_BYTES_MAX, &len) && take_bytes(span, len, &ret->bytes);
	case NARROW:
		return take_bytes(span, sizeof(uint32_t), &ret->bytes);
	}
	return false;
}

static inline bool next_field(Reader *reader, Span *span, Field *ret)
{
	return reader->fields_left-- > 0 && (read_short(span, ret) || read_any(span, ret));
}

static inline bool read_field(Reader *reader, Span *span, Field *ret)
{
	bool fine = next_field(reader, span, ret);
	*reader->text_end = '\0';
	return fine;
}

// --- kinds of fields ---

static inline Str bytes_of(const Field *field)
{
	return str_n((const char *)field->bytes.at, (size_t)(field->bytes.end - field->bytes.at));
}

static inline bool take_text(Reader *reader, const Field *field, char **ret)
{
	if (field->type != BYTES || !(reader->plain || str_is_utf8(bytes_of(field))))
		return false;
	*ret = (char *)field->bytes.at;
	reader->text_end = (char *)field->bytes.end;
	return true;
}

static bool take_double(const Field *field, double *ret)
{
	memcpy(ret, &field->number, sizeof *ret);
	return field->type == WIDE;
}

static bool take_unknown(Reader *reader)
{
	return reader->unknown_left-- > 0;
}

static void *new_item(Reader *reader, Items items, size_t size)
{
	return items.first != NULL && *items.count == 0 ? items.first : arena_alloc(reader->arena, size);
}

// Room is there for a power of 2.
static bool add_item(Reader *reader, Items items, void *item)
{
	size_t count = *items.count;
	if (count == 0 && items.first_list != NULL) {
		*items.list = items.first_list;
	} else if (count == 0 || (count >= FIRST_ROOM && (count & (count - 1)) == 0)) {
		void **grown = ARENA_ARRAY(reader->arena, void *, count > 0 ? 2 * count : FIRST_ROOM);
		if (grown != NULL && count > 0)
			memcpy(grown, *items.list, count * sizeof *grown);
		*items.list = grown;
	}
	if (*items.list == NULL || item == NULL) {
		reader->no_memory = true;
		return false;
	}
	(*items.list)[(*items.count)++] = item;
	return true;
}

// --- messages ---

static bool read_text(Reader *reader, const Field *outer, Items items)
{
	NamedText *text = new_item(reader, items, sizeof *text);
	Span span = outer->bytes;
	Field field;
	if (outer->type != BYTES || !add_item(reader, items, text))
		return false;
	parley__plan__v1__named_text__init(text);
	while (span.at < span.end) {
		if (!read_field(reader, &span, &field))
			return false;
		bool fine = field.id == 1   ? take_text(reader, &field, &text->name)
		            : field.id == 2 ? take_text(reader, &field, &text->value)
		                            : take_unknown(reader);
		if (!fine)
			return false;
	}
	return true;
}

static bool read_question(Reader *reader, const Field *outer, Items items)
{
	Question *question = new_item(reader, items, sizeof *question);
	Span span = outer->bytes;
	Field field;
	if (outer->type != BYTES || !add_item(reader, items, question))
		return false;
	parley__plan__v1__question__init(question);
	while (span.at < span.end) {
		if (!read_field(reader, &span, &field))
			return false;
		bool fine = field.id == 1   ? take_text(reader, &field, &question->interaction_point)
		            : field.id == 2 ? field.type == NUMBER
		                            : take_unknown(reader);
		if (!fine)
			return false;
		if (field.id == 2)
			question->max = (uint32_t)field.number;
	}
	return true;
}

static bool read_outcome(Reader *reader, const Field *outer, LoggedOutcome **ret)
{
	LoggedOutcome *outcome = ARENA_NEW(reader->arena, LoggedOutcome);
	Span span = outer->bytes;
	Field field;
	reader->no_memory |= outcome == NULL;
	if (outer->type != BYTES || outcome == NULL || *ret != NULL) // there is one at most
		return false;
	parley__plan__v1__logged_outcome__init(outcome);
	*ret = outcome;
	while (span.at < span.end) {
		if (!read_field(reader, &span, &field))
			return false;
		bool fine = field.id == 1   ? take_text(reader, &field, &outcome->offer_code)
		            : field.id == 2 ? take_text(reader, &field, &outcome->interaction_point)
		            : field.id == 3 ? take_double(&field, &outcome->reward)
		            : field.id == 4 ? take_double(&field, &outcome->propensity)
		                            : take_unknown(reader);
		if (!fine)
			return false;
	}
	return true;
}

static bool read_event_field(Reader *reader, const Field *field, Room *room)
{
	Event *event = &room->event;
	switch (field->id) {
	case 1:
		event->time_us = (int64_t)field->number;
		return field->type == NUMBER;
	case 2:
		return take_text(reader, field, &event->audience_level);
	case 3:
		return read_text(reader, field,
		        (Items){(void ***)&event->keys, &event->n_keys, room->keys, &room->key});
	case 4:
		return take_text(reader, field, &event->session);
	case 5:
		return take_text(reader, field, &event->event);
	case 6:
		return read_question(reader, field,
		        (Items){(void ***)&event->questions, &event->n_questions, room->questions,
		                &room->question});
	case 7:
		return read_text(reader, field,
		        (Items){(void ***)&event->attributes, &event->n_attributes, NULL, NULL});
	case 8:
		return take_text(reader, field, &event->offer_code);
	case 9:
		return read_outcome(reader, field, &event->outcome);
	case 10:
		return take_text(reader, field, &event->event_id);
	default:
		return take_unknown(reader);
	}
}

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for an event");
}

static Err damaged(void)
{
	return err(ERR_STATE_CORRUPT, "the event set is damaged (an event): import it again");
}

// Where all behind the time, which comes first, is ASCII, tags and lengths among it, no text needs a look of
// its own.
static bool read_fields(Reader *reader, Span span, Room *room)
{
	Field field = {0};
	bool fine = true;
	for (bool first = true; fine && span.at < span.end; first = false) {
		fine = read_field(reader, &span, &field) && read_event_field(reader, &field, room);
		if (first)
			reader->plain =
			        str_is_ascii(str_n((const char *)span.at, (size_t)(span.end - span.at)));
	}
	*reader->text_end = '\0';
	return fine;
}

Err event_read_whole(char *bytes, size_t len, Arena *arena, const Event **ret)
{
	char nowhere;
	Reader reader = {.arena = arena,
	        .fields_left = EVENT_FIELDS_MAX,
	        .unknown_left = UNKNOWN_MAX,
	        .text_end = &nowhere};
	Room *room = ARENA_NEW(arena, Room);
	if (room == NULL)
		return no_memory();
	parley__plan__v1__event__init(&room->event);
	bool fine = read_fields(&reader, (Span){(uint8_t *)bytes, (uint8_t *)bytes + len}, room);
	*ret = &room->event;
	if (reader.no_memory)
		return no_memory();
	return fine ? OK : damaged();
}

// --- a glance ---

static bool glance_at_key(Reader *reader, const Field *outer, EventGlance *glance)
{
	struct EventGlance_key *key = &glance->keys[glance->key_count++]; // no more than there are fields
	Span span = outer->bytes;
	Field field = {0};
	*key = (struct EventGlance_key){STR(""), STR("")};
	while (span.at < span.end) {
		if (!next_field(reader, &span, &field))
			return false;
		if (field.type == BYTES && (field.id == 1 || field.id == 2))
			*(field.id == 1 ? &key->name : &key->value) = bytes_of(&field);
	}
	return outer->type == BYTES;
}

Err event_glance_whole(Str packed, EventGlance *ret)
{
	Reader reader = {.fields_left = EVENT_FIELDS_MAX};
	uint8_t *bytes = (uint8_t *)(uintptr_t)packed.ptr; // that nobody changes
	Span span = {bytes, bytes + packed.len};
	Field field = {0};
	bool fine = true;
	ret->time_us = 0;
	ret->level = ret->session = STR("");
	ret->key_count = 0;
	ret->shape = NULL;
	while (fine && span.at < span.end) {
		fine = next_field(&reader, &span, &field);
		if (fine && field.id == 1)
			ret->time_us = (int64_t)field.number;
		else if (fine && field.id == 3)
			fine = glance_at_key(&reader, &field, ret);
		else if (fine && field.type == BYTES && (field.id == 2 || field.id == 4))
			*(field.id == 2 ? &ret->level : &ret->session) = bytes_of(&field);
	}
	return fine ? OK : damaged();
}

bool event_names_offer(Str packed)
{
	Reader reader = {.fields_left = EVENT_FIELDS_MAX};
	uint8_t *bytes = (uint8_t *)(uintptr_t)packed.ptr; // that nobody changes
	Span span = {bytes, bytes + packed.len};
	Field field = {0};
	while (span.at < span.end)
		if (!next_field(&reader, &span, &field) || field.id == 8) // offer_code
			return true;
	return false;
}
