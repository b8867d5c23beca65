// A runtime server's parts, for the files that handle all of them: runtime.c puts them together, tell.c logs
// what they say, tick.c looks after them. Nobody else includes it.
#pragma once
#include "runtime.h"

#include "service/service.h"
#include "ship/ship.h"
#include "side.h"
#include "visitor/visitor.h"

#include <stdatomic.h>

struct Runtime {
	const Config *config;
	Journal *journal;
	Visitors *visitors;
	Profile *profile;
	Current *current;
	Service *service;
	RpcServer *server;
	Tracer *tracer; // NULL: calls are not traced
	Ship *ship;
	Side *side;
	Access access;
	ServiceLinks links;
	Clicks *clicks;
	RpcTls tls;
	int port;      // of the TLS listener
	int plaintext; // of the other, 0: none
	unsigned ticks, unanswered;
	uint64_t forgotten; // visitors, as far as the log says
	bool shipping;      // as far as the log says
	Digest standing;    // of the reasons why it is degraded, likewise
	bool told;          // that it was
	_Atomic(Err) broken;
};

// --- tell.c: what parts call, `context` being the Runtime ---
// The process must stop: nothing more may be acknowledged.
void tell_journal_poisoned(void *context, const ErrDetail *why);
void tell_profiles(void *context, bool available, const ErrDetail *why);
void tell_checkpoint(void *context, const ErrDetail *why);
void tell_collector(void *context, bool taken, const ErrDetail *why);
// The touchpoint API is ready once there is a snapshot to decide by.
void tell_snapshots(void *context);

// --- and what they found at the start ---
// What recovery found wrong with the journal: nobody else will tell.
void tell_journal_found(Runtime *runtime);
// What is remembered, and what could not be.
void tell_visitors_found(Runtime *runtime);
// What was deployed and could be loaded, and what could not.
void tell_snapshots_found(Runtime *runtime);
