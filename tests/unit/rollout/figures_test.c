// When a roll-out returns by itself, and that chance alone does not do it.
#include "rollout/figures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const EnvironmentReturn limits = {.error_rate = 10000, // 1 %
        .p99_ratio = 2000000,
        .least_p99_us = 1000,
        .acceptance_drop = 300000,
        .min_calls = 200};

// Calls of 512 us, of which `slow` took 64 ms.
static Figures fared(int64_t calls, int64_t errors, int64_t slow, int64_t contacts, int64_t accepts)
{
	Figures figures = {.calls = calls, .errors = errors, .contacts = contacts, .accepts = accepts};
	figures.latency[5] = calls - slow;
	figures.latency[12] = slow;
	return figures;
}

static bool is_worse(Figures candidate, Figures stable, const char *because)
{
	char reason[REASON_MAX] = "";
	bool worse = figures_are_worse(&limits, &candidate, &stable, reason);
	if (worse)
		assert_non_null(strstr(reason, because));
	return worse;
}

static void what_fails_too_often_is_returned(void **state)
{
	(void)state;
	assert_true(is_worse(fared(1000, 60, 0, 0, 0), fared(1000, 0, 0, 0, 0), "errors: 6.00 % of 1000"));
	assert_false(is_worse(fared(1000, 8, 0, 0, 0), fared(1000, 0, 0, 0, 0), ""));
	assert_false(is_worse(fared(1000, 60, 0, 0, 0), fared(1000, 60, 0, 0, 0), ""));
}

static void what_is_too_slow_is_returned(void **state)
{
	(void)state;
	assert_true(is_worse(fared(1000, 0, 50, 0, 0), fared(1000, 0, 0, 0, 0), "latency: p99 is 65.54 ms"));
	assert_false(is_worse(fared(1000, 0, 10, 0, 0), fared(1000, 0, 0, 0, 0), ""));
	assert_false(is_worse(fared(1000, 0, 50, 0, 0), fared(1000, 0, 50, 0, 0), ""));
}

static void what_is_accepted_too_rarely_is_returned(void **state)
{
	(void)state;
	assert_true(is_worse(
	        fared(1000, 0, 0, 1000, 50), fared(1000, 0, 0, 1000, 200), "acceptance: 5.00 % of 1000"));
	assert_false(is_worse(fared(1000, 0, 0, 1000, 150), fared(1000, 0, 0, 1000, 200), ""));
	assert_false(is_worse(fared(1000, 0, 0, 20, 0), fared(1000, 0, 0, 1000, 200), ""));
}

static void too_few_calls_say_nothing(void **state)
{
	(void)state;
	assert_false(is_worse(fared(199, 199, 0, 0, 0), fared(1000, 0, 0, 0, 0), ""));
	assert_false(is_worse(fared(1000, 1000, 0, 0, 0), fared(199, 0, 0, 0, 0), ""));
}

static void a_limit_of_nothing_is_never_exceeded(void **state)
{
	(void)state;
	const EnvironmentReturn none = {.min_calls = 1};
	Figures bad = fared(1000, 1000, 1000, 1000, 0), good = fared(1000, 0, 0, 1000, 500);
	char reason[REASON_MAX];
	assert_false(figures_are_worse(&none, &bad, &good, reason));
}

// A hundred roll-outs of an equally good snapshot, each looked at 600 times while it bakes.
static void chance_alone_returns_nothing(void **state)
{
	(void)state;
	unsigned seed = 20261122;
	int returned = 0;
	printf("seed %u\n", seed);
	for (int run = 0; run < 100; run++) {
		Figures groups[2] = {{0}};
		bool worse = false;
		for (int look = 0; look < 600 && !worse; look++) {
			for (int call = 0; call < 40; call++) {
				Figures one = fared(1, rand_r(&seed) % 100 == 0, rand_r(&seed) % 200 == 0, 1,
				        rand_r(&seed) % 10 == 0);
				figures_add(&groups[call % 2], &one);
			}
			worse = is_worse(groups[0], groups[1], "");
		}
		returned += worse;
	}
	assert_int_equal(returned, 0);
}

static void only_what_came_since_is_counted(void **state)
{
	(void)state;
	Figures now = fared(1000, 10, 5, 100, 20), base = fared(400, 4, 2, 50, 10);
	figures_since(&now, &base);
	assert_int_equal(now.calls, 600);
	assert_int_equal(now.errors, 6);
	assert_int_equal(now.accepts, 10);
	assert_int_equal(now.latency[12], 3);
	// A server that was started anew has counted less than before.
	Figures anew = fared(7, 1, 0, 0, 0);
	figures_since(&anew, &base);
	assert_int_equal(anew.calls, 7);
}

static void figures_are_the_same_when_they_come_back(void **state)
{
	(void)state;
	Figures figures = fared(1000, 10, 5, 100, 20), back;
	int64_t numbers[FIGURES];
	figures_pack(&figures, numbers);
	figures_unpack(numbers, FIGURES, &back);
	assert_memory_equal(&figures, &back, sizeof back);
	assert_int_equal(figures_p99_us(&figures), 512);
	assert_int_equal(figures_error_rate(&figures), 10000);
	assert_int_equal(figures_acceptance(&figures), 200000);
	assert_int_equal(figures_p99_us(&(Figures){0}), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_fails_too_often_is_returned),
	        cmocka_unit_test(what_is_too_slow_is_returned),
	        cmocka_unit_test(what_is_accepted_too_rarely_is_returned),
	        cmocka_unit_test(too_few_calls_say_nothing),
	        cmocka_unit_test(a_limit_of_nothing_is_never_exceeded),
	        cmocka_unit_test(chance_alone_returns_nothing),
	        cmocka_unit_test(only_what_came_since_is_counted),
	        cmocka_unit_test(figures_are_the_same_when_they_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
