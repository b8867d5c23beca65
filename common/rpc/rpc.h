// The thin gRPC layer: the only place that includes <grpc/…>. A server takes protoc-c service descriptors and
// tables of handlers and does the rest: completion queue, call slots, wire guard, arenas, deadlines,
// in-flight cap, error details, health, reflection, drain. The structure is the fastest one known on gRPC
// core (README.md says why).
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <protobuf-c/protobuf-c.h>

typedef struct RpcServer RpcServer;
typedef struct RpcCall RpcCall;
struct Metrics; // metrics/metrics.h

// A handler ends a call by exactly one rpc_reply or rpc_fail, before it returns or later from any thread.
// `request` has passed the wire guard and lives, with all that the handler puts there, in the call's arena
// until then.
typedef void (*RpcHandler)(void *service, RpcCall *call, const ProtobufCMessage *request);

// For a method that streams both ways. Each message of the caller's is a call of its own that the handler
// gets in the order in which they came, and ends by one message (rpc_reply), at once or later and in any
// order. rpc_fail ends the whole stream with that status as soon as all that was asked before is answered; so
// does the server's stop. After the caller's last message the stream ends when the last answer is out. A
// stream ends as UNAVAILABLE when it has been idle, or open for an hour.
typedef struct RpcStreaming {
	size_t window;  // messages of one stream that may be unanswered, then no more are read; 0: 64
	size_t streams; // open at a time, of all such methods; more are refused with BUSY; 0: 256
	int idle_ms;    // since the last answer; 0: 10 minutes
	// What a stream keeps for its calls: made when the caller is authorized (NULL: no memory), closed
	// when the last of its calls is over. Both may be NULL.
	void *(*open)(void *service);
	void (*close)(void *state);
} RpcStreaming;

typedef struct RpcMethod {
	const char *name; // as in the .proto, such as "GetOffers"
	RpcHandler handler;
	bool blocking; // may wait (database, disk): runs on a worker thread, not on the completion queue's
	size_t max_request;            // bytes; 0: 64 KiB
	unsigned access;               // what the server's authorize callback gets: the program's own meaning
	const RpcStreaming *streaming; // NULL: one request, one answer. Not with `blocking`
} RpcMethod;

// Who is calling. Lives as long as the call.
typedef struct RpcPeer {
	bool plaintext;  // the listener was a plaintext one
	Str identity;    // SPIFFE ID of the verified client certificate; empty if none was shown
	Str token;       // of "authorization: Bearer …"; empty if none
	Str address;     // of the other end, if a front knows it; ask rpc_address
	Str traceparent; // what a front was told of the caller's trace; gRPC's own calls have the header
} RpcPeer;

// Runs before the body is parsed, on the thread that the handler will run on (so it may wait if the method is
// blocking). Not OK: the call is refused with it. May keep something for the handler in
// *ret_principal (in the call's arena).
typedef Err (*RpcAuthorize)(void *context, RpcCall *call, const RpcMethod *method, const RpcPeer *peer,
        Arena *arena, void **ret_principal);

// Runs between the body's parsing and the handler, on the same thread: for what only the request's content
// tells, such as which environment it is about. Not OK: the call is refused with it.
typedef Err (*RpcExamine)(void *context, RpcCall *call, const ProtobufCMessage *request);

// Sees every call that is handed to its handler, from then on until it is answered: for traces.
typedef struct RpcObserver {
	// On the handler's thread. What it returns is rpc_observed of the call; NULL: it does not care for
	// this one.
	void *(*begin)(void *context, RpcCall *call);
	// The call is about to be answered with a gRPC status; on the thread that answers.
	void (*end)(void *context, void *observed, int status);
	void *context;
} RpcObserver;

typedef struct RpcTls {
	const char *certificate_file; // PEM chain of this server or client
	const char *key_file;
	const char *ca_file;             // who signs the other side's certificates
	bool require_client_certificate; // servers: refuse the handshake without one
} RpcTls;

typedef struct RpcListener {
	const char *address; // "127.0.0.1:7501"; port 0 takes a free one
	const RpcTls *tls;   // NULL: plaintext, allowed on loopback addresses only
	int *ret_port;       // may be NULL
} RpcListener;

typedef struct RpcServerOptions {
	const RpcListener *listeners;
	size_t listener_count;
	RpcAuthorize authorize;      // NULL: everybody may everything
	RpcExamine examine;          // NULL: requests are not looked at
	void *context;               // for authorize and examine
	const RpcObserver *observer; // NULL: none; it outlives the server
	size_t max_in_flight;        // 0: 1024; calls beyond are refused with BUSY
	size_t workers;              // threads for blocking methods; 0: 8
	size_t max_message;          // bytes that the transport takes at all; 0: twice what the methods take
	int drain_timeout_ms;        // 0: 10,000
	int64_t busy_poll_us; // how long to look for the next call before sleeping, where that pays; 0: not
} RpcServerOptions;

// Makes a server; it does not listen yet. Errors: CONFIG_INVALID.
Err rpc_server_new(const RpcServerOptions *options, RpcServer **ret);
// Adds a service: `methods` is an array of one row per method of the descriptor, in any order; a method
// without a row is answered UNIMPLEMENTED. `service` is handed to handlers.
Err rpc_server_add(RpcServer *server, const ProtobufCServiceDescriptor *descriptor, const RpcMethod *methods,
        size_t count, void *service);
// Binds, listens and serves until rpc_server_stop. A taken port is an error here. Errors: IO, CONFIG_INVALID.
Err rpc_server_start(RpcServer *server);
// What grpc.health.v1 says (at first SERVING); "" is the server as a whole. Watchers are told.
void rpc_server_set_health(RpcServer *server, const char *service, bool serving);
// Drains: health turns NOT_SERVING, no new calls, waits for those in flight up to the drain time-out, cancels
// the rest.
void rpc_server_stop(RpcServer *server);
void rpc_server_free(RpcServer *server);

// Calls `each` with the path of every method that was added, health and reflection apart, until one is not
// OK.
Err rpc_server_each(const RpcServer *server, Err (*each)(void *context, Str path), void *context);

// Calls by method and code, their latency, those in flight: health and reflection apart.
void rpc_server_metrics(const RpcServer *server, struct Metrics *metrics);

// --- from inside the process, for fronts that speak another protocol (HTTP) ---

// What a path such as "/parley.design.v1.OfferService/GetOffer" calls; NULL if no service added so far has
// it.
const ProtobufCMethodDescriptor *rpc_server_method(const RpcServer *server, Str path);
// How an invoked call ended: OK with the packed response, or the failure with its detail. All are valid only
// during the callback, which comes exactly once, from any thread, also before rpc_server_invoke returns.
typedef void (*RpcDone)(void *context, Err failed, const ErrDetail *detail, Str response);
// Gives an invoked call's packed request, once the caller is authorized; may put it into `arena`, the call's.
typedef Err (*RpcBody)(void *context, Arena *arena, Str *ret);
// Runs a call as if it had come over a connection: in-flight cap, authorize, body, guard, unpack, handler (a
// blocking one on a worker thread), drain. `peer` and what `body` gives are borrowed until `done`.
void rpc_server_invoke(
        RpcServer *server, Str path, const RpcPeer *peer, RpcBody body, RpcDone done, void *context);
// The google.rpc.Status of a failure, packed, as gRPC clients get it. Error: NO_MEMORY.
Err rpc_status_pack(const ErrDetail *failure, Arena *arena, Str *ret);

// --- inside a handler ---

Arena *rpc_arena(RpcCall *call);
// Which method it calls: "/parley.design.v1.OfferService/GetOffer".
Str rpc_path(const RpcCall *call);
const RpcPeer *rpc_peer(const RpcCall *call);
// The other end's address; empty if memory is out. In the call's arena.
Str rpc_address(RpcCall *call);
void *rpc_principal(const RpcCall *call);
// What the server's observer keeps of the call; NULL: nothing.
void *rpc_observed(const RpcCall *call);
// What RpcStreaming.open made for the stream that the call is of.
void *rpc_stream_state(const RpcCall *call);
// Value of a request header (lower-case name), empty if it is not there.
Str rpc_header(const RpcCall *call, const char *name);
// When the caller stops waiting, by monotonic_us; INT64_MAX if it set no deadline.
int64_t rpc_deadline_us(const RpcCall *call);
// When the server turned to the call, by monotonic_us.
int64_t rpc_begun_us(const RpcCall *call);
// When the handler was done, by monotonic_us, if it knows: spares the server a look at the clock.
void rpc_ended(RpcCall *call, int64_t us);
// Packs and sends `response`; `call` and its arena are gone afterwards.
void rpc_reply(RpcCall *call, const ProtobufCMessage *response);
// Sends the status of `e` with google.rpc details (ErrorInfo, BadRequest if a field is named, RetryInfo if a
// retry time is set) taken from this thread's last failure; `call` is gone afterwards.
void rpc_fail(RpcCall *call, Err e);
// Ends the call by what its handler came to: the response if `e` is OK.
static inline void rpc_answer(RpcCall *call, Err e, const ProtobufCMessage *response)
{
	if (e == OK)
		rpc_reply(call, response);
	else
		rpc_fail(call, e);
}

// --- client ---

typedef struct RpcClient RpcClient; // thread-safe; one connection

typedef struct RpcClientOptions {
	const char *target;      // "127.0.0.1:7400"
	const RpcTls *tls;       // NULL: plaintext
	const char *tls_name;    // the name that the server's certificate must have; NULL: the target's host
	const char *token;       // sent as Bearer; may be NULL
	const char *traceparent; // sent with every call (W3C trace context); may be NULL
	size_t max_message;      // of responses; 0: 4 MiB
} RpcClientOptions;

Err rpc_client_new(const RpcClientOptions *options, RpcClient **ret);
void rpc_client_free(RpcClient *client);
static inline void rpc_client_freep(RpcClient **client)
{
	rpc_client_free(*client);
}

// One unary call, waiting at most `timeout_ms`. `method` is the descriptor's (its service names the path).
// The response lives in `arena`. A failed call returns the server's reason if it is one of ours (else by gRPC
// status) and keeps the server's message, field and retry time as this thread's last failure.
Err rpc_call(RpcClient *client, const ProtobufCServiceDescriptor *service, const char *method,
        const ProtobufCMessage *request, int timeout_ms, Arena *arena, ProtobufCMessage **ret);

// The same in two steps, for a caller that has more than one call under way. `request` is packed at once.
// Every call that was begun must be ended, which waits for the answer.
typedef struct RpcPending RpcPending;
Err rpc_call_begin(RpcClient *client, const ProtobufCServiceDescriptor *service, const char *method,
        const ProtobufCMessage *request, int timeout_ms, RpcPending **ret);
Err rpc_call_end(RpcPending *pending, Arena *arena, ProtobufCMessage **ret);

// Whether an address (HOST:PORT) is on this machine, where plaintext is allowed.
bool rpc_address_is_loopback(Str address);

// gRPC library set-up; once per process, before any of the above, after signals are blocked. Never fork
// afterwards.
void rpc_init(void);
void rpc_shutdown(void);
// How a server ends, whether or not it came to rpc_init: as exit, but nothing is destroyed.
_Noreturn void rpc_exit(int code);
