// Attributes that speak to the visitor. What cannot be said personally is said as for everybody.
#include "decide/call.h"

static ExprValue value_of(Call *call, const SnapOfferAttribute *attribute, uint32_t value)
{
	ExprValue result = value_as(evaluate_result(&call->evaluation, value), attribute->type);
	return result.kind == EXPR_ERROR && attribute->value ? plan_constant(attribute->value, call->arena)
	                                                     : result;
}

Err call_personalise(Call *call, DecidedOffer *offer)
{
	const Plan *plan = call->plan;
	const SnapOffer *of = plan->snapshot->offers[offer->id.offer];
	uint32_t first = plan->personal_starts[offer->id.offer];
	uint32_t end = plan->personal_starts[offer->id.offer + 1];
	if (first == end)
		return OK;
	DecidedAttribute *attributes = ARENA_ARRAY(call->arena, DecidedAttribute, end - first);
	if (!attributes)
		return err(ERR_NO_MEMORY, "no memory for %u attributes", end - first);
	for (uint32_t i = first; i < end; i++) {
		const PlanPersonal *personal = &plan->personal[i];
		if (personal->level != (uint32_t)call->visitor->level)
			continue;
		const SnapOfferAttribute *attribute = of->attributes[personal->attribute];
		attributes[offer->attribute_count++] =
		        (DecidedAttribute){personal->attribute, value_of(call, attribute, personal->value)};
	}
	offer->attributes = attributes;
	return OK;
}
