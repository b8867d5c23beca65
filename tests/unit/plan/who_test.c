// Whose an event is, told by its shape: as who_of tells it, wherever that needs no more than a look.
#include "plan/internal.h"

#include "base/cleanup.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef struct Case {
	const char *id;
	bool by_shape; // is told so
} Case;

static EventGlance glance;

// What is told by the shape is what who_of tells.
static void check(const RehearsalContent *content, const char *level, const char *key, Case one, Arena *arena)
{
	uint64_t hash = 0;
	Who who;
	glance.level = str(level);
	glance.key_count = 2;
	glance.keys[0] = (struct EventGlance_key){STR("device"), STR("7")};
	glance.keys[1] = (struct EventGlance_key){str(key), str(one.id)};
	Whose whose = whose_of(content, &glance);
	assert_int_equal(whose_hash(&whose, &glance, &hash), one.by_shape);
	if (!one.by_shape)
		return;
	assert_int_equal(who_of(content, &glance, arena, &who), OK);
	assert_int_equal(who.level, whose.level);
	assert_true(who.hash == hash);
	assert_string_equal(arena_cstr(arena, who.id), one.id);
}

static void test_a_look_is_enough_or_is_not(void **state)
{
	static const Case numbers[] = {{"0", true}, {"7", true}, {"10", true}, {"999999999999999999", true},
	        {"1000000000000000000", false}, {"", false}, {"00", false}, {"07", false}, {"-7", false},
	        {"+7", false}, {" 7", false}, {"7 ", false}, {"7a", false}, {"/", false}, {":", false}};
	static const Case texts[] = {
	        {"7", true}, {"07", true}, {"a|b\\c", true}, {"Zürich", true}, {"", false}};
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 16, 0);
	CLEANUP(rehearsal_content_freep) RehearsalContent *content = NULL;
	World *world = world_bank(arena);
	Str blob;
	(void)state;
	world_household(world);
	assert_int_equal(snapshot_pack(world_finish(world), arena, &blob), OK);
	assert_int_equal(rehearsal_content_open(blob, 1, &content), OK);
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
		check(content, "customer", "customer_id", numbers[i], arena);
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
		check(content, "household", "household_id", texts[i], arena);
	check(content, "customer", "household_id", (Case){"7", false}, arena);
	check(content, "nobody", "customer_id", (Case){"7", false}, arena);
	check(content, "household", "household_id", (Case){arena_printf(arena, "%0300d", 7), false}, arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_look_is_enough_or_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
