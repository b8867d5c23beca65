// A case for people: one line an object, references by name, expressions as CEL, moments relative to as-of.
#include "case.h"

#include "reference.h"

#include <inttypes.h>

typedef struct Writer {
	FILE *out;
	const Snapshot *snapshot;
	int64_t as_of_us;
} Writer;

static void write_moment(const Writer *w, const char *what, int64_t us)
{
	fprintf(w->out, " %s as-of%+" PRId64 "us", what, us - w->as_of_us);
}

static void write_dates(const Writer *w, int64_t effective_us, int64_t expires_us)
{
	if (effective_us)
		write_moment(w, "effective", effective_us);
	if (expires_us)
		write_moment(w, "expires", expires_us);
}

static void write_expression(const Writer *w, const char *what, const SnapExpression *expression)
{
	if (expression)
		fprintf(w->out, " %s `%s`", what, expression->source);
}

static void write_constant(const Writer *w, const SnapConstant *constant)
{
	if (constant->type != SNAP_TYPE(STRING_LIST)) {
		ast_write_value(w->out, ref_constant(constant, NULL));
		return;
	}
	fputc('[', w->out);
	for (size_t i = 0; i < constant->n_string_values; i++)
		fprintf(w->out, "%s\"%s\"", i ? ", " : "", constant->string_values[i]);
	fputc(']', w->out);
}

static void write_offers(const Writer *w, const char *what, const uint32_t *offers, size_t count)
{
	fprintf(w->out, " %s", what);
	for (size_t i = 0; i < count; i++)
		fprintf(w->out, "%s%s", i ? "," : " ", w->snapshot->offers[offers[i]]->code);
}

static const char *comparison_text(Parley__Snapshot__V1__Comparison comparison)
{
	static const char *const texts[] = {"?", "==", "!=", "<", "<=", ">", ">=", "contains"};
	return texts[comparison];
}

// --- the snapshot ---

static void write_levels(const Writer *w)
{
	for (size_t i = 0; i < w->snapshot->n_audience_levels; i++) {
		const SnapLevel *level = w->snapshot->audience_levels[i];
		fprintf(w->out, "level %s:", level->name);
		for (size_t a = 0; a < level->n_attributes; a++) {
			fprintf(w->out, "%s %s", a ? "," : "", level->attributes[a]->name);
			if (!level->attributes[a]->default_value)
				continue;
			fputs(" default ", w->out);
			write_constant(w, level->attributes[a]->default_value);
		}
		fputc('\n', w->out);
	}
}

static void write_zones(const Writer *w)
{
	static const char *const ties[] = {"unspecified", "random", "newest", "code"};
	static const char *const dedups[] = {"unspecified", "offer", "treatment", "none"};
	for (size_t i = 0; i < w->snapshot->n_zones; i++) {
		const SnapZone *zone = w->snapshot->zones[i];
		fprintf(w->out, "zone %s: tie-break %s, deduplication %s", zone->name, ties[zone->tie_break],
		        dedups[zone->deduplication]);
		for (size_t k = 0; k < zone->n_inclusion; k++) {
			fprintf(w->out, " for level %u", zone->inclusion[k]->audience_level);
			write_expression(w, "if", zone->inclusion[k]->expression);
		}
		for (size_t k = 0; k < zone->n_offer_inclusion; k++) {
			const SnapCondition *condition = zone->offer_inclusion[k];
			fprintf(w->out, " where %s %s ", condition->attribute,
			        comparison_text(condition->comparison));
			write_constant(w, condition->value);
		}
		if (zone->n_default_offers)
			write_offers(w, "default", zone->default_offers, zone->n_default_offers);
		fputc('\n', w->out);
	}
	for (size_t i = 0; i < w->snapshot->n_points; i++)
		fprintf(w->out, "point %s: zone %s\n", w->snapshot->points[i]->name,
		        w->snapshot->zones[w->snapshot->points[i]->zone]->name);
}

static void write_offer_attribute(const Writer *w, const SnapOfferAttribute *attribute)
{
	fprintf(w->out, " %s", attribute->name);
	if (attribute->value) {
		fputc('=', w->out);
		write_constant(w, attribute->value);
	}
	for (size_t i = 0; i < attribute->n_personalised; i++) {
		fprintf(w->out, " for level %u", attribute->personalised[i]->audience_level);
		write_expression(w, "is", attribute->personalised[i]->expression);
	}
}

static void write_all_offers(const Writer *w)
{
	for (size_t i = 0; i < w->snapshot->n_offers; i++) {
		const SnapOffer *offer = w->snapshot->offers[i];
		fprintf(w->out, "offer %s:%s", offer->code, offer->published ? "" : " not published");
		write_dates(w, offer->effective_us, offer->expires_us);
		for (size_t a = 0; a < offer->n_attributes; a++)
			write_offer_attribute(w, offer->attributes[a]);
		fputc('\n', w->out);
	}
	for (size_t i = 0; i < w->snapshot->n_offer_lists; i++) {
		const SnapOfferList *list = w->snapshot->offer_lists[i];
		fprintf(w->out, "offer list %s:", list->name);
		write_offers(w, "", list->offers, list->n_offers);
		fputc('\n', w->out);
	}
}

static void write_segments(const Writer *w)
{
	static const char *const uses[] = {"", " ALL", " ANY", " EXCEPT"};
	for (size_t i = 0; i < w->snapshot->n_audience_lists; i++) {
		const SnapList *list = w->snapshot->audience_lists[i];
		fprintf(w->out, "list %s: level %u", list->name, list->audience_level);
		for (size_t k = 0; k < list->n_ids; k++)
			fprintf(w->out, " %s", list->ids[k]);
		fputc('\n', w->out);
	}
	for (size_t i = 0; i < w->snapshot->n_segments; i++) {
		const SnapSegment *segment = w->snapshot->segments[i];
		fprintf(w->out, "segment %zu %s: level %u", i, segment->name, segment->audience_level);
		write_expression(w, "if", segment->expression);
		if (segment->list)
			fprintf(w->out, "%s list %s", uses[segment->list_use],
			        w->snapshot->audience_lists[segment->list - 1]->name);
		if (*segment->group)
			fprintf(w->out, " group %s rank %u", segment->group, segment->rank);
		fputc('\n', w->out);
	}
}

static void write_next(const Writer *w, uint32_t next)
{
	if (next)
		fprintf(w->out, " -> %u", next - 1);
	else
		fputs(" -> end", w->out);
}

static void write_step(const Writer *w, const SnapFlow *flow, size_t index)
{
	static const char *const kinds[] = {"?", "decision", "sample", "set", "segment"};
	const SnapStep *step = flow->steps[index];
	fprintf(w->out, "  step %zu %s: %s", index, step->name, kinds[step->kind]);
	for (size_t b = 0; b < step->n_branches; b++) {
		fprintf(w->out, " branch %zu", b);
		if (step->branches[b]->condition)
			write_expression(w, "if", step->branches[b]->condition);
		else
			fprintf(w->out, " %u ppm of %s", step->branches[b]->share_ppm, step->salt);
		write_next(w, step->branches[b]->next);
	}
	if (step->kind == SNAP_STEP(SET_ATTRIBUTE))
		fprintf(w->out, " %s",
		        w->snapshot->audience_levels[flow->audience_level]
		                ->attributes[step->attribute]
		                ->name);
	write_expression(w, "to", step->value);
	if (step->kind == SNAP_STEP(SEGMENT))
		fprintf(w->out, " %s", w->snapshot->segments[step->segment]->name);
	fputs(", else", w->out);
	write_next(w, step->next);
	fputc('\n', w->out);
}

static void write_flows(const Writer *w)
{
	for (size_t i = 0; i < w->snapshot->n_flows; i++) {
		const SnapFlow *flow = w->snapshot->flows[i];
		fprintf(w->out, "flow %s: level %u\n", flow->name, flow->audience_level);
		for (size_t s = 0; s < flow->n_steps; s++)
			write_step(w, flow, s);
	}
}

static void write_campaigns(const Writer *w)
{
	for (size_t i = 0; i < w->snapshot->n_campaigns; i++) {
		const SnapCampaign *campaign = w->snapshot->campaigns[i];
		fprintf(w->out, "campaign %s:%s", campaign->code, campaign->active ? "" : " inactive");
		write_dates(w, campaign->effective_us, campaign->expires_us);
		for (size_t c = 0; c < campaign->n_cells; c++)
			fprintf(w->out, " cell %s control %u ppm of %s", campaign->cells[c]->code,
			        campaign->cells[c]->control_ppm, campaign->cells[c]->control_salt);
		fputc('\n', w->out);
	}
}

static void write_rule(const Writer *w, const char *what, const SnapRule *rule)
{
	const Snapshot *s = w->snapshot;
	fprintf(w->out, "%s %s: level %u", what, rule->name, rule->audience_level);
	fprintf(w->out, rule->offer_list ? " offer list %s" : " offer %s",
	        rule->offer_list ? s->offer_lists[rule->offer_list - 1]->name : s->offers[rule->offer]->code);
	if (rule->segment)
		fprintf(w->out, " segment %s", s->segments[rule->segment - 1]->name);
	if (rule->zone)
		fprintf(w->out, " zone %s", s->zones[rule->zone - 1]->name);
	if (!rule->score_expression)
		fprintf(w->out, " score %g", rule->score);
	write_expression(w, "score", rule->score_expression);
	write_expression(w, "eligible if", rule->eligibility);
	if (rule->campaign)
		fprintf(w->out, " campaign %s", s->campaigns[rule->campaign - 1]->code);
	if (rule->cell)
		fprintf(w->out, " cell %s", s->campaigns[rule->campaign - 1]->cells[rule->cell - 1]->code);
	write_dates(w, rule->effective_us, rule->expires_us);
	fprintf(w->out, "%s%s\n", rule->enabled ? "" : " disabled",
	        rule->top_priority ? " top priority" : "");
}

static void write_limits(const Writer *w)
{
	static const char *const triggers[] = {"?", "accept", "reject", "presentations"};
	static const char *const scopes[] = {"?", "session", "days", "for ever"};
	static const char *const whose[] = {"?", "session", "visitor", "overall"};
	static const char *const periods[] = {"?", "ever", "hour", "day", "week", "month"};
	for (size_t i = 0; i < w->snapshot->n_suppressions; i++) {
		const SnapSuppression *rule = w->snapshot->suppressions[i];
		fprintf(w->out, "suppression %s: after %u %s, %s %u", rule->name, rule->times,
		        triggers[rule->trigger], scopes[rule->scope], rule->days);
		write_offers(w, "of", rule->offers, rule->n_offers);
		fprintf(w->out, "%s%s\n", *rule->related_attribute ? " related by " : "",
		        rule->related_attribute);
	}
	for (size_t i = 0; i < w->snapshot->n_constraints; i++) {
		const SnapConstraint *rule = w->snapshot->constraints[i];
		fprintf(w->out, "constraint %s: %s, %s, %s, limit %" PRIu64, rule->name, whose[rule->scope],
		        periods[rule->period],
		        rule->counted == SNAP_COUNTED(CONTACTS) ? "contacts" : "accepts", rule->limit);
		write_offers(w, "of", rule->offers, rule->n_offers);
		fputc('\n', w->out);
	}
}

static void write_entries(const Writer *w)
{
	for (size_t i = 0; i < w->snapshot->n_score_overrides; i++) {
		const SnapOverride *entry = w->snapshot->score_overrides[i];
		fprintf(w->out, "override %zu: level %u %s offer %s score %g%s\n", i, entry->audience_level,
		        entry->audience_id, w->snapshot->offers[entry->offer]->code, entry->score,
		        entry->adds ? " adds" : "");
	}
	for (size_t i = 0; i < w->snapshot->n_blacklist; i++) {
		const SnapBlacklistEntry *entry = w->snapshot->blacklist[i];
		fprintf(w->out, "blacklist: level %u %s offer %s\n", entry->audience_level,
		        entry->audience_id, w->snapshot->offers[entry->offer]->code);
	}
}

// --- the visit ---

static void write_facts(const Writer *w, const char *what, const Fact *facts, size_t count)
{
	static const char *const kinds[] = {"contact", "accept", "reject", "suppress", "qualify"};
	for (size_t i = 0; i < count; i++) {
		const Fact *fact = &facts[i];
		fprintf(w->out, "%s: %s %s x%u", what, kinds[fact->kind],
		        w->snapshot->offers[fact->offer]->code, fact->count);
		write_moment(w, "at", fact->time_us);
		if (fact->kind >= FACT_SUPPRESS && fact->until_us == INT64_MAX)
			fputs(" for ever", w->out);
		else if (fact->kind >= FACT_SUPPRESS)
			write_moment(w, "until", fact->until_us);
		fprintf(w->out, fact->kind == FACT_QUALIFY ? " score %g\n" : "\n", fact->score);
	}
}

static void write_visitor(const Writer *w, const Visit *visit)
{
	const SnapLevel *level = w->snapshot->audience_levels[visit->level];
	fprintf(w->out, "visitor: level %u %s %s:", visit->level, level->name, visit->audience_id);
	for (size_t i = 0; i < level->n_attributes; i++) {
		if (visit->values[i].kind == EXPR_ERROR)
			continue;
		fprintf(w->out, " %s=", level->attributes[i]->name);
		ast_write_value(w->out, visit->values[i]);
	}
	fputc('\n', w->out);
	write_facts(w, "fact", visit->facts, visit->fact_count);
	write_facts(w, "session fact", visit->session_facts, visit->session_fact_count);
	for (size_t i = 0; visit->volumes && i < w->snapshot->n_constraints; i++)
		fprintf(w->out, "volume of %s: %" PRIu64 "\n", w->snapshot->constraints[i]->name,
		        visit->volumes[i]);
}

static void write_request(const Writer *w, const Visit *visit)
{
	fprintf(w->out, "request: as of ");
	ast_write_value(w->out, value_of_moment(visit->as_of_us));
	fprintf(w->out, " seed %" PRIu64 "%s\n", visit->seed, visit->across ? " deduplicate across" : "");
	for (size_t i = 0; i < visit->point_count; i++) {
		const DecidePoint *point = &visit->points[i];
		fprintf(w->out, "  %s, at most %u",
		        point->point < 0 ? "unknown" : w->snapshot->points[point->point]->name, point->max);
		for (size_t f = 0; f < point->filter_count; f++) {
			const OfferFilter *filter = &point->filter[f];
			fprintf(w->out, ", " STR_FMT " %s ", STR_ARG(filter->attribute),
			        comparison_text(filter->comparison));
			ast_write_value(w->out, filter->value);
		}
		fputc('\n', w->out);
	}
}

void case_write(FILE *out, const World *world, const Visit *visit)
{
	const Snapshot *s = world->snapshot;
	Writer w = {out, s, visit->as_of_us};
	write_levels(&w);
	write_zones(&w);
	write_all_offers(&w);
	write_segments(&w);
	write_flows(&w);
	write_campaigns(&w);
	for (size_t i = 0; i < s->n_rules; i++)
		write_rule(&w, "rule", s->rules[i]);
	for (size_t i = 0; i < s->n_global_offers; i++)
		write_rule(&w, "global offer", s->global_offers[i]);
	write_limits(&w);
	write_entries(&w);
	write_visitor(&w, visit);
	write_request(&w, visit);
}
