// What is expected of the offers at one place; and for one that is missing, what struck each of its
// candidates.
#include "release/deployment.h"
#include "scenario/expect.h"

#include <math.h>

enum { REASONS_TOLD = 4 };

// --- what there is ---

static const json_t *offers_of(const Judging *j)
{
	return json_object_get(j->point, "offers");
}

static const json_t *find_offer(const Judging *j, const char *code)
{
	const json_t *offer;
	size_t i;

	json_array_foreach(
	        offers_of(j), i, offer) if (strcmp(json_word(offer, "offer_code"), code) == 0) return offer;
	return NULL;
}

static const char *codes(const Judging *j)
{
	const char *text = "";
	const json_t *offer;
	size_t i;

	json_array_foreach(offers_of(j), i, offer) text =
	        arena_printf(j->arena, "%s%s%s", text, i ? ", " : "", json_word(offer, "offer_code"));
	return *text ? text : "none";
}

static void say_why(Judging *j, const char *code, const json_t *candidate)
{
	const char *rule = json_word(candidate, "treatment_rule"), *origin = json_word(candidate, "origin"),
	           *predicate = json_word(candidate, "predicate"), *detail = json_word(candidate, "detail");

	json_array_append_new(
	        j->why, json_string(arena_printf(j->arena, "%s: %s by %s%s%s%s%s", code,
	                        json_word(candidate, "reason"), *rule ? rule : origin, *predicate ? ": " : "",
	                        predicate, *detail ? ": " : "", detail)));
}

// Why an offer that should be there is not.
static void explain_missing(Judging *j, const char *code)
{
	const json_t *candidate;
	size_t i, told = 0;

	json_array_foreach(json_object_get(j->point, "candidates"), i, candidate)
	{
		if (strcmp(json_word(candidate, "offer_code"), code) != 0 || told == REASONS_TOLD)
			continue;
		say_why(j, code, candidate);
		told++;
	}
	if (!told)
		json_array_append_new(
		        j->why, json_string(arena_printf(j->arena, "%s: no rule proposes it here", code)));
}

static void explain_all_missing(Judging *j)
{
	const json_t *code;
	size_t i;

	json_array_foreach(j->expectation->value, i, code) if (!find_offer(j, json_string_value(code)))
	        explain_missing(j, json_string_value(code));
}

// --- offers ---

bool met_offers(Judging *j)
{
	const json_t *expected = j->expectation->value, *code;
	bool same = json_array_size(expected) == json_array_size(offers_of(j));
	size_t i;

	json_array_foreach(expected, i, code) same =
	        same && strcmp(json_string_value(code),
	                        json_word(json_array_get(offers_of(j), i), "offer_code")) == 0;
	if (!same)
		explain_all_missing(j);
	j->expected = expect_list_text(j, expected);
	j->got = codes(j);
	return same;
}

bool met_contains(Judging *j)
{
	const json_t *code;
	bool all = true;
	size_t i;

	json_array_foreach(j->expectation->value, i, code) all =
	        all && find_offer(j, json_string_value(code));
	if (!all)
		explain_all_missing(j);
	j->expected = expect_list_text(j, j->expectation->value);
	j->got = codes(j);
	return all;
}

bool met_without(Judging *j)
{
	const json_t *code;
	bool none = true;
	size_t i;

	json_array_foreach(j->expectation->value, i, code)
	{
		const json_t *offer = find_offer(j, json_string_value(code)), *candidate;
		size_t k;

		none = none && !offer;
		json_array_foreach(offer ? json_object_get(j->point, "candidates") : NULL, k,
		        candidate) if (strcmp(json_word(candidate, "offer_code"), json_string_value(code)) ==
		                               0 &&
		                       strcmp(json_word(candidate, "reason"), "OFFERED") == 0)
		        say_why(j, json_string_value(code), candidate);
	}
	j->expected = arena_printf(j->arena, "none of %s", expect_list_text(j, j->expectation->value));
	j->got = codes(j);
	return none;
}

// Each of them, in this order; others may stand between.
bool met_order(Judging *j)
{
	const json_t *expected = j->expectation->value, *offer;
	size_t i, at = 0;

	json_array_foreach(offers_of(j), i, offer) if (at < json_array_size(expected) &&
	                                               strcmp(json_string_value(json_array_get(expected, at)),
	                                                       json_word(offer, "offer_code")) == 0) at++;
	if (at < json_array_size(expected))
		explain_all_missing(j);
	j->expected = expect_list_text(j, expected);
	j->got = codes(j);
	return at == json_array_size(expected);
}

bool met_none(Judging *j)
{
	j->expected = "no offer";
	j->got = codes(j);
	return json_array_size(offers_of(j)) == 0;
}

bool met_count(Judging *j)
{
	size_t count = json_array_size(offers_of(j));

	j->got = arena_printf(j->arena, "%zu: %s", count, codes(j));
	return (json_int_t)count == json_integer_value(j->expectation->value);
}

bool met_content(Judging *j)
{
	const json_t *offers = offers_of(j);

	j->got = json_array_size(offers) ? codes(j) : json_word(j->point, "default_content");
	return !json_array_size(offers) && strcmp(j->got, json_string_value(j->expectation->value)) == 0;
}

// --- of each offer ---

// The reasons that the candidates of the offer have; `wanted` is among them, or not.
static bool reason_among(const Judging *j, const char *code, const char *wanted, const char **ret)
{
	const json_t *candidate;
	bool found = false;
	size_t i;

	*ret = "";
	json_array_foreach(json_object_get(j->point, "candidates"), i, candidate)
	{
		const char *reason = json_word(candidate, "reason");

		if (strcmp(json_word(candidate, "offer_code"), code) != 0)
			continue;
		found = found || strcmp(reason, wanted) == 0;
		if (!strstr(*ret, reason))
			*ret = arena_printf(j->arena, "%s%s%s", *ret, **ret ? ", " : "", reason);
	}
	if (!**ret)
		*ret = "NO_CANDIDATE";
	return found || strcmp(*ret, wanted) == 0;
}

bool met_reasons(Judging *j)
{
	const char *code, *told, *got = "";
	json_t *wanted;
	bool all = true;

	json_object_foreach((json_t *)(uintptr_t)j->expectation->value, code, wanted)
	{
		if (reason_among(j, code, json_string_value(wanted), &told))
			continue;
		all = false;
		got = arena_printf(j->arena, "%s%s%s: %s", got, *got ? "; " : "", code, told);
		explain_missing(j, code);
	}
	j->got = got;
	return all;
}

// A member of the candidate that was offered.
static bool met_member(Judging *j, const char *member)
{
	const char *code, *got = "";
	json_t *wanted;
	bool all = true;

	json_object_foreach((json_t *)(uintptr_t)j->expectation->value, code, wanted)
	{
		const json_t *candidate, *is = NULL;
		size_t i;

		json_array_foreach(json_object_get(j->point, "candidates"), i,
		        candidate) if (!is && strcmp(json_word(candidate, "offer_code"), code) == 0 &&
		                       strcmp(json_word(candidate, "reason"), "OFFERED") == 0) is = candidate;
		const char *has = is ? json_word(is, member) : "not offered";
		if (strcmp(has, expect_value_text(j, wanted)) == 0)
			continue;
		all = false;
		got = arena_printf(j->arena, "%s%s%s: %s", got, *got ? "; " : "", code, *has ? has : "none");
		if (!is)
			explain_missing(j, code);
	}
	j->got = got;
	return all;
}

bool met_rules(Judging *j)
{
	return met_member(j, "treatment_rule");
}

bool met_cells(Judging *j)
{
	return met_member(j, "cell");
}

bool met_scores(Judging *j)
{
	const char *code, *got = "";
	json_t *wanted;
	bool all = true;

	json_object_foreach((json_t *)(uintptr_t)j->expectation->value, code, wanted)
	{
		const json_t *offer = find_offer(j, code);
		double score = json_number_value(json_object_get(offer, "score"));

		if (offer && fabs(score - json_number_value(wanted)) <= 1e-9 * fmax(1, fabs(score)))
			continue;
		all = false;
		got = offer ? arena_printf(j->arena, "%s%s%s: %.6g", got, *got ? "; " : "", code, score)
		            : arena_printf(j->arena, "%s%s%s: not offered", got, *got ? "; " : "", code);
		if (!offer)
			explain_missing(j, code);
	}
	j->got = got;
	return all;
}

bool met_attributes(Judging *j)
{
	const char *code, *name, *got = "";
	json_t *wanted, *value;
	bool all = true;

	json_object_foreach((json_t *)(uintptr_t)j->expectation->value, code, wanted)
	{
		const json_t *offer = find_offer(j, code), *attribute;
		size_t i;

		if (!offer) {
			all = false;
			explain_missing(j, code);
		}
		json_object_foreach(offer ? wanted : NULL, name, value)
		{
			const json_t *has = NULL;

			json_array_foreach(json_object_get(offer, "attributes"), i,
			        attribute) if (strcmp(json_word(attribute, "name"), name) == 0) has =
			        expect_bare(json_object_get(attribute, "value"));
			if (expect_same(value, has))
				continue;
			all = false;
			got = arena_printf(j->arena, "%s%s%s.%s: %s", got, *got ? "; " : "", code, name,
			        expect_value_text(j, has));
		}
	}
	j->got = *got ? got : codes(j);
	return all;
}
