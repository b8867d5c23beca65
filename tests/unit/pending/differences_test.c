// What belongs to a channel, what differs between two configurations, and what depends on it; no database.
#include "base/cleanup.h"
#include "pending/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

typedef struct Row {
	const char *kind, *channel, *name, *spec; // ' stands for "
} Row;

static Arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(64 * 1024, 0);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static Collected collect(const Row *rows, size_t count)
{
	Collected ret = {
	        .channel = STR("bank"), .items = ARENA_ARRAY(arena, Resource, count), .count = count};
	for (size_t i = 0; i < count; i++) {
		char *spec = arena_cstr(arena, str(rows[i].spec));
		for (char *quote = spec; (quote = strchr(quote, '\''));)
			*quote = '"';
		if (resource_of_spec(kind_by_name(str(rows[i].kind)), str(rows[i].channel), str(rows[i].name),
		            str(spec), arena, &ret.items[i]))
			fail_msg("%s: %s", rows[i].name, err_detail()->message);
	}
	resources_sort(ret.items, count);
	return ret;
}
#define COLLECT(rows) collect((rows), ARRAY_COUNT(rows))

static bool has(const Collected *collected, const char *kind, const char *name)
{
	return configuration_find(collected, kind_by_name(str(kind)), str(name));
}

// --- what belongs ---

#define BANK                                                                                                 \
	{"Channel", "", "bank", "{'name': 'bank'}"},                                                         \
	        {"AudienceLevel", "bank", "customer", "{'channel': 'bank', 'name': 'customer'}"},            \
	        {"Segment", "bank", "adults",                                                                \
	                "{'channel': 'bank', 'name': 'adults', 'audienceLevel': 'customer'}"},               \
	        {"OfferTemplate", "", "card", "{'name': 'card'}"},                                           \
	        {"OfferTemplate", "", "letter", "{'name': 'letter'}"},                                       \
	        {"Offer", "", "gold", "{'name': 'gold', 'code': 'G', 'template': 'card'}"},                  \
	{                                                                                                    \
		"Offer", "", "post", "{'name': 'post', 'code': 'P', 'template': 'letter'}"                   \
	}

static void a_channel_has_what_it_reaches(void **state)
{
	static const Row rows[] = {BANK, {"OfferList", "", "cards", "{'name': 'cards', 'offers': ['gold']}"},
	        {"Campaign", "", "spring", "{'name': 'spring', 'code': 'S'}"},
	        {"SuppressionRule", "bank", "enough",
	                "{'channel': 'bank', 'name': 'enough', 'offerLists': ['cards']}"}};
	(void)state;
	Collected collected = COLLECT(rows);
	MissingList missing = {0};
	assert_int_equal(resources_reach(&collected, arena, &missing), OK);
	assert_int_equal(missing.count, 0);
	assert_true(has(&collected, "Segment", "adults"));
	assert_true(has(&collected, "OfferList", "cards"));
	assert_true(has(&collected, "Offer", "gold"));
	assert_true(has(&collected, "OfferTemplate", "card"));
	assert_false(has(&collected, "Offer", "post"));
	assert_false(has(&collected, "OfferTemplate", "letter"));
	assert_false(has(&collected, "Campaign", "spring"));
}

static void a_list_by_expression_reaches_every_offer(void **state)
{
	static const Row rows[] = {BANK, {"OfferList", "", "some", "{'name': 'some', 'expression': 'true'}"},
	        {"Zone", "bank", "home",
	                "{'channel': 'bank', 'name': 'home', 'defaultOfferLists': ['some']}"}};
	(void)state;
	Collected collected = COLLECT(rows);
	assert_int_equal(resources_reach(&collected, arena, NULL), OK);
	assert_true(has(&collected, "Offer", "post"));
	assert_true(has(&collected, "OfferTemplate", "letter"));
}

static void what_is_named_and_not_there_is_told(void **state)
{
	static const Row rows[] = {BANK, {"Event", "bank", "shown",
	                                         "{'channel': 'bank', 'name': 'shown', 'actions': [{'kind': "
	                                         "'QUALIFY_OFFERS', 'offers': ['gold', 'silver']}]}"}};
	(void)state;
	Collected collected = COLLECT(rows);
	MissingList missing = {0};
	assert_int_equal(resources_reach(&collected, arena, &missing), OK);
	assert_int_equal(missing.count, 1);
	assert_string_equal(missing.items[0].kind->name, "Offer");
	assert_true(str_eq(missing.items[0].name, STR("silver")));
	assert_true(str_eq(missing.items[0].from->name, STR("shown")));
}

// --- what differs ---

static Change *differences(const Collected *before, const Collected *after, size_t expected)
{
	Change *changes;
	size_t count;
	assert_int_equal(changes_between(before, after, arena, &changes, &count), OK);
	assert_int_equal(count, expected);
	return changes;
}

static const char *fields_of(const Change *change)
{
	Parley__Design__V1__PendingChange told = PARLEY__DESIGN__V1__PENDING_CHANGE__INIT;
	char *text = arena_cstr(arena, (Str){0});
	assert_int_equal(change_fields(change, arena, &told), OK);
	for (size_t i = 0; i < told.n_fields; i++)
		text = arena_printf(arena, "%s%s: %s -> %s; ", text, told.fields[i]->path,
		        told.fields[i]->before, told.fields[i]->after);
	return text;
}

static void differences_are_of_meaning(void **state)
{
	static const Row before[] = {
	        {"TreatmentRule", "bank", "a", "{'channel': 'bank', 'name': 'a', 'score': 70}"},
	        {"TreatmentRule", "bank", "b", "{'channel': 'bank', 'name': 'b'}"},
	        {"TreatmentRule", "bank", "c", "{'channel': 'bank', 'name': 'c', 'eligibility': 'age < 9'}"}};
	static const Row after[] = {
	        {"TreatmentRule", "bank", "a",
	                "{'name': 'a', 'channel': 'bank', 'score': 70.0, 'disabled': false}"},
	        {"TreatmentRule", "bank", "c",
	                "{'channel': 'bank', 'name': 'c', 'eligibility': 'age < 10', 'topPriority': true}"},
	        {"TreatmentRule", "bank", "d", "{'channel': 'bank', 'name': 'd', 'offer': 'gold'}"}};
	(void)state;
	Collected old = COLLECT(before), new = COLLECT(after);
	const Change *changes = differences(&old, &new, 3);
	assert_true(changes[0].before && !changes[0].after); // b
	assert_true(changes[1].before && changes[1].after);  // c
	assert_true(!changes[2].before && changes[2].after); // d
	assert_string_equal(
	        fields_of(&changes[1]), "eligibility: \"age < 9\" -> \"age < 10\"; top_priority:  -> true; ");
	assert_string_equal(fields_of(&changes[2]), "offer:  -> \"gold\"; ");
	differences(&new, &new, 0);
	differences(&(Collected){0}, &old, 3);
}

static void lists_differ_by_what_tells_their_items_apart(void **state)
{
	static const Row before[] = {{"ScoreOverride", "bank", "likes",
	        "{'channel': 'bank', 'name': 'likes', 'entries': [{'audienceId': '7', 'offer': 'gold', "
	        "'score': 9}, {'audienceId': '8', 'offer': 'gold', 'score': 1}]}"}};
	static const Row after[] = {{"ScoreOverride", "bank", "likes",
	        "{'channel': 'bank', 'name': 'likes', 'entries': [{'audienceId': '8', 'offer': 'gold', "
	        "'score': 2}, {'audienceId': '7', 'offer': 'gold', 'score': 9}]}"}};
	(void)state;
	Collected old = COLLECT(before), new = COLLECT(after);
	assert_string_equal(fields_of(differences(&old, &new, 1)), "entries[8, gold].score: 1 -> 2; ");
}

static void a_long_value_is_cut_between_characters(void **state)
{
	(void)state;
	char *spec = arena_alloc(arena, 3 * VALUE_MAX), *at = spec;
	at += sprintf(at, "{'name': 'gold', 'description': 'x");
	for (int i = 0; i < VALUE_MAX; i++)
		at += sprintf(at, "ä");
	sprintf(at, "'}");
	const Row row = {"Offer", "", "gold", spec};
	Collected new = collect(&row, 1), old = {0};
	Parley__Design__V1__PendingChange told = PARLEY__DESIGN__V1__PENDING_CHANGE__INIT;
	assert_int_equal(change_fields(differences(&old, &new, 1), arena, &told), OK);
	const char *value = told.fields[0]->after;
	assert_true(strlen(value) <= VALUE_MAX + sizeof "…");
	assert_true(str_is_utf8(str(value)));
	assert_true(str_ends(str(value), STR("…")));
}

// --- what depends ---

static const char *dependents_of(const Collected *collected, const char *kind, const char *name)
{
	Graph graph;
	Parley__Design__V1__PendingChange told = PARLEY__DESIGN__V1__PENDING_CHANGE__INIT;
	const Resource *on = configuration_find(collected, kind_by_name(str(kind)), str(name));
	char *text;
	assert_int_equal(graph_make(collected, arena, &graph), OK);
	assert_int_equal(graph_dependents(&graph, on, arena, &told), OK);
	text = arena_printf(arena, "%d:", told.dependent_count);
	for (size_t i = 0; i < told.n_dependents; i++)
		text = arena_printf(arena, "%s %s", text, told.dependents[i]->name);
	return text;
}

static void what_depends_is_told_the_nearest_first(void **state)
{
	static const Row rows[] = {BANK, {"OfferList", "", "cards", "{'name': 'cards', 'offers': ['gold']}"},
	        {"TreatmentRule", "bank", "adults-get-cards",
	                "{'channel': 'bank', 'name': 'adults-get-cards', 'segment': 'adults', 'offerList': "
	                "'cards'}"},
	        {"TreatmentRule", "bank", "everybody-gets-gold",
	                "{'channel': 'bank', 'name': 'everybody-gets-gold', 'offer': 'gold'}"}};
	(void)state;
	Collected collected = COLLECT(rows);
	assert_string_equal(dependents_of(&collected, "OfferTemplate", "card"),
	        "4: gold cards everybody-gets-gold adults-get-cards");
	assert_string_equal(dependents_of(&collected, "Offer", "post"), "0:");
	// a rule without a segment is said over the channel's only level
	assert_string_equal(dependents_of(&collected, "AudienceLevel", "customer"),
	        "3: adults everybody-gets-gold adults-get-cards");
}

static void circles_end(void **state)
{
#define EVENT(name, next)                                                                                    \
	{                                                                                                    \
		"Event", "bank", name,                                                                       \
		        "{'channel': 'bank', 'name': '" name "', 'actions': [{'kind': 'TRIGGER_EVENT', "     \
		        "'event': '" next "'}]}"                                                             \
	}
	static const Row rows[] = {BANK, EVENT("a", "b"), EVENT("b", "c"), EVENT("c", "a"), EVENT("d", "d")};
	(void)state;
	Collected collected = COLLECT(rows);
	assert_string_equal(dependents_of(&collected, "Event", "a"), "2: c b");
	assert_string_equal(dependents_of(&collected, "Event", "d"), "0:");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(a_channel_has_what_it_reaches),
	        T(a_list_by_expression_reaches_every_offer),
	        T(what_is_named_and_not_there_is_told),
	        T(differences_are_of_meaning),
	        T(lists_differ_by_what_tells_their_items_apart),
	        T(a_long_value_is_cut_between_characters),
	        T(what_depends_is_told_the_nearest_first),
	        T(circles_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
