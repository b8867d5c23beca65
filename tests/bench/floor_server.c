// The floor of all rows about calls: what gRPC core itself costs, with the structure of common/rpc and none
// of its code. One completion queue with one thread, call slots that are armed again when their answer is
// out, the request received with the call, the answer in one batch. It answers every call with so many bytes
// and does nothing else.
//
//   floor_server BYTES PATH…    prints the port that it listens on (loopback) and serves until it is killed
#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

enum { SLOTS = 256, METHODS_MAX = 8, BYTES_MAX = 60 * 1024 };

typedef struct Slot {
	bool answered;
	void *method;
	grpc_call *call;
	gpr_timespec deadline;
	grpc_metadata_array headers;
	grpc_byte_buffer *request, *response;
	int cancelled;
} Slot;

static grpc_server *server;
static grpc_completion_queue *queue;
static size_t answer_bytes;

static void arm(Slot *slot)
{
	slot->answered = false;
	if (grpc_server_request_registered_call(server, slot->method, &slot->call, &slot->deadline,
	            &slot->headers, &slot->request, queue, queue, slot) != GRPC_CALL_OK)
		abort();
}

static void answer(Slot *slot)
{
	grpc_slice slice = grpc_slice_malloc(answer_bytes);
	memset(GRPC_SLICE_START_PTR(slice), 'x', answer_bytes);
	slot->response = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	grpc_op ops[4] = {
	        {.op = GRPC_OP_SEND_INITIAL_METADATA},
	        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = slot->response},
	        {.op = GRPC_OP_SEND_STATUS_FROM_SERVER,
	                .data.send_status_from_server.status = GRPC_STATUS_OK},
	        {.op = GRPC_OP_RECV_CLOSE_ON_SERVER, .data.recv_close_on_server.cancelled = &slot->cancelled},
	};
	slot->answered = true;
	if (grpc_call_start_batch(slot->call, ops, 4, slot, NULL) != GRPC_CALL_OK)
		abort();
}

static void recycle(Slot *slot)
{
	grpc_call_unref(slot->call);
	grpc_byte_buffer_destroy(slot->request);
	grpc_byte_buffer_destroy(slot->response);
	slot->headers.count = 0;
	arm(slot);
}

static void serve(void)
{
	for (;;) {
		grpc_event event =
		        grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
		Slot *slot = event.tag;
		if (slot->answered)
			recycle(slot);
		else
			answer(slot);
	}
}

static void arm_method(const char *path, void *method)
{
	Slot *slots = calloc(SLOTS, sizeof *slots);
	if (slots == NULL || method == NULL) {
		fprintf(stderr, "%s cannot be served\n", path);
		exit(1);
	}
	for (int i = 0; i < SLOTS; i++) {
		slots[i].method = method;
		grpc_metadata_array_init(&slots[i].headers);
		arm(&slots[i]);
	}
}

// As common/rpc sets it, as far as it costs anything.
static grpc_server *server_new(void)
{
	grpc_arg args[] = {
	        {GRPC_ARG_INTEGER, (char *)GRPC_ARG_ALLOW_REUSEPORT, {.integer = 0}},
	        {GRPC_ARG_INTEGER, (char *)GRPC_ARG_ENABLE_CHANNELZ, {.integer = 0}},
	        {GRPC_ARG_INTEGER, (char *)GRPC_ARG_MAX_CONCURRENT_STREAMS, {.integer = 256}},
	        {GRPC_ARG_INTEGER, (char *)GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, {.integer = 0}},
	};
	return grpc_server_create(&(grpc_channel_args){sizeof args / sizeof *args, args}, NULL);
}

int main(int argc, char **argv)
{
	void *methods[METHODS_MAX];
	answer_bytes = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	if (argc < 3 || argc - 2 > METHODS_MAX || answer_bytes == 0 || answer_bytes > BYTES_MAX) {
		fprintf(stderr, "usage: floor_server BYTES PATH...\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL); // it never outlives who measures
	signal(SIGPIPE, SIG_IGN);
	grpc_init();
	server = server_new();
	queue = grpc_completion_queue_create_for_next(NULL);
	grpc_server_register_completion_queue(server, queue, NULL);
	for (int i = 2; i < argc; i++)
		methods[i - 2] = grpc_server_register_method(
		        server, argv[i], NULL, GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
	grpc_server_credentials *credentials = grpc_insecure_server_credentials_create();
	int port = grpc_server_add_http2_port(server, "127.0.0.1:0", credentials);
	grpc_server_credentials_release(credentials);
	if (port == 0)
		return 1;
	grpc_server_start(server);
	for (int i = 2; i < argc; i++)
		arm_method(argv[i], methods[i - 2]);
	printf("%d\n", port);
	fflush(stdout);
	serve();
}
