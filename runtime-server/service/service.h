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
#include "session/session.h"
#include "visitor/visitor.h"

#include "parley/runtime/v1/interaction.pb-c.h"

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
	// Where the seeds of calls come from; NULL: from the kernel's random numbers, each once in this life.
	// With it nothing at all is left to chance, and one thread at a time may call: a rehearsal.
	uint64_t (*seed)(void *context);
	void *seed_context;
	// Decisions are not recorded: on_decision is told all that anybody wants of them.
	bool unrecorded;
	// Told of every decision that is kept, while its session is had. May be NULL.
	void (*on_decision)(void *context, const Session *session, const Decision *decision);
	// Finds a treatment that on_decision was told of, by its code; false: it is unknown. With it neither
	// sessions nor visitor state remember any. NULL: they do.
	bool (*treatment)(void *context, Str code, TreatmentFacts *ret);
	void *decision_context; // of both
	// What its plan says of decisions that last: those of this plan are remembered with their session,
	// and not made again as long as they would come out the same. Nobody can tell but by the time it
	// takes. NULL: every question is decided.
	const Lasting *lasting;
	// Told after a channel began to serve another snapshot, or none. May be NULL.
	void (*on_changed)(void *context);
	void *context;
} ServiceOptions;

// Errors: NO_MEMORY, IO (no random numbers).
Err service_new(const ServiceOptions *options, Service **ret);
// After the RPC server has stopped. Open sessions are dropped: they end with the process, not by a record.
void service_free(Service *service);
// For CurrentOptions, whose context is the Visitors: what the service needs of every snapshot, once. With
// NULL for these it is what service_prepare_for begins with.
Err service_prepare(
        void *visitors, const Parley__Snapshot__V1__Snapshot *snapshot, Arena *arena, const void **ret);
// The same for other visitors, of a snapshot that was prepared before and whose arena outlives this one.
Err service_prepare_for(Visitors *visitors, const Parley__Snapshot__V1__Snapshot *snapshot,
        const void *prepared, Arena *arena, const void **ret);
void service_release(void *visitors, const void *prepared);
// Adds both services, with their access rights (access.h).
Err service_register(Service *service, RpcServer *server);
size_t service_sessions(const Service *service); // open ones
// To be called about every second, from one thread: ends idle sessions and moves the others off old
// snapshots.
void service_sweep(Service *service);

// --- calls that no network brings: for a service whose journal and profile answer at once ---

// Told how a call ended: with its response, or with this thread's last failure. The response is gone when it
// returns.
typedef void (*ServiceAnswer)(void *context, Err result, const ProtobufCMessage *response);

// Each answers before it returns. Requests, and the arena, live until then. A command's session is one that
// service_session has found and that nothing has ended since, or, with NULL, the one that it names.
void service_command(Service *service, Session *session, const Parley__Runtime__V1__BatchCommand *command,
        Arena *arena, ServiceAnswer answer, void *context);
// StartSession, by the snapshot's own indexes.
void service_start(Service *service, Session *session, const SessionStart *start, Arena *arena,
        ServiceAnswer answer, void *context);
// GetOffers likewise, on a session that was found, and without a response: what it decides is all that is
// asked for.
void service_ask(Service *service, Session *session, const SessionAsk *ask, Arena *arena,
        ServiceAnswer answer, void *context);
void service_recommend(Service *service, const Parley__Runtime__V1__RecommendRequest *request, Arena *arena,
        ServiceAnswer answer, void *context);
void service_respond(Service *service, const Parley__Runtime__V1__PostResponseRequest *request, Arena *arena,
        ServiceAnswer answer, void *context);
// As session_place, session_look and session_fetch (session/table.h); a step more is for what is remembered
// of the visitor.
uint64_t service_place(const Service *service, Str session_id);
Session *service_session(Service *service, uint64_t place, Str id);
void service_fetch(const Service *service, uint64_t place, unsigned step);
// Makes a result of a command's answer; it borrows the response. Error: NO_MEMORY.
Err service_result(const Parley__Runtime__V1__BatchCommand *command, Err result,
        const ProtobufCMessage *response, Arena *arena, Parley__Runtime__V1__BatchResult *ret);
// When the sweep, if it came at every full second, would next have anything to do, up to `until_us` by the
// steady clock; INT64_MAX: not until then.
int64_t service_next_sweep(const Service *service, int64_t until_us);
