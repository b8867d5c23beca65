// Scores have to be between 0 and 100.
#include "validate/internal.h"

Err analyse_score(Analysis *a, const SnapRule *rule, Object object)
{
	double low, high;
	bool known;
	if (!rule->score_expression)
		return OK;
	TRY(logic_range(a->logic[rule->audience_level], rule->score_expression->source, &known, &low, &high));
	object.field = "score_expression";
	if (known && (low < 0 || high > 100))
		finding(a, FINDING_SCORE_OUT_OF_RANGE, object, "keep what it gives between 0 and 100",
		        "'%s' can give %g", rule->score_expression->source, low < 0 ? low : high);
	return OK;
}
