// Taking out objects that others refer to: not while something refers to them, but for plain sets of offers.
#include "edit.h"

// Moves an index over the gap at `at`; false if it refers to what is to go.
static bool fits(uint32_t index, uint32_t at)
{
	return index != at;
}

static void close_gap(uint32_t *index, uint32_t at)
{
	if (*index > at)
		(*index)--;
}

// The same of an index plus 1, 0 being none.
static bool fits_optional(uint32_t index, uint32_t at)
{
	return index != at + 1;
}

static void close_gap_optional(uint32_t *index, uint32_t at)
{
	if (*index > at + 1)
		(*index)--;
}

// Both lists of rules, one after the other.
static SnapRule *rule_at(const Snapshot *snapshot, size_t i)
{
	return i < snapshot->n_rules ? snapshot->rules[i] : snapshot->global_offers[i - snapshot->n_rules];
}

static size_t rule_count(const Snapshot *snapshot)
{
	return snapshot->n_rules + snapshot->n_global_offers;
}

// --- offers ---

static void drop_from_set(uint32_t *offers, size_t *count, uint32_t at)
{
	size_t kept = 0;
	for (size_t i = 0; i < *count; i++) {
		if (offers[i] == at)
			continue;
		offers[kept] = offers[i];
		close_gap(&offers[kept++], at);
	}
	*count = kept;
}

static void drop_facts(Fact *facts, size_t *count, uint32_t at)
{
	size_t kept = 0;
	for (size_t i = 0; i < *count; i++) {
		if (facts[i].offer == at)
			continue;
		facts[kept] = facts[i];
		close_gap(&facts[kept++].offer, at);
	}
	*count = kept;
}

static void drop_from_entries(Snapshot *snapshot, uint32_t at)
{
	for (size_t i = snapshot->n_score_overrides; i-- > 0;) {
		if (snapshot->score_overrides[i]->offer == at)
			EDIT_REMOVE(snapshot->score_overrides, snapshot->n_score_overrides, i);
		else
			close_gap(&snapshot->score_overrides[i]->offer, at);
	}
	for (size_t i = snapshot->n_blacklist; i-- > 0;) {
		if (snapshot->blacklist[i]->offer == at)
			EDIT_REMOVE(snapshot->blacklist, snapshot->n_blacklist, i);
		else
			close_gap(&snapshot->blacklist[i]->offer, at);
	}
}

EditResult edit_offer(World *world, Visit *visit, uint32_t at)
{
	Snapshot *snapshot = world->snapshot;
	if (at >= snapshot->n_offers)
		return EDIT_END;
	for (size_t i = 0; i < rule_count(snapshot); i++)
		if (!rule_at(snapshot, i)->offer_list && !fits(rule_at(snapshot, i)->offer, at))
			return EDIT_NOTHING;
	for (size_t i = 0; i < rule_count(snapshot); i++)
		close_gap(&rule_at(snapshot, i)->offer, at);
	for (size_t i = 0; i < snapshot->n_offer_lists; i++)
		drop_from_set(snapshot->offer_lists[i]->offers, &snapshot->offer_lists[i]->n_offers, at);
	for (size_t i = 0; i < snapshot->n_zones; i++)
		drop_from_set(snapshot->zones[i]->default_offers, &snapshot->zones[i]->n_default_offers, at);
	for (size_t i = 0; i < snapshot->n_suppressions; i++)
		drop_from_set(snapshot->suppressions[i]->offers, &snapshot->suppressions[i]->n_offers, at);
	for (size_t i = 0; i < snapshot->n_constraints; i++)
		drop_from_set(snapshot->constraints[i]->offers, &snapshot->constraints[i]->n_offers, at);
	drop_from_entries(snapshot, at);
	drop_facts(visit->facts, &visit->fact_count, at);
	drop_facts(visit->session_facts, &visit->session_fact_count, at);
	EDIT_REMOVE(snapshot->offers, snapshot->n_offers, at);
	return EDIT_DONE;
}

EditResult edit_offer_list(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	Snapshot *snapshot = world->snapshot;
	if (at >= snapshot->n_offer_lists)
		return EDIT_END;
	for (size_t i = 0; i < rule_count(snapshot); i++)
		if (!fits_optional(rule_at(snapshot, i)->offer_list, at))
			return EDIT_NOTHING;
	for (size_t i = 0; i < rule_count(snapshot); i++)
		close_gap_optional(&rule_at(snapshot, i)->offer_list, at);
	EDIT_REMOVE(snapshot->offer_lists, snapshot->n_offer_lists, at);
	return EDIT_DONE;
}

// --- audiences ---

static bool flow_uses(const Snapshot *snapshot, uint32_t segment)
{
	for (size_t i = 0; i < snapshot->n_flows; i++)
		for (size_t s = 0; s < snapshot->flows[i]->n_steps; s++) {
			const SnapStep *step = snapshot->flows[i]->steps[s];
			if (step->kind == SNAP_STEP(SEGMENT) && step->segment == segment)
				return true;
		}
	return false;
}

EditResult edit_segment(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	Snapshot *snapshot = world->snapshot;
	if (at >= snapshot->n_segments)
		return EDIT_END;
	for (size_t i = 0; i < rule_count(snapshot); i++)
		if (!fits_optional(rule_at(snapshot, i)->segment, at))
			return EDIT_NOTHING;
	if (flow_uses(snapshot, at))
		return EDIT_NOTHING;
	for (size_t i = 0; i < rule_count(snapshot); i++)
		close_gap_optional(&rule_at(snapshot, i)->segment, at);
	for (size_t i = 0; i < snapshot->n_flows; i++)
		for (size_t s = 0; s < snapshot->flows[i]->n_steps; s++)
			if (snapshot->flows[i]->steps[s]->kind == SNAP_STEP(SEGMENT))
				close_gap(&snapshot->flows[i]->steps[s]->segment, at);
	EDIT_REMOVE(snapshot->segments, snapshot->n_segments, at);
	return EDIT_DONE;
}

EditResult edit_audience_list(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	Snapshot *snapshot = world->snapshot;
	if (at >= snapshot->n_audience_lists)
		return EDIT_END;
	for (size_t i = 0; i < snapshot->n_segments; i++)
		if (!fits_optional(snapshot->segments[i]->list, at))
			return EDIT_NOTHING;
	for (size_t i = 0; i < snapshot->n_segments; i++)
		close_gap_optional(&snapshot->segments[i]->list, at);
	EDIT_REMOVE(snapshot->audience_lists, snapshot->n_audience_lists, at);
	return EDIT_DONE;
}

EditResult edit_flow(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	Snapshot *snapshot = world->snapshot;
	if (at >= snapshot->n_flows)
		return EDIT_END;
	EDIT_REMOVE(snapshot->flows, snapshot->n_flows, at);
	return EDIT_DONE;
}

// Steps of all flows in a row: the flow that has this one, and its place there.
static SnapFlow *flow_of_step(Snapshot *snapshot, uint32_t *at)
{
	for (size_t i = 0; i < snapshot->n_flows; i++) {
		if (*at < snapshot->flows[i]->n_steps)
			return snapshot->flows[i];
		*at -= (uint32_t)snapshot->flows[i]->n_steps;
	}
	return NULL;
}

// What led to the step leads to where it goes on by itself.
static void bypass(uint32_t *next, uint32_t at, uint32_t onward)
{
	if (*next == at + 1)
		*next = onward;
	close_gap_optional(next, at);
}

EditResult edit_flow_step(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	SnapFlow *flow = flow_of_step(world->snapshot, &at);
	if (!flow)
		return EDIT_END;
	if (flow->n_steps == 1)
		return EDIT_NOTHING;
	uint32_t onward = flow->steps[at]->next;
	for (size_t i = 0; i < flow->n_steps; i++) {
		bypass(&flow->steps[i]->next, at, onward);
		for (size_t b = 0; b < flow->steps[i]->n_branches; b++)
			bypass(&flow->steps[i]->branches[b]->next, at, onward);
	}
	EDIT_REMOVE(flow->steps, flow->n_steps, at);
	return EDIT_DONE;
}

EditResult edit_flow_branch(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	const Snapshot *snapshot = world->snapshot;
	for (size_t i = 0; i < snapshot->n_flows; i++)
		for (size_t s = 0; s < snapshot->flows[i]->n_steps; s++) {
			SnapStep *step = snapshot->flows[i]->steps[s];
			if (at >= step->n_branches) {
				at -= (uint32_t)step->n_branches;
				continue;
			}
			if (step->n_branches == 1)
				return EDIT_NOTHING;
			EDIT_REMOVE(step->branches, step->n_branches, at);
			return EDIT_DONE;
		}
	return EDIT_END;
}

// --- campaigns ---

EditResult edit_campaign(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	Snapshot *snapshot = world->snapshot;
	if (at >= snapshot->n_campaigns)
		return EDIT_END;
	for (size_t i = 0; i < rule_count(snapshot); i++)
		if (!fits_optional(rule_at(snapshot, i)->campaign, at))
			return EDIT_NOTHING;
	for (size_t i = 0; i < rule_count(snapshot); i++)
		close_gap_optional(&rule_at(snapshot, i)->campaign, at);
	EDIT_REMOVE(snapshot->campaigns, snapshot->n_campaigns, at);
	return EDIT_DONE;
}

EditResult edit_cell(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	Snapshot *snapshot = world->snapshot;
	for (uint32_t c = 0; c < snapshot->n_campaigns; c++) {
		SnapCampaign *campaign = snapshot->campaigns[c];
		if (at >= campaign->n_cells) {
			at -= (uint32_t)campaign->n_cells;
			continue;
		}
		for (size_t i = 0; i < rule_count(snapshot); i++)
			if (rule_at(snapshot, i)->campaign == c + 1 &&
			        !fits_optional(rule_at(snapshot, i)->cell, at))
				return EDIT_NOTHING;
		for (size_t i = 0; i < rule_count(snapshot); i++)
			if (rule_at(snapshot, i)->campaign == c + 1)
				close_gap_optional(&rule_at(snapshot, i)->cell, at);
		EDIT_REMOVE(campaign->cells, campaign->n_cells, at);
		return EDIT_DONE;
	}
	return EDIT_END;
}

// --- places ---

EditResult edit_point(World *world, Visit *visit, uint32_t at)
{
	Snapshot *snapshot = world->snapshot;
	if (at >= snapshot->n_points)
		return EDIT_END;
	for (size_t i = 0; i < visit->point_count; i++)
		if (visit->points[i].point == (int)at)
			return EDIT_NOTHING;
	for (size_t i = 0; i < visit->point_count; i++)
		if (visit->points[i].point > (int)at)
			visit->points[i].point--;
	EDIT_REMOVE(snapshot->points, snapshot->n_points, at);
	return EDIT_DONE;
}

EditResult edit_zone(World *world, Visit *visit, uint32_t at)
{
	(void)visit;
	Snapshot *snapshot = world->snapshot;
	if (at >= snapshot->n_zones)
		return EDIT_END;
	for (size_t i = 0; i < snapshot->n_points; i++)
		if (!fits(snapshot->points[i]->zone, at))
			return EDIT_NOTHING;
	for (size_t i = 0; i < rule_count(snapshot); i++)
		if (!fits_optional(rule_at(snapshot, i)->zone, at))
			return EDIT_NOTHING;
	for (size_t i = 0; i < snapshot->n_points; i++)
		close_gap(&snapshot->points[i]->zone, at);
	for (size_t i = 0; i < rule_count(snapshot); i++)
		close_gap_optional(&rule_at(snapshot, i)->zone, at);
	EDIT_REMOVE(snapshot->zones, snapshot->n_zones, at);
	return EDIT_DONE;
}
