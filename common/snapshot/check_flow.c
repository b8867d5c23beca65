// Segmentation flows. Every way leads to a later step, so that a run ends after at most as many steps as
// there are: that one rule stands for the search for cycles.
#include "snapshot/internal.h"

#include <stdlib.h>

enum { STEPS_MAX = 1024, BRANCHES_MAX = 64 };

// What a step may have besides a name and a way on.
enum { HAS_BRANCHES = 1, HAS_SALT = 2, HAS_VALUE = 4, HAS_SEGMENT = 8 };
static const unsigned allowed[] = {
        [SNAP_STEP(DECISION)] = HAS_BRANCHES,
        [SNAP_STEP(SAMPLE)] = HAS_BRANCHES | HAS_SALT,
        [SNAP_STEP(SET_ATTRIBUTE)] = HAS_VALUE,
        [SNAP_STEP(SEGMENT)] = HAS_SEGMENT,
};

static unsigned present(const SnapStep *step)
{
	return (step->n_branches ? HAS_BRANCHES : 0U) | (*step->salt ? HAS_SALT : 0U) |
	       (step->attribute || step->value ? HAS_VALUE : 0U) | (step->segment ? HAS_SEGMENT : 0U);
}

static Err check_next(const SnapFlow *flow, size_t from, uint32_t next)
{
	TRY(check_optional(next, flow->n_steps, "step"));
	if (next && next - 1 <= from)
		return INVALID("it goes back to step %u", next - 1);
	return OK;
}

static Err check_branch(
        const Check *check, const SnapFlow *flow, const SnapStep *step, const SnapBranch *branch)
{
	bool decides = step->kind == SNAP_STEP(DECISION);
	TRY(check_label(branch->name, "branch"));
	if (decides ? branch->share_ppm != 0 : branch->condition != NULL)
		return INVALID("a branch has a field that its step's kind does not have");
	if (!decides)
		return branch->share_ppm ? OK : INVALID("a branch has no share");
	if (!branch->condition)
		return INVALID("a branch has no condition");
	return check_expression(
	        &check->schemas[flow->audience_level], branch->condition, SNAP_TYPE(BOOL), "branch");
}

static Err check_branches(const Check *check, const SnapFlow *flow, size_t index)
{
	const SnapStep *step = flow->steps[index];
	uint64_t shares = 0;
	if (step->n_branches == 0 || step->n_branches > BRANCHES_MAX)
		return INVALID("it has %zu branches, 1 to %d are allowed", step->n_branches, BRANCHES_MAX);
	for (size_t i = 0; i < step->n_branches; i++) {
		TRY(check_branch(check, flow, step, step->branches[i]));
		TRY(check_next(flow, index, step->branches[i]->next));
		shares += step->branches[i]->share_ppm;
	}
	return check_share(shares, "branches' sum");
}

static Err check_step(const Check *check, const SnapFlow *flow, size_t index)
{
	const SnapStep *step = flow->steps[index];
	const Snapshot *snapshot = check->snapshot;
	if (!name_is_plain(str(step->name)))
		return INVALID("'%.80s' is not a name", step->name);
	if (step->kind <= SNAP_STEP(UNSPECIFIED) || step->kind > SNAP_STEP(SEGMENT))
		return INVALID("it is of no known kind");
	if (present(step) & ~allowed[step->kind])
		return INVALID("it has a field that its kind does not have");
	TRY(check_label(step->salt, "salt"));
	TRY(check_next(flow, index, step->next));
	if (allowed[step->kind] & HAS_BRANCHES)
		return check_branches(check, flow, index);
	if (step->kind == SNAP_STEP(SET_ATTRIBUTE))
		return check_attribute_value(check, flow->audience_level, step->attribute, step->value);
	TRY(check_index(step->segment, snapshot->n_segments, "segment"));
	if (snapshot->segments[step->segment]->audience_level != flow->audience_level)
		return INVALID("its segment is of another audience level");
	return OK;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Explain names steps, so each needs a name of its own.
static Err check_step_names(const SnapFlow *flow)
{
	const char *names[STEPS_MAX];
	for (size_t i = 0; i < flow->n_steps; i++)
		names[i] = flow->steps[i]->name;
	qsort(names, flow->n_steps, sizeof *names, by_text);
	for (size_t i = 1; i < flow->n_steps; i++) {
		if (strcmp(names[i - 1], names[i]) == 0)
			return INVALID("the step '%s' is there twice", names[i]);
	}
	return OK;
}

Err check_flow(Check *check, const void *item)
{
	const SnapFlow *flow = item;
	TRY(check_index(flow->audience_level, check->snapshot->n_audience_levels, "audience level"));
	if (flow->n_steps == 0 || flow->n_steps > STEPS_MAX)
		return INVALID("it has %zu steps, 1 to %d are allowed", flow->n_steps, STEPS_MAX);
	for (size_t i = 0; i < flow->n_steps; i++) {
		Err e = check_step(check, flow, i);
		if (e)
			return err_context(e, "step %zu '%.80s'", i, flow->steps[i]->name);
	}
	return check_step_names(flow);
}
