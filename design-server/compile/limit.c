// What limits offers: suppression rules and constraints.
#include "compile/internal.h"

#include <stddef.h>

typedef Parley__Design__V1__SuppressionRule DesignSuppression;
typedef Parley__Design__V1__Constraint DesignConstraint;

enum { TIMES_MAX = 4096 };

static void refuse_no_offers(Compile *c, size_t offers, size_t lists)
{
	if (!offers && !lists)
		problem(c, "offers", "it names neither offers nor offer lists: name what it limits");
}

// --- suppression ---

static void compile_trigger(Compile *c, const DesignSuppression *in, SnapSuppression *rule)
{
	rule->trigger = (Parley__Snapshot__V1__SuppressionTrigger)in->trigger; // the same numbers
	rule->times = in->times;
	switch (rule->trigger) {
	case SNAP_TRIGGER(ACCEPT):
	case SNAP_TRIGGER(REJECT):
		rule->times = 1;
		if (in->times > 1)
			problem(c, "times",
			        "only PRESENTATIONS are counted: take it out, or change the trigger");
		break;
	case SNAP_TRIGGER(PRESENTATIONS):
		if (!in->times || in->times > TIMES_MAX)
			problem(c, "times", "say after how many presentations, 1 to %d", TIMES_MAX);
		break;
	default:
		problem(c, "trigger", "it is not a known trigger: choose one of the listed");
	}
}

static bool has_attribute(const SnapOffer *offer, const char *name)
{
	for (size_t i = 0; i < offer->n_attributes; i++) {
		if (strcmp(offer->attributes[i]->name, name) == 0)
			return true;
	}
	return false;
}

static void refuse_unrelated(Compile *c, const SnapSuppression *rule)
{
	for (size_t i = 0; i < rule->n_offers; i++) {
		if (has_attribute(c->out->offers[rule->offers[i]], rule->related_attribute))
			return;
	}
	if (*rule->related_attribute && rule->n_offers)
		problem(c, "related_attribute",
		        "none of its offers has an attribute '%s': correct the name or take it out",
		        rule->related_attribute);
}

static Err compile_suppression(Compile *c, const DesignSuppression *in, SnapSuppression *rule)
{
	OfferSet set;
	c->name = rule->name = in->name;
	refuse_no_offers(c, in->n_offers, in->n_offer_lists);
	TRY(offer_set_of(c, "", in->offers, in->n_offers, in->offer_lists, in->n_offer_lists, &set));
	rule->offers = set.items;
	rule->n_offers = set.count;
	rule->related_attribute = in->related_attribute;
	compile_trigger(c, in, rule);
	compile_scope(c, "", in->scope, in->days, &rule->scope, &rule->days);
	refuse_unrelated(c, rule);
	return OK;
}

Err compile_suppressions(Compile *c)
{
	size_t count = c->in->suppressions.count;
	c->kind = "SuppressionRule";
	c->out->suppressions =
	        NEW_ITEMS(c, SnapSuppression, PARLEY__SNAPSHOT__V1__SUPPRESSION_RULE__INIT, count);
	if (!c->out->suppressions)
		return compile_no_memory();
	c->out->n_suppressions = count;
	for (size_t i = 0; i < count; i++)
		TRY(compile_suppression(c, c->in->suppressions.items[i], c->out->suppressions[i]));
	return OK;
}

// --- constraints ---

static void compile_counting(Compile *c, const DesignConstraint *in, SnapConstraint *constraint)
{
	// The same numbers, and defaults made plain.
	constraint->scope = (Parley__Snapshot__V1__ConstraintScope)in->scope;
	constraint->period = in->period ? (Parley__Snapshot__V1__Period)in->period : SNAP_PERIOD(EVER);
	constraint->counted =
	        in->counted ? (Parley__Snapshot__V1__Counted)in->counted : SNAP_COUNTED(CONTACTS);
	if (in->scope <= 0 || (unsigned)in->scope > SNAP_CONSTRAINT(OVERALL))
		problem(c, "scope", "say whose contacts are counted: SESSION, VISITOR or OVERALL");
	if ((unsigned)constraint->period > SNAP_PERIOD(MONTH))
		problem(c, "period", "it is not a known period: choose one of the listed");
	else if (constraint->scope == SNAP_CONSTRAINT(SESSION) && constraint->period != SNAP_PERIOD(EVER))
		problem(c, "period", "a session has no periods: take it out, or count by VISITOR");
	if ((unsigned)constraint->counted > SNAP_COUNTED(ACCEPTS))
		problem(c, "counted", "it is not known what to count: choose one of the listed");
	constraint->limit = (uint64_t)in->limit;
	if (in->limit < 1)
		problem_as(c, PROBLEM_LIMIT, "limit", "it is %lld: give 1 or more, or switch the rules off",
		        (long long)in->limit);
}

Err compile_constraints(Compile *c)
{
	size_t count = c->in->constraints.count;
	c->kind = "Constraint";
	c->out->constraints = NEW_ITEMS(c, SnapConstraint, PARLEY__SNAPSHOT__V1__CONSTRAINT__INIT, count);
	if (!c->out->constraints)
		return compile_no_memory();
	c->out->n_constraints = count;
	for (size_t i = 0; i < count; i++) {
		const DesignConstraint *in = c->in->constraints.items[i];
		SnapConstraint *constraint = c->out->constraints[i];
		OfferSet set;
		c->name = constraint->name = in->name;
		refuse_no_offers(c, in->n_offers, in->n_offer_lists);
		TRY(offer_set_of(c, "", in->offers, in->n_offers, in->offer_lists, in->n_offer_lists, &set));
		constraint->offers = set.items;
		constraint->n_offers = set.count;
		compile_counting(c, in, constraint);
	}
	return OK;
}
