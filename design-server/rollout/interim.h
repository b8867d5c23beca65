#pragma once
#include "base/cleanup.h"
#include "config.h"
#include "rollout/rollout.h"
#include "rollout/state.h"
#include "snapshot/snapshot.h"
typedef struct Release {
	Services *services;
	const Environments *environments;
	RpcTls tls;
} Release;
typedef struct Row {
	int64_t id;
	Str environment, channel;
	uint64_t epoch, version;
	Digest blob;
	uint64_t length;
	bool undeploy;
} Row;
typedef struct ServerState {
	const EnvironmentServer *server;
	uint64_t version;
	char digest[65];
	int64_t seen_us;
	char error[1200];
	uint64_t journal_lag, sessions;
} ServerState;
void server_probe(Release *release, const Row *row, ServerState *state);
void server_bring_up(Release *release, const Row *row, ServerState *state);
Err release_no_memory(void);
