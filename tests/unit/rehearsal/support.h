// A rehearsal of the bank, its calls in few words, and all that its journal was told.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "decide/decide.h"
#include "rehearsal/rehearsal.h"
#include "world/world.h"

#define NOON_US (INT64_C(1767268800) * US_PER_S) // 2026-01-01, 12:00
#define HOUR_US (3600 * US_PER_S)

typedef Parley__Journal__V1__Entry Entry;
typedef Parley__Runtime__V1__BatchCommand BatchCommand;
typedef Parley__Runtime__V1__BatchResult BatchResult;
typedef Parley__Runtime__V1__PointOffers PointOffers;

enum { TOLD_MAX = 4096 };

typedef struct Stage {
	Arena *arena; // of what the test makes
	RehearsalContent *content;
	RehearsalOptions options;
	Rehearsal *rehearsal;
	Str told[TOLD_MAX]; // packed entries
	size_t count;
} Stage;

// The bank, or another world; nothing has happened yet.
void stage_set(Stage *stage, World *(*make)(Arena *arena));
void stage_clear(Stage *stage);
// Begins again with nothing, or with a checkpoint.
void stage_begin(Stage *stage, int state_fd);
// The entry with that number.
const Entry *stage_entry(const Stage *stage, size_t index);

BatchCommand *start(Stage *stage, const char *session, int64_t customer);
BatchCommand *offers(Stage *stage, const char *session, const char *point, uint32_t max);
BatchCommand *event(Stage *stage, const char *session, const char *id, const char *event, const char *code);
BatchCommand *end(Stage *stage, const char *session);
void set_int(Stage *stage, BatchCommand *start, const char *name, int64_t value);
void set_double(Stage *stage, BatchCommand *start, const char *name, double value);
void set_string(Stage *stage, BatchCommand *start, const char *name, const char *value);

// A call; one that must succeed.
BatchResult *call(Stage *stage, int64_t at_us, uint64_t seed, const BatchCommand *command);
BatchResult *must_call(Stage *stage, int64_t at_us, uint64_t seed, const BatchCommand *command);
// Of getOffers with one point.
PointOffers *must_offers(
        Stage *stage, int64_t at_us, uint64_t seed, const char *session, const char *point, uint32_t max);
// A checkpoint in a file without a name, and its bytes.
int stage_save(Stage *stage, Str *ret);
