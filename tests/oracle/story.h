// A story of visitors who ask for offers, told to two rehearsals: what their worlds are like, and what they
// do. Visitors ask the same again and again, and between two questions, by chance, time passes (mostly to
// where something begins or ends), attributes are set, events happen, the visitor becomes another, or the
// question is put otherwise.
#pragma once
#include "oracle.h"
#include "rehearsal/rehearsal.h"

enum { STORY_SESSIONS = 3, STORY_POINTS = 3 };

typedef Parley__Runtime__V1__BatchCommand BatchCommand;
typedef Parley__Runtime__V1__BatchResult BatchResult;
typedef Parley__Runtime__V1__GetOffersRequest GetOffersRequest;

// What a rehearsal told its journal since the last call, one entry behind the other.
typedef struct Told {
	char *bytes;
	size_t len, room;
} Told;

typedef struct Story {
	Chance chance;
	Arena *arena;   // of the world
	Arena *scratch; // of a step
	const World *world;
	int64_t now_us;
	Rehearsal *plain, *repeating;
	Told of_plain, of_repeating;
	GetOffersRequest *questions[STORY_SESSIONS];     // that are asked again
	char codes[STORY_SESSIONS][TREATMENT_CODE_SIZE]; // the latest that was answered
	uint64_t *repeated;                              // questions to a session that remembers an answer
} Story;

// Events that do something with the offer of a treatment, before those that set an attribute.
enum { STORY_QUOTING = 5 };
// Gives the world events, lets touchpoints set its attributes, and mostly makes decisions last longer.
void story_prepare(Chance *chance, World *world);
// Moves `now_us`, or leaves it.
void story_let_time_pass(Story *story);

char *story_session(const Story *story, uint32_t number);
// NULL: it is not open.
const Session *story_session_of(const Story *story, Rehearsal *rehearsal, uint32_t number);
BatchCommand *story_start(Story *story, uint32_t number);
// What the session's touchpoint does next.
BatchCommand *story_next(Story *story, uint32_t number);
