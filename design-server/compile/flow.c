// Segmentation flows: the designer names steps, a snapshot numbers them so that every way leads forward. The
// numbering is by name among steps that could come next, so that it does not depend on the order in which
// they were written down.
#include "compile/internal.h"

#include <math.h>
#include <stddef.h>

typedef Parley__Design__V1__SegmentationFlow DesignFlow;
typedef Parley__Design__V1__FlowStep DesignStep;
typedef Parley__Design__V1__FlowBranch DesignBranch;

enum { STEPS_MAX = 1024, BRANCHES_MAX = 64, NOWHERE = -1 };

enum { HAS_BRANCHES = 1, HAS_SALT = 2, HAS_VALUE = 4, HAS_SEGMENT = 8 };
static const struct {
	const char *name;
	unsigned has;
} kinds[] = {
        [SNAP_STEP(DECISION)] = {"DECISION", HAS_BRANCHES},
        [SNAP_STEP(SAMPLE)] = {"SAMPLE", HAS_BRANCHES | HAS_SALT},
        [SNAP_STEP(SET_ATTRIBUTE)] = {"SET_ATTRIBUTE", HAS_VALUE},
        [SNAP_STEP(SEGMENT)] = {"SEGMENT", HAS_SEGMENT},
};

typedef struct Flow {
	Compile *c;
	const DesignFlow *in;
	bool dangles;     // a way leads to a step that is not there
	int level;        // -1: not known
	NameIndex names;  // of the steps as written
	int *place;       // of each step as written: in the snapshot; NOWHERE: not placed
	uint32_t *causes; // how many ways lead to it from steps that have no place yet
} Flow;

static const char *field(const Flow *flow, size_t step, const char *member)
{
	return arena_printf(flow->c->arena, "steps[%zu].%s", step, member);
}

// --- the order of steps ---

// Calls `each` for every way out of a step; `to` is a step as written.
static void each_way(Flow *flow, size_t step, void (*each)(Flow *flow, size_t to))
{
	const DesignStep *in = flow->in->steps[step];
	for (size_t i = 0; i <= in->n_branches; i++) {
		const char *next = i < in->n_branches ? in->branches[i]->next : in->next;
		int to = *next ? name_find(&flow->names, next) : -1;
		flow->dangles |= *next && to < 0;
		if (to >= 0)
			each(flow, (size_t)to);
	}
}

static void count_cause(Flow *flow, size_t to)
{
	flow->causes[to]++;
}

static void drop_cause(Flow *flow, size_t to)
{
	flow->causes[to]--;
}

// The step that can be numbered next: of those without a way to them, the least name; -1 if there is none.
static int next_free(const Flow *flow)
{
	int best = -1;
	for (size_t i = 1; i < flow->in->n_steps; i++) {
		if (flow->place[i] == NOWHERE && !flow->causes[i] &&
		        (best < 0 || strcmp(flow->in->steps[i]->name, flow->in->steps[best]->name) < 0))
			best = (int)i;
	}
	return best;
}

// What nothing leads to but the first step is never reached: told, and numbered all the same. A misspelt way
// is told by itself.
static void refuse_unreached(Flow *flow)
{
	for (size_t i = 1; !flow->dangles && i < flow->in->n_steps; i++) {
		if (!flow->causes[i])
			problem_as(flow->c, PROBLEM_STEP_UNREACHED, field(flow, i, "name"),
			        "no way leads to the step '%s': name it as another's next step, or take it "
			        "out",
			        flow->in->steps[i]->name);
	}
}

static void order_steps(Flow *flow)
{
	size_t count = flow->in->n_steps;
	int placed = 0;
	for (size_t i = 0; i < count; i++) {
		flow->place[i] = NOWHERE;
		each_way(flow, i, count_cause);
	}
	refuse_unreached(flow);
	for (int step = flow->causes[0] ? -1 : 0; step >= 0; step = next_free(flow)) {
		flow->place[step] = placed++;
		each_way(flow, (size_t)step, drop_cause);
	}
	for (size_t i = 0; i < count; i++) {
		if (flow->place[i] != NOWHERE)
			continue;
		problem_as(flow->c, PROBLEM_CIRCLE, field(flow, i, "next"),
		        "the step '%s' leads back to itself, or follows steps that do: a flow goes forward "
		        "only",
		        flow->in->steps[i]->name);
		return;
	}
}

// --- steps ---

static void refuse_strays(Flow *flow, size_t index, unsigned kind)
{
	const DesignStep *in = flow->in->steps[index];
	const struct {
		const char *member;
		unsigned part;
		bool set;
	} members[] = {
	        {"branches", HAS_BRANCHES, in->n_branches > 0},
	        {"salt", HAS_SALT, *in->salt != '\0'},
	        {"attribute", HAS_VALUE, *in->attribute != '\0'},
	        {"value", HAS_VALUE, *in->value != '\0'},
	        {"segment", HAS_SEGMENT, *in->segment != '\0'},
	};
	for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
		if (members[i].set && !(kinds[kind].has & members[i].part))
			problem(flow->c, field(flow, index, members[i].member),
			        "a step %s has none: take it out", kinds[kind].name);
	}
}

static uint32_t next_of(Flow *flow, const char *at, const char *name)
{
	int found = reference(flow->c, &flow->names, at, "step", name);
	return found < 0 ? 0 : (uint32_t)(flow->place[found] + 1);
}

static void compile_branch(Flow *flow, size_t step, size_t index, SnapStep *out)
{
	Compile *c = flow->c;
	const DesignBranch *in = flow->in->steps[step]->branches[index];
	SnapBranch *branch = out->branches[index];
	const char *at = arena_printf(c->arena, "steps[%zu].branches[%zu]", step, index);
	const char *condition = arena_printf(c->arena, "%s.condition", at);
	const char *share = arena_printf(c->arena, "%s.share_percent", at);
	branch->name = in->name;
	branch->next = next_of(flow, arena_printf(c->arena, "%s.next", at), in->next);
	if (out->kind == SNAP_STEP(DECISION)) {
		if (fpclassify(in->share_percent) != FP_ZERO)
			problem(c, share, "a DECISION has no shares: take it out, or make it a SAMPLE");
		if (flow->level >= 0)
			branch->condition = compile_expression(
			        c, condition, &c->schemas[flow->level], in->condition, SNAP_TYPE(BOOL));
		return;
	}
	if (*in->condition)
		problem(c, condition, "a SAMPLE has no conditions: take it out, or make it a DECISION");
	compile_share(c, share, in->share_percent, &branch->share_ppm);
	if (fpclassify(in->share_percent) == FP_ZERO)
		problem(c, share, "nobody takes this branch: give it a share, or take it out");
}

static Err compile_branches(Flow *flow, size_t index, SnapStep *step)
{
	Compile *c = flow->c;
	const DesignStep *in = flow->in->steps[index];
	uint64_t shares = 0;
	step->n_branches = in->n_branches;
	step->branches = NEW_ITEMS(c, SnapBranch, PARLEY__SNAPSHOT__V1__FLOW_BRANCH__INIT, in->n_branches);
	if (!step->branches)
		return compile_no_memory();
	if (!in->n_branches || in->n_branches > BRANCHES_MAX)
		problem(c, field(flow, index, "branches"), "it has %zu branches: give it 1 to %d",
		        in->n_branches, BRANCHES_MAX);
	for (size_t i = 0; i < in->n_branches; i++) {
		compile_branch(flow, index, i, step);
		shares += step->branches[i]->share_ppm;
	}
	if (shares > 1000000)
		problem(c, field(flow, index, "branches"), "the shares are %.4f %% together: 100 %% is all",
		        (double)shares / 10000);
	if (step->kind == SNAP_STEP(SAMPLE))
		step->salt = *in->salt ? in->salt : arena_printf(c->arena, "%s/%s", flow->in->name, in->name);
	return OK;
}

static void compile_output(Flow *flow, size_t index, SnapStep *step)
{
	Compile *c = flow->c;
	const char *name = flow->in->steps[index]->segment;
	if (!*name)
		problem(c, field(flow, index, "segment"), "it names no segment: name one");
	int segment = reference(c, &c->segments, field(flow, index, "segment"), "segment", name);
	if (segment < 0)
		return;
	step->segment = (uint32_t)segment;
	if (flow->level >= 0 && c->out->segments[segment]->audience_level != (uint32_t)flow->level)
		problem(c, field(flow, index, "segment"),
		        "the segment '%s' is of another audience level than the flow: make them agree", name);
}

static void compile_assignment(Flow *flow, size_t index, SnapStep *step)
{
	const DesignStep *in = flow->in->steps[index];
	if (flow->level < 0)
		return;
	int slot = attribute_slot(flow->c, field(flow, index, "attribute"), flow->level, in->attribute);
	if (slot < 0)
		return;
	step->attribute = (uint32_t)slot;
	step->value = compile_expression(flow->c, field(flow, index, "value"), &flow->c->schemas[flow->level],
	        in->value, flow->c->out->audience_levels[flow->level]->attributes[slot]->type);
}

static Err compile_step(Flow *flow, size_t index, SnapStep *step)
{
	const DesignStep *in = flow->in->steps[index];
	step->name = in->name;
	if (in->kind <= 0 || (size_t)in->kind >= ARRAY_COUNT(kinds)) {
		problem(flow->c, field(flow, index, "kind"),
		        "it is not a known kind of step: choose one of the listed");
		return OK;
	}
	step->kind = (Parley__Snapshot__V1__FlowStepKind)in->kind; // the same numbers
	refuse_strays(flow, index, step->kind);
	step->next = next_of(flow, field(flow, index, "next"), in->next);
	if (kinds[step->kind].has & HAS_BRANCHES)
		return compile_branches(flow, index, step);
	if (step->kind == SNAP_STEP(SEGMENT))
		compile_output(flow, index, step);
	else
		compile_assignment(flow, index, step);
	return OK;
}

// --- the whole ---

static Err name_steps(Flow *flow)
{
	size_t count = flow->in->n_steps;
	TRY(index_by(flow->c, flow->in->steps, count, offsetof(DesignStep, name), &flow->names));
	for (size_t i = 1; i < count; i++) {
		if (str_eq(flow->names.entries[i].name, flow->names.entries[i - 1].name))
			problem(flow->c, field(flow, flow->names.entries[i].index, "name"),
			        "the step '%s' is there twice: rename one", flow->names.entries[i].name.ptr);
	}
	flow->place = ARENA_ARRAY(flow->c->arena, int, count);
	flow->causes = ARENA_ARRAY(flow->c->arena, uint32_t, count);
	return flow->place && flow->causes ? OK : compile_no_memory();
}

static Err compile_flow(Compile *c, const DesignFlow *in, SnapFlow *out)
{
	Flow flow = {.c = c, .in = in};
	c->name = out->name = in->name;
	flow.level = level_or_only(c, "audience_level", in->audience_level, "flow");
	out->audience_level = (uint32_t)flow.level;
	if (!in->n_steps || in->n_steps > STEPS_MAX) {
		problem(c, "steps", "it has %zu steps: give it 1 to %d", in->n_steps, STEPS_MAX);
		return OK;
	}
	out->n_steps = in->n_steps;
	out->steps = NEW_ITEMS(c, SnapStep, PARLEY__SNAPSHOT__V1__FLOW_STEP__INIT, in->n_steps);
	if (!out->steps)
		return compile_no_memory();
	TRY(name_steps(&flow));
	order_steps(&flow);
	for (size_t i = 0; i < in->n_steps; i++)
		TRY(compile_step(&flow, i, out->steps[flow.place[i] == NOWHERE ? 0 : flow.place[i]]));
	return OK;
}

Err compile_flows(Compile *c)
{
	size_t count = c->in->flows.count;
	c->kind = "SegmentationFlow";
	c->out->flows = NEW_ITEMS(c, SnapFlow, PARLEY__SNAPSHOT__V1__SEGMENTATION_FLOW__INIT, count);
	if (!c->out->flows)
		return compile_no_memory();
	c->out->n_flows = count;
	for (size_t i = 0; i < count; i++)
		TRY(compile_flow(c, c->in->flows.items[i], c->out->flows[i]));
	return OK;
}
