// Resources in files: read whole, checked, sorted; and how two of them differ.
#include "lib/arena.h"
#include "resource/manifest.h"
#include "wire/json_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void documents_are_sorted_by_what_they_need(void **state)
{
	CLEANUP(manifest_free) Manifest manifest = {0};
	static const char *const order[] = {
	        "bank", "card", "gold", "customer", "hero", "young", "gold-young"};
	const char *text =
	        "kind: TreatmentRule\nname: gold-young\nsegment: young\noffer: gold\n---\n"
	        "kind: Offer\nname: gold\ncode: GOLD\ntemplate: card\n---\n# only words\n---\n"
	        "kind: Segment\nchannel: bank\nname: young\n---\nkind: offer-template\nname: card\n---\n"
	        "kind: Zone\nname: hero\n---\nkind: AudienceLevel\nname: customer\n---\nkind: Channel\nname: "
	        "bank\n";

	(void)state;
	if (manifest_read_text(arena, str(text), "f.yaml", "bank", &manifest) || manifest_sort(&manifest))
		fail_msg("%s", err_detail()->message);
	assert_int_equal(manifest.count, ARRAY_COUNT(order));
	for (size_t i = 0; i < manifest.count; i++)
		assert_true(str_eq(manifest.documents[i].name, str(order[i])));
	assert_true(str_eq(manifest.documents[4].channel, STR("bank"))); // --channel's
	assert_false(manifest.documents[2].channel.len);                 // an offer is in none
}

static void fields_take_the_form_of_the_servers_answers(void **state)
{
	CLEANUP(manifest_free) Manifest manifest = {0};
	const char *text = "kind: Offer\nname: gold\nstate: published\ndisplayName: Gold\ncreate_time: "
	                   "2026-01-01T00:00:00Z\n"
	                   "attributes:\n- {name: fee, value: 49.50}\n";
	Str json;

	(void)state;
	assert_int_equal(manifest_read_text(arena, str(text), "f.yaml", NULL, &manifest), OK);
	assert_int_equal(json_text(manifest.documents[0].fields, false, arena, &json), OK);
	assert_string_equal(arena_cstr(arena, json), "{\"name\":\"gold\",\"display_name\":\"Gold\","
	                                             "\"attributes\":[{\"name\":\"fee\",\"value\":49.5}],"
	                                             "\"state\":\"PUBLISHED\"}");
}

static void refused(const char *text, const char *says)
{
	CLEANUP(manifest_free) Manifest manifest = {0};
	Err e = manifest_read_text(arena, str(text), "f.yaml", NULL, &manifest);

	if (e == OK)
		e = manifest_sort(&manifest);
	assert_int_not_equal(e, OK);
	if (!strstr(err_detail()->message, says))
		fail_msg("'%s' does not say '%s'", err_detail()->message, says);
}

static void mistakes_are_blamed_on_their_line(void **state)
{
	(void)state;
	refused("kind: Offer\nname: gold\nstat: DRAFT\n",
	        "f.yaml:3:1: Offer 'gold': Offer has no field 'stat'; did you mean 'state'?");
	refused("kind: Offer\nname: gold\n\nstate: DRAFTED\n",
	        "f.yaml:4:1: Offer 'gold': state: 'DRAFTED' is not one of");
	refused("kind: Offer\nname: gold\nattributes:\n- name: a\n- name: [x]\n",
	        "f.yaml:5:3: Offer 'gold': attributes[1].name");
	refused("kind: Ofer\nname: gold\n", "f.yaml:1:7: there is no kind 'Ofer'; did you mean 'Offer'?");
	refused("name: gold\n", "f.yaml:1:1: a document needs 'kind:'");
	refused("kind: Zone\nname: hero\n", "needs 'channel:'");
	refused("kind: Offer\ncode: X\n", "needs 'name:'");
	refused("- kind: Offer\n", "f.yaml:1:1: a resource must be");
	refused("kind: Offer\nname: a\n---\nkind: Zone\nchannel: c\nname: a\n---\nkind: Offer\nname: a\n",
	        "f.yaml:8:1: Offer 'a' was given before, in f.yaml on line 1");
}

static void an_action_may_be_a_bare_name(void **state)
{
	CLEANUP(manifest_free) Manifest manifest = {0};
	Str json;

	(void)state;
	assert_int_equal(manifest_read_text(arena,
	                         STR("kind: Event\nchannel: bank\nname: shown\n"
	                             "actions: [LOG_CONTACT, {kind: SUPPRESS_OFFERS, scope: SESSION}]\n"),
	                         "f.yaml", NULL, &manifest),
	        OK);
	assert_int_equal(
	        json_text(json_object_get(manifest.documents[0].fields, "actions"), false, arena, &json), OK);
	assert_string_equal(arena_cstr(arena, json),
	        "[{\"kind\":\"LOG_CONTACT\"},{\"kind\":\"SUPPRESS_OFFERS\",\"scope\":\"SESSION\"}]");
	refused("kind: Event\nchannel: bank\nname: shown\nactions: [LOG_CONTACTS]\n",
	        "f.yaml:4:11: Event 'shown': actions[0]: 'LOG_CONTACTS' is not one of");
	refused("kind: Event\nchannel: bank\nname: shown\nactions: [3]\n", "write LOG_CONTACT or {kind:");
}

static void what_no_request_can_carry_is_refused_before_anything_is_sent(void **state)
{
	static char text[100000];
	size_t used = (size_t)sprintf(text, "kind: AudienceList\nchannel: bank\nname: many\nids:\n");

	(void)state;
	for (int i = 0; i < 8000; i++)
		used += (size_t)sprintf(text + used, "- '%d'\n", 1000000 + i);
	refused(text,
	        "f.yaml:1:1: AudienceList 'many' has 72012 bytes, and a request carries 65280: split it into "
	        "several lists and name them all in the segment's lists");
}

static void the_servers_refusal_is_blamed_on_its_line_too(void **state)
{
	CLEANUP(manifest_free) Manifest manifest = {0};

	(void)state;
	assert_int_equal(manifest_read_text(arena,
	                         STR("kind: Segment\nchannel: bank\nname: young\nexpression: agee < 30\n"),
	                         "f.yaml", NULL, &manifest),
	        OK);
	manifest_blame(&manifest.documents[0],
	        err_at(ERR_EXPR_NAME_UNKNOWN, "segment.expression", "line 1, column 1: no 'agee'"));
	assert_string_equal(
	        err_detail()->message, "f.yaml:4:1: Segment 'young': line 1, column 1: no 'agee'");
	assert_string_equal(err_detail()->field, "segment.expression");
}

static void kinds_are_known_by_many_names(void **state)
{
	static const char *const names[] = {
	        "TreatmentRule", "treatment-rules", "treatment_rule", "rule", "rules", "TREATMENTRULES"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		assert_string_equal(kind_find(str(names[i]))->name, "TreatmentRule");
	assert_null(kind_find(STR("rul")));
	assert_null(kind_find(STR("")));
	assert_string_equal(kind_path(kind_find(STR("ip")), STR("bank"), STR("hero"), arena),
	        "interaction-point/bank/hero");
	assert_string_equal(kind_path(kind_find(STR("of")), STR("bank"), STR("gold"), arena), "offer/gold");
}

static void collect(void *context, const char *path, const json_t *before, const json_t *after)
{
	char **all = context;

	*all = arena_printf(arena, "%s%c%s;", *all, before ? after ? '~' : '-' : '+', path);
}

static const char *differences(const char *before, const char *after)
{
	CLEANUP(json_decrefp_) json_t *a = NULL;
	CLEANUP(json_decrefp_) json_t *b = NULL;
	char *all = arena_printf(arena, "%s", "");

	assert_int_equal(json_parse(str(before), 4096, &a), OK);
	assert_int_equal(json_parse(str(after), 4096, &b), OK);
	json_diff(a, b, arena, collect, &all);
	return all;
}

static void differences_are_told_field_by_field(void **state)
{
	(void)state;
	assert_string_equal(
	        differences("{\"a\":1,\"b\":{\"c\":[1,2]}}", "{\"b\":{\"c\":[1,2]},\"a\":1}"), "");
	assert_string_equal(
	        differences("{\"a\":1,\"b\":{\"c\":2},\"d\":3}", "{\"a\":2,\"b\":{\"c\":3},\"e\":4}"),
	        "~a;~b.c;-d;+e;");
	assert_string_equal(differences("{\"x\":[{\"name\":\"a\",\"v\":1},{\"name\":\"b\"}]}",
	                            "{\"x\":[{\"name\":\"n\"},{\"name\":\"a\",\"v\":2},{\"name\":\"b\"}]}"),
	        "~x[a].v;+x[n];");
	assert_string_equal(differences("{\"x\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
	                            "{\"x\":[{\"name\":\"b\"},{\"name\":\"a\"}]}"),
	        "~x (order);");
	assert_string_equal(differences("{\"x\":[1,2]}", "{\"x\":[2,1]}"), "~x;");
	assert_string_equal(differences("{\"x\":[\"a\",\"b\"]}", "{\"x\":[\"c\",\"a\"]}"), "-x[b];+x[c];");
	assert_string_equal(differences("{\"x\":[\"a\",\"a\"]}", "{\"x\":[\"a\"]}"), "~x;");
	assert_string_equal(differences("{\"x\":[{\"audience_id\":\"7\",\"offer\":\"g\",\"score\":1},"
	                                "{\"audience_id\":\"7\",\"offer_list\":\"l\"}]}",
	                            "{\"x\":[{\"audience_id\":\"7\",\"offer_list\":\"l\"},"
	                            "{\"audience_id\":\"7\",\"offer\":\"g\",\"score\":2}]}"),
	        "~x[7, g].score;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(documents_are_sorted_by_what_they_need),
	        cmocka_unit_test(fields_take_the_form_of_the_servers_answers),
	        cmocka_unit_test(mistakes_are_blamed_on_their_line),
	        cmocka_unit_test(an_action_may_be_a_bare_name),
	        cmocka_unit_test(what_no_request_can_carry_is_refused_before_anything_is_sent),
	        cmocka_unit_test(the_servers_refusal_is_blamed_on_its_line_too),
	        cmocka_unit_test(kinds_are_known_by_many_names),
	        cmocka_unit_test(differences_are_told_field_by_field),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
