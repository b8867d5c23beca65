// Sends broken requests to every method of both servers, many at a time, with and without credentials, and
// holds each answer against what a server may say to such a thing. Then asks whether the servers are well and
// how much memory they took.
//
// A request is made of the seed and its number alone: --only NUMBER sends that one again.
#include "client.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "rpc/rpc.h"

#include "grpc/health/v1/health.pb-c.h"
#include "parley/design/v1/auth.pb-c.h"

#include <grpc/slice.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	WINDOW = 64,            // in flight; below what either server refuses as too much
	TIMEOUT_MS = 30 * 1000, // who takes longer hangs
	FAILURES_SHOWN = 20,
	WARM_UP_PERCENT = 20,
	STATUSES = 17,
};

static const char *const status_names[STATUSES] = {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
        "DATA_LOSS", "UNAUTHENTICATED"};

typedef struct Server {
	const char *name, *target;
	int pid;
	long rss_before, rss_after; // KiB
} Server;

typedef struct Run {
	Methods methods;
	Server servers[SERVER_COUNT];
	Credential credentials[16];
	size_t credential_count;
	Credential *own, *leaver; // the administrator's token, and another one to log out with
	uint64_t seed, total, first;
	uint64_t sent, answered, failed;
	uint64_t counts[16][STATUSES]; // by kind and status
	grpc_completion_queue *queue;
	Request requests[WINDOW];
	Arena *arena;
} Run;

typedef struct Options {
	uint64_t requests, seed, only, growth_mib;
	bool has_only;
	const char *design, *runtime, *ca, *password, *touchpoint, *token, *design_identity,
	        *runtime_identity;
	int design_pid, runtime_pid;
} Options;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(2);
}

// --- what is asked ---

static uint64_t number_of(const char *text)
{
	uint64_t number;

	if (!str_to_u64(str(text), &number))
		die("a number is not one");
	return number;
}

static void read_options(int argc, char **argv, Options *ret)
{
	const struct {
		const char *name;
		const char **text;
		uint64_t *number;
		int *pid;
	} known[] = {
	        {"--requests", NULL, &ret->requests, NULL},
	        {"--seed", NULL, &ret->seed, NULL},
	        {"--only", NULL, &ret->only, NULL},
	        {"--growth-mib", NULL, &ret->growth_mib, NULL},
	        {"--design", &ret->design, NULL, NULL},
	        {"--runtime", &ret->runtime, NULL, NULL},
	        {"--ca", &ret->ca, NULL, NULL},
	        {"--password", &ret->password, NULL, NULL},
	        {"--touchpoint", &ret->touchpoint, NULL, NULL},
	        {"--token", &ret->token, NULL, NULL},
	        {"--design-identity", &ret->design_identity, NULL, NULL},
	        {"--runtime-identity", &ret->runtime_identity, NULL, NULL},
	        {"--design-pid", NULL, NULL, &ret->design_pid},
	        {"--runtime-pid", NULL, NULL, &ret->runtime_pid},
	};

	for (int i = 1; i + 1 < argc; i += 2) {
		bool found = false;

		for (size_t k = 0; k < ARRAY_COUNT(known); k++) {
			if (strcmp(argv[i], known[k].name) != 0)
				continue;
			found = true;
			if (known[k].text)
				*known[k].text = argv[i + 1];
			else if (known[k].number)
				*known[k].number = number_of(argv[i + 1]);
			else
				*known[k].pid = (int)number_of(argv[i + 1]);
			ret->has_only |= known[k].number == &ret->only;
		}
		if (!found)
			die("unknown option: this program is started by tests/malformed/run");
	}
	if (!ret->design || !ret->runtime || !ret->ca || !ret->password || !ret->touchpoint || !ret->token ||
	        !ret->design_identity || !ret->runtime_identity || !ret->design_pid || !ret->runtime_pid)
		die("an option is missing: this program is started by tests/malformed/run");
}

// --- credentials ---

static Str file_line(const char *path, Arena *arena)
{
	Str text;

	if (file_read(path, 4096, arena, &text) != OK)
		die(err_detail()->message);
	while (text.len > 0 && text.ptr[text.len - 1] == '\n')
		text.len--;
	return text;
}

static char *log_in(Run *run, const Options *options)
{
	const RpcTls tls = {.ca_file = options->ca};
	CLEANUP(rpc_client_freep) RpcClient *client = NULL;
	Parley__Design__V1__LoginRequest request = PARLEY__DESIGN__V1__LOGIN_REQUEST__INIT;
	ProtobufCMessage *response;

	request.user = (char *)"administrator";
	request.password = arena_cstr(run->arena, file_line(options->password, run->arena));
	if (rpc_client_new(&(RpcClientOptions){.target = options->design, .tls = &tls}, &client) != OK ||
	        rpc_call(client, &parley__design__v1__auth_service__descriptor, "Login", &request.base,
	                TIMEOUT_MS, run->arena, &response) != OK)
		die(err_detail()->message);
	return ((Parley__Design__V1__LoginResponse *)response)->token;
}

static Credential *add_credential(Run *run, ServerIndex server, const char *name, int weight,
        const char *identity, char *token, const char *ca)
{
	Credential *credential = &run->credentials[run->credential_count++];

	*credential = (Credential){.name = name, .server = server, .weight = weight, .token = token};
	if (identity) {
		credential->certificate = arena_printf(run->arena, "%s.crt", identity);
		credential->key = arena_printf(run->arena, "%s.key", identity);
	}
	credential_open(credential, run->servers[server].target, ca);
	return credential;
}

static void make_credentials(Run *run, const Options *options)
{
	char *token = log_in(run, options), *second = log_in(run, options);
	char *touchpoint_token = arena_cstr(run->arena, file_line(options->token, run->arena));
	char *wrong = (char *)"bm90LWEtdG9rZW4";

	run->own = add_credential(run, DESIGN, "administrator's token", 5, NULL, token, options->ca);
	run->leaver =
	        add_credential(run, DESIGN, "administrator's other token", 0, NULL, second, options->ca);
	add_credential(run, DESIGN, "runtime's certificate", 3, options->runtime_identity, NULL, options->ca);
	add_credential(run, DESIGN, "wrong token", 1, NULL, wrong, options->ca);
	add_credential(run, DESIGN, "nothing", 1, NULL, NULL, options->ca);
	add_credential(run, RUNTIME, "touchpoint's certificate", 3, options->touchpoint, NULL, options->ca);
	add_credential(run, RUNTIME, "touchpoint's token", 2, NULL, touchpoint_token, options->ca);
	add_credential(
	        run, RUNTIME, "design server's certificate", 3, options->design_identity, NULL, options->ca);
	add_credential(run, RUNTIME, "wrong token", 1, NULL, wrong, options->ca);
	add_credential(run, RUNTIME, "nothing", 1, NULL, NULL, options->ca);
}

static const Credential *pick_credential(const Run *run, const Method *method, Random *random)
{
	int total = 0, at;

	for (size_t i = 0; i < run->credential_count; i++)
		total += run->credentials[i].server == method->server ? run->credentials[i].weight : 0;
	at = (int)random_below(random, (uint64_t)total);
	for (size_t i = 0;; i++) {
		const Credential *credential = &run->credentials[i];

		if (credential->server == method->server && (at -= credential->weight) < 0)
			return credential;
	}
}

// --- what a server may answer ---

static bool is_refusal_of_the_caller(grpc_status_code code)
{
	return code == GRPC_STATUS_UNAUTHENTICATED || code == GRPC_STATUS_PERMISSION_DENIED;
}

static bool is_proper(const Request *request)
{
	switch (request->code) {
	case GRPC_STATUS_INVALID_ARGUMENT:
	case GRPC_STATUS_RESOURCE_EXHAUSTED:
	case GRPC_STATUS_UNIMPLEMENTED:
	case GRPC_STATUS_UNAUTHENTICATED:
	case GRPC_STATUS_PERMISSION_DENIED:
		return true;
	case GRPC_STATUS_OK:
	case GRPC_STATUS_NOT_FOUND:
	case GRPC_STATUS_ALREADY_EXISTS:
	case GRPC_STATUS_FAILED_PRECONDITION:
	case GRPC_STATUS_ABORTED:
	case GRPC_STATUS_OUT_OF_RANGE:
		return !request->body.certain;
	default: // hung, crashed, or at a loss
		return false;
	}
}

static void judge(Run *run, const Request *request)
{
	unsigned code = (unsigned)request->code < STATUSES ? (unsigned)request->code : GRPC_STATUS_UNKNOWN;

	run->answered++;
	run->counts[request->kind - kinds][code]++;
	request->method->sent++;
	request->method->reached += !is_refusal_of_the_caller(request->code);
	request->method->unserved += request->code == GRPC_STATUS_UNIMPLEMENTED && !request->body.compressed;
	if (is_proper(request))
		return;
	if (run->failed++ < FAILURES_SHOWN)
		printf("  failed: request %" PRIu64 " of seed %" PRIu64
		       ", %s, %s (%zu bytes) with %s: %s: %.*s\n",
		        request->number, run->seed, request->method->path, request->kind->name,
		        request->body.bytes.len, request->credential->name, status_names[code],
		        (int)GRPC_SLICE_LENGTH(request->message),
		        (const char *)GRPC_SLICE_START_PTR(request->message));
}

// --- sending ---

// Every method gets every kind in turn.
static void make_request(Run *run, Request *request, uint64_t number)
{
	Random random = random_of(run->seed, number);

	request->number = number;
	request->method = &run->methods.items[number % run->methods.count];
	request->kind = &kinds[number / run->methods.count % kind_count];
	request->credential = pick_credential(run, request->method, &random);
	if (request->method->revokes && request->credential == run->own)
		request->credential = run->leaver;
	request->body = request->kind->make(&run->methods, request->method->input, &random, request->arena);
	if (!request->body.certain && request->method->endless) {
		request->kind = &kinds[0]; // truncated: what could open the stream for good is left out
		request->body =
		        request->kind->make(&run->methods, request->method->input, &random, request->arena);
	}
}

static void send_next(Run *run, Request *request, uint64_t until)
{
	if (run->sent >= until)
		return;
	make_request(run, request, run->first + run->sent++);
	request_send(request, run->queue, TIMEOUT_MS);
}

static void send_until(Run *run, uint64_t until)
{
	for (int i = 0; i < WINDOW; i++)
		send_next(run, &run->requests[i], until);
	while (run->answered < run->sent) {
		grpc_event event =
		        grpc_completion_queue_next(run->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
		Request *request = event.tag;

		judge(run, request);
		request_done(request);
		send_next(run, request, until);
	}
}

// --- how the servers fare ---

static long resident_kib(const Server *server)
{
	char path[64], line[256];
	long kib = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", server->pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib;
}

static bool is_healthy(Run *run, const Server *server, const char *ca)
{
	const RpcTls tls = {.ca_file = ca};
	CLEANUP(rpc_client_freep) RpcClient *client = NULL;
	Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
	ProtobufCMessage *response;

	return rpc_client_new(&(RpcClientOptions){.target = server->target, .tls = &tls}, &client) == OK &&
	       rpc_call(client, &grpc__health__v1__health__descriptor, "Check", &request.base, 5000,
	               run->arena, &response) == OK &&
	       ((Grpc__Health__V1__HealthCheckResponse *)response)->status ==
	               GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
}

static bool servers_are_well(Run *run, const Options *options)
{
	const long bound = (long)options->growth_mib * 1024;
	bool well = true;

	for (int i = 0; i < SERVER_COUNT; i++) {
		Server *server = &run->servers[i];
		long growth = server->rss_after - server->rss_before;

		printf("%s: VmRSS %ld KiB after warm-up, %ld KiB at the end, %+ld KiB (bound %ld)\n",
		        server->name, server->rss_before, server->rss_after, growth, bound);
		if (server->rss_after < 0 || !is_healthy(run, server, options->ca)) {
			printf("  failed: %s is gone or not serving\n", server->name);
			well = false;
		} else if (growth > bound) {
			printf("  failed: %s grew\n", server->name);
			well = false;
		}
	}
	return well;
}

// --- the report ---

static void print_counts(const Run *run)
{
	for (size_t kind = 0; kind < kind_count; kind++) {
		printf("%-20s", kinds[kind].name);
		for (int code = 0; code < STATUSES; code++)
			if (run->counts[kind][code] > 0)
				printf(" %s %" PRIu64, status_names[code], run->counts[kind][code]);
		printf("\n");
	}
}

// Who may call a method shows the right thing in a quarter of the requests or more.
static bool was_reached(const Method *method)
{
	// Of a thousand requests a fifth is far below what chance takes; of a hundred it is not.
	int share = method->sent >= 1000 ? 5 : 8;
	return method->revokes ? method->reached > 0 : method->reached * share > method->sent;
}

// With enough requests chance is no excuse.
static bool methods_were_reached(const Run *run)
{
	bool enough = run->total >= run->methods.count * 100, well = true;
	size_t reached = 0;

	for (size_t i = 0; i < run->methods.count; i++) {
		const Method *method = &run->methods.items[i];

		reached += was_reached(method);
		if (method->unserved > 0)
			printf("  failed: %s is not served\n", method->path);
		if (enough && !was_reached(method))
			printf("  failed: %s was reached by %d of %d only\n", method->path, method->reached,
			        method->sent);
		well = well && method->unserved == 0 && (was_reached(method) || !enough);
	}
	printf("%zu of %zu methods reached with credentials that let in\n", reached, run->methods.count);
	return well;
}

static void run_init(Run *run, const Options *options)
{
	run->servers[DESIGN] =
	        (Server){.name = "design server", .target = options->design, .pid = options->design_pid};
	run->servers[RUNTIME] =
	        (Server){.name = "runtime server", .target = options->runtime, .pid = options->runtime_pid};
	run->seed = options->seed ? options->seed : (uint64_t)time(NULL);
	run->total = options->has_only ? 1 : options->requests;
	run->first = options->only;
	run->arena = arena_new(1 << 16, 0);
	methods_find(run->arena, &run->methods);
	make_credentials(run, options);
	run->queue = grpc_completion_queue_create_for_next(NULL);
	for (int i = 0; i < WINDOW; i++)
		run->requests[i].arena = arena_new(1 << 16, 0);
}

static void run_free(Run *run)
{
	for (size_t i = 0; i < run->credential_count; i++)
		credential_close(&run->credentials[i]);
	for (int i = 0; i < WINDOW; i++)
		arena_free(run->requests[i].arena);
	grpc_completion_queue_shutdown(run->queue);
	grpc_completion_queue_destroy(run->queue);
	arena_free(run->arena);
}

int main(int argc, char **argv)
{
	static Run run;
	Options options = {.requests = 100000, .growth_mib = 32};
	bool well;

	read_options(argc, argv, &options);
	rpc_init();
	run_init(&run, &options);
	printf("%" PRIu64 " requests to %zu methods, seed %" PRIu64 "\n", run.total, run.methods.count,
	        run.seed);
	fflush(stdout);
	send_until(&run, run.total * WARM_UP_PERCENT / 100);
	for (int i = 0; i < SERVER_COUNT; i++)
		run.servers[i].rss_before = resident_kib(&run.servers[i]);
	send_until(&run, run.total);
	for (int i = 0; i < SERVER_COUNT; i++)
		run.servers[i].rss_after = resident_kib(&run.servers[i]);
	print_counts(&run);
	well = methods_were_reached(&run);
	well = servers_are_well(&run, &options) && well;
	printf("%" PRIu64 " requests, %" PRIu64 " answered properly, %" PRIu64 " failed\n", run.sent,
	        run.answered - run.failed, run.failed);
	well = well && run.failed == 0;
	run_free(&run);
	rpc_shutdown();
	return well ? 0 : 1;
}
