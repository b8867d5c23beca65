// Campaigns whose rules can offer nothing any more, and cells that nothing was made for.
#include "validate/internal.h"

#include "base/cleanup.h"

typedef Parley__Design__V1__Campaign DesignCampaign;

// What the channel has of a campaign.
typedef struct Use {
	const DesignCampaign *in;
	bool fires;  // a rule that is switched on
	bool *cells; // by cell: has a rule
} Use;

static Err find_uses(Analysis *a, Use **ret)
{
	const Snapshot *s = a->snapshot;
	Object object;
	Use *uses = *ret = ARENA_ARRAY(a->arena, Use, s->n_campaigns + 1);
	if (!uses)
		return validate_no_memory();
	for (size_t i = 0; i < s->n_campaigns; i++) {
		uses[i].cells = ARENA_ARRAY(a->arena, bool, s->campaigns[i]->n_cells + 1);
		if (!uses[i].cells)
			return validate_no_memory();
		for (size_t j = 0; j < a->in->campaigns.count; j++) {
			if (strcmp(a->in->campaigns.items[j]->code, s->campaigns[i]->code) == 0)
				uses[i].in = a->in->campaigns.items[j];
		}
	}
	for (size_t i = 0; i < rule_count(a); i++) {
		const SnapRule *rule = rule_at(a, i, &object);
		if (!rule->campaign)
			continue;
		uses[rule->campaign - 1].fires |= rule->enabled;
		if (rule->cell)
			uses[rule->campaign - 1].cells[rule->cell - 1] = true;
	}
	return OK;
}

static void check_campaign(Analysis *a, const SnapCampaign *campaign, const Use *use)
{
	Object object = {"Campaign", use->in->name, "expire_time"};
	if (!use->fires)
		return;
	if (campaign->expires_us && campaign->expires_us <= a->options->as_of_us) {
		char until[TIME_TEXT_SIZE];
		time_format(campaign->expires_us, until);
		finding(a, FINDING_CAMPAIGN_OVER, object, "give it a later expire_time, or delete its rules",
		        "it ran until %s, and the channel has rules of it that are switched on", until);
	} else if (!campaign->active) {
		object.field = "paused";
		finding(a, FINDING_CAMPAIGN_PAUSED, object, "let it run, or switch its rules off",
		        "it is paused, and the channel has rules of it that are switched on");
	}
}

static bool is_control(const SnapCampaign *campaign, const char *code)
{
	for (size_t i = 0; i < campaign->n_cells; i++) {
		if (strcmp(campaign->cells[i]->control_cell, code) == 0)
			return true;
	}
	return false;
}

static void check_cells(Analysis *a, const SnapCampaign *campaign, const Use *use)
{
	for (size_t i = 0; i < campaign->n_cells; i++) {
		const char *code = campaign->cells[i]->code;
		if (use->cells[i] || is_control(campaign, code))
			continue;
		finding(a, FINDING_CELL_WITHOUT_RULES,
		        (Object){"Campaign", use->in->name, arena_printf(a->arena, "cells.%s", code)},
		        "make a rule for it, or take it out",
		        "no rule is made for its cell '%s', and it is nobody's control cell", code);
	}
}

// A campaign may have its other cells in other channels. Without a database nobody knows.
static bool is_elsewhere(const PgResult *rows, const DesignCampaign *campaign)
{
	for (size_t i = 0; rows && i < pg_rows(rows); i++) {
		if (str_eq(pg_text(rows, i, 0), str(campaign->name)))
			return true;
	}
	return !rows;
}

Err analyse_campaigns(Analysis *a)
{
	CLEANUP(pg_result_freep) PgResult *rows = NULL;
	Use *uses;
	TRY(find_uses(a, &uses));
	if (a->pg)
		TRY(SQL_RUN(a->pg, &rows, campaigns_elsewhere, P_TEXT(a->channel)));
	for (size_t i = 0; i < a->snapshot->n_campaigns; i++) {
		if (!uses[i].in)
			return err(ERR_INTERNAL, "the campaign %s was compiled from nothing",
			        a->snapshot->campaigns[i]->code);
		check_campaign(a, a->snapshot->campaigns[i], &uses[i]);
		if (!is_elsewhere(rows, uses[i].in))
			check_cells(a, a->snapshot->campaigns[i], &uses[i]);
	}
	return OK;
}
