// Little-endian bytes: a buffer that grows, and a reader that never runs over.
#pragma once
#include "base/str.h"

#include <endian.h>
#include <stdlib.h>

typedef struct Bytes {
	uint8_t *ptr;
	size_t len, capacity;
	bool failed; // memory was out: what is in it is not whole
} Bytes;

static inline uint8_t *bytes_extend(Bytes *bytes, size_t len)
{
	if (bytes->len + len > bytes->capacity) {
		size_t capacity = 2 * bytes->capacity + len + 4096;
		uint8_t *grown = realloc(bytes->ptr, capacity);
		if (grown == NULL) {
			bytes->failed = true;
			return NULL;
		}
		bytes->ptr = grown;
		bytes->capacity = capacity;
	}
	bytes->len += len;
	return bytes->ptr + bytes->len - len;
}

static inline void bytes_put(Bytes *bytes, const void *from, size_t len)
{
	uint8_t *at = bytes_extend(bytes, len);
	if (at != NULL && len > 0)
		memcpy(at, from, len);
}

static inline void bytes_put_u16(Bytes *bytes, uint16_t value)
{
	value = htole16(value);
	bytes_put(bytes, &value, sizeof value);
}

static inline void bytes_put_u32(Bytes *bytes, uint32_t value)
{
	value = htole32(value);
	bytes_put(bytes, &value, sizeof value);
}

static inline void bytes_put_u64(Bytes *bytes, uint64_t value)
{
	value = htole64(value);
	bytes_put(bytes, &value, sizeof value);
}

static inline void bytes_free(Bytes *bytes)
{
	free(bytes->ptr);
}

// What is left to be read. What is not there reads as 0 and sets `bad`.
typedef struct Reader {
	const uint8_t *at;
	size_t left;
	bool bad;
} Reader;

static inline const uint8_t *read_bytes(Reader *in, size_t len)
{
	if (len > in->left) {
		in->bad = true;
		in->left = 0;
		return NULL;
	}
	in->at += len;
	in->left -= len;
	return in->at - len;
}

static inline uint16_t read_u16(Reader *in)
{
	uint16_t value = 0;
	const uint8_t *at = read_bytes(in, sizeof value);
	if (at != NULL)
		memcpy(&value, at, sizeof value);
	return le16toh(value);
}

static inline uint32_t read_u32(Reader *in)
{
	uint32_t value = 0;
	const uint8_t *at = read_bytes(in, sizeof value);
	if (at != NULL)
		memcpy(&value, at, sizeof value);
	return le32toh(value);
}

static inline uint64_t read_u64(Reader *in)
{
	uint64_t value = 0;
	const uint8_t *at = read_bytes(in, sizeof value);
	if (at != NULL)
		memcpy(&value, at, sizeof value);
	return le64toh(value);
}

static inline Str read_text(Reader *in, size_t len)
{
	const uint8_t *at = read_bytes(in, len);
	return at != NULL ? str_n((const char *)at, len) : (Str){0};
}
