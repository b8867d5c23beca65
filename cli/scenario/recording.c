// From receipts to what a scenario says. An attribute that a session may set is the touchpoint's word, all
// others are the profile's; one that changed between two questions was told by the event between them.
#include "scenario/recording.h"

#include "release/deployment.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>

enum { REASONS_MOST = 12 };

static json_t *text_json(Str text)
{
	return json_stringn(text.len ? text.ptr : "", text.len);
}

static json_t *time_json(int64_t us)
{
	char text[TIME_TEXT_SIZE];

	time_format(us, text);
	return json_string(text);
}

void recording_lacks(const char *what)
{
	fprintf(stderr, "note: %s: the scenario may answer otherwise\n", what);
}

// --- the visitor ---

// NULL: it has none.
static json_t *value_json(ExprValue value)
{
	json_t *list;

	switch ((int)value.kind) {
	case EXPR_BOOL:
		return json_boolean(value.b);
	case EXPR_INT:
		return json_integer(value.i);
	case EXPR_DOUBLE:
		return json_real(value.d);
	case EXPR_STRING:
		return text_json(str_n(value.s, value.len));
	case EXPR_TIMESTAMP:
		return time_json(value.seconds * US_PER_S + value.nanos / 1000);
	case EXPR_LIST:
		list = json_array();
		for (size_t i = 0; i < value.len; i++)
			json_array_append_new(list, value_json(value.items[i]));
		return list;
	default:
		return NULL;
	}
}

// The next key of a canonical ID, unescaped, as KEY=VALUE.
static const char *next_key(Arena *arena, const SnapLevel *level, size_t index, const char **rest)
{
	char *text = arena_alloc(arena, strlen(*rest) + 1), *to = text;
	const char *from = *rest;

	for (; *from && (level->n_keys == 1 || *from != '|'); from++) {
		if (level->n_keys > 1 && *from == '\\' && from[1])
			from++;
		*to++ = *from;
	}
	*rest = *from ? from + 1 : from;
	return arena_printf(arena, "%s%s=%s", level->keys[index]->name,
	        level->keys[index]->type == SNAP_TYPE(STRING) ? ":string" : "", text);
}

static const char *audience_of(Arena *arena, const SnapLevel *level, const char *id)
{
	const char *audience = arena_printf(arena, "%s:", level->name);

	for (size_t i = 0; i < level->n_keys; i++)
		audience =
		        arena_printf(arena, "%s%s%s", audience, i ? "," : "", next_key(arena, level, i, &id));
	return audience;
}

// Those that a session may set, or all others; only what is not the level's default.
static json_t *given_json(const Plan *plan, const Receipt *receipt, bool settable, Arena *arena)
{
	const SnapLevel *level = plan_snapshot(plan)->audience_levels[receipt->visitor.level];
	ExprValue *defaults = ARENA_ARRAY(arena, ExprValue, level->n_attributes + 1);
	json_t *all = json_object();

	decide_defaults(plan, receipt->visitor.level, defaults);
	for (size_t i = 0; i < level->n_attributes; i++) {
		Str usual = expr_value_format(defaults[i], arena),
		    given = expr_value_format(receipt->given[i], arena);
		json_t *value = value_json(receipt->given[i]);

		if (value && level->attributes[i]->session_settable == settable && !str_eq(usual, given))
			json_object_set_new(all, level->attributes[i]->name, value);
		else
			json_decref(value);
	}
	return all;
}

static void put_visitor(
        json_t *to, const Recording *recording, const RecordedDecision *recorded, const Receipt *receipt)
{
	Arena *arena = recording->cli->arena;
	const SnapLevel *level = plan_snapshot(recording->plan)->audience_levels[receipt->visitor.level];

	json_object_set_new(to, "audience", json_string(audience_of(arena, level, recorded->audience_id)));
	json_object_set_new(to, "profile", given_json(recording->plan, receipt, false, arena));
	json_object_set_new(to, "set", given_json(recording->plan, receipt, true, arena));
}

// --- what happened before ---

static json_t *past_json(const Plan *plan, const VisitorState *state, int64_t begun_us)
{
	json_t *list = json_array();

	for (size_t i = 0; i < state->fact_count; i++) {
		const Fact *fact = &state->facts[i];
		json_t *item;

		if (fact->time_us >= begun_us)
			continue;
		item = json_pack("{s:s, s:s, s:o}", "offer", plan_snapshot(plan)->offers[fact->offer]->code,
		        "kind", fact_kind_name(fact->kind), "at", time_json(fact->time_us));
		if (fact->count > 1)
			json_object_set_new(item, "times", json_integer(fact->count));
		fact_put_bounds(fact, item);
		json_array_append_new(list, item);
	}
	return list;
}

static void look_at_volumes(const Recording *recording, const VisitorState *state)
{
	const Snapshot *snapshot = plan_snapshot(recording->plan);

	for (size_t i = 0; state->volumes && i < snapshot->n_constraints; i++)
		if (state->volumes[i])
			recording_lacks(arena_printf(recording->cli->arena,
			        "constraint %s counts all visitors, and had counted %" PRIu64,
			        snapshot->constraints[i]->name, state->volumes[i]));
}

// --- whose session it is ---

// Takes `values` over.
static void was_given(Recording *recording, json_t *values)
{
	json_decref(recording->given);
	recording->given = values;
}

// What the touchpoint said between the last question and this one was said by the last event.
static void put_changes(Recording *recording, const Receipt *receipt)
{
	json_t *now = given_json(recording->plan, receipt, true, recording->cli->arena),
	       *changed = json_object(), *value,
	       *last = json_array_get(recording->steps, json_array_size(recording->steps) - 1);
	const char *name;

	json_object_foreach(now, name, value) if (!json_equal(value, json_object_get(recording->given, name)))
	        json_object_set(changed, name, value);
	if (json_object_size(changed) && json_object_get(last, "event"))
		json_object_set(last, "set", changed);
	else if (json_object_size(changed))
		recording_lacks("attributes changed without an event");
	json_decref(changed);
	was_given(recording, now);
}

static void begin(Recording *recording, const RecordedDecision *recorded, const Receipt *receipt)
{
	const VisitorState *state = &receipt->visitor.state;
	json_t *past, *scenario = recording->scenario;

	if (!recording->begun_us || recording->begun_us > decision_time(recorded))
		recording->begun_us = decision_time(recorded);
	past = past_json(recording->plan, state, recording->begun_us);
	json_object_set_new(scenario, "name",
	        json_string(arena_printf(recording->cli->arena, "session %s", recorded->session_id)));
	put_visitor(scenario, recording, recorded, receipt);
	json_object_set_new(scenario, "at", time_json(recording->begun_us));
	if (json_array_size(past))
		json_object_set(scenario, "history", past);
	json_decref(past);
	was_given(recording, json_incref(json_object_get(scenario, "set")));
}

static void take_visitor(Recording *recording, const RecordedDecision *recorded, const Receipt *receipt)
{
	bool first = !recording->level, same = !first &&
	                                       strcmp(recording->level, recorded->audience_level) == 0 &&
	                                       strcmp(recording->id, recorded->audience_id) == 0;

	recording->level = recorded->audience_level;
	recording->id = recorded->audience_id;
	look_at_volumes(recording, &receipt->visitor.state);
	if (first) {
		begin(recording, recorded, receipt);
		return;
	}
	if (same) {
		put_changes(recording, receipt);
		return;
	}
	json_t *who = json_object();
	put_visitor(who, recording, recorded, receipt);
	if (receipt->visitor.state.fact_count)
		recording_lacks("what had happened to the visitor who signed in is left out");
	was_given(recording, json_incref(json_object_get(who, "set")));
	recording_step(recording, json_pack("{s:o}", "sign_in", who), decision_time(recorded));
}

// --- questions ---

static json_t *filter_json(const DecidePoint *point, Arena *arena)
{
	static const char *const signs[] = {[SNAP_COMPARE(EQUAL)] = "=",
	        [SNAP_COMPARE(NOT_EQUAL)] = "!=",
	        [SNAP_COMPARE(LESS)] = "<",
	        [SNAP_COMPARE(LESS_EQUAL)] = "<=",
	        [SNAP_COMPARE(GREATER)] = ">",
	        [SNAP_COMPARE(GREATER_EQUAL)] = ">=",
	        [SNAP_COMPARE(CONTAINS)] = "~"};
	static const char *const types[] = {[EXPR_BOOL] = ":bool",
	        [EXPR_INT] = ":int",
	        [EXPR_DOUBLE] = ":double",
	        [EXPR_STRING] = ":string"};
	json_t *list = json_array();

	for (size_t i = 0; i < point->filter_count; i++) {
		const OfferFilter *filter = &point->filter[i];
		size_t kind = (size_t)filter->value.kind;
		json_t *value = value_json(filter->value);
		Str text = STR("");

		if (value && !json_is_string(value))
			(void)json_text(value, false, arena, &text);
		else if (value)
			text = str(json_string_value(value));
		json_array_append_new(list,
		        json_string(arena_printf(arena, STR_FMT "%s%s" STR_FMT, STR_ARG(filter->attribute),
		                kind < ARRAY_COUNT(types) && types[kind] ? types[kind] : ":timestamp",
		                signs[filter->comparison], STR_ARG(text))));
		json_decref(value);
	}
	return list;
}

// What was answered at a point, and why not all else; one reason an offer.
static json_t *expected_json(const json_t *point)
{
	json_t *offers = json_array(), *reasons = json_object(), *expected;
	const json_t *offer, *candidate;
	size_t i;

	json_array_foreach(json_object_get(point, "offers"), i, offer)
	        json_array_append_new(offers, json_string(json_word(offer, "offer_code")));
	json_array_foreach(json_object_get(point, "candidates"), i, candidate)
	{
		const char *code = json_word(candidate, "offer_code"),
		           *reason = json_word(candidate, "reason");
		json_t *name = json_string(code);
		bool offered = false;
		size_t k;

		json_array_foreach(offers, k, offer) offered = offered || json_equal(offer, name);
		json_decref(name);
		if (!offered && !json_object_get(reasons, code) && json_object_size(reasons) < REASONS_MOST &&
		        strcmp(reason, reason_name(REASON_SEGMENT_NOT_MATCHED)) != 0)
			json_object_set_new(reasons, code, json_string(reason));
	}
	expected = json_pack("{s:o}", "offers", offers);
	if (json_object_size(reasons))
		json_object_set(expected, "reasons", reasons);
	json_decref(reasons);
	return expected;
}

Err recording_decision(Recording *recording, const RecordedDecision *recorded, const Replay *replay)
{
	const DecideRequest *request = &replay->receipt.request;
	Arena *arena = recording->cli->arena;
	json_t *offers = json_object(), *points = json_object(), *step, *filter = NULL, *point;
	json_t *answer = decision_points_json(recording->plan, &replay->decision, arena);
	size_t i;

	take_visitor(recording, recorded, &replay->receipt);
	for (size_t p = 0; p < request->count; p++) {
		json_t *own = filter_json(&request->points[p], arena);

		if (filter && !json_equal(filter, own))
			recording_lacks("each point had a filter of its own");
		json_decref(filter);
		filter = own;
		if (request->points[p].point >= 0)
			json_object_set_new(offers,
			        plan_snapshot(recording->plan)->points[request->points[p].point]->name,
			        json_integer(request->points[p].max));
	}
	json_array_foreach(
	        answer, i, point) if (json_object_get(offers, json_word(point, "interaction_point")))
	        json_object_set_new(points, json_word(point, "interaction_point"), expected_json(point));
	step = json_pack("{s:o, s:s, s:{s:o, s:o}}", "offers", offers, "seed",
	        arena_printf(arena, "%" PRIu64, request->seed), "expect", "points", points, "segments",
	        decision_segments_json(recording->plan, &replay->receipt.visitor));
	if (json_array_size(filter))
		json_object_set(step, "filter", filter);
	if (request->deduplicate_across)
		json_object_set_new(step, "across", json_true());
	json_decref(filter);
	json_decref(answer);
	recording_step(recording, step, decision_time(recorded));
	return OK;
}

// --- writing ---

// Moments do not go back: what the history has in another order happened in this one.
void recording_step(Recording *recording, json_t *step, int64_t time_us)
{
	if (time_us < recording->last_us)
		time_us = recording->last_us;
	recording->last_us = time_us;
	json_object_set_new(step, "at", time_json(time_us));
	json_array_append_new(recording->steps, step);
}

json_t *recording_file(Recording *recording)
{
	json_object_set(recording->scenario, "when", recording->steps);
	return json_pack("{s:s, s:[O]}", "channel", plan_snapshot(recording->plan)->channel, "scenarios",
	        recording->scenario);
}
