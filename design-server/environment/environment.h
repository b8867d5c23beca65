// Environments, as the deploy profiles declare them (README.md has the keys). They are read once, at the
// start of the design server; what is published later, roots, is read from the database each time.
#pragma once
#include "base/config.h"
#include "snapshot/trust.h"
#include "store/store.h"

#include "parley/design/v1/deployment.pb-c.h"

enum {
	ENVIRONMENTS_MAX = 32,
	SERVERS_MAX = 64,
	GATES_MAX = 16,
	STEPS_MAX = 16,
	LIMITS_MAX = 256,      // of a gate, by name
	SHARE_WHOLE = 1000000, // shares are in millionths
};

typedef struct EnvironmentServer {
	Str name, address;
	Str tls_name; // empty: the address's host
	Str group;    // steps may name it in its servers' place; may be empty
} EnvironmentServer;

// How many of a zone's or a segment's winners may change, whatever holds for the others.
typedef struct EnvironmentGateLimit {
	Str zone, segment; // one of them
	int64_t max_changed;
	ConfigPlace place;
} EnvironmentGateLimit;

// What must have been measured of a snapshot before it comes here. A limit of 0 is none, but for shares: then
// no call may have failed, and no winner may change.
typedef struct EnvironmentGate {
	Str kind; // scenarios, load or behaviour
	Str from; // the environment where it was measured, or whose decisions are compared; never empty
	int64_t max_age_us, max_p99_us, min_throughput, max_error_rate, min_scenarios, min_coverage;
	// behaviour: how many of all winners may change, and of those of each zone and segment
	int64_t max_changed, max_changed_zone, max_changed_segment;
	ConfigList limits;     // of EnvironmentGateLimit
	int64_t min_decisions; // that are to be compared
	int64_t min_questions; // with less a zone or segment is not judged
	Str when_few;          // stop or pass: when fewer decisions than these were recorded at all
	bool acknowledge;      // what is beyond a limit may be acknowledged by its name
	ConfigPlace place;
} EnvironmentGate;

typedef struct EnvironmentStep {
	ConfigStrings servers; // names of servers or groups; none: all
	int64_t share, bake_us;
	ConfigPlace place;
} EnvironmentStep;

// When a roll-out returns by itself: how much worse than the stable group is too much. 0: never for this.
typedef struct EnvironmentReturn {
	int64_t error_rate;      // share of calls that fail, above the stable group's
	int64_t p99_ratio;       // p99 as a share of the stable group's
	int64_t least_p99_us;    // up to this p99 nothing is too slow
	int64_t acceptance_drop; // accepts per contact, below the stable group's, as a share of these
	int64_t min_calls;       // with less than this in either group nothing is judged
} EnvironmentReturn;

typedef struct Environment {
	Str name, promotes_from, fleet;
	Str folder;        // of its file: relative paths there start here
	Str trusted_root;  // path of the first root
	Str timestamp_key; // path of a signing key
	struct {
		Str base; // empty: no source codes are issued
		Str key;  // path of the link keys
	} links;
	int64_t approvals; // how many distinct approvers; the root's threshold is to be the same
	int64_t manifest_lifetime_us, timestamp_lifetime_us, epoch;
	ConfigList gates; // of EnvironmentGate
	struct {
		Str strategy;     // all-at-once or steps
		ConfigList steps; // of EnvironmentStep; none if all at once
		EnvironmentReturn return_on;
	} rollout;
	struct {
		int64_t max_snapshot;    // bytes
		int64_t servers_at_once; // that are sent something at a time
	} limits;
	struct {
		int64_t window_us;   // between a treatment and what is said of it
		int64_t patience_us; // with a code that nothing is known of
		int64_t keep_us;     // what is done with
	} responses;
	ConfigList servers; // of EnvironmentServer
} Environment;

typedef struct Environments {
	const Environment *items; // each after the one that it promotes from
	size_t count;
} Environments;

// Reads every FOLDER/NAME/environment.yaml; a folder that is not there declares none. Errors: IO,
// CONFIG_INVALID with file, line and column.
Err environments_load(Str folder, Arena *arena, Environments *ret);
// Error: ENVIRONMENT_UNKNOWN, with those that there are.
Err environment_find(const Environments *environments, Str name, const Environment **ret);
// For who found nothing: were `environment` and `channel` (empty: any) asked about in vain, because there are
// no such? Errors: ENVIRONMENT_UNKNOWN, RESOURCE_NOT_FOUND, each with those that there are. Without
// environments (NULL, or none declared) nothing is known, and nothing wrong.
Err environment_asked(
        const Environments *environments, Store *store, const char *environment, const char *channel);
// The same of a channel alone, for what is of no environment.
Err environment_channel_asked(Store *store, const char *channel);
// For a search in an environment that failed with `failed` because it found nothing: that, or
// ENVIRONMENT_UNKNOWN.
Err environment_in_vain(const Environments *environments, const char *environment, Err failed);
// Prints every key of environment.yaml with its meaning.
void environment_print_help(void);

static inline const EnvironmentServer *environment_server(const Environment *environment, size_t index)
{
	return (const EnvironmentServer *)environment->servers.items + index;
}

static inline const EnvironmentGate *environment_gate(const Environment *environment, size_t index)
{
	return (const EnvironmentGate *)environment->gates.items + index;
}

static inline const EnvironmentGateLimit *environment_gate_limit(const EnvironmentGate *gate, size_t index)
{
	return (const EnvironmentGateLimit *)gate->limits.items + index;
}

static inline const EnvironmentStep *environment_step(const Environment *environment, size_t index)
{
	return (const EnvironmentStep *)environment->rollout.steps.items + index;
}

// Whether a step concerns a server.
bool environment_step_has(const EnvironmentStep *step, const EnvironmentServer *server);

// --- whom it trusts (root.c) ---

typedef struct TrustRoots {
	TrustRoot *items; // oldest first: the configured one, then those published, each verified by the one
	                  // before
	size_t count;     // at least 1
} TrustRoots;

// In a transaction of the caller's. `ret` lives in `arena`. Errors: IO, CONFIG_INVALID (none is configured),
// ROOT_*, SIGNATURE_INVALID, MANIFEST_PLACE.
Err environment_roots(Pg *pg, const Environment *environment, Arena *arena, TrustRoots *ret);
// The newest of them.
Err environment_root(Pg *pg, const Environment *environment, Arena *arena, TrustRoot *ret);
// Everybody signs for himself: whether the holder of a key by its root is the user who brings the signature.
// Error: PERMISSION_DENIED.
Err environment_check_signer(const Environment *environment, const TrustRoot *root, Str holder, Str user);
// Whether anything may be deployed there: the root is valid, lists these approvals and is not at its end, the
// timestamp key is one of its. Errors: as environment_roots, CONFIG_INVALID, ROOT_EXPIRED.
Err environment_check(Pg *pg, const Environment *environment, int64_t now_us, Arena *arena);

// --- words (words.c, message.c) ---

// What ListEnvironments says of one, its root read in `pg`. Error: NO_MEMORY.
Err environment_message(Pg *pg, const Environment *environment, int64_t now_us, Arena *arena,
        Parley__Design__V1__Environment **ret);
// A step in words, such as "server production-1, 10 % of sessions, for 10m"; empty if memory is out.
const char *environment_step_text(const Environment *environment, size_t step, Arena *arena);
// A gate in words.
const char *environment_gate_text(const EnvironmentGate *gate, Arena *arena);
