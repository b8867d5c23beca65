// The engine's README read as plainly as can be: no plan, no indexes, no order but the documented one, every
// question asked anew, loops over everything. It shares the data types with the engine and no line of code.
#pragma once
#include "ast.h"
#include "cover.h"
#include "decide/decide.h"
#include "snapshot/types.h"

typedef struct Reference {
	const Snapshot *snapshot; // its expressions are Formulas (oracle.h)
	Arena *arena;             // answers live here
	Cover *cover;
} Reference;

// As decide_defaults, decide_segments and decide.
void ref_defaults(const Reference *ref, uint32_t level, ExprValue *values);
void ref_segments(const Reference *ref, const SegmentRequest *request, ExprValue *values, Segmentation *ret);
void ref_decide(const Reference *ref, const Visitor *visitor, const DecideRequest *request, Decision *ret);

// --- numbers (ref_numbers.c) ---

uint64_t ref_mix64(uint64_t x);
uint64_t ref_hash(const char *bytes, size_t len);
uint32_t ref_share_of(Str salt, Str level, Str audience_id);
int64_t ref_period_start(Parley__Snapshot__V1__Period period, int64_t time_us);
void ref_treatment_code(uint64_t seed, uint32_t ordinal, char ret[TREATMENT_CODE_SIZE]);

// --- values (ref_values.c) ---

ExprValue ref_constant(const SnapConstant *constant, Arena *arena);
// What an expression says of a visitor.
ExprValue ref_value(
        const Reference *ref, const SnapExpression *expression, const ExprValue *values, int64_t now_us);
// The value as one of an attribute of that type; an error if it is not one.
ExprValue ref_typed(ExprValue value, ExprKind kind);
// "ATTRIBUTE_MISSING: income".
Str ref_error_text(const Reference *ref, uint32_t level, ExprValue error);
// The fixed value of an offer's attribute of that name; NULL if it has none.
const SnapConstant *ref_offer_constant(const SnapOffer *offer, Str name);
bool ref_condition(const Reference *ref, const SnapOffer *offer, Str attribute,
        Parley__Snapshot__V1__Comparison comparison, ExprValue with);

// --- facts (ref_facts.c) ---

// What strikes an offer, and the name of what did; OFFERED if nothing does.
typedef struct Strike {
	Reason reason;
	Str detail;
} Strike;
Strike ref_suppressed(const Reference *ref, const VisitorState *state, uint32_t offer, int64_t as_of_us);
Strike ref_limited(const Reference *ref, const VisitorState *state, uint32_t offer, int64_t as_of_us);
// The SUPPRESS or QUALIFY fact of an offer that counts and still holds; NULL if there is none.
const Fact *ref_event(const Reference *ref, const VisitorState *state, uint32_t offer, int64_t as_of_us);

// --- the screen (ref_screen.c) ---

typedef struct RefCandidate {
	CandidateId id;
	const SnapRule *rule; // NULL if none made it
	Reason reason;
	ScoreParts score;
	Str predicate, detail;
} RefCandidate;

typedef struct RefCall {
	const Reference *ref;
	const Visitor *visitor;
	const DecideRequest *request;
} RefCall;
void ref_screen(const RefCall *call, const DecidePoint *point, RefCandidate *candidate);
