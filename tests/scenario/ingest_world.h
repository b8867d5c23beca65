// A design server's history on a private PostgreSQL behind mutual TLS, and a runtime server's journal that
// ships to it.
#pragma once
#include "fixture.h" // of the rpc tests: certificates

#include "history/history.h"
#include "journal/journal.h"
#include "lib/postgres.h"
#include "pg/pg.h"
#include "ship/ship.h"

#include "parley/design/v1/history.pb-c.h"
#include "parley/journal/v1/journal.pb-c.h"

#define WORLD_ENVIRONMENT "test"
#define WORLD_RUNTIME     "r1"

typedef struct World {
	TestPostgres postgres;
	Certificates certificates;
	Pg *sql; // the test's own connection
	Services services;
	RpcServer *server;
	int port;
	RpcClient *client; // a runtime server's
	char journal_dir[64];
	Journal *journal;
	Ship *ship;
	Arena *arena;
	_Atomic long acknowledged; // events that the journal acknowledged
	uint64_t next_event;
	size_t batch_bytes;    // of shipping; 0: small ones
	int ship_port;         // where shipping looks for the design server; 0: where it is
	int64_t segment_bytes; // 0: small ones, so that there are many
} World;

// For cmocka's group: the database, certificates and a running design server. One world a program.
int world_begin(void **state);
int world_end(void **state);
// For each story: empties the history; opens a journal in a new folder; closes and removes it.
int world_story_begin(void **state);
int world_story_end(void **state);

void world_design_start(World *world);
void world_design_stop(World *world);
void world_sql_connect(World *world);
void world_ship_start(World *world);
void world_ship_stop(World *world);
// Closes the journal and opens it again: the runtime server's next life.
void world_journal_restart(World *world);

// Waits until all that is durable is in the history.
void world_wait_shipped(World *world);
// The first column of the first row.
int64_t world_count(World *world, const char *sql);
void world_sql(World *world, const char *sql);

// The entries of one visit: session start, a recommendation of two offers, a contact, an accept, a mere
// event, session end. Events wait until they are durable.
enum { VISIT_RECORDS = 6 };
void world_visit(World *world, uint64_t visitor);
// The same, without waiting for anything.
void world_visit_unwaited(World *world, uint64_t visitor);
// Every table of the history has exactly what `visits` visits put there.
void world_check_visits(World *world, int64_t visits);

// An entry's context and an event, for tests that make their own.
typedef struct TestEntry {
	Parley__Journal__V1__Context context;
	Parley__Journal__V1__EventPosted event;
	Parley__Journal__V1__Entry entry;
	Parley__Journal__V1__EventMeaning meanings[4];
	char session[32], audience[32];
} TestEntry;
void world_event(World *world, TestEntry *ret, uint64_t visitor, Parley__Journal__V1__EventMeaning meaning);
void world_append(World *world, Str event_id, const Parley__Journal__V1__Entry *entry, bool wait);
void world_append_bytes(World *world, Str event_id, Str payload, bool wait);

// All durable frames of the journal's present life.
Str world_frames(World *world);
Err world_ship_frames(World *world, const char *runtime, const char *environment, uint64_t first, Str frames,
        uint64_t *ret_committed);
