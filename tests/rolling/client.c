// A touchpoint before several runtime servers that are alike, as gRPC's conventions want it: it asks each
// server's health, sends new visits to those that serve, and repeats what was UNAVAILABLE. Decisions go to
// another server at once, in a session opened there. Events go to the server that made the offer, by their
// IDs, until it is back. A session that a server has forgotten is opened anew. What fails all the same is a
// failed call.
#include "base/clock.h"
#include "rpc/rpc.h"

#include "grpc/health/v1/health.pb-c.h"
#include "parley/runtime/v1/interaction.pb-c.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE(name)     Parley__Runtime__V1__##name
#define INIT(initialiser) PARLEY__RUNTIME__V1__##initialiser##__INIT
#define SERVICE           (&parley__runtime__v1__interaction_service__descriptor)
#define HEALTH            (&grpc__health__v1__health__descriptor)

enum {
	SERVERS_MAX = 8,
	THREADS_MAX = 64,
	CALL_MS = 5000,
	PATIENCE_MS = 20000,
	PAUSE_MS = 20,
	CALLS_A_SESSION = 20
};

typedef struct Server {
	RpcClient *client;
	atomic_bool serves;
} Server;

static Server servers[SERVERS_MAX];
static int server_count, threads = 8, accept_percent = 50, pace_ms;
static unsigned long disliked; // of this version and later nothing is accepted
static const char *channel;
static RpcTls tls;
static atomic_bool stop;
static atomic_ulong calls, retries, moved, reopened, failures, accepted;

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

// --- health ---

static void *watch_health(void *context)
{
	Server *server = context;
	while (!stop) {
		Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
		ProtobufCMessage *response = NULL;
		Arena *arena = arena_new(4096, 0);
		Err e = rpc_call(server->client, HEALTH, "Check", &request.base, 1000, arena, &response);
		const Grpc__Health__V1__HealthCheckResponse *health = (const void *)response;
		server->serves =
		        !e &&
		        health->status == GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
		arena_free(arena);
		pause_ms(PAUSE_MS);
	}
	return NULL;
}

// The next one that serves; the next one at all if none does.
static int next_server(int from)
{
	for (int i = 1; i <= server_count; i++) {
		if (servers[(from + i) % server_count].serves)
			return (from + i) % server_count;
	}
	return (from + 1) % server_count;
}

// --- a visit ---

typedef struct Visit {
	Arena *arena;
	unsigned *seed;
	int server, number, thread, sessions;
	long customer;
	char session_id[64];
} Visit;

static bool passes(Err e)
{
	int status = err_status(e);
	return status == 14 || status == 4 || status == 1 || status == 8;
}

static Err once(Visit *v, const char *method, const ProtobufCMessage *request, ProtobufCMessage **ret)
{
	return rpc_call(servers[v->server].client, SERVICE, method, request, CALL_MS, v->arena, ret);
}

// Opens a session on the visit's server, under an ID of its own.
static Err open_session(Visit *v)
{
	MESSAGE(StartSessionRequest) request = INIT(START_SESSION_REQUEST);
	MESSAGE(AudienceId) audience = INIT(AUDIENCE_ID);
	MESSAGE(NamedValue) key = INIT(NAMED_VALUE), *keys[] = {&key};
	MESSAGE(Value) value = INIT(VALUE);
	ProtobufCMessage *response;
	value.kind_case = PARLEY__RUNTIME__V1__VALUE__KIND_INT_VALUE;
	value.int_value = v->customer;
	key.name = "customer_id";
	key.value = &value;
	audience.level = "customer";
	audience.keys = keys;
	audience.n_keys = 1;
	snprintf(v->session_id, sizeof v->session_id, "r%d-%d-%d-%d", (int)getpid(), v->thread, v->number,
	        v->sessions++);
	request.session_id = v->session_id;
	request.channel = (char *)(uintptr_t)channel;
	request.audience = &audience;
	return once(v, "StartSession", &request.base, &response);
}

// A call that is repeated while that may help. `request_id` is where the request has its session's ID: it
// changes when the session is opened anew. `stays`: what it is about is known on this server only.
static Err call(Visit *v, const char *method, const ProtobufCMessage *request, char **request_id, bool stays,
        ProtobufCMessage **ret)
{
	int64_t deadline = monotonic_us() + PATIENCE_MS * US_PER_MS;
	bool open = *v->session_id != 0;
	for (;;) {
		Err e = open ? OK : open_session(v);
		if (!e) {
			*request_id = v->session_id;
			open = true;
			e = once(v, method, request, ret);
		}
		if (!e) {
			calls++;
			return OK;
		}
		if ((!passes(e) && e != ERR_SESSION_UNKNOWN) || monotonic_us() > deadline)
			return e;
		retries++;
		if (e == ERR_SESSION_UNKNOWN) {
			open = false;
			reopened++;
		} else if (stays) {
			servers[v->server].serves = false;
			pause_ms(PAUSE_MS);
		} else {
			servers[v->server].serves = false;
			int other = next_server(v->server);
			if (other == v->server || !servers[other].serves)
				pause_ms(PAUSE_MS);
			open = open && other == v->server;
			moved += other != v->server;
			v->server = other;
		}
	}
}

static Err post(Visit *v, const char *event, const char *treatment)
{
	MESSAGE(PostEventRequest) request = INIT(POST_EVENT_REQUEST);
	ProtobufCMessage *response;
	char event_id[96];
	snprintf(event_id, sizeof event_id, "%s-%s", event, treatment);
	request.event_id = event_id;
	request.event = (char *)(uintptr_t)event;
	request.treatment_code = (char *)(uintptr_t)treatment;
	return call(v, "PostEvent", &request.base, &request.session_id, true, &response);
}

// One round: an offer, its contact, and now and then its acceptance.
static Err look(Visit *v)
{
	MESSAGE(GetOffersRequest) request = INIT(GET_OFFERS_REQUEST);
	MESSAGE(PointRequest) point = INIT(POINT_REQUEST), *points[] = {&point};
	ProtobufCMessage *response;
	point.interaction_point = "home-hero";
	request.points = points;
	request.n_points = 1;
	TRY(call(v, "GetOffers", &request.base, &request.session_id, false, &response));
	const MESSAGE(GetOffersResponse) *offers = (const void *)response;
	if (!offers->n_points || !offers->points[0]->n_offers)
		return OK;
	const char *treatment = offers->points[0]->offers[0]->treatment_code;
	bool liked = !disliked || (offers->snapshot && offers->snapshot->version < disliked);
	TRY(post(v, "offer-shown", treatment));
	if (liked && rand_r(v->seed) % 100 < accept_percent) {
		TRY(post(v, "offer-accepted", treatment));
		accepted++;
	}
	return OK;
}

static Err visit(Visit *v)
{
	MESSAGE(EndSessionRequest) request = INIT(END_SESSION_REQUEST);
	ProtobufCMessage *response;
	Err e = OK;
	for (int i = 0; i < CALLS_A_SESSION / 2 && !stop && !e; i++) {
		e = look(v);
		pause_ms(pace_ms);
	}
	if (e || !*v->session_id)
		return e;
	e = call(v, "EndSession", &request.base, &request.session_id, true, &response);
	return e == ERR_SESSION_UNKNOWN ? OK : e;
}

static void *visitor(void *context)
{
	int thread = (int)(intptr_t)context;
	unsigned seed = (unsigned)thread + 1;
	int server = thread;
	for (int number = 0; !stop; number++) {
		Visit v = {
		        .arena = arena_new(64 * 1024, 0), .seed = &seed, .thread = thread, .number = number};
		server = v.server = next_server(server % server_count);
		v.customer = 1001 + rand_r(&seed) % 8;
		Err e = visit(&v);
		if (e) {
			failures++;
			fprintf(stderr, "failed: %s: %s\n", err_reason(e), err_detail()->message);
		}
		arena_free(v.arena);
	}
	return NULL;
}

// --- the program ---

static bool add_server(const char *target)
{
	const RpcClientOptions options = {.target = target, .tls = &tls, .tls_name = "localhost"};
	return server_count < SERVERS_MAX && rpc_client_new(&options, &servers[server_count++].client) == OK;
}

static bool parse(int argc, char **argv)
{
	if (argc < 6)
		return false;
	channel = argv[1];
	tls = (RpcTls){.certificate_file = argv[2], .key_file = argv[3], .ca_file = argv[4]};
	for (int i = 5; i < argc; i++) {
		if (strncmp(argv[i], "threads=", 8) == 0)
			threads = (int)strtol(argv[i] + 8, NULL, 10);
		else if (strncmp(argv[i], "dislike=", 8) == 0)
			disliked = strtoul(argv[i] + 8, NULL, 10);
		else if (strncmp(argv[i], "pace=", 5) == 0)
			pace_ms = (int)strtol(argv[i] + 5, NULL, 10);
		else if (!add_server(argv[i]))
			return false;
	}
	return server_count > 0 && threads > 0 && threads <= THREADS_MAX;
}

int main(int argc, char **argv)
{
	pthread_t watchers[SERVERS_MAX], visitors[THREADS_MAX];
	sigset_t signals;
	int caught;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	rpc_init();
	if (!parse(argc, argv)) {
		fputs("usage: rolling_client CHANNEL CERTIFICATE KEY CA HOST:PORT… [threads=N] [pace=MS] "
		      "[dislike=VERSION]\n"
		      "visits until SIGTERM, then prints what came of it\n",
		        stderr);
		return 2;
	}
	for (int i = 0; i < server_count; i++)
		pthread_create(&watchers[i], NULL, watch_health, &servers[i]);
	pause_ms(500);
	for (int i = 0; i < threads; i++)
		pthread_create(&visitors[i], NULL, visitor, (void *)(intptr_t)i);
	sigwait(&signals, &caught);
	stop = true;
	for (int i = 0; i < threads; i++)
		pthread_join(visitors[i], NULL);
	for (int i = 0; i < server_count; i++)
		pthread_join(watchers[i], NULL);
	printf("calls %lu failed %lu retries %lu moved %lu reopened %lu accepted %lu\n", (unsigned long)calls,
	        (unsigned long)failures, (unsigned long)retries, (unsigned long)moved,
	        (unsigned long)reopened, (unsigned long)accepted);
	for (int i = 0; i < server_count; i++)
		rpc_client_free(servers[i].client);
	rpc_shutdown();
	return failures ? 1 : 0;
}
