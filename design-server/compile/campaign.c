// Campaigns that rules of the channel belong to, with their cells. A campaign has no channel: what no rule
// names stays out.
#include "compile/internal.h"

#include <stddef.h>
#include <stdlib.h>

typedef Parley__Design__V1__Campaign DesignCampaign;
typedef Parley__Design__V1__CampaignCell DesignCell;

static void compile_cell(Compile *c, const DesignCampaign *campaign, size_t index, SnapCell *cell)
{
	const DesignCell *in = campaign->cells[index];
	cell->code = in->code;
	cell->control_cell = in->control_cell;
	compile_share(c, arena_printf(c->arena, "cells[%zu].control_percent", index), in->control_percent,
	        &cell->control_ppm);
	if (cell->control_ppm)
		cell->control_salt = *in->control_salt
		                             ? in->control_salt
		                             : arena_printf(c->arena, "%s/%s", campaign->code, in->code);
	if (!*in->control_cell)
		return;
	size_t other = 0;
	while (other < campaign->n_cells && strcmp(campaign->cells[other]->code, in->control_cell) != 0)
		other++;
	if (other == campaign->n_cells || other == index)
		problem(c, arena_printf(c->arena, "cells[%zu].control_cell", index),
		        "the campaign has no other cell '%s': add it or name another", in->control_cell);
}

static Err compile_cells(Compile *c, const DesignCampaign *in, SnapCampaign *campaign)
{
	campaign->n_cells = in->n_cells;
	campaign->cells = NEW_ITEMS(c, SnapCell, PARLEY__SNAPSHOT__V1__CELL__INIT, in->n_cells);
	if (!campaign->cells)
		return compile_no_memory();
	for (size_t i = 0; i < in->n_cells; i++) {
		compile_cell(c, in, i, campaign->cells[i]);
		for (size_t j = 0; j < i; j++) {
			if (strcmp(in->cells[j]->code, in->cells[i]->code) == 0)
				problem(c, arena_printf(c->arena, "cells[%zu].code", i),
				        "the cell '%s' is there twice: rename one", in->cells[i]->code);
		}
	}
	sort_by(campaign->cells, campaign->n_cells, offsetof(SnapCell, code));
	return OK;
}

static Err compile_campaign(Compile *c, const DesignCampaign *in, SnapCampaign *campaign)
{
	c->name = in->name;
	campaign->code = in->code;
	campaign->name = *in->display_name ? in->display_name : in->name;
	campaign->active = !in->paused;
	compile_dates(c, in->effective_time, in->expire_time, &campaign->effective_us, &campaign->expires_us);
	return compile_cells(c, in, campaign);
}

// --- which ---

static void mention(const Compile *c, const char *name, bool *named)
{
	int found = *name ? name_find(&c->campaigns, name) : -1;
	if (found >= 0)
		named[found] = true;
}

static int by_code(const void *a, const void *b)
{
	return strcmp((*(const DesignCampaign *const *)a)->code, (*(const DesignCampaign *const *)b)->code);
}

// Those that rules name, by code.
static Err choose(Compile *c, const DesignCampaign ***ret, size_t *ret_count)
{
	size_t count = c->in->campaigns.count;
	bool *named = ARENA_ARRAY(c->arena, bool, count);
	*ret = ARENA_ARRAY(c->arena, const DesignCampaign *, count);
	if (!named || !*ret)
		return compile_no_memory();
	for (size_t i = 0; i < c->in->rules.count; i++)
		mention(c, c->in->rules.items[i]->campaign, named);
	for (size_t i = 0; i < c->in->global_offers.count; i++)
		mention(c, c->in->global_offers.items[i]->campaign, named);
	for (size_t i = 0; i < count; i++) {
		if (named[i])
			(*ret)[(*ret_count)++] = c->in->campaigns.items[i];
	}
	if (*ret_count)
		qsort(*ret, *ret_count, sizeof **ret, by_code);
	return OK;
}

Err compile_campaigns(Compile *c)
{
	void *all = (void *)(uintptr_t)c->in->campaigns.items;
	TRY(index_by(c, all, c->in->campaigns.count, offsetof(DesignCampaign, name), &c->campaigns));
	const DesignCampaign **chosen;
	size_t count = 0;
	c->kind = "Campaign";
	TRY(choose(c, &chosen, &count));
	c->out->campaigns = NEW_ITEMS(c, SnapCampaign, PARLEY__SNAPSHOT__V1__CAMPAIGN__INIT, count);
	if (!c->out->campaigns)
		return compile_no_memory();
	c->out->n_campaigns = count;
	for (size_t i = 0; i < count; i++) {
		TRY(compile_campaign(c, chosen[i], c->out->campaigns[i]));
		if (i && strcmp(chosen[i - 1]->code, chosen[i]->code) == 0)
			problem(c, "code", "the campaign '%s' has the code '%s' too: give each its own",
			        chosen[i - 1]->name, chosen[i]->code);
	}
	// From here on: from names to places in the snapshot.
	return index_by(c, chosen, count, offsetof(DesignCampaign, name), &c->campaigns);
}
