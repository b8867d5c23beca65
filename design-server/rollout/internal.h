// What the files of this room share. What should be is a Plan, read from the database for each pass and never
// changed; what is, a Report, which a server's worker makes of each round. Both are shared between threads by
// counted references.
#pragma once
#include "base/cleanup.h"
#include "base/log.h"
#include "config.h"
#include "rollout/rollout.h"
#include "rollout/state.h"

#include "parley/runtime/v1/control.pb-c.h"

#include <pthread.h>
#include <stdatomic.h>

#define STATE(name) PARLEY__DESIGN__V1__DEPLOYMENT_STATE__DEPLOYMENT_STATE_##name

typedef Parley__Runtime__V1__GetStatusResponse ServerStatus;
typedef Parley__Runtime__V1__ChannelStatus ChannelStatus;

enum { PERMILLE_WHOLE = 1000, REFUSAL_MAX = 1200 };

// One deployment, as far as servers are concerned.
typedef struct Link {
	int64_t id;
	uint64_t epoch, version, length;
	Digest manifest, blob;
	bool undeploy;
	Str envelope, trace; // only of a chain that is sent; of what is not traced `trace` is empty
} Link;

// One channel of an environment.
typedef struct Line {
	Str channel;
	Link stable, newest; // the same once the newest is kept
	bool has_stable;     // false only if everything that there was has been returned
	bool kept;           // the newest is what all should serve
	bool active;         // the newest is on its way in steps, also while paused
	bool paused;
	DeploymentState state; // of the newest
	Str fleet, waiting;
	uint32_t steps, step;
	int64_t begun_us, reached_us; // 0: not reached
} Line;

typedef struct Plan {
	Arena *arena;
	atomic_int references;
	const Environment *environment;
	Line *lines;
	size_t count;
	const TrustRoot *roots; // none if they are not usable
	size_t root_count;
	Str timestamp; // envelope; empty if there is none
	uint64_t timestamp_version;
} Plan;

// What a server's round brought.
typedef struct Report {
	Arena *arena;
	atomic_int references;
	int64_t seen_us;
	const ServerStatus *status;    // NULL if it could not be asked
	char error[REFUSAL_MAX];       // then: why
	char (*refusals)[REFUSAL_MAX]; // of each line of the plan; empty if all went well
	size_t count;
} Report;

typedef struct Worker {
	struct Fleet *fleet;
	const EnvironmentServer *server;
	pthread_t thread;
	bool started;
	RpcClient *client;   // the thread's own
	bool effects_failed; // likewise: the last time, so that it is logged once
	// under the lock of the Rollouts
	uint64_t wanted, done;       // rounds
	int64_t not_before_us;       // monotonic; while it is away, or refuses
	unsigned failures, refusals; // in a row
	Report *report;              // the newest; NULL before the first
} Worker;

// One environment under the controller.
typedef struct Fleet {
	Rollouts *rollouts;
	const Environment *environment;
	SigningKey *timestamp_key; // NULL if there is none that can be used
	Worker *workers;           // one a server
	// under the lock
	Plan *plan;
	uint64_t passes; // the newest ticket that a whole pass has answered
	size_t sending;
	// the controller's own
	bool moved; // the last pass changed what should be
	Err failed; // what the last pass ended in, so that it is logged once
} Fleet;

struct Rollouts {
	Services *services;
	const Environments *environments;
	Arena *arena;
	RpcTls tls;
	Fleet *fleets;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	// under the lock
	bool stop, leads;
	uint64_t tickets; // passes that were asked for
	uint64_t rounds;
};

Err rollout_no_memory(void);

// --- plan.c ---
Err plan_read(Rollouts *rollouts, Fleet *fleet, Plan **ret);
void plan_release(Plan *plan);
Plan *plan_hold(Plan *plan);
// What a row of rollout_newest says; with `stable` still empty.
Err line_read(const PgResult *result, size_t row, Arena *arena, Line *ret);
// The candidate's share of a server's sessions at the step that was reached.
uint32_t line_permille(const Environment *environment, const Line *line, const EnvironmentServer *server);

// --- server.c ---
// Asks a server, sends it what it lacks, asks again. What goes wrong is in the report.
void server_round(Worker *worker, const Plan *plan, Report *report);
const ChannelStatus *status_channel(const ServerStatus *status, Str channel);
// Whether it serves the link to all as its stable one.
bool channel_serves(const ChannelStatus *channel, const Link *link);
// Whether the link is its candidate.
bool channel_tries(const ChannelStatus *channel, const Link *link);

// --- worker.c ---
Err worker_start(Worker *worker);
void worker_join(Worker *worker);
// A reference to the newest report; NULL if there is none yet.
Report *worker_report(Worker *worker);
void report_release(Report *report);

// --- advance.c ---
// Records what a pass found and moves deployments on. `whole`: every server answered to this very plan, or is
// away. `urgent`: somebody waits for it.
Err fleet_advance(Fleet *fleet, const Plan *plan, bool whole, bool urgent);

// --- record.c; within a transaction ---
Err record_server(Pg *pg, const Plan *plan, const Line *line, const EnvironmentServer *server,
        const Report *report, size_t index, bool urgent);
// Whether all servers of the environment run the newest of the line.
Err record_all_run(Pg *pg, const Plan *plan, const Line *line, bool *ret);

// --- stamp.c ---
// Makes the environment's next timestamp if one is due. `least`: above this version, which servers have seen.
Err stamp_renew(Rollouts *rollouts, const Fleet *fleet, uint64_t least);
