// Lists of candidates and of segments get an index each. Small ones do without: looking at their few
// candidates one by one costs less than looking up a bit set for every attribute.
#include "base/cleanup.h"
#include "decide/build.h"

enum {
	INDEXED_MIN = 4,
	// Bit sets of a list, each in the list's length: 1,280 are 160 bytes a candidate.
	ROWS_MIN = 64,
	ROWS_FULL = 1280,
	ROWS_MAX = 4096,
	SMALL_PLAN = 64 * 1024,         // candidates of all lists, up to which rows may be many
	BITS_MAX = INT32_C(0x7fffffff), // of all lists together: 256 MiB
};

Err build_asked(Builder *builder)
{
	Plan *plan = builder->plan;
	ConditionsInput input = {
	        .schemas = builder->conditions.schemas,
	        .level_count = builder->snapshot->n_audience_levels,
	        .programs = builder->conditions.programs,
	        .levels = builder->conditions.levels,
	        .count = builder->conditions.count,
	};
	TRY(conditions_build(&input, builder->arena, &plan->asked));
	input.programs = builder->scorings.programs;
	input.levels = builder->scorings.levels;
	input.count = builder->scorings.count;
	return scores_build(&plan->asked, &input, builder->arena, &plan->forms);
}

// --- candidates ---

static uint32_t rows_for(uint64_t candidates)
{
	if (candidates <= SMALL_PLAN)
		return ROWS_MAX;
	uint64_t rows = (uint64_t)BITS_MAX / candidates;
	return rows < ROWS_MIN ? ROWS_MIN : rows > ROWS_FULL ? ROWS_FULL : (uint32_t)rows;
}

static Err build_runs(const Plan *plan, Candidates *candidates, Arena *arena, Arena *scratch)
{
	const ScoreForm **forms = ARENA_ARRAY(scratch, const ScoreForm *, candidates->dynamic);
	bool *tops = ARENA_ARRAY(scratch, bool, candidates->dynamic);
	if (!forms || !tops)
		return err(ERR_NO_MEMORY, "no memory for %u scores", candidates->dynamic);
	for (uint32_t i = 0; i < candidates->dynamic; i++) {
		const PlanRule *rule = &plan->rules[candidates->rules[i]];
		forms[i] = &plan->forms[rule->scoring - 1];
		tops[i] = rule->top;
	}
	return score_runs_build(
	        candidates->index, candidates->dynamic, forms, tops, arena, &candidates->runs);
}

static Err index_candidates(
        const Plan *plan, uint32_t level, uint32_t rows_max, Candidates *candidates, Arena *arena)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(64 * 1024, 0);
	IndexItem *items = scratch ? ARENA_ARRAY(scratch, IndexItem, candidates->live) : NULL;
	if (!items)
		return err(ERR_NO_MEMORY, "no memory for %u candidates", candidates->live);
	for (uint32_t i = 0; i < candidates->live; i++) {
		const PlanRule *rule = &plan->rules[candidates->rules[i]];
		items[i] = (IndexItem){
		        rule->eligibility, rule->segment, rule->window.from_us, rule->window.until_us};
	}
	IndexInput input = {
	        .conditions = &plan->asked,
	        .level = level,
	        .items = items,
	        .count = candidates->live,
	        .segment_words = plan_segment_words(plan),
	        .rows_max = rows_max,
	};
	TRY(index_build(&input, arena, &candidates->index));
	return build_runs(plan, candidates, arena, scratch);
}

static Err index_zones(Builder *builder)
{
	Plan *plan = builder->plan;
	size_t levels = builder->snapshot->n_audience_levels, count = builder->snapshot->n_zones * levels;
	uint64_t total = 0;
	for (size_t i = 0; i < count; i++)
		total += builder->candidates[i].live;
	for (size_t i = 0; i < count; i++) {
		if (builder->candidates[i].live >= INDEXED_MIN)
			TRY(index_candidates(plan, (uint32_t)(i % levels), rows_for(total),
			        &builder->candidates[i], builder->arena));
	}
	return OK;
}

// --- segments ---

static Err sort_segments(PlanLevel *level, Arena *arena)
{
	uint32_t *expressed = ARENA_ARRAY(arena, uint32_t, level->segment_count);
	uint32_t *listed = ARENA_ARRAY(arena, uint32_t, level->segment_count);
	if (!expressed || !listed)
		return err(ERR_NO_MEMORY, "no memory for %zu segments", level->segment_count);
	for (uint32_t i = 0; i < level->segment_count; i++) {
		if (level->segments[i].list)
			listed[level->listed_count++] = i;
		else
			expressed[level->expressed_count++] = i;
	}
	level->expressed = expressed;
	level->listed = listed;
	return OK;
}

static Err index_segments(Builder *builder, uint32_t number, PlanLevel *level)
{
	TRY(sort_segments(level, builder->arena));
	if (level->expressed_count < INDEXED_MIN)
		return OK;
	IndexItem *items = ARENA_ARRAY(builder->scratch, IndexItem, level->expressed_count);
	if (!items)
		return err(ERR_NO_MEMORY, "no memory for %u segments", level->expressed_count);
	for (uint32_t i = 0; i < level->expressed_count; i++)
		items[i] =
		        (IndexItem){level->segments[level->expressed[i]].condition, 0, INT64_MIN, INT64_MAX};
	IndexInput input = {
	        .conditions = &builder->plan->asked,
	        .level = number,
	        .items = items,
	        .count = level->expressed_count,
	        .rows_max = rows_for(level->expressed_count),
	};
	return index_build(&input, builder->arena, &level->segment_index);
}

Err build_index(Builder *builder)
{
	for (uint32_t i = 0; i < builder->snapshot->n_audience_levels; i++)
		TRY(index_segments(builder, i, &builder->levels[i]));
	return index_zones(builder);
}
