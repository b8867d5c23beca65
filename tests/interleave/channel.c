#include "channel.h"

#include "world/world.h"

const char *const offer_codes[OFFERS] = {"CARD", "CASH", "CLUB", "EXTRA", "LUX"};
const char *const event_names[EVENT_KINDS] = {
        "shown", "accepted", "rejected", "hide", "like", "tick", "note"};

static void add_events(World *world)
{
	world_event(world, "shown", SNAP_ACTION(LOG_CONTACT));
	world_event(world, "accepted", SNAP_ACTION(LOG_ACCEPT));
	world_event(world, "rejected", SNAP_ACTION(LOG_REJECT));
	SnapEvent *hide = world_event(world, "hide", SNAP_ACTION(UNSPECIFIED));
	world_action_offers(world, hide, SNAP_ACTION(SUPPRESS_OFFERS), NULL, SNAP_SCOPE(SESSION));
	SnapEvent *like = world_event(world, "like", SNAP_ACTION(UNSPECIFIED));
	world_action_offers(world, like, SNAP_ACTION(QUALIFY_OFFERS), "EXTRA", SNAP_SCOPE(SESSION))->score =
	        95;
	SnapEvent *tick = world_event(world, "tick", SNAP_ACTION(UNSPECIFIED));
	world_action_set(world, tick, WORLD_AGE, "age + 1");
	world_action_trigger(world, tick, "tock");
	SnapEvent *tock = world_event(world, "tock", SNAP_ACTION(UNSPECIFIED));
	world_action_set(world, tock, WORLD_BALANCE, "balance + 1.0");
	world_event(world, "note", SNAP_ACTION(UNSPECIFIED));
}

static void add_limits(World *world)
{
	world_suppression(world, "has-card", "CARD", SNAP_TRIGGER(ACCEPT), SNAP_SCOPE(SESSION));
	world_suppression(world, "no-cash", "CASH", SNAP_TRIGGER(REJECT), SNAP_SCOPE(FOR_EVER));
	world_suppression(world, "club-seen", "CLUB", SNAP_TRIGGER(PRESENTATIONS), SNAP_SCOPE(SESSION));
	world_constraint(world, "few-lux", "LUX", SNAP_CONSTRAINT(SESSION), SNAP_PERIOD(EVER), 2);
	world_constraint(world, "few-cards", "CARD CASH", SNAP_CONSTRAINT(VISITOR), SNAP_PERIOD(EVER), 3);
}

Snapshot *channel_snapshot(Arena *arena, bool second)
{
	World *world = world_new(arena);
	world_zone(world, "home");
	world_point(world, "home-banner", "home");
	world_segment(world, "grown", "age >= 33");
	for (int i = 0; i < OFFERS; i++)
		world_offer(world, offer_codes[i]);
	world_rule(world, "card", NULL, NULL, "CARD", 80);
	world_rule(world, "cash", NULL, NULL, "CASH", 60);
	world_rule(world, "club", NULL, NULL, "CLUB", 40);
	world_rule(world, "lux", "grown", NULL, "LUX", 90);
	add_events(world);
	add_limits(world);
	Snapshot *made = world_finish(world);
	made->session_timeout_s += second;
	return made;
}
