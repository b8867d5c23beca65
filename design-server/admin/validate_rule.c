// Treatment rules and global offers, which are rules for everyone.
#include "admin/level.h"
#include "admin/message.h"
#include "admin/validate.h"

#include "parley/design/v1/campaign.pb-c.h"
#include "parley/design/v1/global_offer.pb-c.h"
#include "parley/design/v1/treatment_rule.pb-c.h"

typedef Parley__Design__V1__TreatmentRule TreatmentRule;
typedef Parley__Design__V1__GlobalOffer GlobalOffer;

// The cell is one of the campaign's.
static Err check_cell(const Check *check, const char *name, const char *cell)
{
	const Resolved *target = check_target(check, "Campaign", name);
	if (!*cell)
		return OK;
	if (!target)
		return check_fail(
		        check, ERR_FIELD_MISSING, "campaign", "name the campaign that cell %s is of", cell);
	const Parley__Design__V1__Campaign *campaign = (const void *)target->message;
	for (size_t i = 0; i < campaign->n_cells; i++)
		if (strcmp(campaign->cells[i]->code, cell) == 0)
			return OK;
	return check_fail(check, ERR_FIELD_INVALID, "cell",
	        "campaign %s has no cell \"%s\": add it there, or name another one", name, cell);
}

// The level: the rule's own, or its segment's, or the channel's only one.
static Err find_level(Check *check, const TreatmentRule *rule, const Resolved **ret)
{
	const char *name = rule->audience_level;
	const Resolved *segment = check_target(check, "Segment", rule->segment);
	Str of_segment = segment ? message_str(segment->message, "audience_level") : (Str){0};
	if (segment && *name && !str_eq(str(name), of_segment))
		return check_fail(check, ERR_FIELD_INVALID, "audience_level",
		        "segment %s sorts visitors of " STR_FMT ": name that level, or none", rule->segment,
		        STR_ARG(of_segment));
	return level_named(check, "audience_level", segment ? of_segment.ptr : name,
	        "whose visitors the rule treats, or a segment of it", ret);
}

Err validate_treatment_rule(Check *check)
{
	const TreatmentRule *rule = (const void *)check->message;
	const Resolved *level;
	TRY(value_offer(check, "", rule->offer, rule->offer_list));
	TRY(check_cell(check, rule->campaign, rule->cell));
	TRY(find_level(check, rule, &level));
	if (rule->marketer_score_case == PARLEY__DESIGN__V1__TREATMENT_RULE__MARKETER_SCORE_SCORE)
		TRY(value_score(check, "score", rule->score));
	if (rule->marketer_score_case == PARLEY__DESIGN__V1__TREATMENT_RULE__MARKETER_SCORE_SCORE_EXPRESSION)
		TRY(level_expression(check, "score_expression", level, rule->score_expression, EXPR_DOUBLE));
	if (*rule->eligibility)
		TRY(level_expression(check, "eligibility", level, rule->eligibility, EXPR_BOOL));
	return value_dates(check);
}

Err validate_global_offer(Check *check)
{
	const GlobalOffer *offer = (const void *)check->message;
	const Resolved *level;
	TRY(value_offer(check, "", offer->offer, offer->offer_list));
	TRY(check_cell(check, offer->campaign, offer->cell));
	TRY(level_named(check, "audience_level", offer->audience_level, "whose visitors it is for", &level));
	if (offer->marketer_score_case == PARLEY__DESIGN__V1__GLOBAL_OFFER__MARKETER_SCORE_SCORE)
		TRY(value_score(check, "score", offer->score));
	if (offer->marketer_score_case == PARLEY__DESIGN__V1__GLOBAL_OFFER__MARKETER_SCORE_SCORE_EXPRESSION)
		TRY(level_expression(check, "score_expression", level, offer->score_expression, EXPR_DOUBLE));
	if (*offer->eligibility)
		TRY(level_expression(check, "eligibility", level, offer->eligibility, EXPR_BOOL));
	return value_dates(check);
}
