// The order of work, point by point.
#include "ref_point.h"

// More than a point can have.
static size_t candidates_most(const Snapshot *snapshot)
{
	size_t most = 2 * snapshot->n_offers + snapshot->n_score_overrides;
	for (size_t i = 0; i < snapshot->n_rules + snapshot->n_global_offers; i++) {
		const SnapRule *rule = i < snapshot->n_rules ? snapshot->rules[i]
		                                             : snapshot->global_offers[i - snapshot->n_rules];
		most += rule->offer_list ? snapshot->offer_lists[rule->offer_list - 1]->n_offers : 1;
	}
	return most;
}

// --- 2: candidates ---

static RefCandidate *add(Point *point, Origin origin, size_t source, uint32_t offer, const SnapRule *rule)
{
	RefCandidate *candidate = &point->candidates[point->count++];
	*candidate = (RefCandidate){.id = {origin, (uint32_t)source, offer}, .rule = rule};
	return candidate;
}

static void add_rules(Point *point, Origin origin, SnapRule *const *rules, size_t count)
{
	const Snapshot *snapshot = point->call->ref->snapshot;
	uint32_t zone = snapshot->points[point->wanted->point]->zone;
	for (size_t i = 0; i < count; i++) {
		const SnapRule *rule = rules[i];
		if ((int)rule->audience_level != point->call->visitor->level ||
		        (rule->zone && rule->zone - 1 != zone))
			continue;
		if (!rule->offer_list) {
			add(point, origin, i, rule->offer, rule);
			continue;
		}
		const SnapOfferList *list = snapshot->offer_lists[rule->offer_list - 1];
		if (!list->n_offers)
			cover_row(point->call->ref->cover, COVER_LIST_EMPTY);
		for (size_t k = 0; k < list->n_offers; k++)
			add(point, origin, i, list->offers[k], rule);
	}
}

static void collect(Point *point)
{
	const RefCall *call = point->call;
	const Snapshot *snapshot = call->ref->snapshot;
	add_rules(point, ORIGIN_RULE, snapshot->rules, snapshot->n_rules);
	add_rules(point, ORIGIN_GLOBAL, snapshot->global_offers, snapshot->n_global_offers);
	for (size_t i = 0; i < snapshot->n_score_overrides; i++) {
		const SnapOverride *override = snapshot->score_overrides[i];
		if (override->adds && (int) override->audience_level == call->visitor->level &&
		        str_eq(str(override->audience_id), call->visitor->audience_id))
			add(point, ORIGIN_INDIVIDUAL, i, override->offer, NULL);
	}
	for (uint32_t i = 0; i < snapshot->n_offers; i++) {
		const Fact *event = ref_event(call->ref, &call->visitor->state, i, call->request->as_of_us);
		if (event && event->kind == FACT_QUALIFY)
			add(point, ORIGIN_QUALIFIED, 0, i, NULL);
	}
}

// --- 6: deduplicate ---

Shown ref_treatment_of(const RefCandidate *candidate)
{
	return (Shown){
	        .offer = candidate->id.offer,
	        .campaign = candidate->rule ? candidate->rule->campaign : 0,
	        .cell = candidate->rule ? candidate->rule->cell : 0,
	};
}

static bool same_treatment(Shown a, Shown b)
{
	return a.offer == b.offer && a.campaign == b.campaign && a.cell == b.cell;
}

static bool was_shown(const Answer *answer, const Point *point, const RefCandidate *candidate)
{
	bool by_treatment = point->zone->deduplication == SNAP_DEDUP(TREATMENT), other = false;
	Shown mine = ref_treatment_of(candidate);
	if (!answer->call->request->deduplicate_across)
		return false;
	for (size_t i = 0; i < answer->shown_count; i++) {
		const Shown *shown = &answer->shown[i];
		if (by_treatment ? same_treatment(*shown, mine) : shown->offer == mine.offer) {
			cover_row(answer->call->ref->cover,
			        by_treatment ? COVER_ACROSS_TREATMENT : COVER_ACROSS_OFFER);
			return true;
		}
		other = other || shown->offer == mine.offer;
	}
	if (other)
		cover_row(answer->call->ref->cover, COVER_ACROSS_OTHER_TREATMENT);
	return false;
}

// Whether one of the better candidates (those not taken out) makes this one a duplicate.
static bool is_duplicate(
        const Point *point, RefCandidate *const *better, size_t count, const RefCandidate *candidate)
{
	Cover *cover = point->call->ref->cover;
	for (size_t i = 0; i < count; i++) {
		if (better[i]->id.offer != candidate->id.offer || better[i]->reason != REASON_OFFERED)
			continue;
		switch (point->zone->deduplication) {
		case SNAP_DEDUP(NONE):
			cover_row(cover, COVER_DEDUP_NONE);
			break;
		case SNAP_DEDUP(TREATMENT):
			if (same_treatment(ref_treatment_of(better[i]), ref_treatment_of(candidate))) {
				cover_row(cover, COVER_DEDUP_TREATMENT_OUT);
				return true;
			}
			cover_row(cover, COVER_DEDUP_TREATMENT_STAYS);
			break;
		default:
			return true;
		}
	}
	return false;
}

// --- 7: take n ---

static void take(Answer *answer, Point *point)
{
	RefCandidate **ranked = ARENA_ARRAY(answer->call->ref->arena, RefCandidate *, point->count);
	size_t count = ref_rank(point, ranked);
	for (size_t i = 0; i < count; i++)
		if (was_shown(answer, point, ranked[i]))
			ranked[i]->reason = REASON_DUPLICATE_ACROSS_POINTS;
	for (size_t i = 0; i < count; i++)
		if (ranked[i]->reason == REASON_OFFERED && is_duplicate(point, ranked, i, ranked[i]))
			ranked[i]->reason = REASON_DUPLICATE_OFFER;
	for (size_t i = 0; i < count; i++) {
		if (ranked[i]->reason != REASON_OFFERED)
			continue;
		if (point->offered_count < point->wanted->max)
			point->offered[point->offered_count++] = ranked[i];
		else
			ranked[i]->reason = REASON_OUTRANKED;
	}
}

static bool answer_has(const Point *point, uint32_t offer)
{
	for (size_t i = 0; i < point->offered_count; i++)
		if (point->offered[i]->id.offer == offer)
			return true;
	return false;
}

static bool earlier_has(const Answer *answer, uint32_t offer)
{
	for (size_t i = 0; i < answer->shown_count; i++)
		if (answer->shown[i].offer == offer)
			return answer->call->request->deduplicate_across;
	return false;
}

static void fill_up(Answer *answer, Point *point)
{
	Cover *cover = answer->call->ref->cover;
	for (size_t i = 0; i < point->zone->n_default_offers; i++) {
		if (point->offered_count >= point->wanted->max) {
			cover_row(cover, COVER_DEFAULT_NOT_NEEDED);
			return;
		}
		uint32_t offer = point->zone->default_offers[i];
		RefCandidate *candidate = add(point, ORIGIN_DEFAULT, i, offer, NULL);
		ref_screen(answer->call, point->wanted, candidate);
		if (candidate->reason != REASON_OFFERED)
			continue;
		if (earlier_has(answer, offer)) {
			cover_row(cover, COVER_DEFAULT_SHOWN_BEFORE);
			candidate->reason = REASON_DUPLICATE_ACROSS_POINTS;
		} else if (answer_has(point, offer)) {
			cover_row(cover, COVER_DEFAULT_THERE);
			candidate->reason = REASON_DUPLICATE_OFFER;
		} else {
			cover_row(cover, COVER_DEFAULT_TAKEN);
			point->offered[point->offered_count++] = candidate;
		}
	}
}

// --- the whole ---

static void decide_point(Answer *answer, const DecidePoint *wanted, PointDecision *ret)
{
	const Reference *ref = answer->call->ref;
	ret->point = wanted->point;
	if (wanted->point < 0) {
		cover_row(ref->cover, COVER_POINT_UNKNOWN);
		return;
	}
	Point point = {
	        .call = answer->call,
	        .wanted = wanted,
	        .zone = ref->snapshot->zones[ref->snapshot->points[wanted->point]->zone],
	        .candidates = ARENA_ARRAY(ref->arena, RefCandidate, candidates_most(ref->snapshot)),
	        .offered = ARENA_ARRAY(ref->arena, RefCandidate *, candidates_most(ref->snapshot)),
	};
	if (wanted->max == 0)
		cover_row(ref->cover, COVER_POINT_NONE_WANTED);
	collect(&point);
	for (size_t i = 0; i < point.count; i++)
		ref_screen(answer->call, wanted, &point.candidates[i]);
	take(answer, &point);
	fill_up(answer, &point);
	ref_treat(answer, &point, ret);
	if (answer->call->request->explain)
		ref_explain(&point, ret);
}

void ref_decide(const Reference *ref, const Visitor *visitor, const DecideRequest *request, Decision *ret)
{
	RefCall call = {ref, visitor, request};
	Answer *answer = ARENA_NEW(ref->arena, Answer);
	answer->call = &call;
	answer->shown = ARENA_ARRAY(ref->arena, Shown, request->count * candidates_most(ref->snapshot));
	PointDecision *points = ARENA_ARRAY(ref->arena, PointDecision, request->count);
	for (size_t i = 0; i < request->count; i++) {
		for (size_t k = 0; k < i; k++)
			if (request->points[k].point == request->points[i].point &&
			        request->points[i].point >= 0)
				cover_row(ref->cover, COVER_POINT_REPEATED);
		decide_point(answer, &request->points[i], &points[i]);
	}
	*ret = (Decision){points, request->count};
}
