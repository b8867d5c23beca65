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
	TURN_LATER_END, // end the session; the call is answered elsewhere (and may be gone)
	TURN_SUSPENDED, // neither: turn_finish will be called later
} TurnEnd;

typedef struct Outcome {
	TurnEnd end;
	const void *response; // a ProtobufCMessage
} Outcome;

typedef struct Turn Turn;

// A call is late when less than this part of the time that it had when it came is left before its deadline,
// or less than that much: an answer takes its time to the caller, and what the caller counts began before.
enum { TURN_MARGIN_PART = 8, TURN_MARGIN_US = 2000 };

// What a method does once it has the session; one per method.
typedef struct Command {
	Err (*check)(const void *request); // what can be told without the session; NULL: nothing
	Err (*step)(Turn *turn, Outcome *outcome);
	// What is answered instead when there is no time left to wait for the session or to take the step.
	// The turn has a session only if it got it in time. NULL: then it waits, and takes it, however late.
	// A fresh session knows no snapshot to answer from: then the step is taken.
	Err (*late)(Turn *turn, const Deployed *deployed, Outcome *outcome);
	bool opens;       // makes the session if there is none; the step calls turn_follow itself
	bool checks_late; // the step calls turn_sequence itself
	bool nameless;    // on a session of the server's own, whose ID begins with ID_OWN
} Command;

struct Turn {
	SessionWaiter waiter; // first
	Service *service;
	Reply *reply;
	const Command *command;
	const void *request; // as the command wants it
	TraceSpan *span;     // the call's; NULL: it is not traced
	uint64_t sequence;   // the call's number; 0: none
	Arena *arena;
	Session *session;
	int64_t now_us;    // wall clock
	int64_t begun_us;  // when the call came, by monotonic_us
	int64_t late_us;   // by monotonic_us: from when on it is late; INT64_MAX: never
	int64_t margin_us; // between that and the deadline
	Advisories advisories;
	// What turn_resume runs instead of leaving the session; NULL: nothing.
	void (*resumed)(Turn *turn, Err result, const Outcome *outcome);
};

extern const Command start_session_command, get_offers_command, post_event_command, get_profile_command,
        set_audience_command, set_debug_command, end_session_command;
// By the snapshot's indexes: their requests are a SessionStart and a SessionAsk.
extern const Command start_told_command, get_offers_told_command;

// A call, however it came.
typedef struct TurnCall {
	Reply *reply; // lives, with all below, until it has been answered
	Arena *arena;
	const Command *command;
	const void *request; // as the command wants it: a ProtobufCMessage, if nothing else is said
	const char *session_id;
	Session *session;    // by session_look, which nothing has ended since; NULL: by the ID
	TraceSpan *span;     // NULL: it is not traced
	uint64_t sequence;   // 0: none
	int64_t begun_us;    // by monotonic_us; 0: nobody measures what it takes
	int64_t deadline_us; // when the caller stops waiting, likewise; INT64_MAX: never
} TurnCall;

// Checks the request, enters the session and runs the command's step. The step of a command that opens finds
// the session as it is: fresh, or on the snapshot it was on.
void turn_begin(Service *service, const TurnCall *call);
// The same for a call of its own.
void turn_take(Service *service, RpcCall *call, const void *request, const char *session_id,
        uint64_t sequence, const Command *command);
// Whether its step has no time left.
bool turn_is_late(const Turn *turn);
// Until when its step may wait for something that it can do without, and still go on in time; by
// monotonic_us; 0: however long it takes.
int64_t turn_patience(const Turn *turn);
// Moves the session to the snapshot that serves, does what is due, and advises of what the session has noted.
// Errors: SESSION_UNKNOWN if it cannot
// go on, NO_MEMORY.
Err turn_follow(Turn *turn);
// Sets attributes, and computes the segments anew if they depend on them.
Err turn_apply(Turn *turn, const Parameters *parameters);
// Checks the call's number against those before it; it is taken when the call succeeds. Error:
// SEQUENCE_PASSED.
Err turn_sequence(Turn *turn);
// Ends a suspended turn, or goes on with the batch that it is of.
void turn_resume(Turn *turn, Err result, const Outcome *outcome);
