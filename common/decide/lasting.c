// What changes by itself is time. Of it the engine looks at dates, which are few and known before, so a
// decision is remembered together with the two dates that it came between; at facts' times, so facts that any
// limit could count are none that a decision may have; and, through programs, at the clock itself.
#include "decide/lasting.h"

#include "base/cleanup.h"
#include "decide/call.h"

#include <stdlib.h>

struct Lasting {
	const Plan *plan;
	// All moments at which an offer, rule or campaign begins or ends, ascending, between the first and
	// the last of all.
	const int64_t *dates;
	size_t date_count;
	const bool *timed; // by list: a program that it may run reads the clock
};

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory for what decisions depend on");
}

// --- dates ---

typedef struct Dates {
	int64_t *items;
	size_t count;
} Dates;

static void add_dates(Dates *dates, int64_t effective_us, int64_t expires_us)
{
	if (effective_us)
		dates->items[dates->count++] = effective_us;
	if (expires_us)
		dates->items[dates->count++] = expires_us;
}

static void add_rules(Dates *dates, SnapRule *const *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_dates(dates, rules[i]->effective_us, rules[i]->expires_us);
}

static int compare_dates(const void *left, const void *right)
{
	const int64_t *a = left, *b = right;
	return (*a > *b) - (*a < *b);
}

static void sort_dates(Dates *dates)
{
	size_t kept = 0;
	qsort(dates->items, dates->count, sizeof *dates->items, compare_dates);
	for (size_t i = 0; i < dates->count; i++)
		if (!kept || dates->items[kept - 1] != dates->items[i])
			dates->items[kept++] = dates->items[i];
	dates->count = kept;
}

static Err build_dates(const Snapshot *snapshot, Arena *arena, Lasting *lasting)
{
	size_t things =
	        snapshot->n_offers + snapshot->n_rules + snapshot->n_global_offers + snapshot->n_campaigns;
	Dates dates = {.items = ARENA_ARRAY(arena, int64_t, 2 * things + 2)};
	if (!dates.items)
		return no_memory();
	for (size_t i = 0; i < snapshot->n_offers; i++)
		add_dates(&dates, snapshot->offers[i]->effective_us, snapshot->offers[i]->expires_us);
	for (size_t i = 0; i < snapshot->n_campaigns; i++)
		add_dates(&dates, snapshot->campaigns[i]->effective_us, snapshot->campaigns[i]->expires_us);
	add_rules(&dates, snapshot->rules, snapshot->n_rules);
	add_rules(&dates, snapshot->global_offers, snapshot->n_global_offers);
	add_dates(&dates, INT64_MIN, INT64_MAX);
	sort_dates(&dates);
	lasting->dates = dates.items;
	lasting->date_count = dates.count;
	return OK;
}

// The last date that is not after the time.
static size_t date_before(const Lasting *lasting, int64_t time_us)
{
	size_t low = 0, high = lasting->date_count - 1;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (lasting->dates[middle] <= time_us)
			low = middle;
		else
			high = middle;
	}
	return low;
}

// --- the clock ---

// Which of the programs read it. `any` is left if none does.
static Err find_timed(const Programs *programs, Arena *arena, const bool **ret, bool *any)
{
	bool *timed = ARENA_ARRAY(arena, bool, programs->count);
	if (!timed)
		return no_memory();
	for (uint32_t i = 0; i < programs->count; i++) {
		timed[i] = expr_reads_clock(&programs->items[i]);
		*any |= timed[i];
	}
	*ret = timed;
	return OK;
}

static bool is_timed(const bool *timed, uint32_t program) // index + 1; 0: none
{
	return program && timed[program - 1];
}

static bool list_is_timed(
        const Plan *plan, const Candidates *candidates, const bool *conditions, const bool *scorings)
{
	if (is_timed(conditions, candidates->inclusion))
		return true;
	for (uint32_t i = 0; i < candidates->live; i++) {
		const PlanRule *rule = &plan->rules[candidates->rules[i]];
		if (is_timed(conditions, rule->eligibility) || is_timed(scorings, rule->scoring))
			return true;
	}
	return false;
}

static Err build_timed(const Plan *plan, Arena *arena, Lasting *lasting)
{
	CLEANUP(arena_freep) Arena *scratch = arena_new(64 * 1024, 0);
	size_t lists = plan->snapshot->n_zones * plan->snapshot->n_audience_levels;
	bool *timed = ARENA_ARRAY(arena, bool, lists), any = false;
	const bool *conditions, *scorings;
	if (!scratch || !timed)
		return no_memory();
	TRY(find_timed(&plan->conditions, scratch, &conditions, &any));
	TRY(find_timed(&plan->scorings, scratch, &scorings, &any));
	for (size_t i = 0; any && i < lists; i++)
		timed[i] = list_is_timed(plan, &plan->candidates[i], conditions, scorings);
	lasting->timed = timed;
	return OK;
}

Err lasting_build(const Plan *plan, Arena *arena, const Lasting **ret)
{
	Lasting *lasting = ARENA_NEW(arena, Lasting);
	if (!lasting)
		return no_memory();
	lasting->plan = plan;
	TRY(build_dates(plan->snapshot, arena, lasting));
	TRY(build_timed(plan, arena, lasting));
	*ret = lasting;
	return OK;
}

const Plan *lasting_plan(const Lasting *lasting)
{
	return lasting->plan;
}

// --- what lasts ---

// Whether a limit might count the fact, now or ever, or whether it says something of its offer itself.
static bool matters(const Plan *plan, const Fact *fact)
{
	const uint32_t *suppressions = &plan->suppressions.starts[fact->offer],
	               *constraints = &plan->constraints.starts[fact->offer];
	return fact->kind == FACT_SUPPRESS || fact->kind == FACT_QUALIFY ||
	       suppressions[0] != suppressions[1] || constraints[0] != constraints[1];
}

static bool any_matters(const Plan *plan, const Fact *facts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (matters(plan, &facts[i]))
			return true;
	return false;
}

// Too many of them is an error of decide()'s.
static bool facts_are_idle(const Plan *plan, const VisitorState *state)
{
	return !state->volumes && state->fact_count <= DECIDE_FACTS_MAX &&
	       state->session_fact_count <= DECIDE_FACTS_MAX &&
	       !any_matters(plan, state->facts, state->fact_count) &&
	       !any_matters(plan, state->session_facts, state->session_fact_count);
}

static bool is_plain(const DecideRequest *request)
{
	if (request->explain || request->deduplicate_across || request->count > LASTING_POINTS)
		return false;
	for (size_t i = 0; i < request->count; i++)
		if (request->points[i].filter_count)
			return false;
	return true;
}

static bool is_personal(const PointDecision *decision)
{
	for (size_t i = 0; i < decision->offer_count; i++)
		if (decision->offers[i].attribute_count)
			return true;
	return false;
}

static bool point_lasts(const Lasting *lasting, int level, const PointDecision *decision)
{
	const Plan *plan = lasting->plan;
	if (decision->point < 0)
		return true;
	uint32_t zone = plan->snapshot->points[decision->point]->zone;
	Parley__Snapshot__V1__TieBreak by = plan->snapshot->zones[zone]->tie_break;
	bool drawn = decision->tied && by != SNAP_TIE(NEWEST_OFFER) && by != SNAP_TIE(OFFER_CODE);
	bool timed = lasting->timed[zone * plan->snapshot->n_audience_levels + (size_t)level];
	return !drawn && !timed && !is_personal(decision);
}

size_t lasting_size(const Lasting *lasting, const Visitor *visitor, const DecideRequest *request,
        const Decision *decision)
{
	size_t offers = 0;
	if (!is_plain(request) || !facts_are_idle(lasting->plan, &visitor->state))
		return 0;
	for (size_t i = 0; i < decision->count; i++) {
		offers += decision->points[i].offer_count;
		if (!point_lasts(lasting, visitor->level, &decision->points[i]))
			return 0;
	}
	return offers <= LASTING_OFFERS ? sizeof(LastingDecision) + offers * sizeof(struct LastingOffer) : 0;
}

void lasting_keep(
        const Lasting *lasting, const DecideRequest *request, const Decision *decision, LastingDecision *ret)
{
	size_t date = date_before(lasting, request->as_of_us);
	struct LastingOffer *next = ret->offers;
	ret->from_us = lasting->dates[date];
	ret->until_us = lasting->dates[date + 1];
	ret->point_count = (uint32_t)decision->count;
	for (size_t i = 0; i < decision->count; i++) {
		const PointDecision *point = &decision->points[i];
		ret->points[i] = (struct LastingPoint){
		        point->point, request->points[i].max, (uint16_t)point->offer_count, point->tied};
		for (size_t o = 0; o < point->offer_count; o++)
			*next++ = (struct LastingOffer){point->offers[o].id, point->offers[o].score};
	}
}

// --- again ---

static bool is_asked(const LastingDecision *decision, const DecideRequest *request)
{
	if (request->count != decision->point_count || request->as_of_us < decision->from_us ||
	        request->as_of_us >= decision->until_us)
		return false;
	for (size_t i = 0; i < request->count; i++)
		if (request->points[i].point != decision->points[i].point ||
		        request->points[i].max != decision->points[i].max)
			return false;
	return true;
}

static size_t offers_of(const LastingDecision *decision)
{
	size_t count = 0;
	for (uint32_t i = 0; i < decision->point_count; i++)
		count += decision->points[i].offer_count;
	return count;
}

bool lasting_again(const Lasting *lasting, const LastingDecision *decision, const Visitor *visitor,
        const DecideRequest *request, Arena *arena, Decision *ret)
{
	if (!decision->point_count || !is_asked(decision, request) || !is_plain(request) ||
	        !facts_are_idle(lasting->plan, &visitor->state))
		return false;
	size_t count = offers_of(decision);
	PointDecision *points = ARENA_ARRAY(arena, PointDecision, decision->point_count);
	DecidedOffer *offers = ARENA_ARRAY(arena, DecidedOffer, count + 1);
	if (!points || !offers)
		return false;
	TreatmentCodes codes = treatment_codes_of(request->seed);
	for (uint32_t i = 0; i < count; i++) {
		offers[i].id = decision->offers[i].id;
		offers[i].score = decision->offers[i].score;
		treatment_code_make(&codes, i, offers[i].treatment_code);
	}
	*ret = (Decision){points, decision->point_count};
	for (uint32_t i = 0; i < decision->point_count; i++) {
		points[i].point = decision->points[i].point;
		points[i].tied = decision->points[i].tied;
		points[i].offers = offers;
		points[i].offer_count = decision->points[i].offer_count;
		offers += points[i].offer_count;
	}
	return true;
}
