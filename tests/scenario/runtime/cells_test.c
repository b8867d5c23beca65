// Who is in which cell with a control group, and on which side: the journal tells of every visitor whom a
// cell is for, whether it is offered anything or not.
#include "server.h"

#include <stdio.h>

#define WHAT(name) PARLEY__JOURNAL__V1__ENTRY__WHAT_##name
enum { VISITORS = 40, HALF_PPM = 500000 };

// The bank with a campaign of three cells: A for gold customers, half of whom are held out, B for everybody,
// with nobody held out, and C for everybody from a moment on that is yet to come.
static World *bank_with_cells(Arena *arena)
{
	World *world = world_bank(arena);
	world_offer(world, "SPECIAL");
	SnapCampaign *spring = world_campaign(world, "SPRING");
	SnapCell *a = world_cell(world, spring, "A", HALF_PPM, "spring");
	a->control_cell = world_text(world, "A-HELD");
	world_cell(world, spring, "A-HELD", 0, "");
	world_cell(world, spring, "B", 0, "");
	world_cell(world, spring, "C", HALF_PPM, "spring");
	world_rule_campaign(
	        world, world_rule(world, "a-special", "gold", "home", "SPECIAL", 95), "SPRING", "A");
	world_rule_campaign(world, world_rule(world, "a-card", "gold", NULL, "CARD", 5), "SPRING", "A");
	world_rule_campaign(world, world_rule(world, "b-card", NULL, NULL, "CARD", 5), "SPRING", "B");
	SnapRule *later = world_rule(world, "c-card", NULL, NULL, "CARD", 5);
	later->effective_us = clock_now_us(clock_system()) + 3600 * US_PER_S;
	world_rule_campaign(world, later, "SPRING", "C");
	SnapEvent *upgraded = world_event(world, "upgraded", SNAP_ACTION(UNSPECIFIED));
	world_action_set(world, upgraded, WORLD_TIER, "'gold'");
	return world;
}

static int set_up(void **state)
{
	(void)state;
	server_start(NULL, 0);
	server.manifest = must_deploy(
	        &server.client, world_finish(bank_with_cells(server.client.arena)), 2, &server.manifest);
	return 0;
}

static bool is_offered(Client *c, const char *session, const char *code)
{
	PointOffers *point = must_offer(c, session, "home-banner", 5);
	for (size_t i = 0; i < point->n_offers; i++)
		if (strcmp(point->offers[i]->offer_code, code) == 0)
			return true;
	return false;
}

static const Parley__Journal__V1__SessionStarted *start_of(Entry **entries, size_t count, const char *session)
{
	for (size_t i = 0; i < count; i++)
		if (entries[i]->what_case == WHAT(SESSION_STARTED) &&
		        strcmp(entries[i]->context->session_id, session) == 0)
			return entries[i]->session_started;
	fail_msg("no start of %s", session);
	return NULL;
}

static void the_journal_tells_the_side_that_decisions_are_made_by(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries;
	char session[VISITORS][16];
	bool offered[VISITORS];
	size_t held = 0;
	for (int i = 0; i < VISITORS; i++) {
		snprintf(session[i], sizeof session[i], "s%d", i);
		must_start(c, session[i], i, string_value(c, "tier", "gold"));
		offered[i] = is_offered(c, session[i], "SPECIAL");
	}
	size_t count = server_entries(&entries);
	for (int i = 0; i < VISITORS; i++) {
		const Parley__Journal__V1__SessionStarted *start = start_of(entries, count, session[i]);
		assert_int_equal(start->n_target_cells, offered[i]);
		assert_int_equal(start->n_held_out_cells, !offered[i]);
		const Parley__Journal__V1__CellMembership *in =
		        offered[i] ? start->target_cells[0] : start->held_out_cells[0];
		assert_string_equal(in->campaign, "SPRING");
		assert_string_equal(in->cell, "A");
		assert_string_equal(in->control_cell, "A-HELD");
		held += !offered[i];
	}
	assert_in_range(held, VISITORS / 4, VISITORS * 3 / 4);
	assert_int_equal(count_entries(entries, count, WHAT(CELLS_CHANGED)), 0);
}

static void who_is_not_of_the_segment_is_on_neither_side(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries;
	must_start(c, "s1", 1, string_value(c, "tier", "basic"));
	(void)is_offered(c, "s1", "SPECIAL");
	size_t count = server_entries(&entries);
	assert_int_equal(count, 2);
	assert_int_equal(entries[0]->session_started->n_target_cells, 0);
	assert_int_equal(entries[0]->session_started->n_held_out_cells, 0);
}

// Told once, with the first answer that could offer something of it.
static void who_comes_into_a_cell_later_is_told_then(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries;
	must_start(c, "s1", 1, string_value(c, "tier", "basic"));
	assert_int_equal(post_event(c, new_event(c, "s1", "e1", "upgraded", NULL), NULL), OK);
	GetOffersRequest *what_if = new_offers(c, "s1", "home-banner", 1);
	WhatIf nothing = PARLEY__RUNTIME__V1__WHAT_IF__INIT;
	what_if->what_if = &nothing;
	assert_int_equal(get_offers(c, what_if, NULL), OK); // tells nothing
	bool offered = is_offered(c, "s1", "SPECIAL");
	(void)is_offered(c, "s1", "SPECIAL");
	assert_int_equal(post_event(c, new_event(c, "s1", "e2", "upgraded", NULL), NULL), OK);
	(void)is_offered(c, "s1", "SPECIAL"); // segmented again, and nothing new
	size_t count = server_entries(&entries);
	assert_int_equal(count_entries(entries, count, WHAT(CELLS_CHANGED)), 1);
	assert_int_equal(entries[2]->what_case, WHAT(CELLS_CHANGED));
	assert_int_equal(entries[2]->cells_changed->n_target_cells, offered);
	assert_int_equal(entries[2]->cells_changed->n_held_out_cells, !offered);
	assert_string_equal(entries[2]->context->audience_id, "1");
}

static void another_visitor_has_cells_of_its_own(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries;
	must_start(c, "s1", 1, string_value(c, "tier", "gold"));
	for (int customer = 2; customer < 12; customer++)
		assert_int_equal(set_audience(c, new_audience(c, "s1", customer), NULL), OK);
	size_t count = server_entries(&entries);
	assert_int_equal(count_entries(entries, count, WHAT(SESSION_STARTED)), 11);
	for (size_t i = 0; i < count; i++)
		if (entries[i]->what_case == WHAT(SESSION_STARTED))
			assert_int_equal(entries[i]->session_started->n_target_cells +
			                         entries[i]->session_started->n_held_out_cells,
			        1);
}

// A cell that comes with another snapshot, or with its time, is told as far as there are calls.
static void snapshots_and_dates_bring_cells(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries;
	must_start(c, "s1", 1, string_value(c, "tier", "gold"));
	World *next = bank_with_cells(c->arena);
	world_offer(next, "NEW");
	must_deploy(c, world_finish(next), 3, &server.manifest); // the same cells
	(void)is_offered(c, "s1", "SPECIAL");
	server_skip_seconds(2 * 3600); // the session is long over; C holds now
	server_pass_seconds(1);
	must_start(c, "s2", 1, string_value(c, "tier", "basic"));
	size_t count = server_entries(&entries);
	assert_int_equal(count_entries(entries, count, WHAT(CELLS_CHANGED)), 0);
	const Parley__Journal__V1__SessionStarted *start = start_of(entries, count, "s2");
	assert_int_equal(start->n_target_cells + start->n_held_out_cells, 1);
	assert_string_equal(
	        start->n_target_cells > 0 ? start->target_cells[0]->cell : start->held_out_cells[0]->cell,
	        "C");
}

static void a_visit_in_one_call_tells_its_cells(void **state)
{
	(void)state;
	Client *c = &server.client;
	Entry **entries;
	RecommendRequest *request = new_recommend(c, 1, "home-banner", 1);
	NamedValue *gold[] = {string_value(c, "tier", "gold")};
	WhatIf nothing = PARLEY__RUNTIME__V1__WHAT_IF__INIT;
	request->parameters = gold;
	request->n_parameters = 1;
	request->what_if = &nothing;
	assert_int_equal(recommend(c, request, NULL), OK); // records nothing at all
	request->what_if = NULL;
	assert_int_equal(recommend(c, request, NULL), OK);
	size_t count = server_entries(&entries);
	assert_int_equal(count, 3);
	assert_int_equal(
	        entries[0]->session_started->n_target_cells + entries[0]->session_started->n_held_out_cells,
	        1);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, server_tear_down)
	const struct CMUnitTest tests[] = {
	        STORY(the_journal_tells_the_side_that_decisions_are_made_by),
	        STORY(who_is_not_of_the_segment_is_on_neither_side),
	        STORY(who_comes_into_a_cell_later_is_told_then),
	        STORY(another_visitor_has_cells_of_its_own),
	        STORY(snapshots_and_dates_bring_cells),
	        STORY(a_visit_in_one_call_tells_its_cells),
	};
	rpc_init();
	int failed = cmocka_run_group_tests_name("runtime cells", tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
