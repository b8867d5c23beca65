// A flow as a designer sees it drawn.
#include "resource/flow.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_flow_is_drawn_with_every_step_once(void **state)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	CLEANUP(json_decrefp_) json_t *flow = NULL;
	static const char resource[] =
	        "{'name': 'sorting', 'audience_level': 'customer', 'steps': ["
	        "{'name': 'by-age', 'kind': 'DECISION', 'branches': ["
	        "{'name': 'minor', 'condition': 'age < 18', 'next': 'young'},"
	        "{'condition': 'age <\\n 30', 'next': 'halves'}, {'name': 'old', 'condition': 'age > 90'}]},"
	        "{'name': 'young', 'kind': 'SEGMENT', 'segment': 'children', 'next': 'halves'},"
	        "{'name': 'halves', 'kind': 'SAMPLE', 'branches': [{'share_percent': 33.3333, 'next': "
	        "'mark'}, "
	        "{'name': 'rest', 'share_percent': 66.6667}]},"
	        "{'name': 'mark', 'kind': 'SET_ATTRIBUTE', 'attribute': 'job', 'value': 'age + 1', 'next': "
	        "'tested'},"
	        "{'name': 'tested', 'kind': 'SEGMENT', 'segment': 'testers'}]}";
	char *text = arena_cstr(arena, str(resource));

	(void)state;
	for (char *quote = text; (quote = strchr(quote, '\''));)
		*quote = '"';
	assert_int_equal(json_parse(str(text), sizeof resource, &flow), OK);
	assert_string_equal(flow_draw(flow, arena).ptr, "sorting, for visitors of customer\n"
	                                                "by-age: the first that holds\n"
	                                                "├─ minor: age < 18\n"
	                                                "│  young: into segment children\n"
	                                                "│  halves: a share by the hash of sorting/halves\n"
	                                                "│  ├─ 33.3333 %\n"
	                                                "│  │  mark: job = age + 1\n"
	                                                "│  │  tested: into segment testers\n"
	                                                "│  └─ rest: 66.6667 % → the end\n"
	                                                "├─ age <  30\n"
	                                                "│  → halves\n"
	                                                "├─ old: age > 90 → the end\n"
	                                                "└─ otherwise → the end\n");
}

static void a_flow_that_a_server_would_refuse_does_no_harm(void **state)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0);
	CLEANUP(json_decrefp_)
	json_t *flow = json_pack("{s:s, s:[{s:s, s:s, s:s}]}", "name", "f", "steps", "name", "a", "kind",
	        "SEGMENT", "next", "a");
	CLEANUP(json_decrefp_) json_t *empty = json_object();

	(void)state;
	assert_string_equal(flow_draw(flow, arena).ptr, "f, for visitors of \na: into segment \n→ a\n");
	assert_string_equal(flow_draw(empty, arena).ptr, ", for visitors of \n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_flow_is_drawn_with_every_step_once),
	        cmocka_unit_test(a_flow_that_a_server_would_refuse_does_no_harm),
	};
	return cmocka_run_group_tests_name("cli flow", tests, NULL, NULL);
}
