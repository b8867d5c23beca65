// Decisions that are made again from memory, against decide() itself: on random worlds a visitor is decided
// for, and then asks again with another seed and, each by chance, another time, other facts and another
// question. Whatever lasting_again answers must be what decide() answers, to the bit.
#include "case.h"

#include "base/cleanup.h"
#include "decide/lasting.h"
#include "reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { SEED = 20261123, CASES = 30000, ASKED = 24 };

// A case on its way.
typedef struct Story {
	uint64_t number;
	Chance chance;
	World *world;
	const Visit *visit; // as it was made
	const Lasting *lasting;
	LastingDecision *kept;
	Arena *arena;
	uint64_t *remembered, *repeated; // counts of the run
} Story;

// --- what is asked ---

static bool mostly(Story *story)
{
	return chance_below(&story->chance, 4) != 0;
}

// The latest of the facts.
static size_t some_facts(Story *story, const Fact *from, size_t count, const Fact **ret)
{
	size_t taken = chance_below(&story->chance, 5);
	taken = taken < count ? taken : count;
	*ret = from + count - taken;
	return taken;
}

static const Visitor *with_state(Story *story, const Visitor *of)
{
	const Visit *visit = story->visit;
	Visitor *ret = ARENA_NEW(story->arena, Visitor);
	*ret = *of;
	ret->state = (VisitorState){.volumes = mostly(story) || mostly(story) ? NULL : visit->volumes};
	if (chance_once_in(&story->chance, 2))
		return ret;
	ret->state.fact_count = some_facts(story, visit->facts, visit->fact_count, &ret->state.facts);
	ret->state.session_fact_count =
	        some_facts(story, visit->session_facts, visit->session_fact_count, &ret->state.session_facts);
	return ret;
}

static void change_fact(Story *story, Fact *fact)
{
	switch (chance_below(&story->chance, 6)) {
	case 0:
		fact->offer = chance_below(&story->chance, story->world->snapshot->n_offers);
		break;
	case 1:
		fact->count = 1 + chance_below(&story->chance, 3);
		break;
	case 2:
		fact->kind = (FactKind)chance_below(&story->chance, 5);
		break;
	case 3:
		fact->time_us += story->chance.state & 1 ? DAY_US : -DAY_US;
		break;
	case 4:
		fact->until_us = story->world->anchor_us + (int64_t)chance_below(&story->chance, 3) - 1;
		break;
	default:
		fact->score += 25;
	}
}

// One of the facts is another.
static const Visitor *with_a_fact_changed(Story *story, const Visitor *of)
{
	Visitor *ret = ARENA_NEW(story->arena, Visitor);
	*ret = *of;
	VisitorState *state = &ret->state;
	bool session = chance_once_in(&story->chance, 2);
	size_t count = session ? state->session_fact_count : state->fact_count;
	Fact *facts = ARENA_ARRAY(story->arena, Fact, count + 1);
	if (count == 0)
		return ret;
	memcpy(facts, session ? state->session_facts : state->facts, count * sizeof *facts);
	change_fact(story, &facts[chance_below(&story->chance, count)]);
	*(session ? &state->session_facts : &state->facts) = facts;
	return ret;
}

static int64_t some_time(Story *story)
{
	static const int64_t spans[] = {
	        0, 0, 0, 1, 1, -1, SECOND_US, DAY_US, DAY_US + 1, -DAY_US, -2 * DAY_US};
	return story->world->anchor_us + CHANCE_OF(&story->chance, spans);
}

// A moment at which a fact begins or ceases to count, or one beside it.
static int64_t time_of_fact(Story *story, const Visitor *visitor, int64_t now_us)
{
	static const int64_t longest_us[] = {0, 0, 3600 * SECOND_US, DAY_US, 7 * DAY_US, 31 * DAY_US};
	const VisitorState *state = &visitor->state;
	bool session = chance_once_in(&story->chance, 2);
	size_t count = session ? state->session_fact_count : state->fact_count;
	int64_t beside_us = (int64_t)chance_below(&story->chance, 3) - 1;
	Parley__Snapshot__V1__Period period =
	        (Parley__Snapshot__V1__Period)(SNAP_PERIOD(HOUR) + chance_below(&story->chance, 4));
	if (count == 0)
		return some_time(story);
	const Fact *fact =
	        &(session ? state->session_facts : state->facts)[chance_below(&story->chance, count)];
	switch (chance_below(&story->chance, 5)) {
	case 0:
		return fact->time_us + beside_us;
	case 1:
		return fact->time_us + DAY_US * (int64_t)(1 + chance_below(&story->chance, 3)) + beside_us;
	case 2:
		return fact->until_us > 0 && fact->until_us < INT64_MAX ? fact->until_us + beside_us : now_us;
	case 3:
		return ref_period_start(period, now_us) + beside_us;
	default:
		return ref_period_start(period, ref_period_start(period, now_us) + longest_us[period]) +
		       beside_us;
	}
}

static DecideRequest plain_request(Story *story)
{
	const Visit *visit = story->visit;
	size_t count = visit->point_count < LASTING_POINTS ? visit->point_count : LASTING_POINTS;
	DecidePoint *points = ARENA_ARRAY(story->arena, DecidePoint, count);
	for (size_t i = 0; i < count; i++) {
		points[i].point = visit->points[i].point;
		points[i].max = visit->points[i].max;
	}
	return (DecideRequest){.points = points,
	        .count = mostly(story) ? count : 1,
	        .as_of_us = some_time(story),
	        .seed = chance_next(&story->chance)};
}

// Something about the question is another.
static void vary(Story *story, DecideRequest *request)
{
	DecidePoint *points = ARENA_ARRAY(story->arena, DecidePoint, request->count);
	DecidePoint *point = &points[chance_below(&story->chance, request->count)];
	memcpy(points, request->points, request->count * sizeof *points);
	request->points = points;
	switch (chance_below(&story->chance, 6)) {
	case 0:
		request->explain = true;
		break;
	case 1:
		request->deduplicate_across = true;
		break;
	case 2:
		point->filter = story->visit->points[0].filter;
		point->filter_count = story->visit->points[0].filter_count;
		break;
	case 3:
		point->max = 1 + chance_below(&story->chance, 5);
		break;
	case 4:
		point->point = (int)chance_below(&story->chance, story->world->snapshot->n_points);
		break;
	default:
		request->count = 1 + chance_below(&story->chance, request->count);
	}
}

// --- comparing ---

static bool same_offer(const DecidedOffer *a, const DecidedOffer *b)
{
	return a->id.origin == b->id.origin && a->id.source == b->id.source && a->id.offer == b->id.offer &&
	       a->score.overridden == b->score.overridden &&
	       memcmp(&a->score.marketer, &b->score.marketer, sizeof(double)) == 0 &&
	       memcmp(&a->score.override, &b->score.override, sizeof(double)) == 0 &&
	       memcmp(&a->score.final, &b->score.final, sizeof(double)) == 0 &&
	       a->attribute_count == b->attribute_count &&
	       memcmp(a->treatment_code, b->treatment_code, TREATMENT_CODE_SIZE) == 0;
}

static bool same_point(const PointDecision *a, const PointDecision *b)
{
	bool same = a->point == b->point && a->tied == b->tied && a->offer_count == b->offer_count &&
	            a->candidate_count == b->candidate_count;
	for (size_t i = 0; same && i < a->offer_count; i++)
		same = same_offer(&a->offers[i], &b->offers[i]);
	return same;
}

static bool same_decision(const Decision *a, const Decision *b)
{
	bool same = a->count == b->count;
	for (size_t i = 0; same && i < a->count; i++)
		same = same_point(&a->points[i], &b->points[i]);
	return same;
}

// --- the story ---

static void keep(Story *story, const Visitor *visitor, const DecideRequest *request)
{
	Decision decision;
	assert_int_equal(decide(story->world->plan, visitor, request, story->arena, &decision), OK);
	size_t size = lasting_size(story->lasting, visitor, request, &decision);
	if (size == 0)
		return;
	story->kept = arena_alloc(story->arena, size);
	lasting_keep(story->lasting, visitor, request, &decision, story->kept);
	++*story->remembered;
}

// False: it is not known.
static bool repeat(Story *story, const Visitor *visitor, const DecideRequest *request)
{
	Decision again, decided;
	if (!lasting_again(story->lasting, story->kept, visitor, request, story->arena, &again))
		return false;
	++*story->repeated;
	assert_int_equal(decide(story->world->plan, visitor, request, story->arena, &decided), OK);
	if (!same_decision(&again, &decided))
		fail_msg("case %llu of seed %d is answered another way from memory",
		        (unsigned long long)story->number, SEED);
	return true;
}

static void change(Story *story, const Visitor *who, const Visitor **visitor, DecideRequest *request)
{
	request->seed = chance_next(&story->chance);
	switch (chance_below(&story->chance, 8)) {
	case 0:
		request->as_of_us = some_time(story);
		break;
	case 1:
	case 2:
		request->as_of_us = time_of_fact(story, *visitor, request->as_of_us);
		break;
	case 3:
		*visitor = with_a_fact_changed(story, *visitor);
		break;
	case 4:
		*visitor = with_state(story, who);
		break;
	case 5:
		vary(story, request);
		break;
	default:
		break;
	}
}

static void tell(Story *story, Answers *answers)
{
	const Visitor who = {.level = (int)story->visit->level,
	        .audience_id = str(story->visit->audience_id),
	        .values = answers->values,
	        .segments = answers->segments.segments};
	story->kept = ARENA_NEW(story->arena, LastingDecision);
	for (size_t i = 0; i < ASKED; i++) {
		DecideRequest request = plain_request(story);
		const Visitor *visitor = with_state(story, &who);
		for (size_t again = 0; again < ASKED; again++) {
			if (!repeat(story, visitor, &request))
				keep(story, visitor, &request);
			change(story, &who, &visitor, &request);
		}
	}
}

static void a_decision_that_is_remembered_is_the_one_that_would_be_made(void **state)
{
	(void)state;
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	uint64_t remembered = 0, repeated = 0;
	for (uint64_t number = 0; number < CASES; number += CASES_IN_WORLD) {
		const Case c = {SEED, number, NULL};
		Cover cover = {0};
		Trial trial;
		arena_reset(arena);
		case_try(&c, NULL, arena, &cover, &trial);
		assert_int_equal(trial.refused, OK);
		Story story = {.number = number,
		        .chance = chance_new(SEED, number),
		        .world = trial.world,
		        .visit = trial.visit,
		        .arena = arena,
		        .remembered = &remembered,
		        .repeated = &repeated};
		assert_int_equal(lasting_build(trial.world->plan, arena, &story.lasting), OK);
		tell(&story, &trial.engine);
	}
	print_message("seed %d: %llu decisions remembered, %llu of them asked for again\n", SEED,
	        (unsigned long long)remembered, (unsigned long long)repeated);
	assert_true(repeated > CASES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_decision_that_is_remembered_is_the_one_that_would_be_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
