// Which segments a visitor is in: what flows say, then what expressions and lists say, then the first of each
// group. Without memory nothing can be said, and the visitor is in none.
#include "decide/segment.h"

static bool has(const Segmenting *run, uint32_t segment)
{
	return (run->ret->segments[segment / 64] >> (segment % 64)) & 1;
}

void segment_put(Segmenting *run, uint32_t segment)
{
	run->ret->segments[segment / 64] |= UINT64_C(1) << (segment % 64);
}

void segment_trace(Segmenting *run, SegmentTrace entry)
{
	if (run->trace)
		run->trace[run->trace_count++] = entry;
}

static bool combined(const SnapSegment *segment, bool listed, bool holds)
{
	switch (segment->list_use) {
	case SNAP_LIST_USE(ALL):
		return listed && holds;
	case SNAP_LIST_USE(EXCEPT):
		return holds && !listed;
	default:
		return listed || holds;
	}
}

static void judge(Segmenting *run, const PlanSegment *planned)
{
	const Plan *plan = run->evaluation.plan;
	const SnapSegment *segment = plan->snapshot->segments[planned->segment];
	bool listed = planned->list && plan_on_list(plan, planned->list - 1, run->request->audience_id);
	Outcome outcome = {0};
	if (planned->condition)
		outcome = evaluate_condition(&run->evaluation, planned->condition - 1);
	bool holds = outcome.verdict == VERDICT_TRUE, matched = listed || holds;
	if (planned->list && planned->condition)
		matched = combined(segment, listed, holds);
	if (matched)
		segment_put(run, planned->segment);
	if (!run->trace)
		return;
	segment_trace(
	        run, (SegmentTrace){
	                     .flow = -1,
	                     .branch = -1,
	                     .segment = (int)planned->segment,
	                     .matched = matched,
	                     .beaten_by = -1,
	                     .predicate = planned->condition && !holds ? str(segment->expression->source)
	                                                               : (Str){0},
	                     .error = outcome_text(plan, run->request->level, outcome, run->evaluation.arena),
	             });
}

// --- without a trace ---

static void judge_quickly(Segmenting *run, const PlanSegment *planned)
{
	const Plan *plan = run->evaluation.plan;
	bool listed = planned->list && plan_on_list(plan, planned->list - 1, run->request->audience_id);
	bool holds = planned->condition && evaluate_true(&run->evaluation, planned->condition - 1);
	bool matched = listed || holds;
	if (planned->list && planned->condition)
		matched = combined(plan->snapshot->segments[planned->segment], listed, holds);
	if (matched)
		segment_put(run, planned->segment);
}

static Err sift(Segmenting *run, const PlanLevel *level)
{
	Sieve sieve;
	TRY(sieve_begin(level->segment_index, &run->evaluation.traits, NULL, run->evaluation.arena, &sieve));
	for (uint32_t number = 0; number < index_blocks(level->segment_index); number++) {
		SieveBlock block;
		sieve_block(&sieve, number, &block);
		for (uint32_t word = 0; word < SIEVE_WORDS; word++) {
			for (uint64_t left = block.survivors[word]; left; left &= left - 1) {
				uint32_t position =
				        number * SIEVE_BLOCK + word * 64 + (uint32_t)__builtin_ctzll(left);
				const PlanSegment *planned = &level->segments[level->expressed[index_item(
				        level->segment_index, position)]];
				if (block.checks[word] & left & -left)
					judge_quickly(run, planned);
				else
					segment_put(run, planned->segment);
			}
		}
	}
	return OK;
}

static Err judge_all(Segmenting *run, const PlanLevel *level)
{
	for (size_t i = 0; i < level->segment_count && run->trace; i++)
		judge(run, &level->segments[i]);
	if (run->trace)
		return OK;
	for (uint32_t i = 0; i < level->listed_count; i++)
		judge_quickly(run, &level->segments[level->listed[i]]);
	if (level->segment_index)
		return sift(run, level);
	for (uint32_t i = 0; i < level->expressed_count; i++)
		judge_quickly(run, &level->segments[level->expressed[i]]);
	return OK;
}

// --- groups ---

static void trace_beaten(Segmenting *run)
{
	for (size_t i = 0; i < run->trace_count; i++) {
		SegmentTrace *entry = &run->trace[i];
		if (entry->segment >= 0 && entry->matched && run->beaten_by[entry->segment]) {
			entry->matched = false;
			entry->beaten_by = (int)run->beaten_by[entry->segment] - 1;
		}
	}
}

static void resolve_groups(Segmenting *run, const PlanLevel *level)
{
	const PlanGrouped *first = NULL;
	for (size_t i = 0; i < level->grouped_count; i++) {
		const PlanGrouped *grouped = &level->grouped[i];
		if (!has(run, grouped->segment))
			continue;
		if (!first || first->group != grouped->group) {
			first = grouped;
			continue;
		}
		run->ret->segments[grouped->segment / 64] &= ~(UINT64_C(1) << (grouped->segment % 64));
		if (run->trace)
			run->beaten_by[grouped->segment] = first->segment + 1;
	}
	trace_beaten(run);
}

// --- the whole ---

static Err begin_trace(Segmenting *run, const PlanLevel *level)
{
	size_t most = level->segment_count;
	for (size_t i = 0; i < level->flow_count; i++)
		most += run->evaluation.plan->snapshot->flows[level->flows[i].flow]->n_steps;
	run->trace = ARENA_ARRAY(run->evaluation.arena, SegmentTrace, most);
	run->beaten_by =
	        ARENA_ARRAY(run->evaluation.arena, uint32_t, run->evaluation.plan->snapshot->n_segments);
	return run->trace && run->beaten_by
	               ? OK
	               : err(ERR_NO_MEMORY, "no memory to trace %zu steps and segments", most);
}

Err decide_segments(
        const Plan *plan, const SegmentRequest *request, ExprValue *values, Arena *arena, Segmentation *ret)
{
	const PlanLevel *level = &plan->level[request->level];
	Segmenting run = {
	        .request = request,
	        .values = values,
	        .ret = ret,
	};
	if (plan->snapshot->n_segments)
		memset(ret->segments, 0, plan_segment_words(plan) * sizeof *ret->segments);
	TRY(evaluation_init(plan, request->level, values, request->as_of_us, arena, &run.evaluation));
	if (request->explain)
		TRY(begin_trace(&run, level));
	for (size_t i = 0; i < level->flow_count; i++)
		flow_run(&run, &level->flows[i]);
	TRY(judge_all(&run, level));
	resolve_groups(&run, level);
	ret->trace = run.trace;
	ret->trace_count = run.trace_count;
	return OK;
}
