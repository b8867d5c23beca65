// A case is a world (a snapshot made ready), a visitor in some state, and a request. All of it is made from
// numbers (chance.h), so a case needs no storage but these, and shrinking edits it while it is made again.
#pragma once
#include "ast.h"
#include "chance.h"
#include "cover.h"
#include "decide/decide.h"
#include "snapshot/types.h"

enum {
	VISITS_IN_WORLD = 4, // the state's and the visitor's part of a case
	REQUESTS_IN_VISIT = 3,
	CASES_IN_WORLD = VISITS_IN_WORLD * REQUESTS_IN_VISIT,
	IDS = 5, // visitors of a level
};

#define SECOND_US INT64_C(1000000)
#define DAY_US    (86400 * SECOND_US)

// A snapshot's expression and the tree that it was printed from. In a world every SnapExpression is one.
typedef struct Formula {
	SnapExpression base;
	Node *root;
	ExprKind expected;
	const Node *shown; // the text is of this tree, if set: a planted bug must not show in it
} Formula;

static inline Formula *formula_of(SnapExpression *expression)
{
	return (Formula *)(void *)expression;
}

typedef struct World {
	Arena *arena;
	Snapshot *snapshot;
	int64_t anchor_us; // what dates and facts are around
	uint32_t scale;    // 1; in a few worlds more, so that lists are long and sets have several words
	bool plain;        // little is struck or overridden: ranks decide
	uint32_t scored;   // one rule in so many has a score expression; 0: none
	int favourite;     // the slot that most score expressions multiply; -1: none
	const Plan *plan;  // once it is finished
	Node *last[2][EXPR_DYN]; // the latest tree by level and kind: some expressions are there twice
} World;

typedef struct Visit {
	uint32_t level;
	char *audience_id;
	ExprValue *values;
	Fact *facts, *session_facts;
	size_t fact_count, session_fact_count;
	uint64_t *volumes; // NULL: nothing was counted
	// Of the request.
	DecidePoint *points;
	size_t point_count;
	int64_t as_of_us;
	uint64_t seed;
	bool across;
} Visit;

// --- making (make_*.c) ---

World *world_make(Chance *chance, Arena *arena);
// The parts of it that are made in files of their own, in order.
void make_offers(Chance *chance, World *world);
void make_segments(Chance *chance, World *world);
void make_flows(Chance *chance, World *world);
void make_campaigns(Chance *chance, World *world);
void make_rules(Chance *chance, World *world);
void make_visitor_lists(Chance *chance, World *world);
void make_limits(Chance *chance, World *world);

// Visitor and state; then, as often as wanted, a request.
Visit *visit_make(Chance *chance, const World *world, Arena *arena);
void request_make(Chance *chance, const World *world, Visit *visit, Arena *arena);

// Helpers of these.
char *make_name(World *world, const char *kind, size_t number);
SnapExpression *make_formula(Chance *chance, World *world, uint32_t level, ExprKind kind);
SnapExpression *make_score_formula(Chance *chance, World *world, uint32_t level);
// A bound of 0: there is none.
void make_dates(Chance *chance, const World *world, int64_t *effective_us, int64_t *expires_us);
uint32_t *make_offer_set(Chance *chance, World *world, size_t max, size_t *ret_count);
const char *make_attribute_name(Chance *chance);
ExprValue make_attribute_value(Chance *chance, const World *world, ExprKind kind, Arena *arena);
char *make_audience_id(World *world, uint32_t level, uint32_t number);
SnapConstant *make_constant(World *world, ExprValue value);
char *make_salt(Chance *chance, World *world);
// A share that is somebody's, or next to it.
uint32_t make_share(Chance *chance, World *world, uint32_t level, const char *salt);

#define MAKE_LIST(world, list, type, INIT, count)                                                            \
	({                                                                                                   \
		size_t count_ = (count);                                                                     \
		type **items_ = ARENA_ARRAY((world)->arena, type *, count_);                                 \
		for (size_t i_ = 0; i_ < count_; i_++) {                                                     \
			items_[i_] = ARENA_NEW((world)->arena, type);                                        \
			*items_[i_] = (type)INIT;                                                            \
		}                                                                                            \
		(list) = items_;                                                                             \
		count_;                                                                                      \
	})

// --- finishing (finish.c) ---

// Calls `visit` with every place of an expression in the snapshot. `optional`: NULL may take its place.
typedef void (*VisitFormula)(void *context, SnapExpression **place, uint32_t level, bool optional);
void world_formulas(World *world, VisitFormula visit, void *context);

// Prints and compiles the expressions, checks the snapshot as a runtime server does, builds the plan. Errors:
// as of expr_compile, snapshot_check, plan_build.
Err world_finish(World *world);
