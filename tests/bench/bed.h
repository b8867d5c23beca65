// A running parley-runtime with a rule set deployed over ControlService and sessions open, and floor servers
// beside it.
#pragma once
#include "bench.h"
#include "floor_load.h"
#include "process.h" // of the runtime's scenarios

#define PATH_GET_OFFERS "/parley.runtime.v1.InteractionService/GetOffers"
#define PATH_POST_EVENT "/parley.runtime.v1.InteractionService/PostEvent"

// Spread over many sessions: calls on one session wait for each other. A multiple of all connections ×
// outstanding in use, so that no two calls in flight are ever on the same.
enum { BED_SESSIONS = 4096 };

typedef struct Bed {
	Home home;
	Arena *arena;
	Client touchpoint;
	Str get_offers[BED_SESSIONS]; // requests, packed
	Str post_event[BED_SESSIONS]; // with a place for the event ID, see bed_event_request
	LoadTls tls;
} Bed;

// Starts the runtime with `rules` rules.
void bed_make(Bed *bed, size_t rules);
void bed_remove(Bed *bed);

// A floor server that answers `path` with `bytes` bytes.
typedef struct FloorServer {
	pid_t pid;
	int port;
} FloorServer;
void floor_start(FloorServer *floor, const char *path, size_t bytes);
void floor_stop(FloorServer *floor);

enum { EVENT_REQUEST_MAX = 512 };
// A request of one session with an event ID that was never used before, in `space`.
Str bed_event_request(const Bed *bed, size_t session, char space[EVENT_REQUEST_MAX]);
// Processor time of a process so far, in microseconds.
double process_cpu_us(pid_t pid);
