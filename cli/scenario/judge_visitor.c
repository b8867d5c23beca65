// What is expected of the visitor: segments, attributes, what is remembered.
#include "scenario/expect.h"

#include <math.h>

// --- values ---

// What a Value holds, bare; NULL: nothing. Borrowed.
const json_t *expect_bare(const json_t *value)
{
	const json_t *held = json_object_iter_value(json_object_iter((json_t *)(uintptr_t)value));

	return json_is_object(held) ? json_object_get(held, "values") : held;
}

bool expect_same(const json_t *a, const json_t *b)
{
	if (!a || json_is_null(a) || !b || json_is_null(b))
		return (!a || json_is_null(a)) && (!b || json_is_null(b));
	if (json_is_number(a) && json_is_number(b))
		return fabs(json_number_value(a) - json_number_value(b)) <=
		       1e-12 * fmax(1, fabs(json_number_value(a)));
	return json_equal(a, b);
}

// --- the visitor ---

static bool is_in(const json_t *list, const json_t *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) if (json_equal(item, text)) return true;
	return false;
}

static bool all_in(const json_t *texts, const json_t *list, bool in)
{
	const json_t *text;
	size_t i;

	json_array_foreach(texts, i, text) if (is_in(list, text) != in) return false;
	return true;
}

bool met_segments(Judging *j)
{
	const json_t *expected = j->expectation->value, *has = j->seen->segments;

	j->expected = expect_list_text(j, expected);
	j->got = expect_list_text(j, has);
	return all_in(expected, has, true) && all_in(has, expected, true);
}

bool met_in(Judging *j)
{
	j->expected = expect_list_text(j, j->expectation->value);
	j->got = expect_list_text(j, j->seen->segments);
	return all_in(j->expectation->value, j->seen->segments, true);
}

bool met_not_in(Judging *j)
{
	j->expected = arena_printf(j->arena, "none of %s", expect_list_text(j, j->expectation->value));
	j->got = expect_list_text(j, j->seen->segments);
	return all_in(j->expectation->value, j->seen->segments, false);
}

bool met_visitor(Judging *j)
{
	const char *name, *got = "";
	json_t *wanted;
	bool all = true;

	json_object_foreach((json_t *)(uintptr_t)j->expectation->value, name, wanted)
	{
		const json_t *has = json_object_get(j->seen->attributes, name);

		if (expect_same(wanted, has))
			continue;
		all = false;
		got = arena_printf(
		        j->arena, "%s%s%s: %s", got, *got ? "; " : "", name, expect_value_text(j, has));
	}
	j->got = got;
	return all;
}

// Whether a fact has all that a row says of it.
static bool fits(const json_t *row, const json_t *fact)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)row, name,
	        value) if (!expect_same(value, json_object_get(fact, name))) return false;
	return true;
}

// Every row has a fact of its own, and no fact is left.
bool met_state(Judging *j)
{
	const json_t *rows = j->expectation->value, *row, *fact;
	json_t *left = json_copy((json_t *)(uintptr_t)j->seen->state);
	bool all = true;
	size_t i, k;

	json_array_foreach(rows, i, row)
	{
		bool found = false;

		json_array_foreach(left, k, fact) if ((found = fits(row, fact)))
		{
			json_array_remove(left, k);
			break;
		}
		all = all && found;
	}
	all = all && json_array_size(left) == 0;
	json_decref(left);
	j->got = expect_value_text(j, j->seen->state);
	return all;
}

bool met_refused(Judging *j)
{
	j->got = *j->seen->refused ? j->seen->refused : "it was not refused";
	return strcmp(j->seen->refused, json_string_value(j->expectation->value)) == 0;
}
