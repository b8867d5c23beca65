// Values as keys, and the texts that have numbers.
#pragma once
#include "decide/index.h"

#include <math.h>

enum {
	KEY_BYTES_MAX = 4096, // longer texts and lists are left to programs, whose fuel they take
	KEY_ITEMS_MAX = 256,
	KEY_NO_TEXT = -1, // the key of a text that no condition asks for
};

// The number of an attribute's text, which it gets if it has none yet; UINT32_MAX if memory is out.
uint32_t texts_add(Texts *texts, uint32_t owner, Str text, Arena *arena);
// KEY_NO_TEXT if it has none.
int64_t texts_find(const Texts *texts, uint32_t owner, Str text);

// Doubles in their order; all NaNs are one, below everything.
static inline int64_t key_of_double(double value)
{
	int64_t bits;
	if (isnan(value))
		return INT64_MIN;
	value += 0.0; // there is one zero
	memcpy(&bits, &value, sizeof bits);
	return bits ^ (int64_t)((uint64_t)(bits >> 63) >> 1);
}

// Half microseconds: odd keys are the times between two whole ones. False if the time is out of all bounds.
static inline bool key_of_time(ExprValue value, int64_t *ret)
{
	const int64_t limit = INT64_C(1) << 40;
	if (value.seconds < -limit || value.seconds > limit)
		return false;
	*ret = (value.seconds * 1000000 + value.nanos / 1000) * 2 + (value.nanos % 1000 != 0);
	return true;
}

// --- what a traits knows of an attribute ---

typedef enum KeyState {
	KEY_UNREAD,
	KEY_MISSING,
	KEY_READ,
	KEY_ODD, // only programs understand its value
} KeyState;
KeyState traits_read_now(Traits *traits, uint32_t slot);
KeyState traits_read_number_now(Traits *traits, uint32_t slot);

static inline bool is_plain_int(const Traits *traits, uint32_t slot)
{
	return traits->values[slot].kind == EXPR_INT && traits->attributes[slot].type.kind == EXPR_INT;
}

// The attribute's key; ints, which most are, at once.
static inline KeyState traits_read(Traits *traits, uint32_t slot)
{
	KeyState state = (KeyState)traits->states[slot];
	if (state != KEY_UNREAD)
		return state;
	if (!is_plain_int(traits, slot))
		return traits_read_now(traits, slot);
	traits->keys[slot] = traits->values[slot].i;
	traits->states[slot] = KEY_READ;
	return KEY_READ;
}

// The attribute as a number; MISSING and ODD as of keys.
static inline KeyState traits_read_number(Traits *traits, uint32_t slot)
{
	KeyState state = (KeyState)traits->number_states[slot];
	if (state != KEY_UNREAD)
		return state;
	int64_t value = traits->values[slot].i;
	if (!is_plain_int(traits, slot) || value != (int32_t)value)
		return traits_read_number_now(traits, slot);
	traits->numbers[slot] = (double)value;
	traits->number_states[slot] = KEY_READ;
	return KEY_READ;
}
