// A plan says for sure what it shows, so its probability of what was really shown is 1 or 0: it is what the
// plan shows first at that point, or it is not. A draw that decided a tie in the plan is one draw of the
// policy's, independent of the log, and leaves the estimates right on average. What a plan was not asked, or
// answered with the default content, it shows nobody, and that earns nothing.
#include "plan/value.h"

#include "base/cleanup.h"
#include "plan/estimate_json.h"
#include "plan/side.h"
#include "progress.h"

#include <stdlib.h>

enum { OFFERS_MAX = 1000 * 1000, PLACES_MAX = 10000 };

// One plan.
typedef struct Judged {
	const ComparedPlan *plan;
	Estimator *estimator;
	PlanSide side;
	PlanValue *value;
} Judged;

typedef struct Valuation {
	const EventSet *set;
	Judged *plans;
	size_t count;
	json_t *offers, *places; // names to numbers
	Arena *arena;            // of a block of the set
	Progress progress;
} Valuation;

typedef Err Take(Estimator *estimator, const EstimateRow *row);

static void valuation_close(Valuation *valuation)
{
	progress_end(&valuation->progress);
	for (size_t i = 0; valuation->plans && i < valuation->count; i++)
		estimator_free(valuation->plans[i].estimator);
	free(valuation->plans);
	json_decref(valuation->offers);
	json_decref(valuation->places);
	arena_free(valuation->arena);
}

// --- one event ---

static uint64_t visitor_of(const Event *event)
{
	uint64_t unit = unit_of(UNIT_BEGIN, str_n(event->audience_level, strlen(event->audience_level) + 1));

	for (size_t i = 0; i < event->n_keys; i++)
		unit = unit_of(unit, str_n(event->keys[i]->value, strlen(event->keys[i]->value) + 1));
	return unit;
}

static const char *point_of(const Event *event)
{
	return *event->outcome->interaction_point ? event->outcome->interaction_point
	       : event->n_questions > 0           ? event->questions[0]->interaction_point
	                                          : "";
}

// What the plan shows there; NULL: nothing.
static const char *shown_at(const PlanSide *side, const char *point, bool *ret_asked)
{
	*ret_asked = false;
	for (size_t i = 0; i < side->question_count; i++) {
		const PlanQuestion *question = &side->questions[i];

		if (strcmp(question->what->interaction_point, point) != 0)
			continue;
		*ret_asked = true;
		return plan_first(question) ? plan_first(question)->offer_code : NULL;
	}
	return NULL;
}

static Err take_event(Valuation *valuation, Judged *judged, const Event *event, Take *take)
{
	EstimateTarget target = {.probability = 1};
	EstimateRow row = {.unit = visitor_of(event),
	        .reward = event->outcome->reward,
	        .propensity = event->outcome->propensity,
	        .targets = &target};
	const char *point = point_of(event);
	bool asked;

	judged->value->outcomes += take == estimator_learn;
	if (!(row.propensity > 0)) {
		judged->value->unknown += take == estimator_learn;
		return OK;
	}
	const char *shown = shown_at(&judged->side, point, &asked);
	judged->value->unasked += take == estimator_learn && !asked;
	TRY(number_of_name(valuation->places, str(point), PLACES_MAX, &row.stratum));
	TRY(number_of_name(valuation->offers, str(event->outcome->offer_code), OFFERS_MAX, &row.action));
	if (shown) {
		TRY(number_of_name(valuation->offers, str(shown), OFFERS_MAX, &target.action));
		row.target_count = 1;
	}
	return take(judged->estimator, &row);
}

// --- a pass ---

// Goes to the event's effects and reads its questions; without effects it has none.
static Err answer(PlanSide *side, uint64_t place)
{
	const EventEffects *effects;

	side->question_count = 0;
	for (;;) {
		TRY(plan_side_look(side, &effects));
		if (!effects || effects->place > place)
			return OK;
		if (effects->place == place)
			return plan_side_read(side, effects);
		plan_side_step(side);
	}
}

static Err pass(Valuation *valuation, Take *take)
{
	for (uint64_t block = 0; block < event_set_info(valuation->set)->blocks; block++) {
		const Event *const *events;
		uint64_t first;
		size_t count;

		arena_reset(valuation->arena);
		TRY(event_set_block(valuation->set, block, valuation->arena, &events, &count, &first));
		for (size_t i = 0; i < count; i++) {
			for (size_t p = 0; events[i]->outcome && p < valuation->count; p++) {
				TRY(answer(&valuation->plans[p].side, first + i));
				TRY(take_event(valuation, &valuation->plans[p], events[i], take));
			}
		}
		progress_add(&valuation->progress, count);
	}
	return OK;
}

static Err pass_from_the_start(Valuation *valuation, Take *take)
{
	size_t opened = 0;
	Err e = OK;

	for (; !e && opened < valuation->count; opened++)
		e = plan_side_open(valuation->plans[opened].plan->file,
		        valuation->plans[opened].plan->snapshot, &valuation->plans[opened].side);
	if (!e)
		e = pass(valuation, take);
	while (opened > 0)
		plan_side_close(&valuation->plans[--opened].side);
	return e;
}

static Err both_passes(Valuation *valuation)
{
	const PlanValue *first = valuation->plans[0].value;

	TRY(pass_from_the_start(valuation, estimator_learn));
	if (first->outcomes == first->unknown)
		return OK;
	TRY(pass_from_the_start(valuation, estimator_add));
	for (size_t i = 0; i < valuation->count; i++) {
		const Judged *judged = &valuation->plans[i];

		judged->value->told = true;
		TRY(estimator_tell(judged->estimator, &judged->value->estimates));
		TRY(estimator_compare(
		        valuation->plans[0].estimator, judged->estimator, &judged->value->over));
	}
	return OK;
}

Err plan_values(const EventSet *set, const ComparedPlan *plans, size_t count, double clip, PlanValue *ret)
{
	CLEANUP(valuation_close)
	Valuation valuation = {.set = set,
	        .count = count,
	        .plans = calloc(count, sizeof *valuation.plans),
	        .offers = json_object(),
	        .places = json_object(),
	        .arena = arena_new(1 << 20, 0)};

	if (!valuation.plans || !valuation.offers || !valuation.places || !valuation.arena)
		return err(ERR_NO_MEMORY, "no memory for an estimate");
	for (size_t i = 0; i < count; i++) {
		ret[i] = (PlanValue){0};
		valuation.plans[i] = (Judged){.plan = &plans[i], .value = &ret[i]};
		TRY(estimator_new(clip, &valuation.plans[i].estimator));
	}
	progress_begin(&valuation.progress, "estimating: events", event_set_info(set)->events * 2);
	return both_passes(&valuation);
}
