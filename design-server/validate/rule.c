// Rules and global offers that can never fire. A rule gets one finding at most: the first reason there is.
// What comes of something else that is told (its segment is never met, its campaign is over) is not told of
// the rule again.
#include "validate/internal.h"

// In words, for reasons.
static const char *moment(const Analysis *a, int64_t us)
{
	char text[TIME_TEXT_SIZE];
	time_format(us, text);
	const char *copy = arena_cstr(a->arena, str(text));
	return copy ? copy : "";
}

// --- dates ---

typedef struct Dates {
	int64_t from_us, until_us; // 0: no such end
} Dates;

static bool apart(Dates a, Dates b)
{
	return (a.until_us && b.from_us && a.until_us <= b.from_us) ||
	       (b.until_us && a.from_us && b.until_us <= a.from_us);
}

static const char *dates_text(const Analysis *a, Dates dates)
{
	const char *text = arena_printf(a->arena, "%s%s%s%s", dates.from_us ? "from " : "",
	        dates.from_us ? moment(a, dates.from_us) : "",
	        dates.until_us ? (dates.from_us ? " until " : "until ") : "",
	        dates.until_us ? moment(a, dates.until_us) : "");
	return text ? text : "";
}

// Whether its dates let none of its offers be shown; the reason is noted.
static bool check_dates(Analysis *a, const SnapRule *rule, Object object)
{
	Dates own = {rule->effective_us, rule->expires_us};
	if (own.until_us && own.until_us <= a->options->as_of_us) {
		object.field = "expire_time";
		finding(a, FINDING_RULE_OVER, object, "give it a later expire_time, or delete it",
		        "it was in force until %s", moment(a, own.until_us));
		return true;
	}
	const SnapCampaign *campaign = rule->campaign ? a->snapshot->campaigns[rule->campaign - 1] : NULL;
	Dates of = campaign ? (Dates){campaign->effective_us, campaign->expires_us} : (Dates){0};
	object.field = "effective_time";
	if (campaign && apart(own, of)) {
		finding(a, FINDING_RULE_DATES_DISJOINT, object, "let the two overlap",
		        "it is in force %s, but its campaign '%s' runs %s", dates_text(a, own),
		        campaign->code, dates_text(a, of));
		return true;
	}
	const uint32_t *offers;
	size_t count = rule_offers(a, rule, &offers), outside = 0;
	for (size_t i = 0; i < count; i++) {
		const SnapOffer *offer = a->snapshot->offers[offers[i]];
		of = (Dates){offer->effective_us, offer->expires_us};
		outside += apart(own, of);
	}
	if (!count || outside < count)
		return false;
	finding(a, FINDING_RULE_DATES_DISJOINT, object, "let the two overlap",
	        "it is in force %s, but %s %s is valid %s", dates_text(a, own),
	        count > 1 ? "every offer of its list is not: the first," : "its offer",
	        a->offers[offers[0]].in->name,
	        dates_text(a, (Dates){a->snapshot->offers[offers[0]]->effective_us,
	                              a->snapshot->offers[offers[0]]->expires_us}));
	return true;
}

// --- cells ---

static bool check_cell(Analysis *a, const SnapRule *rule, Object object)
{
	const SnapCampaign *campaign = rule->campaign ? a->snapshot->campaigns[rule->campaign - 1] : NULL;
	const SnapCell *cell = campaign && rule->cell ? campaign->cells[rule->cell - 1] : NULL;
	object.field = "cell";
	if (!cell)
		return false;
	if (cell->control_ppm == 1000000) {
		finding(a, FINDING_RULE_ALL_CONTROL, object,
		        "lower the cell's control_percent, or delete the rule",
		        "its cell '%s' of the campaign '%s' holds out 100 %% of the visitors", cell->code,
		        campaign->code);
		return true;
	}
	for (size_t i = 0; i < campaign->n_cells; i++) {
		if (strcmp(campaign->cells[i]->control_cell, cell->code) != 0)
			continue;
		finding(a, FINDING_RULE_FOR_CONTROL_CELL, object,
		        "name the treated cell instead, or do not let this one be a control cell",
		        "its cell '%s' stands for those whom the cell '%s' holds out and who are offered "
		        "nothing",
		        cell->code, campaign->cells[i]->code);
		return true;
	}
	return false;
}

// --- offers ---

static bool check_offer(Analysis *a, const SnapRule *rule, Object object)
{
	const uint32_t *offers;
	size_t count = rule_offers(a, rule, &offers), taken = 0;
	object.field = rule->offer_list ? "offer_list" : "offer";
	if (!rule->offer_list &&
	        a->offers[rule->offer].in->state == PARLEY__DESIGN__V1__OFFER_STATE__OFFER_STATE_RETIRED) {
		finding(a, FINDING_OFFER_RETIRED, object, "name another offer, or delete the rule",
		        "the offer '%s' is retired, so the rule offers nothing",
		        a->offers[rule->offer].in->name);
		return true;
	}
	if (!rule->zone || a->idle[rule->zone - 1])
		return false;
	for (size_t i = 0; i < count; i++)
		taken += zone_takes(a, rule->zone - 1, offers[i]);
	if (taken || !count)
		return false;
	finding(a, FINDING_RULE_OFFER_EXCLUDED, object,
	        "correct the conditions of the zone's inclusion rule, the offer, or the zone",
	        "%s '%s' does not meet the conditions on offers of the zone '%s'",
	        rule->offer_list ? "nothing of its offer list, such as" : "its offer",
	        a->offers[offers[0]].in->name, a->snapshot->zones[rule->zone - 1]->name);
	return true;
}

// --- conditions ---

// The zone's inclusion rule against what the rule asks of the visitor: in its zone, or in all of them.
static Err check_zone(
        Analysis *a, const SnapRule *rule, const Condition *wanted, const char *text, Object object)
{
	const Condition *inclusion, *both;
	const SnapExpression *expression =
	        rule->zone ? zone_inclusion(a->snapshot->zones[rule->zone - 1], rule->audience_level) : NULL;
	if (!expression)
		return OK;
	TRY(logic_condition(a->logic[rule->audience_level], expression, &inclusion));
	if (inclusion->never)
		return OK;
	TRY(logic_both(a->logic[rule->audience_level], wanted, inclusion, &both));
	if (both->never)
		finding(a, FINDING_RULE_CONTRADICTS_ZONE, object,
		        "correct the rule or the zone's inclusion rule, or choose another zone",
		        "the zone '%s' lets in whom '%s' is true for, and the rule is for %s%s",
		        a->snapshot->zones[rule->zone - 1]->name, inclusion->source, text,
		        clash_text(a, both));
	return OK;
}

static Err check_conditions(Analysis *a, const SnapRule *rule, Object object)
{
	Logic *logic = a->logic[rule->audience_level];
	const Condition *eligible, *in_segment, *both;
	const SnapSegment *segment = rule->segment ? a->snapshot->segments[rule->segment - 1] : NULL;
	object.field = "eligibility";
	TRY(logic_condition(logic, rule->eligibility, &eligible));
	if (eligible->never) {
		finding(a, FINDING_RULE_NEVER, object, "correct the expression, or delete the rule",
		        "'%s' is never true%s", eligible->source, clash_text(a, eligible));
		return OK;
	}
	TRY(analyse_condition(a, object, rule->audience_level, rule->eligibility));
	TRY(logic_condition(logic, NULL, &in_segment));
	if (segment)
		in_segment = a->segments[rule->segment - 1];
	if (in_segment->never)
		return OK;
	TRY(logic_then(logic, in_segment, eligible, &both));
	if (both->never) {
		finding(a, FINDING_RULE_CONTRADICTS_SEGMENT, object,
		        "correct one of the two expressions, or choose another segment",
		        "whoever is in the segment '%s' meets '%s', and then '%s' is never true%s",
		        segment->name, in_segment->source, eligible->source, clash_text(a, both));
		return OK;
	}
	const char *text =
	        in_segment->source
	                ? arena_printf(a->arena, "the segment '%s' ('%s')%s%s%s", segment->name,
	                          in_segment->source, eligible->source ? ", if '" : "",
	                          eligible->source ? eligible->source : "", eligible->source ? "'" : "")
	                : arena_printf(
	                          a->arena, "those with '%s'", eligible->source ? eligible->source : "true");
	return check_zone(a, rule, both, text ? text : "", object);
}

Err analyse_rules(Analysis *a)
{
	for (size_t i = 0; i < rule_count(a); i++) {
		Object object;
		const SnapRule *rule = rule_at(a, i, &object);
		TRY(analyse_score(a, rule, object));
		// One that is switched off is not meant to fire.
		if (!rule->enabled || check_dates(a, rule, object) || check_cell(a, rule, object) ||
		        check_offer(a, rule, object))
			continue;
		TRY(check_conditions(a, rule, object));
	}
	return OK;
}
