// The client: unary calls, each begun and then waited for. A call takes a completion queue of its own from a
// small pool, so that any number of threads may call at once and none wakes another. What the server said of
// a failure becomes this thread's last failure; when it said nothing, because it is down or hangs, the
// message names the target and what to look at.
#include "rpc/internal.h"

#include "base/cleanup.h"
#include "wire/wire.h"

#include <grpc/byte_buffer.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	QUEUES = 32, // kept for the next call
	MAX_MESSAGE = 4 * 1024 * 1024,
};

struct RpcClient {
	grpc_channel *channel;
	char *target;
	grpc_metadata headers[2]; // of every call
	size_t header_count;
	size_t max_message;
	pthread_mutex_t lock;
	grpc_completion_queue *queues[QUEUES];
	size_t queue_count;
};

// --- making ---

static grpc_arg int_arg(const char *key, int value)
{
	return (grpc_arg){.type = GRPC_ARG_INTEGER, .key = (char *)key, .value.integer = value};
}

static Err make_channel(RpcClient *client, const RpcClientOptions *options)
{
	grpc_arg args[] = {
	        int_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int)client->max_message),
	        int_arg(GRPC_ARG_MAX_METADATA_SIZE, 32 * 1024),
	        int_arg(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1),
	        int_arg(GRPC_ARG_ENABLE_HTTP_PROXY, 0),
	        int_arg(GRPC_ARG_ENABLE_CHANNELZ, 0),
	        int_arg(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1),
	        int_arg(GRPC_ARG_KEEPALIVE_TIME_MS, 30 * 1000),
	        int_arg(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10 * 1000),
	        int_arg(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS,
	                200), // a server that restarts is found again soon
	        int_arg(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000),
	        {.type = GRPC_ARG_STRING,
	                .key = (char *)GRPC_SSL_TARGET_NAME_OVERRIDE_ARG,
	                .value.string = (char *)options->tls_name},
	};
	const grpc_channel_args all = {ARRAY_COUNT(args) - (options->tls_name ? 0 : 1), args};
	grpc_channel_credentials *credentials;

	if (options->tls)
		TRY(tls_client_credentials(options->tls, &credentials));
	else
		credentials = grpc_insecure_credentials_create();
	client->channel = grpc_channel_create(options->target, credentials, &all);
	grpc_channel_credentials_release(credentials);
	return client->channel ? OK
	                       : err(ERR_CONFIG_INVALID, "cannot make a connection to %s", options->target);
}

// False: a header cannot carry it.
static bool add_header(RpcClient *client, const char *name, const char *value)
{
	grpc_metadata *header = &client->headers[client->header_count++];

	header->key = grpc_slice_from_static_string(name);
	header->value = grpc_slice_from_copied_string(value);
	return grpc_header_nonbin_value_is_legal(header->value);
}

static Err set_token(RpcClient *client, const char *token)
{
	char *text;
	bool legal;

	if (!token)
		return OK;
	if (asprintf(&text, "Bearer %s", token) < 0)
		return err(ERR_NO_MEMORY, "no memory for a token");
	legal = add_header(client, "authorization", text);
	free(text);
	return legal ? OK
	             : err(ERR_CONFIG_INVALID,
	                       "the token has characters that a header cannot carry: log in anew");
}

static Err set_trace(RpcClient *client, const char *traceparent)
{
	if (traceparent && !add_header(client, "traceparent", traceparent))
		return err(ERR_CONFIG_INVALID, "the traceparent has characters that a header cannot carry");
	return OK;
}

static Err client_init(RpcClient *client, const RpcClientOptions *options)
{
	client->target = strdup(options->target);
	if (!client->target)
		return err(ERR_NO_MEMORY, "no memory for a client");
	client->max_message = options->max_message ? options->max_message : MAX_MESSAGE;
	if (client->max_message > INT32_MAX)
		return err(ERR_CONFIG_INVALID, "responses of %zu bytes are too large: set at most %d",
		        client->max_message, INT32_MAX);
	TRY(set_token(client, options->token));
	TRY(set_trace(client, options->traceparent));
	return make_channel(client, options);
}

Err rpc_client_new(const RpcClientOptions *options, RpcClient **ret)
{
	CLEANUP(rpc_client_freep) RpcClient *client = NULL;

	if (!options->target || !*options->target)
		return err(
		        ERR_CONFIG_INVALID, "no server to connect to: set HOST:PORT, such as 127.0.0.1:7400");
	if (!options->tls && !rpc_address_is_loopback(str(options->target)))
		return err(ERR_CONFIG_INVALID,
		        "%s would be called in plaintext, which is for loopback only: configure TLS",
		        options->target);
	client = calloc(1, sizeof(*client));
	if (!client)
		return err(ERR_NO_MEMORY, "no memory for a client");
	pthread_mutex_init(&client->lock, NULL);
	TRY(client_init(client, options));
	*ret = STEAL(client);
	return OK;
}

void rpc_client_free(RpcClient *client)
{
	if (!client)
		return;
	if (client->channel)
		grpc_channel_destroy(client->channel);
	while (client->header_count > 0)
		grpc_slice_unref(client->headers[--client->header_count].value);
	while (client->queue_count > 0) {
		grpc_completion_queue *queue = client->queues[--client->queue_count];

		grpc_completion_queue_shutdown(queue);
		grpc_completion_queue_destroy(queue);
	}
	pthread_mutex_destroy(&client->lock);
	free(client->target);
	free(client);
}

static grpc_completion_queue *queue_take(RpcClient *client)
{
	grpc_completion_queue *queue = NULL;

	pthread_mutex_lock(&client->lock);
	if (client->queue_count > 0)
		queue = client->queues[--client->queue_count];
	pthread_mutex_unlock(&client->lock);
	return queue ? queue : grpc_completion_queue_create_for_pluck(NULL);
}

static void queue_give(RpcClient *client, grpc_completion_queue *queue)
{
	pthread_mutex_lock(&client->lock);
	if (client->queue_count < QUEUES) {
		client->queues[client->queue_count++] = queue;
		queue = NULL;
	}
	pthread_mutex_unlock(&client->lock);
	if (queue) {
		grpc_completion_queue_shutdown(queue);
		grpc_completion_queue_destroy(queue);
	}
}

// --- calling ---

// What a call brings back.
typedef struct Outcome {
	grpc_metadata_array headers, trailers;
	grpc_byte_buffer *response;
	grpc_status_code code;
	grpc_slice message;
} Outcome;

static void outcome_free(Outcome *outcome)
{
	grpc_metadata_array_destroy(&outcome->headers);
	grpc_metadata_array_destroy(&outcome->trailers);
	grpc_byte_buffer_destroy(outcome->response);
	grpc_slice_unref(outcome->message);
}

struct RpcPending {
	RpcClient *client;
	const ProtobufCMethodDescriptor *method;
	char *path;
	int timeout_ms;
	grpc_completion_queue *queue;
	grpc_call *call;
	grpc_byte_buffer *request;
	Outcome outcome;
};

static void pending_free(RpcPending *pending)
{
	grpc_byte_buffer_destroy(pending->request);
	grpc_call_unref(pending->call);
	outcome_free(&pending->outcome);
	queue_give(pending->client, pending->queue);
	free(pending->path);
	free(pending);
}

static void send_off(RpcPending *pending)
{
	RpcClient *client = pending->client;
	Outcome *outcome = &pending->outcome;
	grpc_op ops[6] = {
	        {.op = GRPC_OP_SEND_INITIAL_METADATA},
	        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = pending->request},
	        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
	        {.op = GRPC_OP_RECV_INITIAL_METADATA,
	                .data.recv_initial_metadata.recv_initial_metadata = &outcome->headers},
	        {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &outcome->response},
	        {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
	                .data.recv_status_on_client = {&outcome->trailers, &outcome->code, &outcome->message,
	                        NULL}},
	};

	ops[0].data.send_initial_metadata.metadata = client->headers;
	ops[0].data.send_initial_metadata.count = client->header_count;
	if (grpc_call_start_batch(pending->call, ops, ARRAY_COUNT(ops), pending, NULL) != GRPC_CALL_OK)
		abort(); // only a wrong argument makes it fail
}

// The failure in words. `failure` has what the server's details said.
static Err explain(
        const RpcClient *client, const char *path, int timeout_ms, const Outcome *outcome, ErrDetail *failure)
{
	Str said = str_n(
	        (const char *)GRPC_SLICE_START_PTR(outcome->message), GRPC_SLICE_LENGTH(outcome->message));

	if (failure->id != OK)
		return err_restore(failure);
	failure->id = status_err((int)outcome->code);
	if (outcome->code == GRPC_STATUS_DEADLINE_EXCEEDED)
		snprintf(failure->message, sizeof(failure->message),
		        "%s did not answer %s within %d ms: see that it runs, is reachable and not "
		        "overloaded, or allow more time",
		        client->target, path, timeout_ms);
	else if (failure->id == ERR_UNAVAILABLE)
		snprintf(failure->message, sizeof(failure->message),
		        "cannot reach %s (" STR_FMT
		        "): see that the server runs there and that both sides' certificates fit",
		        client->target, (int)(said.len < 600 ? said.len : 600), said.ptr);
	else
		snprintf(failure->message, sizeof(failure->message),
		        "%s answered %s with status %d: " STR_FMT, client->target, path, (int)outcome->code,
		        STR_ARG(said));
	return err_restore(failure);
}

static Err conclude(const RpcClient *client, const ProtobufCMethodDescriptor *method, const char *path,
        int timeout_ms, const Outcome *outcome, Arena *arena, ProtobufCMessage **ret)
{
	ErrDetail failure = {.id = OK};
	Str bytes;
	Err e;

	if (outcome->code != GRPC_STATUS_OK) {
		status_read(&outcome->trailers, &failure);
		return explain(client, path, timeout_ms, outcome, &failure);
	}
	e = buffer_bytes(outcome->response, arena, &bytes);
	if (e == OK)
		e = wire_unpack(method->output, bytes, client->max_message, arena, ret);
	return e == OK ? OK : err_context(e, "the answer of %s to %s", client->target, path);
}

static gpr_timespec deadline_in(int timeout_ms)
{
	return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(timeout_ms, GPR_TIMESPAN));
}

Err rpc_call_begin(RpcClient *client, const ProtobufCServiceDescriptor *service, const char *method,
        const ProtobufCMessage *request, int timeout_ms, RpcPending **ret)
{
	const ProtobufCMethodDescriptor *descriptor =
	        protobuf_c_service_descriptor_get_method_by_name(service, method);
	RpcPending *pending;
	grpc_slice name;

	if (!descriptor)
		return err(ERR_METHOD_UNKNOWN, "service %s has no method %s", service->name, method);
	pending = calloc(1, sizeof(*pending));
	if (!pending || asprintf(&pending->path, "/%s/%s", service->name, method) < 0) {
		free(pending);
		return err(ERR_NO_MEMORY, "no memory for a call");
	}
	pending->client = client;
	pending->method = descriptor;
	pending->timeout_ms = timeout_ms;
	pending->outcome = (Outcome){.code = GRPC_STATUS_UNKNOWN, .message = grpc_empty_slice()};
	grpc_metadata_array_init(&pending->outcome.headers);
	grpc_metadata_array_init(&pending->outcome.trailers);
	pending->queue = queue_take(client);
	pending->request = buffer_pack(request);
	name = grpc_slice_from_copied_string(pending->path);
	pending->call = grpc_channel_create_call(client->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
	        pending->queue, name, NULL, deadline_in(timeout_ms), NULL);
	grpc_slice_unref(name);
	send_off(pending);
	*ret = pending;
	return OK;
}

Err rpc_call_end(RpcPending *pending, Arena *arena, ProtobufCMessage **ret)
{
	Err e;

	grpc_completion_queue_pluck(pending->queue, pending, gpr_inf_future(GPR_CLOCK_MONOTONIC),
	        NULL); // ends by the deadline
	e = conclude(pending->client, pending->method, pending->path, pending->timeout_ms, &pending->outcome,
	        arena, ret);
	pending_free(pending);
	return e;
}

Err rpc_call(RpcClient *client, const ProtobufCServiceDescriptor *service, const char *method,
        const ProtobufCMessage *request, int timeout_ms, Arena *arena, ProtobufCMessage **ret)
{
	RpcPending *pending;

	TRY(rpc_call_begin(client, service, method, request, timeout_ms, &pending));
	return rpc_call_end(pending, arena, ret);
}
