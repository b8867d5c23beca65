// Nothing here is kept while a plan serves: it is counted when somebody asks.
#include "decide/inspect.h"

#include "decide/plan.h"
#include "snapshot/snapshot.h"

static InspectedPrograms count_conditions(const Plan *plan)
{
	InspectedPrograms counted = {.distinct = plan->conditions.count, .run = plan->asked.program_count};
	counted.told = counted.distinct - counted.run;
	for (uint32_t i = 0; i < plan->conditions.count; i++)
		counted.bytes += plan->conditions.items[i].len;
	return counted;
}

static InspectedPrograms count_scores(const Plan *plan)
{
	InspectedPrograms counted = {.distinct = plan->scorings.count};
	for (uint32_t i = 0; i < plan->scorings.count; i++) {
		counted.run += plan->forms[i].kind == SCORE_PROGRAM;
		counted.bytes += plan->scorings.items[i].len;
	}
	counted.told = counted.distinct - counted.run;
	return counted;
}

static InspectedList inspect_list(const Plan *plan, uint32_t zone, uint32_t level)
{
	const Candidates *candidates = plan_candidates(plan, zone, (int)level);
	InspectedList list = {
	        .zone = str(plan->snapshot->zones[zone]->name),
	        .level = str(plan->snapshot->audience_levels[level]->name),
	        .candidates = candidates->count,
	        .live = candidates->live,
	        .dynamic = candidates->dynamic,
	        .indexed = candidates->index != NULL,
	        .runs = candidates->runs.count,
	};
	if (candidates->index) {
		IndexSize size = index_size(candidates->index);
		list.positions = size.positions;
		list.tables = size.tables;
		list.rows = size.rows;
		list.shared = size.buckets;
		list.rechecked = size.checked;
		list.index_bytes = size.bytes;
	}
	return list;
}

static void count_segments(const Plan *plan, Inspection *ret)
{
	for (size_t i = 0; i < plan->snapshot->n_audience_levels; i++) {
		const PlanLevel *level = &plan->level[i];
		ret->segments += (uint32_t)level->segment_count;
		if (!level->segment_index)
			continue;
		ret->segments_indexed += level->expressed_count;
		ret->segment_index_bytes += index_size(level->segment_index).bytes;
	}
}

static Err plan_inspect(const Plan *plan, Arena *arena, Inspection *ret)
{
	uint32_t zones = (uint32_t)plan->snapshot->n_zones,
	         levels = (uint32_t)plan->snapshot->n_audience_levels;
	InspectedList *lists = ARENA_ARRAY(arena, InspectedList, (size_t)zones * levels);
	if (!lists)
		return err(ERR_NO_MEMORY, "no memory to inspect %u zones", zones);
	*ret = (Inspection){
	        .plan_bytes = plan->bytes,
	        .candidates = plan->rule_count,
	        .conditions = count_conditions(plan),
	        .scores = count_scores(plan),
	        .predicates = plan->asked.predicate_count,
	        .predicate_uses = plan->asked.literal_count,
	        .texts = plan->asked.texts.count,
	        .lists = lists,
	        .list_count = (size_t)zones * levels,
	};
	for (uint32_t zone = 0; zone < zones; zone++)
		for (uint32_t level = 0; level < levels; level++)
			lists[zone * levels + level] = inspect_list(plan, zone, level);
	count_segments(plan, ret);
	return OK;
}

Err snapshot_inspect(Str blob, Arena *arena, InspectedSnapshot *ret)
{
	Snapshot *snapshot;
	const Plan *plan;
	Digest digest = digest_of(blob);
	TRY(snapshot_parse(blob, arena, &snapshot));
	TRY(plan_build(snapshot, arena, &plan));
	digest_hex(&digest, ret->sha256);
	ret->channel = str(snapshot->channel);
	return plan_inspect(plan, arena, &ret->plan);
}
