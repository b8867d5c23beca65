// Both are asked alike: inputs by names, segments computed anew as of the decision, the same seed. So what
// was only another moment of segmentation counts for neither side. Each decision is looked at by itself, with
// the facts as they were: what the candidate would have made of the visitor before is not followed.
#include "release/behaviour.h"

#include "decide/carry.h"
#include "snapshot/types.h"

enum { EXAMPLES_EACH = 3, EXAMPLES_MAX = 24 };

// One snapshot's answer.
typedef struct Side {
	const Plan *plan;
	Carried carried;
	Decision decision;
} Side;

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory to compare decisions");
}

static int find_segment(const Behaviour *b, const char *name)
{
	for (size_t i = 0; i < plan_snapshot(b->running)->n_segments; i++)
		if (strcmp(b->segments[i].name, name) == 0)
			return (int)i;
	return -1;
}

static Err open_segments(Behaviour *b, Arena *arena)
{
	const Snapshot *running = plan_snapshot(b->running), *candidate = plan_snapshot(b->candidate);
	b->segments = ARENA_ARRAY(arena, BehaviourGroup, running->n_segments + candidate->n_segments + 1);
	b->of_candidate = ARENA_ARRAY(arena, size_t, candidate->n_segments + 1);
	if (!b->segments || !b->of_candidate)
		return no_memory();
	for (; b->segment_count < running->n_segments; b->segment_count++)
		b->segments[b->segment_count].name = running->segments[b->segment_count]->name;
	for (size_t i = 0; i < candidate->n_segments; i++) {
		int known = find_segment(b, candidate->segments[i]->name);
		b->of_candidate[i] = known >= 0 ? (size_t)known : b->segment_count;
		if (known < 0)
			b->segments[b->segment_count++].name = candidate->segments[i]->name;
	}
	b->segments[b->segment_count++].name = "";
	return OK;
}

Err behaviour_open(const Plan *running, const Plan *candidate, Arena *arena, Behaviour *ret)
{
	const Snapshot *snapshot = plan_snapshot(running);
	*ret = (Behaviour){.running = running,
	        .candidate = candidate,
	        .all = {.name = ""},
	        .zones = ARENA_ARRAY(arena, BehaviourGroup, snapshot->n_zones + 1),
	        .moves = json_object(),
	        .lost = json_object(),
	        .examples = json_array()};
	if (!ret->zones || !ret->moves || !ret->lost || !ret->examples)
		return no_memory();
	for (; ret->zone_count < snapshot->n_zones; ret->zone_count++)
		ret->zones[ret->zone_count].name = snapshot->zones[ret->zone_count]->name;
	return open_segments(ret, arena);
}

void behaviour_close(Behaviour *behaviour)
{
	json_decref(behaviour->moves);
	json_decref(behaviour->lost);
	json_decref(behaviour->examples);
}

// --- asking ---

static Err ask(Side *side, const Plan *recorded, const Receipt *receipt, Arena *arena)
{
	TRY(receipt_carry(recorded, receipt, side->plan, arena, &side->carried));
	return side->carried.possible ? decide(side->plan, &side->carried.visitor, &side->carried.request,
	                                        arena, &side->decision)
	                              : OK;
}

static const char *offer_at(const Side *side, size_t point, size_t i)
{
	if (point >= side->decision.count || i >= side->decision.points[point].offer_count)
		return NULL;
	return plan_snapshot(side->plan)->offers[side->decision.points[point].offers[i].id.offer]->code;
}

static bool same_offer(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_offers(const Side *a, const Side *b, size_t point)
{
	for (size_t i = 0;; i++) {
		const char *x = offer_at(a, point, i), *y = offer_at(b, point, i);
		if (!same_offer(x, y))
			return false;
		if (!x)
			return true;
	}
}

// --- counting ---

static bool in_segment(const Visitor *visitor, size_t segment)
{
	return visitor->segments[segment / 64] >> segment % 64 & 1;
}

// The groups of a decision's visitor, in `ret`, which has room for all.
static size_t segments_of(
        const Behaviour *b, const Side *running, const Side *candidate, bool *marked, size_t *ret)
{
	size_t count = 0;
	for (size_t i = 0; i < plan_snapshot(b->running)->n_segments; i++)
		marked[i] = in_segment(&running->carried.visitor, i);
	for (size_t i = 0; candidate->carried.possible && i < plan_snapshot(b->candidate)->n_segments; i++)
		marked[b->of_candidate[i]] |= in_segment(&candidate->carried.visitor, i);
	for (size_t i = 0; i < b->segment_count; i++)
		if (marked[i])
			ret[count++] = i;
	if (!count)
		ret[count++] = b->segment_count - 1;
	return count;
}

static void group_add(BehaviourGroup *group, bool winner, bool offers)
{
	group->questions++;
	group->winners += winner;
	group->offers += offers;
}

static void count_up(json_t *object, const char *name)
{
	json_object_set_new(
	        object, name, json_integer(json_integer_value(json_object_get(object, name)) + 1));
}

static void note_move(Behaviour *b, const char *from, const char *to)
{
	json_t *row = json_object_get(b->moves, from ? from : "");
	if (!row) {
		row = json_object();
		json_object_set_new(b->moves, from ? from : "", row);
	}
	count_up(row, to ? to : "");
}

static void note_example(Behaviour *b, const BehaviourGroup *zone, const char *decision, const char *point,
        const char *from, const char *to)
{
	if (zone->winners > EXAMPLES_EACH || json_array_size(b->examples) >= EXAMPLES_MAX)
		return;
	json_array_append_new(b->examples,
	        json_pack("{s:s, s:s, s:s, s:s, s:s}", "decision_id", decision, "zone", zone->name, "point",
	                point, "from", from ? from : "", "to", to ? to : ""));
}

static void note_losses(Behaviour *b, const Carried *carried, Arena *scratch)
{
	for (size_t i = 0; i < carried->loss_count; i++) {
		const CarryLoss *loss = &carried->losses[i];
		const char *name = arena_printf(scratch, "%s %s", carry_kind_name(loss->kind), loss->name);
		if (name)
			count_up(b->lost, name);
	}
}

static void add_question(Behaviour *b, const Side *running, const Side *candidate, size_t i,
        const size_t *segments, size_t segment_count, const char *decision)
{
	const SnapPoint *point = plan_snapshot(b->running)->points[running->carried.request.points[i].point];
	const char *from = offer_at(running, i, 0), *to = offer_at(candidate, i, 0);
	bool winner = !same_offer(from, to), offers = !same_offers(running, candidate, i);
	BehaviourGroup *zone = &b->zones[point->zone];
	group_add(&b->all, winner, offers);
	group_add(zone, winner, offers);
	for (size_t s = 0; s < segment_count; s++)
		group_add(&b->segments[segments[s]], winner, offers);
	if (!winner)
		return;
	note_move(b, from, to);
	note_example(b, zone, decision, point->name, from, to);
}

Err behaviour_add(
        Behaviour *b, const Plan *recorded, const Receipt *receipt, const char *decision, Arena *scratch)
{
	Side running = {.plan = b->running}, candidate = {.plan = b->candidate};
	bool *marked = ARENA_ARRAY(scratch, bool, b->segment_count);
	size_t *segments = ARENA_ARRAY(scratch, size_t, b->segment_count);
	if (!marked || !segments)
		return no_memory();
	TRY(ask(&running, recorded, receipt, scratch));
	if (!running.carried.possible) {
		b->not_asked++;
		return OK;
	}
	TRY(ask(&candidate, recorded, receipt, scratch));
	note_losses(b, &candidate.carried, scratch);
	b->decisions++;
	size_t count = segments_of(b, &running, &candidate, marked, segments);
	for (size_t i = 0; i < running.carried.request.count; i++)
		if (running.carried.request.points[i].point >= 0)
			add_question(b, &running, &candidate, i, segments, count, decision);
	return OK;
}
