// A plan says for sure what it shows, so its probability of what was really shown is 1 or 0: it is what the
// plan shows first at that point, or it is not. A draw that decided a tie in the plan is one draw of the
// policy's, independent of the log, and leaves the estimates right on average. What a plan was not asked, or
// answered with the default content, it shows nobody, and that earns nothing.
#include "plan_value.h"

#include "base/cleanup.h"
#include "estimate_json.h"
#include "plan_side.h"
#include "progress.h"

enum { OFFERS_MAX = 1000 * 1000, PLACES_MAX = 10000 };

typedef struct Valuation {
	const EventSet *set;
	const PlanFile *plan;
	Estimator *estimator;
	json_t *offers, *places; // names to numbers
	Arena *arena;            // of a block of the set
	PlanSide side;
	PlanValue *value;
	Progress progress;
} Valuation;

typedef Err Take(Estimator *estimator, const EstimateRow *row);

static void valuation_close(Valuation *valuation)
{
	progress_end(&valuation->progress);
	estimator_free(valuation->estimator);
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

static Err take_event(Valuation *valuation, const Event *event, Take *take)
{
	EstimateTarget target = {.probability = 1};
	EstimateRow row = {.unit = visitor_of(event),
	        .reward = event->outcome->reward,
	        .propensity = event->outcome->propensity,
	        .targets = &target};
	const char *point = point_of(event);
	bool asked;

	valuation->value->outcomes += take == estimator_learn;
	if (!(row.propensity > 0)) {
		valuation->value->unknown += take == estimator_learn;
		return OK;
	}
	const char *shown = shown_at(&valuation->side, point, &asked);
	valuation->value->unasked += take == estimator_learn && !asked;
	TRY(number_of_name(valuation->places, str(point), PLACES_MAX, &row.stratum));
	TRY(number_of_name(valuation->offers, str(event->outcome->offer_code), OFFERS_MAX, &row.action));
	if (shown) {
		TRY(number_of_name(valuation->offers, str(shown), OFFERS_MAX, &target.action));
		row.target_count = 1;
	}
	return take(valuation->estimator, &row);
}

// --- a pass ---

// Goes to the event's effects and reads its questions; without effects it has none.
static Err answer(Valuation *valuation, uint64_t place)
{
	PlanSide *side = &valuation->side;
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
			if (!events[i]->outcome)
				continue;
			TRY(answer(valuation, first + i));
			TRY(take_event(valuation, events[i], take));
		}
		progress_add(&valuation->progress, count);
	}
	return OK;
}

static Err both_passes(Valuation *valuation)
{
	Take *const takes[] = {estimator_learn, estimator_add};

	for (size_t i = 0; i < ARRAY_COUNT(takes); i++) {
		Err e = plan_side_open(valuation->plan, &valuation->side);

		if (!e)
			e = pass(valuation, takes[i]);
		plan_side_close(&valuation->side);
		TRY(e);
		if (valuation->value->outcomes == valuation->value->unknown)
			return OK;
	}
	valuation->value->told = true;
	return estimator_tell(valuation->estimator, &valuation->value->estimates);
}

Err plan_value(const EventSet *set, const PlanFile *plan, double clip, PlanValue *ret)
{
	CLEANUP(valuation_close)
	Valuation valuation = {.set = set,
	        .plan = plan,
	        .offers = json_object(),
	        .places = json_object(),
	        .arena = arena_new(1 << 20, 0),
	        .value = ret};

	*ret = (PlanValue){0};
	if (!valuation.offers || !valuation.places || !valuation.arena)
		return err(ERR_NO_MEMORY, "no memory for an estimate");
	progress_begin(&valuation.progress, "estimating: events", event_set_info(set)->events * 2);
	TRY(estimator_new(clip, &valuation.estimator));
	return both_passes(&valuation);
}
