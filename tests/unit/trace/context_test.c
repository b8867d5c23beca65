// Headers of W3C trace context: which are taken, and which are as if they were not there.
#include "trace/context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static void a_traceparent_is_read_and_written(void **state)
{
	TraceContext context;
	char text[TRACE_PARENT_SIZE];
	(void)state;
	assert_true(trace_parent_read(STR(PARENT), &context));
	assert_true(context.sampled);
	assert_int_equal(context.ids[0], 0x0a);
	assert_int_equal(context.ids[TRACE_ID_SIZE], 0xb7);
	trace_parent_write(&context, text);
	assert_string_equal(text, PARENT);
}

static void only_the_sampled_flag_means_sampled(void **state)
{
	static const struct {
		const char *flags;
		bool sampled;
	} cases[] = {{"00", false}, {"01", true}, {"02", false}, {"03", true}, {"fe", false}, {"ff", true}};
	TraceContext context;
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char text[TRACE_PARENT_SIZE] = PARENT;
		memcpy(text + 53, cases[i].flags, 2);
		assert_true(trace_parent_read(str(text), &context));
		assert_int_equal(context.sampled, cases[i].sampled);
	}
}

static void later_versions_may_have_more(void **state)
{
	TraceContext context;
	(void)state;
	assert_true(
	        trace_parent_read(STR("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), &context));
	assert_true(trace_parent_read(
	        STR("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-will-be"), &context));
	assert_false(trace_parent_read(
	        STR("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.what"), &context));
}

static void wrong_traceparents_are_none(void **state)
{
	static const char *const wrong[] = {
	        "",
	        "00",
	        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
	        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
	        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
	        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
	        "00-0af7651916cd43dd8448eb211c80319c-B7AD6B7169203331-01",
	        "0X-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
	        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
	        "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
	        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	        "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
	        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01",
	        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0G",
	        " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	};
	TraceContext context;
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
		if (trace_parent_read(str(wrong[i]), &context))
			fail_msg("taken: %s", wrong[i]);
}

static void a_tracestate_is_judged_member_by_member(void **state)
{
	static const char *const fine[] = {
	        "rojo=00f067aa0ba902b7",
	        "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
	        "a=b , \tc=d\t,,e=f",
	        "fw529a3039@dt=FfAp-s:0;1",
	        "0tenant@system=1",
	        "a_-*/z=x",
	};
	static const char *const wrong[] = {
	        "",
	        ",",
	        "rojo",
	        "=x",
	        "rojo=",
	        "Rojo=1",
	        "0rojo=1",
	        "ro jo=1",
	        "rojo=1=2",
	        "rojo=1,rojo=2",
	        "a@b@c=1",
	        "a@=1",
	        "@b=1",
	        "a@0b=1",
	        "a@b23456789012345=1",
	        "rojo=\x7f",
	        "rojo=\xc3\xa4",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(fine); i++)
		if (!trace_state_fine(str(fine[i])))
			fail_msg("refused: %s", fine[i]);
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
		if (trace_state_fine(str(wrong[i])))
			fail_msg("taken: %s", wrong[i]);
}

static void a_tracestate_has_limits(void **state)
{
	char text[TRACE_STATE_MAX + 64] = "";
	(void)state;
	for (int i = 0; i < TRACE_STATE_MEMBERS; i++)
		snprintf(text + strlen(text), 16, "%sk%d=1", i ? "," : "", i);
	assert_true(trace_state_fine(str(text)));
	strcat(text, ",z=1");
	assert_false(trace_state_fine(str(text)));
	memset(text, 'v', sizeof text);
	memcpy(text, "k=", 2);
	assert_true(trace_state_fine(str_n(text, 2 + 256)));
	assert_false(trace_state_fine(str_n(text, 2 + 257)));
	memset(text, 'k', 257);
	memcpy(text + 256, "=1", 2);
	assert_true(trace_state_fine(str_n(text, 258)));
	memset(text, ',', sizeof text);
	memcpy(text, "k=1", 3);
	assert_true(trace_state_fine(str_n(text, TRACE_STATE_MAX)));
	assert_false(trace_state_fine(str_n(text, TRACE_STATE_MAX + 1)));
}

static void fresh_traces_differ(void **state)
{
	enum { MANY = 1000 };
	static TraceContext drawn[MANY];
	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		drawn[i] = trace_context_new();
		assert_true(drawn[i].sampled);
		assert_true(trace_ids_fine(str_n((const char *)drawn[i].ids, sizeof drawn[i].ids)));
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(drawn[i].ids, drawn[k].ids, TRACE_ID_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_traceparent_is_read_and_written),
	        cmocka_unit_test(only_the_sampled_flag_means_sampled),
	        cmocka_unit_test(later_versions_may_have_more),
	        cmocka_unit_test(wrong_traceparents_are_none),
	        cmocka_unit_test(a_tracestate_is_judged_member_by_member),
	        cmocka_unit_test(a_tracestate_has_limits),
	        cmocka_unit_test(fresh_traces_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
