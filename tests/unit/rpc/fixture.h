// A server with handlers of our own behind the descriptors of the InteractionService. What each method does
// here:
//   StartSession  echoes the session ID as the only segment and tells who called
//   GetOffers     fails in the way that the session ID names
//   PostEvent     is answered later by another thread
//   EndSession    is a blocking method that waits until the test opens the gate
//   GetVersion    has no handler
//   Converse      is what a test makes it
#pragma once
#include "base/cleanup.h"
#include "raw.h"
#include "rpc/rpc.h"

#include "parley/runtime/v1/interaction.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#define SERVICE (&parley__runtime__v1__interaction_service__descriptor)

typedef struct Fixture {
	RpcServer *server;
	RpcClient *client; // plaintext
	int port;
	char target[64];
	Arena *arena;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	RpcCall *deferred[256];
	size_t deferred_count, held; // until so many are deferred, none is answered
	bool gate_open, replier_ends;
	int waiting; // handlers at the gate
	int handled; // calls that reached any handler
	pthread_t replier;
	void *own; // the test's
} Fixture;

// Starts a server with these options (its listeners are set here) and a client on it.
void fixture_start(Fixture *fixture, RpcServerOptions options);
// The same with one more method; `own` is for its handler.
void fixture_start_with(Fixture *fixture, RpcServerOptions options, const RpcMethod *more, void *own);
void fixture_stop(Fixture *fixture);
void gate_open(Fixture *fixture);
// From the next one on, so many calls of PostEvent are waited for; then they are answered.
void fixture_hold(Fixture *fixture, size_t count);
// Waits until `count` handlers stand at the gate.
void gate_wait(Fixture *fixture, int count);

// A call of StartSession through rpc_call.
Err start_session(
        Fixture *fixture, RpcClient *client, const char *id, Parley__Runtime__V1__StartSessionResponse **ret);
// A call of any method whose request has only a session ID.
Err call_simply(Fixture *fixture, RpcClient *client, const char *method, const char *id, int timeout_ms);

// Keys and certificates in a private folder; made by programs, so before rpc_init.
typedef struct Certificates {
	char folder[64];
	char ca[128], stranger_ca[128];
	char server[2][128], touchpoint[2][128], stranger[2][128]; // certificate, key
} Certificates;

void certificates_make(Certificates *ret);
void certificates_remove(const Certificates *certificates);
