// What a real parley-runtime still knows of visitors after it was killed, stopped, or lost a file.
#include "process.h"

#include "base/file.h"

#include <signal.h>
#include <stdio.h>

static Home home;
static Client design, touchpoint;

static int set_up(void **state)
{
	(void)state;
	home_make(&home);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	home_remove(&home);
	return 0;
}

static void start(void)
{
	assert_int_equal(home_start(&home), -1);
	design = home_client(&home, "design");
	touchpoint = home_client(&home, "touchpoint");
}

static void stop(int number, int code)
{
	client_free(&design);
	client_free(&touchpoint);
	assert_int_equal(home_stop(&home, number), code);
}

static void restart(int number)
{
	stop(number, number == SIGKILL ? 128 + SIGKILL : 0);
	start();
}

// The bank, where the card is not offered again to whom has accepted it, and two in all may see it.
static void deploy(void)
{
	World *world = world_bank(design.arena);
	world_suppression(world, "taken", "CARD",
	        PARLEY__SNAPSHOT__V1__SUPPRESSION_TRIGGER__SUPPRESSION_TRIGGER_ACCEPT,
	        PARLEY__SNAPSHOT__V1__SCOPE__SCOPE_FOR_EVER);
	world_constraint(world, "two-in-all", "CARD",
	        PARLEY__SNAPSHOT__V1__CONSTRAINT_SCOPE__CONSTRAINT_SCOPE_OVERALL,
	        PARLEY__SNAPSHOT__V1__PERIOD__PERIOD_EVER, 2);
	must_deploy(&design, world_finish(world), 1, NULL);
}

// The treatment of the card on the home page; NULL: it is not offered.
static const char *card(const char *session, int64_t customer)
{
	must_start(&touchpoint, session, customer, NULL);
	PointOffers *answer = must_offer(&touchpoint, session, "home-banner", 10);
	for (size_t i = 0; i < answer->n_offers; i++)
		if (strcmp(answer->offers[i]->offer_code, "CARD") == 0)
			return answer->offers[i]->treatment_code;
	return NULL;
}

static void post(const char *session, const char *id, const char *event, const char *code)
{
	assert_int_equal(post_event(&touchpoint, new_event(&touchpoint, session, id, event, code), NULL), OK);
}

static void what_was_accepted_stays_accepted(void **state)
{
	(void)state;
	start();
	deploy();
	const char *code = card("s1", 7);
	assert_non_null(code);
	post("s1", "e1", "accepted", code);
	restart(SIGKILL); // nothing but the journal has it
	assert_null(card("s2", 7));
	assert_non_null(card("s3", 8));
	restart(SIGTERM); // now a checkpoint has
	GetStatusResponse *status = NULL;
	assert_int_equal(get_status(&design, &status), OK);
	assert_int_equal(status->visitor_state->visitors, 1);
	assert_true(status->visitor_state->treatments > 0);
	assert_non_null(status->visitor_state->checkpoint);
	assert_int_equal(status->visitor_state->unaccounted, 0);
	assert_null(card("s4", 7));
	assert_non_null(card("s5", 8));
	restart(SIGKILL);
	assert_null(card("s6", 7));
	stop(SIGTERM, 0);
}

static void what_was_counted_stays_counted(void **state)
{
	(void)state;
	start();
	deploy();
	post("s1", "e1", "shown", card("s1", 7));
	restart(SIGKILL);
	const char *third = card("s3", 9);
	assert_non_null(third);           // one may still see it
	post("s3", "e1", "shown", third); // the ID of another visitor's event
	post("s3", "e1", "shown", third); // and once more: not counted
	assert_null(card("s4", 10));
	restart(SIGTERM);
	assert_null(card("s5", 10));
	stop(SIGTERM, 0);
}

static void an_offer_is_answered_in_another_life(void **state)
{
	(void)state;
	start();
	deploy();
	const char *code = arena_cstr(design.arena, str(card("s1", 7)));
	char kept[64];
	snprintf(kept, sizeof kept, "%s", code);
	post("s1", "e1", "shown", code); // durable, and so is all that was recommended before
	restart(SIGKILL);
	must_start(&touchpoint, "s2", 7, NULL);
	post("s2", "e2", "accepted", kept);
	assert_null(card("s3", 7));
	restart(SIGTERM);
	must_start(&touchpoint, "s4", 8, NULL);
	post("s4", "e3", "rejected", kept); // by somebody at another's terminal
	assert_int_equal(post_event(&touchpoint,
	                         new_event(&touchpoint, "s4", "e4", "accepted", "0000000000000000000"), NULL),
	        ERR_TREATMENT_UNKNOWN);
	stop(SIGTERM, 0);
}

static void respond(const char *id, const char *code, const char *response, bool duplicate)
{
	PostResponseResponse *answer = NULL;
	assert_int_equal(
	        post_response(&touchpoint, new_response(&touchpoint, id, code, response), &answer), OK);
	assert_int_equal(answer->duplicate, duplicate);
}

// No session of the visitor is open when it comes, and the life that made the offer is over.
static void a_response_without_a_session_stays_taken(void **state)
{
	(void)state;
	char code[64];
	start();
	deploy();
	snprintf(code, sizeof code, "%s", card("s1", 7));
	post("s1", "e1", "shown", code);
	restart(SIGKILL);
	respond("e2", code, "accept", false);
	respond("e2", code, "accept", true);
	assert_null(card("s2", 7));
	restart(SIGKILL); // nothing but the journal has it
	assert_null(card("s3", 7));
	assert_non_null(card("s4", 8));
	respond("e2", code, "accept", false); // a life that cannot know it takes it again; history drops it
	restart(SIGTERM);                     // now a checkpoint has
	assert_null(card("s5", 7));
	assert_non_null(card("s6", 8));
	stop(SIGTERM, 0);
}

static void spoil(const char *name)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(1 << 20, 0);
	char path[128];
	Str content;
	snprintf(path, sizeof path, "%s/state/visitors/%s", home.dir, name);
	assert_int_equal(file_read(path, 1 << 30, arena, &content), OK);
	((char *)(uintptr_t)content.ptr)[content.len / 2] ^= 1;
	assert_int_equal(file_write_durable(path, content, 0600), OK);
}

static void a_damaged_checkpoint_is_told_and_passed_by(void **state)
{
	(void)state;
	start();
	deploy();
	post("s1", "e1", "accepted", card("s1", 7));
	restart(SIGTERM);
	assert_null(card("s2", 7));
	stop(SIGTERM, 0);
	spoil("newest");
	start();
	assert_true(home_logged(&home, "checkpoint of visitor state was damaged"));
	assert_null(card("s3", 7));
	assert_non_null(card("s4", 8));
	stop(SIGTERM, 0);
	spoil("newest");
	spoil("previous");
	assert_int_equal(home_start(&home), 1);
	assert_true(home_logged(&home, "STATE_CORRUPT"));
	assert_true(home_logged(&home, "restore"));
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(what_was_accepted_stays_accepted),
	        STORY(what_was_counted_stays_counted),
	        STORY(an_offer_is_answered_in_another_life),
	        STORY(a_response_without_a_session_stays_taken),
	        STORY(a_damaged_checkpoint_is_told_and_passed_by),
	};
	rpc_init();
	int failed = cmocka_run_group_tests_name("runtime visitors", tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
