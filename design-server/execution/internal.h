// What the files of this room share.
#pragma once
#include "base/cleanup.h"
#include "execution/execution.h"
#include "history/batch.h"
#include "planfile/stream.h"

#include "parley/design/v1/plan.pb-c.h"
#include "parley/plan/v1/statement.pb-c.h"

#include <jansson.h>
#include <pthread.h>

typedef Parley__Design__V1__SubmittedPlan SubmittedPlan;
typedef Parley__Design__V1__SubmittedPlanState PlanState;
#define PLAN_STATE(name) PARLEY__DESIGN__V1__SUBMITTED_PLAN_STATE__SUBMITTED_PLAN_STATE_##name

enum {
	PIECE_MAX = 512 * 1024,
	PIECE_REQUEST_MAX = PIECE_MAX + 1024,
	COMMENT_MAX = 1000,
	WAITING_MAX = 16,           // plans of an environment that wait, with all their effects
	BATCH_RECORDS = 2000,       // that are executed in one transaction
	MOVED_MAX = 100,            // of each kind that are told
	PIECES_TIMEOUT_MS = 120000, // of deleting all of a plan's
};

struct Executions {
	Services *services;
	const Environments *environments;
	Arena *arena;
	Str *names; // of the environments
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	// under the lock
	bool stop;
	uint64_t calls;
	int64_t checking; // the plan that is being checked; 0: none
	uint64_t checked; // of its effects
};

Err execution_no_memory(void);
// Somebody asked for something.
void executions_wake(Executions *executions);
bool executions_stop(Executions *executions);
// How far the check of a plan is (0: of none), for those who look on: the check itself is one transaction,
// which nobody sees into.
void executions_note(Executions *executions, int64_t plan, uint64_t checked);
// 0 if this process does not check it.
uint64_t executions_checked(Executions *executions, int64_t plan);

// --- row.c: a row of the table plan ---

typedef struct PlanRow {
	int64_t id;
	Str environment;
	Digest digest;
	Str source, channel;
	Digest snapshot;
	int64_t begins_us; // 0: it begins with nothing
	Str inputs;
	int64_t effects, bytes;
	Str statement; // empty: none yet
	Str author, comment;
	int64_t created_us;
	PlanState state;
	Str reason, moved, executed_by;
	int64_t version, position, entry, done, sequence, last_effect;
	int64_t begun_us, executed_us; // 0: not yet
} PlanRow;

// Row `row` of a query that has the part COLUMNS, in `arena`. Error: NO_MEMORY.
Err plan_row(const PgResult *rows, size_t row, Arena *arena, PlanRow *ret);
// Locked until the transaction ends, or not. Error: PLAN_UNKNOWN.
Err plan_row_find(Pg *pg, Str environment, const Digest *digest, bool locked, Arena *arena, PlanRow *ret);
const char *plan_state_name(PlanState state);
static inline Str digest_bytes(const Digest *digest)
{
	return str_n((const char *)digest->bytes, sizeof digest->bytes);
}
// Appends to the audit what was done to a plan; `comment` may be empty.
Err plan_audit(
        Pg *pg, const PlanRow *row, const char *action, Str actor, Str comment, int64_t now_us, Arena *arena);

// --- statement.c ---

// What approvers of the plan sign. Errors: NO_MEMORY, WIRE_*.
Err plan_statement(const PlanRow *row, Arena *arena, Str *ret);
// Whether the row's statement is that of the row.
Err plan_statement_fits(const PlanRow *row, Arena *arena, bool *ret);

// --- message.c ---

// With approvals that count under the environment's newest root. In the caller's transaction.
Err plan_message(
        Pg *pg, const Environment *environment, const PlanRow *row, Arena *arena, SubmittedPlan **ret);
// Whether it has the approvals that the environment asks for. Error: APPROVALS_MISSING.
Err plan_check_approvals(Pg *pg, const Environment *environment, const PlanRow *row, Arena *arena);

// --- pieces.c: the stored effects of a plan, one after the other ---

typedef struct Pieces {
	EffectsStream stream;
	int64_t plan;           // whose they are; 0: nobody's
	int64_t position, next; // bytes before what is peeked at; before what is to be read
	bool end;
} Pieces;

// Goes to effects that begin there; costs nothing if it is there already.
void pieces_seek(Pieces *pieces, int64_t plan, int64_t position);
// The next effects, in `arena`, until the next call; NULL: there are no more. `heard`, if it is not NULL, is
// told of all bytes once, in order. Errors: STATE_CORRUPT, of the database.
Err pieces_peek(Pg *pg, Pieces *pieces, Arena *arena, void (*heard)(void *context, Str bytes), void *context,
        const EventEffects **ret, size_t *ret_size);
void pieces_take(Pieces *pieces, size_t size);
void pieces_clear(Pieces *pieces);

// --- records.c: entries of a plan as records of a journal ---

// Makes records of these entries; their sequences begin with `first`. Errors: NO_MEMORY.
Err records_of(
        const PlanRow *plan, const Str *entries, size_t count, int64_t first, Arena *arena, Batch *ret);
// What a plan calls an event for want of an ID of the source's: it is named after the plan in the history.
bool event_id_is_own(Str id);

// --- check.c, apply.c: what the thread does ---

// Checks a plan that waits for it, in one transaction: begins its execution, or refuses it. Sets whether
// there was one. Errors: of the database, CANCELLED.
Err check_one(Executions *executions, bool *ret_any);
// One batch of a plan that is being executed.
Err apply_one(Executions *executions, Pieces *pieces, bool *ret_any);
// One that the history has all of.
Err finish_one(Executions *executions, bool *ret_any);

void handle_submit_plan(void *executions, RpcCall *call, const ProtobufCMessage *request);
void handle_add_plan_effects(void *executions, RpcCall *call, const ProtobufCMessage *request);
void handle_approve_plan(void *executions, RpcCall *call, const ProtobufCMessage *request);
void handle_execute_plan(void *executions, RpcCall *call, const ProtobufCMessage *request);
void handle_withdraw_plan(void *executions, RpcCall *call, const ProtobufCMessage *request);
void handle_get_plan(void *executions, RpcCall *call, const ProtobufCMessage *request);
void handle_list_plans(void *executions, RpcCall *call, const ProtobufCMessage *request);
