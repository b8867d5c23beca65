// What was counted, as it is told: the most frequent first everywhere, so that who reads the first rows reads
// what matters.
#include "plan/pair.h"
#include "told.h"

#include "base/cleanup.h"
#include "wire/json.h"

#include <stdlib.h>

static Err no_memory(void)
{
	return err(ERR_NO_MEMORY, "no memory to compare plans");
}

// --- order ---

typedef struct Ranked {
	json_int_t times;
	size_t place; // where it stood: of equal ones the first stays first
	json_t *row;
} Ranked;

static int by_times(const void *left, const void *right)
{
	const Ranked *a = left, *b = right;

	return a->times != b->times ? (a->times > b->times ? -1 : 1) : a->place < b->place ? -1 : 1;
}

static Err sort(json_t *rows, const char *by)
{
	size_t size = json_array_size(rows);
	Ranked *list = calloc(size + 1, sizeof *list);

	if (!list)
		return no_memory();
	for (size_t i = 0; i < size; i++) {
		json_t *row = json_array_get(rows, i);

		list[i] = (Ranked){.times = told_count(row, by), .place = i, .row = json_incref(row)};
	}
	qsort(list, size, sizeof *list, by_times);
	for (size_t i = 0; i < size; i++)
		json_array_set_new(rows, i, list[i].row);
	free(list);
	return OK;
}

// --- parts ---

// One of each cause, then another of each, and so on.
static json_t *examples_json(const PlanPair *pair)
{
	json_t *examples = json_array(), *list;
	const char *key;
	bool more = true;

	for (size_t turn = 0; more; turn++) {
		more = false;
		json_object_foreach(pair->kept, key, list)
		{
			if (turn >= json_array_size(list) || json_array_size(examples) >= pair->examples_max)
				continue;
			json_array_append(examples, json_array_get(list, turn));
			more = true;
		}
	}
	return examples;
}

static Err causes_json(const PlanPair *pair, json_t **ret)
{
	const char *cause, *what;
	json_t *inner, *changed;

	*ret = json_array();
	json_object_foreach(pair->causes, cause, inner) json_object_foreach(inner, what, changed)
	        json_array_append_new(
	                *ret, json_pack("{s:s, s:s, s:O}", "why", cause, "what", what, "changed", changed));
	return sort(*ret, "changed");
}

// Who stays is no move.
static Err moves_json(const json_t *matrix, json_t **ret)
{
	const char *before, *after;
	json_t *row, *times;

	*ret = json_array();
	json_object_foreach((json_t *)(uintptr_t)matrix, before, row)
	        json_object_foreach(row, after, times) if (strcmp(before, after) != 0) json_array_append_new(
	                *ret, json_pack("{s:s, s:s, s:O}", "before", before, "after", after, "times", times));
	return sort(*ret, "times");
}

// Zones or segments by name, those that change most first, with their moves.
static Err parts_json(const json_t *parts, json_t **ret)
{
	CLEANUP(json_decrefp_) json_t *rows = json_array();
	const char *name;
	json_t *part;
	size_t i;

	*ret = json_object();
	json_object_foreach((json_t *)(uintptr_t)parts, name, part)
	{
		json_t *moves = NULL;
		Err e = moves_json(json_object_get(part, "moves"), &moves);

		json_array_append_new(rows,
		        json_pack("{s:s, s:I, s:I, s:o}", "name", name, "same", told_count(part, "same"),
		                "changed", told_count(part, "changed"), "moves", moves));
		TRY(e);
	}
	TRY(sort(rows, "changed"));
	json_array_foreach(rows, i, part) json_object_set_new(*ret, told_text(part, "name"),
	        json_pack("{s:O, s:O, s:O}", "same", json_object_get(part, "same"), "changed",
	                json_object_get(part, "changed"), "moves", json_object_get(part, "moves")));
	return OK;
}

// --- all of it ---

Err plan_pair_json(const PlanPair *pair, json_t **ret)
{
	json_t *causes = NULL, *zones = NULL, *segments = NULL, *moves = NULL;
	Err e = causes_json(pair, &causes);

	if (!e)
		e = parts_json(pair->zones, &zones);
	if (!e)
		e = parts_json(pair->segments, &segments);
	if (!e)
		e = moves_json(pair->matrix, &moves);
	*ret = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:O, s:o*, s:o*, s:o*, s:o*, s:O, s:o}",
	        "before", pair->names[0], "after", pair->names[1], "questions", pair->questions, "changed",
	        pair->changed, "explained", pair->explained, "only_before", pair->only[0], "only_after",
	        pair->only[1], "reasons", pair->reasons, "causes", causes, "zones", zones, "segments",
	        segments, "moves", moves, "matrix", pair->matrix, "examples", examples_json(pair));
	return e ? e : *ret ? OK : no_memory();
}
