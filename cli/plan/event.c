// Entries are told as they stand; why, by deciding again from the receipt, so that no plan has to be made
// with explanations for it.
#include "plan/event.h"

#include "history/decision.h"
#include "plan/why.h"

#include <inttypes.h>

// --- the event, from the set ---

// The block that has the place; events are numbered through, so blocks are in order.
static Err event_at(const EventSet *set, uint64_t place, Arena *arena, const Event **ret)
{
	uint64_t low = 0, high = event_set_info(set)->blocks;

	*ret = NULL;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2, first;
		const Event *const *events;
		size_t count;

		TRY(event_set_block(set, middle, arena, &events, &count, &first));
		if (place >= first && place - first < count) {
			*ret = events[place - first];
			return OK;
		}
		if (place < first)
			high = middle;
		else
			low = middle + 1;
	}
	return OK;
}

static Err event_json(const PlanReview *review, uint64_t place, Arena *arena, json_t *into)
{
	const Event *event = NULL;
	json_t *json;

	if (review->set)
		TRY(event_at(review->set, place, arena, &event));
	if (!event)
		return OK;
	TRY(json_from_message(&event->base, JSON_FOR_PEOPLE, &json));
	json_object_set_new(into, "event", json);
	return OK;
}

// --- effects ---

static json_t *list_in(json_t *object, const char *name)
{
	json_t *list = json_object_get(object, name);

	if (!list) {
		list = json_array();
		json_object_set_new(object, name, list);
	}
	return list;
}

static Err add_messages(ProtobufCMessage *const *messages, size_t count, json_t *list)
{
	for (size_t i = 0; i < count; i++) {
		json_t *json;

		TRY(json_from_message(messages[i], JSON_FOR_PEOPLE, &json));
		json_array_append_new(list, json);
	}
	return OK;
}

static Err add_entries(const EventEffects *effects, Arena *arena, json_t *list)
{
	for (size_t i = 0; i < effects->n_entries; i++) {
		const Parley__Journal__V1__Entry *entry;
		json_t *json;

		TRY(plan_entry(effects, i, arena, &entry));
		TRY(json_from_message(&entry->base, JSON_FOR_PEOPLE, &json));
		json_object_del(json, "receipt"); // bytes that mean something to the engine only
		json_array_append_new(list, json);
	}
	return OK;
}

// What a whole plan would have entries about.
static Err add_answers(const PlanSide *side, json_t *list)
{
	for (size_t i = 0; i < side->question_count; i++) {
		json_t *json;

		TRY(json_from_message(&side->questions[i].what->base, JSON_FOR_PEOPLE, &json));
		json_array_append_new(list, json_pack("{s:o}", "recommendation", json));
	}
	return OK;
}

static void add_texts(char *const *texts, size_t count, json_t *list)
{
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(texts[i]));
}

static Err add_effects(const EventEffects *effects, Arena *arena, json_t *into)
{
	add_texts(effects->segments_entered, effects->n_segments_entered, list_in(into, "segments_entered"));
	add_texts(effects->segments_left, effects->n_segments_left, list_in(into, "segments_left"));
	TRY(add_messages((ProtobufCMessage *const *)effects->problems, effects->n_problems,
	        list_in(into, "problems")));
	return add_entries(effects, arena, list_in(into, "entries"));
}

// --- decisions ---

static Err add_decision(const Plan *plan, const PlanQuestion *question, Arena *arena, json_t *list)
{
	const PointDecision *point;
	Decision decision;
	json_t *json = NULL;

	TRY(plan_decide_again(&(WhySide){plan, question}, arena, &decision, &point));
	if (point) {
		CLEANUP(json_decrefp_) json_t *points = decision_points_json(plan, &decision, arena);

		json = json_incref(json_array_get(points, (size_t)(point - decision.points)));
	} else
		json = json_pack("{s:s}", "interaction_point", question->what->interaction_point);
	json_object_set_new(json, "zone", json_string(question->what->zone));
	json_object_set_new(json, "explained", json_boolean(point != NULL));
	json_array_append_new(list, json);
	return OK;
}

static Err add_all(const PlanReview *review, PlanSide *side, uint64_t place, Arena *arena, json_t *into)
{
	bool found = false;

	TRY(plan_side_seek(side, place));
	for (;;) {
		const EventEffects *effects;

		TRY(plan_side_look(side, &effects));
		if (!effects || effects->place != place)
			break;
		found = true;
		TRY(add_effects(effects, arena, into));
		TRY(plan_side_read(side, effects));
		if (effects->n_answers > 0)
			TRY(add_answers(side, list_in(into, "entries")));
		for (size_t i = 0; i < side->question_count; i++)
			TRY(add_decision(review->plans[0].snapshot, &side->questions[i], arena,
			        list_in(into, "decisions")));
		plan_side_step(side);
	}
	return found ? OK
	             : err(ERR_RESOURCE_NOT_FOUND,
	                       "the plan %s has no event at place %" PRIu64 ": it has %" PRIu64,
	                       review->plans[0].name, place, plan_file_end(review->files[0])->effects);
}

Err plan_event_json(Cli *cli, const PlanReview *review, uint64_t place, json_t **ret)
{
	CLEANUP(plan_side_close) PlanSide side = {0};

	*ret = json_pack("{s:s, s:I}", "plan", review->plans[0].name, "place", (json_int_t)place);
	TRY(plan_side_open(review->files[0], review->plans[0].snapshot, &side));
	TRY(event_json(review, place, cli->arena, *ret));
	return add_all(review, &side, place, cli->arena, *ret);
}
