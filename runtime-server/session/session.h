// A session as the calls on it see it: who, under which snapshot, with which attribute values and segments,
// what was recommended and which events were taken. All of it belongs to whoever has the session (table.h);
// nothing here locks. A fresh session takes under 1 KiB beside its attribute values; what grows is bounded
// and the bounds are below.
#pragma once
#include "decide/decide.h"
#include "session/ring.h"

enum {
	SESSION_ID_MAX = 128,
	SESSION_TREATMENTS = 256, // remembered; more only if a single answer holds more
	SESSION_EVENTS = 128,     // event IDs remembered
};

// 128 bits of a client event ID: what it takes to know it again.
typedef struct EventKey {
	uint64_t high, low;
} EventKey;

// What history needs of a treatment, as text: valid under any snapshot.
typedef struct TreatmentFacts {
	Str offer_code, rule, segment, point, zone, campaign, cell; // empty: there is none
} TreatmentFacts;
// Of a candidate at a point; borrowed from the plan.
TreatmentFacts treatment_facts(const Plan *plan, CandidateId id, uint32_t point);

typedef struct Treatment {
	char code[TREATMENT_CODE_SIZE];
	CandidateId id; // of the session's snapshot, as `point`, unless `facts` is set
	uint32_t point;
	const TreatmentFacts *facts; // set once the session has left the snapshot that recommended it
} Treatment;

// The values of a level's attributes and the visitor's segments, in one block of memory.
typedef struct SessionValues SessionValues;

// Where an attribute's value came from. A byte each in arrays.
enum { FROM_DEFAULT, FROM_PROFILE, FROM_SESSION };

// Things that happened to a session between two calls; the next answer tells.
enum { SESSION_NOTE_CHANGED = 1 << 0, SESSION_NOTE_DROPPED = 1 << 1 };

typedef struct Session {
	// The table's.
	struct Session *next, *visit_next, *wheel_next, **wheel_link;
	struct SessionWaiter *first_waiter, **last_waiter;
	uint64_t hash;
	unsigned waiters;
	bool busy;
	// Whoever has the session.
	bool started; // its start has been answered; until then it is nobody's session yet
	bool debug;   // every answer of getOffers explains
	unsigned notes;
	uint64_t sequence;       // the highest that a call had; 0: none had any
	uint64_t sequence_epoch; // `sequence` is forgotten when the owner's epoch is another
	int64_t timeout_us;      // idle time after which it ends
	int64_t expires_us;      // on the table's clock; set by session_leave
	void *pin;        // the deployed snapshot, kept alive for the session; NULL: the session is fresh
	const Plan *plan; // of that snapshot
	int level;        // index of the audience level in it
	Str audience_id;  // canonical text of the keys; the session's own, with a NUL behind it
	SessionValues *values;
	Ring treatments;       // of Treatment
	Ring events;           // of EventKey
	uint64_t events_epoch; // what `events` holds is forgotten when the owner's epoch is another
	TreatmentFacts *old_facts;
	size_t id_len;
	char id[];
} Session;

static inline Str session_id(const Session *session)
{
	return str_n(session->id, session->id_len);
}

// --- values ---

// Replaces the values by deep copies of `items`, one per attribute of the level; `origins` tells where each
// came from. The segments are empty afterwards. On an error all stays as it was. Error: NO_MEMORY.
Err session_set_values(
        Session *session, const ExprValue *items, const uint8_t *origins, size_t count, size_t segment_words);
// The same for another visitor (or the first): also sets the level and copies the audience ID.
Err session_set_visitor(Session *session, int level, Str audience_id, const ExprValue *items,
        const uint8_t *origins, size_t count);
const ExprValue *session_items(const Session *session);
size_t session_item_count(const Session *session);
const uint8_t *session_origins(const Session *session);
// Room for plan_segment_words(session->plan) words.
uint64_t *session_segments(const Session *session);
// As the engine sees it.
Visitor session_visitor(const Session *session);
// Computes the segments from the values.
void session_segment(Session *session, int64_t as_of_us, Arena *scratch);

// --- treatments and events ---

// Remembers the treatments of one answer. Error: NO_MEMORY.
Err session_remember_decision(Session *session, const Decision *decision);
// NULL if it is not (or no longer) known.
const Treatment *session_treatment(const Session *session, Str code);
TreatmentFacts session_treatment_facts(const Session *session, const Treatment *treatment);

// `epoch`: whenever it differs from the last call's, all event IDs are forgotten first.
bool session_event_seen(Session *session, uint64_t epoch, EventKey key);
// Makes room for one more, so that session_event_remember cannot fail. Error: NO_MEMORY.
Err session_event_reserve(Session *session);
void session_event_remember(Session *session, EventKey key);

// --- carrying on under another snapshot ---

// Puts the session's values into the slots that attributes of the same name and type have in a level of
// `plan`, with their origins: those from the profile and from the session (`least` is FROM_PROFILE), or the
// session's alone, as far as a session may set them there (FROM_SESSION). The rest of both arrays stays.
// Returns whether a value had no place. What is put borrows from the session.
bool session_carry(
        const Session *session, const Plan *plan, int level, int least, ExprValue *values, uint8_t *origins);
// Moves the session to `plan`: values by attribute name and type (new attributes get their defaults),
// segments anew, treatments kept as text. Sets notes. `pin` is not touched. Errors: SESSION_UNKNOWN if the
// audience level is gone or has other keys (then the session cannot go on and is unchanged), NO_MEMORY.
Err session_follow(Session *session, const Plan *plan, int64_t as_of_us, Arena *scratch);

// Frees what the session owns beside itself; the table calls it.
void session_clear(Session *session);
