#include "client.h"

#include "base/clock.h"
#include "wire/wire.h"

#include <stdio.h>
#include <string.h>

enum { CALL_TIMEOUT_MS = 20000, PIECE = 40 * 1024 };

#define INTERACTION (&parley__runtime__v1__interaction_service__descriptor)
#define CONTROL     (&parley__runtime__v1__control_service__descriptor)

Client client_new(int port, const RpcTls *tls, const char *token)
{
	Client client = {.arena = arena_new(64 * 1024, 0)};
	char target[64];
	snprintf(target, sizeof target, "127.0.0.1:%d", port);
	RpcClientOptions options = {
	        .target = target, .tls = tls, .tls_name = tls != NULL ? "localhost" : NULL, .token = token};
	assert_int_equal(rpc_client_new(&options, &client.rpc), OK);
	return client;
}

void client_free(Client *client)
{
	rpc_client_free(client->rpc);
	arena_free(client->arena);
}

// --- requests ---

static char *text(Client *client, const char *value)
{
	return arena_cstr(client->arena, str(value));
}

static NamedValue *named(Client *client, const char *name, Parley__Runtime__V1__Value__KindCase kind)
{
	NamedValue *made = message_new(client->arena, MESSAGE_OF(named_value));
	made->name = text(client, name);
	made->value = message_new(client->arena, MESSAGE_OF(value));
	made->value->kind_case = kind;
	return made;
}

NamedValue *int_value(Client *client, const char *name, int64_t value)
{
	NamedValue *made = named(client, name, PARLEY__RUNTIME__V1__VALUE__KIND_INT_VALUE);
	made->value->int_value = value;
	return made;
}

NamedValue *double_value(Client *client, const char *name, double value)
{
	NamedValue *made = named(client, name, PARLEY__RUNTIME__V1__VALUE__KIND_DOUBLE_VALUE);
	made->value->double_value = value;
	return made;
}

NamedValue *string_value(Client *client, const char *name, const char *value)
{
	NamedValue *made = named(client, name, PARLEY__RUNTIME__V1__VALUE__KIND_STRING_VALUE);
	made->value->string_value = text(client, value);
	return made;
}

AudienceId *new_customer(Client *client, int64_t customer)
{
	AudienceId *audience = message_new(client->arena, MESSAGE_OF(audience_id));
	audience->level = text(client, "customer");
	audience->n_keys = 1;
	audience->keys = ARENA_ARRAY(client->arena, NamedValue *, 4);
	audience->keys[0] = int_value(client, "customer_id", customer);
	return audience;
}

StartSessionRequest *new_start(Client *client, const char *session, int64_t customer)
{
	StartSessionRequest *request = message_new(client->arena, MESSAGE_OF(start_session_request));
	request->session_id = text(client, session);
	request->channel = text(client, "bank");
	request->audience = new_customer(client, customer);
	request->parameters = ARENA_ARRAY(client->arena, NamedValue *, 8);
	return request;
}

PostResponseRequest *new_response(Client *client, const char *id, const char *treatment, const char *response)
{
	PostResponseRequest *request = message_new(client->arena, MESSAGE_OF(post_response_request));
	request->event_id = text(client, id);
	request->channel = text(client, "bank");
	request->code_case = PARLEY__RUNTIME__V1__POST_RESPONSE_REQUEST__CODE_TREATMENT_CODE;
	request->treatment_code = text(client, treatment);
	request->response = text(client, response);
	return request;
}

SetAudienceRequest *new_audience(Client *client, const char *session, int64_t customer)
{
	SetAudienceRequest *request = message_new(client->arena, MESSAGE_OF(set_audience_request));
	request->session_id = text(client, session);
	request->audience = new_customer(client, customer);
	request->parameters = ARENA_ARRAY(client->arena, NamedValue *, 8);
	return request;
}

GetOffersRequest *new_offers(Client *client, const char *session, const char *point, uint32_t max)
{
	GetOffersRequest *request = message_new(client->arena, MESSAGE_OF(get_offers_request));
	request->session_id = text(client, session);
	request->n_points = 1;
	request->points = message_list(client->arena, MESSAGE_OF(point_request), 32);
	for (int i = 0; i < 32; i++) {
		request->points[i]->interaction_point = text(client, point);
		request->points[i]->max_offers = max;
	}
	return request;
}

PostEventRequest *new_event(
        Client *client, const char *session, const char *id, const char *event, const char *treatment)
{
	PostEventRequest *request = message_new(client->arena, MESSAGE_OF(post_event_request));
	request->session_id = text(client, session);
	request->event_id = text(client, id);
	request->event = text(client, event);
	request->treatment_code = text(client, treatment);
	request->parameters = ARENA_ARRAY(client->arena, NamedValue *, 8);
	return request;
}

// --- calls ---

static Err call(Client *client, const ProtobufCServiceDescriptor *service, const char *method,
        const void *request, void *ret)
{
	ProtobufCMessage *answer = NULL;
	Err e = rpc_call(client->rpc, service, method, request, CALL_TIMEOUT_MS, client->arena, &answer);
	if (e == OK && ret != NULL)
		memcpy(ret, &answer, sizeof answer);
	return e;
}

Err start_session(Client *client, const StartSessionRequest *request, StartSessionResponse **ret)
{
	return call(client, INTERACTION, "StartSession", request, ret);
}

Err get_offers(Client *client, const GetOffersRequest *request, GetOffersResponse **ret)
{
	return call(client, INTERACTION, "GetOffers", request, ret);
}

Err post_event(Client *client, const PostEventRequest *request, PostEventResponse **ret)
{
	return call(client, INTERACTION, "PostEvent", request, ret);
}

Err post_response(Client *client, const PostResponseRequest *request, PostResponseResponse **ret)
{
	return call(client, INTERACTION, "PostResponse", request, ret);
}

Err end_session(Client *client, const char *session)
{
	Parley__Runtime__V1__EndSessionRequest request = PARLEY__RUNTIME__V1__END_SESSION_REQUEST__INIT;
	request.session_id = (char *)session;
	return call(client, INTERACTION, "EndSession", &request, NULL);
}

Err get_profile(Client *client, const char *session, GetProfileResponse **ret)
{
	GetProfileRequest request = PARLEY__RUNTIME__V1__GET_PROFILE_REQUEST__INIT;
	request.session_id = (char *)session;
	return call(client, INTERACTION, "GetProfile", &request, ret);
}

Err set_audience(Client *client, const SetAudienceRequest *request, SetAudienceResponse **ret)
{
	return call(client, INTERACTION, "SetAudience", request, ret);
}

Err set_debug(Client *client, const char *session, bool debug)
{
	SetDebugRequest request = PARLEY__RUNTIME__V1__SET_DEBUG_REQUEST__INIT;
	request.session_id = (char *)session;
	request.debug = debug;
	return call(client, INTERACTION, "SetDebug", &request, NULL);
}

ExecuteBatchRequest *new_batch(Client *client, const char *session)
{
	ExecuteBatchRequest *batch = message_new(client->arena, MESSAGE_OF(execute_batch_request));
	batch->session_id = text(client, session);
	batch->commands = message_list(client->arena, MESSAGE_OF(batch_command), 32);
	return batch;
}

void batch_add(ExecuteBatchRequest *batch, Parley__Runtime__V1__BatchCommand__WhatCase what, void *request)
{
	BatchCommand *command = batch->commands[batch->n_commands++];
	command->what_case = what;
	command->start_session = request; // whichever it is
}

Err execute_batch(Client *client, const ExecuteBatchRequest *request, ExecuteBatchResponse **ret)
{
	return call(client, INTERACTION, "ExecuteBatch", request, ret);
}

RecommendRequest *new_recommend(Client *client, int64_t customer, const char *point, uint32_t max)
{
	RecommendRequest *request = message_new(client->arena, MESSAGE_OF(recommend_request));
	const GetOffersRequest *offers = new_offers(client, "", point, max);
	request->channel = text(client, "bank");
	request->audience = new_customer(client, customer);
	request->parameters = ARENA_ARRAY(client->arena, NamedValue *, 8);
	request->points = offers->points;
	request->n_points = 1;
	request->events = message_list(client->arena, MESSAGE_OF(recommend_event), 17);
	return request;
}

void recommend_event(
        Client *client, RecommendRequest *request, const char *id, const char *event, const char *treatment)
{
	RecommendEvent *added = request->events[request->n_events++];
	added->event_id = text(client, id);
	added->event = text(client, event);
	added->treatment_code = text(client, treatment);
}

Err recommend(Client *client, const RecommendRequest *request, RecommendResponse **ret)
{
	return call(client, INTERACTION, "Recommend", request, ret);
}

Err get_version(Client *client, GetVersionResponse **ret)
{
	Parley__Runtime__V1__GetVersionRequest request = PARLEY__RUNTIME__V1__GET_VERSION_REQUEST__INIT;
	return call(client, INTERACTION, "GetVersion", &request, ret);
}

static void must(Err e)
{
	if (e != OK)
		fprintf(stderr, "%s: %s\n", err_reason(e), err_detail()->message);
	assert_int_equal(e, OK);
}

StartSessionResponse *must_start(Client *client, const char *session, int64_t customer, NamedValue *parameter)
{
	StartSessionResponse *answer = NULL;
	StartSessionRequest *request = new_start(client, session, customer);
	if (parameter != NULL)
		request->parameters[request->n_parameters++] = parameter;
	must(start_session(client, request, &answer));
	return answer;
}

PointOffers *must_offer(Client *client, const char *session, const char *point, uint32_t max)
{
	GetOffersResponse *answer = NULL;
	must(get_offers(client, new_offers(client, session, point, max), &answer));
	assert_int_equal(answer->n_points, 1);
	return answer->points[0];
}

bool advised(Advisory **advisories, size_t count, const char *code)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(advisories[i]->code, code) == 0)
			return true;
	return false;
}

bool listed(char **names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

// --- deployments ---

Deployment new_deployment(
        Client *client, const Snapshot *snapshot, uint64_t version, const Digest *previous, uint8_t key)
{
	const int64_t day = INT64_C(86400) * US_PER_S;
	int64_t now_us = clock_now_us(clock_system());
	Deployment made;
	must(snapshot_pack(snapshot, client->arena, &made.blob));
	Manifest *manifest = test_manifest(made.blob, version, previous, client->arena);
	manifest->created_us = manifest->not_before_us = now_us - day;
	manifest->expires_us = now_us + 365 * day;
	made.envelope = test_seal(manifest, key, client->arena, &made.manifest);
	return made;
}

Err stage_blob(Client *client, const Digest *digest, Str blob)
{
	Parley__Runtime__V1__StageBlobRequest request = PARLEY__RUNTIME__V1__STAGE_BLOB_REQUEST__INIT;
	char hex[65];
	digest_hex(digest, hex);
	request.digest = hex;
	request.length = blob.len;
	for (size_t at = 0; at < blob.len; at += PIECE) {
		request.offset = at;
		request.data.data = (uint8_t *)(uintptr_t)(blob.ptr + at);
		request.data.len = blob.len - at < PIECE ? blob.len - at : PIECE;
		TRY(call(client, CONTROL, "StageBlob", &request, NULL));
	}
	return OK;
}

Err activate(Client *client, Str envelope, ActivateResponse **ret)
{
	Parley__Runtime__V1__ActivateRequest request = PARLEY__RUNTIME__V1__ACTIVATE_REQUEST__INIT;
	request.envelope.data = (uint8_t *)(uintptr_t)envelope.ptr;
	request.envelope.len = envelope.len;
	return call(client, CONTROL, "Activate", &request, ret);
}

Digest must_deploy(Client *client, const Snapshot *snapshot, uint64_t version, const Digest *previous)
{
	Deployment made = new_deployment(client, snapshot, version, previous, BUILDER);
	Digest digest = digest_of(made.blob);
	ActivateResponse *answer = NULL;
	must(stage_blob(client, &digest, made.blob));
	must(activate(client, made.envelope, &answer));
	assert_int_equal(answer->snapshot->version, version);
	return made.manifest;
}

Err get_status(Client *client, GetStatusResponse **ret)
{
	Parley__Runtime__V1__GetStatusRequest request = PARLEY__RUNTIME__V1__GET_STATUS_REQUEST__INIT;
	return call(client, CONTROL, "GetStatus", &request, ret);
}

// --- the journal ---

static Entry *entry_of(const JournalRecord *record, Arena *arena)
{
	ProtobufCMessage *entry = NULL;
	must(wire_unpack(&parley__journal__v1__entry__descriptor, record->payload, 0, arena, &entry));
	// Whatever is written straight is what protobuf-c would write.
	Str again;
	must(wire_pack(entry, arena, &again));
	assert_int_equal(again.len, record->payload.len);
	assert_memory_equal(again.ptr, record->payload.ptr, again.len);
	return (Entry *)entry;
}

size_t read_entries(const char *dir, Arena *arena, Entry ***ret)
{
	enum { ENTRIES_MAX = 4096 };
	Journal *journal = NULL;
	uint64_t last = 0, next = 0, count = 0;
	size_t found = 0;
	Str frames = {0};
	must(journal_open(&(JournalOptions){.dir = dir, .runtime_id = STR(TEST_RUNTIME_ID)}, &journal));
	while ((next = journal_next_incarnation(journal, next)) != 0 && next != journal_incarnation(journal))
		last = next;
	*ret = ARENA_ARRAY(arena, Entry *, ENTRIES_MAX);
	if (last != 0)
		must(journal_read(journal, last, 1, 8 << 20, arena, &frames, &count));
	while (frames.len > 0 && found < ENTRIES_MAX) {
		JournalRecord record;
		must(journal_record_parse(&frames, &record));
		(*ret)[found++] = entry_of(&record, arena);
	}
	journal_close(journal);
	return found;
}
