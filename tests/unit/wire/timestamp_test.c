// Microseconds become seconds and nanoseconds that count forward, also before 1970.
#include "base/cleanup.h"
#include "wire/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void times_on_both_sides_of_1970(void **state)
{
	static const struct {
		int64_t us, seconds;
		int32_t nanos;
	} cases[] = {
	        {0, 0, 0},
	        {1500000, 1, 500000000},
	        {1780315200000001, 1780315200, 1000},
	        {-1, -1, 999999000},
	        {-1000000, -1, 0},
	        {-1500000, -2, 500000000},
	};
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(1024, 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const Google__Protobuf__Timestamp *time = wire_timestamp(cases[i].us, arena);
		assert_int_equal(time->seconds, cases[i].seconds);
		assert_int_equal(time->nanos, cases[i].nanos);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(times_on_both_sides_of_1970)};
	return cmocka_run_group_tests_name("timestamps", tests, NULL, NULL);
}
