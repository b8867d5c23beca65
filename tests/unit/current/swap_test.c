// Readers decide without pause while versions come and go. Under the sanitizers this tells whether anything
// is freed too early; at the end everything old has been freed.
#include "base/cleanup.h"
#include "place.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { READERS = 3, SWAPS = 25 };

static PlaceOnDisk place;
static atomic_bool stop;
static atomic_size_t reads;

// Holds one pin for long, as a session does, and takes others for a moment, as calls do.
static void *read_on(void *context)
{
	(void)context;
	const Deployed *session = NULL;
	uint64_t newest = 0;
	while (!atomic_load(&stop)) {
		const Deployed *call = current_acquire(place.current, STR("bank"));
		uint64_t version = deployed_version(call);
		if (version < newest)
			abort();
		newest = version;
		if (plan_point(deployed_plan(call), STR("home-banner")) < 0)
			abort();
		if (!session || (!deployed_is_current(session) && version % 3 == 0)) {
			current_release(session);
			session = deployed_retain(call);
		}
		if (plan_event(deployed_plan(session), STR("shown")) < 0)
			abort();
		current_release(call);
		atomic_fetch_add(&reads, 1);
	}
	current_release(session);
	return NULL;
}

static void readers_never_see_a_snapshot_freed(void **state)
{
	(void)state;
	place_make(&place);
	place_next(&place, 0);
	assert_int_equal(place_deploy(&place), OK);
	pthread_t readers[READERS];
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, NULL), 0);
	for (unsigned i = 1; i <= SWAPS; i++) {
		place_next(&place, i % 4);
		assert_int_equal(place_deploy(&place), OK);
		current_sweep(place.current);
	}
	size_t before = atomic_load(&reads);
	while (atomic_load(&reads) == before) {
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	assert_int_equal(place_serves(&place), SWAPS + 1);
	place_remove(&place);
}

static void a_pin_outlives_its_successor(void **state)
{
	(void)state;
	place_make(&place);
	place_next(&place, 0);
	assert_int_equal(place_deploy(&place), OK);
	const Deployed *first = current_acquire(place.current, STR("bank"));
	place_next(&place, 1);
	assert_int_equal(place_deploy(&place), OK);
	current_sweep(place.current);
	assert_false(deployed_is_current(first));
	assert_int_equal(deployed_version(first), 1);
	assert_int_equal(plan_snapshot(deployed_plan(first))->n_offers, 4);
	current_release(first);
	current_sweep(place.current);
	place_remove(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(readers_never_see_a_snapshot_freed),
	        cmocka_unit_test(a_pin_outlives_its_successor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
