// What changed between two snapshots is told by names: whatever only moved, because something was put before
// it, is no difference.
#include "base/cleanup.h"
#include "lib/arena.h"
#include "release/snapshot_json.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static json_t *told(const Snapshot *snapshot)
{
	json_t *json = NULL;
	assert_int_equal(snapshot_json(snapshot, &json), OK);
	return json;
}

// "LIST NAME CHANGE FIELD" of every row, one a line.
static const char *differences(const Snapshot *before, const Snapshot *after, const char **ret_summary)
{
	CLEANUP(json_decrefp_) json_t *old = told(before);
	CLEANUP(json_decrefp_) json_t *new = told(after);
	CLEANUP(json_decrefp_) json_t *rows = snapshot_json_diff(old, new, arena);
	const char *text = "";
	json_t *row;
	size_t i;
	json_array_foreach(rows, i, row)
	{
		const char *field = json_string_value(json_object_get(row, "field"));
		text = arena_printf(arena, "%s%s %s %s%s%s\n", text,
		        json_string_value(json_object_get(row, "list")),
		        json_string_value(json_object_get(row, "name")),
		        json_string_value(json_object_get(row, "change")), field ? " " : "",
		        field ? field : "");
	}
	*ret_summary = snapshot_json_summary(rows, arena);
	return text;
}

static void equal_snapshots_have_no_difference(void **state)
{
	(void)state;
	const char *summary;
	assert_string_equal(
	        differences(world_finish(world_whole(arena)), world_finish(world_whole(arena)), &summary),
	        "");
	assert_string_equal(summary, "0 added, 0 changed, 0 removed");
}

// An offer, a zone and a segment that sort before all others move every index there is.
static void what_only_moved_is_not_told(void **state)
{
	(void)state;
	const char *summary;
	World *world = world_whole(arena);
	world_offer(world, "0FIRST");
	world_zone(world, "a0");
	assert_string_equal(differences(world_finish(world_whole(arena)), world_finish(world), &summary),
	        "zones a0 added\noffers 0FIRST added\n");
	assert_string_equal(summary, "2 added, 0 changed, 0 removed");
}

static void a_changed_rule_is_told_by_its_fields(void **state)
{
	(void)state;
	const char *summary;
	Snapshot *before = world_finish(world_bank(arena)), *after = world_finish(world_bank(arena));
	SnapRule *rule = after->rules[0];
	rule->score += 1;
	rule->offer = rule->offer == 0 ? 1 : 0;
	const char *text = differences(before, after, &summary);
	assert_string_equal(text, arena_printf(arena, "rules %s changed score\nrules %s changed offer\n",
	                                  rule->name, rule->name));
	assert_string_equal(summary, "0 added, 1 changed, 0 removed");
}

static void nothing_is_an_empty_world(void **state)
{
	(void)state;
	CLEANUP(json_decrefp_) json_t *bank = told(world_finish(world_bank(arena)));
	CLEANUP(json_decrefp_) json_t *gone = snapshot_json_diff(bank, NULL, arena);
	json_t *row;
	size_t i;
	assert_true(json_array_size(gone) > 20);
	json_array_foreach(gone, i, row)
	        assert_string_equal(json_string_value(json_object_get(row, "change")), "removed");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(equal_snapshots_have_no_difference),
	        T(what_only_moved_is_not_told),
	        T(a_changed_rule_is_told_by_its_fields),
	        T(nothing_is_an_empty_world),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
