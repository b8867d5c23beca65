// A session as its README describes it, one step at a time and nothing else: plain, slow, and without a line
// of the server's code. The world that it lives in is world.c's.
#pragma once
#include "story.h"

typedef struct Counts {
	uint8_t contacts[OFFERS], accepts[OFFERS], rejects[OFFERS];
} Counts;

// Compared byte by byte: made of zeroes.
typedef struct State {
	bool open, debug;
	bool unsaid; // since the last answer a call was refused, which may have kept SNAPSHOT_CHANGED to
	             // itself
	int customer;
	unsigned version, sequence;
	int age;        // set by an event; 0: the default
	unsigned tier;  // set by a call; 0: the default
	double balance; // with its source
	int balance_source;
	uint64_t posted;                   // events that the session remembers
	uint64_t own[TREATMENTS_MAX / 64]; // treatments that the session recommended
	Counts session;
	uint8_t marks[OFFERS]; // by events, for the session
	// Whom events count for: a customer and 1, or 0. They are remembered in the journal's order.
	uint8_t remembered[EVENTS_MAX];
	Counts visits[CLIENTS]; // of RECOMMEND calls that are going on
	uint64_t session_place; // of what the session last put into the journal
	uint64_t effect_place;  // of the last event that visitors remember
} State;

enum { UNMARKED, SUPPRESSED, QUALIFIED };
// Where a value came from, as the API numbers it.
enum { BY_DEFAULT = 1, BY_PROFILE, BY_SESSION, BY_EVENT };

typedef enum Fit {
	FITS_NOT, // it could not have been answered so in this state
	FITS,     // it could, and has been done
	FITS_ALL, // the whole call could have been refused so
} Fit;
Fit model_step(const Story *story, const Call *call, int step, State *state);
