#include "plan/json.h"

#include "base/clock.h"
#include "plan/estimate_json.h"

typedef Parley__Plan__V1__PlanTotal PlanTotal;
typedef Parley__Plan__V1__PlanCount PlanCount;

static const char *hex_of(Arena *arena, ProtobufCBinaryData bytes)
{
	char *hex = arena_alloc(arena, 2 * bytes.len + 1);

	if (hex)
		hex_encode(bytes.data, bytes.len, hex);
	return hex ? hex : "";
}

json_t *plan_json(Arena *arena, const char *name, const PlanEnd *end)
{
	json_int_t recommended = 0, problems = 0;

	for (size_t i = 0; i < end->n_offers; i++)
		recommended += (json_int_t)end->offers[i]->recommended;
	for (size_t i = 0; i < end->n_problems; i++)
		problems += (json_int_t)end->problems[i]->count;
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:s}", "name", name,
	        "channel", end->inputs->channel, "events_posted", (json_int_t)end->posted, "sessions",
	        (json_int_t)end->sessions, "questions", (json_int_t)end->questions, "recommended",
	        recommended, "unanswered", (json_int_t)end->unanswered, "problems", problems, "seed",
	        (json_int_t)end->inputs->seed, "set", hex_of(arena, end->inputs->set_digest), "snapshot",
	        hex_of(arena, end->inputs->snapshot_digest), "digest", hex_of(arena, end->digest));
}

// --- sums ---

static void counts_json(const char *dimension, PlanCount *const *counts, size_t count, json_t *ret)
{
	for (size_t i = 0; i < count; i++)
		json_array_append_new(ret,
		        json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "dimension", dimension, "name",
		                counts[i]->name, "recommended", (json_int_t)counts[i]->recommended,
		                "contacts", (json_int_t)counts[i]->contacts, "accepts",
		                (json_int_t)counts[i]->accepts, "rejects", (json_int_t)counts[i]->rejects));
}

static json_t *totals_json(const PlanEnd *end)
{
	json_t *totals = json_array();

	counts_json("offer", end->offers, end->n_offers, totals);
	counts_json("zone", end->zones, end->n_zones, totals);
	counts_json("point", end->points, end->n_points, totals);
	counts_json("segment", end->rule_segments, end->n_rule_segments, totals);
	counts_json("campaign", end->campaigns, end->n_campaigns, totals);
	counts_json("cell", end->cells, end->n_cells, totals);
	return totals;
}

static json_t *list_json(const char *title, PlanTotal *const *totals, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_pack("{s:s, s:I}", title, totals[i]->name, "count",
		                                    (json_int_t)totals[i]->count));
	return list;
}

static json_t *problems_json(const PlanEnd *end)
{
	return list_json("reason", end->problems, end->n_problems);
}

json_t *plan_whole_json(Arena *arena, const char *name, const PlanEnd *end)
{
	json_t *whole = plan_json(arena, name, end);
	char time[TIME_TEXT_SIZE];

	json_object_set_new(
	        whole, "snapshot_version", json_integer((json_int_t)end->inputs->snapshot_version));
	json_object_set_new(whole, "state", json_string(hex_of(arena, end->inputs->state_digest)));
	if (end->inputs->state_time_us != 0) {
		time_format(end->inputs->state_time_us, time);
		json_object_set_new(whole, "begins", json_string(time));
	}
	json_object_set_new(whole, "profiles", json_string(hex_of(arena, end->inputs->profiles_digest)));
	json_object_set_new(whole, "contact_event", json_string(end->inputs->contact_event));
	json_object_set_new(whole, "explains", json_boolean(end->inputs->explains));
	json_object_set_new(whole, "brief", json_boolean(end->inputs->brief));
	json_object_set_new(whole, "effects", json_integer((json_int_t)end->effects));
	json_object_set_new(whole, "totals", totals_json(end));
	json_object_set_new(whole, "problems_by_reason", problems_json(end));
	json_object_set_new(whole, "segments_entered",
	        list_json("segment", end->segments_entered, end->n_segments_entered));
	json_object_set_new(whole, "candidates_by_reason", list_json("reason", end->reasons, end->n_reasons));
	return whole;
}

// --- worth ---

static const char *why_no_value(const PlanValue *value)
{
	if (!value)
		return "the event set is not here any more: import it again";
	return value->outcomes == 0
	               ? "no event says what was really shown: import the set with shown, reward and "
	                 "propensity"
	               : "no outcome has a propensity: nobody can tell what another choice would have earned";
}

json_t *plan_value_json(const PlanValue *value, const char *first)
{
	bool told = value && value->told;
	json_t *json = told ? estimates_json(&value->estimates)
	                    : json_pack("{s:s, s:s, s:[]}", "support", "none", "why", why_no_value(value),
	                              "estimates");

	json_object_set_new(json, "outcomes", json_integer(value ? (json_int_t)value->outcomes : 0));
	json_object_set_new(json, "without_propensity", json_integer(value ? (json_int_t)value->unknown : 0));
	json_object_set_new(json, "not_asked", json_integer(value ? (json_int_t)value->unasked : 0));
	if (told && first) {
		json_object_set_new(json, "first", json_string(first));
		json_array_append_new(
		        json_object_get(json, "estimates"), estimate_json("over", &value->over));
	}
	return json;
}
