// A question is compared by its first offer, which is what a visitor would see; what decided is read from the
// two records: another segment's rule, another rule of the same segment, or the same rule with another score.
// Reading goes place by place, for what happens behind the last event stands in effects of its own.
#include "plan_compare.h"

#include "base/cleanup.h"
#include "parley/journal/v1/journal.pb-c.h"
#include "wire/wire.h"

enum { ENTRY_FIELDS_MAX = 100000, POINTS_MAX = 64 };

#define NOTHING "(nothing)"

typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Journal__V1__Recommendation Recommendation;
typedef Parley__Journal__V1__RecommendedOffer Offer;

// One plan, read effect by effect.
typedef struct Side {
	const PlanFile *file;
	size_t block, at, count;
	const EventEffects *const *effects;
	Arena *arena;   // of the block
	Arena *entries; // of the effect
	struct {
		const Recommendation *what;
		const char *visitor;
	} asked[POINTS_MAX];
	size_t asked_count;
} Side;

typedef struct Compare {
	Side sides[2];
	size_t examples_max;
	json_int_t questions, changed;
	json_t *matrix, *zones, *segments, *reasons, *examples;
} Compare;

static void compare_close(Compare *compare)
{
	for (int i = 0; i < 2; i++) {
		arena_free(compare->sides[i].arena);
		arena_free(compare->sides[i].entries);
	}
	json_decref(compare->matrix);
	json_decref(compare->zones);
	json_decref(compare->segments);
	json_decref(compare->reasons);
	json_decref(compare->examples);
}

// --- reading ---

// The present effect, NULL behind the last one.
static Err side_look(Side *side, const EventEffects **ret)
{
	*ret = NULL;
	while (side->at == side->count) {
		if (side->block == plan_file_blocks(side->file))
			return OK;
		arena_reset(side->arena);
		TRY(plan_file_block(side->file, side->block++, side->arena, &side->effects, &side->count));
		side->at = 0;
	}
	*ret = side->effects[side->at];
	return OK;
}

static Err side_read(Side *side, const EventEffects *effects)
{
	side->asked_count = 0;
	arena_reset(side->entries);
	for (size_t i = 0; i < effects->n_entries && side->asked_count < POINTS_MAX; i++) {
		ProtobufCMessage *message;
		ProtobufCBinaryData bytes = effects->entries[i];

		TRY(wire_unpack(&parley__journal__v1__entry__descriptor,
		        str_n((const char *)bytes.data, bytes.len), ENTRY_FIELDS_MAX, side->entries,
		        &message));
		const Entry *entry = (const Entry *)message;
		if (entry->what_case != PARLEY__JOURNAL__V1__ENTRY__WHAT_RECOMMENDATION)
			continue;
		side->asked[side->asked_count].what = entry->recommendation;
		side->asked[side->asked_count++].visitor = entry->context ? entry->context->audience_id : "";
	}
	return OK;
}

// --- counting ---

static void count(json_t *object, const char *name, const char *what)
{
	json_t *row = json_object_get(object, name);

	if (!row) {
		row = json_object();
		json_object_set_new(object, name, row);
	}
	json_object_set_new(row, what, json_integer(json_integer_value(json_object_get(row, what)) + 1));
}

static const Offer *first_of(const Recommendation *recommendation)
{
	return recommendation->n_offers > 0 ? recommendation->offers[0] : NULL;
}

static const char *code_of(const Offer *offer)
{
	return offer ? offer->offer_code : NOTHING;
}

static const char *segment_of(const Offer *offer)
{
	return !offer ? NOTHING : *offer->segment ? offer->segment : "(everyone)";
}

static const char *why(const Offer *a, const Offer *b)
{
	if (!a)
		return "now there is an offer";
	if (!b)
		return "now there is none";
	if (strcmp(a->segment, b->segment) != 0)
		return "another segment";
	if (strcmp(a->treatment_rule, b->treatment_rule) != 0)
		return "another rule";
	return a->score != b->score ? "another score" : "another offer of the rule";
}

static json_t *offer_json(const Offer *offer)
{
	return offer ? json_pack("{s:s, s:s, s:s, s:f}", "offer", offer->offer_code, "rule",
	                       offer->treatment_rule, "segment", offer->segment, "score", offer->score)
	             : json_null();
}

static void compare_question(Compare *compare, uint64_t place, size_t i, size_t j)
{
	const Recommendation *ra = compare->sides[0].asked[i].what, *rb = compare->sides[1].asked[j].what;
	const Offer *a = first_of(ra), *b = first_of(rb);
	bool same = strcmp(code_of(a), code_of(b)) == 0;

	compare->questions++;
	compare->changed += !same;
	count(compare->matrix, code_of(a), code_of(b));
	count(compare->zones, ra->zone, same ? "same" : "changed");
	count(compare->segments, segment_of(a), same ? "same" : "changed");
	if (same)
		return;
	count(compare->reasons, why(a, b), "changed");
	if (json_array_size(compare->examples) < compare->examples_max)
		json_array_append_new(compare->examples,
		        json_pack("{s:I, s:s, s:s, s:s, s:o, s:o}", "place", (json_int_t)place, "visitor",
		                compare->sides[0].asked[i].visitor, "point", ra->interaction_point, "why",
		                why(a, b), "before", offer_json(a), "after", offer_json(b)));
}

// The questions of one event: of each point the first in the one with the first in the other, and so on.
static void compare_event(Compare *compare, uint64_t place)
{
	bool used[POINTS_MAX] = {0};

	for (size_t i = 0; i < compare->sides[0].asked_count; i++)
		for (size_t j = 0; j < compare->sides[1].asked_count; j++)
			if (!used[j] && strcmp(compare->sides[0].asked[i].what->interaction_point,
			                        compare->sides[1].asked[j].what->interaction_point) == 0) {
				used[j] = true;
				compare_question(compare, place, i, j);
				break;
			}
}

// --- the plans ---

static Err compare_all(Compare *compare)
{
	for (;;) {
		const EventEffects *a, *b;

		TRY(side_look(&compare->sides[0], &a));
		TRY(side_look(&compare->sides[1], &b));
		if (!a || !b)
			return OK;
		if (a->place == b->place) {
			TRY(side_read(&compare->sides[0], a));
			TRY(side_read(&compare->sides[1], b));
			compare_event(compare, a->place);
		}
		compare->sides[0].at += a->place <= b->place;
		compare->sides[1].at += b->place <= a->place;
	}
}

static Err check_same_set(const PlanFile *a, const PlanFile *b)
{
	ProtobufCBinaryData x = plan_file_end(a)->inputs->set_digest,
	                    y = plan_file_end(b)->inputs->set_digest;

	return str_eq(str_n((const char *)x.data, x.len), str_n((const char *)y.data, y.len))
	               ? OK
	               : err(ERR_FIELD_INVALID,
	                         "the plans are over different event sets, so nothing of them compares");
}

Err plans_compare(const PlanFile *a, const PlanFile *b, size_t examples, json_t **ret)
{
	CLEANUP(compare_close)
	Compare compare = {.examples_max = examples,
	        .matrix = json_object(),
	        .zones = json_object(),
	        .segments = json_object(),
	        .reasons = json_object(),
	        .examples = json_array()};
	const PlanFile *const files[] = {a, b};

	TRY(check_same_set(a, b));
	for (int i = 0; i < 2; i++) {
		compare.sides[i].file = files[i];
		compare.sides[i].arena = arena_new(1 << 20, 0);
		compare.sides[i].entries = arena_new(1 << 16, 0);
		if (!compare.sides[i].arena || !compare.sides[i].entries)
			return err(ERR_NO_MEMORY, "no memory to compare plans");
	}
	TRY(compare_all(&compare));
	*ret = json_pack("{s:I, s:I, s:O, s:O, s:O, s:O, s:O}", "questions", compare.questions, "changed",
	        compare.changed, "reasons", compare.reasons, "zones", compare.zones, "segments",
	        compare.segments, "matrix", compare.matrix, "examples", compare.examples);
	return *ret ? OK : err(ERR_NO_MEMORY, "no memory to compare plans");
}
