// What one session went through: who called what when, and what each was answered. A call is one operation of
// one or more steps; a step is what a command is. Treatments and events have numbers within their story.
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	CLIENTS = 3,   // of a session, each with one call outstanding
	CUSTOMERS = 3, // that a session is handed over between; no other session has them
	CALLS_MAX = 48,
	STEPS_MAX = 4,
	EVENTS_MAX = 64,
	TREATMENTS_MAX = 192,
	SHOWN_MAX = 2, // offers of an answer
	LINES = 6,     // streams that all stories share
};

// The offers, by index; LUX is for grown visitors, EXTRA only if an event qualifies it.
enum { CARD, CASH, CLUB, EXTRA, LUX, OFFERS };
extern const char *const offer_codes[OFFERS];

typedef enum EventKind {
	SHOWN,
	ACCEPTED,
	REJECTED,
	HIDE, // suppresses the treatment's offer for the session
	LIKE, // qualifies EXTRA for the session
	TICK, // age + 1, and balance + 1 by an event that it triggers
	NOTE, // does nothing
	EVENT_KINDS,
} EventKind;
extern const char *const event_names[EVENT_KINDS];

typedef enum StepKind { START, OFFER, POST, PROFILE, AUDIENCE, DEBUG, END, STEP_KINDS } StepKind;

typedef enum CallKind {
	ALONE,     // one command
	BATCH,     // several in one turn
	RECOMMEND, // a visit without a session: an event or none, then offers
} CallKind;

typedef struct Posted {
	EventKind kind;
	int treatment;   // quoted; -1: none
	unsigned tier;   // parameter; 0: none
	bool visit;      // of a RECOMMEND call: never sent again
	uint64_t place;  // in the journal; 0: it is not there
	int64_t time_us; // of what it did, as the journal has it
} Posted;

typedef struct Issued {
	char code[24];
	int offer, customer;
	uint64_t place;   // in the journal
	int64_t as_of_us; // of the decision, likewise
} Issued;

typedef struct Shown {
	int count;
	int offers[SHOWN_MAX], treatments[SHOWN_MAX];
} Shown;

typedef struct Seen {
	int customer, age, tier;
	double balance;
	int age_source, tier_source, balance_source;
	bool debug;
} Seen;

// What a step was answered.
typedef struct Told {
	Err failure;
	bool gap, changed; // advisories SEQUENCE_GAP, SNAPSHOT_CHANGED
	unsigned version;  // 0: not said
	bool grown;        // segment, of START, PROFILE and AUDIENCE
	union {
		struct {
			bool resumed, no_profile;
		} start; // and AUDIENCE
		struct {
			bool explained;
			Shown shown;
		} offer;
		bool duplicate; // of POST
		Seen seen;      // of PROFILE
	};
} Told;

typedef struct Step {
	StepKind kind;
	int event;     // of POST
	int customer;  // of START and AUDIENCE
	unsigned tier; // parameter of START and AUDIENCE; 0: none
	bool on;       // of DEBUG, and of OFFER: explain
	Told told;
} Step;

typedef struct Call {
	struct Story *story;
	CallKind kind;
	int client;
	unsigned sequence; // 0: none
	int line;          // the stream that it came by, from 1 on; 0: none
	unsigned place;    // among the session's calls on that stream
	int customer;      // of RECOMMEND
	int64_t begun_ns, ended_ns;
	Step *steps;
	int count;
} Call;

typedef struct Story {
	unsigned number;
	bool restarts; // the session is closed and opened again; else events are sent twice
	char id[24];
	pthread_mutex_t lock; // of all below, while calls are made
	pthread_cond_t ended;
	Arena *arena;
	bool busy[CLIENTS];
	Call *calls[CALLS_MAX];
	int call_count;
	Posted events[EVENTS_MAX];
	int event_count;
	Issued treatments[TREATMENTS_MAX];
	int treatment_count;
	unsigned sequence, tier;             // the last that was given out
	bool missing;                        // the last answer was that there is no session
	unsigned asked[LINES], heard[LINES]; // on each stream; the stream's
} Story;

void story_print(const Story *story);

// Whether some serial order explains the story: one in which every call stands between its beginning and its
// end and is answered as by a session that does one call after the other (model.h). `ret_tried` counts the
// states that were looked at; beyond a million the story counts as not explained.
bool story_explained(const Story *story, size_t *ret_tried);
