// Segments: flows step by step, then each segment by itself, then the groups.
#include "oracle.h"
#include "reference.h"

typedef struct Run {
	const Reference *ref;
	const SegmentRequest *request;
	const SnapLevel *level;
	ExprValue *values;
	Segmentation *ret;
	SegmentTrace *trace;
	bool *by_flow, *by_itself; // by segment: put there by a flow, by its expression and list
} Run;

static SegmentTrace *add_trace(Run *run, int flow, uint32_t step)
{
	SegmentTrace *entry = &run->trace[run->ret->trace_count++];
	*entry = (SegmentTrace){.flow = flow, .step = step, .branch = -1, .segment = -1, .beaten_by = -1};
	return entry;
}

static ExprValue value_of(Run *run, const SnapExpression *expression)
{
	return ref_value(run->ref, expression, run->values, run->request->as_of_us);
}

// Whether it is true; if not, the trace tells.
static bool holds(Run *run, const SnapExpression *expression, SegmentTrace *entry)
{
	ExprValue value = ref_typed(value_of(run, expression), EXPR_BOOL);
	if (value.kind == EXPR_BOOL && value.b)
		return true;
	entry->predicate = str(expression->source);
	entry->error = value.kind == EXPR_ERROR
	                       ? ref_error_text(run->ref, (uint32_t)run->request->level, value)
	                       : (Str){0};
	return false;
}

// --- steps: each returns where to go on, as FlowBranch.next ---

static uint32_t decision(Run *run, const SnapStep *step, SegmentTrace *entry)
{
	for (size_t i = 0; i < step->n_branches; i++) {
		if (holds(run, step->branches[i]->condition, entry)) {
			cover_row(run->ref->cover, COVER_DECISION_BRANCH);
			entry->branch = (int)i;
			return step->branches[i]->next;
		}
		if (entry->error.len)
			cover_row(run->ref->cover, COVER_DECISION_ERROR);
	}
	cover_row(run->ref->cover, COVER_DECISION_NONE);
	return step->next;
}

static uint32_t sample(Run *run, const SnapStep *step, SegmentTrace *entry)
{
	uint32_t share = ref_share_of(str(step->salt), str(run->level->name), run->request->audience_id),
	         begin = 0;
	for (size_t i = 0; i < step->n_branches; i++) {
		uint32_t end = begin + step->branches[i]->share_ppm;
		if (i && share == begin)
			cover_row(run->ref->cover, COVER_SAMPLE_FIRST);
		if (share + 1 == end)
			cover_row(run->ref->cover, COVER_SAMPLE_LAST);
		if (begin <= share && share < end) {
			cover_row(run->ref->cover, COVER_SAMPLE_BRANCH);
			entry->branch = (int)i;
			return step->branches[i]->next;
		}
		begin = end;
	}
	cover_row(run->ref->cover, COVER_SAMPLE_NONE);
	return step->next;
}

static void set_attribute(Run *run, const SnapStep *step, SegmentTrace *entry)
{
	ExprKind kind = ast_kind(run->level->attributes[step->attribute]->type);
	ExprValue raw = value_of(run, step->value), value = ref_typed(raw, kind);
	if (value.kind == EXPR_ERROR) {
		cover_row(run->ref->cover, raw.kind == EXPR_ERROR ? COVER_SET_FAILED : COVER_SET_OTHER_TYPE);
		entry->predicate = str(step->value->source);
		entry->error = ref_error_text(run->ref, (uint32_t)run->request->level, value);
		return;
	}
	cover_row(run->ref->cover, raw.kind == value.kind ? COVER_SET_DONE : COVER_SET_WIDENED);
	run->values[step->attribute] = value;
	run->ret->set[step->attribute] = 1;
	entry->matched = true;
}

static uint32_t take_step(Run *run, const SnapFlow *flow, int index, uint32_t at)
{
	const SnapStep *step = flow->steps[at];
	SegmentTrace *entry = add_trace(run, index, at);
	switch (step->kind) {
	case SNAP_STEP(DECISION):
		return decision(run, step, entry);
	case SNAP_STEP(SAMPLE):
		return sample(run, step, entry);
	case SNAP_STEP(SET_ATTRIBUTE):
		set_attribute(run, step, entry);
		return step->next;
	default:
		cover_row(run->ref->cover, COVER_FLOW_SEGMENT);
		entry->segment = (int)step->segment;
		entry->matched = true;
		run->by_flow[step->segment] = true;
		return step->next;
	}
}

// --- segments by themselves ---

static bool is_listed(const Run *run, const SnapSegment *segment)
{
	const SnapList *list = run->ref->snapshot->audience_lists[segment->list - 1];
	for (size_t i = 0; i < list->n_ids; i++)
		if (str_eq(str(list->ids[i]), run->request->audience_id))
			return true;
	return false;
}

static bool by_both(Run *run, const SnapSegment *segment, bool listed, bool held)
{
	Cover *cover = run->ref->cover;
	switch (segment->list_use) {
	case SNAP_LIST_USE(ALL):
		if (listed != held)
			cover_row(cover, COVER_SEGMENT_ALL_ONE);
		if (listed && held)
			cover_row(cover, COVER_SEGMENT_ALL_BOTH);
		return listed && held;
	case SNAP_LIST_USE(ANY):
		if (listed != held)
			cover_row(cover, listed ? COVER_SEGMENT_ANY_LIST : COVER_SEGMENT_ANY_EXPRESSION);
		return listed || held;
	default:
		if (held)
			cover_row(cover, listed ? COVER_SEGMENT_EXCEPT_LISTED : COVER_SEGMENT_EXCEPT_IN);
		return held && !listed;
	}
}

static void look_at_segment(Run *run, uint32_t index)
{
	const SnapSegment *segment = run->ref->snapshot->segments[index];
	if (!segment->expression && !segment->list) {
		cover_row(run->ref->cover, COVER_SEGMENT_NEITHER);
		return;
	}
	SegmentTrace *entry = add_trace(run, -1, 0);
	entry->segment = (int)index;
	bool listed = segment->list && is_listed(run, segment);
	bool held = segment->expression && holds(run, segment->expression, entry);
	if (entry->error.len)
		cover_row(run->ref->cover, COVER_SEGMENT_FAILED);
	if (!segment->list) {
		entry->matched = held;
		if (held)
			cover_row(run->ref->cover, COVER_SEGMENT_EXPRESSION);
	} else if (!segment->expression) {
		entry->matched = listed;
		if (listed)
			cover_row(run->ref->cover, COVER_SEGMENT_LIST);
	} else {
		entry->matched = by_both(run, segment, listed, held);
	}
	run->by_itself[index] = entry->matched;
}

// --- groups ---

// The segment of its group that comes first of those that matched: itself, if none is before it.
static uint32_t first_of_group(const Run *run, uint32_t index)
{
	const Snapshot *snapshot = run->ref->snapshot;
	uint32_t first = index;
	if (!*snapshot->segments[index]->group)
		return index;
	for (uint32_t i = 0; i < snapshot->n_segments; i++) {
		const SnapSegment *a = snapshot->segments[i], *b = snapshot->segments[first];
		if ((!run->by_flow[i] && !run->by_itself[i]) || a->audience_level != b->audience_level ||
		        strcmp(a->group, b->group) != 0)
			continue;
		if (a->rank < b->rank || (a->rank == b->rank && strcmp(a->name, b->name) < 0))
			first = i;
	}
	return first;
}

static void settle_groups(Run *run)
{
	const Snapshot *snapshot = run->ref->snapshot;
	for (uint32_t i = 0; i < snapshot->n_segments; i++) {
		if (!run->by_flow[i] && !run->by_itself[i])
			continue;
		uint32_t first = first_of_group(run, i);
		if (first == i) {
			run->ret->segments[i / 64] |= UINT64_C(1) << (i % 64);
			continue;
		}
		cover_row(run->ref->cover, snapshot->segments[first]->rank < snapshot->segments[i]->rank
		                                   ? COVER_GROUP_RANK
		                                   : COVER_GROUP_NAME);
		if (run->by_flow[i])
			cover_row(run->ref->cover, COVER_GROUP_FLOW_BEATEN);
		for (size_t t = 0; t < run->ret->trace_count; t++) {
			if (run->trace[t].segment != (int)i || !run->trace[t].matched)
				continue;
			run->trace[t].matched = false;
			run->trace[t].beaten_by = (int)first;
		}
	}
}

static size_t entries_most(const Snapshot *snapshot)
{
	size_t most = snapshot->n_segments;
	for (size_t i = 0; i < snapshot->n_flows; i++)
		most += snapshot->flows[i]->n_steps;
	return most;
}

void ref_segments(const Reference *ref, const SegmentRequest *request, ExprValue *values, Segmentation *ret)
{
	const Snapshot *snapshot = ref->snapshot;
	Run run = {
	        .ref = ref,
	        .request = request,
	        .level = snapshot->audience_levels[request->level],
	        .values = values,
	        .ret = ret,
	        .trace = ARENA_ARRAY(ref->arena, SegmentTrace, entries_most(snapshot)),
	        .by_flow = arena_alloc(ref->arena, snapshot->n_segments),
	        .by_itself = arena_alloc(ref->arena, snapshot->n_segments),
	};
	ret->trace = run.trace;
	ret->trace_count = 0;
	for (size_t i = 0; i < (snapshot->n_segments + 63) / 64; i++)
		ret->segments[i] = 0;
	for (size_t i = 0; i < snapshot->n_flows; i++) {
		const SnapFlow *flow = snapshot->flows[i];
		if ((int)flow->audience_level != request->level)
			continue;
		for (uint32_t next = flow->n_steps ? 1 : 0; next;)
			next = take_step(&run, flow, (int)i, next - 1);
	}
	for (uint32_t i = 0; i < snapshot->n_segments; i++)
		if ((int)snapshot->segments[i]->audience_level == request->level)
			look_at_segment(&run, i);
	settle_groups(&run);
	if (!request->explain) {
		ret->trace = NULL;
		ret->trace_count = 0;
	}
}
