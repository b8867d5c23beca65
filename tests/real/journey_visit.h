// One line of a household's year: the mailer of a campaign that it was sent, or a coupon that it redeemed.
#pragma once
#include "touchpoint.h"

#include <stdio.h>

enum { MAILER_OFFERS = 5, CODE_SIZE = 80 };

typedef struct Errand {
	int64_t at_us; // wall clock
	long line, household;
	bool redeems; // else it is the mailer
	char campaign[16], coupon[CODE_SIZE];
	struct Errand *mailer; // that this household was sent by this campaign; NULL: none in this run
	// What the mailer showed, for redemptions in another session; complete once `done`.
	struct {
		char treatment[CODE_SIZE], coupon[CODE_SIZE];
	} shown[MAILER_OFFERS];
	size_t shown_count;
	atomic_bool done;
} Errand;

// Where what was acknowledged is written; each thread has files of its own.
typedef struct ErrandLog {
	FILE *offers; // line,kind,household,campaign,rank,offer,treatment; rank 0: none
	FILE *events; // event ID,kind,household,campaign,offer,across
} ErrandLog;

typedef struct ErrandWorld {
	Touchpoint *touchpoint;
	RpcClient *client;
	ErrandLog *log;
} ErrandWorld;

// Errors: the last call's, once patience is over or it is one that repeating does not mend.
Err errand_run(const ErrandWorld *world, Errand *errand, Arena *arena);
