// The bank with one of everything that a snapshot can carry: what checks, parsers and walks over whole
// snapshots are tried on.
#include "world/world.h"

static void add_segments(World *world)
{
	SnapSegment *vip = world_segment(world, "vip", "balance >= 50000.0");
	world_list(world, "guests", "1001 1002 -7");
	world_segment_list(world, vip, "guests", SNAP_LIST_USE(ANY));
	vip->group = world_text(world, "worth");
	world_segment(world, "trial-a", NULL);
	world_segment(world, "trial-b", NULL);

	SnapFlow *flow = world_flow(world, "greeting");
	SnapStep *age = world_decision(world, flow, "age", "split");
	world_branch(world, flow, age, "age < 18", NULL);
	world_branch(world, flow, age, "age >= 65", "older");
	SnapStep *split = world_sample(world, flow, "split", "greeting-2026", NULL);
	world_share(world, flow, split, 100000, "put-a");
	world_share(world, flow, split, 900000, "put-b");
	world_set(world, flow, "older", WORLD_CHURN, "age / 2", "put-b");
	world_output(world, flow, "put-a", "trial-a", NULL);
	world_output(world, flow, "put-b", "trial-b", NULL);
}

static void add_events(World *world)
{
	SnapEvent *browsed = world_event(world, "browsed", SNAP_ACTION(RESEGMENT));
	SnapAction *set = world_action_set(world, browsed, WORLD_CHURN, "age + 1");
	set->condition = world_expression(world, "has(joined)");
	world_action_offers(world, browsed, SNAP_ACTION(QUALIFY_OFFERS), "LOAN TRAVEL", SNAP_SCOPE(DAYS));
	browsed->actions[2]->days = 30;
	browsed->actions[2]->score = 75;
	world_action_offers(world, browsed, SNAP_ACTION(SUPPRESS_OFFERS), NULL, SNAP_SCOPE(SESSION));
	world_action_trigger(world, browsed, "shown");
	SnapEvent *called = world_event(world, "called", SNAP_ACTION(LOG_CONTACT));
	world_action_outcome(world, called, "opened", SNAP_ACTION(UNSPECIFIED));
}

static void add_rules(World *world)
{
	world_offer_list(world, "cards", "CARD TRAVEL");
	SnapCampaign *spring = world_campaign(world, "SPRING");
	SnapCell *test = world_cell(world, spring, "TEST", 100000, "spring");
	test->control_cell = world_text(world, "HOLD");
	world_cell(world, spring, "HOLD", 0, "");
	SnapRule *rule = world_rule(world, "spring-cards", "adults", NULL, NULL, 65);
	world_rule_offers(world, rule, "cards");
	world_rule_campaign(world, rule, "SPRING", "TEST");
	world_global(world, "everyone-loan", "home", "LOAN", 5);
	world_override(world, "1001", "CARD", 99, true);
	world_override(world, "1001", "LOAN", 1, false);
	world_blacklist(world, "1002", "CARD");
	world_blacklist(world, "1002", "LOAN");
	SnapSuppression *tired =
	        world_suppression(world, "tired", "CARD LOAN", SNAP_TRIGGER(PRESENTATIONS), SNAP_SCOPE(DAYS));
	tired->times = 3;
	tired->days = 14;
	tired->related_attribute = world_text(world, "kind");
	world_suppression(world, "taken", "CARD", SNAP_TRIGGER(ACCEPT), SNAP_SCOPE(FOR_EVER));
	world_constraint(world, "few-loans", "LOAN", SNAP_CONSTRAINT(OVERALL), SNAP_PERIOD(MONTH), 1000);
	world_constraint(world, "once", "CARD LOAN", SNAP_CONSTRAINT(SESSION), SNAP_PERIOD(EVER), 1);
}

World *world_whole(Arena *arena)
{
	World *world = world_bank(arena);
	world_household(world);
	SnapZone *lounge = world_zone(world, "lounge");
	world_include(world, lounge, WORLD_CUSTOMER, "age >= 18");
	world_include(world, lounge, WORLD_HOUSEHOLD, "tier != 'basic'");
	world_include_offers(world, lounge, "percent", SNAP_COMPARE(LESS), world_double(world, 50));
	world_include_offers(world, lounge, "kind", SNAP_COMPARE(NOT_EQUAL), world_string(world, "loud"));
	world_default_offers(world, lounge, "WELCOME CARD");
	world_point(world, "lounge-screen", "lounge");
	SnapOffer *welcome = world_offer(world, "WELCOME");
	SnapOfferAttribute *percent =
	        world_offer_attribute(world, welcome, "percent", world_double(world, 5));
	world_personalise(world, percent, WORLD_CUSTOMER, "age");
	world_personalise(world, percent, WORLD_HOUSEHOLD, "balance / 1000.0");
	SnapOfferAttribute *greeting = world_offer_attribute(world, welcome, "greeting", NULL);
	world_personalise(world, greeting, WORLD_CUSTOMER, "tier");
	add_segments(world);
	add_events(world);
	add_rules(world);
	return world;
}
