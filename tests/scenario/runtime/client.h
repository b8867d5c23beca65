// A touchpoint and a design server's pusher for tests, in few words a call; and a reader of what a journal
// folder holds. Whatever lives longer than a statement is in the client's arena.
#pragma once
#include "base/cleanup.h"
#include "journal/journal.h"
#include "rpc/rpc.h"
#include "service/proto.h"
#include "world/seal.h"
#include "world/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct Client {
	RpcClient *rpc;
	Arena *arena;
} Client;

// `token` and `tls` may be NULL.
Client client_new(int port, const RpcTls *tls, const char *token);
void client_free(Client *client);

// --- the touchpoint's ---

NamedValue *int_value(Client *client, const char *name, int64_t value);
NamedValue *double_value(Client *client, const char *name, double value);
NamedValue *string_value(Client *client, const char *name, const char *value);

// A request for channel "bank" and level "customer"; change it at will.
StartSessionRequest *new_start(Client *client, const char *session, int64_t customer);
GetOffersRequest *new_offers(Client *client, const char *session, const char *point, uint32_t max);
PostEventRequest *new_event(
        Client *client, const char *session, const char *id, const char *event, const char *treatment);

// For channel "bank"; set its code at will, and the customer for an offer code.
PostResponseRequest *new_response(
        Client *client, const char *id, const char *treatment, const char *response);
AudienceId *new_customer(Client *client, int64_t customer);

SetAudienceRequest *new_audience(Client *client, const char *session, int64_t customer);

Err start_session(Client *client, const StartSessionRequest *request, StartSessionResponse **ret);
Err get_offers(Client *client, const GetOffersRequest *request, GetOffersResponse **ret);
Err post_event(Client *client, const PostEventRequest *request, PostEventResponse **ret);
Err post_response(Client *client, const PostResponseRequest *request, PostResponseResponse **ret);
Err end_session(Client *client, const char *session);
Err get_profile(Client *client, const char *session, GetProfileResponse **ret);
Err set_audience(Client *client, const SetAudienceRequest *request, SetAudienceResponse **ret);
Err set_debug(Client *client, const char *session, bool debug);
// A batch without commands; `batch_add` adds one: a request, with its session ID taken out.
ExecuteBatchRequest *new_batch(Client *client, const char *session);
void batch_add(ExecuteBatchRequest *batch, Parley__Runtime__V1__BatchCommand__WhatCase what, void *request);
#define BATCH_ADD(batch, what, message)                                                                      \
	({                                                                                                   \
		__auto_type added_ = (message);                                                              \
		added_->session_id = (char *)"";                                                             \
		batch_add((batch), PARLEY__RUNTIME__V1__BATCH_COMMAND__WHAT_##what, added_);                 \
	})
Err execute_batch(Client *client, const ExecuteBatchRequest *request, ExecuteBatchResponse **ret);
// For channel "bank" and level "customer", with room for 17 points and events.
RecommendRequest *new_recommend(Client *client, int64_t customer, const char *point, uint32_t max);
void recommend_event(
        Client *client, RecommendRequest *request, const char *id, const char *event, const char *treatment);
Err recommend(Client *client, const RecommendRequest *request, RecommendResponse **ret);
Err get_version(Client *client, GetVersionResponse **ret);
// Starts a session that must start, with one parameter or none.
StartSessionResponse *must_start(
        Client *client, const char *session, int64_t customer, NamedValue *parameter);
// The one answer for one point.
PointOffers *must_offer(Client *client, const char *session, const char *point, uint32_t max);

bool advised(Advisory **advisories, size_t count, const char *code);
bool listed(char **names, size_t count, const char *name);
#define ADVISED(message, code)                                                                               \
	({                                                                                                   \
		__auto_type advised_ = (message);                                                            \
		advised(advised_->advisories, advised_->n_advisories, (code));                               \
	})

// --- the design server's ---

enum { BUILDER = 1 }; // whose key signs: test_key_public(BUILDER)

typedef struct Deployment {
	Str blob, envelope;
	Digest manifest;
} Deployment;

// A deployment of the channel for environment production, fleet main, from yesterday to next year.
Deployment new_deployment(
        Client *client, const Snapshot *snapshot, uint64_t version, const Digest *previous, uint8_t key);
Err stage_blob(Client *client, const Digest *digest, Str blob);
Err activate(Client *client, Str envelope, ActivateResponse **ret);
// Stages and activates; it must succeed.
Digest must_deploy(Client *client, const Snapshot *snapshot, uint64_t version, const Digest *previous);
Err get_status(Client *client, GetStatusResponse **ret);

// --- the journal's ---

#define TEST_RUNTIME_ID "r1"

typedef Parley__Journal__V1__Entry Entry;
// All entries of the last life in a folder that nobody has open; in `arena`.
size_t read_entries(const char *dir, Arena *arena, Entry ***ret);
