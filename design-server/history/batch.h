// From shipped frames to facts, in memory: what each record means for history, or why it cannot be history.
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "journal/journal.h"

#include "parley/journal/v1/journal.pb-c.h"

typedef enum FactKind {
	FACT_RECOMMENDATION,
	FACT_CONTACT,
	FACT_ACCEPT,
	FACT_REJECT,
	FACT_EVENT,
	FACT_SESSION_START,
	FACT_SESSION_END,
	FACT_LATE,
	FACT_CELL,
	FACT_OUTCOME, // for the matcher, as FACT_LATE
	FACT_KIND_COUNT,
} FactKind;

typedef struct BatchRecord {
	JournalRecord frame;
	Parley__Journal__V1__Entry *entry; // NULL: rejected
	const char *reason;                // why, if it is
	bool known;                        // taken in before: its facts are skipped
	bool repeated;                     // known, but by its event's ID only: the record itself is new
	bool effects_told;                 // an event's effects are not what its facts say by themselves
	Str effects;                       // then: they, packed
} BatchRecord;

typedef struct Fact {
	const BatchRecord *record;
	FactKind kind;
	int64_t position;                                // among the record's facts
	const Parley__Journal__V1__CellMembership *cell; // of FACT_CELL
	bool held_out;                                   // likewise
} Fact;

// The run of records of one request. Views into the request's bytes; the rest is in the arena.
typedef struct Batch {
	BatchRecord *records; // in sequence, without gaps
	size_t count;
	Fact *facts;
	size_t fact_count;
	size_t late_count; // of the facts, those for the matcher
} Batch;

// Whose journal it is, and when the batch came.
typedef struct BatchSource {
	Str environment, runtime_id;
	uint64_t incarnation;
	int64_t now_us;
} BatchSource;

// What the request says that the records must agree with.
typedef struct BatchClaim {
	Str runtime_id;
	uint64_t incarnation, first_sequence;
	Str frames;
} BatchClaim;

// Checks every frame; what is inside is judged record by record and never an error. Errors: JOURNAL_CORRUPT
// (a frame), REQUEST_MALFORMED (other records than the request says, or not one after the other), NO_MEMORY.
Err batch_read(const BatchClaim *claim, Arena *arena, Batch *ret);
// The same of records that no runtime server shipped: their frames are filled in, and in sequence. Error:
// NO_MEMORY.
Err batch_make(BatchRecord *records, size_t count, Arena *arena, Batch *ret);

// The last sequence that the record speaks for.
static inline uint64_t batch_record_last(const BatchRecord *record)
{
	return record->frame.lost_until ? record->frame.lost_until : record->frame.sequence;
}
