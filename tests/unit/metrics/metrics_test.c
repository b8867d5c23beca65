// The text format, byte for byte.
#include "base/cleanup.h"
#include "metrics/metrics.h"
#include "metrics/stripe.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static Arena *arena;
static Metrics *metrics;

static int start(void **state)
{
	(void)state;
	arena = arena_new(4096, 0);
	metrics = metrics_new(arena);
	return metrics ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void assert_text(const char *expected)
{
	Str text;
	assert_int_equal(metrics_text(metrics, &text), OK);
	assert_string_equal(arena_cstr(arena, text), expected);
}

static void families_have_help_type_and_samples(void **state)
{
	(void)state;
	metrics_counter(metrics, "parley_calls_total", "Calls.", 7);
	metrics_family(metrics, METRIC_GAUGE, "parley_age_seconds", "Age.");
	metrics_sample(metrics, 1.5, METRIC_LABELS({"channel", STR("bank")}));
	metrics_sample(metrics, -2, METRIC_LABELS({"channel", STR("shop")}, {"slot", STR("stable")}));
	assert_text("# HELP parley_calls_total Calls.\n"
	            "# TYPE parley_calls_total counter\n"
	            "parley_calls_total 7\n"
	            "# HELP parley_age_seconds Age.\n"
	            "# TYPE parley_age_seconds gauge\n"
	            "parley_age_seconds{channel=\"bank\"} 1.5\n"
	            "parley_age_seconds{channel=\"shop\",slot=\"stable\"} -2\n");
}

static void what_is_special_is_escaped(void **state)
{
	(void)state;
	metrics_family(metrics, METRIC_GAUGE, "a", "one\\two\n\"three\"");
	metrics_sample(metrics, 1, METRIC_LABELS({"x", STR("a\\b\"c\nd{e}=,f")}));
	metrics_sample(metrics, 1, METRIC_LABELS({"x", STR("Zürich")}));
	metrics_sample(metrics, 1, METRIC_LABELS({"x", STR("\xff\xc0z\0y")}));
	metrics_sample(metrics, 1, METRIC_LABELS({"x", STR("")}));
	assert_text("# HELP a one\\\\two\\n\"three\"\n"
	            "# TYPE a gauge\n"
	            "a{x=\"a\\\\b\\\"c\\nd{e}=,f\"} 1\n"
	            "a{x=\"Zürich\"} 1\n"
	            "a{x=\"??z?y\"} 1\n"
	            "a{x=\"\"} 1\n");
}

static void numbers_are_exact_where_they_can_be(void **state)
{
	(void)state;
	const double values[] = {
	        0, 9007199254740992.0, 1e300, 0.1, 1700000000.123456, NAN, INFINITY, -INFINITY};
	metrics_family(metrics, METRIC_GAUGE, "a", "A.");
	for (size_t i = 0; i < ARRAY_COUNT(values); i++)
		metrics_sample(metrics, values[i], METRIC_NO_LABELS);
	assert_text("# HELP a A.\n# TYPE a gauge\na 0\na 9007199254740992\na 1e+300\na 0.1\na "
	            "1700000000.12346\na NaN\na +Inf\na -Inf\n");
}

static void a_histogram_adds_up(void **state)
{
	(void)state;
	LatencySums sums = {0};
	const int64_t took[] = {0, 50, 51, 100, 10000000, 10000001, INT64_MAX};
	const unsigned places[] = {0, 0, 1, 1, LATENCY_BOUNDS - 1, LATENCY_BOUNDS, LATENCY_BOUNDS};
	for (size_t i = 0; i < ARRAY_COUNT(took); i++) {
		assert_int_equal(latency_place(took[i]), places[i]);
		sums.counts[latency_place(took[i])]++;
	}
	sums.sum_us = 2500000;
	metrics_family(metrics, METRIC_HISTOGRAM, "t_seconds", "T.");
	metrics_latency(metrics, &sums, METRIC_LABELS({"m", STR("x")}));
	Str text;
	assert_int_equal(metrics_text(metrics, &text), OK);
	const char *got = arena_cstr(arena, text);
	const char *lines[] = {"t_seconds_bucket{m=\"x\",le=\"5e-05\"} 2\n",
	        "t_seconds_bucket{m=\"x\",le=\"0.0001\"} 4\n", "t_seconds_bucket{m=\"x\",le=\"0.00025\"} 4\n",
	        "t_seconds_bucket{m=\"x\",le=\"2.5\"} 4\n", "t_seconds_bucket{m=\"x\",le=\"10\"} 5\n",
	        "t_seconds_bucket{m=\"x\",le=\"+Inf\"} 7\n", "t_seconds_sum{m=\"x\"} 2.5\n",
	        "t_seconds_count{m=\"x\"} 7\n"};
	for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
		got = strstr(got, lines[i]);
		if (!got)
			fail_msg("%s is not there, or out of order", lines[i]);
	}
	assert_int_equal(got[strlen(lines[ARRAY_COUNT(lines) - 1])], 0);
}

static void long_texts_grow_and_memory_has_an_end(void **state)
{
	(void)state;
	char name[32];
	metrics_family(metrics, METRIC_GAUGE, "a", "A.");
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		metrics_sample(metrics, i, METRIC_LABELS({"n", str(name)}));
	}
	Str text;
	assert_int_equal(metrics_text(metrics, &text), OK);
	assert_true(str_ends(text, STR("a{n=\"9999\"} 9999\n")));
	CLEANUP(arena_freep) Arena *small = arena_new(4096, 64 * 1024);
	Metrics *much = metrics_new(small);
	metrics_family(much, METRIC_GAUGE, "a", "A.");
	for (int i = 0; i < 10000; i++)
		metrics_sample(much, i, METRIC_LABELS({"n", STR("x")}));
	assert_int_equal(metrics_text(much, &text), ERR_NO_MEMORY);
}

static void a_process_tells_of_itself(void **state)
{
	(void)state;
	Str text;
	metrics_process(metrics, "test");
	assert_int_equal(metrics_text(metrics, &text), OK);
	const char *got = arena_cstr(arena, text);
	const char *names[] = {"parley_build_info{program=\"test\",version=\"" PARLEY_VERSION "\"} 1\n",
	        "\nprocess_cpu_seconds_total ", "\nprocess_start_time_seconds ",
	        "\nprocess_resident_memory_bytes ", "\nprocess_open_fds ", "\nprocess_max_fds "};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		if (!strstr(got, names[i]))
			fail_msg("%s is not there", names[i]);
	double resident = 0;
	sscanf(strstr(got, names[3]), "\nprocess_resident_memory_bytes %lf", &resident);
	assert_true(resident > 100000);
}

static void *ask_twice(void *context)
{
	*(unsigned *)context = stripe_of_thread();
	assert_int_equal(stripe_of_thread(), *(unsigned *)context);
	return NULL;
}

static void threads_have_stripes_of_their_own(void **state)
{
	(void)state;
	unsigned stripes[STRIPES], seen = 0;
	pthread_t threads[STRIPES];
	for (size_t i = 0; i < STRIPES; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_twice, &stripes[i]), 0);
	for (size_t i = 0; i < STRIPES; i++) {
		pthread_join(threads[i], NULL);
		assert_true(stripes[i] < STRIPES);
		seen |= 1U << stripes[i];
	}
	assert_int_equal(seen, (1U << STRIPES) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(families_have_help_type_and_samples, start, stop),
	        cmocka_unit_test_setup_teardown(what_is_special_is_escaped, start, stop),
	        cmocka_unit_test_setup_teardown(numbers_are_exact_where_they_can_be, start, stop),
	        cmocka_unit_test_setup_teardown(a_histogram_adds_up, start, stop),
	        cmocka_unit_test_setup_teardown(long_texts_grow_and_memory_has_an_end, start, stop),
	        cmocka_unit_test_setup_teardown(a_process_tells_of_itself, start, stop),
	        cmocka_unit_test_setup_teardown(threads_have_stripes_of_their_own, start, stop),
	};
	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
