// Where plans are submitted, in one process: a real database, PlanService for an environment "production"
// whose root asks for two approvals, and no thread. What the thread would do, a test does step by step, so
// that it can stop between any two.
#pragma once
#include "execution/internal.h"
#include "lib/postgres.h"

typedef struct Desk {
	char dir[64];
	Arena *arena;
	TestPostgres postgres;
	Pg *owner; // of the tables
	Services services;
	Environments environments;
	Str names[1];
	Executions executions; // its thread is not started
	RpcServer *server;
	RpcClient *client;
	const char *user; // the next caller
	int64_t now_us;
} Desk;

extern Desk desk; // the only one: PostgreSQL is started once for all tests

void desk_make(void); // once; before threads
void desk_remove(void);
// No plans, no history; version 3 of channel "bank" runs on every server.
void desk_reset(void);

// --- the database ---

// The first column of the first row of a query, as its owner.
int64_t desk_ask(const char *sql);
void desk_do(const char *sql);
// Version `version` is released; `complete`: every server runs it. `snapshot`: what all bytes of its digest
// are.
void desk_deploy(int version, uint8_t snapshot, bool complete);

// --- plans (sample.c) ---

enum { SNAPSHOT = 7, ENTRIES = 3 }; // bytes of the sample's snapshot digest; entries of each visit

// What `count` customers from number `first` on do: each opens a session, is shown GOLD, and goes.
typedef struct Visits {
	int first, count;
	uint64_t seed;
	int64_t begins_us;   // 0: with nothing
	const char *events;  // their IDs are this and the customer's number; NULL: the plan's own
	const char *channel; // of the entries; NULL: bank
	uint8_t snapshot;    // likewise; 0: SNAPSHOT
} Visits;

typedef struct Sample {
	Str bytes; // of all effects
	Digest digest;
	uint64_t effects;
	Parley__Plan__V1__PlanInputs inputs;
} Sample;

// In the desk's arena.
Sample *desk_sample(Visits visits);
// When the sample's visitor of this number comes.
int64_t visit_us(int number);

// --- calls ---

Err desk_call(const char *user, const char *method, const ProtobufCMessage *request, SubmittedPlan **ret);
// SubmitPlan, and as many pieces as it takes; `ret` may be NULL, as in all below.
Err desk_submit(const char *user, const Sample *sample, SubmittedPlan **ret);
Err desk_begin(const char *user, const Sample *sample, SubmittedPlan **ret);
Err desk_add(
        const char *user, const Sample *sample, uint64_t offset, Str piece, bool last, SubmittedPlan **ret);
// Signs the plan's statement with key `number` (world/seal.h).
Err desk_approve(const char *user, uint8_t number, const Sample *sample, SubmittedPlan **ret);
Err desk_execute(const Sample *sample, SubmittedPlan **ret);
Err desk_withdraw(const char *user, const Sample *sample, SubmittedPlan **ret);
// GetPlan, which has to be there.
SubmittedPlan *desk_get(const Sample *sample);

// Submitted by dora, approved by anna and ben.
void desk_prepare(const Sample *sample);
// All that the thread would do until there is nothing left.
void desk_work(void);
// Submitted, approved, executed to the end.
void desk_carry_out(const Sample *sample);

// --- the tests, each file's as a group: how many failed ---

int settle_tests(void);
int world_tests(void);
int apply_tests(void);
