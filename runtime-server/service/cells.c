// The ways into a cell are what its rules say of segments and dates, equal ones taken once: a campaign of a
// thousand rules for three segments has three. They are sorted when the snapshot is loaded, by level and
// cell, so that a visitor's cells are one walk over those of the level.
#include "service/cells.h"

#include "service/record.h"

#include <stdlib.h>
#include <xxhash.h>

typedef Parley__Snapshot__V1__Campaign Campaign;
typedef Parley__Snapshot__V1__Cell Cell;
typedef Parley__Snapshot__V1__TreatmentRule Rule;

struct CellWay {
	uint32_t level, campaign, cell;
	uint32_t segment; // index + 1; 0: everyone
	int64_t from_us, until_us;
};

struct PreparedCell {
	CellMembership membership;
	uint64_t key;
	const Cell *cell;
	const CellWay *ways;
	size_t way_count;
};

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for the visitor's cells; try again later");
}

// --- once a snapshot ---

static int64_t end_of(int64_t expires_us)
{
	return expires_us != 0 ? expires_us : INT64_MAX;
}

static void add_way(const Snapshot *snapshot, const Rule *rule, CellWay *ways, size_t *count)
{
	if (rule->campaign == 0 || rule->cell == 0 || !rule->enabled)
		return;
	const Campaign *campaign = snapshot->campaigns[rule->campaign - 1];
	if (!campaign->active || campaign->cells[rule->cell - 1]->control_ppm == 0)
		return;
	CellWay way = {
	        .level = rule->audience_level,
	        .campaign = rule->campaign - 1,
	        .cell = rule->cell - 1,
	        .segment = rule->segment,
	        .from_us = rule->effective_us > campaign->effective_us ? rule->effective_us
	                                                               : campaign->effective_us,
	        .until_us = end_of(rule->expires_us) < end_of(campaign->expires_us)
	                            ? end_of(rule->expires_us)
	                            : end_of(campaign->expires_us),
	};
	if (way.from_us < way.until_us)
		ways[(*count)++] = way;
}

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_cells(const CellWay *a, const CellWay *b)
{
	int level = order(a->level, b->level), campaign = order(a->campaign, b->campaign);
	return level != 0 ? level : campaign != 0 ? campaign : order(a->cell, b->cell);
}

static int compare_ways(const void *left, const void *right)
{
	const CellWay *a = left, *b = right;
	int cell = compare_cells(a, b), segment = order(a->segment, b->segment),
	    from = order(a->from_us, b->from_us);
	return cell != 0 ? cell : segment != 0 ? segment : from != 0 ? from : order(a->until_us, b->until_us);
}

static size_t drop_equal(CellWay *ways, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || compare_ways(&ways[kept - 1], &ways[i]) != 0)
			ways[kept++] = ways[i];
	return kept;
}

static PreparedCell cell_of(const Snapshot *snapshot, const CellWay *first, size_t count)
{
	const Campaign *campaign = snapshot->campaigns[first->campaign];
	const Cell *cell = campaign->cells[first->cell];
	PreparedCell ret = {.cell = cell, .ways = first, .way_count = count};
	parley__journal__v1__cell_membership__init(&ret.membership);
	ret.membership.campaign = campaign->code;
	ret.membership.cell = cell->code;
	ret.membership.control_cell = cell->control_cell;
	uint64_t seed = XXH3_64bits(campaign->code, strlen(campaign->code));
	ret.key = XXH3_64bits_withSeed(cell->code, strlen(cell->code), seed);
	return ret;
}

Err cells_prepare(const Snapshot *snapshot, Arena *arena, PreparedLevel *levels)
{
	size_t most = snapshot->n_rules + snapshot->n_global_offers, count = 0, cells = 0;
	CellWay *ways = ARENA_ARRAY(arena, CellWay, most + 1);
	if (ways == NULL)
		return no_memory();
	for (size_t i = 0; i < snapshot->n_rules; i++)
		add_way(snapshot, snapshot->rules[i], ways, &count);
	for (size_t i = 0; i < snapshot->n_global_offers; i++)
		add_way(snapshot, snapshot->global_offers[i], ways, &count);
	if (count == 0)
		return OK;
	qsort(ways, count, sizeof *ways, compare_ways);
	count = drop_equal(ways, count);
	PreparedCell *all = ARENA_ARRAY(arena, PreparedCell, count);
	if (all == NULL)
		return no_memory();
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && compare_cells(&ways[first], &ways[end]) == 0;)
			end++;
		PreparedLevel *level = &levels[ways[first].level];
		if (level->cell_count++ == 0)
			level->cells = &all[cells];
		all[cells++] = cell_of(snapshot, &ways[first], end - first);
	}
	return OK;
}

// --- a visitor's ---

static bool open_to(const PreparedCell *cell, const uint64_t *segments, int64_t now_us)
{
	for (size_t i = 0; i < cell->way_count; i++) {
		const CellWay *way = &cell->ways[i];
		uint32_t bit = way->segment - 1;
		bool in = way->segment == 0 || (segments[bit / 64] >> (bit % 64) & 1) != 0;
		if (in && now_us >= way->from_us && now_us < way->until_us)
			return true;
	}
	return false;
}

Err cells_of(const Session *session, int64_t now_us, Arena *arena, Cells *ret)
{
	const Prepared *prepared = deployed_prepared(session->pin);
	const PreparedLevel *level = &prepared->levels[session->level];
	Str name = str(plan_snapshot(session->plan)->audience_levels[session->level]->name);
	*ret = (Cells){0};
	if (level->cell_count == 0)
		return OK;
	ret->target = ARENA_ARRAY(arena, CellMembership *, level->cell_count);
	ret->held_out = ARENA_ARRAY(arena, CellMembership *, level->cell_count);
	if (ret->target == NULL || ret->held_out == NULL)
		return no_memory();
	for (size_t i = 0; i < level->cell_count; i++) {
		const PreparedCell *cell = &level->cells[i];
		if (!open_to(cell, session_segments(session), now_us))
			continue;
		bool held = decide_share(
		        str(cell->cell->control_salt), name, session->audience_id, cell->cell->control_ppm);
		CellMembership *membership = (CellMembership *)(uintptr_t)&cell->membership;
		if (held)
			ret->held_out[ret->held_out_count++] = membership;
		else
			ret->target[ret->target_count++] = membership;
		ret->key += held ? ~cell->key : cell->key;
	}
	return OK;
}

void cells_told(Session *session, const Cells *cells)
{
	session->segmented = false;
	session->cells_key = cells->key;
}

Err cells_tell(Service *service, Session *session, int64_t now_us, Arena *arena)
{
	Cells cells;
	TRY(cells_of(session, now_us, arena, &cells));
	if (cells.key != session->cells_key)
		TRY(record_cells(service, session, now_us, &cells, arena));
	cells_told(session, &cells);
	return OK;
}
