// One visitor's way through a visit: which call is next, when, and how it is made.
#pragma once
#include "load/load.h"

struct RpcClient;

enum { LOAD_CODE_SIZE = 128 };

typedef struct Visit {
	const MixVisit *kind;
	size_t step; // 0: to start; the steps from 1; behind them: to end
	int64_t due_us;
	uint64_t dice; // state
	int64_t visitor;
	char session[64], treatment[LOAD_CODE_SIZE];
} Visit;

// What the visits of one connection share.
typedef struct Visiting {
	const LoadPlan *plan;
	struct RpcClient *client;
	Arena *arena; // of a call
	char digest[65];
} Visiting;

// [0, 1)
double load_dice(uint64_t *state);
// A visit of the mix, due at `due_us`. The dice decide which, and go on with it.
void visit_begin(const LoadPlan *plan, uint64_t dice, int64_t number, int64_t due_us, Visit *ret);
// Makes the call that is due and moves to the one after it. Steps that chance leaves out are passed over
// before.
Err visit_call(Visiting *visiting, Visit *visit, LoadCall *ret_call);
bool visit_is_over(const Visit *visit);
// When the next call is due, counted from now.
void visit_think(Visit *visit, int64_t now_us);
// Ends its session, which nobody waits for.
void visit_leave(Visiting *visiting, Visit *visit);
