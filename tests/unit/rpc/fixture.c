#include "fixture.h"

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
	                rpc_deadline_us(call) > rpc_begun_us(call) && rpc_deadline_us(call) < INT64_MAX),
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

		if (fixture->deferred_count == 0 || fixture->deferred_count < fixture->held) {
			pthread_cond_wait(&fixture->changed, &fixture->lock);
			continue;
		}
		fixture->held = 0;
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
	fixture_start_with(fixture, options, NULL, NULL);
}

void fixture_start_with(Fixture *fixture, RpcServerOptions options, const RpcMethod *more, void *own)
{
	const RpcMethod methods[] = {
	        {.name = "StartSession", .handler = handle_start, .access = 1},
	        {.name = "GetOffers", .handler = handle_offers, .max_request = 1024},
	        {.name = "PostEvent", .handler = handle_event},
	        {.name = "EndSession", .handler = handle_end, .blocking = true},
	        more ? *more : (RpcMethod){0},
	};
	const RpcListener plain = {.address = "127.0.0.1:0", .ret_port = &fixture->port};

	*fixture = (Fixture){.arena = arena_new(4096, 0), .own = own};
	pthread_mutex_init(&fixture->lock, NULL);
	pthread_cond_init(&fixture->changed, NULL);
	assert_int_equal(pthread_create(&fixture->replier, NULL, reply_later, fixture), 0);
	if (options.listener_count == 0) {
		options.listeners = &plain;
		options.listener_count = 1;
	}
	assert_int_equal(rpc_server_new(&options, &fixture->server), OK);
	assert_int_equal(rpc_server_add(fixture->server, SERVICE, methods,
	                         ARRAY_COUNT(methods) - (more ? 0 : 1), fixture),
	        OK);
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

void fixture_hold(Fixture *fixture, size_t count)
{
	pthread_mutex_lock(&fixture->lock);
	fixture->held = count;
	pthread_mutex_unlock(&fixture->lock);
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
