// A recorded decision made again: by the snapshot that its digest names, from its receipt, with the engine
// that every runtime server has; and held against what the history says of it.
#pragma once
#include "cli.h"
#include "decide/receipt.h"
#include "parley/design/v1/history.pb-c.h"
#include "snapshot/snapshot.h"
#include "snapshot/types.h"

typedef Parley__Design__V1__RecordedDecision RecordedDecision;

// A decision by its name or a treatment code, of --env or anywhere. Lives in the program's arena.
Err decision_fetch(Cli *cli, const char *id, RecordedDecision **ret);
int64_t decision_time(const RecordedDecision *recorded);

// Snapshots made ready, each fetched once. Zero it to begin.
typedef struct DecisionPlans {
	struct DecisionPlan *first;
	size_t count;
} DecisionPlans;

// The plan of a snapshot, from the design server, its SHA-256 checked. Errors: those of fetch_blob and
// plan_build; RECEIPT_INVALID: it names no snapshot.
Err decision_plan(Cli *cli, DecisionPlans *plans, const RecordedDecision *recorded, const Plan **ret);
// Likewise of a digest.
Err decision_plan_of(Cli *cli, DecisionPlans *plans, const Digest *digest, const Plan **ret);
// Whether such an error says that what the history has of a decision's snapshot cannot be.
bool decision_lacks_snapshot(Err e);
void decision_plans_free(DecisionPlans *plans);

enum { DECISION_DIFFERENCES = 16 }; // told of one decision

// How a decision made again differs from the recorded one; nothing if it does not.
typedef struct DecisionDifferences {
	const char *texts[DECISION_DIFFERENCES]; // in the arena
	size_t count;                            // of all; the texts are the first of them
	size_t missing; // of these, rows that the history lacks: a server that is killed may lose its last
} DecisionDifferences;

// Rows that a killed server lost are told, but no sign that the decision was another.
static inline bool decision_is_different(const DecisionDifferences *found)
{
	return found->count > found->missing;
}

typedef struct Replay {
	bool no_receipt; // it would have been too long, and was not kept: nothing was compared
	Receipt receipt;
	Decision decision;
	uint64_t digest; // of the decision made again
	DecisionDifferences differences;
} Replay;

// Decides again and compares: the receipt with the row that it stands in, the digest, and every column of
// every row. Does not fail for what a database may say: that is a difference. `explain` lists candidates,
// which changes nothing else. Error: NO_MEMORY.
Err decision_replay(
        const Plan *plan, const RecordedDecision *recorded, bool explain, Arena *arena, Replay *ret);

// --- as JSON; new references ---

// Where and whose it was; what the history has of the answer.
json_t *decision_place_json(const RecordedDecision *recorded);
json_t *decision_rows_json(const RecordedDecision *recorded);
// What it was decided from: visitor, attributes, segments, facts, volumes, request.
json_t *decision_inputs_json(const Plan *plan, const Receipt *receipt, Arena *arena);
// The names of the segments that the visitor is in.
json_t *decision_segments_json(const Plan *plan, const Visitor *visitor);
// What a decision made again answers: points with offers and, if it explains, candidates.
json_t *decision_points_json(const Plan *plan, const Decision *decision, Arena *arena);
// "contact", "accept", "reject", "suppress" or "qualify".
const char *fact_kind_name(FactKind kind);
// Adds "until" and "score" to an item, for the facts that have them.
void fact_put_bounds(const Fact *fact, json_t *item);
