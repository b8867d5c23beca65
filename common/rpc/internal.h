// What the files of this room share; nobody else includes it. Who owns what: the server owns methods, slots,
// doors and streams; gRPC core lends each of them an Event at a time and gives it back through the completion
// queue, whose one thread (the poller) is the only one that arms, finishes and recycles. Other threads only
// hand in an answer.
#pragma once
#include "base/handover.h"
#include "rpc/rpc.h"

#include <grpc/grpc.h>
#include <pthread.h>
#include <stdatomic.h>

// What a tag on the completion queue points to: the poller calls `done`, and that is all it knows.
typedef struct Event {
	void (*done)(struct Event *event, bool ok);
} Event;

#define OWNER_OF(event, type, member) ((type *)(void *)((char *)(event)-offsetof(type, member)))

enum {
	ARENA_BLOCK = 16 * 1024 - 64, // with its head 16 KiB: the next size that malloc has is a quarter more
	ARENA_LIMIT = 64 * 1024 * 1024, // of one call
	SPARE_ARENAS = 128,
	DOORS = 4, // calls of unregistered methods that are looked at together: few, for slots.c's reason
	DEFAULT_REQUEST = 64 * 1024,
	RETRY_MS = 100,                 // what callers of a busy server are told
	STREAM_AGE_MS = 60 * 60 * 1000, // of a stream whose messages are calls
};

typedef struct Slots Slots;
typedef struct Workers Workers;
typedef struct Health Health;
typedef struct Reflection Reflection;
typedef struct Stream Stream;
typedef struct Talk Talk;
typedef struct CallFigures CallFigures;

// A server of gRPC core's; see front.c.
enum { FRONT_TLS, FRONT_PLAINTEXT, FRONTS };
typedef struct Front {
	RpcServer *server;
	grpc_server *core; // NULL: it has no listeners
	Event stopped;     // gRPC core has shut down
	bool has_stopped;  // under the lock
	struct Door *doors;
} Front;

// Where a method's calls come in at a front.
typedef struct Intake {
	struct Method *method;
	Front *front;
	void *handle; // gRPC core's
	Slots *slots; // blocks of call slots, see slots.c
	size_t total; // slots there are
	size_t armed; // slots that wait for a call
} Intake;

// One row of RpcMethod made ready to serve.
typedef struct Method {
	struct Method *next;
	RpcServer *server;
	RpcMethod row;
	RpcStreaming streaming; // what `row.streaming` points to
	const ProtobufCServiceDescriptor *service_descriptor;
	const ProtobufCMethodDescriptor *descriptor;
	void *service;
	bool open; // no authorisation: health
	CallFigures *figures;
	char *path;             // "/package.Service/Method"
	Intake intakes[FRONTS]; // not of streaming methods
} Method;

// How a call came and how its answer goes: over gRPC (call.c), or from inside the process (invoke.c).
typedef struct CallWay {
	Err (*read_peer)(RpcCall *call); // fills call->peer
	Err (*read_body)(RpcCall *call, Str *ret);
	void (*reply)(RpcCall *call, const ProtobufCMessage *response);
	void (*fail)(RpcCall *call, Err e);
} CallWay;

// A call slot. It serves one call after the other.
struct RpcCall {
	Event event;
	const CallWay *way;
	Method *method;
	const Front *front; // that the call came in by; NULL: it came from inside
	Intake *intake;     // of a slot
	grpc_call *core;
	gpr_timespec deadline;
	int64_t begun_us; // by monotonic_us, when it was looked at; 0: not yet
	int64_t ended_us; // likewise, when the handler was done; 0: when it answers
	grpc_metadata_array headers;
	grpc_byte_buffer *request;
	grpc_byte_buffer *response; // of a message on a stream
	grpc_byte_buffer answer;    // of a slot: kept, so that none is made for each call
	Arena *arena;
	RpcPeer peer;
	void *principal;
	void *observed; // the observer's; NULL: it does not care
	Talk *talk;     // the stream that the call is a message of; NULL: none
	RpcCall *next;  // in the workers' queue, or among answers that are ready
	int cancelled;  // what gRPC core says of the end
	bool counted;   // among those in flight
};

struct RpcServer {
	RpcServerOptions options; // its texts are in `arena`
	Arena *arena;             // lives as long as the server
	Method *methods;
	size_t method_count;
	Front fronts[FRONTS];
	grpc_completion_queue *queue; // NULL: it has not been started
	bool serving;                 // under the lock
	pthread_t poller;
	Workers *workers;
	Health *health;
	Reflection *reflection;

	// the poller's alone
	Arena *spare[SPARE_ARENAS];
	size_t spare_count;
	gpr_timespec next_look; // at streams
	Event ready;            // there are answers to be sent

	// anybody's
	atomic_bool draining; // new calls are turned away
	atomic_bool closing;  // no slot is armed any more
	atomic_size_t in_flight;
	_Atomic(RpcCall *) answers; // that are ready, the newest first
	atomic_size_t lent;         // events that gRPC core holds, or calls that their handler holds
	pthread_mutex_t lock;       // of streams, and of what `quiet` waits for
	pthread_cond_t quiet;
	Stream *streams;
	size_t stream_count;
	Talk *talks;
	atomic_size_t talk_count; // changed under the lock
	int look_ms;              // between two looks at them
};

// --- server.c ---
Err server_add(RpcServer *server, const ProtobufCServiceDescriptor *descriptor, const RpcMethod *methods,
        size_t count, void *service, bool open);
void server_lend(RpcServer *server);
// Poller: what was lent has come back for good.
void server_return(RpcServer *server);
// The same from any thread: the server may be gone afterwards.
void server_give_back(RpcServer *server);
// The registered or streaming method of a path; NULL: there is none.
Method *server_method(const RpcServer *server, Str path);
// Tells rpc_server_stop to look again.
void server_wake(RpcServer *server);
// Whether this thread is the server's poller.
bool server_polls(const RpcServer *server);

// --- front.c ---
void fronts_make(RpcServer *server);
// Listens, and arms slots and doors.
Err fronts_start(RpcServer *server);
void fronts_shut_down(RpcServer *server);
bool fronts_have_stopped(const RpcServer *server);
void fronts_cancel(RpcServer *server);
void fronts_destroy(RpcServer *server);

// --- listen.c ---
Err listen_on(Front *front, const RpcListener *listener);
Err listeners_check(const RpcServerOptions *options);

// --- tls.c ---
Err tls_server_credentials(const RpcTls *tls, grpc_server_credentials **ret);
Err tls_client_credentials(const RpcTls *tls, grpc_channel_credentials **ret);

// --- slots.c ---
// Makes and arms an intake's first slots.
Err slots_start(Intake *intake);
void slots_free(Intake *intake);
// Poller: the answer is out; recycles the slot.
void slot_sent(Event *event, bool ok);
void slot_drop_arena(RpcCall *call);
// Arenas for calls. Only the poller keeps spare ones.
Arena *arena_take(RpcServer *server);
void arena_give(RpcServer *server, Arena *arena);

// --- call.c ---
extern const CallWay call_over_grpc;
// Authorises, unpacks, and hands over to the handler.
void call_run(RpcCall *call);
// The same for a call whose caller is known already.
void call_hand_over(RpcCall *call);
// Error: REQUEST_TOO_LARGE.
Err call_check_size(const RpcCall *call, size_t size);
// Whether a request of `size` bytes is taken on at all. Errors: BUSY, REQUEST_TOO_LARGE.
Err call_admit(RpcCall *call, size_t size);
// The call is no longer in flight, if it ever was.
void call_leave(RpcCall *call);
// Runs an admitted call, here or on a worker thread.
void call_dispatch(RpcCall *call);
// Sends an answer that is packed. The slot is the poller's from then on.
void call_send(RpcCall *call);

// --- answers.c ---
// Any thread: leaves a packed answer to the poller. False: it is better sent at once.
bool answers_leave(RpcCall *call);
// Poller: what `ready` does.
void answers_send(Event *event, bool ok);

// --- figures.c ---
// NULL if memory is out.
CallFigures *call_figures_new(Arena *arena);
// Counts a call that is about to be answered.
void call_figures_count(const RpcCall *call, int status);

// --- peer.c ---
// Fills call->peer, in the call's arena, all but the address.
Err peer_read(RpcCall *call);

// --- buffer.c ---
// The buffer's bytes, copied into the arena only if they are in pieces. Errors: REQUEST_MALFORMED,
// NOT_SUPPORTED (compressed), NO_MEMORY.
Err buffer_bytes(const grpc_byte_buffer *buffer, Arena *arena, Str *ret);
// The caller's to unref.
grpc_slice slice_pack(const ProtobufCMessage *message);
grpc_byte_buffer *buffer_pack(const ProtobufCMessage *message);

// --- status.c ---
typedef struct Status {
	grpc_status_code code;
	grpc_slice message;
	grpc_metadata details;
} Status;
// This thread's last failure if it is about `e` and fit to be sent, else the table's words.
ErrDetail status_failure(Err e);
// The status of `e` with google.rpc details from this thread's last failure.
void status_make(Err e, Status *ret);
void status_free(Status *status);
// Fills a send-status op with it; both must stay until the batch has been started.
void status_op(Status *status, grpc_op *ret);
// The client's side: what the server said. `ret->id` is OK if it said nothing of ours.
void status_read(const grpc_metadata_array *trailers, ErrDetail *ret);
// The error that stands for a bare gRPC status.
Err status_err(int code);

// --- workers.c ---
Err workers_new(size_t count, size_t queue_max, Workers **ret);
// False if the queue is full.
bool workers_submit(Workers *workers, RpcCall *call);
// Calls still queued are answered SHUTTING_DOWN from now on.
void workers_refuse(Workers *workers);
// Runs what is queued, then ends the threads.
void workers_free(Workers *workers);

// --- thread.c ---
// A named thread with all signals blocked.
Err thread_start(const char *name, void *(*run)(void *), void *argument, pthread_t *ret);

// --- doors.c: calls of methods that are not registered ---
// Arms the doors.
Err doors_start(Front *front);
void doors_free(Front *front);

// --- stream.c ---
// A kind of streaming method. Its functions run on the poller with the server's lock held.
typedef struct StreamKind {
	const char *path;
	size_t max_streams; // of all kinds that are open when one of this kind is wanted
	void (*message)(Stream *stream, Str bytes, Arena *arena);
	void (*half_closed)(Stream *stream);
	void (*sent)(Stream *stream); // the last stream_send is out
} StreamKind;

struct Stream {
	Stream *prev, *next;
	RpcServer *server;
	const StreamKind *kind;
	grpc_call *core;
	grpc_metadata_array headers;
	Event received, written, ended, closed;
	grpc_byte_buffer *in, *out;
	int cancelled;
	int lent;     // events that gRPC core holds
	bool sending; // one message at a time
	bool ending;  // no more messages; the status goes out after the one that is being sent
	bool over;    // the status went out, or the call is gone
	Err end;
	const void *state; // the kind's own
	int said;          // the kind's own: what the other end was told last
};

// The kind that serves a path, or NULL.
const StreamKind *stream_kind(grpc_slice path);
// Takes over call and headers, unless there is no room: then false.
bool stream_open(
        RpcServer *server, const StreamKind *kind, grpc_call *core, const grpc_metadata_array *headers);
void stream_receive(Stream *stream);
void stream_send(Stream *stream, const ProtobufCMessage *message);
void stream_end(Stream *stream, Err e);

// --- talk.c, talks.c: streams whose messages are calls ---
// Completes a streaming method's row.
void talks_prepare(Method *method);
// Poller: takes over call and headers. Errors: those of the server's authorize, BUSY, SHUTTING_DOWN,
// NO_MEMORY; then nothing was taken over.
Err talk_open(Method *method, const Front *front, grpc_call *core, gpr_timespec deadline,
        const grpc_metadata_array *headers);
// Ends all streams as soon as what was read is answered. Lock held.
void talks_drain(RpcServer *server);
// Poller: ends streams that are idle or old, if it is time to look; returns when to look again.
gpr_timespec talks_look(RpcServer *server);

// --- poll.c ---
// The poller's own; at first all zeros.
typedef struct Poll {
	unsigned pays;     // of late, looking for calls did
	unsigned unpushed; // events since answers were pushed out
} Poll;
// Waits for the next event of the queue, or until streams are to be looked at (a GRPC_QUEUE_TIMEOUT).
grpc_event poll_next(RpcServer *server, Poll *poll);

// --- coalesce.c ---
// From now on this thread's sends are gathered, where that pays.
void coalesce_begin(void);
// Before a thread that began ends.
void coalesce_end(void);
// This thread sends to the descriptor. Whether the send is to be marked MSG_MORE.
bool coalesce_note(int fd);
// Sends what this thread has gathered.
void coalesce_push(void);
// This thread waits, or does no longer: what is sent meanwhile leaves at once.
void coalesce_wait(bool waits);

// --- health.c ---
extern const StreamKind health_watch;
Err health_new(RpcServer *server);
Err health_add(RpcServer *server, const char *service);
// Everything stops serving and the watchers are told and sent away. Lock held.
void health_drain(RpcServer *server);

// --- reflection.c ---
extern const StreamKind reflection_v1, reflection_v1alpha;
Err reflection_new(RpcServer *server);
