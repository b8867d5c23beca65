// A turn is one call's time with its session: the session is entered (or waited for, without a thread), moved
// to the snapshot that serves, handed to the call's step, answered and left. Steps see nothing of that.
#pragma once
#include "service/advisory.h"
#include "service/internal.h"

// What a step wants done with the session and the call.
typedef enum TurnEnd {
	TURN_REPLY,     // send `response`, leave the session
	TURN_REPLY_END, // send `response`, end the session
	TURN_LATER,     // leave the session; the call is answered elsewhere (and may be gone)
	TURN_SUSPENDED, // neither: turn_finish will be called later
} TurnEnd;

typedef struct Outcome {
	TurnEnd end;
	const void *response; // a ProtobufCMessage
} Outcome;

typedef struct Turn Turn;
typedef Err (*TurnStep)(Turn *turn, Outcome *outcome);

struct Turn {
	SessionWaiter waiter; // first
	Service *service;
	RpcCall *call;
	const void *request; // a ProtobufCMessage
	Arena *arena;
	TurnStep step;
	Session *session;
	int64_t now_us; // wall clock
	Advisories advisories;
};

// Enters the session and runs the step. For session_open's sake the step of startSession finds the session as
// it is: fresh, or on the snapshot it was on (turn_follow moves it).
void turn_enter(Service *service, RpcCall *call, const void *request, const char *session_id, TurnStep step);
void turn_open(Service *service, RpcCall *call, const void *request, const char *session_id, TurnStep step);
// Moves the session to the snapshot that serves. Errors: SESSION_UNKNOWN if it cannot go on, NO_MEMORY.
Err turn_follow(Turn *turn);
// Sets attributes and computes the segments anew.
Err turn_apply(Turn *turn, const Parameters *parameters);
// What happened to the session since its last call becomes advisories.
void turn_note(Turn *turn);
// Ends a suspended turn.
void turn_resume(Turn *turn, Err result, const Outcome *outcome);
