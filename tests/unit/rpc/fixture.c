#include "fixture.h"

#include <grpc/byte_buffer.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <stdio.h>
#include <stdlib.h>

typedef Parley__Runtime__V1__StartSessionRequest StartSessionRequest;
typedef Parley__Runtime__V1__StartSessionResponse StartSessionResponse;

static const char *session_of(const ProtobufCMessage *request)
{
	return ((const StartSessionRequest *)request)->session_id; // first field of all the requests here
}

static void count(Fixture *fixture)
{
	pthread_mutex_lock(&fixture->lock);
	fixture->handled++;
	pthread_mutex_unlock(&fixture->lock);
}

static void handle_start(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	StartSessionResponse response = PARLEY__RUNTIME__V1__START_SESSION_RESPONSE__INIT;
	const RpcPeer *peer = rpc_peer(call);
	char *segments[] = {
	        (char *)session_of(request),
	        arena_cstr(rpc_arena(call), peer->identity),
	        arena_cstr(rpc_arena(call), peer->token),
	        (char *)(peer->plaintext ? "plaintext" : "tls"),
	        arena_printf(rpc_arena(call), "%d",
	                rpc_time_left_us(call) > 0 && rpc_time_left_us(call) < INT64_MAX),
	        (char *)rpc_principal(call),
	};

	count(service);
	response.segments = segments;
	response.n_segments = rpc_principal(call) ? 6 : 5;
	rpc_reply(call, &response.base);
}

static void handle_offers(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	const char *how = session_of(request);

	count(service);
	if (strcmp(how, "plain") == 0)
		rpc_fail(call, err(ERR_SESSION_UNKNOWN, "no session ‚plain‘: start one first"));
	else if (strcmp(how, "field") == 0)
		rpc_fail(call, err_at(ERR_FIELD_INVALID, "points[0].max_offers", "%0900d: at most 100", 7));
	else if (strcmp(how, "retry") == 0)
		rpc_fail(call, err_retry(ERR_DB_UNAVAILABLE, 2345, "the database is away: try again"));
	else
		rpc_fail(call, ERR_JOURNAL_FULL); // without words of its own
}

static void handle_event(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	Fixture *fixture = service;

	(void)request;
	pthread_mutex_lock(&fixture->lock);
	fixture->handled++;
	fixture->deferred[fixture->deferred_count++] = call;
	pthread_cond_broadcast(&fixture->changed);
	pthread_mutex_unlock(&fixture->lock);
}

static void handle_end(void *service, RpcCall *call, const ProtobufCMessage *request)
{
	Fixture *fixture = service;
	Parley__Runtime__V1__EndSessionResponse response = PARLEY__RUNTIME__V1__END_SESSION_RESPONSE__INIT;

	(void)request;
	pthread_mutex_lock(&fixture->lock);
	fixture->handled++;
	fixture->waiting++;
	pthread_cond_broadcast(&fixture->changed);
	while (!fixture->gate_open)
		pthread_cond_wait(&fixture->changed, &fixture->lock);
	fixture->waiting--;
	pthread_mutex_unlock(&fixture->lock);
	rpc_reply(call, &response.base);
}

static void *reply_later(void *argument)
{
	Fixture *fixture = argument;
	Parley__Runtime__V1__PostEventResponse response = PARLEY__RUNTIME__V1__POST_EVENT_RESPONSE__INIT;

	pthread_mutex_lock(&fixture->lock);
	while (fixture->deferred_count > 0 || !fixture->replier_ends) {
		RpcCall *call;

		if (fixture->deferred_count == 0) {
			pthread_cond_wait(&fixture->changed, &fixture->lock);
			continue;
		}
		call = fixture->deferred[--fixture->deferred_count];
		pthread_mutex_unlock(&fixture->lock);
		rpc_reply(call, &response.base);
		pthread_mutex_lock(&fixture->lock);
	}
	pthread_mutex_unlock(&fixture->lock);
	return NULL;
}

void fixture_start(Fixture *fixture, RpcServerOptions options)
{
	static const RpcMethod methods[] = {
	        {.name = "StartSession", .handler = handle_start, .access = 1},
	        {.name = "GetOffers", .handler = handle_offers, .max_request = 1024},
	        {.name = "PostEvent", .handler = handle_event},
	        {.name = "EndSession", .handler = handle_end, .blocking = true},
	};
	const RpcListener plain = {.address = "127.0.0.1:0", .ret_port = &fixture->port};

	*fixture = (Fixture){.arena = arena_new(4096, 0)};
	pthread_mutex_init(&fixture->lock, NULL);
	pthread_cond_init(&fixture->changed, NULL);
	assert_int_equal(pthread_create(&fixture->replier, NULL, reply_later, fixture), 0);
	if (options.listener_count == 0) {
		options.listeners = &plain;
		options.listener_count = 1;
	}
	assert_int_equal(rpc_server_new(&options, &fixture->server), OK);
	assert_int_equal(
	        rpc_server_add(fixture->server, SERVICE, methods, ARRAY_COUNT(methods), fixture), OK);
	if (rpc_server_start(fixture->server) != OK)
		fail_msg("%s", err_detail()->message);
	if (options.listeners != &plain)
		return;
	snprintf(fixture->target, sizeof(fixture->target), "127.0.0.1:%d", fixture->port);
	assert_int_equal(
	        rpc_client_new(&(RpcClientOptions){.target = fixture->target}, &fixture->client), OK);
}

void fixture_stop(Fixture *fixture)
{
	gate_open(fixture);
	rpc_client_free(fixture->client);
	rpc_server_free(fixture->server);
	pthread_mutex_lock(&fixture->lock);
	fixture->replier_ends = true;
	pthread_cond_broadcast(&fixture->changed);
	pthread_mutex_unlock(&fixture->lock);
	pthread_join(fixture->replier, NULL);
	pthread_mutex_destroy(&fixture->lock);
	pthread_cond_destroy(&fixture->changed);
	arena_free(fixture->arena);
}

void gate_open(Fixture *fixture)
{
	pthread_mutex_lock(&fixture->lock);
	fixture->gate_open = true;
	pthread_cond_broadcast(&fixture->changed);
	pthread_mutex_unlock(&fixture->lock);
}

void gate_wait(Fixture *fixture, int count_wanted)
{
	pthread_mutex_lock(&fixture->lock);
	while (fixture->waiting < count_wanted)
		pthread_cond_wait(&fixture->changed, &fixture->lock);
	pthread_mutex_unlock(&fixture->lock);
}

Err start_session(Fixture *fixture, RpcClient *client, const char *id, StartSessionResponse **ret)
{
	StartSessionRequest request = PARLEY__RUNTIME__V1__START_SESSION_REQUEST__INIT;

	request.session_id = (char *)id;
	return rpc_call(client, SERVICE, "StartSession", &request.base, 5000, fixture->arena,
	        (ProtobufCMessage **)ret);
}

Err call_simply(Fixture *fixture, RpcClient *client, const char *method, const char *id, int timeout_ms)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(4096, 0); // callers are of several threads
	Parley__Runtime__V1__EndSessionRequest request = PARLEY__RUNTIME__V1__END_SESSION_REQUEST__INIT;
	ProtobufCMessage *response;

	(void)fixture;
	request.session_id = (char *)id;
	return rpc_call(client, SERVICE, method, &request.base, timeout_ms, arena, &response);
}

static RawAnswer raw_exchange(grpc_call *call, grpc_completion_queue *queue, grpc_byte_buffer *bytes)
{
	RawAnswer answer = {0};
	grpc_metadata_array headers, trailers;
	grpc_byte_buffer *response = NULL;
	grpc_status_code code;
	grpc_slice message;
	grpc_op ops[6] = {
	        {.op = GRPC_OP_SEND_INITIAL_METADATA},
	        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
	        {.op = GRPC_OP_RECV_INITIAL_METADATA,
	                .data.recv_initial_metadata.recv_initial_metadata = &headers},
	        {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &response},
	        {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
	                .data.recv_status_on_client = {&trailers, &code, &message, NULL}},
	        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = bytes},
	};

	grpc_metadata_array_init(&headers);
	grpc_metadata_array_init(&trailers);
	assert_int_equal(grpc_call_start_batch(call, ops, bytes ? 6 : 5, call, NULL), GRPC_CALL_OK);
	grpc_completion_queue_pluck(queue, call, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
	answer.code = (int)code;
	snprintf(answer.message, sizeof(answer.message), "%.*s", (int)GRPC_SLICE_LENGTH(message),
	        (const char *)GRPC_SLICE_START_PTR(message));
	for (size_t i = 0; i < trailers.count; i++)
		if (grpc_slice_str_cmp(trailers.metadata[i].key, "grpc-status-details-bin") == 0)
			answer.has_details = true;
	grpc_slice_unref(message);
	grpc_metadata_array_destroy(&headers);
	grpc_metadata_array_destroy(&trailers);
	grpc_byte_buffer_destroy(response);
	return answer;
}

RawAnswer raw_call(const char *target, const char *path, const void *bytes, size_t len, int timeout_ms)
{
	grpc_channel_credentials *credentials = grpc_insecure_credentials_create();
	grpc_channel *channel = grpc_channel_create(target, credentials, NULL);
	grpc_completion_queue *queue = grpc_completion_queue_create_for_pluck(NULL);
	grpc_slice name = grpc_slice_from_copied_string(path);
	grpc_call *call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, queue, name, NULL,
	        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(timeout_ms, GPR_TIMESPAN)),
	        NULL);
	grpc_slice slice = grpc_slice_from_copied_buffer(bytes ? bytes : "", len);
	grpc_byte_buffer *buffer = bytes ? grpc_raw_byte_buffer_create(&slice, 1) : NULL;
	RawAnswer answer = raw_exchange(call, queue, buffer);

	grpc_byte_buffer_destroy(buffer);
	grpc_slice_unref(slice);
	grpc_slice_unref(name);
	grpc_call_unref(call);
	grpc_completion_queue_shutdown(queue);
	grpc_completion_queue_destroy(queue);
	grpc_channel_destroy(channel);
	grpc_channel_credentials_release(credentials);
	return answer;
}
