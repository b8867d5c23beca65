// What can be expected: one row one word.
#pragma once
#include "scenario/scenario.h"

// What an expectation is held against.
typedef struct Judging {
	const Expectation *expectation;
	const Seen *seen;
	const json_t *point; // the PointOffers that it is about; NULL: there are none
	Arena *arena;
	const char *expected, *got; // told if it is not met; expected: NULL tells the value as it stands
	json_t *why;                // list of texts
} Judging;

typedef struct ExpectKind {
	const char *name;
	unsigned look; // LOOK_*
	enum {
		SHAPE_TEXTS,
		SHAPE_TEXT,
		SHAPE_MAP,
		SHAPE_MAP_TEXT,
		SHAPE_MAP_NUMBER,
		SHAPE_LIST,
		SHAPE_COUNT,
		SHAPE_TRUE
	} shape;
	bool (*met)(Judging *judging);
} ExpectKind;

extern const ExpectKind expect_kinds[];
extern const size_t expect_kind_count;

// --- what the files of judging share ---

const char *expect_list_text(const Judging *j, const json_t *list);
const char *expect_value_text(const Judging *j, const json_t *value);
// What a Value holds, bare; NULL: nothing. Borrowed.
const json_t *expect_bare(const json_t *value);
// Numbers by their value, whatever their type; null is nothing.
bool expect_same(const json_t *a, const json_t *b);

// --- judge_offers.c ---
bool met_offers(Judging *j);
bool met_contains(Judging *j);
bool met_without(Judging *j);
bool met_order(Judging *j);
bool met_none(Judging *j);
bool met_count(Judging *j);
bool met_content(Judging *j);
bool met_reasons(Judging *j);
bool met_rules(Judging *j);
bool met_cells(Judging *j);
bool met_scores(Judging *j);
bool met_attributes(Judging *j);

// --- judge_visitor.c ---
bool met_segments(Judging *j);
bool met_in(Judging *j);
bool met_not_in(Judging *j);
bool met_visitor(Judging *j);
bool met_state(Judging *j);
bool met_refused(Judging *j);
