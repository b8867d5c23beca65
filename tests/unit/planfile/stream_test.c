// Effects of a plan on their way: the same however the bytes are cut, and refused where they are damaged.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "planfile/stream.h"
#include "wire/wire.h"

enum { EFFECTS = 40, BYTES_MAX = 1 << 16 };

static void put(char *bytes, size_t *len, Str packed)
{
	for (size_t i = 0; i < 4; i++)
		bytes[(*len)++] = (char)(packed.len >> 8 * i & 0xff);
	memcpy(bytes + *len, packed.ptr, packed.len);
	*len += packed.len;
}

// Effects with 0, 1, 2 … entries, as a plan's blocks have them.
static Str sample(Arena *arena)
{
	static const char text[] = "an entry";
	char *bytes = arena_alloc(arena, BYTES_MAX);
	size_t len = 0;
	for (uint64_t place = 0; place < EFFECTS; place++) {
		EventEffects effects = PARLEY__PLAN__V1__EVENT_EFFECTS__INIT;
		ProtobufCBinaryData entries[EFFECTS];
		Str packed;
		for (uint64_t i = 0; i < place; i++)
			entries[i] = (ProtobufCBinaryData){sizeof text, (uint8_t *)(uintptr_t)text};
		effects.place = place;
		effects.entries = entries;
		effects.n_entries = (size_t)place;
		assert_int_equal(wire_pack(&effects.base, arena, &packed), OK);
		put(bytes, &len, packed);
	}
	return str_n(bytes, len);
}

static void any_cut_gives_the_same(void **state)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(BYTES_MAX, 0);
	Str all = sample(arena);
	(void)state;
	for (size_t cut = 1; cut < 300; cut++) {
		EffectsStream stream = {0};
		const EventEffects *effects;
		uint64_t count = 0;
		size_t size;
		for (Str left = all; left.len > 0;) {
			size_t len = left.len < cut ? left.len : cut;
			assert_int_equal(effects_feed(&stream, str_n(left.ptr, len)), OK);
			left = str_n(left.ptr + len, left.len - len);
			for (;;) {
				assert_int_equal(effects_peek(&stream, arena, &effects, &size), OK);
				if (effects == NULL)
					break;
				assert_int_equal(effects->place, count);
				assert_int_equal(effects->n_entries, count);
				count++;
				effects_take(&stream, size);
			}
		}
		assert_int_equal(count, EFFECTS);
		assert_true(effects_end(&stream));
		effects_clear(&stream);
	}
}

static void damage_is_refused(void **state)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(BYTES_MAX, 0);
	const EventEffects *effects;
	EffectsStream stream = {0};
	size_t size;
	(void)state;
	assert_int_equal(effects_feed(&stream, STR("\xff\xff\xff\xff")), OK); // longer than any
	assert_int_equal(effects_peek(&stream, arena, &effects, &size), ERR_STATE_CORRUPT);
	effects_clear(&stream);
	assert_int_equal(effects_feed(&stream, STR("\x02\x00\x00\x00\xff\xff")), OK); // no message
	assert_int_equal(effects_peek(&stream, arena, &effects, &size), ERR_STATE_CORRUPT);
	effects_clear(&stream);
	assert_int_equal(effects_feed(&stream, STR("\x02\x00\x00\x00\x08")), OK); // cut
	assert_int_equal(effects_peek(&stream, arena, &effects, &size), OK);
	assert_null(effects);
	assert_false(effects_end(&stream));
	effects_clear(&stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(any_cut_gives_the_same),
	        cmocka_unit_test(damage_is_refused),
	};
	return cmocka_run_group_tests_name("effects of a plan in pieces", tests, NULL, NULL);
}
