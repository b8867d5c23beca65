// Segmentation flows: which fields a step may have is a table by its kind; the graph must have no cycle and
// no step that nothing leads to.
#include "admin/level.h"
#include "admin/message.h"
#include "admin/validate.h"
#include "base/nearest.h"

#include "parley/design/v1/segmentation_flow.pb-c.h"

enum { STEPS_MAX = 256, BRANCHES_MAX = 64, SALT_MAX = 200 };

typedef Parley__Design__V1__SegmentationFlow Flow;
typedef Parley__Design__V1__FlowStep FlowStep;
typedef Parley__Design__V1__FlowBranch FlowBranch;
#define STEP(name) PARLEY__DESIGN__V1__FLOW_STEP_KIND__FLOW_STEP_KIND_##name

static const struct {
	const char *name, *fields, *branch_fields;
} step_kinds[] = {
        [STEP(DECISION)] = {"DECISION", "name kind branches next", "name condition next"},
        [STEP(SAMPLE)] = {"SAMPLE", "name kind branches next salt", "name share_percent next"},
        [STEP(SET_ATTRIBUTE)] = {"SET_ATTRIBUTE", "name kind next attribute value", ""},
        [STEP(SEGMENT)] = {"SEGMENT", "name kind next segment", ""},
};

// -1 if there is none.
static int find_step(const Flow *flow, const char *name)
{
	for (size_t i = 0; i < flow->n_steps; i++)
		if (strcmp(flow->steps[i]->name, name) == 0)
			return (int)i;
	return -1;
}

static Err check_next(const Check *check, const Flow *flow, const char *field, const char *next)
{
	Nearest near = nearest_to(str(next));
	if (!*next || find_step(flow, next) >= 0)
		return OK;
	for (size_t i = 0; i < flow->n_steps; i++)
		nearest_try(&near, str(flow->steps[i]->name));
	return check_fail(check, ERR_FIELD_INVALID, field,
	        "the flow has no step \"%s\"" NEAREST_FMT ": name one of its steps, or none to end there",
	        next, NEAREST_ARG(near));
}

// --- a step ---

static Err check_branch(const Check *check, const Flow *flow, const FlowStep *step, const char *prefix,
        const FlowBranch *branch, const Resolved *level)
{
	const char *inside = check_at(check, "%s.", prefix);
	TRY(value_only(check, inside, &branch->base, step_kinds[step->kind].branch_fields,
	        check_at(check, "a branch of a %s step", step_kinds[step->kind].name)));
	TRY(check_next(check, flow, check_at(check, "%snext", inside), branch->next));
	if (step->kind == STEP(SAMPLE)) {
		const char *field = check_at(check, "%sshare_percent", inside);
		if (branch->share_percent == 0)
			return check_fail(check, ERR_FIELD_MISSING, field, "give a share above 0 percent");
		return value_percent(check, field, branch->share_percent);
	}
	if (!*branch->condition)
		return check_fail(check, ERR_FIELD_MISSING, check_at(check, "%scondition", inside),
		        "is empty: say in CEL who goes this way, such as age >= 18, or true for the rest");
	return level_expression(
	        check, check_at(check, "%scondition", inside), level, branch->condition, EXPR_BOOL);
}

static Err check_branches(
        const Check *check, const Flow *flow, const FlowStep *step, const char *prefix, const Resolved *level)
{
	const char *field = check_at(check, "%s.branches", prefix);
	double share = 0;
	if (!step->n_branches || step->n_branches > BRANCHES_MAX)
		return check_fail(check, step->n_branches ? ERR_FIELD_INVALID : ERR_FIELD_MISSING, field,
		        "a step of this kind has 1 to %d branches, this one has %zu", BRANCHES_MAX,
		        step->n_branches);
	for (size_t i = 0; i < step->n_branches; i++) {
		TRY(check_branch(
		        check, flow, step, check_at(check, "%s[%zu]", field, i), step->branches[i], level));
		share += step->branches[i]->share_percent;
	}
	if (share > 100 + 1e-6)
		return check_fail(check, ERR_FIELD_INVALID, field,
		        "the shares are %g percent together: make them 100 at most", share);
	return OK;
}

static Err check_segment_step(const Check *check, const Flow *flow, const FlowStep *step, const char *prefix)
{
	const char *field = check_at(check, "%s.segment", prefix);
	const Resolved *segment = check_target(check, "Segment", step->segment);
	if (!segment)
		return check_fail(check, ERR_FIELD_MISSING, field, "name the segment");
	Str level = message_str(segment->message, "audience_level");
	if (str_eq(level, str(flow->audience_level)))
		return OK;
	return check_fail(check, ERR_FIELD_INVALID, field,
	        "segment %s sorts visitors of " STR_FMT
	        " and the flow those of %s: name a segment of the same "
	        "level",
	        step->segment, STR_ARG(level), flow->audience_level);
}

static Err check_step(const Check *check, const Flow *flow, size_t index, const Resolved *level)
{
	const FlowStep *step = flow->steps[index];
	const char *prefix = check_at(check, "steps[%zu]", index), *inside = check_at(check, "%s.", prefix);
	if (!is_name(str(step->name)))
		return check_fail(check, *step->name ? ERR_FIELD_INVALID : ERR_FIELD_MISSING,
		        check_at(check, "%sname", inside),
		        "\"%s\" is not a step's name: a lower-case letter, then lower-case letters, digits, "
		        "'-' and '_', at most 63 in all",
		        step->name);
	if ((size_t)find_step(flow, step->name) < index)
		return check_fail(check, ERR_FIELD_INVALID, check_at(check, "%sname", inside),
		        "\"%s\" is there twice", step->name);
	if (step->kind == STEP(UNSPECIFIED))
		return check_fail(check, ERR_FIELD_MISSING, check_at(check, "%skind", inside),
		        "say what the step does: DECISION, SAMPLE, SET_ATTRIBUTE or SEGMENT");
	TRY(value_only(check, inside, &step->base, step_kinds[step->kind].fields,
	        check_at(check, "a %s step", step_kinds[step->kind].name)));
	TRY(check_next(check, flow, check_at(check, "%snext", inside), step->next));
	if (strlen(step->salt) > SALT_MAX)
		return check_fail(check, ERR_FIELD_INVALID, check_at(check, "%ssalt", inside),
		        "has more than %d bytes", SALT_MAX);
	if (step->kind == STEP(SET_ATTRIBUTE))
		return level_assignment(check, prefix, level, step->attribute, step->value);
	if (step->kind == STEP(SEGMENT))
		return check_segment_step(check, flow, step, prefix);
	return check_branches(check, flow, step, prefix, level);
}

// --- the graph ---

typedef struct Walk {
	const Check *check;
	const Flow *flow;
	int path[STEPS_MAX]; // the steps from the first to the present one
	bool on_path[STEPS_MAX], done[STEPS_MAX];
} Walk;

static Err tell_cycle(const Walk *walk, size_t depth, int to)
{
	const char *text = "";
	size_t first = 0;
	while (walk->path[first] != to)
		first++;
	for (size_t i = first; i < depth; i++)
		text = check_at(walk->check, "%s%s → ", text, walk->flow->steps[walk->path[i]]->name);
	return check_fail(walk->check, ERR_FIELD_INVALID, check_at(walk->check, "steps[%d]", to),
	        "the flow would go round without an end: %s%s; let one of them lead elsewhere", text,
	        walk->flow->steps[to]->name);
}

// The step's ways out: its branches, then `next`; -1: the flow ends there.
static int way_out(const Flow *flow, const FlowStep *step, size_t i)
{
	const char *name = i < step->n_branches ? step->branches[i]->next : step->next;
	return *name ? find_step(flow, name) : -1;
}

// Recursion is bounded by the number of steps.
static Err descend(Walk *walk, size_t depth, int index)
{
	const FlowStep *step = walk->flow->steps[index];
	if (walk->on_path[index])
		return tell_cycle(walk, depth, index);
	if (walk->done[index])
		return OK;
	walk->path[depth] = index;
	walk->on_path[index] = true;
	for (size_t i = 0; i <= step->n_branches; i++) {
		int next = way_out(walk->flow, step, i);
		if (next >= 0)
			TRY(descend(walk, depth + 1, next));
	}
	walk->on_path[index] = false;
	walk->done[index] = true;
	return OK;
}

static Err check_graph(const Check *check, const Flow *flow)
{
	Walk walk = {.check = check, .flow = flow};
	TRY(descend(&walk, 0, 0));
	for (size_t i = 0; i < flow->n_steps; i++)
		if (!walk.done[i])
			return check_fail(check, ERR_FIELD_INVALID, check_at(check, "steps[%zu].name", i),
			        "nothing leads from the first step to \"%s\": name it as a next, or leave it "
			        "out",
			        flow->steps[i]->name);
	return OK;
}

Err validate_segmentation_flow(Check *check)
{
	const Flow *flow = (const void *)check->message;
	const Resolved *level = check_target(check, "AudienceLevel", flow->audience_level);
	if (!flow->n_steps || flow->n_steps > STEPS_MAX)
		return check_fail(check, flow->n_steps ? ERR_FIELD_INVALID : ERR_FIELD_MISSING, "steps",
		        "a flow has 1 to %d steps, this one has %zu", STEPS_MAX, flow->n_steps);
	for (size_t i = 0; i < flow->n_steps; i++)
		TRY(check_step(check, flow, i, level));
	return check_graph(check, flow);
}
