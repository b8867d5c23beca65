// What the files of this room share.
#pragma once
#include "admin/request.h"
#include "base/cleanup.h"
#include "compile/compile.h"
#include "config.h"
#include "environment/environment.h"
#include "pending/configuration.h"
#include "release/release.h"
#include "rollout/rollout.h"
#include "rollout/state.h"
#include "snapshot/snapshot.h"
#include "snapshot/trust.h"

#include "parley/design/v1/deployment.pb-c.h"

typedef Parley__Design__V1__Deployment Deployment;
typedef Parley__Design__V1__ServerRollout ServerRollout;
typedef Parley__Design__V1__DeployResponse DeployResponse;
typedef Parley__Design__V1__Gate Gate;

#define STATE(name) PARLEY__DESIGN__V1__DEPLOYMENT_STATE__DEPLOYMENT_STATE_##name

// Snapshots of what is configured now (working.c).
typedef struct Working Working;

struct Release {
	Services *services;
	const Environments *environments;
	Rollouts *rollouts;
	Arena *arena;
	SigningKey *key; // the builder's
	Working *working;
};

// A row of deployment_listed.
typedef struct Row {
	int64_t id;
	Str environment, channel;
	uint64_t epoch, version;
	Str fleet;
	Digest blob; // all zero if it switches the channel off
	uint64_t length;
	Digest manifest;
	Str author, comment, promoted_from;
	int64_t created_us, expires_us;
	DeploymentState state;
	uint64_t rollback_of;
	bool undeploy;
	uint32_t approvals_needed;
	Str changes;
	const Str *acknowledged;
	size_t acknowledged_count;
	const int64_t *evidence; // IDs
	size_t evidence_count;
	Str reason;
	int64_t released_us, ended_us; // 0: not yet
	int64_t build;                 // 0: not known
} Row;

// A row of the table evidence.
typedef struct EvidenceRow {
	int64_t id;
	Str channel;
	Digest digest;
	Str environment, kind;
	bool passed;
	Str report;
	Digest report_digest;
	Str author;
	int64_t created_us;
} EvidenceRow;

// How the gates in front of an environment judged.
typedef struct Gates {
	Gate **items;
	size_t count, failed;
	const int64_t *evidence; // what those that let pass looked at
	size_t evidence_count;
} Gates;

// A deployment in the making: what is to be deployed, where, by whom; and what there is in the end. Deploy,
// Rollback and Undeploy fill the first two parts and hand it to draft_record.
typedef struct Draft {
	Release *release;
	Arena *arena;
	const Principal *who;
	int64_t now_us;
	const Environment *environment;
	Str channel, comment;
	Request request;
	Str trace; // which the call is part of; empty: none
	// the content
	Str blob;            // only of what was built just now: the database lacks it
	Collected collected; // likewise, what it was built from
	Digest digest;
	uint64_t length;
	int64_t build;
	Str promoted_from;
	uint64_t rollback_of;
	bool undeploy;
	Gates gates;
	const Str *acknowledged;
	size_t acknowledged_count;
	// the outcome
	Row row;
	const DeployResponse *answered; // the request was answered so before: there is nothing to do but to
	                                // say so again
	bool unchanged;                 // no new version was made
	bool has_overtaken;
	Row overtaken;
} Draft;

// --- configuration.c ---
// Errors: COMPILE_FAILED, SNAPSHOT_INVALID.
Err configuration_compile(const Collected *from, Arena *arena, Str *ret_blob);

// --- working.c ---
// Error: NO_MEMORY.
Err working_new(Working **ret);
void working_free(Working *working); // NULL is fine

// --- content.c ---
// The content of a draft for the first environment of a line: collected, analysed, compiled. Errors: as
// configuration_collect, FINDINGS_*, COMPILE_FAILED, SNAPSHOT_INVALID, LIMIT.
Err content_build(Draft *draft);
// The content of a draft for a later one. Errors: PROMOTION_SOURCE, GATE_FAILED.
Err content_promote(Draft *draft);

// --- draft.c; within a transaction ---
// Numbers, seals and records the draft, or finds that there is nothing to do; starts its roll-out if it needs
// no approvals. Errors: REQUEST_ID_REUSED, of environment_check.
Err draft_record(Pg *pg, void *draft);
// Sets `answered` and the row if the request's ID is known. Error: REQUEST_ID_REUSED.
Err draft_known(Pg *pg, void *draft);
// What came of it, but for the servers. Error: NO_MEMORY.
Err draft_answer(const Draft *draft, DeployResponse *ret);
// What would be recorded.
Err draft_preview(Pg *pg, void *draft);

// --- signing.c; within a transaction ---
// A signature that counts under a root.
typedef struct Counted {
	Parley__Snapshot__V1__Signature signature;
	Str approver, comment;
	int64_t created_us;
} Counted;
// The approvals of a deployment whose manifest is `payload`: all that were given, without those that do not
// count under `root` (NULL: whatever they count).
Err approvals_read(Pg *pg, const Row *row, const TrustRoot *root, Str payload, Arena *arena, Counted **ret,
        size_t *ret_count);
// The manifest's bytes, and the envelope that has them.
Err payload_read(Pg *pg, int64_t deployment, Arena *arena, Str *ret_payload, Str *ret_envelope);
// Releases a deployment that waits, if it has its signatures by now: assembles the envelope, verifies it as a
// runtime server does, and starts the roll-out. Sets row->state. Errors: of environment_check and
// manifest_verify.
Err release_if_signed(Pg *pg, Release *release, const Environment *environment, Row *row, Str actor,
        int64_t now_us, Arena *arena);

// --- gate.c, gate_behaviour.c ---
// A snapshot in front of an environment's gates.
typedef struct GateCase {
	const Environment *environment;
	Str channel;
	const Digest *digest;
	int64_t now_us;
	const Str *acknowledged; // what is beyond a limit and meant so, by its name
	size_t acknowledged_count;
} GateCase;
// Judges all of them. `ret` lives in `arena`.
Err gates_judge(Pg *pg, const GateCase *of, Arena *arena, Gates *ret);
// The newest report of the gate's kind about the snapshot; NULL if there is none.
Err gate_evidence(Pg *pg, const GateCase *of, const EnvironmentGate *rule, Arena *arena, EvidenceRow **ret);
// Judges one of the kind behaviour.
Err gate_behaviour(Pg *pg, const GateCase *of, const EnvironmentGate *rule, Arena *arena, Gate *ret);
// GATE_FAILED with every gate that does not let pass; OK if all do.
Err gates_check(const Gates *gates);

// --- record.c; all within a transaction of the caller's ---
Err record_rows(const PgResult *result, Arena *arena, Row **ret, size_t *ret_count);
// Of the first row, if there is one.
Err record_one(const PgResult *result, Arena *arena, Row *ret, bool *ret_found);
// The newest that was released.
Err record_latest(Pg *pg, Str environment, Str channel, Arena *arena, Row *ret, bool *ret_found);
// The newest that was released and not undone.
Err record_in_force(Pg *pg, Str environment, Str channel, Arena *arena, Row *ret, bool *ret_found);
// The one that waits for approvals.
Err record_waiting(Pg *pg, Str environment, Str channel, Arena *arena, Row *ret, bool *ret_found);
// Version 0: the newest. Error: DEPLOYMENT_NOT_FOUND.
Err record_version(Pg *pg, Str environment, Str channel, uint64_t version, Arena *arena, Row *ret);
// One writer at a time for a channel in an environment, until the transaction ends.
Err record_lock(Pg *pg, Str environment, Str channel);
Err record_evidence(const PgResult *result, Arena *arena, EvidenceRow **ret, size_t *ret_count);
Str digest_str(const Digest *digest);

// --- map.c ---
Deployment *map_deployment(const Row *row, Arena *arena);
// Each sets what its name says; map_details approvals and evidence. Errors: of the database, NO_MEMORY.
// While it waits, only approvals that count.
Err map_approvals(Pg *pg, const Release *release, const Row *row, Arena *arena, Deployment *ret);
Err map_details(Pg *pg, const Release *release, const Row *row, Arena *arena, Deployment *ret);
Parley__Design__V1__Evidence *map_evidence(const EvidenceRow *row, Arena *arena);
Err release_no_memory(void);

// --- deploy.c ---
// What Deploy, Rollback and Undeploy are asked alike.
typedef struct Asked {
	const char *method;
	const ProtobufCMessage *request;
	const char *channel, *environment, *comment, *request_id;
} Asked;
#define ASKED(name, in)                                                                                      \
	(Asked)                                                                                              \
	{                                                                                                    \
		.method = (name), .request = &(in)->base, .channel = (in)->channel,                          \
		.environment = (in)->environment, .comment = (in)->comment, .request_id = (in)->request_id   \
	}
// Looks up whether the request was answered already. Errors: FIELD_MISSING, FIELD_INVALID,
// ENVIRONMENT_UNKNOWN, REQUEST_ID_REUSED.
Err draft_open(Draft *draft, Release *release, RpcCall *call, Arena *arena, Asked asked);
// Records it, waits for the first pass of its roll-out, and says how it stands.
Err draft_finish(Draft *draft, DeployResponse *ret);
// Waits some seconds for the roll-out to have been tried everywhere.
void rollout_try(Release *release, const Environment *environment);
// The deployment as it is now, with its servers. Errors: of the database.
Err deployment_look(Release *release, int64_t id, Arena *arena, Deployment **ret);
Err field_limit(const char *field, const char *text, size_t max);

// --- handlers ---
void handle_deploy(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_rollback(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_undeploy(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_approve(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_cancel(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_get_deployment(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_get_snapshot(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_get_working_snapshot(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_get_promotion(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_list_deployments(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_get_rollout_status(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_list_environments(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_add_evidence(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_list_evidence(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_put_root(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_put_floor(void *release, RpcCall *call, const ProtobufCMessage *request);
void handle_get_trust(void *release, RpcCall *call, const ProtobufCMessage *request);
