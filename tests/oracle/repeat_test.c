// Rehearsals that remember decisions, against rehearsals that make every one: the same story is told to both,
// in random worlds, and every answer and every entry of the journal must be the same bytes.
#include "base/cleanup.h"
#include "snapshot/snapshot.h"
#include "story.h"
#include "wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEED = 20261123, WORLDS = 200, STEPS = 120 };

static Err hear(void *context, const RehearsalEntry *entry)
{
	Told *told = context;
	if (told->len + entry->payload.len > told->room) {
		told->room = 2 * (told->len + entry->payload.len);
		told->bytes = realloc(told->bytes, told->room);
		assert_non_null(told->bytes);
	}
	memcpy(told->bytes + told->len, entry->payload.ptr, entry->payload.len);
	told->len += entry->payload.len;
	return OK;
}

static void take_code(Story *story, uint32_t number, const BatchResult *result)
{
	if (result->what_case != PARLEY__RUNTIME__V1__BATCH_RESULT__WHAT_GET_OFFERS)
		return;
	const Parley__Runtime__V1__PointOffers *point = result->get_offers->points[0];
	if (point->n_offers > 0 && point->offers[0]->treatment_code[0] != '\0')
		memcpy(story->codes[number], point->offers[0]->treatment_code, TREATMENT_CODE_SIZE);
}

static bool has_remembered(const Story *story, uint32_t number)
{
	const Session *session = story_session_of(story, story->repeating, number);
	return session != NULL && session->lasting != NULL && session->lasting->point_count > 0;
}

static void assert_same(const char *what, Str plain, Str repeating)
{
	if (!str_eq(plain, repeating))
		fail_msg("%s of one that remembers is another", what);
}

static void tell(Story *story, uint32_t number, const BatchCommand *command)
{
	BatchResult *plain = NULL, *repeating = NULL;
	Str answer, other;
	uint64_t seed = chance_next(&story->chance);
	story->of_plain.len = story->of_repeating.len = 0;
	*story->repeated += command->what_case == PARLEY__RUNTIME__V1__BATCH_COMMAND__WHAT_GET_OFFERS &&
	                    has_remembered(story, number);
	assert_int_equal(
	        rehearsal_call(story->plain, story->now_us, seed, command, story->scratch, &plain), OK);
	assert_int_equal(
	        rehearsal_call(story->repeating, story->now_us, seed, command, story->scratch, &repeating),
	        OK);
	assert_int_equal(wire_pack(&plain->base, story->scratch, &answer), OK);
	assert_int_equal(wire_pack(&repeating->base, story->scratch, &other), OK);
	assert_same("an answer", answer, other);
	assert_same("the journal", str_n(story->of_plain.bytes, story->of_plain.len),
	        str_n(story->of_repeating.bytes, story->of_repeating.len));
	take_code(story, number, plain);
}

// --- stories ---

static void tell_story(Story *story)
{
	for (uint32_t number = 0; number < STORY_SESSIONS; number++)
		tell(story, number, story_start(story, number));
	for (size_t i = 0; i < STEPS; i++) {
		uint32_t number = chance_below(&story->chance, STORY_SESSIONS);
		arena_reset(story->scratch);
		story_let_time_pass(story);
		tell(story, number, story_next(story, number));
	}
}

static Rehearsal *begin(const RehearsalContent *content, bool repeats, Told *told)
{
	Rehearsal *rehearsal = NULL;
	const RehearsalOptions options = {
	        .content = content, .state_fd = -1, .repeats = repeats, .entry = hear, .context = told};
	assert_int_equal(rehearsal_new(&options, &rehearsal), OK);
	return rehearsal;
}

// False: its times are none that a server has.
static bool rehearse(uint64_t number, uint64_t *repeated)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 18, 0), *scratch = arena_new(1 << 16, 0);
	CLEANUP(rehearsal_content_freep) RehearsalContent *content = NULL;
	Chance chance = chance_new(SEED, 2 * number);
	World *world = world_make(&chance, arena);
	Str blob;
	if (world->anchor_us < 100 * DAY_US)
		return false;
	story_prepare(&chance, world);
	assert_int_equal(world_finish(world), OK);
	assert_int_equal(snapshot_pack(world->snapshot, arena, &blob), OK);
	assert_int_equal(rehearsal_content_open(blob, 1, &content), OK);
	Story story = {.chance = chance_new(SEED, 2 * number + 1),
	        .arena = arena,
	        .scratch = scratch,
	        .world = world,
	        .now_us = world->anchor_us - 2 * DAY_US,
	        .repeated = repeated};
	story.plain = begin(content, false, &story.of_plain);
	story.repeating = begin(content, true, &story.of_repeating);
	tell_story(&story);
	rehearsal_free(story.plain);
	rehearsal_free(story.repeating);
	free(story.of_plain.bytes);
	free(story.of_repeating.bytes);
	return true;
}

static void a_rehearsal_that_remembers_decisions_tells_the_same(void **state)
{
	(void)state;
	uint64_t repeated = 0, worlds = 0;
	for (uint64_t number = 0; worlds < WORLDS; number++)
		worlds += rehearse(number, &repeated);
	print_message("seed %d: %d worlds, %llu questions to who remembers an answer\n", SEED, WORLDS,
	        (unsigned long long)repeated);
	assert_true(repeated > 10 * WORLDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_rehearsal_that_remembers_decisions_tells_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
