// Receipts and decisions by names, as the runtime server's answers have them, so that what shows an answer
// shows a replay too.
#include "base/clock.h"
#include "history/decision.h"

#include <inttypes.h>

static json_t *text_json(Str text)
{
	return json_stringn_nocheck(text.ptr != NULL ? text.ptr : "", text.len);
}

static json_t *time_json(int64_t time_us)
{
	char text[TIME_TEXT_SIZE];
	time_format(time_us, text);
	return json_string(text);
}

enum { HEX = 2 * 32 + 1 };

// --- as recorded ---

json_t *decision_place_json(const RecordedDecision *recorded)
{
	char time[TIME_TEXT_SIZE], digest[HEX] = "";
	time_format(decision_time(recorded), time);
	if (recorded->snapshot_digest.len == (HEX - 1) / 2)
		hex_encode(recorded->snapshot_digest.data, recorded->snapshot_digest.len, digest);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:I}", "decision_id",
	        recorded->decision_id, "time", time, "environment", recorded->environment, "channel",
	        recorded->channel, "session_id", recorded->session_id, "audience_level",
	        recorded->audience_level, "audience_id", recorded->audience_id, "runtime_id",
	        recorded->runtime_id, "snapshot_version", (json_int_t)recorded->snapshot_version,
	        "snapshot_digest", digest, "receipt_bytes", (json_int_t)recorded->receipt.len);
}

// What the history has of it.
json_t *decision_rows_json(const RecordedDecision *recorded)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < recorded->n_rows; i++) {
		const Parley__Design__V1__DecisionRow *row = recorded->rows[i];
		json_array_append_new(
		        rows, json_pack("{s:s, s:s, s:I, s:s, s:f, s:s, s:s, s:s, s:s, s:s, s:s}",
		                      "interaction_point", row->interaction_point, "zone", row->zone, "rank",
		                      (json_int_t)row->rank, "offer_code",
		                      row->rank > 0 ? row->offer_code : "(default)", "score", row->score,
		                      "treatment_code", row->treatment_code, "treatment_rule",
		                      row->treatment_rule, "segment", row->segment, "campaign", row->campaign,
		                      "cell", row->cell, "origin", row->origin));
	}
	return rows;
}

// --- inputs ---

// Those that are not the level's defaults, and who said so.
static json_t *attributes_json(const Plan *plan, const Receipt *receipt, Arena *arena)
{
	const Visitor *visitor = &receipt->visitor;
	const SnapLevel *level = plan_snapshot(plan)->audience_levels[visitor->level];
	ExprValue *defaults = ARENA_ARRAY(arena, ExprValue, level->n_attributes + 1);
	json_t *list = json_array();
	decide_defaults(plan, visitor->level, defaults);
	for (size_t i = 0; i < level->n_attributes; i++) {
		Str usual = expr_value_format(defaults[i], arena);
		Str given = expr_value_format(receipt->given[i], arena);
		Str seen = expr_value_format(visitor->values[i], arena);
		bool flowed = !str_eq(seen, given), is_default = !flowed && str_eq(given, usual);
		json_array_append_new(list, json_pack("{s:s, s:o, s:s}", "name", level->attributes[i]->name,
		                                    "value", text_json(seen), "source",
		                                    flowed       ? "flow"
		                                    : is_default ? "default"
		                                                 : "given"));
	}
	return list;
}

json_t *decision_segments_json(const Plan *plan, const Visitor *visitor)
{
	const Snapshot *snapshot = plan_snapshot(plan);
	json_t *list = json_array();
	for (size_t i = 0; i < snapshot->n_segments; i++)
		if (visitor->segments[i / 64] >> i % 64 & 1)
			json_array_append_new(list, json_string(snapshot->segments[i]->name));
	return list;
}

const char *fact_kind_name(FactKind kind)
{
	static const char *const names[] = {"contact", "accept", "reject", "suppress", "qualify"};
	return names[kind];
}

void fact_put_bounds(const Fact *fact, json_t *item)
{
	if (fact->kind >= FACT_SUPPRESS && fact->until_us != INT64_MAX)
		json_object_set_new(item, "until", time_json(fact->until_us));
	if (fact->kind == FACT_QUALIFY)
		json_object_set_new(item, "score", json_real(fact->score));
}

static json_t *facts_json(const Plan *plan, const Fact *facts, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		const Fact *fact = &facts[i];
		json_t *item = json_pack("{s:s, s:s, s:o, s:I}", "kind", fact_kind_name(fact->kind),
		        "offer_code", plan_snapshot(plan)->offers[fact->offer]->code, "time",
		        time_json(fact->time_us), "count", (json_int_t)fact->count);
		fact_put_bounds(fact, item);
		json_array_append_new(list, item);
	}
	return list;
}

static json_t *volumes_json(const Plan *plan, const uint64_t *volumes)
{
	const Snapshot *snapshot = plan_snapshot(plan);
	json_t *list = json_array();
	for (size_t i = 0; volumes != NULL && i < snapshot->n_constraints; i++)
		if (volumes[i] != 0)
			json_array_append_new(
			        list, json_pack("{s:s, s:I}", "constraint", snapshot->constraints[i]->name,
			                      "counted", (json_int_t)volumes[i]));
	return list;
}

static const char *comparison_name(Parley__Snapshot__V1__Comparison comparison)
{
	static const size_t prefix = sizeof "COMPARISON_" - 1;
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
	        &parley__snapshot__v1__comparison__descriptor, (int)comparison);
	return value != NULL ? value->name + prefix : "UNKNOWN";
}

static json_t *request_json(const Plan *plan, const DecideRequest *request, Arena *arena)
{
	json_t *points = json_array();
	for (size_t p = 0; p < request->count; p++) {
		const DecidePoint *point = &request->points[p];
		json_t *filter = json_array();
		for (size_t i = 0; i < point->filter_count; i++)
			json_array_append_new(
			        filter, json_pack("{s:o, s:s, s:o}", "attribute",
			                        text_json(point->filter[i].attribute), "comparison",
			                        comparison_name(point->filter[i].comparison), "value",
			                        text_json(expr_value_format(point->filter[i].value, arena))));
		json_array_append_new(
		        points, json_pack("{s:s, s:I, s:o}", "interaction_point",
		                        point->point >= 0 ? plan_snapshot(plan)->points[point->point]->name
		                                          : "(unknown)",
		                        "max_offers", (json_int_t)point->max, "filter", filter));
	}
	return json_pack(
	        "{s:o, s:b}", "points", points, "deduplicate_across_points", request->deduplicate_across);
}

json_t *decision_inputs_json(const Plan *plan, const Receipt *receipt, Arena *arena)
{
	const Visitor *visitor = &receipt->visitor;
	const VisitorState *state = &visitor->state;
	return json_pack("{s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "audience_level",
	        plan_snapshot(plan)->audience_levels[visitor->level]->name, "audience_id",
	        text_json(visitor->audience_id), "as_of", time_json(receipt->request.as_of_us), "seed",
	        arena_printf(arena, "%" PRIu64, receipt->request.seed), "attributes",
	        attributes_json(plan, receipt, arena), "segments", decision_segments_json(plan, visitor),
	        "facts", facts_json(plan, state->facts, state->fact_count), "session_facts",
	        facts_json(plan, state->session_facts, state->session_fact_count), "volumes",
	        volumes_json(plan, state->volumes), "request", request_json(plan, &receipt->request, arena));
}

// --- the answer ---

static void set_source(json_t *item, const Plan *plan, CandidateId id)
{
	const Snapshot *snapshot = plan_snapshot(plan);
	const SnapRule *rule = decide_rule(plan, id);
	json_object_set_new(item, "offer_code", json_string(snapshot->offers[id.offer]->code));
	json_object_set_new(item, "origin", json_string(origin_name(id.origin)));
	if (rule == NULL)
		return;
	json_object_set_new(item, "treatment_rule", json_string(rule->name));
	if (rule->segment > 0)
		json_object_set_new(
		        item, "segment", json_string(snapshot->segments[rule->segment - 1]->name));
	if (rule->campaign == 0)
		return;
	const SnapCampaign *campaign = snapshot->campaigns[rule->campaign - 1];
	json_object_set_new(item, "campaign", json_string(campaign->code));
	if (rule->cell > 0)
		json_object_set_new(item, "cell", json_string(campaign->cells[rule->cell - 1]->code));
}

static json_t *score_json(const ScoreParts *score)
{
	return json_pack("{s:f, s:b, s:f}", "marketer_score", score->marketer, "overridden",
	        score->overridden, "final_score", score->final);
}

static json_t *offer_json(const Plan *plan, const DecidedOffer *offer, Arena *arena)
{
	const SnapOffer *of = plan_snapshot(plan)->offers[offer->id.offer];
	json_t *item = json_object(), *attributes = json_object();
	set_source(item, plan, offer->id);
	json_object_set_new(item, "offer_name", json_string(of->name));
	json_object_set_new(item, "score", json_real(offer->score.final));
	json_object_set_new(item, "treatment_code", json_string(offer->treatment_code));
	for (size_t i = 0; i < offer->attribute_count; i++) {
		const DecidedAttribute *attribute = &offer->attributes[i];
		json_object_set_new(attributes, of->attributes[attribute->attribute]->name,
		        text_json(expr_value_format(attribute->value, arena)));
	}
	json_object_set_new(item, "personalised", attributes);
	return item;
}

// Whether it got as far as having a score.
static bool is_scored(Reason reason)
{
	return reason == REASON_OFFERED || reason == REASON_OUTRANKED || reason == REASON_DUPLICATE_OFFER ||
	       reason == REASON_DUPLICATE_ACROSS_POINTS;
}

static json_t *candidate_json(const Plan *plan, const DecidedCandidate *candidate)
{
	json_t *item = json_object();
	set_source(item, plan, candidate->id);
	json_object_set_new(item, "reason", json_string(reason_name(candidate->reason)));
	json_object_set_new(item, "predicate", text_json(candidate->predicate));
	json_object_set_new(item, "detail", text_json(candidate->detail));
	if (is_scored(candidate->reason))
		json_object_set_new(item, "score_parts", score_json(&candidate->score));
	return item;
}

json_t *decision_points_json(const Plan *plan, const Decision *decision, Arena *arena)
{
	const Snapshot *snapshot = plan_snapshot(plan);
	json_t *points = json_array();
	for (size_t p = 0; p < decision->count; p++) {
		const PointDecision *made = &decision->points[p];
		json_t *offers = json_array(), *candidates = json_array();
		for (size_t i = 0; i < made->offer_count; i++)
			json_array_append_new(offers, offer_json(plan, &made->offers[i], arena));
		for (size_t i = 0; i < made->candidate_count; i++)
			json_array_append_new(candidates, candidate_json(plan, &made->candidates[i]));
		json_t *point = json_pack("{s:s, s:o}", "interaction_point",
		        made->point >= 0 ? snapshot->points[made->point]->name : "(unknown)", "offers",
		        offers);
		if (made->point >= 0)
			json_object_set_new(point, "default_content",
			        json_string(snapshot->points[made->point]->default_content));
		if (made->candidate_count > 0)
			json_object_set(point, "candidates", candidates);
		json_decref(candidates);
		json_array_append_new(points, point);
	}
	return points;
}
