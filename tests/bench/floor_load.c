#include "floor_load.h"

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	SUB_BITS = 7, // buckets a power of two: 128, so times are told to within 1 %
	BUCKETS = 64 << SUB_BITS,
	DEADLINE_S = 20,
};

typedef struct Connection {
	grpc_channel *channel;
	void *method;
} Connection;

typedef struct Place {
	int number;
	const Connection *connection;
	grpc_call *call;
	grpc_metadata_array headers, trailers;
	grpc_byte_buffer *request, *response;
	grpc_status_code status;
	grpc_slice details;
	int64_t begun_ns;
} Place;

typedef struct Run {
	const Load *load;
	LoadResult *result;
	grpc_completion_queue *queue;
	grpc_metadata authorization;
	int64_t from_ns, until_ns;
	uint64_t bytes;
	uint64_t histogram[BUCKETS];
} Run;

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

// --- latencies, log-linear ---

static unsigned bucket_of(uint64_t ns)
{
	if (ns < 1u << SUB_BITS)
		return (unsigned)ns;
	unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - SUB_BITS;
	return ((shift + 1) << SUB_BITS) + (unsigned)(ns >> shift & ((1u << SUB_BITS) - 1));
}

static double bucket_us(unsigned bucket)
{
	unsigned power = bucket >> SUB_BITS, part = bucket & ((1u << SUB_BITS) - 1);
	uint64_t ns = power == 0 ? part : (uint64_t)(part | 1u << SUB_BITS) << (power - 1);
	return (double)ns / 1e3;
}

static double quantile_us(const Run *run, double share)
{
	uint64_t sought = (uint64_t)(share * (double)run->result->calls), seen = 0;
	for (unsigned i = 0; i < BUCKETS; i++)
		if ((seen += run->histogram[i]) > sought)
			return bucket_us(i);
	return 0;
}

// --- one call ---

static void begin(Run *run, Place *place)
{
	Str bytes = run->load->request(run->load->context, place->number);
	grpc_slice slice = grpc_slice_from_static_buffer(bytes.ptr, bytes.len);
	grpc_op ops[6] = {
	        {.op = GRPC_OP_SEND_INITIAL_METADATA},
	        {.op = GRPC_OP_SEND_MESSAGE},
	        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
	        {.op = GRPC_OP_RECV_INITIAL_METADATA,
	                .data.recv_initial_metadata.recv_initial_metadata = &place->headers},
	        {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &place->response},
	        {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
	                .data.recv_status_on_client = {&place->trailers, &place->status, &place->details,
	                        NULL}},
	};
	if (run->load->token != NULL) {
		ops[0].data.send_initial_metadata.count = 1;
		ops[0].data.send_initial_metadata.metadata = &run->authorization;
	}
	place->begun_ns = now_ns();
	place->headers.count = place->trailers.count = 0;
	place->request = grpc_raw_byte_buffer_create(&slice, 1);
	place->response = NULL;
	ops[1].data.send_message.send_message = place->request;
	gpr_timespec deadline =
	        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(DEADLINE_S, GPR_TIMESPAN));
	place->call = grpc_channel_create_registered_call(place->connection->channel, NULL,
	        GRPC_PROPAGATE_DEFAULTS, run->queue, place->connection->method, deadline, NULL);
	if (grpc_call_start_batch(place->call, ops, 6, place, NULL) != GRPC_CALL_OK)
		abort(); // only a wrong argument makes it fail
}

static void count(Run *run, const Place *place, int64_t ended_ns)
{
	LoadResult *result = run->result;
	if (place->status != GRPC_STATUS_OK || place->response == NULL) {
		if (result->failed++ == 0)
			snprintf(result->failure, sizeof result->failure, "%d %.*s", (int)place->status,
			        (int)GRPC_SLICE_LENGTH(place->details),
			        (const char *)GRPC_SLICE_START_PTR(place->details));
		return;
	}
	result->served++;
	if (ended_ns < run->from_ns || ended_ns >= run->until_ns)
		return;
	result->calls++;
	run->bytes += grpc_byte_buffer_length(place->response);
	run->histogram[bucket_of((uint64_t)(ended_ns - place->begun_ns))]++;
}

static void end(Place *place)
{
	grpc_slice_unref(place->details);
	grpc_byte_buffer_destroy(place->request);
	grpc_byte_buffer_destroy(place->response);
	grpc_call_unref(place->call);
}

// --- connections ---

static grpc_channel_credentials *credentials(const LoadTls *tls)
{
	if (tls == NULL)
		return grpc_insecure_credentials_create();
	grpc_ssl_pem_key_cert_pair pair = {.private_key = tls->key, .cert_chain = tls->certificate};
	return grpc_ssl_credentials_create_ex(tls->ca, &pair, NULL, NULL);
}

static Connection connect_to(const Load *load)
{
	char target[32];
	snprintf(target, sizeof target, "127.0.0.1:%d", load->port);
	grpc_arg args[2] = {
	        // Else all channels to one address share a connection.
	        {.type = GRPC_ARG_INTEGER,
	                .key = (char *)GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
	                .value.integer = 1},
	        {.type = GRPC_ARG_STRING, .key = (char *)GRPC_SSL_TARGET_NAME_OVERRIDE_ARG},
	};
	args[1].value.string = load->tls != NULL ? (char *)(uintptr_t)load->tls->name : NULL;
	const grpc_channel_args all = {load->tls != NULL ? 2 : 1, args};
	grpc_channel_credentials *shown = credentials(load->tls);
	Connection made = {.channel = grpc_channel_create(target, shown, &all)};
	grpc_channel_credentials_release(shown);
	made.method = grpc_channel_register_call(made.channel, load->path, NULL, NULL);
	return made;
}

static void drive(Run *run, Place *places, int live)
{
	for (int i = 0; i < live; i++)
		begin(run, &places[i]);
	while (live > 0) {
		grpc_event event =
		        grpc_completion_queue_next(run->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
		Place *place = event.tag;
		int64_t now = now_ns();
		count(run, place, now);
		end(place);
		if (now < run->until_ns && run->result->failed == 0)
			begin(run, place);
		else
			live--;
	}
}

static void close_all(Run *run, Connection *connections, Place *places)
{
	const Load *load = run->load;
	for (int i = 0; i < load->connections * load->outstanding; i++) {
		grpc_metadata_array_destroy(&places[i].headers);
		grpc_metadata_array_destroy(&places[i].trailers);
	}
	for (int i = 0; i < load->connections; i++)
		grpc_channel_destroy(connections[i].channel);
	grpc_completion_queue_shutdown(run->queue);
	while (grpc_completion_queue_next(run->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type !=
	        GRPC_QUEUE_SHUTDOWN) {
	}
	grpc_completion_queue_destroy(run->queue);
	grpc_slice_unref(run->authorization.key);
	grpc_slice_unref(run->authorization.value);
}

static void open_all(Run *run, Connection *connections, Place *places)
{
	const Load *load = run->load;
	char bearer[256];
	snprintf(bearer, sizeof bearer, "Bearer %s", load->token != NULL ? load->token : "");
	run->queue = grpc_completion_queue_create_for_next(NULL);
	run->authorization.key = grpc_slice_from_static_string("authorization");
	run->authorization.value = grpc_slice_from_copied_string(bearer);
	for (int i = 0; i < load->connections; i++)
		connections[i] = connect_to(load);
	for (int i = 0; i < load->connections * load->outstanding; i++) {
		places[i] = (Place){.number = i, .connection = &connections[i % load->connections]};
		grpc_metadata_array_init(&places[i].headers);
		grpc_metadata_array_init(&places[i].trailers);
	}
}

void load_run(const Load *load, LoadResult *ret)
{
	int total = load->connections * load->outstanding;
	Run *run = calloc(1, sizeof *run);
	Connection *connections = calloc((size_t)load->connections, sizeof *connections);
	Place *places = calloc((size_t)total, sizeof *places);
	if (run == NULL || connections == NULL || places == NULL)
		abort();
	*ret = (LoadResult){0};
	run->load = load;
	run->result = ret;
	open_all(run, connections, places);
	run->from_ns = now_ns() + (int64_t)(load->warm_s * 1e9);
	run->until_ns = run->from_ns + (int64_t)(load->measure_s * 1e9);
	drive(run, places, total);
	ret->calls_s = (double)ret->calls / load->measure_s;
	ret->p50_us = quantile_us(run, .5);
	ret->p99_us = quantile_us(run, .99);
	ret->mean_bytes = ret->calls > 0 ? (double)run->bytes / (double)ret->calls : 0;
	close_all(run, connections, places);
	free(places);
	free(connections);
	free(run);
}
