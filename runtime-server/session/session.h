// A session as the calls on it see it: who, under which snapshot, with which attribute values and segments,
// what was recommended and which events were taken. All of it belongs to whoever has the session (table.h);
// nothing here locks. A fresh session takes under 1 KiB beside its attribute values; what grows is bounded
// and the bounds are below.
#pragma once
#include "decide/lasting.h"
#include "session/facts.h"
#include "session/pending.h"
#include "session/ring.h"
#include "session/values.h"

enum {
	SESSION_ID_MAX = 128,
	SESSION_TREATMENTS = 256, // remembered; more only if a single answer holds more
	SESSION_EVENTS = 128,     // event IDs remembered
};

// 128 bits of a client event ID: what it takes to know it again.
typedef struct EventKey {
	uint64_t high, low;
} EventKey;

// What history needs of a treatment of a candidate at a point; borrowed from the plan.
TreatmentFacts treatment_facts(const Plan *plan, CandidateId id, uint32_t point);
// Those that a rule or global offer brings; the others stay.
void rule_facts(const Parley__Snapshot__V1__Snapshot *snapshot,
        const Parley__Snapshot__V1__TreatmentRule *rule, TreatmentFacts *ret);

typedef struct Treatment {
	char code[TREATMENT_CODE_SIZE];
	CandidateId id; // of the session's snapshot, as `point`, unless `facts` is set
	uint32_t point;
	const TreatmentFacts *facts; // set once the session has left the snapshot that recommended it
} Treatment;

// What treatments are told by that the session remembers of one snapshot that it has left; the ring forgets
// the oldest first, so these go in the order in which they came.
typedef struct OldFacts {
	struct OldFacts *next;
	uint32_t left; // treatments that still point into it
	TreatmentFacts facts[];
} OldFacts;

// Things that happened to a session between two calls; the next answer tells.
enum {
	SESSION_NOTE_CHANGED = 1 << 0,
	SESSION_NOTE_DROPPED = 1 << 1, // attributes
	SESSION_NOTE_ACTIONS = 1 << 2, // actions whose time had not come
	// Of actions whose time came:
	SESSION_NOTE_FAILED = 1 << 3, // could not be done; with a text
	SESSION_NOTE_LIMIT = 1 << 4,  // were left out; with a text
	SESSION_NOTE_PAUSED = 1 << 5, // were not recorded
};
enum {
	SESSION_NOTE_TEXT = 512, // bytes of a note's text; "; and more" may follow
	SESSION_NOTE_TEXTS = 2,
};

typedef struct Session {
	// The table's.
	struct Session *next, *visit_next, *wheel_next, **wheel_link;
	struct SessionWaiter *first_waiter, **last_waiter;
	uint64_t hash;
	unsigned waiters;
	bool busy;
	int64_t wheel_tick; // of the slot it is in
	// Whoever has the session.
	bool started;   // its start has been answered; until then it is nobody's session yet
	bool debug;     // every answer of getOffers explains
	bool segmented; // segments were computed since the owner looked last
	unsigned notes;
	struct TraceSpan *span;               // of the call that has it; NULL: none has, or it is not traced
	char *note_texts[SESSION_NOTE_TEXTS]; // NULL: none
	uint64_t sequence;                    // the highest that a call had; 0: none had any
	uint64_t sequence_epoch;              // `sequence` is forgotten when the owner's epoch is another
	int64_t timeout_us;                   // idle time after which it ends
	int64_t expires_us;                   // on the table's clock; set by session_leave
	int64_t wake_us;                      // likewise: when the sweep has to hand it out; 0: never
	// The deployed snapshot, kept alive for the session; NULL: the session is fresh. Set by session_pin.
	void *pin;
	const Plan *plan; // of that snapshot
	uint64_t chooser; // the session's place when a candidate is shared out; set with the first pin
	int level;        // index of the audience level in it
	Str audience_id;  // canonical text of the keys; the session's own, with a NUL behind it
	SessionValues *values;
	// What the owner remembers of its answers to the visitor as the engine sees him: forgotten when that
	// is another. May be NULL.
	LastingDecision *lasting;
	uint64_t visitor;   // the owner's: where visitor state has the visitor
	uint64_t cells_key; // likewise: which cells history was told; 0: none
	Facts facts;
	PendingList pending;
	Ring treatments;       // of Treatment
	Ring events;           // of EventKey
	uint64_t events_epoch; // what `events` holds is forgotten when the owner's epoch is another
	OldFacts *old_facts, **old_facts_end; // a queue, the oldest first; its end is NULL while it is empty
	size_t id_len;
	char id[];
} Session;

// A session that begins, or goes on with other attributes, as who knows the snapshot's indexes says it.
typedef struct SessionStart {
	const char *session_id, *channel;
	int level;
	const ExprValue *keys; // of its types, in its order
	Parameters parameters;
} SessionStart;

// Offers that are asked for likewise.
typedef struct SessionAsk {
	const DecidePoint *points;
	size_t count;
	bool explain;
} SessionAsk;

static inline Str session_id(const Session *session)
{
	return str_n(session->id, session->id_len);
}

// --- values ---

// A copy to work on; it borrows from the session. Error: NO_MEMORY.
Err session_values(const Session *session, Arena *arena, Values *ret);
// Replaces the session's values by deep copies of these. On an error all stays as it was. Error: NO_MEMORY.
Err session_keep(Session *session, const Values *values);
// The same visitor's, under the same plan, in a block that was made before: that cannot fail.
void session_put_values(Session *session, SessionValues *block);
// The same for another visitor (or the first): also sets the level and copies the audience ID.
Err session_set_visitor(Session *session, int level, Str audience_id, const Values *values);
const ExprValue *session_items(const Session *session); // what expressions see
const ExprValue *session_given(const Session *session);
const uint8_t *session_origins(const Session *session);  // of what was given
int session_origin(const Session *session, size_t slot); // of what expressions see
const uint64_t *session_segments(const Session *session);
// As the engine sees it, but for what is remembered of the visitor beyond the session.
Visitor session_visitor(const Session *session);

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

// --- what the next answer tells ---

// Notes it. `text` is of things with "; " between them, and is put behind what the note has already, as far
// as there is room. Of one that has no text: empty.
void session_note(Session *session, unsigned note, Str text);
const char *session_note_text(const Session *session, unsigned note);
void session_forget_notes(Session *session);

// --- carrying on under another snapshot ---

// Puts what the session was given into the slots that attributes of the same name and type have in a level of
// `plan`, with its origins: all but defaults (`least` is FROM_PROFILE), or only what calls and events set, as
// far as a session may set it there (FROM_SESSION). The rest of `values` stays. Returns whether a value had
// no place. What is put borrows from the session.
bool session_carry(const Session *session, const Plan *plan, int level, int least, Values *values);
// Moves the session to `plan`: values by attribute name and type (new attributes get their defaults),
// segments anew, treatments kept as text, facts and pending actions found again. Sets notes. `pin` is not
// touched. Errors: SESSION_UNKNOWN if the audience level is gone or has other keys (then the session cannot
// go on and is unchanged), NO_MEMORY.
Err session_follow(Session *session, const Plan *plan, int64_t as_of_us, Arena *scratch);

// Frees what the session owns beside itself; the table calls it.
void session_clear(Session *session);
