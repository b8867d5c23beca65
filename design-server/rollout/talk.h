// A conversation with one runtime server: a round of its worker.
#pragma once
#include "rollout/internal.h"

typedef struct Talk {
	Worker *worker;
	const Plan *plan;
	Report *report;
	bool changed; // since it was asked
} Talk;

// Connects unless that is done.
Err talk_connect(Worker *worker, Arena *arena);
// What it runs, into the report.
Err talk_ask(Talk *talk);
Err talk_send_roots(Talk *talk);
Err talk_send_timestamp(Talk *talk);
// What visitors did that it has not heard of.
Err effects_send(const Talk *talk);
// A manifest with its snapshot: as what serves, or as a candidate for a share of the sessions.
Err talk_activate(Talk *talk, const Link *link, bool candidate, uint32_t permille);
// What becomes of the candidate whose manifest has this digest, in hex.
Err talk_steer(Talk *talk, const Line *line, const char *manifest, Parley__Runtime__V1__SteerAction action,
        uint32_t permille);
