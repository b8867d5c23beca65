// Segmentation flows: branches that are never taken and steps that nobody gets to. What is known of a visitor
// at a step is what the ways there asked; what a step sets is forgotten.
#include "validate/internal.h"

typedef struct Step {
	const Condition *reached; // who gets there; NULL: nobody so far
	bool cut_off;             // a way there that no branch is to blame for is never taken
} Step;

typedef struct Walk {
	Analysis *a;
	const SnapFlow *flow;
	Logic *logic;
	Step *steps;
} Walk;

static Object object_of(const Walk *walk, const SnapStep *step, size_t branch)
{
	const char *at = step->branches[branch]->name;
	const char *field = *at ? arena_printf(walk->a->arena, "steps.%s.branches.%s", step->name, at)
	                        : arena_printf(walk->a->arena, "steps.%s.branches[%zu]", step->name, branch);
	return (Object){"SegmentationFlow", walk->flow->name, field ? field : "steps"};
}

// `next` counts from 1; 0 is the flow's end.
static Err lead(Walk *walk, uint32_t next, const Condition *who)
{
	if (!next || who->never)
		return OK;
	Step *to = &walk->steps[next - 1];
	if (!to->reached) {
		to->reached = who;
		return OK;
	}
	return logic_either(walk->logic, to->reached, who, &to->reached);
}

// --- decisions ---

// Whether an earlier branch takes everybody whom this one is for.
static Err find_earlier(
        Walk *walk, const SnapStep *step, size_t branch, const Condition *who, const Condition **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < branch && !*ret; i++) {
		const Condition *earlier;
		TRY(logic_condition(walk->logic, step->branches[i]->condition, &earlier));
		if (!earlier->never && logic_implies(who, earlier))
			*ret = earlier;
	}
	return OK;
}

static Err walk_branch(Walk *walk, const SnapStep *step, size_t branch, const Condition *here)
{
	Analysis *a = walk->a;
	const SnapBranch *of = step->branches[branch];
	const Condition *own, *who, *earlier;
	Object object = object_of(walk, step, branch);
	TRY(logic_condition(walk->logic, of->condition, &own));
	TRY(logic_both(walk->logic, here, own, &who));
	TRY(find_earlier(walk, step, branch, who, &earlier));
	if (own->never)
		finding(a, FINDING_BRANCH_NEVER, object, "correct the condition, or take the branch out",
		        "'%s' is never true%s", own->source, clash_text(a, own));
	else if (who->never)
		finding(a, FINDING_BRANCH_NEVER, object, "correct the condition, or take the branch out",
		        "nobody who gets to the step '%s' meets '%s'%s", step->name, own->source,
		        clash_text(a, who));
	else if (earlier)
		finding(a, FINDING_BRANCH_NEVER, object, "move it before the other, or take it out",
		        "whoever meets '%s' has taken the branch with '%s' before it", own->source,
		        earlier->source ? earlier->source : "true");
	else
		TRY(lead(walk, of->next, who));
	return analyse_condition(a, object, walk->flow->audience_level, of->condition);
}

static Err walk_decision(Walk *walk, const SnapStep *step, const Condition *here)
{
	bool all = false;
	for (size_t i = 0; i < step->n_branches; i++) {
		const Condition *own;
		TRY(walk_branch(walk, step, i, here));
		TRY(logic_condition(walk->logic, step->branches[i]->condition, &own));
		all |= own->always || logic_implies(here, own);
	}
	if (!all)
		return lead(walk, step->next, here);
	if (step->next)
		walk->steps[step->next - 1].cut_off = true;
	return OK;
}

static Err walk_sample(Walk *walk, const SnapStep *step, const Condition *here)
{
	uint64_t shares = 0;
	for (size_t i = 0; i < step->n_branches; i++) {
		shares += step->branches[i]->share_ppm;
		TRY(lead(walk, step->branches[i]->next, here));
	}
	if (shares < 1000000)
		return lead(walk, step->next, here);
	if (step->next)
		walk->steps[step->next - 1].cut_off = true;
	return OK;
}

// --- the walk ---

static Err walk_step(Walk *walk, size_t index)
{
	const SnapStep *step = walk->flow->steps[index];
	const Condition *here = walk->steps[index].reached;
	switch (step->kind) {
	case SNAP_STEP(DECISION):
		return walk_decision(walk, step, here);
	case SNAP_STEP(SAMPLE):
		return walk_sample(walk, step, here);
	case SNAP_STEP(SET_ATTRIBUTE):
		TRY(logic_forget(walk->logic, here, step->attribute, &here));
		break;
	default:
		break;
	}
	return lead(walk, step->next, here);
}

// Steps are numbered so that every way leads forward.
static Err walk_flow(Analysis *a, const SnapFlow *flow)
{
	Walk walk = {.a = a,
	        .flow = flow,
	        .logic = a->logic[flow->audience_level],
	        .steps = ARENA_ARRAY(a->arena, Step, flow->n_steps + 1)};
	if (!walk.steps)
		return validate_no_memory();
	TRY(logic_condition(walk.logic, NULL, &walk.steps[0].reached));
	for (size_t i = 0; i < flow->n_steps; i++) {
		if (walk.steps[i].reached) {
			TRY(walk_step(&walk, i));
			continue;
		}
		// Where a branch or a step before is to blame, that was told.
		if (walk.steps[i].cut_off)
			finding(a, FINDING_STEP_NEVER,
			        (Object){"SegmentationFlow", flow->name,
			                arena_printf(a->arena, "steps.%s", flow->steps[i]->name)},
			        "leave a share or a condition open, or take the step out",
			        "nobody gets to the step '%s': the branches before it already take everybody",
			        flow->steps[i]->name);
	}
	return OK;
}

Err analyse_flows(Analysis *a)
{
	for (size_t i = 0; i < a->snapshot->n_flows; i++)
		TRY(walk_flow(a, a->snapshot->flows[i]));
	return OK;
}
