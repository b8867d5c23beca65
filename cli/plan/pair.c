// A question is compared by its first offer, which is what a visitor would see. Examples are kept by cause,
// and told in turns, so that a rare cause is not lost among ten thousand of another.
#include "plan/pair.h"

#define NOTHING "(nothing)"

typedef Parley__Journal__V1__RecommendedOffer Offer;

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory to compare plans");
}

Err plan_pair_open(const char *before, const char *after, size_t examples, PlanPair *ret)
{
	*ret = (PlanPair){.names = {before, after},
	        .examples_max = examples,
	        .matrix = json_object(),
	        .zones = json_object(),
	        .segments = json_object(),
	        .reasons = json_object(),
	        .causes = json_object(),
	        .kept = json_object(),
	        .arena = arena_new(1 << 18, 0)};
	return ret->matrix && ret->zones && ret->segments && ret->reasons && ret->causes && ret->kept &&
	                       ret->arena
	               ? OK
	               : no_memory();
}

void plan_pair_close(PlanPair *pair)
{
	json_decref(pair->matrix);
	json_decref(pair->zones);
	json_decref(pair->segments);
	json_decref(pair->reasons);
	json_decref(pair->causes);
	json_decref(pair->kept);
	arena_free(pair->arena);
}

// --- counting ---

static json_t *member(json_t *object, const char *name)
{
	json_t *inner = json_object_get(object, name);

	if (!inner) {
		inner = json_object();
		json_object_set_new(object, name, inner);
	}
	return inner;
}

static void count(json_t *object, const char *what)
{
	json_t *number = json_object_get(object, what);

	if (number)
		json_integer_set(number, json_integer_value(number) + 1);
	else
		json_object_set_new(object, what, json_integer(1));
}

static const char *code_of(const Offer *offer)
{
	return offer ? offer->offer_code : NOTHING;
}

static const char *segment_of(const Offer *offer)
{
	return !offer ? NOTHING : *offer->segment ? offer->segment : "(everyone)";
}

static void count_part(json_t *part, const Offer *a, const Offer *b, bool same)
{
	count(part, same ? "same" : "changed");
	if (!same)
		count(member(member(part, "moves"), code_of(a)), code_of(b));
}

// --- examples ---

static json_t *offer_json(const Offer *offer)
{
	return offer ? json_pack("{s:s, s:s, s:s, s:s, s:f}", "offer", offer->offer_code, "rule",
	                       *offer->treatment_rule ? offer->treatment_rule : offer->origin, "segment",
	                       offer->segment, "origin", offer->origin, "score", offer->score)
	             : json_null();
}

static void keep_example(PlanPair *pair, uint64_t place, const PlanQuestion *question, const PlanWhy *why,
        const Offer *a, const Offer *b)
{
	const char *key = arena_printf(pair->arena, "%s: %s", why->cause, why->what);
	json_t *list = json_object_get(pair->kept, key);

	if (!list) {
		list = json_array();
		json_object_set_new(pair->kept, key, list);
	}
	const json_t *last = json_array_get(list, json_array_size(list) - 1);
	// One of an event is enough: opening it tells all of them.
	if (json_array_size(list) >= pair->examples_max ||
	        (last && json_integer_value(json_object_get(last, "place")) == (json_int_t)place))
		return;
	json_array_append_new(list,
	        json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o, s:o}", "place", (json_int_t)place,
	                "visitor", question->context ? question->context->audience_id : "", "point",
	                question->what->interaction_point, "zone", question->what->zone, "why", why->cause,
	                "what", why->what, "text", why->text, "known", why->known, "before", offer_json(a),
	                "after", offer_json(b)));
}

// --- questions ---

Err plan_pair_add(PlanPair *pair, uint64_t place, const WhySide *before, const WhySide *after)
{
	const Offer *a = plan_first(before->question), *b = plan_first(after->question);
	bool same = strcmp(code_of(a), code_of(b)) == 0;
	PlanWhy why;

	pair->questions++;
	pair->changed += !same;
	count(member(pair->matrix, code_of(a)), code_of(b));
	count_part(member(pair->zones, before->question->what->zone), a, b, same);
	count_part(member(pair->segments, segment_of(a)), a, b, same);
	if (same)
		return OK;
	arena_reset(pair->arena);
	TRY(plan_why(before, after, pair->arena, &why));
	pair->explained += why.known;
	count(member(pair->reasons, why.cause), "changed");
	count(member(pair->causes, why.cause), why.what);
	keep_example(pair, place, before->question, &why, a, b);
	return OK;
}
