// What an offered candidate becomes, and what is told of all.
#include "ref_point.h"

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

void ref_treat(Answer *answer, const Point *point, PointDecision *ret)
{
	DecidedOffer *offers = ARENA_ARRAY(answer->call->ref->arena, DecidedOffer, point->offered_count);
	ret->offers = offers;
	ret->offer_count = point->offered_count;
	for (size_t i = 0; i < point->offered_count; i++) {
		offers[i] = (DecidedOffer){.id = point->offered[i]->id, .score = point->offered[i]->score};
		personalise(answer->call, &offers[i]);
		ref_treatment_code(answer->call->request->seed, answer->ordinal++, offers[i].treatment_code);
		answer->shown[answer->shown_count++] = ref_treatment_of(point->offered[i]);
	}
}

// --- explaining ---

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

void ref_explain(const Point *point, PointDecision *ret)
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
