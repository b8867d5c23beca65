// How receipts and digests write numbers, texts and values: the same bytes for the same thing, always.
#include "decide/receipt_form.h"

enum {
	ROOM = 384, // of most receipts
};

bool writer_grow(ReceiptWriter *writer, size_t size)
{
	size_t written = (size_t)(writer->at - writer->start);
	size_t room = 2 * (size_t)(writer->end - writer->start) + size + ROOM;
	uint8_t *start = writer->failed ? NULL : arena_alloc(writer->arena, room);
	if (start == NULL) {
		writer->failed = true;
		return false;
	}
	if (written > 0)
		memcpy(start, writer->start, written);
	writer->start = start;
	writer->at = start + written;
	writer->end = start + room;
	return true;
}

static void put_bytes(ReceiptWriter *writer, const void *bytes, size_t len)
{
	if (len == 0 || !writer_has(writer, len))
		return;
	memcpy(writer->at, bytes, len);
	writer->at += len;
}

void put_double(ReceiptWriter *writer, double value)
{
	put_word(writer, double_bits(value));
}

void put_text(ReceiptWriter *writer, Str text)
{
	put_number(writer, text.len);
	put_bytes(writer, text.ptr, text.len);
}

// --- values ---

static void put_error(ReceiptWriter *writer, ExprValue value)
{
	put_byte(writer, FORM_ERROR);
	put_number(writer, value.error);
	if (value.error == EXPR_ERR_ATTRIBUTE_MISSING)
		put_number(writer, value.slot);
}

static void put_moment(ReceiptWriter *writer, uint8_t form, ExprValue value)
{
	put_byte(writer, form);
	put_number(writer, zigzag(value.seconds));
	put_number(writer, zigzag(value.nanos));
}

static void put_string(ReceiptWriter *writer, uint8_t form, ExprValue value)
{
	put_byte(writer, form);
	put_text(writer, str_n(value.s, value.len));
}

static void put_single(ReceiptWriter *writer, ExprValue value)
{
	switch (value.kind) {
	case EXPR_ERROR:
		return put_error(writer, value);
	case EXPR_NULL:
		return put_byte(writer, FORM_NULL);
	case EXPR_BOOL:
		return put_byte(writer, value.b ? FORM_TRUE : FORM_FALSE);
	case EXPR_INT:
		put_byte(writer, FORM_INT);
		return put_number(writer, zigzag(value.i));
	case EXPR_UINT:
		put_byte(writer, FORM_UINT);
		return put_number(writer, value.u);
	case EXPR_DOUBLE:
		put_byte(writer, FORM_DOUBLE);
		return put_double(writer, value.d);
	case EXPR_STRING:
		return put_string(writer, FORM_STRING, value);
	case EXPR_BYTES:
		return put_string(writer, FORM_BYTES, value);
	case EXPR_TIMESTAMP:
		return put_moment(writer, FORM_TIMESTAMP, value);
	case EXPR_DURATION:
		return put_moment(writer, FORM_DURATION, value);
	default:
		writer->odd = true;
	}
}

void put_value(ReceiptWriter *writer, ExprValue value)
{
	if (value.kind != EXPR_LIST) {
		put_single(writer, value);
		return;
	}
	put_byte(writer, FORM_LIST);
	put_number(writer, value.len);
	for (uint32_t i = 0; i < value.len; i++)
		put_single(writer, value.items[i]);
}
