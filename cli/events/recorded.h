// Recorded history as events to plan over: what touchpoints asked and told once, without what came of it. The
// history is read backwards, moment by moment, so that where it is can be said by a time alone. README.md
// tells what the history cannot say.
#pragma once
#include "cli.h"
#include "eventset/eventset.h"

typedef struct RecordedCounts {
	uint64_t entries; // of the history
	uint64_t questions, events;
	// Left out:
	uint64_t caused;  // an event or a delay brought them about, and will again
	uint64_t late;    // responses without a session
	uint64_t unnamed; // outcomes whose event the history does not name
	uint64_t unknown; // of an audience level that the channel does not have any more
	uint64_t
	        conditions; // on offers, and "not twice in one call": of questions that are told without them
	uint64_t values;    // of attributes, that have no text
	uint64_t bare;      // questions without a readable receipt: of the offers that were given, and no
	                    // attributes
} RecordedCounts;

typedef struct RecordedOptions {
	Cli *cli;
	const char *environment, *channel;
	int64_t since_us, until_us;
} RecordedOptions;

typedef struct Recorded Recorded;

// `options` is copied; `counts` may come from a former attempt that had come down to `until_us`. Error:
// NO_MEMORY.
Err recorded_open(const RecordedOptions *options, const RecordedCounts *counts, Recorded **ret);
void recorded_close(Recorded *recorded); // NULL is fine
// Reads some more, newest first, events of one moment in their order; `take` hears of each. *ret_until_us:
// all from there on has been told. Errors: those of the servers and of `take`; LIMIT: too many in one moment.
Err recorded_read(Recorded *recorded, Err (*take)(void *context, const Event *event), void *context,
        int64_t *ret_until_us, bool *ret_end);
const RecordedCounts *recorded_counts(const Recorded *recorded);

// --- recorded_question.c: what was asked, by a decision's receipt ---

typedef struct Questions Questions;

Err questions_open(Cli *cli, const char *environment, const char *channel, Questions **ret);
void questions_close(Questions *questions);
// Fetches the receipts of a period, ends included, in the place of those before. Errors: of the server.
Err questions_fetch(Questions *questions, int64_t first_us, int64_t last_us);
// Adds what the decision was asked to the event: points with how many, attributes that it was given.
// *ret_read is false if there is no receipt that can be read. Error: NO_MEMORY, LIMIT, of the server.
Err questions_fill(Questions *questions, const char *decision_id, Arena *arena, Event *event,
        RecordedCounts *counts, bool *ret_read);
