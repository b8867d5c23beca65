// Broken requests. Most start from a message of the method's own type with random content, because what is
// nearly right gets further into a server than noise does.
#include "malformed.h"

typedef Google__Protobuf__FieldDescriptorProto Field;

enum {
	SIZE_MAX_SENT = 300 * 1024, // beyond what the transport takes, too
	REQUEST_LIMIT = 64 * 1024,
	NESTED = 10000,
	DEPTH = 4, // of random content
};

// The type numbers of descriptor.proto.
enum {
	T_DOUBLE = 1,
	T_FLOAT,
	T_INT64,
	T_UINT64,
	T_INT32,
	T_FIXED64,
	T_FIXED32,
	T_BOOL,
	T_STRING,
	T_GROUP,
	T_MESSAGE,
	T_BYTES
};
enum { VARINT = 0, FIXED64 = 1, LENGTH = 2, GROUP_START = 3, GROUP_END = 4, FIXED32 = 5 };
enum { REPEATED = 3 };

Random random_of(uint64_t seed, uint64_t number)
{
	return (Random){seed * UINT64_C(0x9e3779b97f4a7c15) + number};
}

// splitmix64: its states may be consecutive numbers.
static uint64_t random_next(Random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t random_below(Random *random, uint64_t bound)
{
	return random_next(random) % bound;
}

// --- writing the wire format ---

typedef struct Out {
	Arena *arena;
	uint8_t *bytes;
	size_t len, room;
} Out;

static void put(Out *out, const void *bytes, size_t len)
{
	if (out->len + len > out->room) {
		uint8_t *old = out->bytes;

		out->room = (out->len + len) * 2 + 64;
		out->bytes = arena_alloc(out->arena, out->room);
		if (out->len > 0)
			memcpy(out->bytes, old, out->len);
	}
	if (len > 0)
		memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

static void put_varint(Out *out, uint64_t value)
{
	uint8_t bytes[10];
	size_t len = 0;

	do {
		bytes[len++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>= 7;
	} while (value > 0);
	put(out, bytes, len);
}

static void put_tag(Out *out, int number, unsigned wire)
{
	put_varint(out, (uint64_t)number << 3 | wire);
}

static void put_block(Out *out, int number, const void *bytes, size_t len)
{
	put_tag(out, number, LENGTH);
	put_varint(out, len);
	put(out, bytes, len);
}

static void put_random(Out *out, size_t len, Random *random)
{
	while (len > 0) {
		uint64_t word = random_next(random);
		size_t part = len < sizeof(word) ? len : sizeof(word);

		put(out, &word, part);
		len -= part;
	}
}

static unsigned wire_of(const Field *field)
{
	switch ((int)field->type) {
	case T_STRING:
	case T_BYTES:
	case T_MESSAGE:
		return LENGTH;
	case T_DOUBLE:
	case T_FIXED64:
		return FIXED64;
	case T_FLOAT:
	case T_FIXED32:
		return FIXED32;
	default:
		return VARINT;
	}
}

static void put_text(Out *out, int number, Random *random)
{
	static const size_t lengths[] = {0, 1, 7, 30, 129, 3000};
	char text[3000];
	size_t len = lengths[random_below(random, ARRAY_COUNT(lengths))];

	for (size_t i = 0; i < len; i++)
		text[i] = (char)(' ' + random_below(random, 95));
	put_block(out, number, text, len);
}

static void put_message(const Methods *methods, const Message *message, int depth, Random *random, Out *out);

static void put_submessage(const Methods *methods, const Field *field, int depth, Random *random, Out *out)
{
	const Message *message = message_find(methods, field->type_name);
	Out inner = {.arena = out->arena};

	if (message && depth > 0)
		put_message(methods, message, depth - 1, random, &inner);
	put_block(out, field->number, inner.bytes, inner.len);
}

static void put_field(const Methods *methods, const Field *field, int depth, Random *random, Out *out)
{
	static const uint64_t numbers[] = {0, 1, 2, 3, 100, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};

	if ((int)field->type == T_MESSAGE) {
		put_submessage(methods, field, depth, random, out);
	} else if ((int)field->type == T_STRING) {
		put_text(out, field->number, random);
	} else if (wire_of(field) == LENGTH) {
		put_tag(out, field->number, LENGTH);
		put_varint(out, 40);
		put_random(out, 40, random);
	} else if (wire_of(field) == VARINT) {
		put_tag(out, field->number, VARINT);
		put_varint(out, numbers[random_below(random, ARRAY_COUNT(numbers))]);
	} else {
		put_tag(out, field->number, wire_of(field));
		put_random(out, wire_of(field) == FIXED64 ? 8 : 4, random);
	}
}

static void put_message(const Methods *methods, const Message *message, int depth, Random *random, Out *out)
{
	for (size_t i = 0; i < message->n_field && out->len < REQUEST_LIMIT / 2; i++) {
		size_t times = random_below(random, 4) > 0;

		if ((int)message->field[i]->label == REPEATED)
			times += random_below(random, 3);
		while (times-- > 0)
			put_field(methods, message->field[i], depth, random, out);
	}
}

static Str written(const Out *out)
{
	return str_n((const char *)out->bytes, out->len);
}

// --- kinds ---

// Well-formed, and senseless.
static Body wrong_content(const Methods *methods, const Message *input, Random *random, Arena *arena)
{
	Out out = {.arena = arena};

	put_message(methods, input, DEPTH, random, &out);
	return (Body){.bytes = written(&out)};
}

static Body truncated(const Methods *methods, const Message *input, Random *random, Arena *arena)
{
	Out out = {.arena = arena};

	put_message(methods, input, DEPTH, random, &out);
	put_block(&out, 1, "some bytes that will be missing", 31);
	out.len -= 1 + random_below(random, 31);
	return (Body){.bytes = written(&out), .certain = true};
}

static Body oversize(const Methods *methods, const Message *input, Random *random, Arena *arena)
{
	Out out = {.arena = arena};
	size_t more = 1 + random_below(random, random_below(random, 2) ? 100 : SIZE_MAX_SENT - REQUEST_LIMIT);

	put_message(methods, input, DEPTH, random, &out);
	while (out.len < REQUEST_LIMIT + more)
		put_random(&out, REQUEST_LIMIT + more - out.len, random);
	return (Body){.bytes = written(&out), .certain = true};
}

static int message_field(const Message *input)
{
	for (size_t i = 0; i < input->n_field; i++)
		if ((int)input->field[i]->type == T_MESSAGE)
			return input->field[i]->number;
	return 0;
}

// Blocks in blocks are written from the innermost outwards, so backwards.
static Str nested_blocks(int number, Arena *arena)
{
	enum { ROOM = 64 * 1024 };
	uint8_t *bytes = arena_alloc(arena, ROOM);
	size_t at = ROOM;

	for (int i = 0; i < NESTED; i++) {
		uint8_t scratch[16];
		Out head = {.arena = arena, .bytes = scratch, .room = sizeof(scratch)};

		put_tag(&head, number, LENGTH);
		put_varint(&head, ROOM - at);
		at -= head.len;
		memcpy(bytes + at, scratch, head.len);
	}
	return str_n((char *)bytes + at, ROOM - at);
}

static Body nested_deep(const Methods *methods, const Message *input, Random *random, Arena *arena)
{
	int number = message_field(input);
	Out out = {.arena = arena};

	(void)methods;
	if (number > 0 && random_below(random, 2))
		return (Body){.bytes = nested_blocks(number, arena)};
	for (int i = 0; i < NESTED; i++)
		put_tag(&out, number > 0 ? number : 1, GROUP_START);
	for (int i = 0; i < NESTED; i++)
		put_tag(&out, number > 0 ? number : 1, GROUP_END);
	return (Body){.bytes = written(&out), .certain = true};
}

static const Field *field_of_type(const Message *input, int type)
{
	for (size_t i = 0; i < input->n_field; i++)
		if ((int)input->field[i]->type == type)
			return input->field[i];
	return NULL;
}

static Body bad_text(const Methods *methods, const Message *input, Random *random, Arena *arena)
{
	static const struct {
		const char *bytes;
		size_t len;
	} texts[] = {{"\xff", 1}, {"\xc3\x28", 2}, {"a\0b", 3}, {"\xed\xa0\x80", 3},
	        {"\xf8\x88\x80\x80\x80", 5}, {"abc\xe2\x82", 5}, {"\xc0\xaf", 2}};
	size_t which = random_below(random, ARRAY_COUNT(texts));
	const Field *field = field_of_type(input, T_STRING);
	Out out = {.arena = arena};

	put_message(methods, input, DEPTH, random, &out);
	put_block(&out, field ? field->number : 1, texts[which].bytes, texts[which].len);
	return (Body){.bytes = written(&out), .certain = field != NULL};
}

static Body wrong_types(const Methods *methods, const Message *input, Random *random, Arena *arena)
{
	Out out = {.arena = arena};
	const Field *field;
	unsigned wire;

	put_message(methods, input, DEPTH, random, &out);
	if (input->n_field == 0)
		return (Body){.bytes = written(&out)};
	field = input->field[random_below(random, input->n_field)];
	wire = wire_of(field) == FIXED64 ? FIXED32 : FIXED64; // no repeated field is packed as that
	put_tag(&out, field->number, wire);
	put_random(&out, wire == FIXED64 ? 8 : 4, random);
	return (Body){.bytes = written(&out), .certain = true};
}

static Body random_bytes(const Methods *methods, const Message *input, Random *random, Arena *arena)
{
	Out out = {.arena = arena};

	(void)methods;
	(void)input;
	put_random(
	        &out, 1 + random_below(random, random_below(random, 10) ? 300 : REQUEST_LIMIT - 1), random);
	return (Body){.bytes = written(&out)};
}

static Body huge_numbers(const Methods *methods, const Message *input, Random *random, Arena *arena)
{
	static const uint64_t lengths[] = {INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX, REQUEST_LIMIT};
	Out out = {.arena = arena};

	put_message(methods, input, DEPTH, random, &out);
	if (random_below(random, 4) == 0) {
		put(&out, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		        12); // a tag of more than 64 bits
	} else {
		put_tag(&out, 1, LENGTH);
		put_varint(&out, lengths[random_below(random, ARRAY_COUNT(lengths))]);
	}
	return (Body){.bytes = written(&out), .certain = true};
}

// As many fields as fit: little on the wire, much in memory.
static Body many_fields(const Methods *methods, const Message *input, Random *random, Arena *arena)
{
	const Field *field = input->n_field > 0 ? input->field[random_below(random, input->n_field)] : NULL;
	int number = field && random_below(random, 4) ? field->number : 15;
	Out out = {.arena = arena};

	(void)methods;
	while (out.len < REQUEST_LIMIT - 8) {
		put_tag(&out, number, field ? wire_of(field) : VARINT);
		put(&out, "\0\0\0\0\0\0\0", field && wire_of(field) == FIXED64 ? 7 : 0);
		put(&out, "\0\0\0", field && wire_of(field) == FIXED32 ? 3 : 0);
		put_varint(&out, 0);
	}
	return (Body){.bytes = written(&out)};
}

static Body no_message(const Methods *methods, const Message *input, Random *random, Arena *arena)
{
	(void)methods;
	(void)input;
	(void)random;
	(void)arena;
	return (Body){.none = true};
}

// A small message that unpacks to much more than a request may have.
static Body bomb(const Methods *methods, const Message *input, Random *random, Arena *arena)
{
	size_t len = 128 * 1024 * (1 + random_below(random, 4));

	(void)methods;
	(void)input;
	return (Body){.compressed = true, .certain = true, .bytes = str_n(arena_alloc(arena, len), len)};
}

const Kind kinds[] = {
        {"truncated", truncated},
        {"oversize", oversize},
        {"nested 10,000 deep", nested_deep},
        {"bad text", bad_text},
        {"wrong types", wrong_types},
        {"random bytes", random_bytes},
        {"wrong content", wrong_content},
        {"huge numbers", huge_numbers},
        {"many fields", many_fields},
        {"no message", no_message},
        {"compressed bomb", bomb},
};
const size_t kind_count = ARRAY_COUNT(kinds);
