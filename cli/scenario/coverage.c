// Reached is what some visitor met: a rule whose segment he was in, whatever became of its offer; a reason
// that some candidate got. Reasons that no scenario can bring about, because nothing in the channel gives
// them, are not asked for.
#include "scenario/coverage.h"

#include "release/deployment.h"

#include <stdlib.h>

typedef Parley__Snapshot__V1__Snapshot Snapshot;
typedef Parley__Snapshot__V1__TreatmentRule Rule;

typedef enum Kind {
	KIND_RULE,
	KIND_GLOBAL,
	KIND_SEGMENT,
	KIND_POINT,
	KIND_EVENT,
	KIND_REASON,
	KIND_COUNT
} Kind;

static const char *const kind_names[] = {"rule", "global offer", "segment", "point", "event", "reason"};

typedef struct Thing {
	const char *name;
	bool reached, offered; // offered: of rules and global offers
} Thing;

struct Coverage {
	const Snapshot *snapshot;
	Thing *things[KIND_COUNT];
	size_t counts[KIND_COUNT];
};

// --- reasons that the channel can give ---

typedef struct Traits {
	bool segments, dated_offers, unpublished, campaigns, disabled, dated_rules, controls, blacklist,
	        zones, zone_expressions, eligibility, scores, accept, reject, presented, related, by_event,
	        session_limit, visitor_limit, volume_limit, several_points;
} Traits;

static void look_at_rule(const Snapshot *snapshot, const Rule *rule, Traits *ret)
{
	const Parley__Snapshot__V1__Campaign *campaign =
	        rule->campaign ? snapshot->campaigns[rule->campaign - 1] : NULL;

	ret->segments |= rule->segment != 0;
	ret->disabled |= !rule->enabled;
	ret->dated_rules |= rule->effective_us || rule->expires_us;
	ret->eligibility |= rule->eligibility != NULL;
	ret->scores |= rule->score_expression != NULL;
	if (!campaign)
		return;
	ret->campaigns |= !campaign->active || campaign->effective_us || campaign->expires_us;
	ret->controls |= rule->cell && campaign->cells[rule->cell - 1]->control_ppm > 0;
}

static void look_at_limits(const Snapshot *snapshot, Traits *ret)
{
	for (size_t i = 0; i < snapshot->n_suppressions; i++) {
		const Parley__Snapshot__V1__SuppressionRule *rule = snapshot->suppressions[i];

		ret->accept |= rule->trigger ==
		               PARLEY__SNAPSHOT__V1__SUPPRESSION_TRIGGER__SUPPRESSION_TRIGGER_ACCEPT;
		ret->reject |= rule->trigger ==
		               PARLEY__SNAPSHOT__V1__SUPPRESSION_TRIGGER__SUPPRESSION_TRIGGER_REJECT;
		ret->presented |=
		        rule->trigger ==
		        PARLEY__SNAPSHOT__V1__SUPPRESSION_TRIGGER__SUPPRESSION_TRIGGER_PRESENTATIONS;
		ret->related |= *rule->related_attribute != '\0';
	}
	for (size_t i = 0; i < snapshot->n_constraints; i++) {
		int scope = (int)snapshot->constraints[i]->scope;

		ret->session_limit |=
		        scope == PARLEY__SNAPSHOT__V1__CONSTRAINT_SCOPE__CONSTRAINT_SCOPE_SESSION;
		ret->visitor_limit |=
		        scope == PARLEY__SNAPSHOT__V1__CONSTRAINT_SCOPE__CONSTRAINT_SCOPE_VISITOR;
		ret->volume_limit |=
		        scope == PARLEY__SNAPSHOT__V1__CONSTRAINT_SCOPE__CONSTRAINT_SCOPE_OVERALL;
	}
	for (size_t i = 0; i < snapshot->n_events; i++)
		for (size_t k = 0; k < snapshot->events[i]->n_actions; k++)
			ret->by_event |=
			        snapshot->events[i]->actions[k]->kind ==
			        PARLEY__SNAPSHOT__V1__EVENT_ACTION_KIND__EVENT_ACTION_KIND_SUPPRESS_OFFERS;
}

static Traits traits_of(const Snapshot *snapshot)
{
	Traits traits = {.blacklist = snapshot->n_blacklist > 0, .several_points = snapshot->n_points > 1};

	for (size_t i = 0; i < snapshot->n_rules; i++)
		look_at_rule(snapshot, snapshot->rules[i], &traits);
	for (size_t i = 0; i < snapshot->n_global_offers; i++)
		look_at_rule(snapshot, snapshot->global_offers[i], &traits);
	for (size_t i = 0; i < snapshot->n_offers; i++) {
		traits.unpublished |= !snapshot->offers[i]->published;
		traits.dated_offers |= snapshot->offers[i]->effective_us || snapshot->offers[i]->expires_us;
	}
	for (size_t i = 0; i < snapshot->n_zones; i++) {
		traits.zone_expressions |= snapshot->zones[i]->n_inclusion > 0;
		traits.zones |= snapshot->zones[i]->n_inclusion || snapshot->zones[i]->n_offer_inclusion;
	}
	look_at_limits(snapshot, &traits);
	return traits;
}

// That others rank higher, or that the request asked for something else, happens everywhere. Expressions that
// fail, and the limit of work, are no part of a channel that is as it should be: they are told, but not asked
// for.
static bool can_give(Reason reason, const Traits *t)
{
	switch (reason) {
	case REASON_SEGMENT_NOT_MATCHED:
		return t->segments;
	case REASON_OFFER_NOT_PUBLISHED:
		return t->unpublished;
	case REASON_OFFER_OUTSIDE_DATES:
		return t->dated_offers;
	case REASON_CAMPAIGN_INACTIVE:
		return t->campaigns;
	case REASON_RULE_DISABLED:
		return t->disabled;
	case REASON_RULE_OUTSIDE_DATES:
		return t->dated_rules;
	case REASON_CONTROL_GROUP:
		return t->controls;
	case REASON_BLACKLISTED:
		return t->blacklist;
	case REASON_ZONE_EXCLUDED:
		return t->zones;
	case REASON_NOT_ELIGIBLE:
		return t->eligibility;
	case REASON_SUPPRESSED_ACCEPTED:
		return t->accept;
	case REASON_SUPPRESSED_REJECTED:
		return t->reject;
	case REASON_SUPPRESSED_PRESENTED:
		return t->presented;
	case REASON_SUPPRESSED_RELATED:
		return t->related;
	case REASON_SUPPRESSED_BY_EVENT:
		return t->by_event;
	case REASON_SESSION_LIMIT:
		return t->session_limit;
	case REASON_VISITOR_LIMIT:
		return t->visitor_limit;
	case REASON_VOLUME_LIMIT:
		return t->volume_limit;
	case REASON_OFFERED:
	case REASON_DUPLICATE_OFFER:
	case REASON_OUTRANKED:
		return true;
	default:
		return false;
	}
}

// --- life ---

static bool make_things(Coverage *coverage, Kind kind, size_t most)
{
	coverage->things[kind] = calloc(most + 1, sizeof(Thing));
	return coverage->things[kind] != NULL;
}

static void add(Coverage *coverage, Kind kind, const char *name)
{
	coverage->things[kind][coverage->counts[kind]++].name = name;
}

Coverage *coverage_new(const Snapshot *snapshot)
{
	CLEANUP(coverage_freep) Coverage *coverage = calloc(1, sizeof *coverage);
	Traits traits = traits_of(snapshot);

	if (!coverage || !make_things(coverage, KIND_RULE, snapshot->n_rules) ||
	        !make_things(coverage, KIND_GLOBAL, snapshot->n_global_offers) ||
	        !make_things(coverage, KIND_SEGMENT, snapshot->n_segments) ||
	        !make_things(coverage, KIND_POINT, snapshot->n_points) ||
	        !make_things(coverage, KIND_EVENT, snapshot->n_events) ||
	        !make_things(coverage, KIND_REASON, REASON_COUNT))
		return NULL;
	coverage->snapshot = snapshot;
	for (size_t i = 0; i < snapshot->n_rules; i++)
		add(coverage, KIND_RULE, snapshot->rules[i]->name);
	for (size_t i = 0; i < snapshot->n_global_offers; i++)
		add(coverage, KIND_GLOBAL, snapshot->global_offers[i]->name);
	for (size_t i = 0; i < snapshot->n_segments; i++)
		add(coverage, KIND_SEGMENT, snapshot->segments[i]->name);
	for (size_t i = 0; i < snapshot->n_points; i++)
		add(coverage, KIND_POINT, snapshot->points[i]->name);
	for (size_t i = 0; i < snapshot->n_events; i++)
		add(coverage, KIND_EVENT, snapshot->events[i]->name);
	for (Reason reason = 0; reason < REASON_COUNT; reason++)
		if (can_give(reason, &traits))
			add(coverage, KIND_REASON, reason_name(reason));
	return STEAL(coverage);
}

void coverage_free(Coverage *coverage)
{
	if (!coverage)
		return;
	for (size_t kind = 0; kind < KIND_COUNT; kind++)
		free(coverage->things[kind]);
	free(coverage);
}

// --- reaching ---

static Thing *find(Coverage *coverage, Kind kind, const char *name)
{
	for (size_t i = 0; *name && i < coverage->counts[kind]; i++)
		if (strcmp(coverage->things[kind][i].name, name) == 0)
			return &coverage->things[kind][i];
	return NULL;
}

static void reach(Coverage *coverage, Kind kind, const char *name, bool offered)
{
	Thing *thing = find(coverage, kind, name);

	if (!thing)
		return;
	thing->reached = true;
	thing->offered |= offered;
}

static void reach_candidate(Coverage *coverage, const json_t *candidate)
{
	const char *reason = json_word(candidate, "reason"), *rule = json_word(candidate, "treatment_rule");
	bool global = strcmp(json_word(candidate, "origin"), "GLOBAL") == 0;

	reach(coverage, KIND_REASON, reason, false);
	if (strcmp(reason, reason_name(REASON_SEGMENT_NOT_MATCHED)) == 0)
		return;
	reach(coverage, global ? KIND_GLOBAL : KIND_RULE, rule,
	        strcmp(reason, reason_name(REASON_OFFERED)) == 0);
	reach(coverage, KIND_SEGMENT, json_word(candidate, "segment"), false);
}

void coverage_points(Coverage *coverage, const json_t *points)
{
	const json_t *point, *candidate;
	size_t i, k;

	json_array_foreach(points, i, point)
	{
		reach(coverage, KIND_POINT, json_word(point, "interaction_point"), false);
		json_array_foreach(json_object_get(point, "candidates"), k, candidate)
		        reach_candidate(coverage, candidate);
	}
}

void coverage_segments(Coverage *coverage, const json_t *segments)
{
	const json_t *segment;
	size_t i;

	json_array_foreach(segments, i, segment)
	        reach(coverage, KIND_SEGMENT, json_string_value(segment), false);
}

void coverage_entries(Coverage *coverage, const json_t *entries)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry) reach(
	        coverage, KIND_EVENT, json_word(json_object_get(entry, "event_posted"), "event"), false);
}

// --- telling ---

static size_t reached(const Coverage *coverage, size_t kind)
{
	size_t count = 0;

	for (size_t i = 0; i < coverage->counts[kind]; i++)
		count += coverage->things[kind][i].reached;
	return count;
}

static double percent(size_t part, size_t whole)
{
	return whole ? (double)(part * 1000 / whole) / 10 : 100;
}

static double percent_of_all(const Coverage *coverage)
{
	size_t all = 0, met = 0;

	for (size_t kind = 0; kind < KIND_COUNT; kind++) {
		all += coverage->counts[kind];
		met += reached(coverage, kind);
	}
	return percent(met, all);
}

static void tell_missing(const Coverage *coverage, size_t kind, json_t *missing)
{
	for (size_t i = 0; i < coverage->counts[kind]; i++) {
		const Thing *thing = &coverage->things[kind][i];
		bool is_rule = kind == KIND_RULE || kind == KIND_GLOBAL;

		if (thing->reached && (!is_rule || thing->offered))
			continue;
		json_array_append_new(missing,
		        json_pack("{s:s, s:s, s:s}", "kind", kind_names[kind], "name", thing->name, "note",
		                thing->reached ? "met, but its offer was never shown" : "not reached"));
	}
}

json_t *coverage_json(const Coverage *coverage)
{
	json_t *kinds = json_array(), *missing = json_array();

	for (size_t kind = 0; kind < KIND_COUNT; kind++) {
		size_t all = coverage->counts[kind], met = reached(coverage, kind);

		json_array_append_new(kinds,
		        json_pack("{s:s, s:I, s:I, s:f}", "kind", kind_names[kind], "reached",
		                (json_int_t)met, "total", (json_int_t)all, "percent", percent(met, all)));
		tell_missing(coverage, kind, missing);
	}
	return json_pack(
	        "{s:f, s:o, s:o}", "percent", percent_of_all(coverage), "kinds", kinds, "missing", missing);
}
