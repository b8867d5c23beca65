// Whether what was seen is what was expected, each expectation by the function of its word.
#include "release/deployment.h"
#include "scenario/expect.h"

// --- words ---

const char *expect_list_text(const Judging *j, const json_t *list)
{
	const char *text = "";
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) text =
	        arena_printf(j->arena, "%s%s%s", text, i ? ", " : "", json_string_value(item));
	return *text ? text : "none";
}

const char *expect_value_text(const Judging *j, const json_t *value)
{
	Str text = STR("");

	if (json_is_string(value))
		return arena_cstr(j->arena, str(json_string_value(value)));
	if (value)
		(void)json_text(value, false, j->arena, &text);
	return value ? arena_cstr(j->arena, text) : "nothing";
}

// --- which word asks what ---

const ExpectKind expect_kinds[] = {
        {"offers", LOOK_OFFERS, SHAPE_TEXTS, met_offers},
        {"contains", LOOK_OFFERS, SHAPE_TEXTS, met_contains},
        {"without", LOOK_OFFERS, SHAPE_TEXTS, met_without},
        {"order", LOOK_OFFERS, SHAPE_TEXTS, met_order},
        {"none", LOOK_OFFERS, SHAPE_TRUE, met_none},
        {"count", LOOK_OFFERS, SHAPE_COUNT, met_count},
        {"content", LOOK_OFFERS, SHAPE_TEXT, met_content},
        {"reasons", LOOK_OFFERS, SHAPE_MAP_TEXT, met_reasons},
        {"rules", LOOK_OFFERS, SHAPE_MAP_TEXT, met_rules},
        {"cells", LOOK_OFFERS, SHAPE_MAP_TEXT, met_cells},
        {"scores", LOOK_OFFERS, SHAPE_MAP_NUMBER, met_scores},
        {"attributes", LOOK_OFFERS, SHAPE_MAP, met_attributes},
        {"segments", LOOK_VISITOR, SHAPE_TEXTS, met_segments},
        {"in", LOOK_VISITOR, SHAPE_TEXTS, met_in},
        {"not_in", LOOK_VISITOR, SHAPE_TEXTS, met_not_in},
        {"visitor", LOOK_VISITOR, SHAPE_MAP, met_visitor},
        {"state", LOOK_STATE, SHAPE_LIST, met_state},
        {"refused", LOOK_REFUSAL, SHAPE_TEXT, met_refused},
};
const size_t expect_kind_count = ARRAY_COUNT(expect_kinds);

// --- all of a step ---

static const json_t *point_of(const Expectation *expectation, const Seen *seen)
{
	const json_t *point;
	size_t i;

	if (!expectation->point)
		return json_array_get(seen->points, 0);
	json_array_foreach(seen->points, i, point) if (strcmp(json_word(point, "interaction_point"),
	                                                       expectation->point) == 0) return point;
	return NULL;
}

static const char *title(const Judging *j)
{
	const char *point = json_word(j->point, "interaction_point");

	return j->expectation->kind->look == LOOK_OFFERS && *point
	               ? arena_printf(j->arena, "%s at %s", j->expectation->kind->name, point)
	               : j->expectation->kind->name;
}

void expectations_judge(const Expectations *expects, const Seen *seen, Arena *arena, json_t *failures)
{
	for (size_t i = 0; i < expects->count; i++) {
		const Expectation *expectation = &expects->items[i];
		CLEANUP(json_decrefp_) json_t *why = json_array();
		Judging j = {.expectation = expectation,
		        .seen = seen,
		        .point = point_of(expectation, seen),
		        .arena = arena,
		        .got = "",
		        .why = why};
		bool met = false;

		if (expectation->kind->look == LOOK_OFFERS && !j.point)
			j.got = expectation->point ? "this point was not asked for"
			                           : "no offers were asked for";
		else
			met = expectation->kind->met(&j);
		if (met)
			continue;
		json_array_append_new(
		        failures, json_pack("{s:i, s:s, s:s, s:s, s:O}", "line", expectation->line, "what",
		                          title(&j), "expected",
		                          j.expected ? j.expected : expect_value_text(&j, expectation->value),
		                          "got", j.got, "why", why));
	}
}
