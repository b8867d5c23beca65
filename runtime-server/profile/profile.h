// Visitors' attributes from the environment's profile database: the data administrator's own tables, one per
// audience level, read with a read-only login. Loading never blocks a caller and never fails a session: it
// ends, within its time-out, in one of the outcomes below, and a session goes on with what there is.
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "expr/expr.h"

#include "parley/snapshot/v1/snapshot.pb-c.h"

enum {
	PROFILE_TEXT_MAX = 4096, // bytes of a text value
	PROFILE_LIST_MAX = 256,  // members of a list value
};

typedef struct Profile Profile;

typedef struct ProfileOptions {
	const char *conninfo; // libpq's; NULL: there is no profile database
	int timeout_ms;       // from profile_load to its answer; 0: 200
	size_t connections;   // each with a thread; 0: 4
	size_t queue;         // requests that wait; 0: 1024; beyond they are UNAVAILABLE at once
	int retry_ms;         // pause between attempts to connect; 0: 500
	// Told, from a thread of the loader, when the database goes (with why) and when it comes back. May be
	// NULL.
	void (*on_change)(void *context, bool available, const ErrDetail *why);
	void *context;
} ProfileOptions;

typedef enum ProfileOutcome {
	PROFILE_NONE, // the level has no profile table
	PROFILE_LOADED,
	PROFILE_NOT_FOUND,   // no row has the visitor's keys
	PROFILE_AMBIGUOUS,   // several rows have: none is taken
	PROFILE_UNAVAILABLE, // no database, away, too slow, or it refused the query
} ProfileOutcome;
// "loaded", "not found", …: as the journal says it.
const char *profile_outcome_name(ProfileOutcome outcome);

// What to ask for a level: made once per snapshot.
typedef struct ProfileQuery ProfileQuery;
// Lives in `arena`, and so must `level`. *ret is NULL if the level has no profile table. Errors:
// SNAPSHOT_INVALID, NO_MEMORY.
Err profile_query_new(
        const Parley__Snapshot__V1__AudienceLevel *level, Arena *arena, const ProfileQuery **ret);

// One load. The caller fills the first part and keeps it, with its arena, untouched until `done`.
typedef struct ProfileRequest {
	const ProfileQuery *query; // NULL: the level has no table; then only a source is asked
	int level;                 // index in the snapshot
	Str audience_id;           // canonical text
	const ExprValue *keys;     // one per key of the level, in its order: bool, int or string
	Arena *arena;
	int64_t until_us; // by monotonic_us: UNAVAILABLE then, if that is before the time-out; 0: the
	                  // time-out
	void (*done)(struct ProfileRequest
	                *request); // on another thread, or on the caller's if it is hopeless at once
	void *context;
	// Filled in. Values are by slot; those whose bit in `given` is set came from the table. NULLs do not.
	ProfileOutcome outcome;
	ExprValue *values;
	uint64_t *given;
	Str refused; // names of attributes whose column has a type or size that does not fit, joined by ", "
	Str problem; // why it is UNAVAILABLE, in words
	// The loader's.
	struct ProfileRequest *next;
	int64_t deadline_us;
	bool retried;
} ProfileRequest;

// Starts the loader; it connects by itself, now or when the database comes. Errors: NO_MEMORY.
Err profile_new(const ProfileOptions *options, Profile **ret);
// Fills in `outcome` and, where it is PROFILE_LOADED, `values` and `given`.
typedef void (*ProfileSource)(void *context, ProfileRequest *request);
// One without a database: for every level the values are what a function says, at once and on the caller's
// thread. Error: NO_MEMORY.
Err profile_from(ProfileSource source, void *context, Profile **ret);
// Whether levels without a table have profiles, too.
bool profile_has_source(const Profile *profile);
// Ends waiting requests as UNAVAILABLE and stops.
void profile_free(Profile *profile);
void profile_load(Profile *profile, ProfileRequest *request);
