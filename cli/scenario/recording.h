// A scenario in the making, from a recorded session.
#pragma once
#include "history/decision.h"

typedef struct Recording {
	Cli *cli;
	const Plan *plan;   // of the last decision; NULL: there was none yet
	int64_t begun_us;   // of the session; 0: not known
	int64_t last_us;    // of the last step
	json_t *events;     // IDs of events and names of decisions that are in
	json_t *treatments; // codes that the session's decisions issued
	json_t *scenario;   // its members but for the steps
	json_t *steps;
	const char *level, *id; // whose session it is now; NULL: not known
	json_t *given;          // what the touchpoint had said by the last decision
} Recording;

// Something of the session that a scenario cannot have, told on standard error.
void recording_lacks(const char *what);
// Takes `step` over: at that moment.
void recording_step(Recording *recording, json_t *step, int64_t time_us);
// A question with what was answered and why; before the first, whom it was about and what had happened.
Err recording_decision(Recording *recording, const RecordedDecision *recorded, const Replay *replay);
// The whole of it, a new reference.
json_t *recording_file(Recording *recording);
