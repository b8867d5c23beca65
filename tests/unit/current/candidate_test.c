// A candidate beside the stable snapshot: whom it serves, what becomes of it, what is left after a restart.
#include "base/cleanup.h"
#include "place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SESSIONS = 5000 };

static PlaceOnDisk place;

static int set_up(void **state)
{
	(void)state;
	place_begin(&place);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	place_remove(&place);
	return 0;
}

static Err steer(CurrentSteer how, unsigned permille)
{
	return current_steer(place.current, STR("bank"), &place.manifest, how, permille);
}

// How many of the sessions get that version; `who`: which of them.
static size_t served(uint64_t version, bool who[SESSIONS])
{
	size_t count = 0;
	for (unsigned i = 0; i < SESSIONS; i++) {
		char session[32];
		snprintf(session, sizeof session, "session-%u", i);
		who[i] = place_serves_to(&place, session) == version;
		count += who[i];
	}
	return count;
}

static void a_candidate_serves_its_share(void **state)
{
	static const unsigned shares[] = {0, 50, 200, 500, 1000};
	bool before[SESSIONS] = {0}, now[SESSIONS];
	(void)state;
	assert_int_equal(place_try(&place, 0), OK);
	for (size_t s = 0; s < ARRAY_COUNT(shares); s++) {
		assert_int_equal(steer(STEER_SHARE, shares[s]), OK);
		size_t count = served(2, now), wanted = SESSIONS * shares[s] / 1000;
		assert_in_range(count, wanted - wanted / 8, wanted + wanted / 8);
		for (unsigned i = 0; i < SESSIONS; i++) // who had it keeps it
			assert_true(now[i] || !before[i]);
		memcpy(before, now, sizeof now);
		place_restart(&place);
		assert_int_equal(served(2, now), count);
		assert_memory_equal(before, now, sizeof now);
		assert_int_equal(place_status(&place).permille, shares[s]);
	}
}

static void a_candidate_that_is_kept_serves_all(void **state)
{
	(void)state;
	bool who[SESSIONS];
	assert_int_equal(place_try(&place, 100), OK);
	const Deployed *pin = current_acquire_for(place.current, STR("bank"), 0);
	deployed_count(pin, FIGURE_ACCEPTS, 3);
	uint64_t counted = deployed_version(pin);
	current_release(pin);
	assert_int_equal(steer(STEER_KEEP, 0), OK);
	assert_int_equal(served(2, who), SESSIONS);
	assert_int_equal(place_status(&place).figures[0].counts[FIGURE_ACCEPTS], counted == 2 ? 3 : 0);
	assert_int_equal(place_status(&place).candidate.version, 0);
	assert_int_equal(steer(STEER_KEEP, 0), OK); // done already
	assert_int_equal(steer(STEER_RETURN, 0), ERR_CANDIDATE_UNKNOWN);
	place_restart(&place);
	assert_int_equal(served(2, who), SESSIONS);
}

static void a_candidate_that_goes_leaves_its_version_used_up(void **state)
{
	(void)state;
	bool who[SESSIONS];
	assert_int_equal(place_try(&place, 500), OK);
	assert_int_equal(steer(STEER_RETURN, 0), OK);
	assert_int_equal(steer(STEER_RETURN, 0), OK); // done already
	assert_int_equal(served(1, who), SESSIONS);
	assert_int_equal(steer(STEER_KEEP, 0), ERR_CANDIDATE_UNKNOWN);
	CurrentStatus status = place_status(&place);
	assert_int_equal(status.accepted.version, 2);
	assert_int_equal(status.stable.version, 1);
	place_restart(&place);
	assert_int_equal(served(1, who), SESSIONS);
	place.version = 1;
	place.manifest = place.before;
	place_next(&place, 9); // another version 2
	assert_int_equal(place_deploy(&place), ERR_MANIFEST_VERSION);
}

static void the_next_version_takes_the_candidates_place(void **state)
{
	(void)state;
	assert_int_equal(place_try(&place, 1000), OK);
	assert_int_equal(place_serves(&place), 2);
	place_next(&place, 2);
	assert_int_equal(place_try(&place, 0), OK);
	assert_int_equal(place_serves(&place), 1);
	assert_int_equal(place_status(&place).candidate.version, 3);
	assert_int_equal(place_status(&place).permille, 0);
	place_next(&place, 3);
	assert_int_equal(place_deploy(&place), OK);
	assert_int_equal(place_serves(&place), 4);
	assert_int_equal(place_status(&place).candidate.version, 0);
	place_restart(&place);
	assert_int_equal(place_serves(&place), 4);
}

static void activating_a_candidate_again_steers_it(void **state)
{
	(void)state;
	bool unchanged;
	assert_int_equal(place_try(&place, 10), OK);
	assert_int_equal(current_activate_candidate(place.current, place.envelope, 10, NULL, &unchanged), OK);
	assert_true(unchanged);
	assert_int_equal(
	        current_activate_candidate(place.current, place.envelope, 1000, NULL, &unchanged), OK);
	assert_false(unchanged);
	assert_int_equal(place_serves(&place), 2);
	assert_int_equal(current_activate(place.current, place.envelope, NULL, &unchanged), OK);
	assert_false(unchanged);
	assert_int_equal(place_status(&place).stable.version, 2);
	assert_int_equal(current_activate(place.current, place.envelope, NULL, &unchanged), OK);
	assert_true(unchanged);
}

static void what_was_returned_can_come_again_while_it_is_the_newest(void **state)
{
	(void)state;
	assert_int_equal(place_try(&place, 10), OK);
	assert_int_equal(steer(STEER_RETURN, 0), OK);
	assert_int_equal(place_try(&place, 1000), OK);
	assert_int_equal(place_serves(&place), 2);
}

static void without_a_stable_one_it_serves_all(void **state)
{
	(void)state;
	place_remove(&place);
	place_make(&place);
	place_next(&place, 0);
	assert_int_equal(place_try(&place, 0), OK);
	assert_int_equal(place_serves(&place), 1);
	assert_int_equal(place_status(&place).candidate.version, 0);
}

static void shares_beyond_all_are_refused(void **state)
{
	(void)state;
	assert_int_equal(place_try(&place, 1001), ERR_FIELD_INVALID);
	assert_int_equal(place_try(&place, 1000), OK);
	assert_int_equal(steer(STEER_SHARE, 1001), ERR_FIELD_INVALID);
	assert_int_equal(current_steer(place.current, STR("shop"), &place.manifest, STEER_KEEP, 0),
	        ERR_CHANNEL_NOT_DEPLOYED);
}

// --- switching off ---

static void a_channel_that_is_switched_off_serves_nothing(void **state)
{
	(void)state;
	place_next(&place, 1);
	assert_int_equal(place_deploy(&place), ERR_MANIFEST_VERSION); // 3 is not the next
	place.version = 1;
	place.manifest = place.before;
	place_remove(&place);
	place_make(&place);
	place_next(&place, 0);
	assert_int_equal(place_deploy(&place), OK);
	place_next_off(&place);
	bool unchanged;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(current_activate(place.current, place.envelope, NULL, &unchanged), OK);
		assert_int_equal(unchanged, round > 0);
		assert_int_equal(place_serves(&place), 0);
		assert_true(place_status(&place).undeployed);
		assert_int_equal(place_status(&place).accepted.version, 2);
		place_restart(&place);
	}
	place_next(&place, 1);
	assert_int_equal(place_deploy(&place), OK);
	assert_int_equal(place_serves(&place), 3);
	assert_false(place_status(&place).undeployed);
}

static void switching_off_can_wait_as_a_candidate(void **state)
{
	(void)state;
	bool unchanged;
	assert_int_equal(place_deploy(&place), OK);
	place_next_off(&place);
	assert_int_equal(current_activate_candidate(place.current, place.envelope, 5, NULL, &unchanged),
	        ERR_FIELD_INVALID);
	assert_int_equal(current_activate_candidate(place.current, place.envelope, 0, NULL, &unchanged), OK);
	place_restart(&place);
	assert_int_equal(place_serves(&place), 2);
	assert_int_equal(steer(STEER_SHARE, 5), ERR_FIELD_INVALID);
	assert_int_equal(steer(STEER_KEEP, 0), OK);
	assert_int_equal(place_serves(&place), 0);
	assert_true(place_status(&place).undeployed);
}

// --- the hard expiry ---

static void what_has_expired_stops_serving(void **state)
{
	(void)state;
	assert_false(current_sweep(place.current));
	place.now_us += INT64_C(366) * 86400 * 1000000;
	assert_int_equal(place_serves(&place), 1); // until somebody looks, within a second
	assert_true(current_sweep(place.current));
	for (int round = 0; round < 2; round++) {
		assert_int_equal(place_serves(&place), 0);
		assert_true(place_degraded(&place, "MANIFEST_EXPIRED: channel bank"));
		place_restart(&place);
	}
	assert_non_null(strstr(place_status(&place).last_error, "MANIFEST_EXPIRED: "));
	place.made->not_before_us = place.made->created_us = place.now_us;
	place.made->expires_us = place.now_us + 1000000;
	place_seal(&place);
	assert_int_equal(place_deploy(&place), OK);
	assert_int_equal(place_serves(&place), 2);
	assert_false(place_degraded(&place, "MANIFEST_EXPIRED"));
}

static void a_candidate_that_has_expired_leaves_all_to_the_stable_one(void **state)
{
	(void)state;
	place.made->expires_us = place.now_us + 1000000;
	place_seal(&place);
	assert_int_equal(place_try(&place, 1000), OK);
	assert_int_equal(place_serves(&place), 2);
	place.now_us += 1000000;
	assert_true(current_sweep(place.current));
	assert_int_equal(place_serves(&place), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        T(a_candidate_serves_its_share),
	        T(a_candidate_that_is_kept_serves_all),
	        T(a_candidate_that_goes_leaves_its_version_used_up),
	        T(the_next_version_takes_the_candidates_place),
	        T(activating_a_candidate_again_steers_it),
	        T(what_was_returned_can_come_again_while_it_is_the_newest),
	        T(without_a_stable_one_it_serves_all),
	        T(shares_beyond_all_are_refused),
	        T(a_channel_that_is_switched_off_serves_nothing),
	        T(switching_off_can_wait_as_a_candidate),
	        T(what_has_expired_stops_serving),
	        T(a_candidate_that_has_expired_leaves_all_to_the_stable_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
