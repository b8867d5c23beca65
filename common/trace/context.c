#include "trace/context.h"

#include "trace/random.h"

#include <stdio.h>

// Version 00: VV-TRACE-SPAN-FF, all lower-case hex digits.
enum { VERSION = 0, TRACE = 3, SPAN = 36, FLAGS = 53, LENGTH = 55, FLAG_SAMPLED = 1 };

static bool is_lower_hex(Str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!((text.ptr[i] >= '0' && text.ptr[i] <= '9') ||
		            (text.ptr[i] >= 'a' && text.ptr[i] <= 'f')))
			return false;
	return true;
}

static bool read_hex(Str text, size_t at, uint8_t *bytes, size_t len)
{
	Str digits = str_n(text.ptr + at, 2 * len);
	return is_lower_hex(digits) && hex_decode(digits, bytes, len);
}

static bool is_zero(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

bool trace_ids_fine(Str ids)
{
	return ids.len == TRACE_CONTEXT_SIZE && !is_zero(ids.ptr, TRACE_ID_SIZE) &&
	       !is_zero(ids.ptr + TRACE_ID_SIZE, TRACE_SPAN_ID_SIZE);
}

// A version to come begins like this one and may have more behind a dash; ff is none.
bool trace_parent_read(Str text, TraceContext *ret)
{
	uint8_t version, flags;
	*ret = (TraceContext){0};
	if (text.len < LENGTH || text.ptr[TRACE - 1] != '-' || text.ptr[SPAN - 1] != '-' ||
	        text.ptr[FLAGS - 1] != '-')
		return false;
	if (!read_hex(text, VERSION, &version, 1) || version == 0xff ||
	        (text.len > LENGTH && (version == 0 || text.ptr[LENGTH] != '-')))
		return false;
	if (!read_hex(text, TRACE, ret->ids, TRACE_ID_SIZE) ||
	        !read_hex(text, SPAN, ret->ids + TRACE_ID_SIZE, TRACE_SPAN_ID_SIZE) ||
	        !read_hex(text, FLAGS, &flags, 1))
		return false;
	ret->sampled = (flags & FLAG_SAMPLED) != 0;
	return trace_ids_fine(str_n((const char *)ret->ids, sizeof ret->ids));
}

void trace_parent_write(const TraceContext *context, char text[TRACE_PARENT_SIZE])
{
	char trace[2 * TRACE_ID_SIZE + 1], span[2 * TRACE_SPAN_ID_SIZE + 1];
	hex_encode(context->ids, TRACE_ID_SIZE, trace);
	hex_encode(context->ids + TRACE_ID_SIZE, TRACE_SPAN_ID_SIZE, span);
	snprintf(text, TRACE_PARENT_SIZE, "00-%.32s-%.16s-%02x", trace, span,
	        context->sampled ? FLAG_SAMPLED : 0);
}

// --- tracestate ---

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static Str trim(Str text)
{
	while (text.len > 0 && is_blank(text.ptr[0]))
		text = str_n(text.ptr + 1, text.len - 1);
	while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

static bool key_has(Str key, bool at_sign)
{
	for (size_t i = 0; i < key.len; i++) {
		char c = key.ptr[i];
		bool lower = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
		if (!lower && !digit && !(i > 0 && c != '\0' && strchr("_-*/", c)) &&
		        !(at_sign && i > 0 && c == '@'))
			return false;
	}
	return true;
}

// NAME, or TENANT@SYSTEM.
static bool key_fine(Str key)
{
	enum { NAME_MAX_ = 256, TENANT_MAX = 241, SYSTEM_MAX = 14 };
	const char *at = key.len ? memchr(key.ptr, '@', key.len) : NULL;
	if (key.len == 0 || !key_has(key, at != NULL))
		return false;
	if (at == NULL)
		return key.len <= NAME_MAX_ && key.ptr[0] >= 'a';
	Str system = str_n(at + 1, (size_t)(key.ptr + key.len - at - 1));
	return at - key.ptr <= TENANT_MAX && system.len >= 1 && system.len <= SYSTEM_MAX &&
	       system.ptr[0] >= 'a' && key_has(system, false);
}

static bool value_fine(Str value)
{
	enum { VALUE_MAX = 256 };
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] < ' ' || value.ptr[i] > '~' || value.ptr[i] == '=')
			return false;
	return value.len >= 1 && value.len <= VALUE_MAX;
}

// Takes the next member off; what is between two commas may be empty.
static Str next_member(Str *rest)
{
	const char *comma = memchr(rest->ptr, ',', rest->len);
	Str member = str_n(rest->ptr, comma ? (size_t)(comma - rest->ptr) : rest->len);
	size_t taken = member.len + (comma != NULL);
	*rest = str_n(rest->ptr + taken, rest->len - taken);
	return trim(member);
}

bool trace_state_fine(Str text)
{
	Str keys[TRACE_STATE_MEMBERS];
	size_t count = 0;
	if (text.len > TRACE_STATE_MAX)
		return false;
	while (text.len > 0) {
		Str member = next_member(&text);
		const char *sign = member.len ? memchr(member.ptr, '=', member.len) : NULL;
		if (member.len == 0)
			continue;
		if (sign == NULL || count == TRACE_STATE_MEMBERS)
			return false;
		Str key = str_n(member.ptr, (size_t)(sign - member.ptr));
		if (!key_fine(key) || !value_fine(str_n(sign + 1, member.len - key.len - 1)))
			return false;
		for (size_t i = 0; i < count; i++)
			if (str_eq(keys[i], key))
				return false;
		keys[count++] = key;
	}
	return count > 0;
}

// --- fresh ones ---

void trace_ids_draw(uint8_t *ids, size_t len)
{
	do {
		for (size_t i = 0; i < len; i += sizeof(uint64_t)) {
			uint64_t bits = trace_random();
			memcpy(ids + i, &bits, len - i < sizeof bits ? len - i : sizeof bits);
		}
	} while (is_zero((const char *)ids, len));
}

TraceContext trace_context_new(void)
{
	TraceContext context = {.sampled = true};
	trace_ids_draw(context.ids, TRACE_ID_SIZE);
	trace_ids_draw(context.ids + TRACE_ID_SIZE, TRACE_SPAN_ID_SIZE);
	return context;
}
