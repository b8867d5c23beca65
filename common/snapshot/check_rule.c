// Treatment rules and global offers, the campaigns they belong to, and what limits offers: suppressions and
// constraints.
#include "snapshot/internal.h"

enum {
	CELLS_MAX = 4096,
	CANDIDATES_MAX = 4 << 20, // of all rules, each offer of an offer list being one
	TIMES_MAX = 4096,         // presentations: more facts than that are not kept
};

// --- campaigns ---

static Err check_cell(const SnapCell *cell)
{
	if (!name_is_code(str(cell->code)))
		return INVALID("the cell '%.80s' is not a code", cell->code);
	TRY(check_share(cell->control_ppm, "control share"));
	TRY(check_label(cell->control_salt, "salt"));
	if (!*cell->control_cell)
		return OK;
	if (!name_is_code(str(cell->control_cell)) || strcmp(cell->control_cell, cell->code) == 0)
		return INVALID("its control cell '%.80s' is not another's code", cell->control_cell);
	return OK;
}

Err check_campaign(Check *check, const void *item)
{
	(void)check;
	const SnapCampaign *campaign = item;
	TRY(check_text(campaign->name, "name"));
	TRY(check_dates(campaign->effective_us, campaign->expires_us));
	if (campaign->n_cells > CELLS_MAX)
		return INVALID("it has %zu cells, at most %d are allowed", campaign->n_cells, CELLS_MAX);
	for (size_t i = 0; i < campaign->n_cells; i++) {
		Err e = check_cell(campaign->cells[i]);
		if (e)
			return err_context(e, "cell %zu", i);
		if (i && strcmp(campaign->cells[i - 1]->code, campaign->cells[i]->code) >= 0)
			return INVALID(
			        "the cell '%s' is there twice or out of order", campaign->cells[i]->code);
	}
	return OK;
}

// --- rules ---

static Err check_rule_offers(Check *check, const SnapRule *rule)
{
	const Snapshot *snapshot = check->snapshot;
	TRY(check_optional(rule->offer_list, snapshot->n_offer_lists, "offer list"));
	if (rule->offer_list && rule->offer)
		return INVALID("it has an offer and an offer list: one of them is enough");
	if (!rule->offer_list)
		TRY(check_index(rule->offer, snapshot->n_offers, "offer"));
	check->candidates += rule->offer_list ? snapshot->offer_lists[rule->offer_list - 1]->n_offers : 1;
	if (check->candidates > CANDIDATES_MAX)
		return INVALID("with it there are more than %d offers in rules, offer lists being taken "
		               "apart: split the channel",
		        CANDIDATES_MAX);
	return OK;
}

static Err check_rule_campaign(const Snapshot *snapshot, const SnapRule *rule)
{
	TRY(check_optional(rule->campaign, snapshot->n_campaigns, "campaign"));
	if (!rule->cell)
		return OK;
	if (!rule->campaign)
		return INVALID("it has a cell, but no campaign");
	return check_optional(rule->cell, snapshot->campaigns[rule->campaign - 1]->n_cells, "cell");
}

static Err check_rule_references(Check *check, const SnapRule *rule)
{
	const Snapshot *snapshot = check->snapshot;
	TRY(check_index(rule->audience_level, snapshot->n_audience_levels, "audience level"));
	TRY(check_optional(rule->segment, snapshot->n_segments, "segment"));
	TRY(check_optional(rule->zone, snapshot->n_zones, "zone"));
	if (rule->segment && snapshot->segments[rule->segment - 1]->audience_level != rule->audience_level)
		return INVALID("its segment is of another audience level");
	TRY(check_rule_offers(check, rule));
	return check_rule_campaign(snapshot, rule);
}

Err check_rule(Check *check, const void *item)
{
	const SnapRule *rule = item;
	TRY(check_rule_references(check, rule));
	TRY(check_dates(rule->effective_us, rule->expires_us));
	TRY(check_score(rule->score));
	const ExprSchema *schema = &check->schemas[rule->audience_level];
	if (rule->score_expression) {
		if (rule->score > 0)
			return INVALID("it has a score and a score expression: one of them is enough");
		TRY(check_expression(schema, rule->score_expression, SNAP_TYPE(DOUBLE), "score expression"));
	}
	if (rule->eligibility)
		TRY(check_expression(schema, rule->eligibility, SNAP_TYPE(BOOL), "eligibility"));
	return OK;
}

Err check_global_offer(Check *check, const void *item)
{
	const SnapRule *rule = item;
	if (rule->segment)
		return INVALID("it is for everyone of its audience level and has a segment all the same");
	return check_rule(check, rule);
}

// --- limits ---

Err check_suppression(Check *check, const void *item)
{
	const SnapSuppression *rule = item;
	if (!rule->n_offers)
		return INVALID("it has no offer");
	TRY(check_offers(check, rule->offers, rule->n_offers));
	if (rule->trigger <= SNAP_TRIGGER(UNSPECIFIED) || rule->trigger > SNAP_TRIGGER(PRESENTATIONS))
		return INVALID("it has no known trigger");
	uint32_t max = rule->trigger == SNAP_TRIGGER(PRESENTATIONS) ? TIMES_MAX : 1;
	if (rule->times == 0 || rule->times > max)
		return INVALID("it strikes after %u times, 1 to %u are allowed", rule->times, max);
	TRY(check_scope(rule->scope, rule->days));
	if (*rule->related_attribute && !name_is_identifier(str(rule->related_attribute)))
		return INVALID("its related attribute '%.80s' is not an identifier", rule->related_attribute);
	return OK;
}

Err check_constraint(Check *check, const void *item)
{
	const SnapConstraint *constraint = item;
	if (!constraint->n_offers)
		return INVALID("it has no offer");
	TRY(check_offers(check, constraint->offers, constraint->n_offers));
	if (constraint->scope <= SNAP_CONSTRAINT(UNSPECIFIED) || constraint->scope > SNAP_CONSTRAINT(OVERALL))
		return INVALID("it has no known scope");
	if (constraint->period <= SNAP_PERIOD(UNSPECIFIED) || constraint->period > SNAP_PERIOD(MONTH))
		return INVALID("it has no known period");
	if (constraint->scope == SNAP_CONSTRAINT(SESSION) && constraint->period != SNAP_PERIOD(EVER))
		return INVALID("it counts by session and by period: a session has no periods");
	if (constraint->counted <= SNAP_COUNTED(UNSPECIFIED) || constraint->counted > SNAP_COUNTED(ACCEPTS))
		return INVALID("it does not say what it counts");
	if (!constraint->limit)
		return INVALID("its limit is 0: switch the rules off instead");
	return OK;
}
