// What the files of this room share.
#pragma once
#include "base/cleanup.h"
#include "service/access.h"
#include "service/check.h"
#include "service/prepared.h"
#include "service/proto.h"
#include "service/service.h"
#include "session/table.h"
#include "trace/trace.h"

#include <stdatomic.h>

typedef struct InFlight InFlight;
typedef struct Recent Recent;

struct Service {
	ServiceOptions options;
	SessionTable *sessions;
	InFlight *events;
	Recent *responses;
	uint64_t life;       // random: seeds of this life
	uint64_t event_seed; // random: of event keys
	atomic_uint_fast64_t calls;
	atomic_bool moved; // a snapshot was activated since the last sweep
	Arena *sweep_arena;
};

static inline int64_t wall_now(const Service *service)
{
	return clock_now_us(service->options.wall);
}

static inline int64_t steady_now(const Service *service)
{
	return clock_now_us(service->options.steady);
}

// Where an answer goes: to a call, or into a batch's.
typedef struct Reply {
	// The answer, or this thread's last failure; at most once. Everything may be gone afterwards.
	void (*send)(struct Reply *reply, Err result, const void *response);
} Reply;

// What serves is another: sessions are moved at the next sweep.
void service_changed(Service *service);
// Unique per call in this life of the process.
uint64_t service_seed(Service *service);
EventKey service_event_key(const Service *service, Str event_id);
// What serves the channel; the caller lets go with current_release. Error: CHANNEL_NOT_DEPLOYED.
Err service_deployed(Service *service, Str channel, const Deployed **ret);
// Puts a fresh session under the snapshot that serves it: stable or candidate, by `chooser`. Error:
// CHANNEL_NOT_DEPLOYED.
Err service_pin(Service *service, Session *session, Str channel, uint64_t chooser);
// What a span says of the snapshot that its session is under.
void service_tell_pin(const Session *session);
// Moves a session to the snapshot that serves it, if it is on another. Errors: SESSION_UNKNOWN if it cannot
// go on (its end has been recorded; the caller ends it), CHANNEL_NOT_DEPLOYED if nothing serves any more (it
// may go on when something does again), NO_MEMORY.
Err service_follow(Service *service, Session *session, int64_t now_us, Arena *arena);

// One handler a method.
void handle_start_session(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_get_offers(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_post_event(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_end_session(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_get_profile(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_set_audience(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_set_debug(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_execute_batch(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_recommend(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_converse(void *service, RpcCall *call, const ProtobufCMessage *request);
extern const RpcStreaming conversations; // of handle_converse
void handle_post_response(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_get_version(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_stage_blob(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_activate(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_steer(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_put_root(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_put_timestamp(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_put_floor(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_apply_effects(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_get_status(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_erase(void *service, RpcCall *call, const ProtobufCMessage *request);
void handle_list_audit_heads(void *service, RpcCall *call, const ProtobufCMessage *request);
