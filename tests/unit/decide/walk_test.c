// Large channels, where the walk looks at few candidates: it must offer what looking at all of them would.
// All of them are had by explaining a point that wants no offer: what it calls outranked is, in the order of
// rank, the answer to a point that wants some. PARLEY_SEED repeats a run.
#include "stage.h"

#include <stdlib.h>
#include <time.h>

enum { WORLDS = 12, VISITORS = 25, OFFERS = 40, SEGMENTS = 12, CELLS = 4, WANTED_MAX = 12 };

static uint64_t state_of_chance;

static unsigned chance(unsigned n)
{
	state_of_chance = state_of_chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state_of_chance >> 33) % n;
}

static char *name_of(const char *kind, unsigned number)
{
	return arena_printf(stage.arena, "%s%u", kind, number);
}

// --- a large bank ---

static const char *some_condition(void)
{
	static const char *const tiers[] = {"basic", "gold", "black"};
	const char *tier = tiers[chance(3)];
	unsigned a = chance(100), b = chance(100);
	Arena *arena = stage.arena;
	switch (chance(10)) {
	case 0:
		return arena_printf(arena, "age >= %u", a);
	case 1:
		return arena_printf(arena, "age < %u && balance > %u.5", a, 100 * b);
	case 2:
		return arena_printf(arena, "tier == '%s'", tier);
	case 3:
		return arena_printf(arena, "tier in ['%s', 'none'] || age >= %u", tier, a);
	case 4:
		return arena_printf(arena, "churn < %u.0", a);
	case 5:
		return arena_printf(arena, "!has(churn) || churn > %u.0", a);
	case 6:
		return arena_printf(arena, "'%s' in tags && age != %u", tier, a);
	case 7:
		return arena_printf(arena, "age %% 3 == %u", a % 3); // no index reads it
	case 8:
		return arena_printf(arena, "age + %u > 60 && balance < %u.0", a, 100 * b);
	default:
		return arena_printf(arena, "age >= %u && age < %u && tier != '%s'", a, a + 30, tier);
	}
}

static const char *some_score(void)
{
	unsigned a = chance(20);
	Arena *arena = stage.arena;
	switch (chance(5)) {
	case 0:
		return arena_printf(arena, "balance * 0.00%u", a);
	case 1:
		return arena_printf(arena, "age + %u", a);
	case 2:
		return arena_printf(arena, "tier == 'gold' ? %u.0 : double(age) * 0.5", a + 30);
	case 3:
		return "churn";
	default:
		return arena_printf(arena, "100 / (age - %u)", a + 20);
	}
}

static void some_dates(int64_t *effective_us, int64_t *expires_us)
{
	if (chance(4))
		return;
	*effective_us = TEST_NOW_US - 2 + (int64_t)chance(4);
	*expires_us = *effective_us + 1 + (int64_t)chance(4);
}

static void add_rule(unsigned number, unsigned dynamic)
{
	const char *segment = chance(2) ? name_of("s", chance(SEGMENTS)) : NULL;
	const char *offer = chance(20) ? name_of("O", chance(OFFERS)) : NULL;
	SnapRule *rule = chance(10) ? world_rule(stage.bank, name_of("r", number), segment,
	                                      chance(3) ? NULL : "z", offer, chance(30))
	                            : world_global(stage.bank, name_of("r", number), NULL, offer, chance(30));
	if (!offer)
		world_rule_offers(stage.bank, rule, "some");
	if (chance(5))
		rule->eligibility = world_expression(stage.bank, some_condition());
	if (chance(100) < dynamic) {
		rule->score = 0;
		rule->score_expression = world_expression(stage.bank, some_score());
	}
	if (chance(3) == 0)
		world_rule_campaign(
		        stage.bank, rule, "spring", chance(4) ? name_of("c", chance(CELLS)) : NULL);
	rule->enabled = chance(20) != 0;
	rule->top_priority = chance(40) == 0;
	some_dates(&rule->effective_us, &rule->expires_us);
}

static void add_offers(void)
{
	for (unsigned i = 0; i < OFFERS; i++) {
		SnapOffer *offer = world_offer(stage.bank, name_of("O", i));
		world_offer_attribute(stage.bank, offer, "fee", world_int(stage.bank, chance(9)));
		offer->published = chance(15) != 0;
		some_dates(&offer->effective_us, &offer->expires_us);
	}
	world_offer_list(stage.bank, "some", "O1 O3 O5 O7");
	for (unsigned i = 0; i < 10; i++) {
		world_override(stage.bank, name_of("", i), name_of("O", i), chance(40), chance(2));
		world_override(stage.bank, name_of("", i), name_of("O", i + 10), chance(40), chance(2));
		world_blacklist(stage.bank, name_of("", i), name_of("O", i + 20));
	}
}

static void open_large_bank(void)
{
	static const Parley__Snapshot__V1__Deduplication modes[] = {
	        SNAP_DEDUP(OFFER), SNAP_DEDUP(TREATMENT), SNAP_DEDUP(NONE)};
	stage.bank = world_new(stage.arena);
	SnapZone *zone = world_zone(stage.bank, "z");
	zone->deduplication = modes[chance(3)];
	if (chance(3) == 0)
		world_include_offers(stage.bank, zone, "fee", SNAP_COMPARE(LESS), world_int(stage.bank, 6));
	world_point(stage.bank, "p", "z");
	for (unsigned i = 0; i < SEGMENTS; i++)
		world_segment(stage.bank, name_of("s", i), some_condition());
	SnapCampaign *campaign = world_campaign(stage.bank, "spring");
	for (unsigned i = 0; i < CELLS; i++)
		world_cell(stage.bank, campaign, name_of("c", i), 200000 * i, name_of("salt", i));
	add_offers();
	unsigned rules = 50 + chance(2000), dynamic = chance(2) ? 0 : chance(100);
	for (unsigned i = 0; i < rules; i++)
		add_rule(i, dynamic);
	stage_open();
}

// --- visitors ---

static void some_visitor(void)
{
	static ExprValue tags[2];
	decide_defaults(stage.plan, 0, stage.values);
	stage.audience_id = str(name_of("", chance(20)));
	stage.values[WORLD_AGE] = expr_int(chance(110));
	stage.values[WORLD_BALANCE] = expr_double((double)chance(10000));
	stage.values[WORLD_TIER] = chance(2) ? expr_string(STR("gold")) : expr_string(STR("black"));
	stage.values[WORLD_CHURN] = chance(2) ? expr_missing(WORLD_CHURN) : expr_double((double)chance(100));
	tags[0] = expr_string(STR("gold"));
	tags[1] = expr_string(STR("other"));
	stage.values[WORLD_TAGS] = expr_list(tags, chance(3));
	stage.state.fact_count = 0;
	for (unsigned i = chance(4); i > 0; i--)
		stage_fact(chance(2) ? FACT_SUPPRESS : FACT_QUALIFY, name_of("O", chance(OFFERS)), HOURS(i))
		        ->score = chance(40);
	stage.filter_count = chance(4) == 0;
	stage.filter[0] = (OfferFilter){STR("fee"), SNAP_COMPARE(GREATER), expr_int(chance(4))};
}

static bool is_top(const DecidedCandidate *candidate)
{
	const SnapRule *rule = decide_rule(stage.plan, candidate->id);
	return rule && rule->top_priority;
}

static int by_rank(const void *left, const void *right)
{
	const DecidedCandidate *a = left, *b = right;
	if (is_top(a) != is_top(b))
		return is_top(a) ? -1 : 1;
	if (a->score.final > b->score.final || a->score.final < b->score.final)
		return a->score.final > b->score.final ? -1 : 1;
	if (a->id.offer != b->id.offer)
		return a->id.offer < b->id.offer ? -1 : 1;
	if (a->id.origin != b->id.origin)
		return a->id.origin < b->id.origin ? -1 : 1;
	return (a->id.source > b->id.source) - (a->id.source < b->id.source);
}

// Those that would be offered if there were room, best first.
static size_t outranked(PointDecision all, DecidedCandidate *ret)
{
	size_t count = 0;
	for (size_t i = 0; i < all.candidate_count; i++) {
		if (all.candidates[i].reason == REASON_OUTRANKED)
			ret[count++] = all.candidates[i];
	}
	qsort(ret, count, sizeof *ret, by_rank);
	return count;
}

static size_t compare_visitor(void)
{
	some_visitor();
	PointDecision all = stage_ask_point("p", 0);
	assert_int_equal(all.offer_count, 0);
	DecidedCandidate *expected = ARENA_ARRAY(stage.arena, DecidedCandidate, all.candidate_count);
	size_t count = outranked(all, expected), max = 1 + chance(WANTED_MAX);
	PointDecision got = stage_ask_point("p", (uint32_t)max);
	assert_int_equal(got.offer_count, count < max ? count : max);
	for (size_t i = 0; i < got.offer_count; i++) {
		assert_memory_equal(&got.offers[i].id, &expected[i].id, sizeof expected[i].id);
		assert_memory_equal(&got.offers[i].score.final, &expected[i].score.final, sizeof(double));
	}
	return count;
}

static void the_walk_finds_what_looking_at_all_would(void **state)
{
	size_t found = 0;
	for (unsigned i = 0; i < WORLDS; i++) {
		open_large_bank();
		for (unsigned j = 0; j < VISITORS; j++)
			found += compare_visitor();
		stage_tear_down(state);
		stage_set_up(state);
	}
	assert_true(found > (size_t)WORLDS * VISITORS); // it is not about nothing
}

int main(void)
{
	const char *given = getenv("PARLEY_SEED");
	state_of_chance = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	print_message("PARLEY_SEED=%llu\n", (unsigned long long)state_of_chance);
	const struct CMUnitTest tests[] = {STAGE_TEST(the_walk_finds_what_looking_at_all_would)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
