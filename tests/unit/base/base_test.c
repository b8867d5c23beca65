// What everything stands on: views, arenas, errors, civil time, durable files.
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void views_compare_by_bytes(void **state)
{
	(void)state;
	assert_true(str_eq(STR("gold"), str("gold")));
	assert_true(str_eq((Str){0}, STR("")));
	assert_true(str_cmp(STR("gold"), STR("golden")) < 0);
	assert_true(str_cmp(STR("b"), STR("abc")) > 0);
	assert_true(str_starts(STR("spiffe://parley/design"), STR("spiffe://")));
	assert_false(str_starts(STR("spi"), STR("spiffe://")));
	assert_true(str_ends(STR("offers.yaml"), STR(".yaml")));
	assert_false(str_ends(STR("l"), STR(".yaml")));
}

static void only_well_formed_utf8_passes(void **state)
{
	static const char *const good[] = {
	        "", "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x80", "\xc0\xaf", "\xc3", "\xe0\x80\xaf", "\xed\xa0\x80",
	        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe2\x82"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(good); i++)
		assert_true(str_is_utf8(str(good[i])));
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
		assert_false(str_is_utf8(str(bad[i])));
	assert_false(str_is_utf8(str_n("a\0b", 3)));
	for (size_t len = 1; len <= 9; len++)
		for (size_t at = 0; at < len; at++) {
			char few[] = "abcdefghi";
			assert_true(str_is_utf8(str_n(few, len)));
			few[at] = '\0';
			assert_false(str_is_utf8(str_n(few, len)));
			few[at] = (char)0x80;
			assert_false(str_is_utf8(str_n(few, len)));
		}
	assert_true(str_is_ascii(STR("")));
	for (size_t len = 1; len <= 20; len++)
		for (size_t at = 0; at < len; at++) {
			char text[] = "abcdefghijklmnopqrst";
			assert_true(str_is_ascii(str_n(text, len)));
			text[at] = '\0';
			assert_false(str_is_ascii(str_n(text, len)));
			text[at] = (char)0xc3;
			assert_false(str_is_ascii(str_n(text, len)));
		}
	// wherever it stands among eight bytes that are read in one go
	for (size_t i = 0; i < ARRAY_COUNT(bad) * 24; i++) {
		char text[40] = "~ twenty-four and more bytes of ASCII ~";
		const char *wrong = bad[i / 24];

		assert_true(str_is_utf8(str_n(text, 39)));
		text[i % 24] = 0;
		assert_false(str_is_utf8(str_n(text, 39)));
		memcpy(text + i % 24, wrong, strlen(wrong));
		assert_false(str_is_utf8(str_n(text, 39)));
	}
}

static void numbers_are_whole_texts(void **state)
{
	int64_t i;
	uint64_t u;
	double f;

	(void)state;
	assert_true(str_to_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
	assert_false(str_to_i64(STR("9223372036854775808"), &i));
	assert_false(str_to_i64(STR(""), &i));
	assert_false(str_to_i64(STR("-"), &i));
	assert_false(str_to_i64(STR(" 1"), &i));
	assert_false(str_to_i64(STR("1x"), &i));
	assert_false(str_to_i64(str_n("1\0", 2), &i));
	assert_true(str_to_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
	assert_false(str_to_u64(STR("-1"), &u));
	assert_true(str_to_f64(STR("-1.5e3"), &f) && f == -1500.0);
	assert_false(str_to_f64(STR("nan"), &f));
	assert_false(str_to_f64(STR("0x10"), &f));
	assert_false(str_to_f64(STR("1e999"), &f));
}

static void hex_goes_there_and_back(void **state)
{
	uint8_t bytes[4] = {0, 0x7f, 0x80, 0xff}, back[4];
	char hex[9];

	(void)state;
	hex_encode(bytes, 4, hex);
	assert_string_equal(hex, "007f80ff");
	assert_true(hex_decode(STR("007F80ff"), back, 4));
	assert_memory_equal(bytes, back, 4);
	assert_false(hex_decode(STR("007F80f"), back, 4));
	assert_false(hex_decode(STR("007F80fg"), back, 4));
}

static void an_arena_keeps_its_limit_and_its_first_block(void **state)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(256, 4096);
	uint8_t *first;

	(void)state;
	first = arena_alloc(arena, 100);
	assert_non_null(first);
	assert_int_equal((uintptr_t)first % 16, 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(first[i], 0);
	assert_non_null(arena_alloc(arena, 2000));
	assert_null(arena_alloc(arena, 4000));
	assert_null(arena_alloc(arena, SIZE_MAX));
	assert_null(arena_uncleared(arena, 4000));
	assert_null(arena_uncleared(arena, SIZE_MAX));
	assert_null(ARENA_ARRAY(arena, uint64_t, SIZE_MAX / 4));
	memset(first, 0xaa, 100);
	arena_reset(arena);
	assert_int_equal(arena_used(arena), 0);
	assert_ptr_equal(arena_alloc(arena, 100), first);
	assert_int_equal(first[0], 0);
}

// A large block is cleared where it was used, and only there.
static void a_large_arena_is_zero_the_first_time_and_again(void **state)
{
	enum { BLOCK = 512 * 1024 };
	static const uint8_t zeros[BLOCK];
	CLEANUP(arena_freep) Arena *arena = arena_new(BLOCK, 0);

	(void)state;
	for (size_t used = 1000; used < BLOCK / 2; used *= 3) {
		uint8_t *left = arena_alloc(arena, used), *right = arena_alloc(arena, BLOCK / 4);
		assert_memory_equal(left, zeros, used);
		assert_memory_equal(right, zeros, BLOCK / 4);
		memset(left, 0xaa, used);
		memset(right, 0xaa, BLOCK / 4);
		arena_reset(arena);
	}
	assert_memory_equal(arena_alloc(arena, BLOCK - 64), zeros, BLOCK - 64);
}

// What is used again is cleared some way ahead: whatever is asked for, in whatever order, is zero and its
// own; also beside what was not to be cleared.
static void what_an_arena_gives_is_zero_and_apart(void **state)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(5000, 0);
	static const uint8_t zeros[3000];
	uint32_t random = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		size_t asked = 0;
		uint8_t *before = NULL;
		for (int i = 0; i < 20; i++) {
			random = random * 1664525 + 1013904223;
			size_t size = i % 5 == 0 ? 0 : random >> 16 & (i % 3 == 0 ? 0x7ff : 0x3f);
			bool cleared = (random >> 13 & 3) != 0;
			uint8_t *memory = cleared ? arena_alloc(arena, size) : arena_uncleared(arena, size);
			assert_true(!cleared || memcmp(memory, zeros, size) == 0);
			assert_int_equal((uintptr_t)memory % 16, 0);
			assert_ptr_not_equal(memory, before);
			memset(memory, 0xaa, size);
			asked += size;
			before = memory;
		}
		assert_true(arena_used(arena) >= asked && arena_used(arena) <= asked + 20 * 48);
		arena_reset(arena);
	}
}

static void arena_text_ends_in_nul(void **state)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(64, 0);
	Str copy = arena_str(arena, str_n("golden", 4));

	(void)state;
	assert_int_equal(copy.len, 4);
	assert_string_equal(copy.ptr, "gold");
	assert_string_equal(arena_printf(arena, "%s-%d", "rule", 7), "rule-7");
}

static Err fails_with_a_field(void)
{
	return err_at(ERR_FIELD_INVALID, "offer.code", "must not be empty");
}

static Err passes_it_on(void)
{
	TRY(fails_with_a_field());
	return OK;
}

static void a_failure_keeps_its_words(void **state)
{
	char long_text[3000];

	(void)state;
	assert_int_equal(passes_it_on(), ERR_FIELD_INVALID);
	assert_string_equal(err_detail()->field, "offer.code");
	assert_string_equal(err_detail()->message, "must not be empty");
	assert_int_equal(err_context(ERR_FIELD_INVALID, "offers.yaml:%d", 12), ERR_FIELD_INVALID);
	assert_string_equal(err_detail()->message, "offers.yaml:12: must not be empty");
	assert_string_equal(err_detail()->field, "offer.code");
	assert_int_equal(err_status(ERR_FIELD_INVALID), 3);
	assert_string_equal(err_reason(ERR_FIELD_INVALID), "FIELD_INVALID");
	assert_int_equal(err_by_reason(STR("SESSION_UNKNOWN")), ERR_SESSION_UNKNOWN);
	assert_int_equal(err_by_reason(STR("NO_SUCH_REASON")), OK);
	for (size_t i = 0; i + 2 < sizeof(long_text); i += 2)
		memcpy(long_text + i, "\xc3\xa9", 2);
	long_text[sizeof(long_text) - 2] = 0;
	err(ERR_INTERNAL, "x%s", long_text);
	assert_true(str_is_utf8(str(err_detail()->message)));
}

static void every_error_has_a_status_and_words(void **state)
{
	(void)state;
	for (int id = OK + 1; id < ERR_COUNT; id++) {
		assert_in_range(err_status((Err)id), 1, 16);
		assert_true(strlen(err_text((Err)id)) > 0);
		assert_int_equal(err_by_reason(str(err_reason((Err)id))), id);
	}
}

static void time_is_read_and_written_in_rfc_3339(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
		const char *again;
	} good[] = {
	        {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"},
	        {"2026-01-31T08:00:00+01:00", INT64_C(1769842800000000), "2026-01-31T07:00:00Z"},
	        {"2024-02-29T23:59:59.5Z", INT64_C(1709251199500000), "2024-02-29T23:59:59.500Z"},
	        {"1969-12-31T23:59:59.999999Z", -1, "1969-12-31T23:59:59.999999Z"},
	        {"0001-01-01T00:00:00Z", INT64_C(-62135596800000000), "0001-01-01T00:00:00Z"},
	};
	static const char *const bad[] = {"", "2026-01-31", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
	        "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00Zx",
	        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1:00", "0000-01-01T00:00:00Z"};
	char text[TIME_TEXT_SIZE];
	int64_t us;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
		assert_true(time_parse(str(good[i].text), &us));
		assert_int_equal(us, good[i].us);
		time_format(us, text);
		assert_string_equal(text, good[i].again);
	}
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
		assert_false(time_parse(str(bad[i]), &us));
}

static void a_durable_write_replaces_whole_files(void **state)
{
	char dir[] = "/tmp/parley-base-XXXXXX";
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	char *deep, *path;
	struct stat info;
	Str back;

	(void)state;
	assert_non_null(mkdtemp(dir));
	deep = path_join(arena, str(dir), STR("a/b"));
	assert_int_equal(dir_make(deep, 0700), OK);
	assert_int_equal(dir_make(deep, 0700), OK);
	path = path_join(arena, str(deep), STR("state"));
	assert_int_equal(file_write_durable(path, STR("first"), 0600), OK);
	assert_int_equal(file_write_durable(path, STR("second one"), 0600), OK);
	assert_int_equal(file_read(path, 100, arena, &back), OK);
	assert_string_equal(back.ptr, "second one");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(file_read(path, 9, arena, &back), ERR_LIMIT);
	assert_int_equal(file_read(path_join(arena, str(deep), STR("none")), 9, arena, &back), ERR_IO);
	assert_non_null(strstr(err_detail()->message, "No such file"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(deep), 0); // nothing was left beside
	assert_int_equal(rmdir(path_join(arena, str(dir), STR("a"))), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(views_compare_by_bytes),
	        cmocka_unit_test(only_well_formed_utf8_passes),
	        cmocka_unit_test(numbers_are_whole_texts),
	        cmocka_unit_test(hex_goes_there_and_back),
	        cmocka_unit_test(an_arena_keeps_its_limit_and_its_first_block),
	        cmocka_unit_test(a_large_arena_is_zero_the_first_time_and_again),
	        cmocka_unit_test(what_an_arena_gives_is_zero_and_apart),
	        cmocka_unit_test(arena_text_ends_in_nul),
	        cmocka_unit_test(a_failure_keeps_its_words),
	        cmocka_unit_test(every_error_has_a_status_and_words),
	        cmocka_unit_test(time_is_read_and_written_in_rfc_3339),
	        cmocka_unit_test(a_durable_write_replaces_whole_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
