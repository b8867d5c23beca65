// How often offers may be shown: suppression rules and constraints.
#include "admin/validate.h"

#include "parley/design/v1/constraint.pb-c.h"
#include "parley/design/v1/suppression_rule.pb-c.h"

enum { TIMES_MAX = 4096 }; // more facts of a visitor than that are not kept

#define TRIGGER(name) PARLEY__DESIGN__V1__SUPPRESSION_TRIGGER__SUPPRESSION_TRIGGER_##name
#define SCOPE(name)   PARLEY__DESIGN__V1__CONSTRAINT_SCOPE__CONSTRAINT_SCOPE_##name
#define PERIOD(name)  PARLEY__DESIGN__V1__PERIOD__PERIOD_##name

static Err check_some(const Check *check, size_t offers, size_t lists)
{
	if (offers || lists)
		return OK;
	return check_fail(check, ERR_FIELD_MISSING, "offers",
	        "name the offers that it is about, or offer lists in offer_lists");
}

static Err check_times(const Check *check, const Parley__Design__V1__SuppressionRule *rule)
{
	if (rule->trigger != TRIGGER(PRESENTATIONS))
		return rule->times <= 1 ? OK
		                        : check_fail(check, ERR_FIELD_INVALID, "times",
		                                  "goes with trigger PRESENTATIONS: leave it out");
	if (!rule->times || rule->times > TIMES_MAX)
		return check_fail(check, rule->times ? ERR_FIELD_INVALID : ERR_FIELD_MISSING, "times",
		        "say how many presentations are enough: 1 to %d", TIMES_MAX);
	return OK;
}

Err validate_suppression_rule(Check *check)
{
	const Parley__Design__V1__SuppressionRule *rule = (const void *)check->message;
	TRY(check_some(check, rule->n_offers, rule->n_offer_lists));
	if (rule->trigger == TRIGGER(UNSPECIFIED))
		return check_fail(check, ERR_FIELD_MISSING, "trigger",
		        "say what suppresses the offers: ACCEPT, REJECT or PRESENTATIONS");
	TRY(check_times(check, rule));
	TRY(value_scope(check, "", rule->scope, rule->days));
	if (*rule->related_attribute && !is_identifier(str(rule->related_attribute)))
		return check_fail(check, ERR_FIELD_INVALID, "related_attribute",
		        "\"%s\" is not an attribute's name: give that of an offer template's attribute",
		        rule->related_attribute);
	return OK;
}

Err validate_constraint(Check *check)
{
	const Parley__Design__V1__Constraint *constraint = (const void *)check->message;
	TRY(check_some(check, constraint->n_offers, constraint->n_offer_lists));
	if (constraint->scope == SCOPE(UNSPECIFIED))
		return check_fail(check, ERR_FIELD_MISSING, "scope",
		        "say whose contacts or accepts count: SESSION, VISITOR or OVERALL");
	if (constraint->scope == SCOPE(SESSION) && constraint->period != PERIOD(UNSPECIFIED) &&
	        constraint->period != PERIOD(EVER))
		return check_fail(check, ERR_FIELD_INVALID, "period",
		        "a session has no periods: leave it out, or choose scope VISITOR");
	if (constraint->limit < 1)
		return check_fail(check, constraint->limit ? ERR_FIELD_INVALID : ERR_FIELD_MISSING, "limit",
		        "say how many are enough: at least 1");
	return OK;
}
