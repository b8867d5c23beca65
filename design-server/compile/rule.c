// Treatment rules, and global offers, which are rules for everyone of an audience level.
#include "compile/internal.h"

#include <stddef.h>

typedef Parley__Design__V1__TreatmentRule DesignRule;
typedef Parley__Design__V1__GlobalOffer DesignGlobal;
#define SCORE(kind) PARLEY__DESIGN__V1__TREATMENT_RULE__MARKETER_SCORE_##kind

enum { DEFAULT_SCORE = 50 };

// The rule's own level, or its segment's, or the channel's only one; -1, with a problem noted, if that does
// not say.
static int rule_level(Compile *c, const DesignRule *in, int segment)
{
	int own = reference(c, &c->levels, "audience_level", "audience level", in->audience_level);
	if (*in->audience_level && own < 0)
		return -1;
	int other = segment >= 0 ? (int)c->out->segments[segment]->audience_level : -1;
	if (own >= 0 && other >= 0 && own != other) {
		problem(c, "audience_level", "it is '%s', but the segment '%s' is of '%s': make them agree",
		        in->audience_level, in->segment, c->out->audience_levels[other]->name);
		return -1;
	}
	if (own >= 0 || other >= 0)
		return own >= 0 ? own : other;
	// With a segment that is not there, that is the problem.
	return *in->segment ? -1 : level_or_only(c, "audience_level", "", "rule");
}

static void compile_marketer_score(Compile *c, const DesignRule *in, const ExprSchema *schema, SnapRule *rule)
{
	if (in->marketer_score_case == SCORE(SCORE_EXPRESSION))
		rule->score_expression = compile_expression(
		        c, "score_expression", schema, in->score_expression, SNAP_TYPE(DOUBLE));
	else
		compile_score(c, "score", in->marketer_score_case == SCORE(SCORE) ? in->score : DEFAULT_SCORE,
		        &rule->score);
}

static void compile_rule_offer(Compile *c, const DesignRule *in, SnapRule *rule)
{
	if (!*in->offer && !*in->offer_list)
		problem(c, "offer", "it names neither an offer nor an offer list: name one");
	if (*in->offer && *in->offer_list)
		problem(c, "offer_list", "it names an offer too: keep one of the two");
	int offer = reference(c, &c->offers, "offer", "offer", in->offer);
	if (offer >= 0)
		rule->offer = c->offer_index[offer];
	if (reference(c, &c->offer_lists, "offer_list", "offer list", in->offer_list) >= 0)
		rule->offer_list = (uint32_t)(name_find(&c->rule_lists, in->offer_list) + 1);
}

static void compile_rule_campaign(Compile *c, const DesignRule *in, SnapRule *rule)
{
	int campaign = reference(c, &c->campaigns, "campaign", "campaign", in->campaign);
	rule->campaign = (uint32_t)(campaign + 1);
	if (!*in->cell)
		return;
	if (!*in->campaign)
		problem(c, "cell", "it names a cell, but no campaign: name the cell's campaign");
	if (campaign < 0)
		return;
	const SnapCampaign *of = c->out->campaigns[campaign];
	for (uint32_t i = 0; i < of->n_cells; i++) {
		if (strcmp(of->cells[i]->code, in->cell) == 0)
			rule->cell = i + 1;
	}
	if (!rule->cell)
		problem(c, "cell", "the campaign '%s' has no cell '%s': add it there or name another",
		        in->campaign, in->cell);
}

static void compile_rule(Compile *c, const DesignRule *in, SnapRule *rule)
{
	c->name = rule->name = in->name;
	rule->enabled = !in->disabled;
	rule->top_priority = in->top_priority;
	compile_dates(c, in->effective_time, in->expire_time, &rule->effective_us, &rule->expires_us);
	compile_rule_offer(c, in, rule);
	compile_rule_campaign(c, in, rule);
	rule->zone = (uint32_t)(reference(c, &c->zones, "zone", "zone", in->zone) + 1);
	int segment = reference(c, &c->segments, "segment", "segment", in->segment);
	rule->segment = (uint32_t)(segment + 1);
	int level = rule_level(c, in, segment);
	if (level < 0)
		return;
	rule->audience_level = (uint32_t)level;
	const ExprSchema *schema = &c->schemas[level];
	compile_marketer_score(c, in, schema, rule);
	if (*in->eligibility)
		rule->eligibility =
		        compile_expression(c, "eligibility", schema, in->eligibility, SNAP_TYPE(BOOL));
}

Err compile_rules(Compile *c)
{
	size_t count = c->in->rules.count;
	c->kind = "TreatmentRule";
	c->out->rules = NEW_ITEMS(c, SnapRule, PARLEY__SNAPSHOT__V1__TREATMENT_RULE__INIT, count);
	if (!c->out->rules)
		return compile_no_memory();
	c->out->n_rules = count;
	for (size_t i = 0; i < count; i++)
		compile_rule(c, c->in->rules.items[i], c->out->rules[i]);
	return OK;
}

static DesignRule as_rule(const DesignGlobal *in)
{
	DesignRule rule = PARLEY__DESIGN__V1__TREATMENT_RULE__INIT;
	rule.name = in->name;
	rule.audience_level = in->audience_level;
	rule.zone = in->zone;
	rule.offer = in->offer;
	rule.offer_list = in->offer_list;
	rule.eligibility = in->eligibility;
	rule.disabled = in->disabled;
	rule.top_priority = in->top_priority;
	rule.effective_time = in->effective_time;
	rule.expire_time = in->expire_time;
	rule.campaign = in->campaign;
	rule.cell = in->cell;
	switch (in->marketer_score_case) {
	case PARLEY__DESIGN__V1__GLOBAL_OFFER__MARKETER_SCORE_SCORE:
		rule.marketer_score_case = SCORE(SCORE);
		rule.score = in->score;
		break;
	case PARLEY__DESIGN__V1__GLOBAL_OFFER__MARKETER_SCORE_SCORE_EXPRESSION:
		rule.marketer_score_case = SCORE(SCORE_EXPRESSION);
		rule.score_expression = in->score_expression;
		break;
	default:
		break;
	}
	return rule;
}

Err compile_global_offers(Compile *c)
{
	size_t count = c->in->global_offers.count;
	c->kind = "GlobalOffer";
	c->out->global_offers = NEW_ITEMS(c, SnapRule, PARLEY__SNAPSHOT__V1__TREATMENT_RULE__INIT, count);
	if (!c->out->global_offers)
		return compile_no_memory();
	c->out->n_global_offers = count;
	for (size_t i = 0; i < count; i++) {
		DesignRule rule = as_rule(c->in->global_offers.items[i]);
		compile_rule(c, &rule, c->out->global_offers[i]);
	}
	return OK;
}
