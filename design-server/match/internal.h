// What the files of this room share.
#pragma once
#include "base/cleanup.h"
#include "match/match.h"

#include "parley/design/v1/late_response.pb-c.h"

#include <pthread.h>

struct Matcher {
	Services *services;
	const Environments *environments;
	Arena *arena;
	MatchRules rules;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; // of what follows
	pthread_cond_t changed;
	uint64_t calls; // to wake up
	bool stop;
};

// --- service.c ---
// Errors: FIELD_INVALID, RESOURCE_NOT_FOUND, NO_MEMORY, those of the database.
Err late_get(const Matcher *matcher, const char *environment, int64_t id, Arena *arena,
        Parley__Design__V1__LateResponse **ret);
// --- count.c ---
void handle_count_late_responses(void *matcher, RpcCall *call, const ProtobufCMessage *request);
// --- settle.c ---
void handle_match_late_response(void *matcher, RpcCall *call, const ProtobufCMessage *request);
void handle_discard_late_responses(void *matcher, RpcCall *call, const ProtobufCMessage *request);
