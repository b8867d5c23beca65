// What the files of this room share.
#pragma once
#include "current/current.h"
#include "rehearsal/rehearsal.h"
#include "service/service.h"
#include "visitor/visitor.h"

struct RehearsalContent {
	Arena *arena; // its own
	Parley__Snapshot__V1__Snapshot *snapshot;
	const Plan *plan;
	const Lasting *lasting;
	const void *prepared; // without a view of visitor state
	uint64_t version;
	Digest digest;
};

struct Rehearsal {
	RehearsalOptions options;
	int64_t now_us;       // 0: nothing has happened yet
	int64_t next_us;      // when the sweep comes again: the next full second
	uint64_t seed, seeds; // of the call, and how many it has taken
	Arena *arena;         // what lives as long as the rehearsal
	Arena *scratch;       // of one call
	Journal *journal;
	Visitors *visitors;
	const void *prepared;
	Current *current;
	Profile *profile;
	Service *service;
};
