// Off-policy estimates where the truth is known: a shop with three places and eight offers whose rates we
// made.
#include "estimate/estimate.h"

#include "base/cleanup.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PLACES = 3, OFFERS = 8, ROWS = 4000, WORLDS = 200 };

// --- a world ---

static uint64_t state;

static double uniform(void)
{
	uint64_t x = state += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return (double)((x ^ (x >> 31)) >> 11) * 0x1p-53;
}

typedef struct World {
	double rate[PLACES][OFFERS], logging[PLACES][OFFERS];
	EstimateTarget target[PLACES][OFFERS];
	double truth; // of the target policy, places being equally frequent
	EstimateRow rows[ROWS];
} World;

static void distribution(double *ret)
{
	double sum = 0;

	for (int i = 0; i < OFFERS; i++)
		sum += ret[i] = .1 + uniform();
	for (int i = 0; i < OFFERS; i++)
		ret[i] /= sum;
}

static void world_rules(World *world)
{
	double target[OFFERS];

	world->truth = 0;
	for (int p = 0; p < PLACES; p++) {
		distribution(world->logging[p]);
		distribution(target);
		for (int o = 0; o < OFFERS; o++) {
			world->rate[p][o] = .05 + .3 * uniform();
			world->target[p][o] = (EstimateTarget){(uint32_t)o, target[o]};
			world->truth += target[o] * world->rate[p][o] / PLACES;
		}
	}
}

static void world_rows(World *world)
{
	for (int i = 0; i < ROWS; i++) {
		int place = i % PLACES, offer = 0;
		double u = uniform();

		while (offer < OFFERS - 1 && (u -= world->logging[place][offer]) >= 0)
			offer++;
		world->rows[i] = (EstimateRow){.unit = (uint64_t)i,
		        .stratum = (uint32_t)place,
		        .action = (uint32_t)offer,
		        .reward = uniform() < world->rate[place][offer],
		        .propensity = world->logging[place][offer],
		        .targets = world->target[place],
		        .target_count = OFFERS};
	}
}

static Estimates estimate(const EstimateRow *rows, size_t count, double clip)
{
	CLEANUP(estimator_freep) Estimator *estimator = NULL;
	Estimates estimates;

	assert_int_equal(estimator_new(clip, &estimator), OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(estimator_learn(estimator, &rows[i]), OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(estimator_add(estimator, &rows[i]), OK);
	assert_int_equal(estimator_tell(estimator, &estimates), OK);
	return estimates;
}

static bool covers(const Estimate *estimate, double truth)
{
	return estimate->low <= truth && truth <= estimate->high;
}

// --- what must hold ---

// 95 % intervals that are right cover the truth in 190 of 200 worlds, 9 of 1,000 times in fewer than 182.
static void intervals_cover_the_truth(void **unused)
{
	static World world;
	int ipw = 0, snipw = 0, dr = 0, good = 0;
	double width_ipw = 0, width_dr = 0;

	(void)unused;
	state = 20261123;
	for (int i = 0; i < WORLDS; i++) {
		world_rules(&world);
		world_rows(&world);
		Estimates got = estimate(world.rows, ROWS, 0);
		ipw += covers(&got.ipw, world.truth);
		snipw += covers(&got.snipw, world.truth);
		dr += covers(&got.dr, world.truth);
		good += got.support == SUPPORT_GOOD;
		width_ipw += got.ipw.error;
		width_dr += got.dr.error;
	}
	printf("of %d worlds covered: ipw %d, snipw %d, dr %d\n", WORLDS, ipw, snipw, dr);
	assert_in_range(ipw, 180, 199);
	assert_in_range(snipw, 180, 199);
	assert_in_range(dr, 180, 199);
	assert_true(good >= 190);
	assert_true(width_dr < width_ipw);
}

// The policy that logged is its own rival: nothing to gain, and every weight is 1.
static void the_logging_policy_itself(void **unused)
{
	static World world;

	(void)unused;
	state = 7;
	world_rules(&world);
	for (int p = 0; p < PLACES; p++)
		for (int o = 0; o < OFFERS; o++)
			world.target[p][o].probability = world.logging[p][o];
	world_rows(&world);
	Estimates got = estimate(world.rows, ROWS, 0);
	assert_true(fabs(got.mean_weight - 1) < 1e-12 && fabs(got.effective_rows - ROWS) < 1e-6);
	assert_true(fabs(got.ipw.value - got.logged.value) < 1e-12);
	assert_true(fabs(got.snipw.value - got.logged.value) < 1e-12);
	assert_true(fabs(got.gain.value) < 3 * got.gain.error + 1e-3);
}

// Four rows by hand: places and offers are 0, weights 2, 0.5, 0 and 1.
static void four_rows_by_hand(void **unused)
{
	static const EstimateTarget half = {0, .5}, none = {1, 1};
	const EstimateRow rows[] = {
	        {1, 0, 0, 1, .25, &half, 1},
	        {2, 0, 0, 0, 1, &half, 1},
	        {3, 0, 0, 1, .5, &none, 1},
	        {4, 0, 0, 1, .5, &half, 1},
	};
	Estimates got = estimate(rows, 4, 0);

	(void)unused;
	assert_true(fabs(got.logged.value - .75) < 1e-12);
	assert_true(fabs(got.ipw.value - (2 + 0 + 0 + 1) / 4.) < 1e-12);
	assert_true(fabs(got.snipw.value - 3 / 3.5 * (3 * .5 + 1) / 4) < 1e-12);
	assert_true(fabs(got.effective_rows - 3.5 * 3.5 / (4 + .25 + 1)) < 1e-12);
	assert_int_equal(got.matched, 3);
	assert_int_equal(got.rewarded, 2);
	// Off by 1.25, −0.75, −0.75, 0.25 from the mean of .75: 2.75 ÷ 3 × 4, rooted, over 4.
	assert_true(fabs(got.ipw.error - sqrt(2.75 * 4 / 3) / 4) < 1e-12);
	got = estimate(rows, 4, 1);
	assert_int_equal(got.clipped, 1);
	assert_true(fabs(got.ipw.value - .5) < 1e-12);
}

// Half of the time it shows nothing and earns nothing: that is no lack of support, and no reason to take what
// it earns where it shows something for what it earns.
static void a_policy_that_shows_nothing_half_of_the_time(void **unused)
{
	static World world;

	(void)unused;
	state = 41;
	world_rules(&world);
	for (int p = 0; p < PLACES; p++)
		for (int o = 0; o < OFFERS; o++)
			world.target[p][o].probability /= 2;
	world_rows(&world);
	double truth = world.truth / 2;
	Estimates got = estimate(world.rows, ROWS, 0);
	assert_int_equal(got.support, SUPPORT_GOOD);
	assert_true(fabs(got.mean_shown - .5) < 1e-9);
	assert_true(fabs(got.ipw.value - truth) < 3 * got.ipw.error);
	assert_true(fabs(got.snipw.value - truth) < 3 * got.snipw.error);
	assert_true(fabs(got.dr.value - truth) < 3 * got.dr.error);
}

// Rows told to two estimators, the first half of each row's targets to the second.
static void one_policy_over_another(void **unused)
{
	CLEANUP(estimator_freep) Estimator *one = NULL, *other = NULL, *none = NULL;
	static World world;
	Estimates of_one, of_other;
	Estimate over, same;

	(void)unused;
	state = 17;
	world_rules(&world);
	world_rows(&world);
	assert_int_equal(estimator_new(0, &one), OK);
	assert_int_equal(estimator_new(0, &other), OK);
	assert_int_equal(estimator_new(0, &none), OK);
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < ROWS; i++) {
			EstimateRow less = world.rows[i];
			less.target_count = 1;
			assert_int_equal((pass ? estimator_add : estimator_learn)(one, &world.rows[i]), OK);
			assert_int_equal((pass ? estimator_add : estimator_learn)(other, &less), OK);
		}
	assert_int_equal(estimator_tell(one, &of_one), OK);
	assert_int_equal(estimator_tell(other, &of_other), OK);
	assert_int_equal(estimator_compare(one, other, &over), OK);
	assert_int_equal(estimator_compare(one, one, &same), OK);
	assert_true(fabs(over.value - (of_other.dr.value - of_one.dr.value)) < 1e-12);
	assert_true(over.high < 0 && over.error < of_one.dr.error + of_other.dr.error);
	assert_true(fabs(same.value) < 1e-12 && same.error < 1e-12);
	assert_int_equal(estimator_compare(one, none, &over), ERR_FIELD_INVALID);
}

// A hundred rows of one visitor are one witness: the interval is as wide as that of one row each.
static void a_visitors_rows_are_one_witness(void **unused)
{
	static World world;
	static EstimateRow repeated[ROWS];

	(void)unused;
	state = 99;
	world_rules(&world);
	world_rows(&world);
	Estimates each = estimate(world.rows, ROWS / 10, 0);
	for (int i = 0; i < ROWS; i++)
		repeated[i] = world.rows[i / 10];
	Estimates all = estimate(repeated, ROWS, 0);
	assert_int_equal(all.units, ROWS / 10);
	assert_true(fabs(all.ipw.value - each.ipw.value) < 1e-9);
	assert_true(fabs(all.ipw.error / each.ipw.error - 1) < 1e-9);
}

static void a_log_that_cannot_tell_says_so(void **unused)
{
	static World world;
	static const EstimateTarget other = {OFFERS, 1};

	(void)unused;
	state = 5;
	world_rules(&world);
	world_rows(&world);
	for (int i = 0; i < ROWS; i++) {
		world.rows[i].targets = &other;
		world.rows[i].target_count = 1;
	}
	Estimates got = estimate(world.rows, ROWS, 0);
	assert_int_equal(got.support, SUPPORT_NONE);
	assert_non_null(strstr(got.why, "never shows"));
	assert_true(isnan(got.snipw.value));

	world_rows(&world);
	assert_int_equal(estimate(world.rows, 20, 0).support, SUPPORT_NONE);

	for (int i = 0; i < ROWS; i++)
		world.rows[i].propensity = fmin(1, world.rows[i].propensity * 3);
	got = estimate(world.rows, ROWS, 0);
	assert_int_equal(got.support, SUPPORT_NONE);
	assert_non_null(strstr(got.why, "propensities are wrong"));
}

static void rows_that_cannot_be(void **unused)
{
	CLEANUP(estimator_freep) Estimator *estimator = NULL;
	static const EstimateTarget twice[] = {{0, .7}, {1, .7}}, negative = {0, -1};
	const EstimateRow rows[] = {
	        {.propensity = 0},
	        {.propensity = 1.5},
	        {.propensity = (double)NAN},
	        {.propensity = 1, .reward = (double)INFINITY},
	        {.propensity = 1, .action = UINT32_MAX},
	        {.propensity = 1, .targets = twice, .target_count = 2},
	        {.propensity = 1, .targets = &negative, .target_count = 1},
	};
	Estimates estimates;

	(void)unused;
	assert_int_equal(estimator_new(0, &estimator), OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(estimator_learn(estimator, &rows[i]), ERR_FIELD_INVALID);
		assert_int_equal(estimator_add(estimator, &rows[i]), ERR_FIELD_INVALID);
	}
	assert_int_equal(estimator_tell(estimator, &estimates), ERR_FIELD_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(intervals_cover_the_truth),
	        cmocka_unit_test(the_logging_policy_itself),
	        cmocka_unit_test(four_rows_by_hand),
	        cmocka_unit_test(a_policy_that_shows_nothing_half_of_the_time),
	        cmocka_unit_test(one_policy_over_another),
	        cmocka_unit_test(a_visitors_rows_are_one_witness),
	        cmocka_unit_test(a_log_that_cannot_tell_says_so),
	        cmocka_unit_test(rows_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
