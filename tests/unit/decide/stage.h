// The bank, a visitor and a request, for stories about who gets what: change them, open the bank, ask.
#pragma once
#include "decide/decide.h"
#include "world/seal.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { STAGE_FACTS = 32 };

typedef struct Stage {
	Arena *arena;
	World *bank; // world_bank, until a story takes another
	const Plan *plan;
	ExprValue values[WORLD_ATTRIBUTES];
	Str audience_id; // "7"
	Fact facts[STAGE_FACTS], session_facts[STAGE_FACTS];
	VisitorState state;
	OfferFilter filter[4];
	size_t filter_count;
	int64_t as_of_us; // TEST_NOW_US
	uint64_t seed;
	bool deduplicate_across;
} Stage;
extern Stage stage;

int stage_set_up(void **state);
int stage_tear_down(void **state);
#define STAGE_TEST(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)

// Checks the snapshot and builds the plan; the visitor is as the level's defaults have it.
const Snapshot *stage_open(void);
// Asks with explaining, and again without: the answers must be the same.
Decision stage_ask(const DecidePoint *points, size_t count);
PointDecision stage_ask_point(const char *point, uint32_t max);

// "CARD LOAN": the codes offered, best first.
void stage_offers(PointDecision decision, const char *expected);
// Candidates are named "adults-card" or, of other origins and of offer lists, "INDIVIDUAL:CARD",
// "cards:CARD".
DecidedCandidate stage_candidate(PointDecision decision, const char *name);
bool stage_has(PointDecision decision, const char *name);
void stage_reason(PointDecision decision, const char *name, const char *reason);
void stage_cause(PointDecision decision, const char *name, const char *reason, const char *predicate,
        const char *detail);
// All candidates as listed: "adults-card OFFERED, …".
void stage_listed(PointDecision decision, const char *expected);

// Remembers a fact of the visitor or, too, of the session; `ago_us` before now. Returns it, to be changed.
Fact *stage_fact(FactKind kind, const char *offer, int64_t ago_us);
Fact *stage_session_fact(FactKind kind, const char *offer, int64_t ago_us);

#define HOURS(n) (INT64_C(3600000000) * (n))
#define DAYS(n)  (24 * HOURS(n))
