// What refers to something: points to zones, segments to levels, rules to everything.
#include "compile/internal.h"

#include <math.h>
#include <stddef.h>

typedef Parley__Design__V1__TreatmentRule DesignRule;
#define SCORE(kind) PARLEY__DESIGN__V1__TREATMENT_RULE__MARKETER_SCORE_##kind

enum { DEFAULT_SCORE = 50, MAX_SCORE = 100 };

Err compile_zones(Compile *c)
{
	size_t count = c->in->zones.count;
	c->kind = "Zone";
	c->out->zones = NEW_ITEMS(c, SnapZone, PARLEY__SNAPSHOT__V1__ZONE__INIT, count);
	if (!c->out->zones)
		return compile_no_memory();
	c->out->n_zones = count;
	for (size_t i = 0; i < count; i++) {
		const Parley__Design__V1__Zone *in = c->in->zones.items[i];
		SnapZone *zone = c->out->zones[i];
		c->name = zone->name = in->name;
		zone->tie_break = (Parley__Snapshot__V1__TieBreak)in->tie_break; // the same numbers
		if (zone->tie_break == SNAP_TIE(UNSPECIFIED))
			zone->tie_break = SNAP_TIE(SEEDED_RANDOM);
		if ((unsigned)zone->tie_break > SNAP_TIE(OFFER_CODE))
			problem(c, "tie_break", "%d is not a known tie-break: choose one of the listed",
			        in->tie_break);
		zone->deduplication = SNAP_DEDUP(OFFER);
	}
	sort_by(c->out->zones, count, offsetof(SnapZone, name));
	return index_by(c, c->out->zones, count, offsetof(SnapZone, name), &c->zones);
}

Err compile_points(Compile *c)
{
	size_t count = c->in->points.count;
	c->kind = "InteractionPoint";
	c->out->points = NEW_ITEMS(c, SnapPoint, PARLEY__SNAPSHOT__V1__INTERACTION_POINT__INIT, count);
	if (!c->out->points)
		return compile_no_memory();
	c->out->n_points = count;
	for (size_t i = 0; i < count; i++) {
		const Parley__Design__V1__InteractionPoint *in = c->in->points.items[i];
		SnapPoint *point = c->out->points[i];
		c->name = point->name = in->name;
		point->default_content = in->default_content;
		if (!*in->default_content)
			problem(c, "default_content", "it is empty: say what to show without an offer");
		if (!*in->zone)
			problem(c, "zone", "it names no zone: name one");
		point->zone = (uint32_t)reference(c, &c->zones, "zone", "zone", in->zone);
	}
	sort_by(c->out->points, count, offsetof(SnapPoint, name));
	return OK;
}

Err compile_events(Compile *c)
{
	size_t count = c->in->events.count;
	c->kind = "Event";
	c->out->events = NEW_ITEMS(c, SnapEvent, PARLEY__SNAPSHOT__V1__EVENT__INIT, count);
	if (!c->out->events)
		return compile_no_memory();
	c->out->n_events = count;
	for (size_t i = 0; i < count; i++) {
		const Parley__Design__V1__Event *in = c->in->events.items[i];
		SnapEvent *event = c->out->events[i];
		c->name = event->name = in->name;
		event->category = in->category;
		event->n_actions = in->n_actions;
		event->actions =
		        NEW_ITEMS(c, SnapAction, PARLEY__SNAPSHOT__V1__EVENT_ACTION__INIT, in->n_actions);
		if (!event->actions)
			return compile_no_memory();
		for (size_t j = 0; j < in->n_actions; j++) {
			Parley__Snapshot__V1__EventActionKind kind =
			        (Parley__Snapshot__V1__EventActionKind)in->actions[j]
			                ->kind; // the same numbers
			event->actions[j]->kind = kind;
			if (kind == SNAP_ACTION(UNSPECIFIED) || (unsigned)kind > SNAP_ACTION(RESEGMENT))
				problem(c, arena_printf(c->arena, "actions[%zu]", j),
				        "it is not a known action: choose one of the listed");
		}
	}
	sort_by(c->out->events, count, offsetof(SnapEvent, name));
	return OK;
}

Err compile_segments(Compile *c)
{
	size_t count = c->in->segments.count;
	c->kind = "Segment";
	c->out->segments = NEW_ITEMS(c, SnapSegment, PARLEY__SNAPSHOT__V1__SEGMENT__INIT, count);
	if (!c->out->segments)
		return compile_no_memory();
	c->out->n_segments = count;
	for (size_t i = 0; i < count; i++) {
		const Parley__Design__V1__Segment *in = c->in->segments.items[i];
		SnapSegment *segment = c->out->segments[i];
		c->name = segment->name = in->name;
		int level = reference(c, &c->levels, "audience_level", "audience level", in->audience_level);
		if (!*in->audience_level)
			problem(c, "audience_level",
			        "it names no audience level: name the one whose visitors it sorts");
		if (level < 0)
			continue;
		segment->audience_level = (uint32_t)level;
		segment->expression =
		        compile_expression(c, "expression", &c->schemas[level], in->expression, EXPR_BOOL);
	}
	sort_by(c->out->segments, count, offsetof(SnapSegment, name));
	return index_by(c, c->out->segments, count, offsetof(SnapSegment, name), &c->segments);
}

// --- rules ---

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
	if (c->out->n_audience_levels == 1)
		return 0;
	if (!*in->segment)
		problem(c, "audience_level",
		        "the channel has %zu audience levels: name the one that this rule is for",
		        c->out->n_audience_levels);
	return -1;
}

static void compile_score(Compile *c, const DesignRule *in, const ExprSchema *schema, SnapRule *rule)
{
	if (in->marketer_score_case == SCORE(SCORE_EXPRESSION)) {
		rule->score_expression =
		        compile_expression(c, "score_expression", schema, in->score_expression, EXPR_DOUBLE);
		return;
	}
	rule->score = in->marketer_score_case == SCORE(SCORE) ? in->score + 0.0 : DEFAULT_SCORE;
	if (!isfinite(rule->score) || rule->score < 0 || rule->score > MAX_SCORE)
		problem(c, "score", "%g is not within 0 and %d: correct it", rule->score, MAX_SCORE);
}

static void compile_rule(Compile *c, const DesignRule *in, SnapRule *rule)
{
	c->name = rule->name = in->name;
	rule->enabled = !in->disabled;
	rule->top_priority = in->top_priority;
	compile_dates(c, in->effective_time, in->expire_time, &rule->effective_us, &rule->expires_us);
	if (!*in->offer)
		problem(c, "offer", "it names no offer: name one");
	rule->offer = (uint32_t)reference(c, &c->offers, "offer", "offer", in->offer);
	rule->zone = (uint32_t)(reference(c, &c->zones, "zone", "zone", in->zone) + 1);
	int segment = reference(c, &c->segments, "segment", "segment", in->segment);
	rule->segment = (uint32_t)(segment + 1);
	int level = rule_level(c, in, segment);
	if (level < 0)
		return;
	rule->audience_level = (uint32_t)level;
	const ExprSchema *schema = &c->schemas[level];
	compile_score(c, in, schema, rule);
	if (*in->eligibility)
		rule->eligibility = compile_expression(c, "eligibility", schema, in->eligibility, EXPR_BOOL);
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
	sort_by(c->out->rules, count, offsetof(SnapRule, name));
	return OK;
}
