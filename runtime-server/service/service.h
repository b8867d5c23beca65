// The runtime's services: the touchpoint API (InteractionService) and what the design server may do
// (ControlService). Each handler is a step from request to answer on one screen; validation, mapping and
// recording are files of their own.
#pragma once
#include "base/clock.h"
#include "base/error.h"
#include "current/current.h"
#include "journal/journal.h"
#include "link/link.h"
#include "profile/profile.h"
#include "rpc/rpc.h"
#include "visitor/visitor.h"

typedef struct Service Service;

enum { SERVICE_LINK_PREFIX_MAX = 256 };

// How offers get click links.
typedef struct ServiceLinks {
	LinkKeys keys;
	Str prefix;     // what stands before the token: "https://offers.example.org/c/"
	int64_t age_us; // how long a link holds
} ServiceLinks;

typedef struct ServiceOptions {
	Str environment, fleet, runtime_id; // end in NUL; outlive the service, as all below
	Current *current;
	Journal *journal;
	Visitors *visitors; // who records
	Profile *profile;
	const ServiceLinks *links; // NULL: offers get none, and none are answered
	Clock wall;                // what decisions and records say
	Clock steady;              // what idle time is measured by: must not jump with the wall clock
	size_t max_sessions;       // 0: 1,000,000
	// Told after a channel began to serve another snapshot, or none. May be NULL.
	void (*on_changed)(void *context);
	void *context;
} ServiceOptions;

// Errors: NO_MEMORY, IO (no random numbers).
Err service_new(const ServiceOptions *options, Service **ret);
// After the RPC server has stopped. Open sessions are dropped: they end with the process, not by a record.
void service_free(Service *service);
// For CurrentOptions, whose context is the Visitors: what the service needs of every snapshot, once.
Err service_prepare(
        void *visitors, const Parley__Snapshot__V1__Snapshot *snapshot, Arena *arena, const void **ret);
void service_release(void *visitors, const void *prepared);
// Adds both services, with their access rights (access.h).
Err service_register(Service *service, RpcServer *server);
size_t service_sessions(const Service *service); // open ones
// To be called about every second, from one thread: ends idle sessions and moves the others off old
// snapshots.
void service_sweep(Service *service);
