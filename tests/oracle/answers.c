// Both sides are asked alike, and what they say is compared to the bit.
#include "answers.h"

#include "decide/receipt.h"
#include "reference.h"

#define SALT "salt1"

static DecideRequest request_of(const Visit *visit, bool explain)
{
	return (DecideRequest){
	        .points = visit->points,
	        .count = visit->point_count,
	        .as_of_us = visit->as_of_us,
	        .seed = visit->seed,
	        .deduplicate_across = visit->across,
	        .explain = explain,
	};
}

static SegmentRequest segment_request_of(const Visit *visit, bool explain)
{
	return (SegmentRequest){(int)visit->level, str(visit->audience_id), visit->as_of_us, explain};
}

static Visitor visitor_of(const Visit *visit, const Answers *answers)
{
	return (Visitor){
	        .level = (int)visit->level,
	        .audience_id = str(visit->audience_id),
	        .values = answers->values,
	        .segments = answers->segments.segments,
	        .state = {visit->facts, visit->fact_count, visit->session_facts, visit->session_fact_count,
	                visit->volumes},
	};
}

static void prepare(const World *world, const Visit *visit, Arena *arena, Answers *ret)
{
	size_t count = world->snapshot->audience_levels[visit->level]->n_attributes;
	*ret = (Answers){
	        .attribute_count = count,
	        .segment_words = (world->snapshot->n_segments + 63) / 64,
	        .defaults = ARENA_ARRAY(arena, ExprValue, count),
	        .values = ARENA_ARRAY(arena, ExprValue, count),
	        .set = arena_alloc(arena, count),
	};
	ret->segments.set = ret->set;
	ret->segments.segments = ARENA_ARRAY(arena, uint64_t, ret->segment_words);
	ret->untold.segments = ARENA_ARRAY(arena, uint64_t, ret->segment_words);
	if (count)
		memcpy(ret->values, visit->values, count * sizeof *ret->values);
}

// Once more without explaining and without asking what was set: it must come to the same.
static Err segment_untold(const World *world, const Visit *visit, Arena *arena, Answers *ret)
{
	SegmentRequest request = segment_request_of(visit, false);
	ExprValue *values = ARENA_ARRAY(arena, ExprValue, ret->attribute_count);
	if (ret->attribute_count)
		memcpy(values, visit->values, ret->attribute_count * sizeof *values);
	return decide_segments(world->plan, &request, values, arena, &ret->untold);
}

// What the plan tells of names, against the lists themselves. Counts what is wrong.
static size_t count_mislaid(const World *world, const Visit *visit, const Answers *answers)
{
	const Plan *plan = world->plan;
	const Snapshot *s = world->snapshot;
	const SnapLevel *level = s->audience_levels[visit->level];
	Str nobody = STR("nobody"), id = str(visit->audience_id);
	size_t wrong = plan_snapshot(plan) != s || plan_segment_words(plan) != answers->segment_words;
	for (size_t i = 0; i < s->n_points; i++)
		wrong += plan_point(plan, str(s->points[i]->name)) != (int)i;
	for (size_t i = 0; i < s->n_offers; i++)
		wrong += plan_offer(plan, str(s->offers[i]->code)) != (int)i;
	for (size_t i = 0; i < level->n_attributes; i++)
		wrong += plan_attribute(plan, (int)visit->level, str(level->attributes[i]->name)) != (int)i;
	wrong += plan_level(plan, str(level->name)) != (int)visit->level;
	wrong += plan_level(plan, nobody) != -1 || plan_point(plan, nobody) != -1 ||
	         plan_offer(plan, nobody) != -1 || plan_event(plan, nobody) != -1 ||
	         plan_attribute(plan, (int)visit->level, nobody) != -1;
	wrong += decide_share(STR(SALT), str(level->name), id, answers->share);
	wrong += !decide_share(STR(SALT), str(level->name), id, answers->share + 1);
	return wrong;
}

// Whether the rules of what is offered are told as they stand.
static size_t count_wrong_rules(const World *world, const Decision *decision)
{
	const Snapshot *s = world->snapshot;
	size_t wrong = 0;
	for (size_t p = 0; p < decision->count; p++)
		for (size_t i = 0; i < decision->points[p].offer_count; i++) {
			CandidateId id = decision->points[p].offers[i].id;
			const SnapRule *rule = id.origin == ORIGIN_RULE     ? s->rules[id.source]
			                       : id.origin == ORIGIN_GLOBAL ? s->global_offers[id.source]
			                                                    : NULL;
			wrong += decide_rule(world->plan, id) != rule;
		}
	return wrong;
}

// Whether the decision can be made again from its receipt, the receipt from what was read of it, and both are
// the same to the last bit.
static Err count_unlike(
        const Plan *plan, Receipt *receipt, const Decision *decision, Arena *arena, size_t *wrong)
{
	Str bytes, again;
	Receipt read;
	Decision replayed;
	uint64_t digest;
	TRY(decision_digest(decision, arena, &receipt->digest));
	TRY(receipt_write(plan, receipt, arena, &bytes));
	Err e = receipt_read(plan, bytes, arena, &read);
	*wrong += e != OK;
	if (e != OK)
		return OK;
	TRY(decide(plan, &read.visitor, &read.request, arena, &replayed));
	TRY(decision_digest(&replayed, arena, &digest));
	TRY(receipt_write(plan, &read, arena, &again));
	*wrong += digest != receipt->digest || read.digest != digest || !str_eq(again, bytes);
	return OK;
}

static Err ask_engine(const World *world, const Visit *visit, Arena *arena, Answers *ret)
{
	const Plan *plan = world->plan;
	SegmentRequest segment_request = segment_request_of(visit, true);
	decide_defaults(plan, (int)visit->level, ret->defaults);
	TRY(decide_segments(plan, &segment_request, ret->values, arena, &ret->segments));
	TRY(segment_untold(world, visit, arena, ret));
	for (int i = SNAP_PERIOD(EVER); i <= SNAP_PERIOD(MONTH); i++)
		ret->periods[i] = decide_period_start((Parley__Snapshot__V1__Period)i, visit->as_of_us);
	ret->share = decide_share_of(STR(SALT), str(world->snapshot->audience_levels[visit->level]->name),
	        str(visit->audience_id));
	Visitor visitor = visitor_of(visit, ret);
	DecideRequest told = request_of(visit, true), plain = request_of(visit, false);
	TRY(decide(plan, &visitor, &told, arena, &ret->told));
	ret->mislaid = count_mislaid(world, visit, ret) + count_wrong_rules(world, &ret->told);
	TRY(decide(plan, &visitor, &plain, arena, &ret->plain));
	Receipt receipt = {.visitor = visitor, .given = visit->values, .request = plain};
	return count_unlike(plan, &receipt, &ret->plain, arena, &ret->mislaid);
}

void answers_of_engine(const World *world, const Visit *visit, Arena *arena, Answers *ret)
{
	prepare(world, visit, arena, ret);
	ret->failed = ask_engine(world, visit, arena, ret);
}

void answers_of_reference(const World *world, const Visit *visit, Arena *arena, Cover *cover, Answers *ret)
{
	prepare(world, visit, arena, ret);
	Reference ref = {world->snapshot, arena, cover};
	SegmentRequest segment_request = segment_request_of(visit, true);
	ref_defaults(&ref, visit->level, ret->defaults);
	ref_segments(&ref, &segment_request, ret->values, &ret->segments);
	ret->untold.segments = ret->segments.segments;
	for (int i = SNAP_PERIOD(EVER); i <= SNAP_PERIOD(MONTH); i++)
		ret->periods[i] = ref_period_start((Parley__Snapshot__V1__Period)i, visit->as_of_us);
	ret->share = ref_share_of(STR(SALT), str(world->snapshot->audience_levels[visit->level]->name),
	        str(visit->audience_id));
	Visitor visitor = visitor_of(visit, ret);
	DecideRequest told = request_of(visit, true);
	ref_decide(&ref, &visitor, &told, &ret->told);
	ret->plain = ret->told;
}
