// The order of work, point by point.
#include "oracle.h"
#include "reference.h"

enum { CANDIDATES_MAX = 128, SHOWN_MAX = 512 }; // small worlds make fewer

// What a call has shown so far.
typedef struct Shown {
	uint32_t offer, campaign, cell;
} Shown;

typedef struct Point {
	const RefCall *call;
	const DecidePoint *wanted;
	const SnapZone *zone;
	RefCandidate *candidates;
	size_t count;
	RefCandidate **offered; // best first
	size_t offered_count;
} Point;

typedef struct Answer {
	const RefCall *call;
	Shown shown[SHOWN_MAX];
	size_t shown_count;
	uint32_t ordinal;
} Answer;

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

// --- 5: rank ---

static int three_way(bool before, bool after)
{
	return after - before;
}

static int compare_ties(const Point *point, uint32_t left, uint32_t right)
{
	const SnapOffer *a = point->call->ref->snapshot->offers[left];
	const SnapOffer *b = point->call->ref->snapshot->offers[right];
	uint64_t seed = point->call->request->seed;
	if (point->zone->tie_break == SNAP_TIE(OFFER_CODE))
		return strcmp(a->code, b->code);
	if (point->zone->tie_break == SNAP_TIE(NEWEST_OFFER)) {
		if (a->effective_us == b->effective_us)
			return 0;
		if (!a->effective_us || !b->effective_us)
			return a->effective_us ? -1 : 1;
		return three_way(a->effective_us > b->effective_us, a->effective_us < b->effective_us);
	}
	uint64_t x = ref_mix64(seed ^ ref_hash(a->code, strlen(a->code)));
	uint64_t y = ref_mix64(seed ^ ref_hash(b->code, strlen(b->code)));
	return three_way(x<y, x> y);
}

// Negative if a ranks before b. `row`, if not NULL, is what decided it.
static int compare(const Point *point, const RefCandidate *a, const RefCandidate *b, CoverRow *row)
{
	static const CoverRow ties[] = {
	        [SNAP_TIE(UNSPECIFIED)] = COVER_TIE_RANDOM,
	        [SNAP_TIE(SEEDED_RANDOM)] = COVER_TIE_RANDOM,
	        [SNAP_TIE(NEWEST_OFFER)] = COVER_TIE_NEWEST,
	        [SNAP_TIE(OFFER_CODE)] = COVER_TIE_CODE,
	};
	bool top_a = a->rule && a->rule->top_priority, top_b = b->rule && b->rule->top_priority;
	*row = COVER_ROWS;
	if (top_a != top_b) {
		if (top_a ? a->score.final < b->score.final : b->score.final < a->score.final)
			*row = COVER_TOP_OVER_SCORE;
		return top_a ? -1 : 1;
	}
	if (a->score.final > b->score.final || a->score.final < b->score.final)
		return a->score.final > b->score.final ? -1 : 1;
	int tie = compare_ties(point, a->id.offer, b->id.offer);
	*row = ties[point->zone->tie_break];
	if (tie)
		return tie;
	*row = COVER_ROWS;
	if (a->id.offer != b->id.offer)
		return three_way(a->id.offer<b->id.offer, a->id.offer> b->id.offer);
	*row = a->id.origin != b->id.origin ? COVER_TIE_ORIGIN : COVER_TIE_SOURCE;
	if (a->id.origin != b->id.origin)
		return three_way(a->id.origin<b->id.origin, a->id.origin> b->id.origin);
	return three_way(a->id.source<b->id.source, a->id.source> b->id.source);
}

// Those that passed, best first: again and again the best of what is left.
static size_t rank(const Point *point, RefCandidate **ranked)
{
	size_t count = 0;
	CoverRow row;
	for (size_t i = 0; i < point->count; i++)
		if (point->candidates[i].reason == REASON_OFFERED)
			ranked[count++] = &point->candidates[i];
	for (size_t i = 0; i < count; i++) {
		size_t best = i;
		for (size_t j = i + 1; j < count; j++) {
			if (compare(point, ranked[j], ranked[best], &row) < 0)
				best = j;
			if (row < COVER_ROWS)
				cover_row(point->call->ref->cover, row);
		}
		RefCandidate *swap = ranked[i];
		ranked[i] = ranked[best];
		ranked[best] = swap;
	}
	return count;
}

// --- 6: deduplicate ---

static Shown treatment_of(const RefCandidate *candidate)
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
	Shown mine = treatment_of(candidate);
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
			if (same_treatment(treatment_of(better[i]), treatment_of(candidate))) {
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
	RefCandidate **ranked = ARENA_ARRAY(answer->call->ref->arena, RefCandidate *, CANDIDATES_MAX);
	size_t count = rank(point, ranked);
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

// --- 8: treat ---

static ExprValue personal_value(
        const RefCall *call, const SnapOfferAttribute *attribute, const SnapExpression *expression)
{
	Cover *cover = call->ref->cover;
	ExprValue raw = ref_value(call->ref, expression, call->visitor->values, call->request->as_of_us);
	ExprValue value = ref_typed(raw, ast_kind(attribute->type));
	if (value.kind != EXPR_ERROR) {
		cover_row(cover, raw.kind == value.kind ? COVER_PERSONAL_VALUE : COVER_PERSONAL_WIDENED);
		return value;
	}
	cover_row(cover, attribute->value ? COVER_PERSONAL_FIXED : COVER_PERSONAL_ERROR);
	return attribute->value ? ref_constant(attribute->value, call->ref->arena) : value;
}

static void personalise(const RefCall *call, DecidedOffer *ret)
{
	const SnapOffer *offer = call->ref->snapshot->offers[ret->id.offer];
	DecidedAttribute *attributes = ARENA_ARRAY(call->ref->arena, DecidedAttribute, offer->n_attributes);
	ret->attributes = attributes;
	for (uint32_t i = 0; i < offer->n_attributes; i++) {
		const SnapOfferAttribute *attribute = offer->attributes[i];
		size_t before = ret->attribute_count;
		for (size_t k = 0; k < attribute->n_personalised; k++) {
			if ((int)attribute->personalised[k]->audience_level != call->visitor->level)
				continue;
			attributes[ret->attribute_count++] = (DecidedAttribute){
			        i, personal_value(call, attribute, attribute->personalised[k]->expression)};
		}
		if (attribute->n_personalised && ret->attribute_count == before)
			cover_row(call->ref->cover, COVER_PERSONAL_OTHER_LEVEL);
	}
}

static void treat(Answer *answer, const Point *point, PointDecision *ret)
{
	DecidedOffer *offers = ARENA_ARRAY(answer->call->ref->arena, DecidedOffer, point->offered_count);
	ret->offers = offers;
	ret->offer_count = point->offered_count;
	for (size_t i = 0; i < point->offered_count; i++) {
		offers[i] = (DecidedOffer){.id = point->offered[i]->id, .score = point->offered[i]->score};
		personalise(answer->call, &offers[i]);
		ref_treatment_code(answer->call->request->seed, answer->ordinal++, offers[i].treatment_code);
		answer->shown[answer->shown_count++] = treatment_of(point->offered[i]);
	}
}

// --- explain ---

static bool is_listed_before(const RefCandidate *a, const RefCandidate *b)
{
	if (a->id.origin != b->id.origin)
		return a->id.origin < b->id.origin;
	if (a->id.source != b->id.source)
		return a->id.source < b->id.source;
	return a->id.offer < b->id.offer;
}

static DecidedCandidate explained(const RefCall *call, const RefCandidate *candidate)
{
	call->ref->cover->reasons[candidate->reason][candidate->id.origin]++;
	return (DecidedCandidate){
	        .id = candidate->id,
	        .reason = candidate->reason,
	        .score = candidate->score,
	        .predicate = candidate->predicate,
	        .detail = candidate->detail,
	};
}

static void explain(const Point *point, PointDecision *ret)
{
	DecidedCandidate *list = ARENA_ARRAY(point->call->ref->arena, DecidedCandidate, point->count);
	RefCandidate **others = ARENA_ARRAY(point->call->ref->arena, RefCandidate *, point->count);
	size_t count = 0, other_count = 0;
	for (size_t i = 0; i < point->offered_count; i++)
		list[count++] = explained(point->call, point->offered[i]);
	for (size_t i = 0; i < point->count; i++) {
		RefCandidate *candidate = &point->candidates[i];
		if (candidate->reason == REASON_OFFERED)
			continue;
		size_t at = other_count++;
		for (; at > 0 && is_listed_before(candidate, others[at - 1]); at--)
			others[at] = others[at - 1];
		others[at] = candidate;
	}
	for (size_t i = 0; i < other_count; i++)
		list[count++] = explained(point->call, others[i]);
	ret->candidates = list;
	ret->candidate_count = count;
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
	        .candidates = ARENA_ARRAY(ref->arena, RefCandidate, CANDIDATES_MAX),
	        .offered = ARENA_ARRAY(ref->arena, RefCandidate *, CANDIDATES_MAX),
	};
	if (wanted->max == 0)
		cover_row(ref->cover, COVER_POINT_NONE_WANTED);
	collect(&point);
	for (size_t i = 0; i < point.count; i++)
		ref_screen(answer->call, wanted, &point.candidates[i]);
	take(answer, &point);
	fill_up(answer, &point);
	treat(answer, &point, ret);
	if (answer->call->request->explain)
		explain(&point, ret);
}

void ref_decide(const Reference *ref, const Visitor *visitor, const DecideRequest *request, Decision *ret)
{
	RefCall call = {ref, visitor, request};
	Answer *answer = ARENA_NEW(ref->arena, Answer);
	answer->call = &call;
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
