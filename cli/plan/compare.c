// All plans are read side by side, place by place, for what happens behind the last event stands in effects
// of its own. The first is what the others are held against; between those only how much they differ is
// counted.
#include "plan/compare.h"

#include "plan/pair.h"
#include "progress.h"

#include "base/cleanup.h"

enum { ASKED_MAX = 256 }; // questions of one event that are looked at

typedef struct Compare {
	const ComparedPlan *plans;
	size_t count;
	bool quick;
	PlanSide sides[PLANS_COMPARED_MAX];
	PlanPair pairs[PLANS_COMPARED_MAX]; // of the first with each; pairs[0] is unused
	json_int_t differing[PLANS_COMPARED_MAX][PLANS_COMPARED_MAX];
	Progress progress;
} Compare;

static void compare_close(Compare *compare)
{
	progress_end(&compare->progress);
	for (size_t i = 0; i < compare->count; i++) {
		plan_side_close(&compare->sides[i]);
		plan_pair_close(&compare->pairs[i]);
	}
}

// --- one event ---

static WhySide why_side(const Compare *compare, size_t i, const PlanQuestion *question)
{
	return (WhySide){.plan = compare->quick ? NULL : compare->plans[i].snapshot, .question = question};
}

static Err compare_question(Compare *compare, uint64_t place, const size_t sides[2],
        const PlanQuestion *before, const PlanQuestion *after)
{
	const Parley__Journal__V1__RecommendedOffer *a = plan_first(before), *b = plan_first(after);
	bool same = a && b ? strcmp(a->offer_code, b->offer_code) == 0 : !a && !b;
	WhySide was = why_side(compare, sides[0], before), is = why_side(compare, sides[1], after);

	compare->differing[sides[0]][sides[1]] += !same;
	return sides[0] == 0 ? plan_pair_add(&compare->pairs[sides[1]], place, &was, &is) : OK;
}

// Of each point the first question in the one with the first in the other, and so on.
static Err compare_event(Compare *compare, uint64_t place, const size_t sides[2])
{
	const PlanSide *before = &compare->sides[sides[0]], *after = &compare->sides[sides[1]];
	size_t most = after->question_count < ASKED_MAX ? after->question_count : ASKED_MAX, matched = 0;
	bool used[ASKED_MAX] = {0};

	for (size_t i = 0; i < before->question_count; i++) {
		const PlanQuestion *asked = &before->questions[i];
		size_t j = 0;

		while (j < most && (used[j] || strcmp(asked->what->interaction_point,
		                                       after->questions[j].what->interaction_point) != 0))
			j++;
		if (j == most)
			continue;
		used[j] = true;
		matched++;
		TRY(compare_question(compare, place, sides, asked, &after->questions[j]));
	}
	if (sides[0] == 0) {
		compare->pairs[sides[1]].only[0] += (json_int_t)(before->question_count - matched);
		compare->pairs[sides[1]].only[1] += (json_int_t)(after->question_count - matched);
	}
	return OK;
}

// --- all events ---

// Reads what stands at the nearest place that any plan has; plans that have nothing there ask nothing there.
static Err read_place(Compare *compare, uint64_t *ret_place, bool *ret_more)
{
	const EventEffects *effects[PLANS_COMPARED_MAX];

	*ret_more = false;
	for (size_t i = 0; i < compare->count; i++) {
		TRY(plan_side_look(&compare->sides[i], &effects[i]));
		if (effects[i] && (!*ret_more || effects[i]->place < *ret_place)) {
			*ret_place = effects[i]->place;
			*ret_more = true;
		}
	}
	for (size_t i = 0; *ret_more && i < compare->count; i++) {
		compare->sides[i].question_count = 0;
		if (effects[i] && effects[i]->place == *ret_place) {
			TRY(plan_side_read(&compare->sides[i], effects[i]));
			plan_side_step(&compare->sides[i]);
		}
	}
	return OK;
}

static Err compare_all(Compare *compare)
{
	uint64_t place = 0;
	bool more = true;

	for (;;) {
		TRY(read_place(compare, &place, &more));
		if (!more)
			return OK;
		for (size_t i = 0; i < compare->count; i++)
			for (size_t j = i + 1; j < compare->count; j++)
				TRY(compare_event(compare, place, (const size_t[2]){i, j}));
		progress_add(&compare->progress, 1);
	}
}

// --- the plans ---

static Err check_same_set(const ComparedPlan *a, const ComparedPlan *b)
{
	ProtobufCBinaryData x = plan_file_end(a->file)->inputs->set_digest,
	                    y = plan_file_end(b->file)->inputs->set_digest;

	return str_eq(str_n((const char *)x.data, x.len), str_n((const char *)y.data, y.len))
	               ? OK
	               : err(ERR_FIELD_INVALID,
	                         "%s and %s are over different event sets, so nothing of them compares",
	                         a->name, b->name);
}

static Err compare_open(Compare *compare, size_t examples)
{
	for (size_t i = 0; i < compare->count; i++) {
		TRY(check_same_set(&compare->plans[0], &compare->plans[i]));
		TRY(plan_side_open(compare->plans[i].file, compare->plans[i].snapshot, &compare->sides[i]));
		TRY(plan_pair_open(
		        compare->plans[0].name, compare->plans[i].name, examples, &compare->pairs[i]));
	}
	progress_begin(
	        &compare->progress, "comparing: events", plan_file_end(compare->plans[0].file)->effects);
	return OK;
}

static Err tell(const Compare *compare, json_t **ret)
{
	json_t *names = json_array(), *differing = json_array(), *comparisons = json_array();
	Err e = OK;

	for (size_t i = 0; i < compare->count; i++) {
		json_t *row = json_array();

		for (size_t j = 0; j < compare->count; j++)
			json_array_append_new(
			        row, json_integer(compare->differing[i < j ? i : j][i < j ? j : i]));
		json_array_append_new(differing, row);
		json_array_append_new(names, json_string(compare->plans[i].name));
	}
	for (size_t i = 1; !e && i < compare->count; i++) {
		json_t *pair = NULL;

		e = plan_pair_json(&compare->pairs[i], &pair);
		json_array_append_new(comparisons, pair);
	}
	*ret = json_pack(
	        "{s:o, s:o, s:o}", "plans", names, "differing", differing, "comparisons", comparisons);
	if (!e && !*ret)
		e = err(ERR_NO_MEMORY, "no memory to compare plans");
	return e;
}

Err plans_compare(const ComparedPlan *plans, size_t count, size_t examples, bool quick, json_t **ret)
{
	CLEANUP(compare_close) Compare compare = {.plans = plans, .count = count, .quick = quick};

	TRY(compare_open(&compare, examples));
	TRY(compare_all(&compare));
	return tell(&compare, ret);
}
