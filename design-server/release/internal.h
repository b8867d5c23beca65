// What the files of this room share.
#pragma once
#include "base/cleanup.h"
#include "compile/compile.h"
#include "config.h"
#include "environment/environment.h"
#include "pending/configuration.h"
#include "release/release.h"
#include "rollout/state.h"
#include "snapshot/snapshot.h"

#include "parley/design/v1/deployment.pb-c.h"

typedef Parley__Design__V1__Deployment Deployment;
typedef Parley__Design__V1__ServerRollout ServerRollout;

struct Release {
	Services *services;
	Arena *arena;
	Environments environments;
	SigningKey *key;
	RpcTls tls;
};

// A row of deployment_listed.
typedef struct Row {
	int64_t id;
	Str environment, channel;
	uint64_t epoch, version;
	Str fleet;
	Digest blob;
	uint64_t length;
	Digest manifest;
	Str author, comment, promoted_from;
	int64_t created_us, expires_us;
	DeploymentState state;
	uint64_t rollback_of;
	bool undeploy; // then blob is all zero
	uint32_t approvals_needed;
	Str changes;
	const Str *acknowledged;
	size_t acknowledged_count;
	const int64_t *evidence; // IDs
	size_t evidence_count;
	Str reason;
	int64_t released_us, ended_us; // 0: not yet
} Row;

#define STATE(name) PARLEY__DESIGN__V1__DEPLOYMENT_STATE__DEPLOYMENT_STATE_##name

// What is known of a server's part in a deployment.
typedef struct ServerState {
	const EnvironmentServer *server;
	uint64_t version; // 0: none or not known
	char digest[65];
	int64_t seen_us;  // 0: did not answer
	char error[1200]; // empty: it runs what it should
	uint64_t journal_lag, sessions;
} ServerState;

// --- configuration.c ---
// Collects what a build of the channel for that first environment of a line is made of, and compiles it.
// Errors: RESOURCE_NOT_FOUND, MARKS_INCOMPLETE, COMPILE_FAILED, SNAPSHOT_INVALID.
Err configuration_build(
        Release *release, Str channel, Str environment, Arena *arena, Collected *ret, Str *ret_blob);
// What was collected as the compiler takes it; borrows.
Err configuration_lists(const Collected *from, Arena *arena, Configuration *ret);
// Errors: COMPILE_FAILED, SNAPSHOT_INVALID.
Err configuration_compile(const Collected *from, Arena *arena, Str *ret_blob);

// --- record.c; all within a transaction of the caller's ---
Err record_rows(const PgResult *result, Arena *arena, Row **ret, size_t *ret_count);
// False in `ret_found` if there is none.
Err record_latest(Pg *pg, Str environment, Str channel, Arena *arena, Row *ret, bool *ret_found);
// Fills servers[i] for each row, in the order of the table.
Err record_servers(
        Pg *pg, const Row *rows, size_t count, Arena *arena, ServerRollout ***ret, size_t *ret_counts);

// --- rollout.c ---
// Asks every server of an environment at once what it runs of `row`'s channel, and with `bring_up` sends what
// it lacks.
Err rollout(Release *release, const Environment *environment, const Row *row, bool bring_up, Arena *arena,
        ServerState **ret);
// Keeps what a rollout met. Error: of the database.
Err rollout_record(
        Release *release, const Environment *environment, const Row *row, const ServerState *states);

// --- server.c ---
void server_probe(Release *release, const Row *row, ServerState *state);
void server_bring_up(Release *release, const Row *row, ServerState *state);

// --- map.c ---
Deployment *map_deployment(const Row *row, Arena *arena);
// Sets the servers, and from them the state.
Err map_states(const Row *row, const ServerState *states, size_t count, Arena *arena, Deployment *ret);
void map_servers(const Row *row, ServerRollout **servers, size_t count, Deployment *ret);
Google__Protobuf__Timestamp *map_time(int64_t us, Arena *arena);
Err release_no_memory(void);

// --- handlers ---
void handle_deploy(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_list_deployments(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_get_rollout_status(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_list_environments(void *release, RpcCall *call, const ProtobufCMessage *request);
