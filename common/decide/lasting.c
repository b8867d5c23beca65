// What changes by itself is time. Of it the engine looks at dates, which are few and known before, at the
// times of facts and, through programs, at the clock itself. So a decision is remembered together with the
// moments before and behind it at which a date comes or a fact begins or ceases to count, and with these
// facts.
#include "decide/lasting.h"

#include "base/cleanup.h"
#include "decide/call.h"
#include "decide/lasting_facts.h"

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

static size_t offers_of(const Decision *decision)
{
	size_t count = 0;
	for (size_t i = 0; i < decision->count; i++)
		count += decision->points[i].offer_count;
	return count;
}

size_t lasting_size(const Lasting *lasting, const Visitor *visitor, const DecideRequest *request,
        const Decision *decision)
{
	__attribute__((uninitialized)) CountingFacts facts;
	size_t offers = offers_of(decision);
	if (!is_plain(request) || visitor->state.volumes || offers > LASTING_OFFERS ||
	        !facts_counting(lasting->plan, &visitor->state, &facts))
		return 0;
	for (size_t i = 0; i < decision->count; i++)
		if (!point_lasts(lasting, visitor->level, &decision->points[i]))
			return 0;
	return sizeof(LastingDecision) + offers * sizeof(struct LastingOffer) + facts.count * sizeof(Fact);
}

static void keep_points(const DecideRequest *request, const Decision *decision, LastingDecision *ret)
{
	struct LastingOffer *next = ret->offers;
	for (size_t i = 0; i < decision->count; i++) {
		const PointDecision *point = &decision->points[i];
		ret->points[i] = (struct LastingPoint){
		        point->point, request->points[i].max, (uint16_t)point->offer_count, point->tied};
		for (size_t o = 0; o < point->offer_count; o++)
			*next++ = (struct LastingOffer){point->offers[o].id, point->offers[o].score};
	}
}

void lasting_keep(const Lasting *lasting, const Visitor *visitor, const DecideRequest *request,
        const Decision *decision, LastingDecision *ret)
{
	__attribute__((uninitialized)) CountingFacts facts;
	size_t date = date_before(lasting, request->as_of_us);
	Window time = {lasting->dates[date], lasting->dates[date + 1]};
	(void)facts_counting(lasting->plan, &visitor->state, &facts); // lasting_size has found that it can
	facts_narrow(lasting->plan, &facts, request->as_of_us, &time);
	ret->from_us = time.from_us;
	ret->until_us = time.until_us;
	ret->point_count = (uint32_t)decision->count;
	ret->offer_count = (uint16_t)offers_of(decision);
	ret->fact_count = (uint8_t)facts.count;
	ret->visitor_facts = (uint8_t)facts.of_visitor;
	keep_points(request, decision, ret);
	memcpy(&ret->offers[ret->offer_count], facts.items, facts.count * sizeof(Fact));
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

static bool has_facts(const Lasting *lasting, const LastingDecision *decision, const VisitorState *state)
{
	if (!state->fact_count && !state->session_fact_count)
		return !decision->fact_count;
	__attribute__((uninitialized)) CountingFacts facts;
	const Fact *kept = (const Fact *)(const void *)&decision->offers[decision->offer_count];
	return facts_counting(lasting->plan, state, &facts) && facts.count == decision->fact_count &&
	       facts.of_visitor == decision->visitor_facts && facts_same(facts.items, kept, facts.count);
}

bool lasting_again(const Lasting *lasting, const LastingDecision *decision, const Visitor *visitor,
        const DecideRequest *request, Arena *arena, Decision *ret)
{
	if (!decision->point_count || !is_asked(decision, request) || !is_plain(request) ||
	        visitor->state.volumes || !has_facts(lasting, decision, &visitor->state))
		return false;
	size_t count = decision->offer_count;
	PointDecision *points = ARENA_ARRAY(arena, PointDecision, decision->point_count);
	DecidedOffer *offers = ARENA_ARRAY(arena, DecidedOffer, count + 1);
	if (!points || !offers)
		return false;
	__attribute__((uninitialized)) TreatmentCodes codes;
	treatment_codes_begin(request->seed, &codes);
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
