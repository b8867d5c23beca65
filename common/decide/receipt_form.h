// The form of receipts, which writer and reader share: README.md tells it.
#pragma once
#include "decide/plan.h"
#include "decide/receipt.h"

enum {
	RECEIPT_TOO_LONG = 0, // instead of the version: there is nothing behind it
	RECEIPT_VERSION = 1,
	RECEIPT_ACROSS = 1, // flag: deduplicate_across
	RECEIPT_FLAGS = RECEIPT_ACROSS,
};

// What a value begins with.
enum {
	FORM_ERROR, // then which, and of ATTRIBUTE_MISSING the slot
	FORM_NULL,
	FORM_FALSE,
	FORM_TRUE,
	FORM_INT,
	FORM_UINT,
	FORM_DOUBLE,
	FORM_STRING,
	FORM_BYTES,
	FORM_TIMESTAMP,
	FORM_DURATION,
	FORM_LIST, // of anything but lists
};

// What a fact begins with: its kind, and what follows offer and time.
enum {
	FORM_FACT_KIND = 7, // mask
	FORM_FACT_KNOWN =
	        7, // a kind: in the session's list, one that the visitor's has; how many it passes by
	FORM_FACT_COUNT = 8,
	FORM_FACT_UNTIL = 16,
	FORM_FACT_SCORE = 32,
	FORM_FACT_BITS = 63,
};

// Signed numbers as unsigned ones, small where they are small.
static inline uint64_t zigzag(int64_t value)
{
	return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t unzigzag(uint64_t value)
{
	return (int64_t)((value >> 1) ^ (0 - (value & 1)));
}

static inline bool fact_has_end(FactKind kind)
{
	return kind == FACT_SUPPRESS || kind == FACT_QUALIFY;
}

// Whether two facts are one, in both lists.
static inline bool fact_is(const Fact *a, const Fact *b)
{
	return a->offer == b->offer && a->count == b->count && a->kind == b->kind && a->time_us == b->time_us;
}

// Whether they are one value, to the bit.
bool receipt_same_value(const ExprValue *a, const ExprValue *b);

// --- writing ---

// Bytes in an arena, in memory that doubles when it must. Once there is none left nothing more is written.
typedef struct ReceiptWriter {
	Arena *arena;
	uint8_t *start, *at, *end;
	bool failed; // there is no memory
	bool odd;    // a value has a kind that attributes do not have
} ReceiptWriter;

bool writer_grow(ReceiptWriter *writer, size_t size);
// Whether `size` bytes can be written.
static inline bool writer_has(ReceiptWriter *writer, size_t size)
{
	return (size_t)(writer->end - writer->at) >= size || writer_grow(writer, size);
}

static inline void put_byte(ReceiptWriter *writer, uint8_t byte)
{
	if (writer_has(writer, 1))
		*writer->at++ = byte;
}

enum { FORM_NUMBER_MAX = 10 }; // bytes of a number

// A number where there is room for it; returns what is behind it.
static inline uint8_t *store_number(uint8_t *at, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*at++ = (uint8_t)(value | 0x80);
	*at++ = (uint8_t)value;
	return at;
}

static inline void put_number(ReceiptWriter *writer, uint64_t value)
{
	if (writer_has(writer, FORM_NUMBER_MAX))
		writer->at = store_number(writer->at, value);
}

// 8 bytes.
static inline void put_word(ReceiptWriter *writer, uint64_t value)
{
	if (!writer_has(writer, sizeof value))
		return;
	for (unsigned i = 0; i < sizeof value; i++) // compilers make one store of it
		writer->at[i] = (uint8_t)(value >> 8 * i);
	writer->at += sizeof value;
}

void put_double(ReceiptWriter *writer, double value); // its bits
void put_text(ReceiptWriter *writer, Str text);
void put_value(ReceiptWriter *writer, ExprValue value);

static inline uint64_t double_bits(double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}
