// YAML as people write it, and that what is written reads back to the same.
#include "base/cleanup.h"
#include "lib/arena.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char *as_json(const char *yaml)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	Str text;

	if (json_from_yaml(str(yaml), "f.yaml", arena, &json, NULL))
		return err_detail()->message;
	assert_int_equal(json_text(json, false, arena, &text), OK);
	return arena_cstr(arena, text);
}

static void plain_scalars_have_the_types_of_the_core_schema(void **state)
{
	(void)state;
	assert_string_equal(as_json("[true, no, ~, null, 12, -3, +4, 0x1F, 0o17, 1.5, 1e3, .5, 5.]"),
	        "[[true,\"no\",null,null,12,-3,4,31,15,1.5,1000.0,0.5,5.0]]");
	assert_string_equal(
	        as_json("['12', \"true\", 2026-01-31, 1.2.3, 0x, 1e, '', 99999999999999999999, .inf, 1e999]"),
	        "[[\"12\",\"true\",\"2026-01-31\",\"1.2.3\",\"0x\",\"1e\",\"\",\"99999999999999999999\","
	        "\"Infinity\","
	        "\"1e999\"]]");
}

static void several_documents_tell_their_lines(void **state)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	int *lines;

	(void)state;
	assert_int_equal(
	        json_from_yaml(STR("# first\nkind: Offer\n---\n\nkind: Zone\nname: a\n---\nkind: Event\n"),
	                "f", arena, &json, &lines),
	        OK);
	assert_int_equal(json_array_size(json), 3);
	assert_int_equal(lines[0], 2);
	assert_int_equal(lines[1], 5);
	assert_int_equal(lines[2], 8);
	assert_string_equal(as_json(""), "[]");
	assert_string_equal(as_json("# nothing\n"), "[]");
}

static void mistakes_have_a_place(void **state)
{
	(void)state;
	assert_string_equal(as_json("a: 1\nb: [1, 2\nc: 3\n"), as_json("a: 1\nb: [1, 2\nc: 3\n"));
	assert_non_null(strstr(as_json("a: 1\nb: 'x\n"), "f.yaml:"));
	assert_string_equal(
	        as_json("a: 1\na: 2\n"), "f.yaml:2:1: 'a' was given before, on line 1; remove one");
	assert_non_null(strstr(as_json("? [a]\n: 1\n"), "a key must be a text"));
}

static void aliases_cannot_nest_without_end(void **state)
{
	char text[4096];
	size_t used = (size_t)snprintf(text, sizeof text, "- &a0 []\n");

	(void)state;
	for (int i = 1; i < 80; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "- &a%d [*a%d]\n", i, i - 1);
	assert_non_null(strstr(as_json(text), "nested too deep"));
}

static void round_trip(const char *text)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	CLEANUP(json_decrefp_) json_t *back = NULL;
	Str yaml;

	assert_int_equal(json_parse(str(text), 4096, &json), OK);
	assert_int_equal(json_to_yaml(json, arena, &yaml), OK);
	if (json_from_yaml(yaml, "back", arena, &back, NULL))
		fail_msg("%.*s: %s", STR_ARG(yaml), err_detail()->message);
	if (!json_equal(json, json_array_get(back, 0)))
		fail_msg("%s became\n%.*s", text, STR_ARG(yaml));
}

static void what_is_written_reads_back_to_the_same(void **state)
{
	static const char *const texts[] = {"{}", "[]", "[[],{},[[1]]]", "\"\"", "{\"a\":{},\"b\":[]}",
	        "[\"12\",\"true\",\"null\",\"~\",\"1.5\",\"-\",\"- a\",\"a: b\",\"a #b\",\"#a\",\"a:\",\" "
	        "a\",\"a \"]",
	        "[\"age >= 18 && job == 'admin.'\",\"x in "
	        "[\\\"a\\\"]\",\"it's\",\"@a\",\"%a\",\"&a\",\"*a\",\"!a\",\"|\",\">\"]",
	        "[\"two\\nlines\\n\",\"two\\nlines\",\"\\n\",\"a\\n\\n\",\" "
	        "a\\nb\\n\",\"tab\\there\",\"nul\\u0001\",\"a \\nb\\n\"]",
	        "[\"Grüße\",\"\\u2028x\",\"\\ufeffx\",\"\\u0085\",\"😀\",\"\\u007f\",\"a\\rb\",\"0x12\","
	        "\"0o7\",\".inf\",\"---\",\"...\"]",
	        "{\"12\":1,\"true\":2,\"a: b\":3,\"\":4,\"two\\nlines\":5,\"- \":6,\"? x\":7}",
	        "[0.1,1e300,-5,9223372036854775807,true,false,null,1.0]",
	        "{\"a\":[{\"b\":[{\"c\":\"d\\ne\\n\"}]}]}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
		round_trip(texts[i]);
}

static void it_looks_as_one_would_write_it(void **state)
{
	CLEANUP(json_decrefp_) json_t *json = NULL;
	Str yaml;

	(void)state;
	assert_int_equal(json_parse(STR("{\"kind\":\"Offer\",\"code\":\"12\",\"attributes\":[{\"name\":"
	                                "\"rate\",\"value\":0.1},"
	                                "{\"name\":\"tags\",\"value\":[\"a\",\"b\"]}],\"expression\":\"age "
	                                ">= 18 && job == 'x'\","
	                                "\"none\":[]}"),
	                         1000, &json),
	        OK);
	assert_int_equal(json_to_yaml(json, arena, &yaml), OK);
	assert_string_equal(arena_cstr(arena, yaml), "kind: Offer\ncode: '12'\nattributes:\n- name: rate\n  "
	                                             "value: 0.1\n- name: tags\n  value:\n  - a\n  - b\n"
	                                             "expression: \"age >= 18 && job == 'x'\"\nnone: []\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(plain_scalars_have_the_types_of_the_core_schema),
	        cmocka_unit_test(several_documents_tell_their_lines),
	        cmocka_unit_test(mistakes_have_a_place),
	        cmocka_unit_test(aliases_cannot_nest_without_end),
	        cmocka_unit_test(what_is_written_reads_back_to_the_same),
	        cmocka_unit_test(it_looks_as_one_would_write_it),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
