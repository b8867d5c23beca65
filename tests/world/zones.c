// Zones, points, events, segments and flows.
#include "world/build.h"

#include <stdlib.h>

SnapZone *world_zone(World *world, const char *name)
{
	SnapZone *zone = WORLD_ADD_NAMED(world, name, zones, SnapZone, PARLEY__SNAPSHOT__V1__ZONE__INIT);
	zone->tie_break = SNAP_TIE(OFFER_CODE);
	zone->deduplication = SNAP_DEDUP(OFFER);
	return zone;
}

SnapPoint *world_point(World *world, const char *name, const char *zone)
{
	SnapPoint *point = WORLD_ADD_NAMED(
	        world, name, points, SnapPoint, PARLEY__SNAPSHOT__V1__INTERACTION_POINT__INIT);
	point->default_content = world_text(world, "welcome");
	world_refer(world, (Reference){.kind = REFERS_ZONE, .name = zone, .where = &point->zone});
	return point;
}

void world_include(World *world, SnapZone *zone, uint32_t level, const char *expression)
{
	SnapLevelExpression *added = WORLD_ADD(
	        world, zone, inclusion, SnapLevelExpression, PARLEY__SNAPSHOT__V1__LEVEL_EXPRESSION__INIT);
	added->audience_level = level;
	added->expression = world_expression(world, expression);
}

void world_include_offers(World *world, SnapZone *zone, const char *attribute,
        Parley__Snapshot__V1__Comparison comparison, SnapConstant *value)
{
	SnapCondition *added = WORLD_ADD(
	        world, zone, offer_inclusion, SnapCondition, PARLEY__SNAPSHOT__V1__OFFER_CONDITION__INIT);
	added->attribute = world_text(world, attribute);
	added->comparison = comparison;
	added->value = value;
}

void world_default_offers(World *world, SnapZone *zone, const char *offers)
{
	world_refer_offers(world, offers, false, &zone->default_offers, &zone->n_default_offers);
}

// --- events ---

SnapAction *world_action(World *world, SnapEvent *event, Parley__Snapshot__V1__EventActionKind kind)
{
	SnapAction *action =
	        WORLD_ADD(world, event, actions, SnapAction, PARLEY__SNAPSHOT__V1__EVENT_ACTION__INIT);
	action->kind = kind;
	return action;
}

SnapEvent *world_event(World *world, const char *name, Parley__Snapshot__V1__EventActionKind action)
{
	SnapEvent *event = WORLD_ADD_NAMED(world, name, events, SnapEvent, PARLEY__SNAPSHOT__V1__EVENT__INIT);
	if (action)
		world_action(world, event, action);
	return event;
}

SnapAction *world_action_offers(World *world, SnapEvent *event, Parley__Snapshot__V1__EventActionKind kind,
        const char *offers, Parley__Snapshot__V1__Scope scope)
{
	SnapAction *action = world_action(world, event, kind);
	if (offers)
		world_refer_offers(world, offers, true, &action->offers, &action->n_offers);
	action->scope = scope;
	return action;
}

SnapAction *world_action_set(World *world, SnapEvent *event, uint32_t slot, const char *value)
{
	SnapAction *action = world_action(world, event, SNAP_ACTION(SET_ATTRIBUTE));
	action->audience_level = WORLD_CUSTOMER + 1;
	action->attribute = slot;
	action->value = world_expression(world, value);
	return action;
}

SnapAction *world_action_outcome(
        World *world, SnapEvent *event, const char *outcome, Parley__Snapshot__V1__EventActionKind counts_as)
{
	SnapAction *action = world_action(world, event, SNAP_ACTION(LOG_OUTCOME));
	action->outcome = world_text(world, outcome);
	action->counts_as = counts_as;
	return action;
}

SnapAction *world_action_trigger(World *world, SnapEvent *event, const char *triggered)
{
	SnapAction *action = world_action(world, event, SNAP_ACTION(TRIGGER_EVENT));
	world_refer(world, (Reference){.kind = REFERS_EVENT, .name = triggered, .where = &action->event});
	return action;
}

// --- segments ---

SnapSegment *world_segment(World *world, const char *name, const char *expression)
{
	SnapSegment *segment =
	        WORLD_ADD_NAMED(world, name, segments, SnapSegment, PARLEY__SNAPSHOT__V1__SEGMENT__INIT);
	segment->expression = expression ? world_expression(world, expression) : NULL;
	return segment;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

SnapList *world_list(World *world, const char *name, const char *ids)
{
	SnapList *list = WORLD_ADD_NAMED(
	        world, name, audience_lists, SnapList, PARLEY__SNAPSHOT__V1__AUDIENCE_LIST__INIT);
	list->ids = world_words(world, ids, &list->n_ids);
	qsort(list->ids, list->n_ids, sizeof *list->ids, by_text);
	return list;
}

void world_segment_list(
        World *world, SnapSegment *segment, const char *list, Parley__Snapshot__V1__ListUse use)
{
	segment->list_use = use;
	world_refer(world,
	        (Reference){.kind = REFERS_AUDIENCE_LIST, .name = list, .where = &segment->list, .base = 1});
}

// --- flows ---

SnapFlow *world_flow(World *world, const char *name)
{
	return WORLD_ADD_NAMED(world, name, flows, SnapFlow, PARLEY__SNAPSHOT__V1__SEGMENTATION_FLOW__INIT);
}

static SnapStep *add_step(World *world, SnapFlow *flow, const char *name,
        Parley__Snapshot__V1__FlowStepKind kind, const char *next)
{
	SnapStep *step = WORLD_ADD(world, flow, steps, SnapStep, PARLEY__SNAPSHOT__V1__FLOW_STEP__INIT);
	step->name = world_text(world, name);
	step->kind = kind;
	world_refer(world,
	        (Reference){.kind = REFERS_STEP, .of = flow, .name = next, .where = &step->next, .base = 1});
	return step;
}

SnapStep *world_decision(World *world, SnapFlow *flow, const char *name, const char *next)
{
	return add_step(world, flow, name, SNAP_STEP(DECISION), next);
}

SnapStep *world_sample(World *world, SnapFlow *flow, const char *name, const char *salt, const char *next)
{
	SnapStep *step = add_step(world, flow, name, SNAP_STEP(SAMPLE), next);
	step->salt = world_text(world, salt);
	return step;
}

SnapStep *world_set(
        World *world, SnapFlow *flow, const char *name, uint32_t slot, const char *value, const char *next)
{
	SnapStep *step = add_step(world, flow, name, SNAP_STEP(SET_ATTRIBUTE), next);
	step->attribute = slot;
	step->value = world_expression(world, value);
	return step;
}

SnapStep *world_output(World *world, SnapFlow *flow, const char *name, const char *segment, const char *next)
{
	SnapStep *step = add_step(world, flow, name, SNAP_STEP(SEGMENT), next);
	world_refer(world, (Reference){.kind = REFERS_SEGMENT, .name = segment, .where = &step->segment});
	return step;
}

static SnapBranch *add_branch(World *world, SnapFlow *flow, SnapStep *step, const char *next)
{
	SnapBranch *branch =
	        WORLD_ADD(world, step, branches, SnapBranch, PARLEY__SNAPSHOT__V1__FLOW_BRANCH__INIT);
	world_refer(world,
	        (Reference){
	                .kind = REFERS_STEP, .of = flow, .name = next, .where = &branch->next, .base = 1});
	return branch;
}

SnapBranch *world_branch(
        World *world, SnapFlow *flow, SnapStep *decision, const char *condition, const char *next)
{
	SnapBranch *branch = add_branch(world, flow, decision, next);
	branch->condition = world_expression(world, condition);
	return branch;
}

SnapBranch *world_share(World *world, SnapFlow *flow, SnapStep *sample, uint32_t ppm, const char *next)
{
	SnapBranch *branch = add_branch(world, flow, sample, next);
	branch->share_ppm = ppm;
	return branch;
}
