// Events that are on their way to the disk, by event ID. A second post of one that is on its way is answered
// with the first, so that an event is never appended twice and never acknowledged before it lasts.
#pragma once
#include "service/internal.h"

typedef struct PendingEvent {
	EventKey key;
	Reply *reply;
	TraceSpan *wait; // for the disk; ends when it is answered; NULL: it is not traced
	const ProtobufCMessage *response;
	protobuf_c_boolean *duplicate; // the response's
	InFlight *table;
	struct PendingEvent *next;       // in the table
	struct PendingEvent *duplicates; // answered with this one
	atomic_uint open;                // beyond the first: what it waits for
	Err result;                      // the first failure
	ErrDetail failure;
} PendingEvent;

InFlight *inflight_new(void);
void inflight_free(InFlight *table);
// True: the same event is on its way; `mine` will be answered with it, maybe has been already, and is no
// longer the caller's. False: nothing is; if `lead`, `mine` now stands for the event and must be settled.
bool inflight_join(InFlight *table, PendingEvent *mine, bool lead);
// One more inflight_settle has to come before the event is settled.
void inflight_wait_more(PendingEvent *event);
// When it is the last: takes the event out and answers it and its duplicates: with their responses, or with
// the first failure, which was its thread's last. Everything in them is gone afterwards.
void inflight_settle(PendingEvent *event, Err result);
// Takes the event out and answers only its duplicates, with this thread's last failure; the caller answers
// its own call. Returns `result`.
Err inflight_abandon(PendingEvent *event, Err result);
// Counts records that may not have reached the disk. What was appended before the count changed is not known
// to last: it is appended again if it comes again (history drops the second by its event ID).
uint64_t inflight_failures(const InFlight *table);
