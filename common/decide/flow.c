// A flow leads forward only, so it ends. What it sets is seen by everything after it: nothing that is
// evaluated here may be remembered.
#include "decide/segment.h"

// What a step did: its trace, and where it leads.
typedef struct Taken {
	SegmentTrace trace;
	uint32_t next; // as FlowStep.next
} Taken;

static Str error_of(Segmenting *run, Outcome outcome)
{
	return run->trace ? outcome_text(
	                            run->evaluation.plan, run->request->level, outcome, run->evaluation.arena)
	                  : (Str){0};
}

static void take_branch(const SnapStep *step, size_t branch, Taken *ret)
{
	ret->trace.branch = (int)branch;
	ret->next = step->branches[branch]->next;
}

static void take_decision(Segmenting *run, const SnapStep *step, const PlanStep *planned, Taken *ret)
{
	const Programs *conditions = &run->evaluation.plan->conditions;
	for (size_t i = 0; i < step->n_branches; i++) {
		Answer known = run->trace ? ANSWER_PROGRAM
		                          : traits_condition(&run->evaluation.traits, planned->conditions[i]);
		if (known == ANSWER_NO)
			continue;
		Outcome outcome = {.verdict = VERDICT_TRUE};
		if (known == ANSWER_PROGRAM)
			outcome = outcome_of(
			        evaluate_anew(&run->evaluation, &conditions->items[planned->conditions[i]]));
		if (outcome.verdict == VERDICT_TRUE) {
			take_branch(step, i, ret);
			return;
		}
		ret->trace.predicate = str(step->branches[i]->condition->source);
		ret->trace.error = error_of(run, outcome);
	}
}

static void take_sample(Segmenting *run, const SnapStep *step, Taken *ret)
{
	const SegmentRequest *request = run->request;
	const char *level = run->evaluation.plan->snapshot->audience_levels[request->level]->name;
	uint64_t place = decide_share_of(str(step->salt), str(level), request->audience_id), end = 0;
	for (size_t i = 0; i < step->n_branches; i++) {
		end += step->branches[i]->share_ppm;
		if (place < end) {
			take_branch(step, i, ret);
			return;
		}
	}
}

static void take_set(Segmenting *run, const SnapStep *step, const PlanStep *planned, Taken *ret)
{
	const Plan *plan = run->evaluation.plan;
	const SnapLevel *level = plan->snapshot->audience_levels[run->request->level];
	ExprValue value = evaluate_anew(&run->evaluation, &plan->values.items[planned->value]);
	value = value_as(value, level->attributes[step->attribute]->type);
	if (value.kind == EXPR_ERROR) {
		ret->trace.predicate = str(step->value->source);
		ret->trace.error = error_of(run, outcome_of(value));
		return;
	}
	run->values[step->attribute] = value;
	traits_forget(&run->evaluation.traits, step->attribute);
	if (run->ret->set)
		run->ret->set[step->attribute] = 1;
	ret->trace.matched = true;
}

static Taken take(Segmenting *run, const PlanFlow *flow, uint32_t index)
{
	const SnapStep *step = run->evaluation.plan->snapshot->flows[flow->flow]->steps[index];
	Taken taken = {{.flow = (int)flow->flow, .step = index, .branch = -1, .segment = -1, .beaten_by = -1},
	        step->next};
	switch (step->kind) {
	case SNAP_STEP(DECISION):
		take_decision(run, step, &flow->steps[index], &taken);
		break;
	case SNAP_STEP(SAMPLE):
		take_sample(run, step, &taken);
		break;
	case SNAP_STEP(SET_ATTRIBUTE):
		take_set(run, step, &flow->steps[index], &taken);
		break;
	default:
		segment_put(run, step->segment);
		taken.trace.segment = (int)step->segment;
		taken.trace.matched = true;
	}
	return taken;
}

void flow_run(Segmenting *run, const PlanFlow *flow)
{
	if (!run->evaluation.plan->snapshot->flows[flow->flow]->n_steps)
		return;
	uint32_t step = 0;
	for (Taken taken;; step = taken.next - 1) {
		taken = take(run, flow, step);
		segment_trace(run, taken.trace);
		if (taken.next <= step + 1)
			return; // the end: no step leads back
	}
}
