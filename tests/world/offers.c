// Offers, what makes them candidates, and what limits them; and the bank.
#include "world/build.h"

SnapOfferAttribute *world_offer_attribute(
        World *world, SnapOffer *offer, const char *name, SnapConstant *value)
{
	SnapOfferAttribute *attribute = WORLD_ADD(
	        world, offer, attributes, SnapOfferAttribute, PARLEY__SNAPSHOT__V1__OFFER_ATTRIBUTE__INIT);
	attribute->name = world_text(world, name);
	attribute->value = value;
	attribute->type = value ? value->type : SNAP_TYPE(STRING);
	return attribute;
}

void world_personalise(World *world, SnapOfferAttribute *attribute, uint32_t level, const char *expression)
{
	SnapLevelExpression *added = WORLD_ADD(world, attribute, personalised, SnapLevelExpression,
	        PARLEY__SNAPSHOT__V1__LEVEL_EXPRESSION__INIT);
	added->audience_level = level;
	added->expression = world_expression(world, expression);
}

SnapOffer *world_offer(World *world, const char *code)
{
	SnapOffer *offer =
	        WORLD_ADD(world, &world->snapshot, offers, SnapOffer, PARLEY__SNAPSHOT__V1__OFFER__INIT);
	offer->code = offer->name = world_text(world, code);
	offer->template_ = world_text(world, "card");
	offer->published = true;
	world_offer_attribute(world, offer, "headline", world_string(world, code));
	return offer;
}

SnapOfferList *world_offer_list(World *world, const char *name, const char *offers)
{
	SnapOfferList *list = WORLD_ADD_NAMED(
	        world, name, offer_lists, SnapOfferList, PARLEY__SNAPSHOT__V1__OFFER_LIST__INIT);
	world_refer_offers(world, offers, true, &list->offers, &list->n_offers);
	return list;
}

// --- rules ---

static SnapRule *fill_rule(World *world, SnapRule *rule, const char *zone, const char *offer, double score)
{
	rule->score = score;
	rule->enabled = true;
	world_refer(world, (Reference){.kind = REFERS_ZONE, .name = zone, .where = &rule->zone, .base = 1});
	world_refer(world, (Reference){.kind = REFERS_OFFER, .name = offer, .where = &rule->offer});
	return rule;
}

SnapRule *world_rule(World *world, const char *name, const char *segment, const char *zone, const char *offer,
        double score)
{
	SnapRule *rule =
	        WORLD_ADD_NAMED(world, name, rules, SnapRule, PARLEY__SNAPSHOT__V1__TREATMENT_RULE__INIT);
	world_refer(world,
	        (Reference){.kind = REFERS_SEGMENT, .name = segment, .where = &rule->segment, .base = 1});
	return fill_rule(world, rule, zone, offer, score);
}

SnapRule *world_global(World *world, const char *name, const char *zone, const char *offer, double score)
{
	SnapRule *rule = WORLD_ADD_NAMED(
	        world, name, global_offers, SnapRule, PARLEY__SNAPSHOT__V1__TREATMENT_RULE__INIT);
	return fill_rule(world, rule, zone, offer, score);
}

void world_rule_offers(World *world, SnapRule *rule, const char *offer_list)
{
	world_refer(world, (Reference){.kind = REFERS_OFFER_LIST,
	                           .name = offer_list,
	                           .where = &rule->offer_list,
	                           .base = 1});
}

void world_rule_campaign(World *world, SnapRule *rule, const char *campaign, const char *cell)
{
	world_refer(world,
	        (Reference){.kind = REFERS_CAMPAIGN, .name = campaign, .where = &rule->campaign, .base = 1});
	world_refer(world,
	        (Reference){.kind = REFERS_CELL, .of = rule, .name = cell, .where = &rule->cell, .base = 1});
}

SnapCampaign *world_campaign(World *world, const char *code)
{
	SnapCampaign *campaign = WORLD_ADD(
	        world, &world->snapshot, campaigns, SnapCampaign, PARLEY__SNAPSHOT__V1__CAMPAIGN__INIT);
	campaign->code = campaign->name = world_text(world, code);
	campaign->active = true;
	return campaign;
}

SnapCell *world_cell(World *world, SnapCampaign *campaign, const char *code, uint32_t control_ppm,
        const char *control_salt)
{
	SnapCell *cell = WORLD_ADD(world, campaign, cells, SnapCell, PARLEY__SNAPSHOT__V1__CELL__INIT);
	cell->code = world_text(world, code);
	cell->control_ppm = control_ppm;
	cell->control_salt = world_text(world, control_salt);
	return cell;
}

SnapOverride *world_override(
        World *world, const char *audience_id, const char *offer, double score, bool adds)
{
	SnapOverride *override = WORLD_ADD(world, &world->snapshot, score_overrides, SnapOverride,
	        PARLEY__SNAPSHOT__V1__SCORE_OVERRIDE__INIT);
	override->audience_id = world_text(world, audience_id);
	override->score = score;
	override->adds = adds;
	world_refer(world, (Reference){.kind = REFERS_OFFER, .name = offer, .where = &override->offer});
	return override;
}

SnapBlacklistEntry *world_blacklist(World *world, const char *audience_id, const char *offer)
{
	SnapBlacklistEntry *entry = WORLD_ADD(world, &world->snapshot, blacklist, SnapBlacklistEntry,
	        PARLEY__SNAPSHOT__V1__BLACKLIST_ENTRY__INIT);
	entry->audience_id = world_text(world, audience_id);
	world_refer(world, (Reference){.kind = REFERS_OFFER, .name = offer, .where = &entry->offer});
	return entry;
}

// --- limits ---

SnapSuppression *world_suppression(World *world, const char *name, const char *offers,
        Parley__Snapshot__V1__SuppressionTrigger trigger, Parley__Snapshot__V1__Scope scope)
{
	SnapSuppression *rule = WORLD_ADD_NAMED(
	        world, name, suppressions, SnapSuppression, PARLEY__SNAPSHOT__V1__SUPPRESSION_RULE__INIT);
	world_refer_offers(world, offers, true, &rule->offers, &rule->n_offers);
	rule->trigger = trigger;
	rule->times = trigger == SNAP_TRIGGER(PRESENTATIONS) ? 2 : 1;
	rule->scope = scope;
	return rule;
}

SnapConstraint *world_constraint(World *world, const char *name, const char *offers,
        Parley__Snapshot__V1__ConstraintScope scope, Parley__Snapshot__V1__Period period, uint64_t limit)
{
	SnapConstraint *constraint = WORLD_ADD_NAMED(
	        world, name, constraints, SnapConstraint, PARLEY__SNAPSHOT__V1__CONSTRAINT__INIT);
	world_refer_offers(world, offers, true, &constraint->offers, &constraint->n_offers);
	constraint->scope = scope;
	constraint->period = period;
	constraint->counted = SNAP_COUNTED(CONTACTS);
	constraint->limit = limit;
	return constraint;
}

// --- the bank ---

World *world_bank(Arena *arena)
{
	World *world = world_new(arena);
	world_zone(world, "home");
	world_zone(world, "service");
	world_point(world, "home-banner", "home");
	world_point(world, "home-side", "home");
	world_point(world, "call-script", "service");
	world_event(world, "shown", SNAP_ACTION(LOG_CONTACT));
	world_event(world, "accepted", SNAP_ACTION(LOG_ACCEPT));
	world_event(world, "rejected", SNAP_ACTION(LOG_REJECT));
	world_segment(world, "adults", "age >= 18");
	world_segment(world, "gold", "tier == 'gold'");
	world_segment(world, "rich", "balance >= 10000");
	world_offer(world, "CARD");
	world_offer(world, "LOAN");
	world_offer(world, "SAVINGS");
	world_offer(world, "TRAVEL");
	world_rule(world, "everyone-savings", NULL, NULL, "SAVINGS", 20);
	world_rule(world, "adults-card", "adults", "home", "CARD", 60);
	world_rule(world, "adults-loan", "adults", "home", "LOAN", 50)->eligibility =
	        world_expression(world, "balance < 5000");
	world_rule(world, "gold-travel", "gold", "home", "TRAVEL", 90);
	world_rule(world, "gold-card", "gold", "service", "CARD", 70);
	world_rule(world, "rich-travel", "rich", "service", "TRAVEL", 0)->score_expression =
	        world_expression(world, "age");
	world_rule(world, "rich-card", "rich", "home", "CARD", 80);
	return world;
}
