// What offers are shown by, and what limits them.
#include "oracle.h"

// --- campaigns ---

void make_campaigns(Chance *chance, World *world)
{
	Snapshot *snapshot = world->snapshot;
	snapshot->n_campaigns = MAKE_LIST(world, snapshot->campaigns, SnapCampaign,
	        PARLEY__SNAPSHOT__V1__CAMPAIGN__INIT, chance_below(chance, 3));
	for (size_t i = 0; i < snapshot->n_campaigns; i++) {
		SnapCampaign *campaign = snapshot->campaigns[i];
		campaign->code = make_name(world, "C", i);
		campaign->active = chance_below(chance, 8) != 0;
		make_dates(chance, world, &campaign->effective_us, &campaign->expires_us);
		campaign->n_cells = MAKE_LIST(world, campaign->cells, SnapCell,
		        PARLEY__SNAPSHOT__V1__CELL__INIT, chance_below(chance, 3));
		for (size_t c = 0; c < campaign->n_cells; c++) {
			SnapCell *cell = campaign->cells[c];
			cell->code = make_name(world, "K", c);
			cell->control_salt = make_salt(chance, world);
			if (chance_once_in(chance, 2))
				cell->control_ppm = make_share(chance, world, 0, cell->control_salt);
		}
	}
	snapshot->n_offer_lists = MAKE_LIST(world, snapshot->offer_lists, SnapOfferList,
	        PARLEY__SNAPSHOT__V1__OFFER_LIST__INIT, chance_below(chance, 3));
	for (size_t i = 0; i < snapshot->n_offer_lists; i++) {
		SnapOfferList *list = snapshot->offer_lists[i];
		list->name = make_name(world, "o", i);
		list->offers =
		        make_offer_set(chance, world, chance_once_in(chance, 6) ? 0 : 4, &list->n_offers);
	}
}

// --- rules ---

static void make_rule_campaign(Chance *chance, const Snapshot *snapshot, SnapRule *rule)
{
	if (!snapshot->n_campaigns || chance_once_in(chance, 3))
		return;
	rule->campaign = 1 + chance_below(chance, snapshot->n_campaigns);
	size_t cells = snapshot->campaigns[rule->campaign - 1]->n_cells;
	if (cells && chance_below(chance, 4))
		rule->cell = 1 + chance_below(chance, cells);
}

static void make_rule(Chance *chance, World *world, SnapRule *rule)
{
	static const double scores[] = {0, 25, 50, 50, 50, 75.5, 100};
	const Snapshot *snapshot = world->snapshot;
	rule->audience_level =
	        chance_below(chance, 4) ? 0 : chance_below(chance, snapshot->n_audience_levels);
	if (snapshot->n_offer_lists && chance_once_in(chance, 3))
		rule->offer_list = 1 + chance_below(chance, snapshot->n_offer_lists);
	else
		rule->offer = chance_below(chance, snapshot->n_offers);
	if (chance_once_in(chance, 2))
		rule->zone = 1 + chance_below(chance, snapshot->n_zones);
	if (world->scored && chance_once_in(chance, world->scored))
		rule->score_expression = make_score_formula(chance, world, rule->audience_level);
	else
		rule->score = CHANCE_OF(chance, scores);
	if (chance_once_in(chance, 3))
		rule->eligibility = make_formula(chance, world, rule->audience_level, EXPR_BOOL);
	rule->enabled = chance_below(chance, 12) != 0;
	rule->top_priority = chance_once_in(chance, 6);
	if (chance_once_in(chance, 2))
		make_dates(chance, world, &rule->effective_us, &rule->expires_us);
	make_rule_campaign(chance, snapshot, rule);
}

static void make_rule_segment(Chance *chance, const Snapshot *snapshot, SnapRule *rule)
{
	if (!snapshot->n_segments || chance_once_in(chance, 3))
		return;
	uint32_t segment = chance_below(chance, snapshot->n_segments);
	if (snapshot->segments[segment]->audience_level == rule->audience_level)
		rule->segment = segment + 1;
}

void make_rules(Chance *chance, World *world)
{
	Snapshot *snapshot = world->snapshot;
	snapshot->n_rules = MAKE_LIST(world, snapshot->rules, SnapRule,
	        PARLEY__SNAPSHOT__V1__TREATMENT_RULE__INIT, chance_below(chance, 10 * world->scale));
	for (size_t i = 0; i < snapshot->n_rules; i++) {
		snapshot->rules[i]->name = make_name(world, "r", i);
		make_rule(chance, world, snapshot->rules[i]);
		make_rule_segment(chance, snapshot, snapshot->rules[i]);
	}
	snapshot->n_global_offers = MAKE_LIST(world, snapshot->global_offers, SnapRule,
	        PARLEY__SNAPSHOT__V1__TREATMENT_RULE__INIT, chance_below(chance, 4));
	for (size_t i = 0; i < snapshot->n_global_offers; i++) {
		snapshot->global_offers[i]->name = make_name(world, "r", i);
		make_rule(chance, world, snapshot->global_offers[i]);
	}
}

// --- limits ---

static void make_suppression(Chance *chance, World *world, SnapSuppression *rule)
{
	rule->offers = make_offer_set(chance, world, 3, &rule->n_offers);
	rule->trigger =
	        (Parley__Snapshot__V1__SuppressionTrigger)(SNAP_TRIGGER(ACCEPT) + chance_below(chance, 3));
	rule->times = rule->trigger == SNAP_TRIGGER(PRESENTATIONS) ? 1 + chance_below(chance, 4) : 1;
	rule->scope = (Parley__Snapshot__V1__Scope)(SNAP_SCOPE(SESSION) + chance_below(chance, 3));
	if (rule->scope == SNAP_SCOPE(DAYS))
		rule->days = chance_once_in(chance, 20) ? 3650 : 1 + chance_below(chance, 3);
	if (chance_once_in(chance, 2))
		rule->related_attribute = arena_cstr(
		        world->arena, str(chance_once_in(chance, 3) ? "price" : make_attribute_name(chance)));
}

static void make_constraint(Chance *chance, World *world, SnapConstraint *constraint)
{
	static const Parley__Snapshot__V1__Period periods[] = {SNAP_PERIOD(EVER), SNAP_PERIOD(HOUR),
	        SNAP_PERIOD(HOUR), SNAP_PERIOD(DAY), SNAP_PERIOD(DAY), SNAP_PERIOD(WEEK), SNAP_PERIOD(MONTH)};
	constraint->offers = make_offer_set(chance, world, 3, &constraint->n_offers);
	constraint->scope =
	        (Parley__Snapshot__V1__ConstraintScope)(SNAP_CONSTRAINT(SESSION) + chance_below(chance, 3));
	constraint->period = SNAP_PERIOD(EVER);
	if (constraint->scope != SNAP_CONSTRAINT(SESSION))
		constraint->period = CHANCE_OF(chance, periods);
	constraint->counted =
	        (Parley__Snapshot__V1__Counted)(SNAP_COUNTED(CONTACTS) + chance_below(chance, 2));
	constraint->limit = 1 + chance_below(chance, 3);
	if (chance_once_in(chance, 10))
		constraint->limit = chance_once_in(chance, 2) ? UINT64_MAX : (uint64_t)UINT32_MAX + 1;
}

void make_limits(Chance *chance, World *world)
{
	Snapshot *snapshot = world->snapshot;
	snapshot->n_suppressions = MAKE_LIST(world, snapshot->suppressions, SnapSuppression,
	        PARLEY__SNAPSHOT__V1__SUPPRESSION_RULE__INIT, chance_below(chance, 4));
	for (size_t i = 0; i < snapshot->n_suppressions; i++) {
		snapshot->suppressions[i]->name = make_name(world, "u", i);
		make_suppression(chance, world, snapshot->suppressions[i]);
	}
	snapshot->n_constraints = MAKE_LIST(world, snapshot->constraints, SnapConstraint,
	        PARLEY__SNAPSHOT__V1__CONSTRAINT__INIT, chance_below(chance, 5));
	for (size_t i = 0; i < snapshot->n_constraints; i++) {
		snapshot->constraints[i]->name = make_name(world, "n", i);
		make_constraint(chance, world, snapshot->constraints[i]);
	}
}
