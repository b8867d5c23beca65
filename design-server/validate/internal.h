// What the files of this room share.
#pragma once
#include "compile/compile.h"
#include "validate/logic.h"
#include "validate/numbering.h"
#include "validate/validate.h"

typedef enum FindingCode {
#define FINDING(code, severity, text) FINDING_##code,
#include "validate/finding_table.h"
#undef FINDING
	FINDING_CODE_COUNT,
} FindingCode;

// An offer, as the analysis sees it.
typedef struct OfferFacts {
	const Parley__Design__V1__Offer *in; // as it was designed
	bool candidate;                      // something can make it one, for somebody
	bool by_default;                     // a zone fills up with it
} OfferFacts;

typedef struct Analysis {
	Pg *pg; // may be NULL
	Str channel;
	const Configuration *in;
	const Snapshot *snapshot; // what `in` compiles to: references resolved, defaults plain
	const ValidateOptions *options;
	Arena *arena;
	Findings *findings;
	size_t room;                // for findings
	bool lost;                  // memory ran out while one was noted
	Logic **logic;              // by audience level
	bool **settable;            // by audience level and slot: something can set it
	bool qualifies_quoted;      // an event makes whatever offer it quotes a candidate everywhere
	OfferFacts *offers;         // by offer of the snapshot
	const Condition **segments; // by segment of the snapshot: who can be in it by its expression
	bool *flowed;               // by segment: a flow leads to it
	bool *idle;                 // by zone: none of its offers suits it, which is told of the zone
	bool **takes;               // by zone and offer; NULL for a zone without conditions on offers
} Analysis;

// What a finding is about.
typedef struct Object {
	const char *kind, *name;
	const char *field; // may be ""
} Object;

// Notes a finding; the reason is a format, the remedy a text. A memory shortage ends the analysis at its end.
void finding(Analysis *a, FindingCode code, Object object, const char *remedy, const char *fmt, ...)
        __attribute__((format(printf, 5, 6)));
Err validate_no_memory(void);

// --- model.c ---
// Fills what the checks ask: logic, offers, segments.
Err model_build(Analysis *a);
// "treatment rule" or "global offer": rule `i` of both, the global offers behind the rules.
size_t rule_count(const Analysis *a);
const SnapRule *rule_at(const Analysis *a, size_t i, Object *ret);
// The offers that a rule makes candidates.
size_t rule_offers(const Analysis *a, const SnapRule *rule, const uint32_t **ret);
// Whether the offer is ever shown in this snapshot: published and not yet over.
bool offer_lives(const Analysis *a, uint32_t offer);
// The zone's inclusion expression for the level, NULL if there is none.
const SnapExpression *zone_inclusion(const SnapZone *zone, uint32_t level);
// Whether the zone's conditions on offers let it in.
bool zone_takes(const Analysis *a, uint32_t zone, uint32_t offer);

// --- condition.c ---
// ": no value of age is left", or nothing.
const char *clash_text(const Analysis *a, const Condition *condition);
// Tells what is always true, or never in a part. Whether it is never true at all, who asks tells, who knows
// what comes of it.
Err analyse_condition(Analysis *a, Object object, uint32_t level, const SnapExpression *expression);

// --- score.c ---
Err analyse_score(Analysis *a, const SnapRule *rule, Object object);

// --- the checks; errors: NO_MEMORY, of the database ---
Err analyse_levels(Analysis *a);
Err analyse_zones(Analysis *a);
Err analyse_segments(Analysis *a);
Err analyse_flows(Analysis *a);
Err analyse_rules(Analysis *a);
Err analyse_shadows(Analysis *a);
Err analyse_offers(Analysis *a);
Err analyse_campaigns(Analysis *a);
Err analyse_events(Analysis *a);
Err analyse_visitors(Analysis *a);
Err analyse_limits(Analysis *a);
Err analyse_contract(Analysis *a);
