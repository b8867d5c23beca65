// A stream of a method that streams both ways (talk.c), and all of a server's (talks.c).
#pragma once
#include "rpc/internal.h"

typedef struct Message Message;

struct Talk {
	Talk *prev, *next; // among the server's; under its lock
	RpcCall opening;   // the stream itself as a call: who it is
	const RpcStreaming *rules;
	void *state;
	pthread_mutex_t lock; // of what follows
	Event received, written, ended, closed;
	grpc_byte_buffer *in;
	Message *sending; // NULL: nothing is being sent
	Message *first_answer, **last_answer;
	Message *retired;  // answered: leave() sees to them
	size_t unanswered; // read, and the answer is not out
	int held;          // events that gRPC core holds, and messages that handlers hold
	int cancelled;     // what gRPC core says of the end
	bool reading;
	bool ending; // nothing more is read; the status goes out when nothing is unanswered
	bool over;   // the status went out, or the caller is gone
	ErrDetail end;
	gpr_timespec opened, active;
};

// Stream locked: no more is read, and when all is answered the stream ends with `e`, this thread's last
// failure. The first reason counts.
void talk_end(Talk *talk, Err e);

// Counts the stream among the server's. Errors: SHUTTING_DOWN, BUSY.
Err talks_add(Talk *talk);
void talks_remove(Talk *talk);
