// A brief plan says by places in its snapshot what a whole one has records of: so whoever reads it gets the
// records that it would have had, but for receipts and what they say of the session.
#include "plan/answers.h"

#include "decide/receipt.h"
#include "planfile/seed.h"

typedef Parley__Journal__V1__Recommendation Recommendation;
typedef Parley__Journal__V1__RecommendedOffer Offer;
typedef Parley__Plan__V1__Answer Answer;
typedef Parley__Plan__V1__AnsweredOffer AnsweredOffer;
typedef Parley__Snapshot__V1__Snapshot Snapshot;
typedef Parley__Snapshot__V1__TreatmentRule Rule;

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory to read a plan");
}

static Err damaged(void)
{
	return err(ERR_STATE_CORRUPT, "the plan is damaged: it answers with what its snapshot does not have");
}

// --- an offer ---

static void say_rule(const Snapshot *snapshot, const Rule *rule, Offer *ret)
{
	ret->treatment_rule = rule->name;
	if (rule->segment > 0)
		ret->segment = snapshot->segments[rule->segment - 1]->name;
	if (rule->campaign == 0)
		return;
	const Parley__Snapshot__V1__Campaign *campaign = snapshot->campaigns[rule->campaign - 1];

	ret->campaign = campaign->code;
	if (rule->cell > 0)
		ret->cell = campaign->cells[rule->cell - 1]->code;
}

static bool in_snapshot(const Snapshot *snapshot, const AnsweredOffer *answered)
{
	size_t sources = answered->origin == ORIGIN_RULE     ? snapshot->n_rules
	                 : answered->origin == ORIGIN_GLOBAL ? snapshot->n_global_offers
	                                                     : SIZE_MAX;

	return answered->offer < snapshot->n_offers && answered->origin < ORIGIN_COUNT &&
	       answered->source < sources;
}

static Err read_offer(const Plan *plan, const AnsweredOffer *answered, uint64_t seed, uint32_t ordinal,
        Arena *arena, Offer **ret)
{
	const Snapshot *snapshot = plan_snapshot(plan);
	CandidateId id = {
	        .origin = (Origin)answered->origin, .source = answered->source, .offer = answered->offer};
	Offer *made = *ret = ARENA_NEW(arena, Offer);
	char *code = arena_alloc(arena, TREATMENT_CODE_SIZE);

	if (!made || !code)
		return no_memory();
	if (!in_snapshot(snapshot, answered))
		return damaged();
	const Rule *rule = decide_rule(plan, id);

	parley__journal__v1__recommended_offer__init(made);
	decision_code(seed, ordinal, code);
	made->treatment_code = code;
	made->offer_code = snapshot->offers[id.offer]->code;
	made->origin = (char *)(uintptr_t)origin_name(id.origin);
	made->score = answered->score;
	if (rule)
		say_rule(snapshot, rule, made);
	return OK;
}

// --- an answer ---

// `ordinal` counts the call's treatments, which its answers before this one began.
static Err read_answer(const Plan *plan, const Answer *answer, uint64_t seed, uint32_t ordinal, Arena *arena,
        const Recommendation **ret)
{
	const Snapshot *snapshot = plan_snapshot(plan);
	Recommendation *made = ARENA_NEW(arena, Recommendation);

	*ret = made;
	if (!made)
		return no_memory();
	if (answer->point >= snapshot->n_points)
		return damaged();
	parley__journal__v1__recommendation__init(made);
	made->interaction_point = snapshot->points[answer->point]->name;
	made->zone = snapshot->zones[snapshot->points[answer->point]->zone]->name;
	made->seed = seed;
	made->offers = ARENA_ARRAY(arena, Offer *, answer->n_offers + 1);
	if (!made->offers)
		return no_memory();
	for (; made->n_offers < answer->n_offers; made->n_offers++) {
		size_t i = made->n_offers;

		TRY(read_offer(
		        plan, answer->offers[i], seed, ordinal + (uint32_t)i, arena, &made->offers[i]));
		made->offers[i]->rank = (uint32_t)i + 1;
	}
	return OK;
}

Err plan_answers(const Plan *plan, const Parley__Plan__V1__PlanInputs *inputs, const EventEffects *effects,
        Arena *arena, const Recommendation *const **ret)
{
	const Recommendation **made = ARENA_ARRAY(arena, const Recommendation *, effects->n_answers + 1);
	uint32_t ordinal = 0;

	if (!made)
		return no_memory();
	for (size_t i = 0; i < effects->n_answers; i++) {
		const Answer *answer = effects->answers[i];
		uint64_t seed = plan_call_seed(inputs->seed, effects->place, answer->call);

		if (i > 0 && effects->answers[i - 1]->call != answer->call)
			ordinal = 0;
		TRY(read_answer(plan, answer, seed, ordinal, arena, &made[i]));
		ordinal += (uint32_t)answer->n_offers;
	}
	*ret = made;
	return OK;
}
